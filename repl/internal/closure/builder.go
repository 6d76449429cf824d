package closure

import (
	"bytes"
	"go/ast"
	"go/types"
	"strings"
	"unsafe"
)

// Text is put together in a strings.Builder or bytes.Buffer: their methods are
// called as they are. What a write returns nobody looks at, as a rule; where
// somebody does, the function is not compiled.

// builders are the methods, by the types of their parameters and results.
var builders = map[string]any{
	"(*strings.Builder).WriteString": func(p unsafe.Pointer, s string) { (*strings.Builder)(p).WriteString(s) },
	"(*strings.Builder).WriteByte":   func(p unsafe.Pointer, b byte) { _ = (*strings.Builder)(p).WriteByte(b) },
	"(*strings.Builder).WriteRune":   func(p unsafe.Pointer, r rune) { (*strings.Builder)(p).WriteRune(r) },
	"(*strings.Builder).Grow":        func(p unsafe.Pointer, n int) { (*strings.Builder)(p).Grow(n) },
	"(*strings.Builder).Reset":       func(p unsafe.Pointer) { (*strings.Builder)(p).Reset() },
	"(*strings.Builder).String":      func(p unsafe.Pointer) string { return (*strings.Builder)(p).String() },
	"(*strings.Builder).Len":         func(p unsafe.Pointer) int { return (*strings.Builder)(p).Len() },
	"(*bytes.Buffer).WriteString":    func(p unsafe.Pointer, s string) { (*bytes.Buffer)(p).WriteString(s) },
	"(*bytes.Buffer).WriteByte":      func(p unsafe.Pointer, b byte) { _ = (*bytes.Buffer)(p).WriteByte(b) },
	"(*bytes.Buffer).WriteRune":      func(p unsafe.Pointer, r rune) { (*bytes.Buffer)(p).WriteRune(r) },
	"(*bytes.Buffer).Reset":          func(p unsafe.Pointer) { (*bytes.Buffer)(p).Reset() },
	"(*bytes.Buffer).String":         func(p unsafe.Pointer) string { return (*bytes.Buffer)(p).String() },
	"(*bytes.Buffer).Len":            func(p unsafe.Pointer) int { return (*bytes.Buffer)(p).Len() },
}

// builderCall compiles a call of such a method: as a statement, or with the
// kind of its result as an expression. It is nil when x is none.
func (c *compiler) builderCall(x *ast.CallExpr) *anyCall {
	m, recv := c.opaqueMethod(x)
	if m == nil {
		return nil
	}
	switch f := builders[m.FullName()].(type) {
	case func(unsafe.Pointer):
		recv := recv()
		return &anyCall{do: func(m *machine) { f(recv(m)) }}
	case func(unsafe.Pointer) string:
		recv := recv()
		return stringCall(func(m *machine) string { return f(recv(m)) })
	case func(unsafe.Pointer) int:
		recv := recv()
		fn := func(m *machine) int { return f(recv(m)) }
		return &anyCall{do: func(m *machine) { fn(m) }, k: integer[int]{}, expr: fn}
	case func(unsafe.Pointer, string):
		return written(recv(), code[string](c.exprTo(x.Args[0], text{})), f)
	case func(unsafe.Pointer, byte):
		return written(recv(), code[byte](c.exprTo(x.Args[0], integer[byte]{})), f)
	case func(unsafe.Pointer, rune):
		return written(recv(), code[rune](c.exprTo(x.Args[0], integer[rune]{})), f)
	case func(unsafe.Pointer, int):
		return written(recv(), code[int](c.exprTo(x.Args[0], integer[int]{})), f)
	}
	return nil
}

func written[T any](recv address, arg func(*machine) T, f func(unsafe.Pointer, T)) *anyCall {
	return &anyCall{do: func(m *machine) {
		p := recv(m)
		f(p, arg(m))
	}}
}

// opaqueMethod is the method of an opaque type that x calls, and what compiles
// its receiver; nil when x is none.
func (c *compiler) opaqueMethod(x *ast.CallExpr) (m *types.Func, recv func() address) {
	sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
	if !ok {
		return nil, nil
	}
	s := c.src.Info().Selections[sel]
	if s == nil || s.Kind() != types.MethodVal {
		return nil, nil
	}
	m, ok = s.Obj().(*types.Func)
	if !ok || opaqueMethods[m.FullName()] == nil && builders[m.FullName()] == nil {
		return nil, nil
	}
	return m, func() address {
		return code[unsafe.Pointer](c.receiver(sel.X, s.Index()[:len(s.Index())-1], m.Signature().Recv().Type(), pointer{}))
	}
}
