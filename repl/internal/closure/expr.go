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

// address is where an operand lies: a variable of the session, a struct or
// array of the frame, or a part of one, or what a pointer points to.
func (c *compiler) address(x ast.Expr) address {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return c.variableAt(x)
	case *ast.StarExpr:
		return field(c.pointer(x.X), 0)
	case *ast.SelectorExpr:
		if c.src.Info().Selections[x] == nil {
			return c.variableAt(x.Sel)
		}
		index, t := c.src.Field(x)
		if index == nil {
			c.refuse(x, "a method value")
		}
		return c.path(x.X, t, index)
	case *ast.IndexExpr:
		return c.elemAt(x)
	}
	if _, ok := kindOf(c.src.TypeOf(x)).(place); ok {
		return code[unsafe.Pointer](c.expr(x)) // a literal, or a result
	}
	c.refuse(x, "the address of this")
	return nil
}

func (c *compiler) variableAt(x *ast.Ident) address {
	o, ok := c.src.Object(x).(*types.Var)
	if !ok {
		c.refuse(x, "%s as a variable", x.Name)
	}
	if l, ok := c.lookup(o); ok {
		if !l.inMemory() || (l.k == function{}) {
			c.refuse(x, "the address of a local variable")
		}
		return heldIn(l)
	}
	p := c.src.Variable(o)
	if p == nil {
		c.refuse(x, "variable %s", x.Name)
	}
	return func(*machine) unsafe.Pointer { return *p }
}

// pointer is the value of an expression that is a pointer.
func (c *compiler) pointer(x ast.Expr) address {
	e := c.expr(x)
	if _, ok := e.k.(pointer); !ok {
		c.refuse(x, "this pointer")
	}
	return code[unsafe.Pointer](e)
}

// path follows fields from x of type t.
func (c *compiler) path(x ast.Expr, t types.Type, index []int) address {
	var a spot
	if p, ok := t.Underlying().(*types.Pointer); ok {
		e := c.expr(x)
		if _, ok := e.k.(pointer); !ok {
			c.refuse(x, "this pointer")
		}
		a, t = spot{fn: code[unsafe.Pointer](e), slot: e.off, null: true}, p.Elem()
	} else {
		a = spot{fn: c.address(x), slot: -1}
		if id, ok := ast.Unparen(x).(*ast.Ident); ok {
			if l, ok := c.lookup(c.src.Object(id)); ok {
				a.slot = l.off
			}
		}
	}
	return c.steps(x, a, t, index).address()
}

// steps follows fields from a of struct type t.
func (c *compiler) steps(x ast.Expr, a spot, t types.Type, index []int) spot {
	for n, i := range index {
		if _, ok := kindOf(t).(place); !ok {
			c.refuse(x, "type %s", t)
		}
		off, ft := fieldAt(t, i)
		a.off, t = a.off+off, ft
		if p, ok := t.Underlying().(*types.Pointer); ok && n < len(index)-1 {
			next := memory[unsafe.Pointer]{}.load(a.address()).(func(*machine) unsafe.Pointer)
			a, t = spot{fn: next, slot: -1, null: true}, p.Elem()
		}
	}
	return a
}

// spot is memory at an offset from a pointer, which a slot may hold and which
// may be nil.
type spot struct {
	fn   address
	slot int // or -1
	null bool
	off  uintptr
}

func (s spot) address() address {
	p, slot, off := s.fn, s.slot, s.off
	switch {
	case slot >= 0 && s.null:
		return func(m *machine) unsafe.Pointer {
			v := *at[unsafe.Pointer](m, slot)
			if v == nil {
				nilDeref()
			}
			return unsafe.Add(v, off)
		}
	case slot >= 0:
		return func(m *machine) unsafe.Pointer { return unsafe.Add(*at[unsafe.Pointer](m, slot), off) }
	case s.null:
		return field(p, off)
	case off == 0:
		return p
	}
	return func(m *machine) unsafe.Pointer { return unsafe.Add(p(m), off) }
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

func (c *compiler) indexed(x *ast.IndexExpr, t types.Type) expr {
	k := c.kindAt(x, t)
	switch u := c.src.TypeOf(x.X).Underlying().(type) {
	case *types.Slice:
		return made(t, k, k.index(c.expr(x.X), c.intOf(x.Index)))
	case *types.Basic:
		s, i := code[string](c.exprTo(x.X, text{})), c.intOf(x.Index)
		return made(t, k, func(m *machine) byte { s := s(m); return s[i(m)] })
	case *types.Array, *types.Pointer:
		return made(t, k, k.load(c.elemAt(x)))
	default:
		c.refuse(x, "an index of %s", u)
	}
	return expr{}
}

// elemAt is the address of an element.
func (c *compiler) elemAt(x *ast.IndexExpr) address {
	k := c.kindAt(x, c.src.TypeOf(x))
	if _, ok := c.src.TypeOf(x.X).Underlying().(*types.Slice); ok {
		return k.elem(c.expr(x.X), c.intOf(x.Index))
	}
	a, n := c.array(x.X)
	i, size := c.intOf(x.Index), k.size()
	return func(m *machine) unsafe.Pointer {
		p := a(m)
		if p == nil {
			nilDeref()
		}
		i := i(m)
		_ = unsafe.Slice((*struct{})(unsafe.Pointer(&nothing)), n)[i]
		return unsafe.Add(p, uintptr(i)*size)
	}
}

// array is the address of the array that x is, or points to, and its length.
func (c *compiler) array(x ast.Expr) (address, int) {
	t := c.src.TypeOf(x).Underlying()
	if p, ok := t.(*types.Pointer); ok {
		if a, ok := p.Elem().Underlying().(*types.Array); ok {
			return c.pointer(x), int(a.Len())
		}
	}
	a, ok := t.(*types.Array)
	if !ok {
		c.refuse(x, "an index of %s", t)
	}
	return c.address(x), int(a.Len())
}

func (c *compiler) sliced(x *ast.SliceExpr, t types.Type) expr {
	k := c.kindAt(x, t)
	low, high, limit := c.intOf(x.Low), c.intOf(x.High), c.intOf(x.Max)
	from := c.src.TypeOf(x.X).Underlying()
	if _, ok := from.(*types.Basic); ok {
		return made(t, k, substring(code[string](c.exprTo(x.X, text{})), low, high))
	}
	h, ok := k.(header)
	if !ok {
		c.refuse(x, "a slice of %s", from)
	}
	if _, ok := from.(*types.Slice); ok {
		return made(t, k, cut(code[slice](c.expr(x.X)), h.of.size(), low, high, limit))
	}
	a, n := c.array(x.X)
	all := func(m *machine) slice {
		p := a(m)
		if p == nil {
			nilDeref()
		}
		return slice{p, n, n}
	}
	return made(t, k, cut(all, h.of.size(), low, high, limit))
}

func substring(s func(*machine) string, low, high func(*machine) int) func(*machine) string {
	return func(m *machine) string {
		s := s(m)
		i := 0
		if low != nil {
			i = low(m)
		}
		if high == nil {
			return s[i:]
		}
		return s[i:high(m)]
	}
}

// composite is a literal of a struct, an array or a slice.
func (c *compiler) composite(x *ast.CompositeLit, t types.Type) expr {
	k := c.kindAt(x, t)
	switch u := t.Underlying().(type) {
	case *types.Slice:
		elem := k.(header).of
		n, at, xs := c.elements(x, u.Elem(), elem)
		return made(t, k, elem.literal(n, at, xs))
	case *types.Array:
		elem := kindOf(u.Elem())
		if elem == nil {
			c.refuse(x, "type %s", t)
		}
		_, at, xs := c.elements(x, u.Elem(), elem)
		var puts []pass
		for i, e := range xs {
			puts = append(puts, elem.put(uintptr(at[i])*elem.size(), e))
		}
		return made(t, k, k.(place).filled(puts))
	case *types.Struct:
		return made(t, k, k.(place).filled(c.fields(x, t, u)))
	case *types.Pointer: // an element of a literal, its type left out
		p, ok := kindOf(u.Elem()).(place)
		if !ok {
			break
		}
		e := c.composite(x, u.Elem())
		_ = p
		return made(t, k, e.fn)
	}
	c.refuse(x, "a literal of %s", t)
	return expr{}
}

// filled is fresh memory with values put into it.
func (p place) filled(puts []pass) any {
	return func(m *machine) unsafe.Pointer {
		v := p.fresh()
		for _, put := range puts {
			put(m, v)
		}
		return v
	}
}

func (c *compiler) fields(x *ast.CompositeLit, t types.Type, u *types.Struct) []pass {
	var puts []pass
	for i, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
			for j := range u.NumFields() {
				if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
					i = j
				}
			}
		}
		off, ft := fieldAt(t, i)
		k := kindOf(ft)
		if k == nil {
			c.refuse(e, "type %s", ft)
		}
		puts = append(puts, k.put(off, c.element(e, ft, k)))
	}
	return puts
}

func (c *compiler) elements(x *ast.CompositeLit, t types.Type, k kind) (n int, at []int, xs []expr) {
	i := 0
	for _, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			i = c.constant(kv.Key, integer[int]{}).c.(int)
			e = kv.Value
		}
		at, xs = append(at, i), append(xs, c.element(e, t, k))
		i++
		n = max(n, i)
	}
	return n, at, xs
}

func (c *compiler) element(e ast.Expr, t types.Type, k kind) expr {
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
		return c.composite(lit, c.src.Apply(t))
	}
	return c.exprTo(e, k)
}
