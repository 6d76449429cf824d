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
	return rt.decode(data, p.Elem(), reflect.ValueOf(c.V).Elem())
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
	return rt.Unmarshal(raw, v)
}

// decode stores JSON in v, an addressable value of static type t.
func (rt *Runtime) decode(data []byte, t types.Type, v reflect.Value) error {
	data = bytes.TrimSpace(data)
	null := string(data) == "null"
	if d := rt.lookup(types.NewPointer(t)); d != nil && !types.IsInterface(t) && !null {
		if m := d.binder("UnmarshalJSON"); m != nil {
			if f, ok := m(v.Addr().Interface()).(func([]byte) error); ok {
				return f(data)
			}
		}
		if m := d.binder("UnmarshalText"); m != nil && len(data) > 0 && data[0] == '"' {
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
		return json.Unmarshal(data, v.Addr().Interface())
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
		return rt.decodePointer(data, u, v)
	case *types.Struct:
		return rt.decodeStruct(data, t, u, v)
	case *types.Slice:
		return rt.decodeSlice(data, u, v)
	case *types.Array:
		return rt.decodeArray(data, u, v)
	case *types.Map:
		return rt.decodeMap(data, u, v)
	case *types.Interface:
		if u.NumMethods() > 0 {
			return fmt.Errorf("json: cannot unmarshal into Go value of type %s", TypeName(t))
		}
		var x any
		if err := json.Unmarshal(data, &x); err != nil {
			return err
		}
		v.Set(reflect.ValueOf(&x).Elem())
		return nil
	}
	return typed(json.Unmarshal(data, v.Addr().Interface()), TypeName(t))
}

// typed puts the declared type's name into the library's error.
func typed(err error, name string) error {
	if te, ok := err.(*json.UnmarshalTypeError); ok {
		return fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", te.Value, name)
	}
	return err
}

func (rt *Runtime) decodePointer(data []byte, u *types.Pointer, v reflect.Value) error {
	elem := v.Type().Elem()
	if d := rt.lookup(u.Elem()); d != nil && d.rep != nil {
		elem = d.rep
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
	return rt.decode(data, u.Elem(), e)
}

func (rt *Runtime) decodeStruct(data []byte, t types.Type, u *types.Struct, v reflect.Value) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", kindOf(data), TypeName(t))
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
			continue
		}
		fv := rt.reach(u, v, f.path)
		if f.has("string") && len(raw) > 0 && raw[0] == '"' {
			var s string
			if json.Unmarshal(raw, &s) == nil {
				if _, str := f.typ.Underlying().(*types.Basic); str && fv.Kind() != reflect.String {
					raw = json.RawMessage(s)
				}
			}
		}
		if err := rt.decode(raw, f.typ, fv); err != nil {
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

func (rt *Runtime) decodeSlice(data []byte, u *types.Slice, v reflect.Value) error {
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
		return fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", kindOf(data), TypeName(u))
	}
	s := reflect.MakeSlice(v.Type(), len(raw), len(raw))
	for i := range raw {
		if err := rt.decode(raw[i], u.Elem(), s.Index(i)); err != nil {
			return err
		}
	}
	v.Set(s)
	return nil
}

func (rt *Runtime) decodeArray(data []byte, u *types.Array, v reflect.Value) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", kindOf(data), TypeName(u))
	}
	for i := range v.Len() {
		if i >= len(raw) {
			v.Index(i).SetZero()
			continue
		}
		if err := rt.decode(raw[i], u.Elem(), v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (rt *Runtime) decodeMap(data []byte, u *types.Map, v reflect.Value) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("json: cannot unmarshal %s into Go value of type %s", kindOf(data), TypeName(u))
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for key, val := range raw {
		k := reflect.New(v.Type().Key()).Elem()
		text, _ := json.Marshal(key)
		if k.Kind() != reflect.String {
			text = []byte(key)
			if d := rt.lookup(types.NewPointer(u.Key())); d != nil && d.binder("UnmarshalText") != nil {
				text, _ = json.Marshal(key)
			}
		}
		if err := rt.decode(text, u.Key(), k); err != nil {
			return err
		}
		e := reflect.New(v.Type().Elem()).Elem()
		if err := rt.decode(val, u.Elem(), e); err != nil {
			return err
		}
		v.SetMapIndex(k, e)
	}
	return nil
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
