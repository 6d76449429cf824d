package closure

import (
	"go/ast"
	"go/types"
	"unsafe"
)

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
		if !l.inMemory() || private(l.k) {
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

func (c *compiler) indexed(x *ast.IndexExpr, t types.Type) expr {
	k := c.kindAt(x, t)
	switch u := c.src.TypeOf(x.X).Underlying().(type) {
	case *types.Slice:
		return made(t, k, k.index(c.expr(x.X), c.intOf(x.Index)))
	case *types.Basic:
		s, i := code[string](c.exprTo(x.X, text{})), c.intOf(x.Index)
		return made(t, k, func(m *machine) byte { s := s(m); return s[i(m)] })
	case *types.Array, *types.Pointer, *types.Map:
		return made(t, k, k.load(c.elemAt(x)))
	default:
		c.refuse(x, "an index of %s", u)
	}
	return expr{}
}

// elemAt is the address of an element.
func (c *compiler) elemAt(x *ast.IndexExpr) address {
	if _, ok := c.isMapIndex(x); ok {
		return c.mapElem(x, nil)
	}
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
