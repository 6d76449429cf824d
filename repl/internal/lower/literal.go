package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// address is &T{…}; only for structs is the interpreter right about it.
func (f *fn) address(lit *ast.CompositeLit) string {
	t := f.typeOf(lit)
	text := f.composite(lit, t)
	if _, ok := t.Underlying().(*types.Struct); ok {
		return "&" + text
	}
	v := f.fresh("c")
	return fmt.Sprintf("func() *%s {\n%s := %s\nreturn &%s\n}()", f.rep(t), v, text, v)
}

// composite is a composite literal of type t, every type spelled out.
func (f *fn) composite(x *ast.CompositeLit, t types.Type) string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		inner := f.composite(x, p.Elem())
		if _, ok := p.Elem().Underlying().(*types.Struct); ok {
			return "&" + inner
		}
		v := f.fresh("c")
		return fmt.Sprintf("func() *%s {\n%s := %s\nreturn &%s\n}()", f.rep(p.Elem()), v, inner, v)
	}
	var parts []string
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i, e := range x.Elts {
			fi, val := i, e
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				val = kv.Value
				for j := range u.NumFields() {
					if u.Field(j).Name() == kv.Key.(*ast.Ident).Name {
						fi = j
					}
				}
			}
			f.refuseReflect(e, u.Field(fi), u.Field(fi).Type())
			parts = append(parts, fieldName(u.Field(fi), fi)+": "+f.element(val, u.Field(fi).Type()))
		}
	case *types.Map:
		for _, e := range x.Elts {
			kv := e.(*ast.KeyValueExpr)
			parts = append(parts, f.element(kv.Key, u.Key())+": "+f.element(kv.Value, u.Elem()))
		}
	case *types.Slice:
		parts = f.elements(x, u.Elem())
	case *types.Array:
		parts = f.elements(x, u.Elem())
	}
	return f.rep(t) + "{" + strings.Join(parts, ", ") + "}"
}

func (f *fn) elements(x *ast.CompositeLit, elem types.Type) []string {
	var parts []string
	for _, e := range x.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			parts = append(parts, f.intExpr(kv.Key)+": "+f.element(kv.Value, elem))
		} else {
			parts = append(parts, f.element(e, elem))
		}
	}
	return parts
}

func (f *fn) element(e ast.Expr, t types.Type) string {
	if lit, ok := e.(*ast.CompositeLit); ok && lit.Type == nil {
		return f.composite(lit, f.apply(t))
	}
	if _, ok := e.(*ast.FuncLit); ok {
		return f.bound(e, t)
	}
	return f.exprTo(e, t)
}

// bound puts a function literal into a variable first: where the
// interpreter wraps a literal for compiled code, it keeps the wrong frame.
func (f *fn) bound(e ast.Expr, t types.Type) string {
	old := f.detached
	f.detached = true
	v := f.funcVar(f.L.signature(f.typeOf(e).(*types.Signature)), f.expr(e))
	f.detached = old
	return f.conv(v, f.typeOf(e), t)
}
