package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"unsafe"
)

// expr compiles an expression.
func (c *compiler) expr(x ast.Expr) expr {
	defer c.deeper()()
	if l, before := c.hoisted[x]; before {
		return variable(types.Default(c.src.TypeOf(x)), l)
	}
	l := c.src.Line(x)
	if l == 0 || l == c.line {
		return c.exprHere(x)
	}
	outer, line := c.mark, c.line
	mark, _ := c.src.MarkOf(x)
	c.mark, c.line = mark, l
	e := c.exprHere(x)
	c.mark, c.line = outer, line
	return made(e.t, e.k, e.k.at(mark, outer, e.fn))
}

// exprHere compiles an expression that is in the line of the mark, or cannot
// panic itself.
func (c *compiler) exprHere(x ast.Expr) expr {
	t := c.src.TypeOf(x)
	if tv := c.src.Info().Types[x]; tv.Value != nil {
		return c.constant(x, c.kindAt(x, t))
	}
	switch x := x.(type) {
	case *ast.ParenExpr:
		return c.expr(x.X)
	case *ast.Ident:
		return c.ident(x, t)
	case *ast.CallExpr:
		return c.call(x, t)
	case *ast.UnaryExpr:
		return c.unary(x, t)
	case *ast.BinaryExpr:
		return c.binary(x, t)
	case *ast.IndexExpr:
		return c.indexed(x, t)
	case *ast.SliceExpr:
		return c.sliced(x, t)
	case *ast.SelectorExpr, *ast.StarExpr:
		k := kindOf(t)
		if k == nil {
			c.refuse(x, "type %s", t)
		}
		return made(t, k, k.load(c.address(x)))
	case *ast.FuncLit:
		return c.literal(x, t, nil)
	case *ast.TypeAssertExpr:
		if _, ok := t.(*types.Tuple); !ok {
			return c.assertion(x, t)
		}
	case *ast.CompositeLit:
		return c.composite(x, t)
	}
	c.refuse(x, "this expression")
	return expr{}
}

func made(t types.Type, k kind, fn any) expr { return expr{t: t, k: k, fn: fn, off: -1} }

// variable is a local as an expression.
func variable(t types.Type, l local) expr {
	if l.moved {
		return made(t, l.k, l.k.load(heldIn(l)))
	}
	e := expr{t: t, k: l.k, fn: l.k.get(l.off), off: l.off}
	if l.k.big() {
		e.off = -1
	}
	return e
}

// value compiles an expression that is evaluated by itself, calls first.
func (c *compiler) value(x ast.Expr, k kind) expr {
	pre := c.hoist(x)
	e := c.exprTo(x, k)
	if len(pre) > 0 {
		e = made(e.t, e.k, e.k.after(sequence(pre), e.fn))
	}
	return e
}

func (c *compiler) condition(x ast.Expr) func(*machine) bool {
	return code[bool](c.value(x, boolean{}))
}

func (c *compiler) kindAt(x ast.Expr, t types.Type) kind {
	k := valueKind(t)
	if k == nil {
		c.refuse(x, "type %s", t)
	}
	return k
}

// exprTo compiles x as a value of kind k, which an untyped operand takes.
func (c *compiler) exprTo(x ast.Expr, k kind) expr {
	tv := c.src.Info().Types[x]
	if i, ok := k.(iface); ok {
		return c.toIface(x, i)
	}
	switch {
	case tv.Value != nil:
		return c.constant(x, k)
	case tv.IsNil():
		return made(nil, k, k.zero())
	}
	return c.expr(x)
}

func (c *compiler) constant(x ast.Expr, k kind) expr {
	v := k.constant(c.src.Info().Types[x].Value)
	if v == nil {
		c.refuse(x, "this constant")
	}
	return expr{t: c.src.TypeOf(x), k: k, fn: closureOf(v), off: -1, c: v}
}

func closureOf(v any) any {
	switch v := v.(type) {
	case bool:
		return always(v)
	case string:
		return always(v)
	case int:
		return always(v)
	case int8:
		return always(v)
	case int16:
		return always(v)
	case int32:
		return always(v)
	case int64:
		return always(v)
	case uint:
		return always(v)
	case uint8:
		return always(v)
	case uint16:
		return always(v)
	case uint32:
		return always(v)
	case uint64:
		return always(v)
	case uintptr:
		return always(v)
	case float32:
		return always(v)
	case float64:
		return always(v)
	}
	return nil
}

func always[T any](v T) func(*machine) T { return func(*machine) T { return v } }

func (c *compiler) ident(x *ast.Ident, t types.Type) expr {
	o := c.src.Object(x)
	if fn, ok := o.(*types.Func); ok && fn.Signature().Recv() == nil {
		if f := c.src.Func(x); f != nil {
			v := &funcValue{fn: f}
			return made(t, function{}, func(*machine) unsafe.Pointer { return unsafe.Pointer(v) })
		}
	}
	if _, ok := o.(*types.Var); !ok {
		c.refuse(x, "%s as a value", x.Name)
	}
	if l, ok := c.lookup(o); ok {
		return variable(t, l)
	}
	k := kindOf(t)
	if k == nil {
		c.refuse(x, "type %s", t)
	}
	return made(t, k, k.load(c.address(x)))
}

func (c *compiler) unary(x *ast.UnaryExpr, t types.Type) expr {
	if x.Op == token.ARROW {
		if _, ok := t.(*types.Tuple); ok {
			c.refuse(x, "this receive")
		}
		ch, k, by := c.chanAt(x.X)
		return made(t, k, by.receive(ch))
	}
	k := c.kindAt(x, t)
	if x.Op == token.AND {
		if _, lit := ast.Unparen(x.X).(*ast.CompositeLit); lit {
			if _, ok := kindOf(c.src.TypeOf(x.X)).(place); !ok {
				c.refuse(x, "the address of this literal")
			}
			return made(t, k, c.expr(x.X).fn)
		}
		return made(t, k, field(c.address(x.X), 0))
	}
	fn := k.unary(x.Op, c.exprTo(x.X, k))
	if fn == nil {
		c.refuse(x, "operator %s", x.Op)
	}
	return made(t, k, fn)
}

func (c *compiler) binary(x *ast.BinaryExpr, t types.Type) expr {
	k := c.kindAt(x, t)
	switch x.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return made(t, k, c.comparison(x))
	case token.LAND, token.LOR:
		return made(t, k, k.binary(x.Op, c.exprTo(x.X, k), c.value(x.Y, k)))
	case token.SHL, token.SHR:
		return made(t, k, c.shift(x, x.Op, c.exprTo(x.X, k), x.Y))
	}
	fn := k.binary(x.Op, c.exprTo(x.X, k), c.exprTo(x.Y, k))
	if fn == nil {
		c.refuse(x, "operator %s", x.Op)
	}
	return made(t, k, fn)
}

func (c *compiler) comparison(x *ast.BinaryExpr) func(*machine) bool {
	info := c.src.Info()
	left, right := x.X, x.Y
	if tv := info.Types[left]; tv.IsNil() { // to the right
		left, right = right, left
	}
	k := c.kindAt(left, c.src.TypeOf(left))
	if types.IsInterface(c.src.TypeOf(right)) && !info.Types[right].IsNil() {
		k = c.kindAt(right, c.src.TypeOf(right))
	} else if _, ok := k.(iface); !ok && info.Types[left].Value != nil && info.Types[right].Value == nil {
		k = c.kindAt(right, c.src.TypeOf(right))
	}
	fn := k.compare(x.Op, c.exprTo(left, k), c.exprTo(right, k))
	if fn == nil {
		c.refuse(x, "a comparison of %s", c.src.TypeOf(left))
	}
	return fn
}

func (c *compiler) shift(at ast.Node, op token.Token, x expr, y ast.Expr) any {
	s, ok := x.k.(interface {
		shift(op token.Token, x expr, y any) any
	})
	if !ok {
		c.refuse(at, "a shift of %s", x.t)
	}
	if tv := c.src.Info().Types[y]; tv.Value != nil {
		n := c.constant(y, integer[uint64]{})
		return s.shift(op, x, n.fn)
	}
	n := c.expr(y)
	w, ok := n.k.(wide)
	if !ok {
		c.refuse(y, "this shift count")
	}
	if u := w.unsigned(n); u != nil {
		return s.shift(op, x, u)
	}
	return s.shift(op, x, w.signed(n))
}

// intOf is an index, or a length, as an int.
func (c *compiler) intOf(x ast.Expr) func(*machine) int {
	if x == nil {
		return nil
	}
	if tv := c.src.Info().Types[x]; tv.Value != nil {
		return code[int](c.constant(x, integer[int]{}))
	}
	return c.toInt(x, c.expr(x))
}

func (c *compiler) toInt(at ast.Node, e expr) func(*machine) int {
	if f, ok := e.fn.(func(*machine) int); ok {
		return f
	}
	w, ok := e.k.(wide)
	if !ok {
		c.refuse(at, "an index of %s", e.t)
	}
	if u := w.unsigned(e); u != nil {
		return func(m *machine) int { return int(min(u(m), 1<<63-1)) } // too big is out of range
	}
	s := w.signed(e)
	return func(m *machine) int { return int(s(m)) }
}
