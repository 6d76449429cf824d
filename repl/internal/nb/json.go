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
	"unsafe"
)

// Marshal is json.Marshal.
func (rt *Runtime) Marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	return b, bare(err)
}

// MarshalIndent is json.MarshalIndent.
func (rt *Runtime) MarshalIndent(v any, prefix, indent string) ([]byte, error) {
	b, err := json.MarshalIndent(v, prefix, indent)
	return b, bare(err)
}

// Encode is (*json.Encoder).Encode.
func (rt *Runtime) Encode(e *json.Encoder, v any) error { return bare(e.Encode(v)) }

// bare is an error of encoding/json without the box that it came through.
func bare(err error) error {
	e, ok := err.(*json.MarshalerError)
	for ok && boxTypes[e.Type] {
		err = e.Err
		e, ok = err.(*json.MarshalerError)
	}
	return err
}

var boxTypes = map[reflect.Type]bool{reflect.TypeFor[Box](): true, reflect.TypeFor[SBox](): true, reflect.TypeFor[EBox](): true,
	reflect.TypeFor[UBox](): true, reflect.TypeFor[USBox](): true, reflect.TypeFor[UEBox](): true,
	reflect.TypeFor[LBox](): true, reflect.TypeFor[LSBox](): true, reflect.TypeFor[LEBox](): true,
	reflect.TypeFor[LUBox](): true, reflect.TypeFor[LUSBox](): true, reflect.TypeFor[LUEBox](): true}

// marshal encodes a boxed value as encoding/json encodes its static type.
func (rt *Runtime) marshal(c core) ([]byte, error) {
	e := &encoder{rt: rt}
	if err := e.value(c.T.T, reflect.ValueOf(c.V), ""); err != nil {
		return nil, err
	}
	return e.buf.Bytes(), nil
}

type encoder struct {
	rt    *Runtime
	buf   bytes.Buffer
	depth int
	seen  map[unsafe.Pointer]bool // beyond the depth where cycles are looked for
}

// manyPointers is how deep encoding/json goes before it looks for cycles.
const manyPointers = 1000

// enter is called for what may lead back to itself.
func (e *encoder) enter(t types.Type, v reflect.Value) (leave func(), err error) {
	if e.depth++; e.depth <= manyPointers {
		return func() { e.depth-- }, nil
	}
	p := v.UnsafePointer()
	if e.seen[p] {
		return nil, &json.UnsupportedValueError{Value: v, Str: "encountered a cycle via " + TypeName(t)}
	}
	if e.seen == nil {
		e.seen = map[unsafe.Pointer]bool{}
	}
	e.seen[p] = true
	return func() { e.depth--; delete(e.seen, p) }, nil
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
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		leave, err := e.enter(t, v)
		if err != nil {
			return err
		}
		defer leave()
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return e.value(u.Elem(), v.Elem(), opt)
	case *types.Interface:
		return e.iface(v)
	case *types.Struct:
		return e.structure(u, v)
	case *types.Map:
		return e.mapping(t, u, v)
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
	err := e.native(v, opt)
	if _, ok := err.(*json.UnsupportedTypeError); ok {
		return e.unsupported(t, v)
	}
	return err
}

func (e *encoder) unsupported(t types.Type, v reflect.Value) error {
	return &json.UnsupportedTypeError{Type: e.rt.Intern(t).reflected(v.Type())}
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
					return true, d.marshalerError("", err, v)
				}
				if err := json.Compact(&e.buf, b); err != nil {
					return true, d.marshalerError("", err, v)
				}
				return true, nil
			}
		}
	}
	if d.traits.textm {
		if m := d.binder("MarshalText"); m != nil {
			if f, ok := m(v.Interface()).(func() ([]byte, error)); ok {
				b, err := f()
				if err != nil {
					return true, d.marshalerError("MarshalText", err, v)
				}
				return true, e.native(reflect.ValueOf(string(b)), "")
			}
		}
	}
	return false, nil
}

// marshalerError is the error of a cell's method; source names it, when it is
// not MarshalJSON.
func (d *Type) marshalerError(source string, err error, v reflect.Value) error {
	e := &json.MarshalerError{Type: d.reflected(v.Type()), Err: err}
	if f := reflect.ValueOf(e).Elem().FieldByName("sourceFunc"); f.Kind() == reflect.String {
		reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().SetString(source)
	}
	return e
}

// native encodes what has no cell's type but in interfaces. Characters of HTML
// stay: who asked for JSON escapes them or not.
func (e *encoder) native(v reflect.Value, opt string) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Interface()); err != nil {
		return bare(err)
	}
	b := bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
	var err error
	if opt == "string" {
		for v.Kind() == reflect.Pointer && !v.IsNil() {
			v = v.Elem()
		}
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

func (e *encoder) mapping(t types.Type, u *types.Map, v reflect.Value) error {
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
		s, ok, err := e.key(u.Key(), k)
		if err != nil {
			return fmt.Errorf("json: encoding error for type %q: %q", TypeName(t), err)
		}
		if !ok {
			return e.unsupported(t, v)
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

// key is a map's key as JSON has it, if it can be one.
func (e *encoder) key(t types.Type, k reflect.Value) (text string, ok bool, err error) {
	if k.Kind() == reflect.String {
		return k.String(), true, nil
	}
	if d := e.rt.lookup(t); d != nil && d.traits.textm {
		if m := d.binder("MarshalText"); m != nil {
			if f, ok := m(k.Interface()).(func() ([]byte, error)); ok {
				b, err := f()
				return string(b), true, err
			}
		}
	}
	if k.CanInterface() {
		if tm, ok := k.Interface().(encoding.TextMarshaler); ok {
			b, err := tm.MarshalText()
			return string(b), true, err
		}
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), true, nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), true, nil
	}
	return "", false, nil
}

func (e *encoder) structure(u *types.Struct, v reflect.Value) error {
	e.buf.WriteByte('{')
	first := true
	for _, f := range jsonFields(u) {
		fv, ok := e.rt.walk(u, v, f.path)
		if !ok || f.has("omitempty") && emptyValue(fv) || f.has("omitzero") && e.rt.zero(f.typ, fv) {
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
