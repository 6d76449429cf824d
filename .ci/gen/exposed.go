package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// group is one set of packages that cells can import. Groups are generated
// apart, so that a change to graft's own packages takes seconds.
type group string

const (
	goGroup      group = "go"      // Go's own packages
	modulesGroup group = "modules" // other projects' packages
	oursGroup    group = "ours"    // graft's packages
)

var groups = []group{goGroup, modulesGroup, oursGroup}

// leftOut are the packages of Go that cells cannot import, and why. A path
// ending in a slash means all below it.
var leftOut = map[string]string{
	"embed":              "a cell has no directory to embed from",
	"expvar":             "linking it opens a page on http.DefaultServeMux",
	"log/syslog":         "not on Windows",
	"net/http/pprof":     "linking it opens a page on http.DefaultServeMux",
	"plugin":             "needs cgo",
	"runtime/cgo":        "needs cgo",
	"runtime/coverage":   "nothing in a cell is instrumented",
	"runtime/race":       "has no exported names",
	"syscall/":           "for WebAssembly",
	"testing/cryptotest": "needs a running test",
	"testing/synctest":   "needs a running test",
	"time/tzdata":        "has no exported names",
	"unsafe":             "part of the language",
	"vendor/":            "not importable",
	"cmd/":               "not importable",
}

// modules are the packages of other projects. The interpreter needs a table
// for the type of every variable, so that packages stand here too whose types
// the others show.
var modules = []string{
	"github.com/chewxy/hm",
	"golang.org/x/image/draw",
	"golang.org/x/image/font",
	"golang.org/x/image/font/opentype",
	"golang.org/x/image/font/sfnt",
	"golang.org/x/image/math/f64",
	"golang.org/x/image/math/fixed",
	"gonum.org/v1/gonum/blas",
	"gonum.org/v1/gonum/blas/blas64",
	"gonum.org/v1/gonum/blas/cblas128",
	"gonum.org/v1/gonum/floats",
	"gonum.org/v1/gonum/graph",
	"gonum.org/v1/gonum/lapack",
	"gonum.org/v1/gonum/lapack/lapack64",
	"gonum.org/v1/gonum/mat",
	"gonum.org/v1/gonum/optimize",
	"gonum.org/v1/gonum/stat",
	"gonum.org/v1/gonum/stat/distmv",
	"gonum.org/v1/gonum/stat/distuv",
	"gonum.org/v1/plot",
	"gonum.org/v1/plot/font",
	"gonum.org/v1/plot/palette",
	"gonum.org/v1/plot/palette/moreland",
	"gonum.org/v1/plot/plotter",
	"gonum.org/v1/plot/plotutil",
	"gonum.org/v1/plot/text",
	"gonum.org/v1/plot/vg",
	"gonum.org/v1/plot/vg/draw",
	"gonum.org/v1/plot/vg/vgimg",
	"gonum.org/v1/plot/vg/vgsvg",
	"gorgonia.org/gorgonia",
	"gorgonia.org/tensor",
}

// ours are graft's packages; one that does not exist yet is skipped.
var ours = []string{
	"graft/ckpt",
	"graft/ckpt/fetch",
	"graft/ckpt/tensorbundle",
	"graft/ckpt/tensors",
	"graft/ckpt/tensorslice",
	"graft/ckpt/safetensors",
	"graft/ckpt/npz",
	"graft/ckpt/pytorch",
	"graft/stdlib/charts",
	"graft/stdlib/data",
	"graft/stdlib/display",
	"graft/stdlib/graph",
	"graft/stdlib/host",
	"graft/stdlib/losses",
	"graft/stdlib/metrics",
	"graft/stdlib/nets",
	"graft/stdlib/preprocessing",
	"graft/stdlib/slim",
	"graft/stdlib/train",
	"graft/stdlib/tutor",
}

// importable says whether a package that `go list std` names is for cells.
func importable(path string) bool {
	for p := range leftOut {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return false
		}
	}
	return !strings.Contains("/"+path+"/", "/internal/")
}

// existing splits ours into those that are there and those that are not.
func existing(root string) (there, missing []string) {
	for _, p := range ours {
		if len(sources(packageDir(root, p))) > 0 {
			there = append(there, p)
		} else {
			missing = append(missing, p)
		}
	}
	return there, missing
}

// compiling returns those of graft's packages that build, and says why the
// others are left out: a table of theirs would break everything.
func compiling(root string, paths []string) []string {
	var ok []string
	for _, p := range paths {
		cmd := exec.Command("go", "build", p)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			fmt.Printf("skipped: %s does not build\n%s", p, out)
			continue
		}
		ok = append(ok, p)
	}
	return ok
}

// sources lists the Go files of a directory that are no tests.
func sources(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range entries {
		if n := e.Name(); strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") {
			files = append(files, filepath.Join(dir, n))
		}
	}
	return files
}
