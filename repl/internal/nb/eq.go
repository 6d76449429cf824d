package nb

import (
	"go/types"
	"reflect"
)

// Eq is == on two interface values.
func (rt *Runtime) Eq(x, y any) bool { return eq(Plain(x), Plain(y)) }

func eq(x, y any) (same bool) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		c, ok := unwrap(x)
		if !ok {
			panic(r)
		}
		if types.Comparable(c.T.T) { // but for what an interface in it holds
			d, _ := unwrap(y)
			same = eqValue(reflect.ValueOf(c.V), reflect.ValueOf(d.V))
			return
		}
		panic(&TypeError{"runtime error: comparing uncomparable type " + c.T.Name})
	}()
	return x == y
}

// EqV is == on two values of a static type that holds interfaces: structs and
// arrays compare element by element.
func (rt *Runtime) EqV(x, y any) bool { return eqValue(reflect.ValueOf(x), reflect.ValueOf(y)) }

func eqValue(x, y reflect.Value) bool {
	switch x.Kind() {
	case reflect.Struct:
		for i := range x.NumField() {
			if x.Type().Field(i).Name != "X_" && !eqValue(x.Field(i), y.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := range x.Len() {
			if !eqValue(x.Index(i), y.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Interface:
		if x.IsNil() || y.IsNil() {
			return x.IsNil() == y.IsNil()
		}
		return eq(Plain(x.Interface()), Plain(y.Interface()))
	}
	return x.Equal(y)
}

// Clear is the clear builtin.
func (rt *Runtime) Clear(x any) { reflect.ValueOf(x).Clear() }

// rawNil tells whether x is nil or holds a nil pointer.
func rawNil(x any) bool {
	if x == nil {
		return true
	}
	v := reflect.ValueOf(x)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
