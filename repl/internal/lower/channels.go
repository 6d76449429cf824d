package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Channel operations are calls of package nb: see its channel.go for why.

// opened is the text of an interface{} that holds a value of type t.
func (f *fn) opened(text string, t types.Type) string {
	t = f.apply(t)
	if _, ok := funcAsAny(t); ok || anyIface(t) {
		return text
	}
	if types.IsInterface(t) {
		v := f.fresh("t")
		return fmt.Sprintf("func() %s {\n%s := %s\nif %s == nil { return nil }\nreturn %s.(%s)\n}()", f.rep(t), v, text, v, v, f.rep(t))
	}
	return f.as(text, t)
}

func (f *fn) elem(c ast.Expr) types.Type { return f.typeOf(c).Underlying().(*types.Chan).Elem() }

// received is <-c.
func (f *fn) received(c ast.Expr) string {
	return f.opened(fmt.Sprintf("%s.Recv(%s)", f.L.nb(), f.expr(c)), f.elem(c))
}

// received2 is v, ok := <-c, as one expression.
func (f *fn) received2(c ast.Expr) string {
	elem := f.elem(c)
	v, ok := f.fresh("t"), f.fresh("ok")
	return fmt.Sprintf("func() (%s, bool) {\n%s, %s := %s.Recv2(%s)\nreturn %s, %s\n}()",
		f.rep(elem), v, ok, f.L.nb(), f.expr(c), f.opened(v, elem), ok)
}

func (f *fn) send(s *ast.SendStmt) {
	xs, last := f.parts(s)
	f.readyFor(last, xs...)
	ch := f.expr(s.Chan)
	f.line("%s.Send(%s, %s)", f.L.nb(), ch, f.element(s.Value, f.elem(s.Chan)))
}

// rangeChan is for v := range c.
func (f *fn) rangeChan(s *ast.RangeStmt, label string) {
	f.line("{")
	defer f.line("}")
	c, v, ok := f.fresh("rx"), f.fresh("t"), f.fresh("ok")
	elem := f.elem(s.X)
	f.line("%s := %s", c, f.expr(s.X))
	f.label(label)
	f.line("for {")
	f.line("%s, %s := %s.Recv2(%s)", v, ok, f.L.nb(), c)
	f.line("if !%s { break }", ok)
	if used(s.Key) {
		f.store(f.rangeVar(s.Key, s.Tok, f.opened(v, elem), elem))
	} else {
		f.line("_ = %s", v)
	}
	f.loopBody(s.Body, &target{label: label, loop: true})
	f.line("}")
}

// selectStmt lets nb.Select find the clause and runs it in a switch.
func (f *fn) selectStmt(s *ast.SelectStmt, label string) {
	f.line("{")
	defer f.line("}")
	spec, args := "", []string{}
	xs, last := f.parts(s)
	f.readyFor(last, xs...)
	for _, c := range s.Body.List {
		switch st := c.(*ast.CommClause).Comm.(type) {
		case nil:
			spec += "d"
		case *ast.SendStmt:
			spec += "s"
			c := f.fresh("c")
			f.line("%s := %s", c, f.expr(st.Chan))
			args = append(args, c, f.element(st.Value, f.elem(st.Chan)))
		default:
			spec += "r"
			c := f.fresh("c")
			f.line("%s := %s", c, f.expr(receiveOf(st).X))
			args = append(args, c)
		}
	}
	k, v, ok := f.fresh("case"), f.fresh("t"), f.fresh("ok")
	f.line("%s, %s, %s := %s.Select(%s)", k, v, ok, f.L.nb(), strings.Join(append([]string{fmt.Sprintf("%q", spec)}, args...), ", "))
	f.line("_, _ = %s, %s", v, ok)
	f.label(label)
	f.line("switch %s {", k)
	done := f.push(&target{label: label})
	for i, c := range s.Body.List {
		cc := c.(*ast.CommClause)
		f.line("case %d:", i)
		if a, isAssign := cc.Comm.(*ast.AssignStmt); isAssign {
			elem := f.elem(receiveOf(a).X)
			if used(a.Lhs[0]) {
				f.store(f.rangeVar(a.Lhs[0], a.Tok, f.opened(v, elem), elem))
			}
			if len(a.Lhs) == 2 && used(a.Lhs[1]) {
				f.store(f.lvalue(a.Lhs[1], a.Tok == token.DEFINE), ok)
			}
		}
		f.block(cc.Body)
	}
	done()
	f.line("}")
}

// receiveOf is the receive expression of a select's clause.
func receiveOf(s ast.Stmt) *ast.UnaryExpr {
	var x ast.Expr
	switch s := s.(type) {
	case *ast.ExprStmt:
		x = s.X
	case *ast.AssignStmt:
		x = s.Rhs[0]
	}
	return ast.Unparen(x).(*ast.UnaryExpr)
}
