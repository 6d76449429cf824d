package nb

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
)

// Interface is (reflect.Value).Interface: a struct of a cell, or a pointer to
// one or a slice of some, gets its type back, which reflection does not know.
func (rt *Runtime) Interface(v reflect.Value) any {
	x := v.Interface()
	if !v.IsValid() || v.Kind() == reflect.Interface || opened(x) != nil {
		return x
	}
	if t := rt.laidOut(v.Type()); t != nil {
		return rt.Intern(t).box(x)
	}
	return x
}

// laidOut is the cell's type that has layout t, nil when it is none.
func (rt *Runtime) laidOut(t reflect.Type) types.Type {
	switch t.Kind() {
	case reflect.Pointer:
		if e := rt.laidOut(t.Elem()); e != nil {
			return types.NewPointer(e)
		}
	case reflect.Slice:
		if e := rt.laidOut(t.Elem()); e != nil {
			return types.NewSlice(e)
		}
	case reflect.Struct:
		rt.mu.RLock()
		all := rt.reps[t]
		rt.mu.RUnlock()
		if len(all) == 0 {
			return nil
		}
		newest := all[len(all)-1] // a type that was declared again
		for _, d := range all {
			if d.Name != newest.Name {
				panic(fmt.Sprintf("reflection does not tell %s from %s, whose fields are the same: give one of them another field", d.Name, newest.Name))
			}
		}
		return newest.T
	}
	return nil
}

// layout notes that d is laid out as t.
func (rt *Runtime) layout(d *Type, t reflect.Type) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if !slices.Contains(rt.reps[t], d) && d.declared() {
		rt.reps[t] = append(rt.reps[t], d)
	}
}

// declared tells whether a cell declared the type by itself.
func (d *Type) declared() bool {
	n, ok := types.Unalias(d.T).(*types.Named)
	return ok && n.Obj().Pkg() != nil && Interpreted(n.Obj().Pkg())
}
