package check

import "go/types"

// Members lists a type's methods and its fields, promoted ones too.
func Members(t types.Type) []types.Object {
	if t == nil {
		return nil
	}
	var out []types.Object
	seen := map[string]bool{}
	add := func(o types.Object) {
		if !seen[o.Name()] {
			seen[o.Name()] = true
			out = append(out, o)
		}
	}
	mt := t
	if _, ptr := t.Underlying().(*types.Pointer); !ptr && !types.IsInterface(t) {
		mt = types.NewPointer(t)
	}
	ms := types.NewMethodSet(mt)
	for i := range ms.Len() {
		add(ms.At(i).Obj())
	}
	visited := map[types.Type]bool{}
	var fields func(types.Type)
	fields = func(t types.Type) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || visited[t] {
			return
		}
		visited[t] = true
		for i := range st.NumFields() {
			add(st.Field(i))
		}
		for i := range st.NumFields() {
			if st.Field(i).Embedded() {
				fields(st.Field(i).Type())
			}
		}
	}
	fields(t)
	return out
}
