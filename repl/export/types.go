package export

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// typeText spells a type with the program's names.
func (e *exporter) typeText(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return e.typeName(t.Obj(), t.TypeArgs())
	case *types.Named:
		return e.typeName(t.Obj(), t.TypeArgs())
	case *types.Pointer:
		return "*" + e.typeText(t.Elem())
	case *types.Slice:
		return "[]" + e.typeText(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + e.typeText(t.Elem())
	case *types.Map:
		return "map[" + e.typeText(t.Key()) + "]" + e.typeText(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + e.typeText(t.Elem())
		case types.RecvOnly:
			return "<-chan " + e.typeText(t.Elem())
		}
		return "chan (" + e.typeText(t.Elem()) + ")"
	case *types.Signature:
		return "func" + e.params(t) + e.results(t)
	case *types.Struct:
		var fields []string
		for i := range t.NumFields() {
			f := t.Field(i)
			text := e.typeText(f.Type())
			if !f.Embedded() {
				text = f.Name() + " " + text
			}
			if tag := t.Tag(i); tag != "" {
				text += " " + strconv.Quote(tag)
			}
			fields = append(fields, text)
		}
		return "struct { " + strings.Join(fields, "; ") + " }"
	case *types.Interface:
		return e.iface(t)
	}
	return t.String()
}

func (e *exporter) typeName(o *types.TypeName, args *types.TypeList) string {
	name := o.Name()
	switch p := o.Pkg(); {
	case p == nil:
	case p.Path() == "main":
		if n := e.names[o]; n != "" {
			name = n
		}
	default:
		name = e.use(p.Path(), p.Name()) + "." + name
	}
	var list []string
	for i := range args.Len() {
		list = append(list, e.typeText(args.At(i)))
	}
	if len(list) > 0 {
		name += "[" + strings.Join(list, ", ") + "]"
	}
	return name
}

func (e *exporter) params(s *types.Signature) string {
	var list []string
	for i := range s.Params().Len() {
		t := e.typeText(s.Params().At(i).Type())
		if s.Variadic() && i == s.Params().Len()-1 {
			t = "..." + strings.TrimPrefix(t, "[]")
		}
		list = append(list, t)
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func (e *exporter) results(s *types.Signature) string {
	var list []string
	for v := range s.Results().Variables() {
		list = append(list, e.typeText(v.Type()))
	}
	switch len(list) {
	case 0:
		return ""
	case 1:
		return " " + list[0]
	}
	return " (" + strings.Join(list, ", ") + ")"
}

func (e *exporter) iface(t *types.Interface) string {
	if t.Empty() {
		return "any"
	}
	var parts []string
	for i := range t.NumExplicitMethods() {
		m := t.ExplicitMethod(i)
		parts = append(parts, m.Name()+e.params(m.Signature())+e.results(m.Signature()))
	}
	for i := range t.NumEmbeddeds() {
		parts = append(parts, e.typeText(t.EmbeddedType(i)))
	}
	return fmt.Sprintf("interface { %s }", strings.Join(parts, "; "))
}
