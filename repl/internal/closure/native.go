package closure

import (
	"go/ast"
	"reflect"
)

// native calls a compiled function if it is of one of these types: each tries
// to make the call.
func (c *compiler) native(v reflect.Value, args []ast.Expr) any {
	for _, try := range []func(c *compiler, v reflect.Value, args []ast.Expr) any{
		native1[float64, float64], native2[float64, float64, float64], native1[float64, bool], native2[float64, int, bool],
		native1[int, float64], native1[int, int], native2[float64, int, float64], native0[float64], native0[int],
		native1[int, string], native1[string, string], native1[string, int], native2[string, string, bool], native2[string, string, int],
		native2[string, int, string], native2[string, string, string], native1[rune, bool], native1[rune, rune], native1[rune, int],
		native1[uint64, int], native1[uint, int], native1[uint32, int], native1[uint64, uint64], native1[uint32, uint32],
		native1[float64, uint64], native1[uint64, float64],
	} {
		if fn := try(c, v, args); fn != nil {
			return fn
		}
	}
	return nil
}

func native0[R any](_ *compiler, v reflect.Value, _ []ast.Expr) any {
	f, ok := v.Interface().(func() R)
	if !ok {
		return nil
	}
	return func(*machine) R { return f() }
}

func native1[A, R any](c *compiler, v reflect.Value, args []ast.Expr) any {
	f, ok := v.Interface().(func(A) R)
	if !ok {
		return nil
	}
	a, ok := c.exprTo(args[0], kindFor[A]()).fn.(func(*machine) A)
	if !ok {
		return nil
	}
	return func(m *machine) R { return f(a(m)) }
}

func native2[A, B, R any](c *compiler, v reflect.Value, args []ast.Expr) any {
	f, ok := v.Interface().(func(A, B) R)
	if !ok || len(args) != 2 {
		return nil
	}
	a, ok1 := c.exprTo(args[0], kindFor[A]()).fn.(func(*machine) A)
	b, ok2 := c.exprTo(args[1], kindFor[B]()).fn.(func(*machine) B)
	if !ok1 || !ok2 {
		return nil
	}
	return func(m *machine) R { x := a(m); return f(x, b(m)) }
}

func kindFor[T any]() kind {
	for _, k := range basics {
		if k.layout() == reflect.TypeFor[T]() {
			return k
		}
	}
	return nil
}
