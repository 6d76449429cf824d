// Package lint holds the repository's own rules as tests. The folder is
// hidden, so `go test ./...` passes it by; run it by name:
//
//	go test ./.ci/lint
package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// layers, left to right: each may import itself and those after it.
var layers = []string{"kernel", "repl", "stdlib", "ckpt"}

// onlyIn lists who may import a module; a prefix ends at a path boundary.
// stdlib/symbols is generated and shows all of this to the interpreter.
var onlyIn = map[string][]string{
	"github.com/go-zeromq/zmq4":  {"kernel"},
	"github.com/traefik/yaegi":   {"repl", "stdlib/symbols"},
	"gorgonia.org/gorgonia":      {"stdlib/graph", "stdlib/internal", "stdlib/symbols"},
	"gonum.org/v1/plot":          {"stdlib/charts", "stdlib/display", "stdlib/symbols"},
	"github.com/mmcloughlin/avo": {},
}

type file struct {
	path string // slash-separated, from the root
	ast  *ast.File
}

func (f file) dir() string { return path.Dir(f.path) }

func goFiles(t *testing.T) []file {
	t.Helper()
	var files []file
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		rel = filepath.ToSlash(rel)
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && rel != "." {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, file{rel, f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func imports(f *ast.File) []string {
	var ps []string
	for _, s := range f.Imports {
		p, _ := strconv.Unquote(s.Path.Value)
		ps = append(ps, p)
	}
	return ps
}

func within(dir, parent string) bool { return dir == parent || strings.HasPrefix(dir, parent+"/") }

func TestImportDirections(t *testing.T) {
	for _, f := range goFiles(t) {
		top, _, _ := strings.Cut(f.path, "/")
		from := slices.Index(layers, top)
		for _, p := range imports(f.ast) {
			rest, ours := strings.CutPrefix(p, "graft/")
			if !ours {
				continue
			}
			layer, _, _ := strings.Cut(rest, "/")
			if to := slices.Index(layers, layer); to >= 0 && from >= 0 && to < from {
				t.Errorf("%s imports %s: %s may not know %s", f.path, p, top, layer)
			}
		}
	}
}

func TestForeignImports(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, p := range imports(f.ast) {
			for module, dirs := range onlyIn {
				if !within(p, module) {
					continue
				}
				if !slices.ContainsFunc(dirs, func(d string) bool { return within(f.dir(), d) }) {
					t.Errorf("%s imports %s, which only %v may", f.path, p, dirs)
				}
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	allowed := []string{"README.md", "ckpt", "go.mod", "go.sum", "kernel", "repl", "stdlib", "tutorials"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s stands at the top level, where only %v may", e.Name(), allowed)
		}
	}
}

// Cells are interpreted, and the interpreter sees neither generics nor the
// current value of a package's variable.
func TestCellVisibleAPI(t *testing.T) {
	for _, f := range goFiles(t) {
		visible := within(f.dir(), "stdlib") || within(f.dir(), "ckpt")
		if !visible || strings.HasSuffix(f.path, "_test.go") || strings.Contains(f.path, "/internal/") || within(f.dir(), "stdlib/symbols") {
			continue
		}
		for _, d := range f.ast.Decls {
			checkDecl(t, f, d)
		}
	}
}

func checkDecl(t *testing.T, f file, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Type.TypeParams != nil {
			t.Errorf("%s: exported generic function %s", f.path, d.Name)
		}
		if d.Recv == nil && d.Name.IsExported() && d.Doc == nil {
			t.Errorf("%s: %s has no doc comment", f.path, d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			checkSpec(t, f, d.Tok, s)
		}
	}
}

func checkSpec(t *testing.T, f file, tok token.Token, s ast.Spec) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.TypeParams != nil {
			t.Errorf("%s: exported generic type %s", f.path, s.Name)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if tok == token.VAR && n.IsExported() {
				t.Errorf("%s: exported variable %s", f.path, n)
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	vague := []string{"util", "utils", "common", "misc", "helpers", "types"}
	for _, f := range goFiles(t) {
		if slices.Contains(vague, f.ast.Name.Name) {
			t.Errorf("%s: package %s says nothing", f.path, f.ast.Name.Name)
		}
		for _, s := range f.ast.Imports {
			if s.Name != nil && s.Name.Name == "." {
				t.Errorf("%s: dot import of %s", f.path, s.Path.Value)
			}
		}
	}
}

// The tutorials and their data stay small enough to clone on a slow line, and
// embedded generated data small enough not to be felt.
func TestSizes(t *testing.T) {
	if n := treeSize(t, root+"/tutorials", nil); n > 8<<20 {
		t.Errorf("tutorials hold %d bytes, at most 8 MB are allowed", n)
	}
	embedded := func(p string) bool { return strings.Contains(p, "/typedata/") && !strings.HasSuffix(p, ".go") }
	if n := treeSize(t, root+"/repl", embedded); n > 3<<20 {
		t.Errorf("generated embeds hold %d bytes, at most 3 MB are allowed", n)
	}
}

func treeSize(t *testing.T, dir string, keep func(string) bool) (total int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || keep != nil && !keep(filepath.ToSlash(p)) {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return total
}
