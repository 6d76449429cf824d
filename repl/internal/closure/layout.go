package closure

import (
	"go/types"
	"reflect"
	"unsafe"
)

var pointerType = reflect.TypeFor[unsafe.Pointer]()

// layoutOf is a type that the collector sees as it sees t, nil when it is not
// known.
func layoutOf(t types.Type) reflect.Type {
	if o := opaqueOf(t); o != nil {
		return o
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if k := basics[u.Kind()]; k != nil {
			return k.layout()
		}
	case *types.Pointer, *types.Map, *types.Chan, *types.Signature:
		return pointerType
	case *types.Interface:
		return anyType
	case *types.Slice:
		return reflect.TypeFor[slice]()
	case *types.Array:
		if e := layoutOf(u.Elem()); e != nil && plainNamed(t) && u.Len() < 1<<30 {
			return reflect.ArrayOf(int(u.Len()), e)
		}
	case *types.Struct:
		if !plainNamed(t) {
			return nil
		}
		fields := make([]reflect.StructField, u.NumFields())
		for i := range fields {
			e := layoutOf(u.Field(i).Type())
			if e == nil {
				return nil
			}
			fields[i] = reflect.StructField{Name: "F" + string(rune('a'+i%26)) + fieldNumber(i), Type: e}
		}
		return reflect.StructOf(fields)
	}
	return nil
}

func fieldNumber(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return fieldNumber(i/10) + string(rune('0'+i%10))
}

// exactOf is the type that interpreted code has for t: known of types made of
// basic ones without structs.
func exactOf(t types.Type) reflect.Type {
	if k := basicKind(t); k != nil {
		return k.layout()
	}
	if endless(t) {
		return nil
	}
	if o := opaqueOf(t); o != nil {
		return o
	}
	switch u := t.Underlying().(type) {
	case *types.Interface:
		if k, ok := ifaceOf(t).(iface); ok {
			return k.rt
		}
	case *types.Slice:
		if e := exactOf(u.Elem()); e != nil && plainNamed(t) {
			return reflect.SliceOf(e)
		}
	case *types.Map:
		if k, e := exactOf(u.Key()), exactOf(u.Elem()); k != nil && e != nil && plainNamed(t) {
			return reflect.MapOf(k, e)
		}
	case *types.Array:
		if e := exactOf(u.Elem()); e != nil && plainNamed(t) {
			return reflect.ArrayOf(int(u.Len()), e)
		}
	case *types.Pointer:
		if e := exactOf(u.Elem()); e != nil && plainNamed(t) {
			return reflect.PointerTo(e)
		}
	case *types.Chan:
		dirs := map[types.ChanDir]reflect.ChanDir{types.SendRecv: reflect.BothDir, types.SendOnly: reflect.SendDir, types.RecvOnly: reflect.RecvDir}
		if e := exactOf(u.Elem()); e != nil && plainNamed(t) {
			return reflect.ChanOf(dirs[u.Dir()], e)
		}
	}
	return nil
}

// endless tells of a type that it contains itself other than in a struct.
func endless(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	seen := map[types.Type]bool{}
	var leads func(t types.Type) bool
	leads = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return t == n
		}
		if _, ok := t.(*types.Named); ok {
			seen[t] = true
		}
		switch u := t.Underlying().(type) {
		case *types.Map:
			return leads(u.Key()) || leads(u.Elem())
		case interface{ Elem() types.Type }: // *types.Slice, Array, Pointer, Chan
			return leads(u.Elem())
		}
		return false
	}
	return leads(n)
}
