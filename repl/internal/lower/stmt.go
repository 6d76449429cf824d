package lower

import (
	"go/ast"
	"go/token"
	"strings"
)

func (f *fn) block(list []ast.Stmt) {
	for _, s := range list {
		f.stmt(s)
	}
}

func (f *fn) stmt(s ast.Stmt) {
	f.after, f.made = false, nil
	f.L.at = s
	switch s := s.(type) {
	case *ast.EmptyStmt:
	case *ast.ExprStmt:
		f.exprStmt(s)
	case *ast.AssignStmt:
		f.assign(s)
	case *ast.DeclStmt:
		f.decl(s)
	case *ast.IncDecStmt:
		f.incdec(s)
	case *ast.BlockStmt:
		f.line("{")
		f.block(s.List)
		f.line("}")
	case *ast.IfStmt:
		f.ifStmt(s)
	case *ast.ForStmt:
		f.forStmt(s, "")
	case *ast.RangeStmt:
		f.rangeStmt(s, "")
	case *ast.SwitchStmt:
		f.switchStmt(s, "")
	case *ast.TypeSwitchStmt:
		f.typeSwitch(s, "")
	case *ast.SelectStmt:
		f.selectStmt(s, "")
	case *ast.ReturnStmt:
		f.returnStmt(s)
	case *ast.BranchStmt:
		f.branch(s)
	case *ast.LabeledStmt:
		f.labeled(s)
	case *ast.GoStmt:
		f.goStmt(s)
	case *ast.DeferStmt:
		f.deferStmt(s)
	case *ast.SendStmt:
		f.send(s)
	default:
		f.refuse(s, "this statement cannot be run")
	}
}

func (f *fn) exprStmt(s *ast.ExprStmt) {
	f.ready(s.X)
	if u, ok := ast.Unparen(s.X).(*ast.UnaryExpr); ok { // a receive
		f.line("%s.Recv(%s)", f.L.nb(), f.expr(u.X))
		return
	}
	f.line("%s", f.expr(s.X))
}

func (f *fn) decl(s *ast.DeclStmt) {
	g, ok := s.Decl.(*ast.GenDecl)
	if !ok || g.Tok != token.VAR {
		return // constants are inlined, types are emitted where they are used
	}
	for _, sp := range g.Specs {
		v := sp.(*ast.ValueSpec)
		var lhs []lvalue
		for _, id := range v.Names {
			o := f.info.Defs[id]
			if id.Name == "_" || o == nil {
				lhs = append(lhs, lvalue{text: "_"})
				continue
			}
			lhs = append(lhs, lvalue{def: o, typ: f.apply(o.Type())})
		}
		if len(v.Values) > 0 {
			f.ready(v.Values...)
			f.assignAll(lhs, v.Values)
			continue
		}
		for _, l := range lhs {
			if l.def != nil {
				f.line("var %s %s", f.declare(l.def), f.rep(l.typ))
			}
		}
	}
}

func (f *fn) ifStmt(s *ast.IfStmt) {
	if s.Init != nil {
		f.line("{")
		f.stmt(s.Init)
		defer f.line("}")
	}
	f.ready(s.Cond)
	cond := f.expr(s.Cond)
	f.line("if %s {", cond)
	f.block(s.Body.List)
	if s.Else == nil {
		f.line("}")
		return
	}
	f.line("} else {")
	switch e := s.Else.(type) {
	case *ast.BlockStmt:
		f.block(e.List)
	default:
		f.stmt(e)
	}
	f.line("}")
}

func (f *fn) returnStmt(s *ast.ReturnStmt) {
	f.ready(s.Results...)
	if f.results == nil && f.rangeFunc(0) < 0 {
		f.plainReturn(s)
		return
	}
	if len(s.Results) > 0 {
		var lhs []lvalue
		for i, n := range f.results {
			lhs = append(lhs, lvalue{text: n, typ: f.sig.Results().At(i).Type()})
		}
		f.assignAll(lhs, s.Results)
	}
	f.leave()
}

// leave returns once the results are assigned.
func (f *fn) leave() {
	if i := f.rangeFunc(0); i >= 0 {
		f.escape(i, escape{ret: true})
		return
	}
	if f.frame != "" || len(f.results) == 0 {
		f.line("return")
		return
	}
	f.line("return %s", strings.Join(f.results, ", "))
}

func (f *fn) plainReturn(s *ast.ReturnStmt) {
	if len(s.Results) == 0 {
		f.line("return")
		return
	}
	n := f.sig.Results().Len()
	if len(s.Results) == 1 && n > 1 {
		f.returnTuple(s.Results[0])
		return
	}
	var parts []string
	for i, x := range s.Results {
		t := f.sig.Results().At(i).Type()
		text := f.exprTo(x, t)
		if _, ok := ast.Unparen(x).(*ast.FuncLit); ok {
			v := f.fresh("t")
			f.line("%s := %s", v, text)
			text = v
		}
		parts = append(parts, text)
	}
	f.line("return %s", strings.Join(parts, ", "))
}

func (f *fn) returnTuple(x ast.Expr) {
	ts := f.tuple(x)
	var names []string
	for range ts {
		names = append(names, f.fresh("t"))
	}
	f.line("%s := %s", strings.Join(names, ", "), f.expr(x))
	for i := range names {
		names[i] = f.conv(names[i], ts[i], f.sig.Results().At(i).Type())
	}
	f.line("return %s", strings.Join(names, ", "))
}
