package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"graft/repl/internal/nb"
)

func (f *fn) switchStmt(s *ast.SwitchStmt, label string) {
	f.line("{")
	defer f.line("}")
	if s.Init != nil {
		f.stmt(s.Init)
	}
	tag, t := "", types.Type(types.Typ[types.Bool])
	if s.Tag != nil {
		t = types.Default(f.typeOf(s.Tag))
		tag = f.fresh("tag")
		f.ready(s.Tag)
		f.line("%s := %s", tag, f.exprTo(s.Tag, t))
	}
	// The clause is found first, so that cases of any type compare as == does.
	k := f.fresh("case")
	f.line("%s := -1", k)
	ends := 0
	def := -1
	for i, c := range s.Body.List {
		cc := c.(*ast.CaseClause)
		if cc.List == nil {
			def = i
			continue
		}
		for _, e := range cc.List {
			f.readyFor(f.caseRisk(s.Tag, e), e)
			f.line("if %s { %s = %d } else {", f.caseCond(tag, t, e), k, i)
			ends++
		}
	}
	if def >= 0 {
		f.line("%s = %d", k, def)
	}
	f.line("%s", strings.Repeat("}", ends))
	f.label(label)
	f.line("switch %s {", k)
	done := f.push(&target{label: label})
	for i, c := range s.Body.List {
		f.line("case %d:", i)
		f.block(c.(*ast.CaseClause).Body)
	}
	done()
	f.line("}")
}

// caseRisk is where comparing a case's value may panic.
func (f *fn) caseRisk(tag, e ast.Expr) token.Pos {
	if tag != nil && f.mayNotCompare(tag) && f.mayNotCompare(e) {
		return e.Pos()
	}
	return token.NoPos
}

func (f *fn) caseCond(tag string, t types.Type, e ast.Expr) string {
	if tag == "" {
		return f.expr(e)
	}
	et := f.typeOf(e)
	any := types.Universe.Lookup("any").Type()
	switch {
	case f.info.Types[e].IsNil():
		return tag + " == nil"
	case types.IsInterface(t) || types.IsInterface(et):
		return f.L.nb() + ".Eq(" + f.conv(tag, t, any) + ", " + f.exprTo(e, any) + ")"
	}
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array:
		return f.L.nb() + ".EqV(" + tag + ", " + f.exprTo(e, t) + ")"
	}
	return tag + " == " + f.operandTo(e, t)
}

func (f *fn) typeSwitch(s *ast.TypeSwitchStmt, label string) {
	f.line("{")
	defer f.line("}")
	if s.Init != nil {
		f.stmt(s.Init)
	}
	var x ast.Expr
	bind := false
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		x = a.Rhs[0].(*ast.TypeAssertExpr).X
		bind = true
	case *ast.ExprStmt:
		x = a.X.(*ast.TypeAssertExpr).X
	}
	xt := f.typeOf(x)
	v, k, in := f.fresh("x"), f.fresh("case"), f.fresh("in")
	f.ready(x)
	f.line("%s := %s", v, f.exprTo(x, types.Universe.Lookup("any").Type()))
	f.line("%s, %s := %s.Case(%s, %d)", k, in, f.L.nb(), v, f.L.rt.Switch(f.cases(s)))
	f.line("_ = %s", in)
	f.label(label)
	f.line("switch %s {", k)
	done := f.push(&target{label: label})
	for i, c := range s.Body.List {
		cc := c.(*ast.CaseClause)
		f.line("case %d:", i)
		if bind {
			f.bindCase(cc, v, in, xt)
		}
		f.block(cc.Body)
	}
	done()
	f.line("}")
}

// cases are a type switch's types and their clauses, in order.
func (f *fn) cases(s *ast.TypeSwitchStmt) nb.Switch {
	out := nb.Switch{Default: -1}
	for i, c := range s.Body.List {
		cc := c.(*ast.CaseClause)
		if cc.List == nil {
			out.Default = i
		}
		for _, e := range cc.List {
			id := nb.NilCase
			if !f.info.Types[e].IsNil() {
				id = f.L.id(f.typeOf(e))
			}
			out.IDs, out.Clauses = append(out.IDs, id), append(out.Clauses, i)
		}
	}
	return out
}

// bindCase declares the clause's variable: of the case's type when there is
// one type, of the operand's otherwise.
func (f *fn) bindCase(cc *ast.CaseClause, v, in string, xt types.Type) {
	o := f.info.Implicits[cc]
	if o == nil {
		return
	}
	any := types.Universe.Lookup("any").Type()
	to := f.apply(o.Type())
	if len(cc.List) != 1 || f.info.Types[cc.List[0]].IsNil() {
		to = xt
	}
	name := f.declare(o)
	switch {
	case types.IsInterface(to):
		f.line("%s := %s", name, f.conv(v, any, to))
	default:
		text := in
		if _, ok := funcAsAny(to); !ok {
			text = f.as(text, to)
		}
		f.line("%s := %s", name, text)
	}
	f.line("_ = %s", name)
}
