package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// lvalue is what an assignment assigns to.
type lvalue struct {
	text string
	typ  types.Type
	def  types.Object // a new local variable
}

func (f *fn) lvalue(l ast.Expr, define bool) lvalue {
	id, ok := ast.Unparen(l).(*ast.Ident)
	if ok && id.Name == "_" {
		return lvalue{text: "_"}
	}
	if ok && define {
		if o := f.info.Defs[id]; o != nil {
			return lvalue{def: o, typ: f.apply(o.Type())}
		}
	}
	return lvalue{text: f.expr(l), typ: f.typeOf(l)}
}

func (f *fn) assign(s *ast.AssignStmt) {
	xs, last := f.parts(s)
	f.readyFor(last, xs...)
	switch s.Tok {
	case token.DEFINE, token.ASSIGN:
	default:
		f.opAssign(s)
		return
	}
	var lhs []lvalue
	for _, l := range s.Lhs {
		if len(s.Lhs) > 1 || mayCall(l) && mayCall(s.Rhs[0]) {
			l = f.fixed(l)
		}
		lhs = append(lhs, f.lvalue(l, s.Tok == token.DEFINE))
	}
	f.assignAll(lhs, s.Rhs)
}

// mayCall tells whether evaluating x may do more than give a value.
func mayCall(x ast.Expr) (found bool) {
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// fixed evaluates the operands of an index expression or a pointer
// indirection on the left of an assignment to several: Go does so before it
// assigns.
func (f *fn) fixed(l ast.Expr) ast.Expr {
	switch x := ast.Unparen(l).(type) {
	case *ast.IndexExpr:
		c := *x
		if _, array := f.typeOf(x.X).Underlying().(*types.Array); !array {
			c.X = f.bind1(x.X)
		}
		c.Index = f.bind1(x.Index)
		f.info.Types[&c] = f.info.Types[x]
		return &c
	case *ast.StarExpr:
		c := *x
		c.X = f.bind1(x.X)
		f.info.Types[&c] = f.info.Types[x]
		return &c
	case *ast.SelectorExpr:
		if _, ptr := f.typeOf(x.X).Underlying().(*types.Pointer); ptr && f.info.Selections[x] != nil {
			c := *x
			c.X = f.bind1(x.X)
			f.info.Types[&c] = f.info.Types[x]
			f.info.Selections[&c] = f.info.Selections[x]
			return &c
		}
	}
	return l
}

// bind1 evaluates an expression now and returns a name for its value;
// constants stay.
func (f *fn) bind1(x ast.Expr) ast.Expr {
	tv := f.info.Types[x]
	if tv.IsType() || tv.Value != nil || tv.IsNil() {
		return x
	}
	v := types.NewVar(x.Pos(), f.unit.Pkg, "t", types.Default(f.typeOf(x)))
	id := &ast.Ident{Name: "t", NamePos: x.Pos()}
	f.info.Uses[id] = v
	text := f.expr(x)
	f.line("%s := %s", f.declare(v), text)
	return id
}

// assignAll assigns values to lvalues; several at once go through
// temporaries, so that the interpreter never assigns in parallel.
func (f *fn) assignAll(lhs []lvalue, rhs []ast.Expr) {
	if len(lhs) > 1 && len(rhs) == 1 {
		f.assignTuple(lhs, rhs[0])
		return
	}
	if len(lhs) == 1 {
		f.assignOne(lhs[0], rhs[0])
		return
	}
	var tmps []string
	for i, l := range lhs {
		t := f.fresh("t")
		typ := l.typ
		if l.text == "_" {
			typ = types.Default(f.typeOf(rhs[i]))
		}
		f.define(t, typ, f.exprTo(rhs[i], typ), rhs[i])
		tmps = append(tmps, t)
	}
	for i, l := range lhs {
		f.store(l, tmps[i])
	}
}

// define is `name := text`, with the type spelled where nil has none.
func (f *fn) define(name string, t types.Type, text string, x ast.Expr) {
	if text == "nil" || f.info.Types[x].IsNil() {
		f.line("var %s %s", name, f.rep(t))
		return
	}
	f.line("%s := %s", name, text)
}

func (f *fn) assignOne(l lvalue, x ast.Expr) {
	switch {
	case l.def != nil:
		text := f.exprTo(x, l.typ)
		name := f.declare(l.def)
		f.define(name, l.typ, text, x)
	case l.text == "_":
		if f.info.Types[x].IsNil() {
			return
		}
		f.line("_ = %s", f.exprTo(x, types.Default(f.typeOf(x))))
	default:
		text := f.exprTo(x, l.typ)
		if _, lit := ast.Unparen(x).(*ast.CompositeLit); (lit || f.calls(x)) && f.made[ast.Unparen(x)] == "" {
			// The interpreter makes the callee's results the variable itself,
			// which the callee may still read, and gives the variable of a
			// literal another place than pointers to it have.
			t := f.fresh("t")
			f.line("%s := %s", t, text)
			text = t
		}
		f.line("%s = %s", l.text, text)
	}
}

// calls tells whether x is a call of interpreted code.
func (f *fn) calls(x ast.Expr) bool {
	c, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok || f.info.Types[c.Fun].IsType() || f.info.Types[c.Fun].IsBuiltin() || f.compiled(c) {
		return false
	}
	_, value := f.typeOf(x).(*types.Tuple)
	return !value
}

// store assigns a temporary of the right type.
func (f *fn) store(l lvalue, tmp string) {
	switch {
	case l.def != nil:
		f.line("%s := %s", f.declare(l.def), tmp)
	case l.text == "_":
		f.line("_ = %s", tmp)
	default:
		f.line("%s = %s", l.text, tmp)
	}
}

// assignTuple is a call, or one of the forms with ok.
func (f *fn) assignTuple(lhs []lvalue, x ast.Expr) {
	text := ""
	ts := f.tuple(x)
	switch e := ast.Unparen(x).(type) {
	case *ast.TypeAssertExpr:
		ts = []types.Type{f.typeOf(e.Type), types.Typ[types.Bool]}
		if text = f.assertStmts(e); text == "" {
			text = f.assert2(e)
		}
	case *ast.IndexExpr:
		ts = f.okTypes(e)
		text = f.expr(e)
	case *ast.UnaryExpr:
		ts = f.okTypes(e)
		text = f.received2(e.X)
	default:
		text = f.expr(x)
	}
	var tmps []string
	for i := range lhs {
		if lhs[i].text == "_" {
			tmps = append(tmps, "_")
			continue
		}
		tmps = append(tmps, f.fresh("t"))
	}
	op := ":="
	if strings.Trim(strings.Join(tmps, ""), "_") == "" {
		op = "="
	}
	f.line("%s %s %s", strings.Join(tmps, ", "), op, text)
	for i, l := range lhs {
		if l.text == "_" {
			continue
		}
		f.store(l, f.conv(tmps[i], ts[i], l.typ))
	}
}

func (f *fn) okTypes(x ast.Expr) []types.Type {
	ts := f.tuple(x)
	if len(ts) == 2 {
		return ts
	}
	return []types.Type{ts[0], types.Typ[types.Bool]}
}

func (f *fn) opAssign(s *ast.AssignStmt) {
	t := f.typeOf(s.Lhs[0])
	l := f.expr(s.Lhs[0])
	if s.Tok == token.SHL_ASSIGN || s.Tok == token.SHR_ASSIGN {
		f.line("%s %s %s", l, s.Tok, f.shiftCount(s.Rhs[0]))
		return
	}
	f.line("%s %s %s", l, s.Tok, f.exprTo(s.Rhs[0], t))
}

func (f *fn) incdec(s *ast.IncDecStmt) {
	xs, last := f.parts(s)
	f.readyFor(last, xs...)
	f.line("%s%s", f.expr(s.X), s.Tok)
}
