package closure

import (
	"go/token"
)

// The commonest operations have closures of their own for operands that are
// variables or constants: calling one costs as much as the operation.

// The shapes of two operands.
const (
	varConst = iota + 1
	anyConst
	varVar
	anyVar
	varAny
)

// operands are what those need: the closures, the offsets, the constant.
func operands[T any](x, y expr) (f, g func(*machine) T, i, j int, c T, shape int) {
	f, g, i, j = code[T](x), code[T](y), x.off, y.off
	v, constant := y.c.(T)
	switch {
	case i >= 0 && constant:
		shape = varConst
	case constant:
		shape = anyConst
	case i >= 0 && j >= 0:
		shape = varVar
	case j >= 0:
		shape = anyVar
	case i >= 0:
		shape = varAny
	}
	return f, g, i, j, v, shape
}

func add[T numbers](x, y expr) func(*machine) T {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) T { return *at[T](m, i) + c }
	case anyConst:
		return func(m *machine) T { return f(m) + c }
	case varVar:
		return func(m *machine) T { return *at[T](m, i) + *at[T](m, j) }
	case anyVar:
		return func(m *machine) T { return f(m) + *at[T](m, j) }
	case varAny:
		return func(m *machine) T { return *at[T](m, i) + g(m) }
	}
	return func(m *machine) T { a := f(m); return a + g(m) }
}

func sub[T numbers](x, y expr) func(*machine) T {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) T { return *at[T](m, i) - c }
	case anyConst:
		return func(m *machine) T { return f(m) - c }
	case varVar:
		return func(m *machine) T { return *at[T](m, i) - *at[T](m, j) }
	case anyVar:
		return func(m *machine) T { return f(m) - *at[T](m, j) }
	case varAny:
		return func(m *machine) T { return *at[T](m, i) - g(m) }
	}
	return func(m *machine) T { a := f(m); return a - g(m) }
}

func mul[T numbers](x, y expr) func(*machine) T {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) T { return *at[T](m, i) * c }
	case anyConst:
		return func(m *machine) T { return f(m) * c }
	case varVar:
		return func(m *machine) T { return *at[T](m, i) * *at[T](m, j) }
	case anyVar:
		return func(m *machine) T { return f(m) * *at[T](m, j) }
	case varAny:
		return func(m *machine) T { return *at[T](m, i) * g(m) }
	}
	return func(m *machine) T { a := f(m); return a * g(m) }
}

func rem[T integers](x, y expr) func(*machine) T {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) T { return *at[T](m, i) % c }
	case anyConst:
		return func(m *machine) T { return f(m) % c }
	case varVar:
		return func(m *machine) T { return *at[T](m, i) % *at[T](m, j) }
	case anyVar:
		return func(m *machine) T { return f(m) % *at[T](m, j) }
	case varAny:
		return func(m *machine) T { return *at[T](m, i) % g(m) }
	}
	return func(m *machine) T { a := f(m); return a % g(m) }
}

func less[T orders](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) < c }
	case anyConst:
		return func(m *machine) bool { return f(m) < c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) < *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) < *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) < g(m) }
	}
	return func(m *machine) bool { a := f(m); return a < g(m) }
}

func more[T orders](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) > c }
	case anyConst:
		return func(m *machine) bool { return f(m) > c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) > *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) > *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) > g(m) }
	}
	return func(m *machine) bool { a := f(m); return a > g(m) }
}

func least[T orders](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) <= c }
	case anyConst:
		return func(m *machine) bool { return f(m) <= c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) <= *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) <= *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) <= g(m) }
	}
	return func(m *machine) bool { a := f(m); return a <= g(m) }
}

func most[T orders](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) >= c }
	case anyConst:
		return func(m *machine) bool { return f(m) >= c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) >= *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) >= *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) >= g(m) }
	}
	return func(m *machine) bool { a := f(m); return a >= g(m) }
}

func equal[T comparable](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) == c }
	case anyConst:
		return func(m *machine) bool { return f(m) == c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) == *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) == *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) == g(m) }
	}
	return func(m *machine) bool { a := f(m); return a == g(m) }
}

func unequal[T comparable](x, y expr) func(*machine) bool {
	f, g, i, j, c, shape := operands[T](x, y)
	switch shape {
	case varConst:
		return func(m *machine) bool { return *at[T](m, i) != c }
	case anyConst:
		return func(m *machine) bool { return f(m) != c }
	case varVar:
		return func(m *machine) bool { return *at[T](m, i) != *at[T](m, j) }
	case anyVar:
		return func(m *machine) bool { return f(m) != *at[T](m, j) }
	case varAny:
		return func(m *machine) bool { return *at[T](m, i) != g(m) }
	}
	return func(m *machine) bool { a := f(m); return a != g(m) }
}

func same[T comparable](op token.Token, x, y expr) func(*machine) bool {
	switch op {
	case token.EQL:
		return equal[T](x, y)
	case token.NEQ:
		return unequal[T](x, y)
	}
	return nil
}

// accumulate is *a op= x for the commonest operators; nil for others.
func (integer[T]) accumulate(op token.Token, a address, x expr) stmt { return accumulate[T](op, a, x) }
func (float[T]) accumulate(op token.Token, a address, x expr) stmt   { return accumulate[T](op, a, x) }

func accumulate[T numbers](op token.Token, a address, x expr) stmt {
	f := code[T](x)
	switch op {
	case token.ADD:
		return func(m *machine) ctl {
			v := f(m)
			*(*T)(a(m)) += v
			return next
		}
	case token.SUB:
		return func(m *machine) ctl {
			v := f(m)
			*(*T)(a(m)) -= v
			return next
		}
	case token.MUL:
		return func(m *machine) ctl {
			v := f(m)
			*(*T)(a(m)) *= v
			return next
		}
	}
	return nil
}
