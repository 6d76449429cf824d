package closure

import (
	"go/token"
	"reflect"
	"unsafe"
)

// slice is a slice of any type, as Go lays it out.
type slice struct {
	p    unsafe.Pointer
	n, c int
}

// elements is h as the slice that it is.
func elements[T any](h slice) []T { return *(*[]T)(unsafe.Pointer(&h)) }

func headerOf[T any](s []T) slice { return *(*slice)(unsafe.Pointer(&s)) }

// header is the kind of slices; what depends on the elements, their kind
// does.
type header struct {
	memory[slice]
	sender[slice]
	of kind
}

func (header) within() int { return 0 }

func (header) takeAny(to unsafe.Pointer, v any) {
	if v == nil {
		*(*slice)(to) = slice{}
		return
	}
	*(*slice)(to) = *(*slice)(dataOf(v))
}

func (h header) exact() reflect.Type {
	if e := h.of.exact(); e != nil {
		return reflect.SliceOf(e)
	}
	return nil
}

// compare is with nil only.
func (header) compare(op token.Token, x, y expr) func(*machine) bool {
	f := code[slice](x)
	if op == token.EQL {
		return func(m *machine) bool { return f(m).p == nil }
	}
	return func(m *machine) bool { return f(m).p != nil }
}

func (memory[T]) makeSlice(n, c func(*machine) int) any {
	if c == nil {
		return func(m *machine) slice { return headerOf(make([]T, n(m))) }
	}
	return func(m *machine) slice {
		n := n(m)
		return headerOf(make([]T, n, c(m)))
	}
}

// literal is []T{…}, n long, of xs at the given indices.
func (memory[T]) literal(n int, at []int, xs []expr) any {
	fs := make([]func(*machine) T, len(xs))
	for i, x := range xs {
		fs[i] = code[T](x)
	}
	return func(m *machine) slice {
		s := make([]T, n)
		for i, f := range fs {
			s[at[i]] = f(m)
		}
		return headerOf(s)
	}
}

func (memory[T]) grow(s expr, xs []expr) any {
	f := code[slice](s)
	if len(xs) == 1 {
		x := code[T](xs[0])
		return func(m *machine) slice {
			s := elements[T](f(m))
			return headerOf(append(s, x(m)))
		}
	}
	fs := make([]func(*machine) T, len(xs))
	for i, x := range xs {
		fs[i] = code[T](x)
	}
	return func(m *machine) slice {
		s := elements[T](f(m))
		more := make([]T, len(fs))
		for i, f := range fs {
			more[i] = f(m)
		}
		return headerOf(append(s, more...))
	}
}

func (memory[T]) concat(s, t expr) any {
	f, g := code[slice](s), code[slice](t)
	return func(m *machine) slice {
		s := elements[T](f(m))
		return headerOf(append(s, elements[T](g(m))...))
	}
}

func (memory[T]) copySlice(s, t expr) func(*machine) int {
	f, g := code[slice](s), code[slice](t)
	return func(m *machine) int {
		s := elements[T](f(m))
		return copy(s, elements[T](g(m)))
	}
}

// cut is s[low:high:limit], each nil when it was left out.
func cut(s func(*machine) slice, size uintptr, low, high, limit func(*machine) int) func(*machine) slice {
	return func(m *machine) slice {
		h := s(m)
		i, j, k := 0, h.n, h.c
		if low != nil {
			i = low(m)
		}
		if high != nil {
			j = high(m)
		}
		if limit != nil {
			k = limit(m)
		}
		// The bounds are those of a slice of the same lengths of nothing.
		none := unsafe.Slice((*struct{})(unsafe.Pointer(&nothing)), h.c)[:h.n]
		switch {
		case limit != nil:
			none = none[i:j:k]
		case high != nil:
			none = none[i:j]
		default:
			none = none[i:]
		}
		out := slice{h.p, len(none), cap(none)}
		if out.c > 0 {
			out.p = unsafe.Add(h.p, uintptr(i)*size)
		}
		return out
	}
}

var nothing struct{}
