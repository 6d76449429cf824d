package closure

import (
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// kind is a representation of values. It makes closures; what it returns as
// any is a func(*machine) T, for the T that it stands for.
type kind interface {
	// within is where in its slot a variable lies, big says that the slot has
	// only the address: structs and arrays.
	within() int
	big() bool
	size() uintptr
	// layout has the size and the pointers of the type; exact is the type
	// that interpreted code has, nil when it cannot be told.
	layout() reflect.Type
	exact() reflect.Type

	constant(v constant.Value) any
	zero() any
	// get and load read a variable of the frame, and memory.
	get(off int) any
	load(a address) any
	// reset, set, store and pass write the zero value or a value.
	reset(off int) stmt
	set(off int, x expr) stmt
	store(a address, x expr) stmt
	pass(off int, x expr) pass
	// yield sets and returns; put writes to memory; drop evaluates.
	yield(off int, x expr) stmt
	put(off uintptr, x expr) pass
	drop(x expr) stmt
	// fetch copies a callee's result from its frame into the caller's.
	fetch(off, from int) pass
	// after is fn with statements before it.
	after(s stmt, fn any) any
	at(mark, outer int, fn any) any // notes a place for fn, and the outer one again
	// accumulate is *a op= x where there is a short way, or nil.
	accumulate(op token.Token, a address, x expr) stmt
	// result reads a result of a call.
	result(f *callee, off int) any

	index(s expr, i func(*machine) int) any
	elem(s expr, i func(*machine) int) address
	makeSlice(n, c func(*machine) int) any
	literal(n int, at []int, xs []expr) any
	grow(s expr, xs []expr) any
	concat(s, t expr) any
	copySlice(s, t expr) func(*machine) int

	unary(op token.Token, x expr) any
	binary(op token.Token, x, y expr) any // nil when there is none
	compare(op token.Token, x, y expr) func(*machine) bool

	// toAny is a value as Go has it in an interface, where T is the type
	// itself; takeAny puts one into a slot.
	toAny(x expr) (func(*machine) any, bool)
	takeAny(to unsafe.Pointer, v any)
	// take and give move values between a frame and interpreted code.
	take(to unsafe.Pointer, v reflect.Value)
	give(from unsafe.Pointer, t reflect.Type) reflect.Value
}

// expr is a compiled expression.
type expr struct {
	t    types.Type
	k    kind
	fn   any  // func(*machine) T
	off  int  // of the variable it is, or -1
	null bool // it is nil
	c    any  // the T it is, or nil
}

// code is the closure of x.
func code[T any](x expr) func(*machine) T { return x.fn.(func(*machine) T) }

// basics are the kinds of Go's basic types.
var basics = map[types.BasicKind]kind{
	types.Bool: boolean{}, types.UntypedBool: boolean{}, types.String: text{}, types.UntypedString: text{},
	types.Int: integer[int]{}, types.Int8: integer[int8]{}, types.Int16: integer[int16]{}, types.Int32: integer[int32]{}, types.Int64: integer[int64]{},
	types.Uint: integer[uint]{}, types.Uint8: integer[uint8]{}, types.Uint16: integer[uint16]{}, types.Uint32: integer[uint32]{}, types.Uint64: integer[uint64]{},
	types.Uintptr: integer[uintptr]{}, types.Float32: float[float32]{}, types.Float64: float[float64]{},
	types.UntypedInt: integer[int]{}, types.UntypedRune: integer[int32]{}, types.UntypedFloat: float[float64]{},
}

// kindOf is the kind of t, nil when t is not in the subset.
func kindOf(t types.Type) kind {
	if k := basicKind(t); k != nil {
		return k
	}
	if endless(t) {
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		if e := kindOf(u.Elem()); e != nil {
			return header{of: e}
		}
	case *types.Interface:
		return ifaceOf(t)
	case *types.Map:
		return mapOf(t, u, kindOf(u.Elem()))
	case *types.Chan:
		e := kindOf(u.Elem())
		if _, ok := e.(iface); e != nil && !ok && plainNamed(t) {
			return channel{of: e, same: exactOf(t)}
		}
	case *types.Pointer:
		if l := layoutOf(u.Elem()); l != nil {
			return pointer{}
		}
	case *types.Struct, *types.Array:
		if l := layoutOf(t); l != nil {
			return place{rt: l, same: exactOf(t)}
		}
	}
	return nil
}

// basicKind is the kind of a basic type; interpreted code gives named ones
// no type of their own.
func basicKind(t types.Type) kind {
	b, ok := t.Underlying().(*types.Basic)
	if !ok || !plainNamed(t) {
		return nil
	}
	return basics[b.Kind()]
}

// plainNamed tells whether t has no name, or one from a cell.
func plainNamed(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return !ok || n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "main"
}

// memory is what all kinds have whose T lies in memory as itself.
type memory[T any] struct{}

func (memory[T]) big() bool            { return false }
func (memory[T]) size() uintptr        { var z T; return unsafe.Sizeof(z) }
func (memory[T]) layout() reflect.Type { return reflect.TypeFor[T]() }
func (memory[T]) exact() reflect.Type  { return reflect.TypeFor[T]() }

func (memory[T]) zero() any {
	return func(*machine) (z T) { return z }
}

func (memory[T]) get(off int) any {
	return func(m *machine) T { return *at[T](m, off) }
}

func (memory[T]) load(a address) any {
	return func(m *machine) T { return *(*T)(a(m)) }
}

func (memory[T]) reset(off int) stmt {
	return func(m *machine) ctl {
		var z T
		*at[T](m, off) = z
		return next
	}
}

func (memory[T]) set(off int, x expr) stmt {
	if c, ok := x.c.(T); ok {
		return func(m *machine) ctl {
			*at[T](m, off) = c
			return next
		}
	}
	f := code[T](x)
	return func(m *machine) ctl {
		v := f(m)
		*at[T](m, off) = v
		return next
	}
}

func (memory[T]) store(a address, x expr) stmt {
	f := code[T](x)
	return func(m *machine) ctl {
		v := f(m)
		*(*T)(a(m)) = v
		return next
	}
}

func (memory[T]) pass(off int, x expr) pass {
	f := code[T](x)
	return func(m *machine, frame unsafe.Pointer) { v := f(m); *(*T)(unsafe.Add(frame, off)) = v }
}

func (memory[T]) yield(off int, x expr) stmt {
	f := code[T](x)
	return func(m *machine) ctl {
		v := f(m)
		*at[T](m, off) = v
		return returns
	}
}

func (k memory[T]) put(off uintptr, x expr) pass { return k.pass(int(off), x) }

func (memory[T]) drop(x expr) stmt {
	f := code[T](x)
	return func(m *machine) ctl {
		f(m)
		return next
	}
}

func (memory[T]) fetch(off, from int) pass {
	return func(m *machine, frame unsafe.Pointer) { *at[T](m, off) = *(*T)(unsafe.Add(frame, from)) }
}

func (memory[T]) after(s stmt, fn any) any {
	f := fn.(func(*machine) T)
	return func(m *machine) T {
		s(m)
		return f(m)
	}
}

func (memory[T]) at(mark, outer int, fn any) any {
	f := fn.(func(*machine) T)
	return func(m *machine) T {
		m.mark = mark
		v := f(m)
		m.mark = outer
		return v
	}
}

func (memory[T]) accumulate(token.Token, address, expr) stmt { return nil }

func (memory[T]) result(f *callee, off int) any {
	if fn, args := f.fn, f.args; fn != nil {
		return func(m *machine) T { return *(*T)(unsafe.Add(m.call(fn, args, nil), off)) }
	}
	return func(m *machine) T { return *(*T)(unsafe.Add(f.call(m), off)) }
}

func (memory[T]) index(s expr, i func(*machine) int) any {
	f := code[slice](s)
	if off := s.off; off >= 0 {
		return func(m *machine) T {
			n := i(m)
			return (*at[[]T](m, off))[n]
		}
	}
	return func(m *machine) T {
		h := f(m)
		return elements[T](h)[i(m)]
	}
}

func (memory[T]) elem(s expr, i func(*machine) int) address {
	f := code[slice](s)
	if off := s.off; off >= 0 {
		return func(m *machine) unsafe.Pointer {
			n := i(m)
			return unsafe.Pointer(&(*at[[]T](m, off))[n])
		}
	}
	return func(m *machine) unsafe.Pointer {
		h := f(m)
		return unsafe.Pointer(&elements[T](h)[i(m)])
	}
}

func (memory[T]) unary(token.Token, expr) any        { return nil }
func (memory[T]) binary(token.Token, expr, expr) any { return nil }
func (memory[T]) constant(constant.Value) any        { return nil }
func (memory[T]) take(to unsafe.Pointer, v reflect.Value) {
	if v.Kind() == reflect.Interface && v.IsNil() { // the nil of a pointer or slice
		var z T
		*(*T)(to) = z
		return
	}
	*(*T)(to) = *(*T)(addressOf(v))
}

func (memory[T]) give(from unsafe.Pointer, t reflect.Type) reflect.Value {
	v := reflect.New(t)
	*(*T)(v.UnsafePointer()) = *(*T)(from)
	return v.Elem()
}

func (memory[T]) toAny(x expr) (func(*machine) any, bool) {
	f, ok := x.fn.(func(*machine) T)
	return func(m *machine) any { return f(m) }, ok && reflect.TypeFor[T]().PkgPath() == "" && reflect.TypeFor[T]().Kind() != reflect.UnsafePointer
}

func (k memory[T]) takeAny(to unsafe.Pointer, v any) {
	if t, ok := v.(T); ok {
		*(*T)(to) = t
		return
	}
	k.take(to, reflect.ValueOf(v))
}

// addressOf is where a value lies, or a copy of it.
func addressOf(v reflect.Value) unsafe.Pointer {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.CanAddr() {
		return v.Addr().UnsafePointer()
	}
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.UnsafePointer()
}
