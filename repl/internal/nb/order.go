package nb

import (
	"reflect"
	"sort"
)

// sortedKeys orders keys as internal/fmtsort does for the kinds that occur.
func sortedKeys(m reflect.Value) []reflect.Value {
	ks := m.MapKeys()
	sort.SliceStable(ks, func(i, j int) bool { return lessValue(ks[i], ks[j]) })
	return ks
}

func lessValue(a, b reflect.Value) bool {
	if a.Kind() != b.Kind() {
		return a.Kind() < b.Kind()
	}
	switch {
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float() || a.Float() != a.Float() && b.Float() == b.Float()
	}
	switch a.Kind() {
	case reflect.String:
		return a.String() < b.String()
	case reflect.Bool:
		return !a.Bool() && b.Bool()
	case reflect.Struct:
		for i := range a.NumField() {
			if lessValue(a.Field(i), b.Field(i)) {
				return true
			}
			if lessValue(b.Field(i), a.Field(i)) {
				return false
			}
		}
	case reflect.Array:
		for i := range a.Len() {
			if lessValue(a.Index(i), b.Index(i)) {
				return true
			}
			if lessValue(b.Index(i), a.Index(i)) {
				return false
			}
		}
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() && !b.IsNil()
		}
		x, xb := unwrap(a.Interface())
		y, yb := unwrap(b.Interface())
		if xb && yb {
			if x.T != y.T {
				return x.T.ID < y.T.ID
			}
			return lessValue(reflect.ValueOf(x.V), reflect.ValueOf(y.V))
		}
		if xb != yb {
			return yb
		}
		return lessValue(a.Elem(), b.Elem())
	}
	return false
}
