package nb

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
)

var basics = map[types.BasicKind]reflect.Type{
	types.Bool: reflect.TypeFor[bool](), types.String: reflect.TypeFor[string](),
	types.Int: reflect.TypeFor[int](), types.Int8: reflect.TypeFor[int8](), types.Int16: reflect.TypeFor[int16](),
	types.Int32: reflect.TypeFor[int32](), types.Int64: reflect.TypeFor[int64](),
	types.Uint: reflect.TypeFor[uint](), types.Uint8: reflect.TypeFor[uint8](), types.Uint16: reflect.TypeFor[uint16](),
	types.Uint32: reflect.TypeFor[uint32](), types.Uint64: reflect.TypeFor[uint64](), types.Uintptr: reflect.TypeFor[uintptr](),
	types.Float32: reflect.TypeFor[float32](), types.Float64: reflect.TypeFor[float64](),
	types.Complex64: reflect.TypeFor[complex64](), types.Complex128: reflect.TypeFor[complex128](),
	types.UnsafePointer: nil,
}

// ReflectType is the compiled type that is identical to t, or nil when there
// is none: t mentions a cell's type, or a type that no symbol table shows.
func (rt *Runtime) ReflectType(t types.Type) reflect.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return basics[t.Kind()]
	case *types.Pointer:
		if e := rt.ReflectType(t.Elem()); e != nil {
			return reflect.PointerTo(e)
		}
	case *types.Slice:
		if e := rt.ReflectType(t.Elem()); e != nil {
			return reflect.SliceOf(e)
		}
	case *types.Array:
		if e := rt.ReflectType(t.Elem()); e != nil && t.Len() >= 0 {
			return reflect.ArrayOf(int(t.Len()), e)
		}
	case *types.Map:
		k, e := rt.ReflectType(t.Key()), rt.ReflectType(t.Elem())
		if k != nil && e != nil {
			return reflect.MapOf(k, e)
		}
	case *types.Chan:
		if e := rt.ReflectType(t.Elem()); e != nil {
			return reflect.ChanOf(chanDir[t.Dir()], e)
		}
	case *types.Signature:
		return rt.funcType(t)
	case *types.Named:
		return rt.namedType(t)
	case *types.Interface:
		if t.Empty() {
			return reflect.TypeFor[any]()
		}
	case *types.Struct:
		return rt.structType(t)
	}
	return nil
}

var chanDir = map[types.ChanDir]reflect.ChanDir{
	types.SendRecv: reflect.BothDir, types.SendOnly: reflect.SendDir, types.RecvOnly: reflect.RecvDir,
}

func (rt *Runtime) namedType(t *types.Named) reflect.Type {
	if t.Obj().Pkg() == nil {
		if t.Obj().Name() == "error" {
			return errorType
		}
		return nil
	}
	if t.TypeArgs().Len() > 0 {
		return nil
	}
	v, ok := rt.Symbols(t.Obj().Pkg().Path(), t.Obj().Name())
	if !ok || v.Kind() != reflect.Pointer {
		return nil
	}
	return v.Type().Elem()
}

func (rt *Runtime) funcType(t *types.Signature) reflect.Type {
	tuple := func(u *types.Tuple) ([]reflect.Type, bool) {
		var out []reflect.Type
		for i := range u.Len() {
			e := rt.ReflectType(u.At(i).Type())
			if e == nil {
				return nil, false
			}
			out = append(out, e)
		}
		return out, true
	}
	in, ok1 := tuple(t.Params())
	out, ok2 := tuple(t.Results())
	if !ok1 || !ok2 {
		return nil
	}
	return reflect.FuncOf(in, out, t.Variadic())
}

func (rt *Runtime) structType(t *types.Struct) reflect.Type {
	var fs []reflect.StructField
	for i := range t.NumFields() {
		f := t.Field(i)
		e := rt.ReflectType(f.Type())
		if e == nil || !f.Exported() || f.Embedded() {
			return nil
		}
		fs = append(fs, reflect.StructField{Name: f.Name(), Type: e, Tag: reflect.StructTag(t.Tag(i))})
	}
	return reflect.StructOf(fs)
}

// NameOf is %T of x.
func (rt *Runtime) NameOf(x any) string {
	if c, ok := unwrap(x); ok {
		return c.T.Name
	}
	return fmt.Sprintf("%T", x)
}

// fixName turns go/types' spelling of types into reflect's.
func fixName(s string) string {
	s = replaceWord(s, "any", "interface {}")
	s = spaced(s)
	s = replaceWord(s, "byte", "uint8")
	return replaceWord(s, "rune", "int32")
}

// spaced writes struct{x int} as struct { x int }, and interface{} with its
// space.
func spaced(s string) string {
	var b strings.Builder
	var open []bool // whether the brace's body is not empty
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '{':
			if i > 0 && s[i-1] != ' ' {
				b.WriteByte(' ')
			}
			b.WriteByte(c)
			full := i+1 < len(s) && s[i+1] != '}'
			if full && s[i+1] != ' ' {
				b.WriteByte(' ')
			}
			open = append(open, full)
		case '}':
			if n := len(open); n > 0 {
				if open[n-1] {
					b.WriteByte(' ')
				}
				open = open[:n-1]
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func replaceWord(s, from, to string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, from)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		left := i == 0 || !wordByte(s[i-1]) && (s[i-1] != '.' || strings.HasSuffix(s[:i], "..."))
		right := i+len(from) == len(s) || !wordByte(s[i+len(from)])
		b.WriteString(s[:i])
		if left && right {
			b.WriteString(to)
		} else {
			b.WriteString(from)
		}
		s = s[i+len(from):]
	}
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func elemOf(t types.Type) types.Type {
	if e, ok := t.Underlying().(interface{ Elem() types.Type }); ok {
		return e.Elem()
	}
	return nil
}

// Complex is the complex builtin.
func Complex(re, im float64) complex128 { return complex(re, im) }
