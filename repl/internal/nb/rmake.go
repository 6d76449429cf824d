package nb

import (
	"fmt"
	"go/types"
	"reflect"
	"unsafe"
)

// Reflect is what of package reflect cells see otherwise than it is: Value
// and what has to do with it, and the functions that make types.
func (rt *Runtime) Reflect() map[string]reflect.Value {
	fs := map[string]any{
		"ValueOf": ValueOf, "TypeOf": rt.TypeOf, "DeepEqual": rt.DeepEqual, "MakeFunc": MakeFunc, "Select": rt.ReflectSelect,
		"New": New, "NewAt": NewAt, "Zero": Zero, "MakeSlice": MakeSlice, "MakeMap": MakeMap, "MakeMapWithSize": MakeMapWithSize, "MakeChan": MakeChan,
		"Append": Append, "AppendSlice": AppendSlice, "Copy": Copy, "Indirect": Indirect, "Swapper": rt.Swapper, "SliceAt": SliceAt,
		"PointerTo": rt.PointerTo, "PtrTo": rt.PointerTo, "SliceOf": rt.SliceOf, "ArrayOf": rt.ArrayOf, "ChanOf": rt.ChanOf,
		"MapOf": rt.MapOf, "FuncOf": rt.FuncOf, "StructOf": rt.StructOf,
	}
	out := map[string]reflect.Value{"Value": reflect.ValueOf((*Value)(nil)), "Method": reflect.ValueOf((*Method)(nil)),
		"MapIter": reflect.ValueOf((*MapIter)(nil)), "SelectCase": reflect.ValueOf((*SelectCase)(nil))}
	for n, f := range fs {
		out[n] = reflect.ValueOf(f)
	}
	return out
}

// reflectNames are the names of the types that stand for package reflect's.
var reflectNames = map[reflect.Type]string{
	reflect.TypeFor[Value](): "reflect.Value", reflect.TypeFor[Method](): "reflect.Method", reflect.TypeFor[*MapIter](): "*reflect.MapIter",
	reflect.TypeFor[SelectCase](): "reflect.SelectCase", reflect.TypeFor[*cellReflectType](): "*reflect.rtype",
	reflect.TypeFor[[]Value](): "[]reflect.Value", reflect.TypeFor[*Value](): "*reflect.Value",
}

// made is v as a value of what of makes of t.
func made(v reflect.Value, t reflect.Type, of func(types.Type) types.Type) Value {
	if _, d := laidOut(t); d != nil {
		return d.rt.value(v, of(d.T), free)
	}
	return Value{Value: v}
}

func same(t types.Type) types.Type    { return t }
func pointer(t types.Type) types.Type { return types.NewPointer(t) }

// New is reflect.New.
func New(t reflect.Type) Value {
	if t == nil {
		panic("reflect: New(nil)")
	}
	layout, _ := laidOut(t)
	return made(reflect.New(layout), t, pointer)
}

// NewAt is reflect.NewAt.
func NewAt(t reflect.Type, p unsafe.Pointer) Value {
	layout, _ := laidOut(t)
	return made(reflect.NewAt(layout, p), t, pointer)
}

// Zero is reflect.Zero.
func Zero(t reflect.Type) Value {
	if t == nil {
		panic("reflect: Zero(nil)")
	}
	layout, _ := laidOut(t)
	return made(reflect.Zero(layout), t, same)
}

// MakeSlice is reflect.MakeSlice.
func MakeSlice(t reflect.Type, n, c int) Value {
	layout, _ := laidOut(t)
	return made(reflect.MakeSlice(layout, n, c), t, same)
}

// MakeMap is reflect.MakeMap.
func MakeMap(t reflect.Type) Value { return MakeMapWithSize(t, 0) }

// MakeMapWithSize is reflect.MakeMapWithSize.
func MakeMapWithSize(t reflect.Type, n int) Value {
	layout, _ := laidOut(t)
	return made(reflect.MakeMapWithSize(layout, n), t, same)
}

// MakeChan is reflect.MakeChan.
func MakeChan(t reflect.Type, n int) Value {
	layout, _ := laidOut(t)
	return made(reflect.MakeChan(layout, n), t, same)
}

// SliceAt is reflect.SliceAt.
func SliceAt(t reflect.Type, p unsafe.Pointer, n int) Value {
	layout, _ := laidOut(t)
	return made(reflect.SliceAt(layout, p, n), t, func(t types.Type) types.Type { return types.NewSlice(t) })
}

// Indirect is reflect.Indirect.
func Indirect(v Value) Value {
	if v.Kind() != reflect.Pointer {
		return v
	}
	return v.Elem()
}

// Append is reflect.Append.
func Append(s Value, x ...Value) Value {
	all := make([]reflect.Value, len(x))
	for i, e := range x {
		all[i] = e.Value
		if s.Kind() == reflect.Slice && e.IsValid() {
			all[i] = e.assigned("reflect.Set", s.Type().Elem(), s.Value.Type().Elem())
		}
	}
	return s.part(reflect.Append(s.changing("Append"), all...), same)
}

// AppendSlice is reflect.AppendSlice.
func AppendSlice(s, t Value) Value {
	if s.Kind() == reflect.Slice && t.Kind() == reflect.Slice && s.Type().Elem() != t.Type().Elem() {
		panic(fmt.Sprintf("reflect.AppendSlice: %s != %s", s.Type(), t.Type()))
	}
	return s.part(reflect.AppendSlice(s.changing("AppendSlice"), t.changing("AppendSlice")), same)
}

// Copy is reflect.Copy.
func Copy(dst, src Value) int {
	if dst.t != nil && src.t != nil && dst.Type().Elem() != src.Type().Elem() {
		panic(fmt.Sprintf("reflect.Copy: %s != %s", dst.Type().Elem(), src.Type().Elem()))
	}
	return reflect.Copy(dst.changing("Copy"), src.changing("Copy"))
}

// Swapper is reflect.Swapper.
func (rt *Runtime) Swapper(slice any) func(i, j int) { return reflect.Swapper(rt.Raw(slice)) }

// composed is the type that of makes of t, which is laid out as layout.
func (rt *Runtime) composed(t reflect.Type, layout reflect.Type, of func(types.Type) types.Type) reflect.Type {
	if _, d := laidOut(t); d != nil {
		return rt.Intern(of(d.T)).reflected(layout)
	}
	return layout
}

// PointerTo is reflect.PointerTo.
func (rt *Runtime) PointerTo(t reflect.Type) reflect.Type {
	layout, _ := laidOut(t)
	return rt.composed(t, reflect.PointerTo(layout), pointer)
}

// SliceOf is reflect.SliceOf.
func (rt *Runtime) SliceOf(t reflect.Type) reflect.Type {
	layout, _ := laidOut(t)
	return rt.composed(t, reflect.SliceOf(layout), func(t types.Type) types.Type { return types.NewSlice(t) })
}

// ArrayOf is reflect.ArrayOf.
func (rt *Runtime) ArrayOf(n int, t reflect.Type) reflect.Type {
	layout, _ := laidOut(t)
	return rt.composed(t, reflect.ArrayOf(n, layout), func(t types.Type) types.Type { return types.NewArray(t, int64(n)) })
}

// ChanOf is reflect.ChanOf.
func (rt *Runtime) ChanOf(dir reflect.ChanDir, t reflect.Type) reflect.Type {
	layout, _ := laidOut(t)
	return rt.composed(t, reflect.ChanOf(dir, layout), func(t types.Type) types.Type {
		for d, r := range chanDir {
			if r == dir {
				return types.NewChan(d, t)
			}
		}
		return types.NewChan(types.SendRecv, t)
	})
}

// MapOf is reflect.MapOf.
func (rt *Runtime) MapOf(key, elem reflect.Type) reflect.Type {
	k, d := laidOut(key)
	e, f := laidOut(elem)
	layout := reflect.MapOf(k, e)
	if d == nil && f == nil {
		return layout
	}
	if !key.Comparable() {
		panic("reflect.MapOf: invalid key type " + key.String())
	}
	return rt.Intern(types.NewMap(rt.static(key), rt.static(elem))).reflected(layout)
}

// FuncOf is reflect.FuncOf.
func (rt *Runtime) FuncOf(in, out []reflect.Type, variadic bool) reflect.Type {
	native := true
	layouts := func(ts []reflect.Type) (all []reflect.Type) {
		for _, t := range ts {
			l, d := laidOut(t)
			native = native && d == nil
			all = append(all, l)
		}
		return all
	}
	layout := reflect.FuncOf(layouts(in), layouts(out), variadic)
	if native {
		return layout
	}
	tuple := func(ts []reflect.Type) *types.Tuple {
		var vars []*types.Var
		for _, t := range ts {
			vars = append(vars, types.NewParam(0, nil, "", rt.static(t)))
		}
		return types.NewTuple(vars...)
	}
	return rt.Intern(types.NewSignatureType(nil, nil, nil, tuple(in), tuple(out), variadic)).reflected(layout)
}

// StructOf is reflect.StructOf.
func (rt *Runtime) StructOf(fields []reflect.StructField) reflect.Type {
	native := true
	layouts := make([]reflect.StructField, len(fields))
	for i, f := range fields {
		layouts[i] = f
		l, d := laidOut(f.Type)
		layouts[i].Type = l
		native = native && d == nil
	}
	layout := reflect.StructOf(layouts)
	if native {
		return layout
	}
	var vars []*types.Var
	var tags []string
	for _, f := range fields {
		vars = append(vars, types.NewField(0, nil, f.Name, rt.static(f.Type), f.Anonymous))
		tags = append(tags, string(f.Tag))
	}
	return rt.Intern(types.NewStruct(vars, tags)).reflected(layout)
}

// static is t as go/types has it, in a type that is made of a cell's too.
func (rt *Runtime) static(t reflect.Type) types.Type {
	if s := rt.staticOf(t); s != nil {
		return s
	}
	panic(fmt.Sprintf("reflect: a type made of one of a cell and of %s cannot be had in a cell", t))
}

// staticOf is t as go/types has it, nil when that cannot be found.
func (rt *Runtime) staticOf(t reflect.Type) types.Type {
	if _, d := laidOut(t); d != nil {
		return d.T
	}
	if t == errorType {
		return types.Universe.Lookup("error").Type()
	}
	if t.PkgPath() != "" {
		if o := rt.Object(t.PkgPath(), t.Name()); o != nil {
			return o.Type()
		}
		return nil
	}
	for kind, b := range basics {
		if b == t {
			return types.Typ[kind]
		}
	}
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
		return types.NewInterfaceType(nil, nil)
	}
	return rt.staticComposed(t)
}

func (rt *Runtime) staticComposed(t reflect.Type) types.Type {
	var elem types.Type
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		if elem = rt.staticOf(t.Elem()); elem == nil {
			return nil
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(elem)
	case reflect.Slice:
		return types.NewSlice(elem)
	case reflect.Array:
		return types.NewArray(elem, int64(t.Len()))
	case reflect.Map:
		if key := rt.staticOf(t.Key()); key != nil {
			return types.NewMap(key, elem)
		}
	}
	return nil
}

// SelectCase is reflect.SelectCase.
type SelectCase struct {
	Dir  reflect.SelectDir
	Chan Value
	Send Value
}

// ReflectSelect is reflect.Select, which an interrupt ends.
func (rt *Runtime) ReflectSelect(cases []SelectCase) (chosen int, recv Value, ok bool) {
	all := make([]reflect.SelectCase, len(cases), len(cases)+1)
	block := true
	for i, c := range cases {
		all[i] = reflect.SelectCase{Dir: c.Dir, Chan: c.Chan.Value, Send: c.Send.Value}
		block = block && c.Dir != reflect.SelectDefault
		if c.Dir == reflect.SelectSend && c.Chan.IsValid() && c.Send.IsValid() {
			all[i].Send = c.Send.assigned("reflect.Select", c.Chan.Type().Elem(), c.Chan.Value.Type().Elem())
		}
	}
	if block {
		all = append(all, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(rt.Ending())})
	}
	chosen, v, ok := reflect.Select(all)
	if chosen == len(cases) {
		Ended()
	}
	if cases[chosen].Dir == reflect.SelectRecv {
		return chosen, cases[chosen].Chan.part(v, elemOf), ok
	}
	return chosen, Value{}, ok
}

// ReflectRecv is Value.Recv, which an interrupt ends.
func (rt *Runtime) ReflectRecv(v Value) (Value, bool) {
	if v.Kind() != reflect.Chan || v.Value.Type().ChanDir()&reflect.RecvDir == 0 {
		x, ok := v.Value.Recv()
		return Value{Value: x}, ok
	}
	_, x, ok := rt.ReflectSelect([]SelectCase{{Dir: reflect.SelectRecv, Chan: v}})
	return x, ok
}

// ReflectSeq is Value.Seq; waiting for a channel ends with an interrupt.
func (rt *Runtime) ReflectSeq(v Value) func(yield func(Value) bool) {
	if v.Kind() != reflect.Chan {
		return v.Seq()
	}
	return func(yield func(Value) bool) {
		for {
			x, ok := rt.ReflectRecv(v)
			if !ok || !yield(x) {
				return
			}
		}
	}
}

// ReflectSend is Value.Send, which an interrupt ends.
func (rt *Runtime) ReflectSend(v, x Value) {
	if v.Kind() != reflect.Chan || v.Value.Type().ChanDir()&reflect.SendDir == 0 {
		v.Value.Send(x.Value)
		return
	}
	rt.ReflectSelect([]SelectCase{{Dir: reflect.SelectSend, Chan: v, Send: x}})
}

// TryRecv receives if that does not block.
func (v Value) TryRecv() (Value, bool) {
	x, ok := v.Value.TryRecv()
	return v.part(x, elemOf), ok
}

// TrySend sends if that does not block.
func (v Value) TrySend(x Value) bool {
	return v.Value.TrySend(x.assigned("reflect.Value.TrySend", v.Type().Elem(), v.Value.Type().Elem()))
}
