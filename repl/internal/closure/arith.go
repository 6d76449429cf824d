package closure

import (
	"go/constant"
	"go/token"
)

type integers interface {
	int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64 | uintptr
}
type numbers interface{ integers | float32 | float64 }
type orders interface{ numbers | string }

type (
	integer[T integers] struct {
		memory[T]
		sender[T]
	}
	float[T float32 | float64] struct {
		memory[T]
		sender[T]
	}
	text struct {
		memory[string]
		sender[string]
	}
	boolean struct {
		memory[bool]
		sender[bool]
	}
)

func (integer[T]) within() int { return scalarAt }
func (float[T]) within() int   { return scalarAt }
func (boolean) within() int    { return scalarAt }
func (text) within() int       { return 0 }

func (integer[T]) constant(v constant.Value) any {
	v = constant.ToInt(v)
	if i, ok := constant.Int64Val(v); ok {
		return T(i)
	}
	u, _ := constant.Uint64Val(v)
	return T(u)
}

func (float[T]) constant(v constant.Value) any {
	v = constant.ToFloat(v)
	if _, ok := any(T(0)).(float32); ok {
		f, _ := constant.Float32Val(v)
		return T(f)
	}
	f, _ := constant.Float64Val(v)
	return T(f)
}

func (text) constant(v constant.Value) any    { return constant.StringVal(v) }
func (boolean) constant(v constant.Value) any { return constant.BoolVal(v) }

func (integer[T]) unary(op token.Token, x expr) any {
	f := code[T](x)
	switch op {
	case token.SUB:
		return func(m *machine) T { return -f(m) }
	case token.XOR:
		return func(m *machine) T { return ^f(m) }
	case token.ADD:
		return x.fn
	}
	return nil
}

func (float[T]) unary(op token.Token, x expr) any {
	f := code[T](x)
	switch op {
	case token.SUB:
		return func(m *machine) T { return -f(m) }
	case token.ADD:
		return x.fn
	}
	return nil
}

func (boolean) unary(op token.Token, x expr) any {
	f := code[bool](x)
	if op == token.NOT {
		return func(m *machine) bool { return !f(m) }
	}
	return nil
}

func (integer[T]) binary(op token.Token, x, y expr) any {
	f, g := code[T](x), code[T](y)
	switch op {
	case token.ADD:
		return add[T](x, y)
	case token.SUB:
		return sub[T](x, y)
	case token.MUL:
		return mul[T](x, y)
	case token.QUO:
		return func(m *machine) T { a := f(m); return a / g(m) }
	case token.REM:
		return rem[T](x, y)
	case token.AND:
		return func(m *machine) T { a := f(m); return a & g(m) }
	case token.OR:
		return func(m *machine) T { a := f(m); return a | g(m) }
	case token.XOR:
		return func(m *machine) T { a := f(m); return a ^ g(m) }
	case token.AND_NOT:
		return func(m *machine) T { a := f(m); return a &^ g(m) }
	}
	return nil
}

// shift is x << y or x >> y; y is a closure of uint64 or, when its type is
// signed, of int64.
func (integer[T]) shift(op token.Token, x expr, y any) any {
	f := code[T](x)
	u, unsigned := y.(func(*machine) uint64)
	s, _ := y.(func(*machine) int64)
	switch {
	case op == token.SHL && unsigned:
		return func(m *machine) T { a := f(m); return a << u(m) }
	case op == token.SHL:
		return func(m *machine) T { a := f(m); return a << s(m) }
	case unsigned:
		return func(m *machine) T { a := f(m); return a >> u(m) }
	}
	return func(m *machine) T { a := f(m); return a >> s(m) }
}

func (float[T]) binary(op token.Token, x, y expr) any {
	f, g := code[T](x), code[T](y)
	switch op {
	case token.ADD:
		return add[T](x, y)
	case token.SUB:
		return sub[T](x, y)
	case token.MUL:
		return mul[T](x, y)
	case token.QUO:
		return func(m *machine) T { a := f(m); return a / g(m) }
	}
	return nil
}

func (text) binary(op token.Token, x, y expr) any {
	f, g := code[string](x), code[string](y)
	if op == token.ADD {
		return func(m *machine) string { a := f(m); return a + g(m) }
	}
	return nil
}

func (boolean) binary(op token.Token, x, y expr) any {
	f, g := code[bool](x), code[bool](y)
	switch op {
	case token.LAND:
		return func(m *machine) bool { return f(m) && g(m) }
	case token.LOR:
		return func(m *machine) bool { return f(m) || g(m) }
	}
	return nil
}

func (integer[T]) compare(op token.Token, x, y expr) func(*machine) bool { return compare[T](op, x, y) }
func (float[T]) compare(op token.Token, x, y expr) func(*machine) bool   { return compare[T](op, x, y) }
func (text) compare(op token.Token, x, y expr) func(*machine) bool       { return compare[string](op, x, y) }
func (boolean) compare(op token.Token, x, y expr) func(*machine) bool    { return same[bool](op, x, y) }

func compare[T orders](op token.Token, x, y expr) func(*machine) bool {
	switch op {
	case token.LSS:
		return less[T](x, y)
	case token.GTR:
		return more[T](x, y)
	case token.LEQ:
		return least[T](x, y)
	case token.GEQ:
		return most[T](x, y)
	}
	return same[T](op, x, y)
}
