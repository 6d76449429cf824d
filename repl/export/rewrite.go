package export

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// rewrite makes a piece's declarations and its part of main.
func (e *exporter) rewrite(p *piece) {
	if p.cmd != nil {
		e.translate(p)
	}
	if p.comment {
		p.main = commented(p.source)
	}
	if p.parsed == nil {
		return
	}
	all := span{0, len(p.source)}
	for _, d := range p.parsed.Decls {
		e.renames(p, d)
	}
	for _, s := range p.parsed.Stmts {
		e.renames(p, s)
	}
	for _, d := range p.parsed.Decls {
		sc := e.scopeOf(p, d, scope{})
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			e.block(p, f.Body.List, sc)
		} else {
			e.literals(p, d, sc)
		}
	}
	for i, s := range p.parsed.Stmts {
		if p.cell.MayFail {
			e.soften(p, s)
		}
		e.topStmt(p, s, i == len(p.parsed.Stmts)-1)
	}
	var gone []edit
	for _, s := range p.parsed.Skipped {
		gone = append(gone, edit{from: s[0], to: s[1]})
	}
	for _, d := range p.parsed.Decls {
		at := p.declSpan(d)
		gone = append(gone, edit{from: at.from, to: at.to})
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			continue
		}
		e.decl(p, d, at)
	}
	p.main = strings.TrimSpace(p.text(all, false, gone...))
}

func commented(source string) string {
	return "// " + strings.ReplaceAll(strings.TrimSpace(source), "\n", "\n// ")
}

// at is the place of a node in the user's source.
func (p *piece) place(n ast.Node) span {
	return span{p.parsed.Offset(n.Pos()), p.parsed.Offset(n.End())}
}

func (p *piece) declSpan(d ast.Decl) span {
	at := p.place(d)
	var doc *ast.CommentGroup
	switch d := d.(type) {
	case *ast.GenDecl:
		doc = d.Doc
	case *ast.FuncDecl:
		doc = d.Doc
	}
	if doc != nil {
		if from := p.parsed.Offset(doc.Pos()); from >= 0 {
			at.from = min(at.from, from)
		}
	}
	at.to = p.lineEnd(at.to)
	return at
}

// lineEnd is the place behind the comment that follows on the same line, off
// itself when there is none.
func (p *piece) lineEnd(off int) int {
	rest, _, _ := strings.Cut(p.source[off:], "\n")
	if strings.HasPrefix(strings.TrimSpace(rest), "//") {
		return off + len(rest)
	}
	return off
}

// renames edits the names that are others in the program.
func (e *exporter) renames(p *piece, root ast.Node) {
	selected := map[*ast.Ident]bool{}
	ast.Inspect(root, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.SelectorExpr:
			selected[n.Sel] = true
		case *ast.Ident:
			off := p.parsed.Offset(n.Pos())
			obj := p.at[off]
			if obj == nil {
				return true
			}
			if name := e.nameOf(obj); name != "" {
				if name != n.Name {
					p.replace(p.place(n), name)
				}
				return true
			}
			// A dot import's name.
			if pkg := obj.Pkg(); pkg != nil && !local(pkg) && obj.Parent() == pkg.Scope() && !selected[n] {
				if _, isPkg := obj.(*types.PkgName); !isPkg {
					p.replace(p.place(n), e.use(pkg.Path(), pkg.Name())+"."+n.Name)
				}
			}
		}
		return true
	})
}

// local tells a package whose source is the notebook's from a compiled one.
func local(p *types.Package) bool { return p.Path() == "main" }

// decl keeps a declaration's text for the program.
func (e *exporter) decl(p *piece, d ast.Decl, at span) {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		p.decls = append(p.decls, p.text(at, false))
		return
	}
	obj := p.at[p.parsed.Offset(f.Name.Pos())]
	switch {
	case f.Recv == nil && f.Name.Name == "init":
		e.inits++
		name := e.fresh("init")
		p.decls = append(p.decls, p.text(at, false, edit{from: p.place(f.Name).from, to: p.place(f.Name).to, text: name}))
		p.starts = append(p.starts, name+"()")
	case f.Recv == nil && e.funcs[obj] != nil && e.funcs[obj].dispatch:
		fn, name := e.funcs[obj], e.names[obj]
		p.decls = append(p.decls, p.text(at, false, edit{from: p.place(f.Name).from, to: p.place(f.Name).to, text: name}))
		if fn.decls++; fn.decls == 1 {
			e.declared = append(e.declared, fmt.Sprintf("// %s is the newest of the functions %s that the notebook declares.\nvar %s %s", fn.name, obj.Name(), fn.name, e.typeText(obj.Type())))
		}
		p.starts = append(p.starts, fn.name+" = "+name)
	case f.Recv != nil && e.methods[obj] != nil && e.methods[obj].dispatch:
		e.dispatched(p, f, obj.(*types.Func), at)
	default:
		p.decls = append(p.decls, p.text(at, false))
	}
}

// dispatched makes a function of a method that is declared more than once;
// the method calls the newest.
func (e *exporter) dispatched(p *piece, f *ast.FuncDecl, obj *types.Func, at span) {
	m := e.methods[obj]
	sig := obj.Signature()
	recv := e.typeText(sig.Recv().Type())
	base := strings.TrimLeft(strings.ToLower(recv[:1])+recv[1:], "*") + obj.Name()
	if m.name == "" {
		m.name = e.fresh(base)
		var params, types, args []string
		for i := range sig.Params().Len() {
			t := e.typeText(sig.Params().At(i).Type())
			arg := fmt.Sprintf("a%d", i)
			params = append(params, arg+" "+t)
			types = append(types, t)
			if sig.Variadic() && i == sig.Params().Len()-1 {
				params[i], types[i] = arg+" ..."+t[2:], "..."+t[2:]
				arg += "..."
			}
			args = append(args, arg)
		}
		ret := ""
		if sig.Results().Len() > 0 {
			ret = "return "
		}
		results := e.results(sig)
		e.declared = append(e.declared, fmt.Sprintf("// %s is the newest of the methods %s that the notebook declares.\nvar %s func(%s)%s\n\nfunc (r %s) %s(%s)%s { %s%s(%s) }",
			m.name, obj.Name(), m.name, strings.Join(append([]string{recv}, types...), ", "), results,
			recv, obj.Name(), strings.Join(params, ", "), results, ret, m.name, strings.Join(append([]string{"r"}, args...), ", ")))
	}
	name := e.fresh(base)
	field := f.Recv.List[0]
	self := p.text(p.place(field.Type), true)
	rname := "_"
	if len(field.Names) > 0 {
		rname = field.Names[0].Name
	}
	params := rname + " " + self
	if f.Type.Params.NumFields() > 0 {
		if len(f.Type.Params.List[0].Names) == 0 {
			params = self
		}
		params += ", "
	}
	head := edit{from: p.parsed.Offset(f.Type.Func), to: p.parsed.Offset(f.Type.Params.Opening) + 1, text: "func " + name + "(" + params}
	p.decls = append(p.decls, p.text(at, false, head))
	p.starts = append(p.starts, m.name+" = "+name)
}

// topStmt rewrites a statement that stands in main.
func (e *exporter) topStmt(p *piece, s ast.Stmt, last bool) {
	sc := e.scopeOf(p, s, scope{main: !p.wrapped, clash: e.errClash})
	e.stmt(p, s, sc)
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			e.define(p, s)
		}
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			e.varStmt(p, g)
		}
	case *ast.ExprStmt:
		e.exprStmt(p, s, sc, last && !p.parsed.Silent)
	}
}

// variables sorts the names that a statement declares: how many are new and
// main's own, how many must be assigned.
func (e *exporter) variables(p *piece, ids []*ast.Ident) (vs []*variable, fresh, old, shared int) {
	for _, id := range ids {
		if id.Name == "_" {
			vs = append(vs, nil)
			continue
		}
		off := p.parsed.Offset(id.Pos())
		v := e.vars[p.at[off]]
		vs = append(vs, v)
		switch {
		case v == nil:
		case v.global || v.hoist:
			shared++
		case v.in == p && v.first.from == off && !v.done:
			fresh++
			v.done = true
		default:
			old++
		}
	}
	return vs, fresh, old, shared
}

// above declares main's variables before the statement that sets them.
func (e *exporter) above(p *piece, at int, ids []*ast.Ident, vs []*variable) {
	for i, v := range vs {
		if v != nil && !v.global && !v.hoist && v.in == p && v.first.from == p.parsed.Offset(ids[i].Pos()) {
			p.insertBefore(at, "var "+v.name+" "+e.typeText(v.typ)+"\n")
		}
	}
}

func (e *exporter) define(p *piece, s *ast.AssignStmt) {
	ids := defined(s)
	if len(ids) != len(s.Lhs) {
		return
	}
	vs, fresh, _, shared := e.variables(p, ids)
	if fresh > 0 && shared == 0 {
		return // := is right
	}
	if fresh > 0 {
		e.above(p, p.place(s).from, ids, vs)
	}
	op := p.parsed.Offset(s.TokPos)
	p.replace(span{op, op + 2}, "=")
}

// varStmt rewrites var declarations of which some are assignments.
func (e *exporter) varStmt(p *piece, g *ast.GenDecl) {
	var lines []string
	plain := true
	at := p.place(g)
	for _, sp := range g.Specs {
		sp := sp.(*ast.ValueSpec)
		vs, fresh, old, shared := e.variables(p, sp.Names)
		text := p.text(p.place(sp), true)
		if shared+old == 0 {
			lines = append(lines, "var "+text)
			continue
		}
		plain = false
		if fresh > 0 {
			e.above(p, at.from, sp.Names, vs)
		}
		var names []string
		for i, id := range sp.Names {
			switch {
			case vs[i] == nil:
				names = append(names, id.Name)
				continue
			case len(sp.Values) == 0 && (vs[i].in != p || vs[i].first.from != p.parsed.Offset(id.Pos())):
				lines = append(lines, vs[i].name+" = *new("+e.typeText(vs[i].typ)+")")
			}
			names = append(names, vs[i].name)
		}
		if len(sp.Values) > 0 {
			values := p.text(span{p.parsed.Offset(sp.Values[0].Pos()), p.parsed.Offset(sp.Values[len(sp.Values)-1].End())}, true)
			lines = append(lines, strings.Join(names, ", ")+" = "+values)
		}
	}
	if !plain {
		p.replace(at, strings.Join(lines, "\n"))
	}
}

// defined lists the names on the left of :=, or of a var statement.
func defined(s ast.Stmt) []*ast.Ident {
	var ids []*ast.Ident
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok {
					ids = append(ids, id)
				}
			}
		}
	case *ast.DeclStmt:
		if g, ok := s.Decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, sp := range g.Specs {
				ids = append(ids, sp.(*ast.ValueSpec).Names...)
			}
		}
	}
	return ids
}
