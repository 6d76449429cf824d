package lower

import (
	"fmt"
	"go/ast"
	"go/types"
)

// assert is x.(T) without ok.
func (f *fn) assert(x *ast.TypeAssertExpr) string {
	to, from := f.typeOf(x.Type), f.typeOf(x.X)
	v, nb := f.expr(x.X), f.L.nb()
	switch {
	case anyIface(to):
		return fmt.Sprintf("%s.MustImpl(%s, %d, %d)", nb, v, f.L.id(to), f.L.id(from))
	case types.IsInterface(to):
		return fmt.Sprintf("%s.MustAs(%s, %d).(%s)", nb, v, f.L.id(to), f.rep(to))
	}
	if _, ok := funcAsAny(to); ok {
		return fmt.Sprintf("%s.Must(%s, %d, %d)", nb, v, f.L.id(to), f.L.id(from))
	}
	return f.as(fmt.Sprintf("%s.Must(%s, %d, %d)", nb, v, f.L.id(to), f.L.id(from)), to)
}

// assert2 is x.(T) with ok, as text for `v, ok := …`.
func (f *fn) assert2(x *ast.TypeAssertExpr) string {
	to := f.typeOf(x.Type)
	v, nb := f.expr(x.X), f.L.nb()
	switch {
	case anyIface(to):
		return fmt.Sprintf("%s.Two(%s.Impl2(%s, %d))", nb, nb, v, f.L.id(to))
	case types.IsInterface(to):
		t, r, o := f.fresh("t"), f.fresh("r"), f.fresh("o")
		return fmt.Sprintf("func() (%s %s, %s bool) {\n%s := %s.As2(%s, %d)\nif %s == nil { return }\n%s, %s = %s.(%s), true\nreturn\n}()",
			r, f.rep(to), o, t, nb, v, f.L.id(to), t, r, o, t, f.rep(to))
	}
	if _, ok := funcAsAny(to); ok {
		return fmt.Sprintf("%s.Two(%s.V2(%s, %d))", nb, nb, v, f.L.id(to))
	}
	return f.unboxed(v, to)
}

// assertStmts makes x.(T) with ok in statements, which cost less than a
// literal, and returns what has the value and ok; "" where it cannot.
func (f *fn) assertStmts(x *ast.TypeAssertExpr) string {
	to, from := f.typeOf(x.Type), f.typeOf(x.X)
	if _, ok := funcAsAny(to); ok || types.IsInterface(to) {
		return ""
	}
	t, r, o := f.fresh("t"), f.fresh("r"), f.fresh("o")
	v := f.expr(x.X)
	if b, ok := types.Unalias(to).(*types.Basic); ok && anyIface(from) && b.Kind() != types.UnsafePointer {
		// Values of these types are in no box; the interpreter leaves the
		// variable as it was when the value is of another type.
		f.line("%s := %s", t, v)
		f.line("var %s %s", r, f.rep(to))
		f.line("%s := false", o)
		f.line("if %s != nil { %s, %s = %s.(%s) }", t, r, o, t, f.rep(to))
		return r + ", " + o
	}
	f.line("%s := %s.V2(%s, %d)", t, f.L.nb(), v, f.L.id(to))
	f.line("var %s %s", r, f.rep(to))
	f.line("%s := %s != nil", o, t)
	f.line("if %s { %s = %s }", o, r, f.as(t, to))
	return r + ", " + o
}

// unboxed is `v, ok` of concrete type to in the interface text v.
func (f *fn) unboxed(v string, to types.Type) string {
	t, r, o := f.fresh("t"), f.fresh("r"), f.fresh("o")
	return fmt.Sprintf("func() (%s %s, %s bool) {\n%s := %s.V2(%s, %d)\nif %s == nil { return }\n%s, %s = %s, true\nreturn\n}()",
		r, f.rep(to), o, t, f.L.nb(), v, f.L.id(to), t, r, o, f.as(t, to))
}
