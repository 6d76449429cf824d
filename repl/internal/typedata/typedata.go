// Package typedata holds the types and the documentation of every package
// that a cell can import, so that checking needs no Go toolchain. The data is
// generated (go -C .ci/gen run .) and read package by package, when asked for.
//
// types.zip has one entry per import path: export data as
// golang.org/x/tools/go/gcexportdata writes it, complete with all that the
// package's types mention. "os:path" is the same for an operating system
// where it differs. docs.zip has one entry per import path: pairs of a name
// ("" for the package, "Name", "Type.Method") and its text, each ended by a
// zero byte.
package typedata

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

//go:embed types.zip
var typesZip string

// Packages lists the import paths that there are types for, sorted.
func Packages() []string {
	var paths []string
	for name := range open(typesZip) {
		if !strings.Contains(name, ":") {
			paths = append(paths, name)
		}
	}
	slices.Sort(paths)
	return paths
}

// Importer is a types.Importer of the embedded packages. It may be used by
// several goroutines, as long as they do not use the types while another
// imports: completing a package adds to the scopes of those it mentions.
type Importer struct {
	fset *token.FileSet

	mu      sync.Mutex
	entries map[string]*zip.File
	pkgs    map[string]*types.Package // also the incomplete ones, which others mention
	done    map[string]bool
}

// NewImporter returns an importer that has read nothing yet.
func NewImporter(fset *token.FileSet) *Importer {
	return &Importer{fset: fset, pkgs: map[string]*types.Package{}, done: map[string]bool{}}
}

// Import returns a package, the same at every call.
func (i *Importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.done[path] {
		return i.pkgs[path], nil
	}
	if i.entries == nil {
		i.entries = open(typesZip)
	}
	f := i.entries[runtime.GOOS+":"+path]
	if f == nil {
		f = i.entries[path]
	}
	if f == nil || strings.Contains(path, ":") {
		return nil, fmt.Errorf("package %s is not among those that cells can import", path)
	}
	data, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("types of %s: %w", path, err)
	}
	pkg, err := gcexportdata.Read(bytes.NewReader(data), i.fset, i.pkgs, path)
	if err != nil {
		return nil, fmt.Errorf("types of %s: %w", path, err)
	}
	i.done[path] = true
	return pkg, nil
}

// open lists the entries of an embedded archive.
func open(archive string) map[string]*zip.File {
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic(fmt.Sprintf("typedata: what is embedded is no archive: %v", err)) // the build is broken; tests read every entry
	}
	m := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		m[f.Name] = f
	}
	return m
}

func read(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
