package nb

import (
	"fmt"
	"go/types"
	"reflect"
)

// Value is what cells know as reflect.Value: a value as the interpreter lays
// it out, and its static type. Reflection alone sees layouts, which have
// neither names nor methods, so that package reflect as cells see it (Reflect)
// is made of Value and of cellReflectType; every part of a Value is one again.
type Value struct {
	reflect.Value
	t  *Type // the static type, nil where the layout's own is that
	ro access
}

// access says how a value was reached: as package reflect has it, a field
// that is not exported can be read, but neither set nor taken out; of one that
// is embedded the exported fields can.
type access uint8

const (
	free access = iota
	embeds
	readonly
)

// value is v with static type t.
func (rt *Runtime) value(v reflect.Value, t types.Type, ro access) Value {
	d := rt.Intern(t)
	if d.nativeType() != nil {
		return Value{v, nil, ro}
	}
	return Value{rt.relaid(v, t), d, ro}
}

// part is a part p of v, whose static type is t when v has one.
func (v Value) part(p reflect.Value, t func(types.Type) types.Type) Value {
	ro := v.ro
	if ro != free {
		ro = readonly
	}
	if v.t == nil || !p.IsValid() {
		return Value{p, nil, ro}
	}
	return v.t.rt.value(p, t(v.t.T), ro)
}

// relaid is v as type t is laid out: where a type contains itself, the
// interpreter leaves placeholders of the same size.
func (rt *Runtime) relaid(v reflect.Value, t types.Type) reflect.Value {
	if _, ok := t.Underlying().(*types.Signature); ok && v.Kind() == reflect.Interface {
		return v.Elem() // of a function type that contains itself
	}
	want := rt.layoutOf(t, nil)
	if want == nil || v.Type() == want || want.Kind() == reflect.Interface || v.Kind() == reflect.Interface || want.Size() != v.Type().Size() {
		return v
	}
	if v.CanAddr() {
		return reflect.NewAt(want, v.Addr().UnsafePointer()).Elem()
	}
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return reflect.ValueOf(reflect.NewAt(want, c.UnsafePointer()).Elem().Interface())
}

// layoutOf is how the interpreter lays t out, nil when that is not known.
func (rt *Runtime) layoutOf(t types.Type, within map[types.Type]bool) reflect.Type {
	if r := rt.ReflectType(t); r != nil {
		return r
	}
	of := func(t types.Type) reflect.Type { return rt.layoutOf(t, within) }
	switch u := types.Unalias(t).(type) {
	case *types.Named:
		if within[u] {
			return nil
		}
		switch u.Underlying().(type) {
		case *types.Struct:
			return rt.layoutOfStruct(u)
		case *types.Interface:
			return reflect.TypeFor[any]()
		}
		in := map[types.Type]bool{u: true}
		for k := range within {
			in[k] = true
		}
		return rt.layoutOf(u.Underlying(), in)
	case *types.Interface:
		return reflect.TypeFor[any]()
	case *types.Pointer:
		if e := of(u.Elem()); e != nil {
			return reflect.PointerTo(e)
		}
	case *types.Slice:
		if e := of(u.Elem()); e != nil {
			return reflect.SliceOf(e)
		}
	case *types.Array:
		if e := of(u.Elem()); e != nil {
			return reflect.ArrayOf(int(u.Len()), e)
		}
	case *types.Chan:
		if e := of(u.Elem()); e != nil {
			return reflect.ChanOf(chanDir[u.Dir()], e)
		}
	case *types.Map:
		if k, e := of(u.Key()), of(u.Elem()); k != nil && e != nil {
			return reflect.MapOf(k, e)
		}
	case *types.Signature:
		in, out := layouts(u.Params(), of), layouts(u.Results(), of)
		if len(in) == u.Params().Len() && len(out) == u.Results().Len() {
			return reflect.FuncOf(in, out, u.Variadic())
		}
	case *types.Struct:
		return layoutOfFields(u, of)
	}
	return nil
}

// layouts are those of a tuple's types, fewer when one is not known.
func layouts(tu *types.Tuple, of func(types.Type) reflect.Type) (all []reflect.Type) {
	for v := range tu.Variables() {
		if l := of(v.Type()); l != nil {
			all = append(all, l)
		}
	}
	return all
}

// layoutOfFields is how the interpreter lays out a struct type without a name:
// it exports every field, and lowering keeps those out of JSON.
func layoutOfFields(s *types.Struct, of func(types.Type) reflect.Type) reflect.Type {
	var fs []reflect.StructField
	for i := range s.NumFields() {
		f := s.Field(i)
		l := of(f.Type())
		if l == nil {
			return nil
		}
		to := reflect.StructField{Name: f.Name(), Type: l, Tag: reflect.StructTag(s.Tag(i))}
		switch {
		case f.Name() == "_":
			to.Name, to.Tag = fmt.Sprintf("X_%d", i), `json:"-"`
		case !f.Exported():
			to.Name, to.Tag = "X"+f.Name(), `json:"-"`
		}
		fs = append(fs, to)
	}
	return reflect.StructOf(fs)
}

func (rt *Runtime) layoutOfStruct(t types.Type) reflect.Type {
	if d := rt.lookup(t); d != nil {
		d.mu.RLock()
		defer d.mu.RUnlock()
		return d.rep
	}
	return nil
}

// ValueOf is reflect.ValueOf.
func ValueOf(x any) Value {
	if c, ok := unwrap(x); ok {
		return Value{reflect.ValueOf(c.V), c.T, free}
	}
	return Value{Value: reflect.ValueOf(x)}
}

// Interface is what v holds, as it stands in an interface.
func (v Value) Interface() any {
	v.sure("Interface")
	if v.ro != free {
		panic("reflect.Value.Interface: cannot return value obtained from unexported field or method")
	}
	return v.open()
}

// open is Interface, whatever may be taken out.
func (v Value) open() any {
	switch {
	case !v.IsValid() || !v.CanInterface() && v.ro == free:
		return v.Value.Interface() // which says what is wrong
	case v.Kind() == reflect.Interface:
		return Plain(v.Value.Interface())
	case v.t != nil:
		return v.t.box(v.Value.Interface())
	}
	return v.Value.Interface()
}

// CanInterface tells whether Interface can be called.
func (v Value) CanInterface() bool {
	return v.Value.CanInterface() && (!v.IsValid() || v.ro == free)
}

// sure is v for a method that the zero Value does not have. That the
// interpreter itself has come to a zero Value is another panic.
func (v Value) sure(method string) reflect.Value {
	if !v.IsValid() {
		panic(&Panicked{V: &reflect.ValueError{Method: "reflect.Value." + method, Kind: reflect.Invalid}})
	}
	return v.Value
}

// Bool and its like are what values of their kind hold.
func (v Value) Bool() bool          { return v.sure("Bool").Bool() }
func (v Value) Int() int64          { return v.sure("Int").Int() }
func (v Value) Uint() uint64        { return v.sure("Uint").Uint() }
func (v Value) Float() float64      { return v.sure("Float").Float() }
func (v Value) Complex() complex128 { return v.sure("Complex").Complex() }
func (v Value) Bytes() []byte       { return v.sure("Bytes").Bytes() }
func (v Value) Len() int            { return v.sure("Len").Len() }
func (v Value) Cap() int            { return v.sure("Cap").Cap() }
func (v Value) NumField() int       { return v.sure("NumField").NumField() }
func (v Value) IsNil() bool         { return v.sure("IsNil").IsNil() }
func (v Value) IsZero() bool        { return v.sure("IsZero").IsZero() }
func (v Value) Pointer() uintptr    { return v.sure("Pointer").Pointer() }

// Type is the static type.
func (v Value) Type() reflect.Type {
	v.sure("Type")
	if v.t == nil {
		return v.Value.Type()
	}
	return v.t.reflected(v.Value.Type())
}

// String is the string of kind String; others are named by their types.
func (v Value) String() string {
	if v.t == nil || v.Kind() == reflect.String {
		return v.Value.String()
	}
	return "<" + v.t.Name + " Value>"
}

// Elem is what an interface or a pointer holds.
func (v Value) Elem() Value {
	if v.Kind() == reflect.Interface && v.Value.CanInterface() {
		if v.IsNil() {
			return Value{}
		}
		e := ValueOf(v.Value.Interface())
		if v.ro != free {
			e.ro = readonly
		}
		return e
	}
	return v.part(v.sure("Elem").Elem(), elemOf)
}

// Addr is a pointer to v.
func (v Value) Addr() Value {
	ro := v.ro
	p := v.part(v.Value.Addr(), func(t types.Type) types.Type { return types.NewPointer(t) })
	p.ro = ro
	return p
}

// CanAddr tells whether Addr can be called.
func (v Value) CanAddr() bool { return v.Value.CanAddr() }

// CanSet tells whether v can be changed.
func (v Value) CanSet() bool { return v.Value.CanSet() && v.ro == free }

// Index is element i of an array, a slice or a string.
func (v Value) Index(i int) Value {
	if v.t == nil || v.Kind() == reflect.String {
		return v.part(v.sure("Index").Index(i), func(types.Type) types.Type { return types.Typ[types.Uint8] })
	}
	return v.part(v.Value.Index(i), elemOf)
}

// Slice is v[i:j].
func (v Value) Slice(i, j int) Value { return v.part(v.Value.Slice(i, j), slicedType) }

// Slice3 is v[i:j:k].
func (v Value) Slice3(i, j, k int) Value { return v.part(v.Value.Slice3(i, j, k), slicedType) }

func slicedType(t types.Type) types.Type {
	if a, ok := t.Underlying().(*types.Array); ok {
		return types.NewSlice(a.Elem())
	}
	return t
}

// Field is field i of a struct.
func (v Value) Field(i int) Value {
	if v.t == nil || v.Kind() != reflect.Struct {
		return Value{v.sure("Field").Field(i), nil, v.ro & readonly}
	}
	f := v.t.T.Underlying().(*types.Struct)
	p := v.Value.Field(i)
	ro := v.ro & readonly
	if s := f.Field(i); !s.Exported() {
		ro = readonly
		if s.Embedded() && v.ro&readonly == 0 {
			ro = embeds
		}
	}
	return v.t.rt.value(p, f.Field(i).Type(), ro)
}

// FieldByIndex follows a path of fields.
func (v Value) FieldByIndex(index []int) Value {
	f, err := v.FieldByIndexErr(index)
	if err != nil {
		panic(err.Error())
	}
	return f
}

// FieldByIndexErr is FieldByIndex with an error where an embedded pointer is
// nil.
func (v Value) FieldByIndexErr(index []int) (Value, error) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return Value{}, plainText("reflect: indirection through nil pointer to embedded struct field " + v.Type().Elem().Name())
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}

type plainText string

func (p plainText) Error() string { return string(p) }

// FieldByName is the field of a name, the zero Value when there is none.
func (v Value) FieldByName(name string) Value {
	return v.found(v.structType("FieldByName").FieldByName(name))
}

// FieldByNameFunc is the field whose name match likes.
func (v Value) FieldByNameFunc(match func(string) bool) Value {
	return v.found(v.structType("FieldByNameFunc").FieldByNameFunc(match))
}

func (v Value) structType(method string) reflect.Type {
	if v.Kind() != reflect.Struct {
		panic(&Panicked{V: &reflect.ValueError{Method: "reflect.Value." + method, Kind: v.Kind()}})
	}
	return v.Type()
}

func (v Value) found(f reflect.StructField, ok bool) Value {
	if !ok {
		return Value{}
	}
	return v.FieldByIndex(f.Index)
}

// Fields walks a struct's fields.
func (v Value) Fields() func(yield func(reflect.StructField, Value) bool) {
	t := v.structType("Fields")
	return func(yield func(reflect.StructField, Value) bool) {
		for i := range v.NumField() {
			if !yield(t.Field(i), v.Field(i)) {
				return
			}
		}
	}
}

// Comparable tells whether v can be compared.
func (v Value) Comparable() bool {
	if v.Kind() == reflect.Interface {
		return v.Elem().Comparable()
	}
	return v.Value.Comparable() && (v.t == nil || types.Comparable(v.t.T))
}

// Equal is ==.
func (v Value) Equal(u Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if u.Kind() == reflect.Interface {
		u = u.Elem()
	}
	if !v.IsValid() || !u.IsValid() {
		return v.IsValid() == u.IsValid()
	}
	if v.Kind() != u.Kind() || v.Type() != u.Type() {
		return false
	}
	if v.t == nil {
		return v.Value.Equal(u.Value)
	}
	if !types.Comparable(v.t.T) {
		panic("reflect.Value.Equal: values of type " + v.t.Name + " are not comparable")
	}
	return eqValue(v.Value, u.Value)
}

// Convert is v as type t.
func (v Value) Convert(t reflect.Type) Value {
	if !v.CanConvert(t) {
		panic("reflect.Value.Convert: value of type " + v.Type().String() + " cannot be converted to type " + t.String())
	}
	layout, d := laidOut(t)
	ro := v.ro
	if layout.Kind() == reflect.Interface {
		x := v.assigned("reflect.Value.Convert", t, layout)
		return Value{x.Convert(layout), d, ro}
	}
	return Value{v.Value.Convert(layout), d, ro}
}

// CanConvert tells whether Convert can be called.
func (v Value) CanConvert(t reflect.Type) bool {
	layout, _ := laidOut(t)
	if !Convertible(v.Type(), t) {
		return false
	}
	return layout.Kind() == reflect.Interface || v.Value.CanConvert(layout)
}
