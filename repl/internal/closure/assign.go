package closure

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (c *compiler) assign(s *ast.AssignStmt) stmt {
	switch s.Tok {
	case token.ASSIGN, token.DEFINE:
		return c.assignAll(s, s.Lhs, s.Rhs, s.Tok == token.DEFINE)
	}
	op, ok := updates[s.Tok]
	if !ok {
		c.refuse(s, "this assignment")
	}
	return c.update(s, s.Lhs[0], op, s.Rhs[0])
}

var updates = map[token.Token]token.Token{
	token.ADD_ASSIGN: token.ADD, token.SUB_ASSIGN: token.SUB, token.MUL_ASSIGN: token.MUL, token.QUO_ASSIGN: token.QUO, token.REM_ASSIGN: token.REM,
	token.AND_ASSIGN: token.AND, token.OR_ASSIGN: token.OR, token.XOR_ASSIGN: token.XOR, token.AND_NOT_ASSIGN: token.AND_NOT,
	token.SHL_ASSIGN: token.SHL, token.SHR_ASSIGN: token.SHR,
}

func (c *compiler) assignAll(at ast.Node, lhs, rhs []ast.Expr, define bool) stmt {
	switch {
	case len(lhs) == 1:
		pre := c.hoist(c.both(lhs[0], rhs[0])...)
		k := c.targetKind(lhs[0], rhs[0])
		e := c.exprTo(rhs[0], k)
		return sequence(append(pre, c.storeTo(lhs[0], e, define)))
	case len(rhs) == 1:
		return c.assignTuple(lhs, rhs[0], define)
	}
	// All operands are evaluated before anything is assigned.
	pre := c.hoist(append(append([]ast.Expr{}, lhs...), rhs...)...)
	var first, then []stmt
	stores := make([]func(e expr) stmt, len(lhs))
	for i, l := range lhs {
		stores[i] = c.fixed(l, define, &first)
	}
	for i, x := range rhs {
		k := c.targetKind(lhs[i], x)
		t := c.temp(k)
		first = append(first, k.set(t.off, c.exprTo(x, k)))
		then = append(then, stores[i](variable(nil, t)))
	}
	return sequence(append(append(pre, first...), then...))
}

// both are the expressions of an assignment that go through one order.
func (c *compiler) both(l, r ast.Expr) []ast.Expr {
	if _, ok := ast.Unparen(l).(*ast.Ident); ok {
		return []ast.Expr{r}
	}
	return []ast.Expr{l, r}
}

// targetKind is what a value is assigned as: the variable's kind.
func (c *compiler) targetKind(l, x ast.Expr) kind {
	if id, ok := ast.Unparen(l).(*ast.Ident); ok && id.Name == "_" {
		return c.kindAt(x, types.Default(c.src.TypeOf(x)))
	}
	return c.kindAt(l, c.typeOf(l))
}

// typeOf is the type of an operand, also of a variable that it defines.
func (c *compiler) typeOf(l ast.Expr) types.Type {
	if id, ok := ast.Unparen(l).(*ast.Ident); ok {
		if o := c.src.Object(id); o != nil {
			return c.src.Apply(o.Type())
		}
	}
	return c.src.TypeOf(l)
}

// storeTo assigns a value to what l means.
func (c *compiler) storeTo(l ast.Expr, e expr, define bool) stmt {
	if id, ok := ast.Unparen(l).(*ast.Ident); ok {
		if id.Name == "_" {
			return e.k.drop(e)
		}
		if o := c.src.Info().Defs[id]; define && o != nil {
			return c.declare(o).set(e)
		}
		if v, ok := c.lookup(c.src.Object(id)); ok {
			return v.assign(e)
		}
	}
	if ix, ok := c.isMapIndex(l); ok {
		return c.storeInMap(ix, e)
	}
	if ix, ok := ast.Unparen(l).(*ast.IndexExpr); private(e.k) && !(ok && private(c.kindAt(ix.X, c.src.TypeOf(ix.X)))) {
		c.refuse(l, "a function in memory")
	}
	return e.k.store(c.address(l), e)
}

// fixed evaluates the operands on the left of an assignment to several, as
// statements added to first, and returns what assigns later. Bounds are
// checked, and nil pointers found, only then.
func (c *compiler) fixed(l ast.Expr, define bool, first *[]stmt) func(e expr) stmt {
	bind := func(x ast.Expr) ast.Expr {
		tv := c.src.Info().Types[x]
		if tv.Value != nil {
			return x
		}
		t := c.src.TypeOf(x)
		k := c.kindAt(x, t)
		if k.big() {
			return x
		}
		o := types.NewVar(x.Pos(), nil, "t", t)
		id := &ast.Ident{Name: "t", NamePos: x.Pos()}
		c.src.Info().Uses[id] = o
		v := c.temp(k)
		c.vars[o] = v
		*first = append(*first, k.set(v.off, c.expr(x)))
		return id
	}
	switch x := ast.Unparen(l).(type) {
	case *ast.IndexExpr:
		y := *x
		y.X, y.Index = bind(x.X), bind(x.Index)
		c.src.Info().Types[&y] = c.src.Info().Types[x]
		l = &y
	case *ast.StarExpr:
		y := *x
		y.X = bind(x.X)
		c.src.Info().Types[&y] = c.src.Info().Types[x]
		l = &y
	case *ast.SelectorExpr:
		if sel := c.src.Info().Selections[x]; sel != nil {
			y := *x
			y.X = bind(x.X)
			c.src.Info().Types[&y] = c.src.Info().Types[x]
			c.src.Info().Selections[&y] = sel
			l = &y
		}
	}
	return func(e expr) stmt { return c.storeTo(l, e, define) }
}

func (c *compiler) assignTuple(lhs []ast.Expr, x ast.Expr, define bool) stmt {
	switch x := ast.Unparen(x).(type) {
	case *ast.UnaryExpr:
		return c.assignReceive(lhs, x, define)
	case *ast.TypeAssertExpr:
		return c.assignAssertion(lhs, x, define)
	case *ast.IndexExpr:
		return c.assignMapIndex(lhs, x, define)
	}
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		c.refuse(x, "this assignment")
	}
	tu, ok := c.src.TypeOf(call).(*types.Tuple)
	if !ok {
		c.refuse(x, "this assignment")
	}
	var out []stmt
	var temps []local
	for i, l := range lhs {
		if ident(l) == nil && !c.still(l) {
			c.refuse(l, "this assignment")
		}
		temps = append(temps, c.temp(c.kind(tu.At(i).Type())))
	}
	out = append(out, c.tuple(x, temps))
	for i, l := range lhs {
		out = append(out, c.storeTo(l, variable(tu.At(i).Type(), temps[i]), define))
	}
	return sequence(out)
}

// assignReceive is v, ok = <-c.
func (c *compiler) assignReceive(lhs []ast.Expr, u *ast.UnaryExpr, define bool) stmt {
	pre := c.hoist(u.X)
	ch, k, by := c.chanAt(u.X)
	v, ok := c.temp(k), c.temp(boolean{})
	for _, l := range lhs {
		if ident(l) == nil && !c.still(l) {
			c.refuse(l, "this assignment")
		}
	}
	more := by.receive2(ch, v.off)
	elem := c.src.TypeOf(u.X).Underlying().(*types.Chan).Elem()
	return sequence(append(pre, boolean{}.set(ok.off, made(nil, boolean{}, more)),
		c.storeTo(lhs[0], variable(elem, v), define), c.storeTo(lhs[1], variable(types.Typ[types.Bool], ok), define)))
}

// still tells whether an operand on the left means the same after a call.
func (c *compiler) still(l ast.Expr) bool {
	ok := true
	ast.Inspect(l, func(n ast.Node) bool {
		if _, is := n.(*ast.CallExpr); is {
			ok = false
		}
		if id, is := n.(*ast.Ident); is {
			if o, isVar := c.src.Object(id).(*types.Var); isVar && !o.IsField() {
				l, local := c.lookup(o)
				ok = ok && local && !l.moved
			}
		}
		return ok
	})
	return ok
}

// update is l op= x, or l op= 1 without x. l is evaluated once.
func (c *compiler) update(at ast.Stmt, l ast.Expr, op token.Token, x ast.Expr) stmt {
	k := c.kindAt(l, c.typeOf(l))
	var pre []stmt
	if x != nil {
		pre = c.hoist(l, x)
	}
	operate := func(cur expr) expr {
		if op == token.SHL || op == token.SHR {
			return made(cur.t, k, c.shift(at, op, cur, x))
		}
		fn := k.binary(op, cur, c.operand(x, k))
		if fn == nil {
			c.refuse(at, "this operator")
		}
		return made(cur.t, k, fn)
	}
	if id, ok := ast.Unparen(l).(*ast.Ident); ok {
		if v, ok := c.lookup(c.src.Object(id)); ok && !v.moved {
			return sequence(append(pre, k.set(v.off, operate(variable(c.typeOf(l), v)))))
		}
	}
	if ix, ok := c.isMapIndex(l); ok {
		return sequence(append(pre, c.updateMap(ix, c.typeOf(l), operate)))
	}
	a := c.address(l)
	if op != token.SHL && op != token.SHR {
		if s := k.accumulate(op, a, c.operand(x, k)); s != nil {
			return sequence(append(pre, s))
		}
	}
	where := c.temp(pointer{})
	pre = append(pre, pointer{}.set(where.off, made(nil, pointer{}, a)))
	held := heldIn(where)
	return sequence(append(pre, k.store(held, operate(made(c.typeOf(l), k, k.load(held))))))
}

// operand is x, or the number 1.
func (c *compiler) operand(x ast.Expr, k kind) expr {
	if x != nil {
		return c.exprTo(x, k)
	}
	one := k.constant(oneValue)
	return expr{k: k, fn: closureOf(one), off: -1, c: one}
}
