package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/token"
	"strings"
)

// docIndex collects a package's documentation as text, by "" (the package),
// "Name" and "Type.Method".
type docIndex struct {
	pkg  *doc.Package
	text map[string]string
}

// document writes the index of a package: name, NUL, text, NUL, sorted.
func document(fset *token.FileSet, path string, files []*ast.File) ([]byte, error) {
	mode := doc.Mode(0)
	if path == "builtin" {
		mode = doc.AllDecls
	}
	p, err := doc.NewFromFiles(fset, files, path, mode)
	if err != nil {
		return nil, fmt.Errorf("documentation of %s: %w", path, err)
	}
	x := &docIndex{p, map[string]string{}}
	x.add("", p.Doc)
	x.values(p.Consts)
	x.values(p.Vars)
	x.funcs("", p.Funcs)
	for _, t := range p.Types {
		x.add(t.Name, t.Doc)
		x.values(t.Consts)
		x.values(t.Vars)
		x.funcs("", t.Funcs)
		x.funcs(t.Name+".", t.Methods)
		for _, s := range t.Decl.Specs {
			x.members(t.Name+".", s)
		}
	}
	var b bytes.Buffer
	for _, n := range sorted(x.text) {
		b.WriteString(n + "\x00" + x.text[n] + "\x00")
	}
	return b.Bytes(), nil
}

func (x *docIndex) add(name, comment string) {
	text := strings.TrimSpace(string(x.pkg.Text(comment)))
	if text != "" && !strings.ContainsRune(text, 0) {
		x.text[name] = text
	}
}

func (x *docIndex) funcs(prefix string, fs []*doc.Func) {
	for _, f := range fs {
		x.add(prefix+f.Name, f.Doc)
	}
}

// values documents each name of a group with its own comments, then the
// group's.
func (x *docIndex) values(vs []*doc.Value) {
	for _, v := range vs {
		for _, s := range v.Decl.Specs {
			s := s.(*ast.ValueSpec)
			text := join(s.Doc, s.Comment)
			if v.Doc != "" && v.Doc != text {
				text += "\n" + v.Doc
			}
			for _, n := range s.Names {
				x.add(n.Name, text)
			}
		}
	}
}

// members documents an interface's methods and a struct's fields.
func (x *docIndex) members(prefix string, spec ast.Spec) {
	ts, ok := spec.(*ast.TypeSpec)
	if !ok || ts.Name.Name+"." != prefix {
		return
	}
	var list *ast.FieldList
	switch t := ts.Type.(type) {
	case *ast.InterfaceType:
		list = t.Methods
	case *ast.StructType:
		list = t.Fields
	}
	if list == nil {
		return
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			if n.IsExported() {
				x.add(prefix+n.Name, join(f.Doc, f.Comment))
			}
		}
	}
}

func join(a, b *ast.CommentGroup) string { return strings.TrimSpace(a.Text() + "\n" + b.Text()) }
