package nb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/types"
	"io"
	"reflect"
	"strings"
)

// Unmarshal is json.Unmarshal; what a box points to is decoded by its static
// type, so that UnmarshalJSON methods and embedded structs of cells count.
func (rt *Runtime) Unmarshal(data []byte, v any) error {
	c, ok := unwrap(v)
	if !ok {
		return json.Unmarshal(data, v)
	}
	p, ok := c.T.T.Underlying().(*types.Pointer)
	if !ok {
		return fmt.Errorf("json: Unmarshal(non-pointer %s)", c.T.Name)
	}
	if !json.Valid(data) {
		return json.Unmarshal(data, new(any)) // the library's own words
	}
	return (&decoder{rt: rt}).all(data, p.Elem(), reflect.ValueOf(c.V).Elem())
}

// decoder stores JSON by static types. As the library does, it goes on after
// a value of the wrong type and returns the first such error.
type decoder struct {
	rt     *Runtime
	strict bool // unknown fields are errors
	number bool // numbers in interfaces are json.Number
	first  error
	placed *json.UnmarshalTypeError // names its struct already
}

func (d *decoder) all(data []byte, t types.Type, v reflect.Value) error {
	if err := d.decode(data, t, v); err != nil {
		return err
	}
	return d.first
}

// unfit is the error of JSON that does not fit type t, laid out as v is.
func (d *decoder) unfit(value string, t types.Type, v reflect.Value) error {
	return &json.UnmarshalTypeError{Value: value, Type: d.rt.Intern(t).reflected(v.Type())}
}

// unmarshal lets encoding/json decode what has no cell's type in it.
func (d *decoder) unmarshal(data []byte, to any) error {
	if !d.strict && !d.number {
		return json.Unmarshal(data, to)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if d.strict {
		dec.DisallowUnknownFields()
	}
	if d.number {
		dec.UseNumber()
	}
	return dec.Decode(to)
}

// wrong keeps the first error about a type and lets decoding go on; other
// errors end it.
func (d *decoder) wrong(err error) error {
	switch err.(type) {
	case *json.UnmarshalTypeError:
		if d.first == nil {
			d.first = err
		}
		return nil
	}
	return err
}

// within puts the field into errors that its value gave.
func (d *decoder) within(name, field string, decode func() error) error {
	had := d.first
	err := decode()
	place := func(err error) {
		if e, ok := err.(*json.UnmarshalTypeError); ok {
			if d.placed != e {
				e.Struct, d.placed = name, e
			}
			e.Field = strings.TrimSuffix(field+"."+e.Field, ".")
		}
	}
	place(err)
	if had == nil {
		place(d.first)
	}
	return err
}

// Decode is (*json.Decoder).Decode.
func (rt *Runtime) Decode(d *json.Decoder, v any) error {
	if !IsBoxed(v) {
		return d.Decode(v)
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	c, _ := unwrap(v)
	p, ok := c.T.T.Underlying().(*types.Pointer)
	if !ok {
		return fmt.Errorf("json: Unmarshal(non-pointer %s)", c.T.Name)
	}
	own := &decoder{rt: rt, strict: setting(d, "disallowUnknownFields"), number: setting(d, "useNumber")}
	return own.all(raw, p.Elem(), reflect.ValueOf(c.V).Elem())
}

// setting tells whether a switch of a decoder is on, such as
// DisallowUnknownFields.
func setting(d *json.Decoder, name string) bool {
	f := reflect.ValueOf(d).Elem().FieldByName("d")
	if f.Kind() != reflect.Struct {
		return false
	}
	f = f.FieldByName(name)
	return f.Kind() == reflect.Bool && f.Bool()
}

// decode stores JSON in v, an addressable value of static type t.
func (d *decoder) decode(data []byte, t types.Type, v reflect.Value) error {
	rt := d.rt
	data = bytes.TrimSpace(data)
	null := string(data) == "null"
	if pt := rt.lookup(types.NewPointer(t)); pt != nil && !types.IsInterface(t) && !null {
		if m := pt.binder("UnmarshalJSON"); m != nil {
			if f, ok := m(v.Addr().Interface()).(func([]byte) error); ok {
				return f(data)
			}
		}
		if m := pt.binder("UnmarshalText"); m != nil && len(data) > 0 && data[0] == '"' {
			if f, ok := m(v.Addr().Interface()).(func([]byte) error); ok {
				var s string
				if err := json.Unmarshal(data, &s); err != nil {
					return err
				}
				return f([]byte(s))
			}
		}
	}
	if !rt.HasCellType(t) {
		return d.native(d.unmarshal(data, v.Addr().Interface()))
	}
	if null {
		switch v.Kind() {
		case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
			v.SetZero()
		}
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return d.decodePointer(data, u, v)
	case *types.Struct:
		return d.decodeStruct(data, t, u, v)
	case *types.Slice:
		return d.decodeSlice(data, u, v)
	case *types.Array:
		return d.decodeArray(data, u, v)
	case *types.Map:
		return d.decodeMap(data, u, v)
	case *types.Interface:
		if u.NumMethods() > 0 {
			return d.wrong(d.unfit(kindOf(data), t, v))
		}
		var x any
		if err := d.unmarshal(data, &x); err != nil {
			return err
		}
		v.Set(reflect.ValueOf(&x).Elem())
		return nil
	}
	err := json.Unmarshal(data, v.Addr().Interface())
	if te, ok := err.(*json.UnmarshalTypeError); ok && te.Field == "" {
		err = d.unfit(te.Value, t, v)
	}
	return d.native(err)
}

func (d *decoder) native(err error) error {
	if err == nil {
		return nil
	}
	return d.wrong(err)
}

func (d *decoder) decodePointer(data []byte, u *types.Pointer, v reflect.Value) error {
	elem := v.Type().Elem()
	if e := d.rt.lookup(u.Elem()); e != nil && e.rep != nil {
		elem = e.rep
	}
	if v.IsNil() {
		n := reflect.New(elem)
		if n.Type() != v.Type() {
			v.Set(reflect.NewAt(v.Type().Elem(), n.UnsafePointer()))
		} else {
			v.Set(n)
		}
	}
	e := v.Elem()
	if e.Type() != elem {
		e = reflect.NewAt(elem, v.UnsafePointer()).Elem()
	}
	return d.decode(data, u.Elem(), e)
}

func (d *decoder) decodeStruct(data []byte, t types.Type, u *types.Struct, v reflect.Value) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return d.wrong(d.unfit(kindOf(data), t, v))
	}
	fields := jsonFields(u)
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		f := matchField(fields, k.(string))
		if f == nil {
			if d.strict {
				return fmt.Errorf("json: unknown field %q", k)
			}
			continue
		}
		fv := d.rt.reach(u, v, f.path)
		if f.has("string") && quotable(f.typ) && string(raw) != "null" {
			if raw, err = d.unquoted(raw, f.typ); err != nil {
				if d.first == nil {
					d.first = err
				}
				continue
			}
		}
		if err := d.within(declaredName(t), f.route(u), func() error { return d.decode(raw, f.typ, fv) }); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	if err == io.EOF {
		err = nil
	}
	return err
}

func matchField(fields []jsonField, key string) *jsonField {
	for i := range fields {
		if fields[i].name == key {
			return &fields[i]
		}
	}
	for i := range fields {
		if strings.EqualFold(fields[i].name, key) {
			return &fields[i]
		}
	}
	return nil
}

// reach follows a field path, making embedded pointers on the way.
func (rt *Runtime) reach(u *types.Struct, v reflect.Value, path []int) reflect.Value {
	for n, i := range path {
		t := u.Field(i).Type()
		v = v.Field(i)
		if n == len(path)-1 {
			break
		}
		if p, ok := t.Underlying().(*types.Pointer); ok {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v, t = v.Elem(), p.Elem()
		}
		u, _ = t.Underlying().(*types.Struct)
	}
	return v
}

func (d *decoder) decodeSlice(data []byte, u *types.Slice, v reflect.Value) error {
	var raw []json.RawMessage
	if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && len(data) > 0 && data[0] == '"' {
		var bytes []byte
		if err := json.Unmarshal(data, &bytes); err != nil {
			return err
		}
		v.SetBytes(bytes)
		return nil
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return d.wrong(d.unfit(kindOf(data), u, v))
	}
	s := reflect.MakeSlice(v.Type(), len(raw), len(raw))
	for i := range raw {
		if err := d.decode(raw[i], u.Elem(), s.Index(i)); err != nil {
			return err
		}
	}
	v.Set(s)
	return nil
}

func (d *decoder) decodeArray(data []byte, u *types.Array, v reflect.Value) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return d.wrong(d.unfit(kindOf(data), u, v))
	}
	for i := range v.Len() {
		if i >= len(raw) {
			v.Index(i).SetZero()
			continue
		}
		if err := d.decode(raw[i], u.Elem(), v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) decodeMap(data []byte, u *types.Map, v reflect.Value) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return d.wrong(d.unfit(kindOf(data), u, v))
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for key, val := range raw {
		k := reflect.New(v.Type().Key()).Elem()
		text, _ := json.Marshal(key)
		if k.Kind() != reflect.String {
			text = []byte(key)
			if p := d.rt.lookup(types.NewPointer(u.Key())); p != nil && p.binder("UnmarshalText") != nil {
				text, _ = json.Marshal(key)
			}
		}
		if err := d.decode(text, u.Key(), k); err != nil {
			return err
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := d.decode(val, u.Elem(), e); err != nil {
			return err
		}
		v.SetMapIndex(k, e)
	}
	return nil
}

// quotable tells whether the option string means something for a field.
func quotable(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsComplex == 0
}

// unquoted is the JSON within a string, of a field with the option string.
func (d *decoder) unquoted(raw json.RawMessage, t types.Type) (json.RawMessage, error) {
	name := TypeName(t)
	if raw[0] != '"' {
		return nil, fmt.Errorf("json: invalid use of ,string struct tag, trying to unmarshal unquoted value into %s", name)
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	want := "number"
	switch info := t.Underlying().(*types.Basic).Info(); {
	case info&types.IsString != 0:
		want = "string"
	case info&types.IsBoolean != 0:
		want = "bool"
	}
	if !json.Valid([]byte(s)) || s != "null" && kindOf([]byte(s)) != want {
		return nil, fmt.Errorf("json: invalid use of ,string struct tag, trying to unmarshal %q into %s", s, TypeName(t))
	}
	return json.RawMessage(s), nil
}

// kindOf names a JSON value as encoding/json's errors do.
func kindOf(data []byte) string {
	if len(data) == 0 {
		return "value"
	}
	switch data[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	}
	return "number"
}
