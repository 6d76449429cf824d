package nb

import "go/types"

// HasCellType tells whether fmt could not print t by itself: it mentions a
// type declared in a cell, a struct with unexported fields, or an interface,
// which may hold a boxed value.
func (rt *Runtime) HasCellType(t types.Type) bool { return hasCellType(t, map[types.Type]bool{}) }

func hasCellType(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if p := t.Obj().Pkg(); Interpreted(p) {
			return true
		}
		_, ok := t.Underlying().(*types.Struct)
		return ok && t.TypeArgs().Len() > 0 // laid out here, see Lowerer.generic
	case *types.Pointer:
		return hasCellType(t.Elem(), seen)
	case *types.Slice:
		return hasCellType(t.Elem(), seen)
	case *types.Array:
		return hasCellType(t.Elem(), seen)
	case *types.Chan:
		return hasCellType(t.Elem(), seen)
	case *types.Map:
		return hasCellType(t.Key(), seen) || hasCellType(t.Elem(), seen)
	case *types.Struct:
		return true
	case *types.Interface:
		return true
	case *types.Signature:
		for _, tu := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tu.Variables() {
				if hasCellType(v.Type(), seen) {
					return true
				}
			}
		}
	}
	return false
}
