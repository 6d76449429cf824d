package lower

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"math"
	"strconv"
	"strings"
)

// exprTo is x as a value of type to, with the implicit conversion Go makes.
func (f *fn) exprTo(x ast.Expr, to types.Type) string {
	to = f.apply(to)
	tv := f.info.Types[x]
	if tv.IsNil() {
		return f.nilOf(to)
	}
	from := f.typeOf(x)
	if tv.Value != nil {
		if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			from = to
			if types.IsInterface(to) {
				from = types.Default(b)
			}
		}
		if types.IsInterface(from) {
			from = types.Default(f.constType(tv.Value))
		}
		return f.conv(f.constant(tv.Value, from), from, to)
	}
	if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		from = types.Default(b)
		if !types.IsInterface(to) {
			from = to
		}
	}
	f.at = x
	return f.conv(f.expr(x), from, to)
}

func (f *fn) constType(v constant.Value) types.Type {
	switch v.Kind() {
	case constant.Bool:
		return types.Typ[types.Bool]
	case constant.String:
		return types.Typ[types.String]
	case constant.Int:
		return types.Typ[types.Int]
	case constant.Float:
		return types.Typ[types.Float64]
	}
	return types.Typ[types.Complex128]
}

func (f *fn) nilOf(to types.Type) string {
	return "nil"
}

// conv converts text, a value of type from, to type to, where Go does so
// implicitly.
func (f *fn) conv(text string, from, to types.Type) string {
	L := f.L
	from, to = f.apply(from), f.apply(to)
	if b, ok := from.(*types.Basic); ok && b.Kind() == types.UntypedNil {
		return text
	}
	if !types.IsInterface(to) {
		_, a := funcAsAny(from)
		_, b := funcAsAny(to)
		switch {
		case b && !a:
			return L.nb() + ".Func(" + text + ")"
		case a && !b && !types.IsInterface(from):
			return fmt.Sprintf("%s.(%s)", text, L.rep(to))
		}
		return text
	}
	if types.IsInterface(from) {
		return f.convIface(text, from, to)
	}
	nb := L.nb()
	switch {
	case !boxed(from) && anyIface(to):
		return "interface{}(" + text + ")"
	case !boxed(from):
		return L.rep(to) + "(" + text + ")"
	case anyIface(to):
		return fmt.Sprintf("%s.Box(%d, %s)", nb, L.id(from), text)
	case types.Identical(to, errorType):
		return fmt.Sprintf("%s.Err(%d, %s)", nb, L.id(from), text)
	}
	return fmt.Sprintf("%s.Impl(%d, %s, %d).(%s)", nb, L.id(from), text, L.id(to), L.rep(to))
}

// as is text.(T) on an interface{} that holds a T for sure. The interpreter
// looks at the first field of what a compiled function returned, whether it
// has one or not.
func (f *fn) as(text string, t types.Type) string {
	r := f.rep(t)
	if s, ok := f.apply(t).Underlying().(*types.Struct); ok && s.NumFields() == 0 {
		return fmt.Sprintf("func() (r %s) {\n_ = %s\nreturn\n}()", r, text)
	}
	return text + ".(" + r + ")"
}

func (f *fn) convIface(text string, from, to types.Type) string {
	L, nb := f.L, f.L.nb()
	switch {
	case anyIface(from) && anyIface(to):
		return text
	case anyIface(to):
		return fmt.Sprintf("%s.Any(%s)", nb, text)
	case types.Identical(from, to):
		return text
	case types.Identical(to, errorType):
		return fmt.Sprintf("%s.ToErr(%s)", nb, text)
	case anyIface(from):
		t := f.fresh("t")
		return fmt.Sprintf("func() %s {\n%s := %s.To(%s, %d)\nif %s == nil { return nil }\nreturn %s.(%s)\n}()",
			L.rep(to), t, nb, text, L.id(to), t, t, L.rep(to))
	}
	return L.rep(to) + "(" + text + ")"
}

// constant is the text of a constant of type t, such that its type needs no
// inference.
func (f *fn) constant(v constant.Value, t types.Type) string {
	t = types.Default(f.apply(t))
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		f.refuse(nil, "constant %s of type %s cannot be run", v, t)
	}
	text := ""
	info := b.Info()
	switch {
	case info&types.IsBoolean != 0:
		text = strconv.FormatBool(constant.BoolVal(v))
		if text == "true" || text == "false" {
			if _, cell := cellType(t); !cell && !isNamed(t) {
				return text
			}
		}
	case info&types.IsString != 0:
		text = strconv.Quote(constant.StringVal(v))
	case info&types.IsInteger != 0:
		v = constant.ToInt(v)
		text = v.ExactString()
		if (b.Kind() == types.Uintptr || b.Kind() == types.UnsafePointer) && !isNative(t) {
			return "uintptr(" + text + ")"
		}
		if b.Kind() == types.Int && !isNative(t) {
			if strings.HasPrefix(text, "-") {
				return "(" + text + ")"
			}
			return text
		}
	case info&types.IsFloat != 0:
		text = floatText(v)
		if b.Kind() == types.Float64 && !isNative(t) {
			if strings.HasPrefix(text, "-") {
				return "(" + text + ")"
			}
			return text
		}
	case info&types.IsComplex != 0:
		v = constant.ToComplex(v)
		// The interpreter takes complex(…) of constants for a constant, of a kind
		// that it cannot divide by.
		text = fmt.Sprintf("%s.Complex(%s, %s)", f.L.nb(), floatText(constant.Real(v)), floatText(constant.Imag(v)))
		if b.Kind() == types.Complex64 {
			text = "complex64(" + text + ")"
		}
		if !isNative(t) {
			return text
		}
	}
	if info&types.IsString != 0 && !isNative(t) {
		return text
	}
	return f.L.rep(t) + "(" + text + ")"
}

func isNamed(t types.Type) bool { _, ok := types.Unalias(t).(*types.Named); return ok }

// isNative is a defined type that lowered code spells by its name.
func isNative(t types.Type) bool {
	if !isNamed(t) {
		return false
	}
	_, cell := cellType(t)
	return !cell
}

func floatText(v constant.Value) string {
	x, _ := constant.Float64Val(constant.ToFloat(v))
	if math.IsInf(x, 0) {
		return v.ExactString()
	}
	s := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}

// converted is an explicit conversion T(x).
func (f *fn) converted(x ast.Expr, to types.Type) string {
	from := f.typeOf(x)
	tv := f.info.Types[x]
	if types.IsInterface(to) || tv.IsNil() {
		if tv.IsNil() {
			return "(" + f.rep(to) + ")(nil)"
		}
		return f.exprTo(x, to)
	}
	var text string
	if tv.Value != nil {
		if b, ok := from.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 && constFits(tv.Value, to) {
			return f.constant(tv.Value, to)
		}
		text = f.constant(tv.Value, types.Default(from))
		if n, ok := bytesOf(tv.Value, to); ok { // no longer than it need be, as Go's
			return fmt.Sprintf("%s(%s)[:%d:%d]", f.rep(to), text, n, n)
		}
	} else {
		text = f.expr(x)
	}
	from = types.Default(from)
	_, a := funcAsAny(from)
	_, b := funcAsAny(to)
	if a || b {
		return f.conv(text, from, to)
	}
	r := f.rep(to)
	if r == f.rep(from) {
		return text
	}
	if strings.HasPrefix(r, "*") || strings.HasPrefix(r, "<-") || strings.HasPrefix(r, "func") || strings.HasPrefix(r, "chan") {
		r = "(" + r + ")"
	}
	return r + "(" + text + ")"
}

// bytesOf is the length of a constant that is converted to a slice of bytes.
func bytesOf(v constant.Value, to types.Type) (n int, ok bool) {
	s, ok := to.Underlying().(*types.Slice)
	if !ok || v.Kind() != constant.String {
		return 0, false
	}
	b, ok := s.Elem().Underlying().(*types.Basic)
	return len(constant.StringVal(v)), ok && b.Kind() == types.Uint8
}

func constFits(v constant.Value, to types.Type) bool {
	b, ok := to.Underlying().(*types.Basic)
	if !ok {
		return false
	}
	switch v.Kind() {
	case constant.Bool:
		return b.Info()&types.IsBoolean != 0
	case constant.String:
		return b.Info()&types.IsString != 0
	}
	return b.Info()&types.IsNumeric != 0
}
