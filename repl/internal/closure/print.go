package closure

import (
	"go/ast"
	"go/types"
	"io"
	"reflect"
	"unsafe"
)

// Printing functions, and others that take any values, get what lowered code
// gives them: the host's functions, with values in boxes.

// anyCall is a call of a compiled function of any values: as a statement, or
// as an expression of what it returns, where that is one value.
type anyCall struct {
	do   func(m *machine)
	k    kind
	expr any
}

// anyCall compiles a call of such a function, nil when x is none.
func (c *compiler) anyCall(x *ast.CallExpr) *anyCall {
	v := c.src.AnyFunc(x)
	if !v.IsValid() {
		return nil
	}
	switch f := v.Interface().(type) {
	case func(...any) (int, error):
		rest := c.anys(x, 0)
		return &anyCall{do: func(m *machine) { _, _ = f(rest(m)...) }}
	case func(string, ...any) (int, error):
		format, rest := code[string](c.exprTo(x.Args[0], text{})), c.anys(x, 1)
		return &anyCall{do: func(m *machine) { s := format(m); _, _ = f(s, rest(m)...) }}
	case func(...any) string:
		rest := c.anys(x, 0)
		return stringCall(func(m *machine) string { return f(rest(m)...) })
	case func(string, ...any) string:
		format, rest := code[string](c.exprTo(x.Args[0], text{})), c.anys(x, 1)
		return stringCall(func(m *machine) string { s := format(m); return f(s, rest(m)...) })
	case func(string, ...any) error:
		format, rest := code[string](c.exprTo(x.Args[0], text{})), c.anys(x, 1)
		k := iface{place{rt: errorType, same: errorType}}
		fn := func(m *machine) unsafe.Pointer {
			s := format(m)
			err := f(s, rest(m)...)
			return unsafe.Pointer(&err)
		}
		return &anyCall{do: func(m *machine) { fn(m) }, k: k, expr: fn}
	case func(io.Writer, ...any) (int, error):
		w, rest := c.writer(x.Args[0]), c.anys(x, 1)
		return &anyCall{do: func(m *machine) { w := w(m); _, _ = f(w, rest(m)...) }}
	case func(io.Writer, string, ...any) (int, error):
		w, format, rest := c.writer(x.Args[0]), code[string](c.exprTo(x.Args[1], text{})), c.anys(x, 2)
		return &anyCall{do: func(m *machine) {
			w, s := w(m), format(m)
			_, _ = f(w, s, rest(m)...)
		}}
	}
	return nil
}

func stringCall(fn func(*machine) string) *anyCall {
	return &anyCall{do: func(m *machine) { fn(m) }, k: text{}, expr: fn}
}

// anys are x's arguments from the n-th on, as any values.
func (c *compiler) anys(x *ast.CallExpr, n int) func(*machine) []any {
	if x.Ellipsis.IsValid() {
		if len(x.Args) != n+1 {
			c.refuse(x, "a call like this")
		}
		k := header{of: iface{place{rt: anyType, same: anyType}}}
		e := c.exprTo(x.Args[n], k)
		if e.k != kind(k) {
			c.refuse(x, "these arguments")
		}
		s := code[slice](e)
		return func(m *machine) []any { return elements[any](s(m)) }
	}
	var fs []func(*machine) any
	for _, a := range x.Args[n:] {
		if _, ok := c.src.TypeOf(a).(*types.Tuple); ok {
			c.refuse(a, "several values in a call")
		}
		fs = append(fs, c.anyValue(a))
	}
	return func(m *machine) []any {
		out := make([]any, len(fs))
		for i, f := range fs {
			out[i] = f(m)
		}
		return out
	}
}

// anyValue compiles x as lowered code holds it as any.
func (c *compiler) anyValue(x ast.Expr) func(*machine) any {
	tv, t := c.src.Info().Types[x], c.src.TypeOf(x)
	switch {
	case tv.IsNil():
		return func(*machine) any { return nil }
	case !types.IsInterface(t):
		t = types.Default(t)
		return c.boxedAny(x, c.exprTo(x, c.kindAt(x, t)), t, false)
	case tv.Value != nil:
		c.refuse(x, "this constant")
	}
	e := c.expr(x)
	k, ok := e.k.(iface)
	if !ok {
		c.refuse(x, "a value of %s", t)
	}
	f := code[unsafe.Pointer](e)
	if k.rt == anyType {
		return func(m *machine) any { return *(*any)(f(m)) }
	}
	return func(m *machine) any { return m.host.Any(*(*error)(f(m))) }
}

// writer compiles an argument for an io.Writer: a value of a cell's type,
// whose method is called right here.
func (c *compiler) writer(x ast.Expr) func(*machine) io.Writer {
	if t := c.src.TypeOf(x); c.src.Info().Types[x].IsNil() || types.IsInterface(t) && kindOf(t) == nil {
		c.refuse(x, "a writer of %s", t)
	}
	v, find := c.anyValue(x), c.src.Method
	return func(m *machine) io.Writer {
		x := v(m)
		if x == nil {
			return nil
		}
		if w, ok := x.(io.Writer); ok {
			return w
		}
		fn, recv, value := find(x, "Write")
		return &writer{m, fn, recv, value}
	}
}

// writer is a cell's value as an io.Writer, as long as the machine is in the
// call that it was made for.
type writer struct {
	m     *machine
	fn    *Func
	recv  any
	value any
}

// Write calls the cell's method.
func (w *writer) Write(p []byte) (int, error) {
	if w.fn == nil || !receives(w.fn, w.recv) {
		if f, ok := w.value.(func([]byte) (int, error)); ok {
			return f(p)
		}
		if w.fn != nil {
			nilDeref()
		}
		out := reflect.ValueOf(w.value).Call([]reflect.Value{reflect.ValueOf(p)})
		err, _ := out[1].Interface().(error)
		return int(out[0].Int()), err
	}
	m := w.m
	m.meth, m.recv = w.fn, w.recv
	frame := m.call(w.fn, []pass{receive1, func(_ *machine, frame unsafe.Pointer) {
		*(*[]byte)(unsafe.Add(frame, slotSize)) = p
	}}, nil)
	n := *(*int)(unsafe.Add(frame, 2*slotSize+scalarAt))
	return n, **(**error)(unsafe.Add(frame, 3*slotSize))
}
