package export

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/command"
	"graft/repl/internal/split"
)

// read takes one cell in: its commands, then its Go.
func (e *exporter) read(c Cell) error {
	list, rest := command.Cut(c.Source, func(name string) bool {
		return e.session.Lookup(name) != nil || e.session.Imports()[name] != ""
	})
	for _, cmd := range list {
		if err := e.command(c, cmd); err != nil {
			return err
		}
	}
	if strings.TrimSpace(rest) == "" {
		return nil
	}
	return e.code(&piece{cell: c, source: rest})
}

// code checks a piece and keeps it.
func (e *exporter) code(p *piece) error {
	name := fmt.Sprintf("In[%d]", p.cell.Number)
	units, diags := e.session.Check(name, p.source)
	if len(diags) > 0 {
		msg := problems(p.source, diags)
		if !p.cell.MayFail {
			return &CellError{p.cell.Number, msg}
		}
		p.comment = true
		e.note(p.cell, "is not valid Go, as it is meant to be: it is a comment (%s)", e.inLine(msg))
		e.pieces = append(e.pieces, p)
		return nil
	}
	for _, u := range units {
		if u.IsPackage() {
			e.session.Commit(u)
			continue
		}
		p.units = append(p.units, u)
		e.declare(p, u)
		e.session.Commit(u)
	}
	p.parsed, _ = split.Parse(token.NewFileSet(), name, p.source)
	e.facts(p)
	e.pieces = append(e.pieces, p)
	return nil
}

func problems(source string, diags []check.Diagnostic) string {
	var out []string
	for _, d := range diags {
		file, text := "", source
		if d.File != "" {
			file, text = d.File+":", d.Source
		}
		line, col := split.LineColumn(text, d.Offset)
		out = append(out, fmt.Sprintf("%s%d:%d: %s", file, line, col, d.Msg))
	}
	return strings.Join(out, "\n")
}

// declare finds out, of every object that a unit declares, whether it is new
// or one of the session's again.
func (e *exporter) declare(p *piece, u *check.Unit) {
	scope := u.Pkg.Scope()
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		if obj.Pkg() != u.Pkg || strings.ContainsRune(name, 'ꞏ') {
			continue
		}
		old := e.session.Lookup(name)
		switch obj := obj.(type) {
		case *types.Var:
			if o, ok := old.(*types.Var); ok && e.vars[o] != nil && types.Identical(o.Type(), obj.Type()) {
				e.vars[obj] = e.vars[o]
				continue
			}
			at := u.Offset(obj.Pos())
			e.vars[obj] = &variable{typ: obj.Type(), first: span{at, at + len(name)}, in: p}
		case *types.Func:
			f := &function{obj: obj, used: map[types.Object]bool{}}
			if o, ok := old.(*types.Func); ok && e.funcs[o] != nil && obj.Signature().TypeParams().Len() == 0 && types.Identical(o.Type(), obj.Type()) {
				f = e.funcs[o]
			}
			f.versions = append(f.versions, obj)
			e.funcs[obj] = f
		default:
			e.order = append(e.order, obj)
		}
	}
	for _, d := range u.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			e.method(u.Info.Defs[f.Name])
		}
	}
	for _, m := range u.Methods {
		e.method(m.Func)
		switch m.Func.Name() {
		case "String", "Error", "GoString", "Format", "MarshalJSON", "MarshalText", "MIME":
			e.note(p.cell, "declares %s.%s after its type: in the program the type has it from the start", m.Decl.Name.Name[:strings.Index(m.Decl.Name.Name, "ꞏ")], m.Func.Name())
		}
	}
}

func (e *exporter) method(obj types.Object) {
	if obj == nil {
		return
	}
	f := e.methods[obj]
	if f == nil {
		f = &function{obj: obj}
		e.methods[obj] = f
	}
	f.total++
	f.dispatch = f.total > 1
}

// facts indexes what the check found by place in the source: the check
// changes its trees, what is edited is as the user wrote it.
func (e *exporter) facts(p *piece) {
	p.at, p.takes, p.values = map[int]types.Object{}, map[span]int{}, map[span]types.TypeAndValue{}
	for _, u := range p.units {
		visit := func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				e.ident(p, u, n)
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && strings.HasPrefix(id.Name, "takeꞏ") {
					p.takes[p.span(u, n.Args[0])] = int(id.Name[len("takeꞏ")] - '0')
					return true
				}
			}
			if x, ok := n.(ast.Expr); ok {
				if tv, ok := u.Info.Types[x]; ok {
					p.values[p.span(u, x)] = tv
				}
			}
			return true
		}
		for _, d := range u.Decls {
			ast.Inspect(d, visit)
		}
		for _, m := range u.Methods {
			if off := u.Offset(m.Decl.Name.Pos()); off >= 0 {
				p.at[off] = m.Func
			}
			ast.Inspect(m.Decl.Type, visit)
			ast.Inspect(m.Decl.Body, visit)
		}
		for _, s := range u.Steps {
			if s.Spec != nil {
				ast.Inspect(s.Spec, visit)
			} else {
				ast.Inspect(s.Stmt, visit)
			}
		}
	}
	for _, d := range p.parsed.Decls {
		ast.Inspect(d, e.word)
	}
	for _, s := range p.parsed.Stmts {
		ast.Inspect(s, e.word)
	}
}

func (e *exporter) word(n ast.Node) bool {
	if id, ok := n.(*ast.Ident); ok {
		e.words[id.Name] = true
	}
	return true
}

func (p *piece) span(u *check.Unit, n ast.Node) span {
	return span{u.Offset(n.Pos()), u.Offset(n.End())}
}

// ident notes the object of an identifier. Names that the check made up stand
// in the place of the user's.
func (e *exporter) ident(p *piece, u *check.Unit, id *ast.Ident) {
	off := u.Offset(id.Pos())
	obj := u.Info.Uses[id]
	if obj == nil {
		obj = u.Info.Defs[id]
	}
	if off < 0 || obj == nil {
		return
	}
	if a := u.Alias[obj]; a != nil {
		p.at[off] = a
		return
	}
	if strings.ContainsRune(id.Name, 'ꞏ') || !strings.HasPrefix(p.source[off:], id.Name) {
		return
	}
	p.at[off] = obj
	if in := obj.Parent(); id.Name == "err" && in != nil && in != u.Pkg.Scope() && u.Info.Defs[id] == obj {
		p.errs = append(p.errs, span{u.Offset(in.Pos()), u.Offset(in.End())})
	}
}
