package closure

import (
	"go/ast"
	"go/types"
	"unsafe"
)

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
	case *types.Map:
		return made(t, k, c.entries(x, u, k.(mapping)))
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
