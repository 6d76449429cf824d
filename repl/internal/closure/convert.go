package closure

import (
	"go/ast"
	"go/types"
)

// wide is a number's kind: every value is one of the widest type of its sort,
// and conversions go through that.
type wide interface {
	// unsigned and signed are nil for the other sort.
	unsigned(x expr) func(*machine) uint64
	signed(x expr) func(*machine) int64
	floating(x expr) func(*machine) float64

	fromUnsigned(f func(*machine) uint64) any
	fromSigned(f func(*machine) int64) any
	fromFloat(f func(*machine) float64) any
}

func isUnsigned[T integers]() bool { var z T; return z-1 > 0 }

func (integer[T]) unsigned(x expr) func(*machine) uint64 {
	if f, ok := x.fn.(func(*machine) uint64); ok {
		return f
	}
	f := code[T](x)
	if !isUnsigned[T]() {
		return nil
	}
	return func(m *machine) uint64 { return uint64(f(m)) }
}

func (integer[T]) signed(x expr) func(*machine) int64 {
	if f, ok := x.fn.(func(*machine) int64); ok {
		return f
	}
	f := code[T](x)
	if isUnsigned[T]() {
		return nil
	}
	return func(m *machine) int64 { return int64(f(m)) }
}

func (integer[T]) floating(expr) func(*machine) float64 { return nil }

func (integer[T]) fromUnsigned(f func(*machine) uint64) any {
	return func(m *machine) T { return T(f(m)) }
}
func (integer[T]) fromSigned(f func(*machine) int64) any {
	return func(m *machine) T { return T(f(m)) }
}
func (integer[T]) fromFloat(f func(*machine) float64) any {
	return func(m *machine) T { return T(f(m)) }
}

func (float[T]) unsigned(expr) func(*machine) uint64 { return nil }
func (float[T]) signed(expr) func(*machine) int64    { return nil }

func (float[T]) floating(x expr) func(*machine) float64 {
	if f, ok := x.fn.(func(*machine) float64); ok {
		return f
	}
	f := code[T](x)
	return func(m *machine) float64 { return float64(f(m)) }
}

func (float[T]) fromUnsigned(f func(*machine) uint64) any {
	return func(m *machine) T { return T(f(m)) }
}
func (float[T]) fromSigned(f func(*machine) int64) any {
	return func(m *machine) T { return T(f(m)) }
}
func (float[T]) fromFloat(f func(*machine) float64) any {
	return func(m *machine) T { return T(f(m)) }
}

// conversion is T(x).
func (c *compiler) conversion(at *ast.CallExpr, t types.Type) expr {
	k := c.kindAt(at, t)
	x := at.Args[0]
	if i, ok := k.(iface); ok {
		return c.toIface(x, i)
	}
	if tv := c.src.Info().Types[x]; tv.IsNil() {
		return made(t, k, k.zero())
	}
	e := c.expr(x)
	if e.k == k {
		e.t = t
		return e
	}
	fn := convert(e, k)
	if fn == nil {
		c.refuse(at, "a conversion of %s to %s", e.t, t)
	}
	return made(t, k, fn)
}

func convert(e expr, k kind) any {
	switch to := k.(type) {
	case text:
		return toText(e)
	case header:
		return toSlice(e, to)
	case pointer, place:
		if e.k.layout() == k.layout() {
			return e.fn
		}
		return nil
	case wide:
		if i, ok := e.fn.(func(*machine) int); ok && k == (float[float64]{}) {
			return func(m *machine) float64 { return float64(i(m)) }
		}
		if f, ok := e.fn.(func(*machine) float64); ok && k == (integer[int]{}) {
			return func(m *machine) int { return int(f(m)) }
		}
		from, ok := e.k.(wide)
		if !ok {
			return nil
		}
		if f := from.unsigned(e); f != nil {
			return to.fromUnsigned(f)
		}
		if f := from.signed(e); f != nil {
			return to.fromSigned(f)
		}
		return to.fromFloat(from.floating(e))
	}
	return nil
}

func toText(e expr) any {
	switch k := e.k.(type) {
	case wide:
		if f := k.unsigned(e); f != nil {
			return func(m *machine) string { return runeText(int64(min(f(m), 1<<40))) }
		}
		if f := k.signed(e); f != nil {
			return func(m *machine) string { return runeText(f(m)) }
		}
	case header:
		f := code[slice](e)
		switch k.of {
		case kind(integer[byte]{}):
			return func(m *machine) string { return string(elements[byte](f(m))) }
		case kind(integer[rune]{}):
			return func(m *machine) string { return string(elements[rune](f(m))) }
		}
	}
	return nil
}

func runeText(r int64) string {
	if r != int64(rune(r)) {
		return "\uFFFD"
	}
	return string(rune(r))
}

func toSlice(e expr, to header) any {
	if from, ok := e.k.(header); ok && from.of == to.of {
		return e.fn
	}
	if e.k != (kind(text{})) {
		return nil
	}
	f := code[string](e)
	switch to.of {
	case kind(integer[byte]{}):
		if _, constant := e.c.(string); constant { // no longer than it need be, as Go's
			return func(m *machine) slice {
				s := f(m)
				b := make([]byte, len(s))
				copy(b, s)
				return headerOf(b)
			}
		}
		return func(m *machine) slice { return headerOf([]byte(f(m))) }
	case kind(integer[rune]{}):
		return func(m *machine) slice { return headerOf([]rune(f(m))) }
	}
	return nil
}
