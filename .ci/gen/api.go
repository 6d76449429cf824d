package main

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// apiHash is a hash of what a package declares: all but function bodies and
// unexported functions, with the comments that become documentation.
func apiHash(dir string) (string, error) {
	files := sources(dir)
	if len(files) == 0 {
		return "", fmt.Errorf("%s is gone", dir)
	}
	h := sha256.New()
	for _, name := range files {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return "", err
		}
		decls, imports := visible(f)
		fmt.Fprintln(h, filepath.Base(name), f.Name.Name, f.Doc.Text(), imports)
		for _, d := range decls {
			if err := printer.Fprint(h, fset, d); err != nil {
				return "", err
			}
			fmt.Fprintln(h)
		}
	}
	return short(h.Sum(nil)), nil
}

// visible drops what does not count, and lists the imports that the rest
// uses.
func visible(f *ast.File) (decls []ast.Decl, imports []string) {
	used := map[string]bool{}
	for _, d := range f.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			if !fd.Name.IsExported() {
				continue
			}
			fd.Body = nil
		} else if d.(*ast.GenDecl).Tok == token.IMPORT {
			continue
		}
		decls = append(decls, d)
		ast.Inspect(d, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := s.X.(*ast.Ident); ok {
					used[id.Name] = true
				}
			}
			return true
		})
	}
	for _, s := range f.Imports {
		path := strings.Trim(s.Path.Value, `"`)
		parts := strings.Split(path, "/")
		if s.Name != nil {
			parts = []string{s.Name.Name}
		}
		if slices.ContainsFunc(parts, func(p string) bool { return used[p] || p == "." }) {
			imports = append(imports, path)
		}
	}
	return decls, imports
}
