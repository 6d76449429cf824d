package lower

import (
	"fmt"
	"go/types"
	"strings"
)

// funcKey identifies an instance.
func funcKey(f *types.Func, targs []types.Type) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%p", f)
	for _, t := range targs {
		b.WriteByte('|')
		b.WriteString(typeKey(t))
	}
	return b.String()
}

// typeKey is a text that is equal for identical types only: names of cell
// types are told apart by their objects.
func typeKey(t types.Type) string {
	var objs []string
	s := types.TypeString(t, func(p *types.Package) string {
		return p.Path()
	})
	seen := map[types.Type]bool{}
	var walk func(types.Type)
	walk = func(t types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			objs = append(objs, fmt.Sprintf("%p", t.Obj()))
			for i := range t.TypeArgs().Len() {
				walk(t.TypeArgs().At(i))
			}
		case *types.Pointer:
			walk(t.Elem())
		case *types.Slice:
			walk(t.Elem())
		case *types.Array:
			walk(t.Elem())
		case *types.Chan:
			walk(t.Elem())
		case *types.Map:
			walk(t.Key())
			walk(t.Elem())
		case *types.Struct:
			for i := range t.NumFields() {
				walk(t.Field(i).Type())
			}
		case *types.Signature:
			for v := range t.Params().Variables() {
				walk(v.Type())
			}
			for v := range t.Results().Variables() {
				walk(v.Type())
			}
		}
	}
	walk(t)
	return s + "@" + strings.Join(objs, ",")
}

func recvName(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj().Name()
	}
	return "T"
}

func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}
