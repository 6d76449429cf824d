package closure

import (
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// place is the kind of a struct or an array. Its expressions give the address
// of the value, for the taker to copy at once; a variable's slot has the
// address of memory that is its own.
type place struct {
	rt   reflect.Type // its layout
	same reflect.Type // interpreted code's, or nil
}

func (place) within() int            { return 0 }
func (place) big() bool              { return true }
func (p place) size() uintptr        { return p.rt.Size() }
func (p place) layout() reflect.Type { return p.rt }
func (p place) exact() reflect.Type  { return p.same }

// fresh is memory for one value.
func (p place) fresh() unsafe.Pointer { return reflect.New(p.rt).UnsafePointer() }

// copy writes the value at from to to.
func (p place) copy(to, from unsafe.Pointer) {
	if from == nil || to == nil {
		nilDeref()
	}
	if p.rt == anyType || p.rt == errorType {
		*(*words)(to) = *(*words)(from)
		return
	}
	reflect.NewAt(p.rt, to).Elem().Set(reflect.NewAt(p.rt, from).Elem())
}

func (place) constant(constant.Value) any { return nil }

func (p place) zero() any { return func(*machine) unsafe.Pointer { return p.fresh() } }

func (p place) get(off int) any {
	return func(m *machine) unsafe.Pointer { return *at[unsafe.Pointer](m, off) }
}

func (p place) load(a address) any { return a }

func (p place) reset(off int) stmt {
	return func(m *machine) ctl {
		*at[unsafe.Pointer](m, off) = p.fresh()
		return next
	}
}

func (p place) set(off int, x expr) stmt {
	f := code[unsafe.Pointer](x)
	return func(m *machine) ctl {
		v := p.fresh()
		p.copy(v, f(m))
		*at[unsafe.Pointer](m, off) = v
		return next
	}
}

func (p place) store(a address, x expr) stmt {
	f := code[unsafe.Pointer](x)
	return func(m *machine) ctl {
		v := f(m)
		p.copy(a(m), v)
		return next
	}
}

func (p place) pass(off int, x expr) pass {
	f := code[unsafe.Pointer](x)
	return func(m *machine, frame unsafe.Pointer) {
		v := p.fresh()
		p.copy(v, f(m))
		*(*unsafe.Pointer)(unsafe.Add(frame, off)) = v
	}
}

func (p place) yield(off int, x expr) stmt {
	set := p.set(off, x)
	return func(m *machine) ctl {
		set(m)
		return returns
	}
}

func (p place) put(off uintptr, x expr) pass {
	f := code[unsafe.Pointer](x)
	return func(m *machine, base unsafe.Pointer) { p.copy(unsafe.Add(base, off), f(m)) }
}

func (place) drop(x expr) stmt                           { return memory[unsafe.Pointer]{}.drop(x) }
func (place) fetch(off, from int) pass                   { return memory[unsafe.Pointer]{}.fetch(off, from) }
func (place) after(s stmt, fn any) any                   { return memory[unsafe.Pointer]{}.after(s, fn) }
func (place) at(mark, outer int, fn any) any             { return memory[unsafe.Pointer]{}.at(mark, outer, fn) }
func (place) accumulate(token.Token, address, expr) stmt { return nil }

func (p place) result(f *callee, off int) any {
	return func(m *machine) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Add(f.call(m), off)) }
}

func (p place) index(s expr, i func(*machine) int) any { return p.elem(s, i) }

func (p place) elem(s expr, i func(*machine) int) address {
	f, size := code[slice](s), p.size()
	return func(m *machine) unsafe.Pointer {
		h := f(m)
		n := i(m)
		_ = unsafe.Slice((*struct{})(unsafe.Pointer(&nothing)), h.n)[n]
		return unsafe.Add(h.p, uintptr(n)*size)
	}
}

// of is the slice that a header stands for, to be grown or copied by
// reflection.
func (p place) of(h *slice) reflect.Value {
	return reflect.NewAt(reflect.SliceOf(p.rt), unsafe.Pointer(h)).Elem()
}

func header1(v reflect.Value) slice { return slice{v.UnsafePointer(), v.Len(), v.Cap()} }

func (p place) makeSlice(n, c func(*machine) int) any {
	bound := memory[struct{}]{}.makeSlice(n, c).(func(*machine) slice)
	t := reflect.SliceOf(p.rt)
	return func(m *machine) slice {
		b := bound(m) // panics as Go does
		return header1(reflect.MakeSlice(t, b.n, b.c))
	}
}

func (p place) literal(n int, at []int, xs []expr) any {
	t := reflect.SliceOf(p.rt)
	return func(m *machine) slice {
		s := header1(reflect.MakeSlice(t, n, n))
		for i, x := range xs {
			p.copy(unsafe.Add(s.p, uintptr(at[i])*p.size()), code[unsafe.Pointer](x)(m))
		}
		return s
	}
}

func (p place) grow(s expr, xs []expr) any {
	f := code[slice](s)
	return func(m *machine) slice {
		h := f(m)
		more := make([]reflect.Value, len(xs))
		for i, x := range xs {
			more[i] = reflect.New(p.rt).Elem()
			p.copy(more[i].Addr().UnsafePointer(), code[unsafe.Pointer](x)(m))
		}
		return header1(reflect.Append(p.of(&h), more...))
	}
}

func (p place) concat(s, t expr) any {
	f, g := code[slice](s), code[slice](t)
	return func(m *machine) slice {
		a, b := f(m), g(m)
		return header1(reflect.AppendSlice(p.of(&a), p.of(&b)))
	}
}

func (p place) copySlice(s, t expr) func(*machine) int {
	f, g := code[slice](s), code[slice](t)
	return func(m *machine) int {
		a, b := f(m), g(m)
		return reflect.Copy(p.of(&a), p.of(&b))
	}
}

func (place) unary(token.Token, expr) any                         { return nil }
func (place) binary(token.Token, expr, expr) any                  { return nil }
func (place) compare(token.Token, expr, expr) func(*machine) bool { return nil }
func (place) toAny(expr) (func(*machine) any, bool)               { return nil, false }

func (p place) takeAny(to unsafe.Pointer, v any) {
	if v == nil || inWord(p.rt) {
		p.take(to, reflect.ValueOf(v))
		return
	}
	mem := p.fresh()
	p.copy(mem, dataOf(v))
	*(*unsafe.Pointer)(to) = mem
}

// dataOf is the pointer in an interface: to what it holds, or that itself.
func dataOf(v any) unsafe.Pointer { return (*words)(unsafe.Pointer(&v))[1] }

// inWord tells whether an interface holds a t itself: a pointer, or what is
// nothing else.
func inWord(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func:
		return true
	case reflect.Struct:
		return t.NumField() == 1 && inWord(t.Field(0).Type)
	case reflect.Array:
		return t.Len() == 1 && inWord(t.Elem())
	}
	return false
}

func (p place) take(to unsafe.Pointer, v reflect.Value) {
	mem := p.fresh()
	p.copy(mem, addressOf(v))
	*(*unsafe.Pointer)(to) = mem
}

func (p place) give(from unsafe.Pointer, t reflect.Type) reflect.Value {
	return reflect.NewAt(t, *(*unsafe.Pointer)(from)).Elem()
}

// pointer is the kind of pointers.
type pointer struct{ memory[unsafe.Pointer] }

func (pointer) within() int { return 0 }

func (pointer) takeAny(to unsafe.Pointer, v any) { *(*unsafe.Pointer)(to) = dataOf(v) }

func (pointer) exact() reflect.Type { return nil }

func (pointer) compare(op token.Token, x, y expr) func(*machine) bool {
	f, g := code[unsafe.Pointer](x), code[unsafe.Pointer](y)
	if op == token.EQL {
		return func(m *machine) bool { return f(m) == g(m) }
	}
	return func(m *machine) bool { return f(m) != g(m) }
}

// field is the address of a field, or element, at a fixed offset from a
// pointer that may be nil.
func field(p address, off uintptr) address {
	return func(m *machine) unsafe.Pointer {
		v := p(m)
		if v == nil {
			nilDeref()
		}
		return unsafe.Add(v, off)
	}
}

// fieldAt is the offset of a field, by index, and its type.
func fieldAt(t types.Type, i int) (uintptr, types.Type) {
	s := t.Underlying().(*types.Struct)
	return layoutOf(t).Field(i).Offset, s.Field(i).Type()
}
