package closure

import (
	"go/ast"
	"go/constant"
	"go/types"
	"unicode/utf8"
	"unsafe"
)

var oneValue = constant.MakeInt64(1)

// round runs a loop's body once: done says that the loop ends, with r.
func round(m *machine, body stmt, t *target) (r ctl, done bool) {
	if m.host.Stop.Load() {
		m.host.Interrupted()
	}
	switch r := body(m); r {
	case next, continues, t.cont:
		return next, false
	case breaks, t.brk:
		return next, true
	default:
		return r, true
	}
}

func (c *compiler) forStmt(s *ast.ForStmt, label string) stmt {
	var first stmt
	var again []stmt // gives the next iteration variables of its own
	if s.Init != nil {
		first = c.stmt(s.Init, "")
		if a, ok := s.Init.(*ast.AssignStmt); ok {
			for _, l := range a.Lhs {
				if v, ok := c.lookup(c.src.Info().Defs[ident(l)]); ok && v.inMemory() {
					again = append(again, v.set(variable(c.typeOf(l), v)))
				}
			}
		}
	}
	cond := always(true)
	if s.Cond != nil {
		cond = c.markedCond(s.Cond)
	}
	post := nothingToDo
	if s.Post != nil {
		if p := c.stmt(s.Post, ""); p != nil {
			post = p
		}
	}
	post = sequence(append(again, post))
	t := c.push(label, true)
	body := c.block(s.Body.List)
	c.pop()
	return sequence([]stmt{first, func(m *machine) ctl {
		for cond(m) {
			if r, done := round(m, body, t); done {
				return r
			}
			post(m)
		}
		return next
	}})
}

func ident(x ast.Expr) *ast.Ident {
	id, _ := ast.Unparen(x).(*ast.Ident)
	return id
}

func (c *compiler) rangeStmt(s *ast.RangeStmt, label string) stmt {
	t := c.src.TypeOf(s.X)
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsString != 0 {
			return c.rangeString(s, label)
		}
		return c.rangeInt(s, label)
	case *types.Chan:
		return c.rangeChan(s, label)
	case *types.Map:
		return c.rangeMap(s, label, u)
	case *types.Slice:
		l := c.temp(c.kindAt(s.X, t))
		set := c.marked(s.X, func() stmt { return l.k.set(l.off, c.value(s.X, l.k)) })
		h := variable(t, l)
		elem := l.k.(header).of
		off := l.off
		return c.rangeIndex(s, label, u.Elem(), set, func(m *machine) int { return at[slice](m, off).n },
			func(i func(*machine) int) expr { return made(u.Elem(), elem, elem.index(h, i)) })
	case *types.Array:
		return c.rangeArray(s, label, u)
	case *types.Pointer:
		if a, ok := u.Elem().Underlying().(*types.Array); ok {
			return c.rangeArray(s, label, a)
		}
	}
	c.refuse(s, "a range over %s", t)
	return nil
}

// rangeArray goes over an array, or over a copy of it when there are values,
// or over the array that a pointer points to.
func (c *compiler) rangeArray(s *ast.RangeStmt, label string, a *types.Array) stmt {
	k := c.kindAt(s.X, c.src.TypeOf(s.X))
	elem := kindOf(a.Elem())
	if elem == nil {
		c.refuse(s, "type %s", a)
	}
	n := int(a.Len())
	l := c.temp(k)
	set := c.marked(s, func() stmt { return l.k.set(l.off, c.value(s.X, l.k)) })
	held := heldIn(l)
	return c.rangeIndex(s, label, a.Elem(), set, always(n), func(i func(*machine) int) expr {
		size := elem.size()
		return made(a.Elem(), elem, elem.load(func(m *machine) unsafe.Pointer {
			p := held(m)
			if p == nil {
				nilDeref()
			}
			return unsafe.Add(p, uintptr(i(m))*size)
		}))
	})
}

func used(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return x != nil && (!ok || id.Name != "_")
}

// rangeIndex is a loop over indices, with the value at each.
func (c *compiler) rangeIndex(s *ast.RangeStmt, label string, vt types.Type, first stmt, length func(*machine) int, value func(i func(*machine) int) expr) stmt {
	i := c.temp(integer[int]{})
	index := variable(types.Typ[types.Int], i)
	var each []stmt
	define := s.Tok.String() == ":="
	if used(s.Key) {
		each = append(each, c.rangeVar(s.Key, index, define))
	}
	if used(s.Value) {
		each = append(each, c.rangeVar(s.Value, value(code[int](index)), define))
	}
	t := c.push(label, true)
	body := sequence(append(each, c.block(s.Body.List)))
	c.pop()
	off := i.off
	return sequence([]stmt{first, func(m *machine) ctl {
		n := length(m)
		for i := 0; i < n; i++ {
			*at[int](m, off) = i
			if r, done := round(m, body, t); done {
				return r
			}
		}
		return next
	}})
}

// rangeVar assigns an iteration's value.
func (c *compiler) rangeVar(x ast.Expr, e expr, define bool) stmt {
	if k := c.kindAt(x, c.typeOf(x)); k != e.k {
		c.refuse(x, "a range variable of %s", c.typeOf(x))
	}
	if ident(x) == nil && !c.still(x) {
		c.refuse(x, "this range variable")
	}
	return c.storeTo(x, e, define)
}

func (c *compiler) rangeInt(s *ast.RangeStmt, label string) stmt {
	t := types.Default(c.src.TypeOf(s.X))
	if used(s.Key) {
		t = c.typeOf(s.Key)
	}
	k := c.kindAt(s.X, t)
	counter, ok := k.(interface {
		count(off int, n expr, body stmt, t *target) stmt
	})
	if !ok {
		c.refuse(s, "a range over %s", t)
	}
	n := c.temp(k)
	set := c.marked(s.X, func() stmt { return k.set(n.off, c.value(s.X, k)) })
	i := c.temp(k)
	var each []stmt
	if used(s.Key) {
		each = append(each, c.rangeVar(s.Key, variable(t, i), s.Tok.String() == ":="))
	}
	tg := c.push(label, true)
	body := sequence(append(each, c.block(s.Body.List)))
	c.pop()
	return sequence([]stmt{set, counter.count(i.off, variable(t, n), body, tg)})
}

func (integer[T]) count(off int, n expr, body stmt, t *target) stmt {
	limit := code[T](n)
	return func(m *machine) ctl {
		n := limit(m)
		for i := T(0); i < n; i++ {
			*at[T](m, off) = i
			if r, done := round(m, body, t); done {
				return r
			}
		}
		return next
	}
}

func (c *compiler) rangeString(s *ast.RangeStmt, label string) stmt {
	text := code[string](c.markedValue(s.X, text{}))
	i, r := c.temp(integer[int]{}), c.temp(integer[rune]{})
	define := s.Tok.String() == ":="
	var each []stmt
	if used(s.Key) {
		each = append(each, c.rangeVar(s.Key, variable(types.Typ[types.Int], i), define))
	}
	if used(s.Value) {
		each = append(each, c.rangeVar(s.Value, variable(types.Typ[types.Rune], r), define))
	}
	t := c.push(label, true)
	body := sequence(append(each, c.block(s.Body.List)))
	c.pop()
	return func(m *machine) ctl {
		s := text(m)
		for p := 0; p < len(s); {
			ch, size := utf8.DecodeRuneInString(s[p:])
			*at[int](m, i.off), *at[rune](m, r.off) = p, ch
			p += size
			if r, done := round(m, body, t); done {
				return r
			}
		}
		return next
	}
}
