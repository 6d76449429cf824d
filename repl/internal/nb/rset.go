package nb

import (
	"go/types"
	"reflect"
)

// changing panics where v may not be changed; what cannot be for other
// reasons, package reflect itself says.
func (v Value) changing(method string) reflect.Value {
	v.sure(method)
	if v.ro != free && v.Value.CanInterface() {
		panic("reflect: reflect.Value." + method + " using value obtained using unexported field")
	}
	return v.Value
}

// Set assigns x to v.
func (v Value) Set(x Value) {
	to := v.changing("Set")
	x.changing("Set")
	if !to.CanSet() {
		to.Set(x.Value)
		return
	}
	to.Set(x.assigned("reflect.Set", v.Type(), to.Type()))
}

// assigned is v as a value of type t, which is laid out as layout, for an
// assignment.
func (v Value) assigned(context string, t, layout reflect.Type) reflect.Value {
	if !Assignable(v.Type(), t) {
		panic(context + ": value of type " + v.Type().String() + " is not assignable to type " + t.String())
	}
	return v.fit(t, layout)
}

// fit is v, which is assignable to t, as it is laid out there.
func (v Value) fit(t, layout reflect.Type) reflect.Value {
	if layout.Kind() == reflect.Interface {
		x := reflect.New(layout).Elem()
		if c, d := laidOut(t); d != nil && c.Kind() == reflect.Func { // a type that contains itself
			x.Set(v.Value)
		} else if held := v.open(); held != nil {
			x.Set(adapted(held, layout))
		}
		return x
	}
	if v.Value.Type() != layout && v.Value.Type().ConvertibleTo(layout) {
		return v.Value.Convert(layout)
	}
	return v.Value
}

// adapted is x as a value of the interface layout.
func adapted(x any, layout reflect.Type) reflect.Value {
	v := reflect.ValueOf(x)
	if v.Type().AssignableTo(layout) {
		return v
	}
	if c, ok := unwrap(x); ok {
		if a := c.T.rt.adaptTo(*c, x, layout); a != nil {
			return reflect.ValueOf(a)
		}
		panic("reflect: a " + c.T.Name + " cannot be used as " + layout.String() + " through reflection in a cell: convert it to that first")
	}
	return v
}

// adaptTo fills the adapter of a compiled interface, nil when it has none.
func (rt *Runtime) adaptTo(c core, box any, layout reflect.Type) any {
	if layout.Name() == "" {
		return nil
	}
	w, ok := rt.Symbols(layout.PkgPath(), "_"+layout.Name())
	if !ok {
		return nil
	}
	v := reflect.New(w.Type().Elem()).Elem()
	v.Field(0).Set(reflect.ValueOf(&box).Elem())
	for i := range layout.NumMethod() {
		name := layout.Method(i).Name
		f, b := v.FieldByName("W"+name), c.T.binder(name)
		if !f.IsValid() || b == nil {
			return nil
		}
		f.Set(reflect.ValueOf(b(c.V)).Convert(f.Type()))
	}
	return v.Interface()
}

// SetBool and its like set a value of their kind.
func (v Value) SetBool(x bool)          { v.changing("SetBool").SetBool(x) }
func (v Value) SetInt(x int64)          { v.changing("SetInt").SetInt(x) }
func (v Value) SetUint(x uint64)        { v.changing("SetUint").SetUint(x) }
func (v Value) SetFloat(x float64)      { v.changing("SetFloat").SetFloat(x) }
func (v Value) SetComplex(x complex128) { v.changing("SetComplex").SetComplex(x) }
func (v Value) SetString(x string)      { v.changing("SetString").SetString(x) }
func (v Value) SetBytes(x []byte)       { v.changing("SetBytes").SetBytes(x) }
func (v Value) SetLen(n int)            { v.changing("SetLen").SetLen(n) }
func (v Value) SetCap(n int)            { v.changing("SetCap").SetCap(n) }
func (v Value) SetZero()                { v.changing("SetZero").SetZero() }
func (v Value) Grow(n int)              { v.changing("Grow").Grow(n) }
func (v Value) Clear()                  { v.changing("Clear").Clear() }
func (v Value) Close()                  { v.changing("Close").Close() }

func keyOf(t types.Type) types.Type { return t.Underlying().(*types.Map).Key() }

// key is a map's key, laid out as v's keys are.
func (v Value) key(context string, k Value) reflect.Value {
	return k.assigned(context, v.Type().Key(), v.Value.Type().Key())
}

// MapIndex is the element of a key, the zero Value when there is none.
func (v Value) MapIndex(key Value) Value {
	v.sure("MapIndex")
	if v.Kind() != reflect.Map {
		return Value{Value: v.Value.MapIndex(key.Value)}
	}
	e := v.part(v.Value.MapIndex(v.key("reflect.Value.MapIndex", key)), elemOf)
	if key.ro != free && e.IsValid() {
		e.ro = readonly
	}
	return e
}

// MapKeys are a map's keys, in no order.
func (v Value) MapKeys() []Value {
	keys := v.sure("MapKeys").MapKeys()
	out := make([]Value, len(keys))
	for i, k := range keys {
		out[i] = v.part(k, keyOf)
	}
	return out
}

// SetMapIndex sets or, with the zero Value, deletes an element.
func (v Value) SetMapIndex(key, elem Value) {
	to := v.changing("SetMapIndex")
	key.changing("SetMapIndex")
	if v.Kind() != reflect.Map {
		to.SetMapIndex(key.Value, elem.Value)
		return
	}
	k, e := v.key("reflect.Value.SetMapIndex", key), reflect.Value{}
	if elem.IsValid() {
		elem.changing("SetMapIndex")
		e = elem.assigned("reflect.Value.SetMapIndex", v.Type().Elem(), v.Value.Type().Elem())
	}
	to.SetMapIndex(k, e)
}

// MapIter is reflect.MapIter.
type MapIter struct {
	it *reflect.MapIter
	of Value
}

// MapRange walks a map.
func (v Value) MapRange() *MapIter { return &MapIter{v.sure("MapRange").MapRange(), v} }

// Next advances; Key and Value are of the entry it came to.
func (it *MapIter) Next() bool   { return it.it.Next() }
func (it *MapIter) Key() Value   { return it.of.part(it.it.Key(), keyOf) }
func (it *MapIter) Value() Value { return it.of.part(it.it.Value(), elemOf) }

// Reset begins with another map.
func (it *MapIter) Reset(v Value) {
	if it.it == nil {
		it.it = new(reflect.MapIter)
	}
	it.it.Reset(v.Value)
	it.of = v
}

// SetIterKey sets v to an entry's key.
func (v Value) SetIterKey(it *MapIter) { v.Set(it.Key()) }

// SetIterValue sets v to an entry's element.
func (v Value) SetIterValue(it *MapIter) { v.Set(it.Value()) }
