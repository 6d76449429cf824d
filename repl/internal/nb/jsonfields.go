package nb

import (
	"go/types"
	"reflect"
	"strings"
)

// jsonField is a field that encoding/json would encode.
type jsonField struct {
	name   string
	tagged bool
	path   []int
	typ    types.Type
	opts   []string
}

func (f jsonField) has(opt string) bool {
	for _, o := range f.opts {
		if o == opt {
			return true
		}
	}
	return false
}

// route is the field's name behind those of the embedded structs that it is
// in, as errors give it.
func (f jsonField) route(u *types.Struct) string {
	var names []string
	for _, i := range f.path[:len(f.path)-1] {
		e := u.Field(i)
		names = append(names, e.Name())
		t := e.Type().Underlying()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem().Underlying()
		}
		u = t.(*types.Struct)
	}
	return strings.Join(append(names, f.name), ".")
}

// jsonFields lists the fields by encoding/json's rules: embedded structs are
// flattened, the least nested name wins, a tagged one among equals.
func jsonFields(u *types.Struct) []jsonField {
	var all []jsonField
	collectFields(u, nil, map[types.Type]bool{}, &all)
	best := map[string]int{}
	clash := map[string]bool{}
	for i, f := range all {
		j, ok := best[f.name]
		switch {
		case !ok:
			best[f.name] = i
		case len(f.path) < len(all[j].path), len(f.path) == len(all[j].path) && f.tagged && !all[j].tagged:
			best[f.name] = i
			clash[f.name] = false
		case len(f.path) == len(all[j].path) && f.tagged == all[j].tagged:
			clash[f.name] = true
		}
	}
	var out []jsonField
	for i, f := range all {
		if best[f.name] == i && !clash[f.name] {
			out = append(out, f)
		}
	}
	return out
}

func collectFields(u *types.Struct, path []int, seen map[types.Type]bool, out *[]jsonField) {
	for i := range u.NumFields() {
		f := u.Field(i)
		tag := reflect.StructTag(u.Tag(i)).Get("json")
		if tag == "-" {
			continue
		}
		name, rest, _ := strings.Cut(tag, ",")
		p := append(append([]int{}, path...), i)
		if f.Embedded() && name == "" {
			t := f.Type()
			if pt, ok := t.Underlying().(*types.Pointer); ok {
				t = pt.Elem()
			}
			if s, ok := t.Underlying().(*types.Struct); ok {
				if !seen[t] {
					seen[t] = true
					collectFields(s, p, seen, out)
					delete(seen, t)
				}
				continue
			}
		}
		if !f.Exported() {
			continue
		}
		jf := jsonField{name: name, tagged: name != "", path: p, typ: f.Type()}
		if name == "" {
			jf.name = f.Name()
		}
		if rest != "" {
			jf.opts = strings.Split(rest, ",")
		}
		*out = append(*out, jf)
	}
}

// walk follows a field path through embedded structs; ok is false behind a
// nil pointer.
func (rt *Runtime) walk(u *types.Struct, v reflect.Value, path []int) (reflect.Value, bool) {
	for n, i := range path {
		f := u.Field(i)
		v = rt.field(v, i, f.Type())
		if n == len(path)-1 {
			break
		}
		t := f.Type()
		if pt, ok := t.Underlying().(*types.Pointer); ok {
			if v.IsNil() {
				return v, false
			}
			v, t = v.Elem(), pt.Elem()
		}
		u, _ = t.Underlying().(*types.Struct)
	}
	return v, true
}

// zero tells whether omitzero leaves v out: its IsZero method says so when it
// has one.
func (rt *Runtime) zero(t types.Type, v reflect.Value) bool {
	if k := v.Kind(); (k == reflect.Pointer || k == reflect.Interface) && v.IsNil() {
		return true
	}
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	for _, t := range []types.Type{t, types.NewPointer(t)} {
		d := rt.lookup(t)
		if d == nil || d.binder("IsZero") == nil {
			continue
		}
		recv := v
		if _, ptr := t.(*types.Pointer); ptr && v.Kind() != reflect.Pointer {
			if !v.CanAddr() {
				continue
			}
			recv = v.Addr()
		}
		if f, ok := d.binder("IsZero")(recv.Interface()).(func() bool); ok {
			return f()
		}
	}
	return v.IsZero()
}

func emptyValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
