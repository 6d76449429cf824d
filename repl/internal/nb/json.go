package nb

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/types"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// marshal encodes a boxed value as encoding/json encodes its static type.
func (rt *Runtime) marshal(c core) ([]byte, error) {
	e := &encoder{rt: rt}
	if err := e.value(c.T.T, reflect.ValueOf(c.V), ""); err != nil {
		return nil, err
	}
	return e.buf.Bytes(), nil
}

type encoder struct {
	rt  *Runtime
	buf bytes.Buffer
}

func (e *encoder) value(t types.Type, v reflect.Value, opt string) error {
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		e.buf.WriteString("null")
		return nil
	}
	if done, err := e.marshaler(t, v); done {
		return err
	}
	if !e.rt.HasCellType(t) {
		return e.native(v, opt)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return e.value(u.Elem(), v.Elem(), opt)
	case *types.Interface:
		return e.iface(v)
	case *types.Struct:
		return e.structure(u, v)
	case *types.Map:
		return e.mapping(u, v)
	case *types.Slice:
		if v.IsNil() {
			e.buf.WriteString("null")
			return nil
		}
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 {
			e.buf.WriteString(`"` + base64.StdEncoding.EncodeToString(v.Bytes()) + `"`)
			return nil
		}
		return e.list(u.Elem(), v)
	case *types.Array:
		return e.list(u.Elem(), v)
	}
	return e.native(v, opt)
}

// marshaler lets the type's MarshalJSON or MarshalText do it.
func (e *encoder) marshaler(t types.Type, v reflect.Value) (bool, error) {
	d := e.rt.lookup(t)
	if d == nil {
		return false, nil
	}
	if d.traits.jsonm {
		if m := d.binder("MarshalJSON"); m != nil {
			if f, ok := m(v.Interface()).(func() ([]byte, error)); ok {
				b, err := f()
				if err != nil {
					return true, fmt.Errorf("json: error calling MarshalJSON for type %s: %w", d.Name, err)
				}
				return true, json.Compact(&e.buf, b)
			}
		}
	}
	if d.traits.textm {
		if m := d.binder("MarshalText"); m != nil {
			if f, ok := m(v.Interface()).(func() ([]byte, error)); ok {
				b, err := f()
				if err != nil {
					return true, fmt.Errorf("json: error calling MarshalText for type %s: %w", d.Name, err)
				}
				return true, e.native(reflect.ValueOf(string(b)), "")
			}
		}
	}
	return false, nil
}

func (e *encoder) native(v reflect.Value, opt string) error {
	b, err := json.Marshal(v.Interface())
	if err != nil {
		return err
	}
	if opt == "string" {
		switch v.Kind() {
		case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
			reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
			b, err = json.Marshal(string(b))
		}
	}
	e.buf.Write(b)
	return err
}

func (e *encoder) iface(v reflect.Value) error {
	x := v.Interface()
	if c, ok := unwrap(x); ok {
		return e.value(c.T.T, reflect.ValueOf(c.V), "")
	}
	return e.native(reflect.ValueOf(&x).Elem(), "")
}

func (e *encoder) list(elem types.Type, v reflect.Value) error {
	e.buf.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			e.buf.WriteByte(',')
		}
		if err := e.value(elem, v.Index(i), ""); err != nil {
			return err
		}
	}
	e.buf.WriteByte(']')
	return nil
}

func (e *encoder) mapping(u *types.Map, v reflect.Value) error {
	if v.IsNil() {
		e.buf.WriteString("null")
		return nil
	}
	type entry struct {
		key string
		val reflect.Value
	}
	var list []entry
	for _, k := range v.MapKeys() {
		s, err := e.key(u.Key(), k)
		if err != nil {
			return err
		}
		list = append(list, entry{s, v.MapIndex(k)})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].key < list[j].key })
	e.buf.WriteByte('{')
	for i, kv := range list {
		if i > 0 {
			e.buf.WriteByte(',')
		}
		if err := e.native(reflect.ValueOf(kv.key), ""); err != nil {
			return err
		}
		e.buf.WriteByte(':')
		if err := e.value(u.Elem(), kv.val, ""); err != nil {
			return err
		}
	}
	e.buf.WriteByte('}')
	return nil
}

func (e *encoder) key(t types.Type, k reflect.Value) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if d := e.rt.lookup(t); d != nil && d.traits.textm {
		if m := d.binder("MarshalText"); m != nil {
			if f, ok := m(k.Interface()).(func() ([]byte, error)); ok {
				b, err := f()
				return string(b), err
			}
		}
	}
	if k.CanInterface() {
		if tm, ok := k.Interface().(encoding.TextMarshaler); ok {
			b, err := tm.MarshalText()
			return string(b), err
		}
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("json: unsupported type: map with keys of type %s", TypeName(t))
}

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

func (e *encoder) structure(u *types.Struct, v reflect.Value) error {
	e.buf.WriteByte('{')
	first := true
	for _, f := range jsonFields(u) {
		fv, ok := e.rt.walk(u, v, f.path)
		if !ok || f.has("omitempty") && emptyValue(fv) || f.has("omitzero") && fv.IsZero() {
			continue
		}
		if !first {
			e.buf.WriteByte(',')
		}
		first = false
		if err := e.native(reflect.ValueOf(f.name), ""); err != nil {
			return err
		}
		e.buf.WriteByte(':')
		opt := ""
		if f.has("string") {
			opt = "string"
		}
		if err := e.value(f.typ, fv, opt); err != nil {
			return err
		}
	}
	e.buf.WriteByte('}')
	return nil
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

func emptyValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
