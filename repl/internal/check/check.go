// Package check type-checks cells against a session with go/types.
//
// Every cell is a package of its own, all with the path main: go/types
// compares unexported names by path, so types and values of earlier cells are
// at home in it, and declaring a name again needs no renaming. Only the
// session's objects that the cell mentions are inserted into its scope, so
// the thousandth cell is as fast as the first.
//
// Statements at the top level are checked where they stand: `x := e` as a
// package variable, so that functions of the cell see it, everything else in
// blank functions.
package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"graft/repl/internal/split"
)

// Session is what checked cells leave behind.
type Session struct {
	Fset     *token.FileSet
	Importer types.Importer
	Known    map[string]string // package name → import path, for missing imports

	objs    map[string]types.Object
	imports map[string]string // name → path
	helper  map[string]types.Object
	locals  *locals
}

// NewSession returns an empty session.
func NewSession(fset *token.FileSet, imp types.Importer, known map[string]string) *Session {
	l := newLocals(fset, imp, known)
	return &Session{Fset: fset, Importer: l, Known: known, locals: l,
		objs: map[string]types.Object{}, imports: map[string]string{}, helper: helpers(fset)}
}

// Diagnostic is a compile error at a byte offset of the cell, or of the file
// of a package.
type Diagnostic struct {
	Offset       int
	Msg          string
	Syntax       bool
	File, Source string       // of a package beside the notebook: its name and text
	Also         []Diagnostic // other places that it is about: "other declaration of x"
}

// Step is one top-level statement, in order.
type Step struct {
	Stmt     ast.Stmt       // a statement, or
	Spec     *ast.ValueSpec // variables that become the session's
	Trailing ast.Expr       // or the cell's value
	Silent   bool           // the value is not shown

	run int // of the var declarations that follow one another, from 1; 0 for other statements
}

// Method is a method declared in a later cell than its type. Its declaration
// has the receiver as first parameter.
type Method struct {
	Func *types.Func
	Decl *ast.FuncDecl
	Was  *types.Func // the one of another type that it takes the place of, or nil
}

// Unit is a checked piece of a cell.
type Unit struct {
	Pkg     *types.Package
	Info    *types.Info
	Decls   []ast.Decl // types, constants, functions
	Methods []Method
	Steps   []Step
	Offset  func(token.Pos) int
	Cell    string // the name of the cell it is from, "In[3]", or of the package beside the notebook
	Source  string // all of the cell
	Notes   []string

	Imported []string                      // import paths that were missing and added
	Alias    map[types.Object]types.Object // a second name of a session's object
	imports  map[string]string
	added    []*oldMethod // methods that types of earlier cells got
	dots     []types.Object
	local    *local // the package it is, if it is none of a cell
	files    *localFiles
	origins  []origin
}

// Place is where a position is: the name and the text of its cell or file,
// and the offset there, -1 when it is in neither.
func (u *Unit) Place(pos token.Pos) (name, source string, offset int) {
	if u.files != nil {
		return u.files.place(pos)
	}
	if off := u.Offset(pos); len(u.origins) > 0 && off >= u.origins[0].from {
		return u.stood(off)
	}
	return u.Cell, u.Source, u.Offset(pos)
}

// Doc is the comment above a package's clause.
func (u *Unit) Doc() string {
	if u.local == nil {
		return ""
	}
	return u.local.doc
}

// Imports are the packages that it imports, by the names that they have here,
// "." for one whose names stand alone.
func (u *Unit) Imports() map[string]string {
	out := maps.Clone(u.imports)
	for _, o := range u.dots {
		if out == nil {
			out = map[string]string{}
		}
		out["."] = o.Pkg().Path()
	}
	return out
}

// IsPackage tells a package beside the notebook from a piece of a cell.
func (u *Unit) IsPackage() bool { return u.local != nil }

// Check checks a cell. The session is not changed before Commit.
func (s *Session) Check(name, source string) ([]*Unit, []Diagnostic) {
	p, errs := split.Parse(s.Fset, name, source)
	if len(errs) > 0 {
		return nil, syntaxErrors(source, errs)
	}
	if len(p.Decls) == 0 && len(p.Stmts) == 0 {
		return nil, nil
	}
	notes, diags := s.reload(p)
	if len(diags) > 0 {
		return nil, diags
	}
	var units []*Unit
	segs := segments(p, s.means)
	view := s
	if len(segs) > 1 {
		view = &Session{Fset: s.Fset, Importer: s.Importer, Known: s.Known, objs: maps.Clone(s.objs),
			imports: maps.Clone(s.imports), helper: s.helper, locals: s.locals}
	}
	for i, seg := range segs {
		b := &builder{s: view, offset: p.Offset, path: "main", name: "main", cell: name, source: source, stmts: seg, silent: p.Silent || i < len(segs)-1}
		if i == 0 {
			b.decls = p.Decls
		}
		u, diags := b.build()
		if len(diags) > 0 {
			b.u.Abandon()
			for _, u := range units {
				u.Abandon()
			}
			return nil, diags
		}
		if len(segs) > 1 {
			view.Commit(u)
		}
		units = append(units, u)
	}
	units[0].Notes = notes
	return append(s.locals.units, units...), nil
}

// Commit makes what u declares visible to later cells.
func (s *Session) Commit(u *Unit) {
	if u.local != nil {
		s.locals.commit(u.local)
		return
	}
	for name, path := range u.imports {
		s.imports[name] = path
		delete(s.objs, name)
	}
	for _, o := range u.dots {
		s.objs[o.Name()] = o
	}
	scope := u.Pkg.Scope()
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		if obj.Pkg() == u.Pkg && !strings.ContainsRune(name, 'ꞏ') && name != "init" {
			s.objs[name] = obj
			delete(s.imports, name)
		}
	}
}

// Lookup returns the session's object of that name.
func (s *Session) Lookup(name string) types.Object { return s.objs[name] }

// LookupIn is Lookup in the scope that a unit belongs to.
func (s *Session) LookupIn(u *Unit) func(string) types.Object {
	if u.local == nil {
		return s.Lookup
	}
	return func(name string) types.Object { return u.local.before[name] }
}

// Names lists the session's names, sorted.
func (s *Session) Names() []string { return slices.Sorted(maps.Keys(s.objs)) }

// Imports returns the session's imports by name.
func (s *Session) Imports() map[string]string { return s.imports }

// Forget removes a name.
func (s *Session) Forget(name string) { delete(s.objs, name) }

// means tells whether a name has a meaning before a cell gives it one.
func (s *Session) means(name string) bool {
	return s.objs[name] != nil || s.imports[name] != "" || s.Known[name] != "" || types.Universe.Lookup(name) != nil
}

// segments cuts the statements where one declares a name that an earlier one
// declared or, meaning the session's, a package or Go's own, used.
func segments(p *split.Parsed, means func(string) bool) [][]ast.Stmt {
	out := [][]ast.Stmt{nil}
	declared, used := map[string]bool{}, map[string]bool{}
	for _, st := range p.Stmts {
		names, fresh := declaredNames(st)
		again := false
		for _, n := range names {
			if used[n] && means(n) && !declared[n] {
				again = true
			}
		}
		all := len(names) > 0
		for _, n := range names {
			all = all && declared[n]
		}
		if again || all && fresh {
			out = append(out, nil)
			declared, used = map[string]bool{}, map[string]bool{}
		}
		out[len(out)-1] = append(out[len(out)-1], st)
		for _, n := range names {
			declared[n] = true
		}
		ast.Inspect(st, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				used[id.Name] = true
			}
			return true
		})
	}
	return out
}

// declaredNames lists the variables that a top-level statement declares.
func declaredNames(st ast.Stmt) (names []string, fresh bool) {
	switch st := st.(type) {
	case *ast.AssignStmt:
		if st.Tok == token.DEFINE {
			for _, l := range st.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name != "_" {
					names = append(names, id.Name)
				}
			}
			return names, true
		}
	case *ast.DeclStmt:
		if g, ok := st.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				for _, id := range sp.(*ast.ValueSpec).Names {
					if id.Name != "_" {
						names = append(names, id.Name)
					}
				}
			}
			return names, true
		}
	}
	return nil, false
}

// helpers are the functions that the liberties of a cell are checked with.
func helpers(fset *token.FileSet) map[string]types.Object {
	const src = `package main
func takeꞏ1[A any](a A, err error) (r A) { return }
func takeꞏ2[A, B any](a A, b B, err error) (r A, q B) { return }
func takeꞏ3[A, B, C any](a A, b B, c C, err error) (r A, q B, p C) { return }
func takeꞏ4[A, B, C, D any](a A, b B, c C, d D, err error) (r A, q B, p C, o D) { return }
`
	pkg := checkSource(fset, "main", src)
	out := map[string]types.Object{}
	for _, n := range pkg.Scope().Names() {
		out[n] = pkg.Scope().Lookup(n)
	}
	return out
}
