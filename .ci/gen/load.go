package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// platform is a system that graft is built for.
type platform struct{ os, arch string }

// platforms are those whose packages may differ in what cells see; other
// systems are shown the first one's.
var platforms = []platform{{"linux", "amd64"}, {"darwin", "arm64"}, {"windows", "amd64"}}

// listed is what the generator reads of `go list`.
type listed struct {
	ImportPath, Dir, Name string
	GoFiles               []string
	ImportMap             map[string]string
	Module                *struct {
		Path, Version string
		Main          bool
	}
	Error *struct{ Err string }
}

// sourceFiles parses each file once for all platforms.
type sourceFiles struct {
	fset *token.FileSet
	mu   sync.Mutex
	asts map[string]*ast.File
}

func (s *sourceFiles) parse(name string) (*ast.File, error) {
	s.mu.Lock()
	f := s.asts[name]
	s.mu.Unlock()
	if f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(s.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			dropBody(f, fd)
		}
	}
	s.mu.Lock()
	s.asts[name] = f
	s.mu.Unlock()
	return f, nil
}

// dropBody empties a function's body, comments included.
func dropBody(f *ast.File, fd *ast.FuncDecl) {
	if fd.Body == nil {
		return
	}
	kept := f.Comments[:0]
	for _, c := range f.Comments {
		if c.Pos() < fd.Body.Pos() || c.Pos() >= fd.Body.End() {
			kept = append(kept, c)
		}
	}
	f.Comments = kept
	fd.Body = &ast.BlockStmt{Lbrace: fd.Body.Lbrace, Rbrace: fd.Body.Rbrace}
}

// world is a set of packages and all they import, type-checked for one
// platform from their declarations; function bodies are not looked at.
type world struct {
	platform platform
	files    *sourceFiles
	list     map[string]*listed
	types    map[string]*types.Package
}

// load type-checks paths, seen from the directory root.
func load(root string, files *sourceFiles, p platform, paths []string) (*world, error) {
	pkgs, err := goList(root, p, paths)
	if err != nil {
		return nil, err
	}
	w := &world{p, files, map[string]*listed{}, map[string]*types.Package{"unsafe": types.Unsafe}}
	for _, l := range pkgs { // a package comes after what it imports
		w.list[l.ImportPath] = l
		if l.ImportPath == "unsafe" {
			continue
		}
		if err := w.check(l); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func goList(root string, p platform, paths []string) ([]*listed, error) {
	args := append([]string{"list", "-deps", "-json=ImportPath,Dir,Name,GoFiles,ImportMap,Module,Error", "--"}, paths...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOEXPERIMENT=", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	var pkgs []*listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		l := new(listed)
		if err := dec.Decode(l); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if l.Error != nil {
			return nil, fmt.Errorf("%s: %s", l.ImportPath, l.Error.Err)
		}
		pkgs = append(pkgs, l)
	}
}

func (w *world) syntax(l *listed) ([]*ast.File, error) {
	var files []*ast.File
	for _, n := range l.GoFiles {
		f, err := w.files.parse(filepath.Join(l.Dir, n))
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func (w *world) check(l *listed) error {
	files, err := w.syntax(l)
	if err != nil {
		return err
	}
	var errs []error
	conf := types.Config{
		IgnoreFuncBodies: true,
		Sizes:            types.SizesFor("gc", w.platform.arch),
		Error:            func(err error) { errs = append(errs, err) },
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if m := l.ImportMap[path]; m != "" {
				path = m
			}
			if p := w.types[path]; p != nil {
				return p, nil
			}
			return nil, fmt.Errorf("go list did not name %s", path)
		}),
	}
	pkg, _ := conf.Check(l.ImportPath, w.files.fset, files, nil)
	if len(errs) == 0 && strings.HasPrefix(l.ImportPath, "graft/") {
		pkg, _ = conf.Check(l.ImportPath, w.files.fset, hideFields(pkg, files), nil)
	}
	if len(errs) > 0 {
		return fmt.Errorf("%s on %s does not type-check: %w", l.ImportPath, w.platform.os, errors.Join(errs[:min(len(errs), 5)]...))
	}
	w.types[l.ImportPath] = pkg
	return nil
}

// hideFields puts one nameless field in place of those that other packages
// cannot see: their types, os.File and all below it, would be in the export
// data of every package that mentions the struct. It can be compared if the
// struct could. The files, which other platforms share, stay as they are.
func hideFields(pkg *types.Package, files []*ast.File) []*ast.File {
	out := make([]*ast.File, len(files))
	for i, f := range files {
		of := *f
		of.Decls = slices.Clone(f.Decls)
		for k, d := range of.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				og := *g
				og.Specs = slices.Clone(g.Specs)
				for j, spec := range og.Specs {
					og.Specs[j] = hideIn(pkg, spec.(*ast.TypeSpec))
				}
				of.Decls[k] = &og
			}
		}
		out[i] = &of
	}
	return out
}

func hideIn(pkg *types.Package, t *ast.TypeSpec) ast.Spec {
	st, ok := t.Type.(*ast.StructType)
	if !ok || t.TypeParams != nil || !t.Name.IsExported() {
		return t
	}
	fields := &ast.FieldList{Opening: st.Fields.Opening, Closing: st.Fields.Closing}
	hidden := false
	for _, f := range st.Fields.List {
		of := *f
		of.Names = slices.DeleteFunc(slices.Clone(f.Names), func(n *ast.Ident) bool { return !n.IsExported() })
		hidden = hidden || len(of.Names) < len(f.Names)
		if embedded := len(f.Names) == 0; embedded || len(of.Names) > 0 {
			fields.List = append(fields.List, &of)
		}
	}
	if !hidden {
		return t
	}
	hole := ast.Expr(ast.NewIdent("int"))
	if !types.Comparable(pkg.Scope().Lookup(t.Name.Name).Type()) {
		hole = &ast.ArrayType{Len: &ast.BasicLit{Kind: token.INT, Value: "0"}, Elt: &ast.FuncType{Params: &ast.FieldList{}}}
	}
	fields.List = append(fields.List, &ast.Field{Names: []*ast.Ident{ast.NewIdent("_")}, Type: hole})
	ot, ost := *t, *st
	ost.Fields = fields
	ot.Type = &ost
	return &ot
}

type importerFunc func(string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// goPackages lists Go's packages that are for cells.
func goPackages(root string) ([]string, error) {
	cmd := exec.Command("go", "list", "std")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list std: %w", err)
	}
	var paths []string
	for _, p := range strings.Fields(string(out)) {
		if importable(p) {
			paths = append(paths, p)
		}
	}
	return paths, nil
}
