package nb

import (
	"go/types"
	"iter"
	"reflect"
	"strings"
)

// cellReflectType is the reflect.Type of a type that no compiled type is
// identical to. There is one for every Type, so that == compares types; what
// package reflect knows of the layout holds for the type too.
type cellReflectType struct {
	reflect.Type // the layout
	t            *Type
}

// nativeType is the compiled type that is identical to d, nil when there is
// none. It is found out once: symbols do not change.
func (d *Type) nativeType() reflect.Type {
	t := d.native.Load()
	if t == nil {
		r := d.rt.ReflectType(d.T)
		t = &r
		d.native.Store(t)
	}
	return *t
}

// reflected is the reflect.Type of d, whose values are laid out as layout.
func (d *Type) reflected(layout reflect.Type) reflect.Type {
	if t := d.nativeType(); t != nil {
		return t
	}
	if t := d.reflect.Load(); t != nil {
		return t
	}
	if l := d.rt.layoutOf(d.T, nil); l != nil {
		layout = l
	}
	d.reflect.CompareAndSwap(nil, &cellReflectType{layout, d})
	return d.reflect.Load()
}

// laidOut is t's layout and, of a cell's type, what it is.
func laidOut(t reflect.Type) (reflect.Type, *Type) {
	if c, ok := t.(*cellReflectType); ok {
		return c.Type, c.t
	}
	return t, nil
}

// TypeOf is reflect.TypeOf.
func (rt *Runtime) TypeOf(x any) reflect.Type {
	if x == nil {
		return nil
	}
	return ValueOf(x).Type()
}

func (t *cellReflectType) part(p types.Type, layout reflect.Type) reflect.Type {
	return t.t.rt.Intern(p).reflected(layout)
}

// Name is the declared name, "" for types without.
func (t *cellReflectType) Name() string { return declaredName(t.t.T) }

func declaredName(t types.Type) string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return ""
	}
	name := TypeName(n)
	if p := n.Obj().Pkg(); p != nil {
		name = strings.TrimPrefix(name, p.Name()+".")
	}
	return name
}

// PkgPath is the path of the package that declares the type.
func (t *cellReflectType) PkgPath() string {
	if n, ok := types.Unalias(t.t.T).(*types.Named); ok && n.Obj().Pkg() != nil {
		return n.Obj().Pkg().Path()
	}
	return ""
}

// String is what %T prints.
func (t *cellReflectType) String() string { return t.t.Name }

// Kind is the kind of the type; a function type that contains itself is laid
// out as an interface.
func (t *cellReflectType) Kind() reflect.Kind {
	if t.signature() != nil {
		return reflect.Func
	}
	return t.Type.Kind()
}

// want panics in the words of package reflect when t is of another kind.
func (t *cellReflectType) want(ok bool, method, wrong string) reflect.Type {
	if !ok {
		panic("reflect: " + method + " of " + wrong + " type " + t.String())
	}
	return t.Type
}

func (t *cellReflectType) is(k reflect.Kind) bool { return t.Kind() == k }

// NumField and its like are of types of one kind only.
func (t *cellReflectType) NumField() int {
	return t.want(t.is(reflect.Struct), "NumField", "non-struct").NumField()
}
func (t *cellReflectType) NumIn() int {
	return t.want(t.is(reflect.Func), "NumIn", "non-func").NumIn()
}
func (t *cellReflectType) NumOut() int {
	return t.want(t.is(reflect.Func), "NumOut", "non-func").NumOut()
}
func (t *cellReflectType) IsVariadic() bool {
	return t.want(t.is(reflect.Func), "IsVariadic", "non-func").IsVariadic()
}
func (t *cellReflectType) Len() int {
	return t.want(t.is(reflect.Array), "Len", "non-array").Len()
}
func (t *cellReflectType) ChanDir() reflect.ChanDir {
	return t.want(t.is(reflect.Chan), "ChanDir", "non-chan").ChanDir()
}

func (t *cellReflectType) signature() *types.Signature {
	s, _ := t.t.T.Underlying().(*types.Signature)
	return s
}

// Elem is the element type.
func (t *cellReflectType) Elem() reflect.Type {
	layout := t.want(elemOf(t.t.T) != nil, "Elem", "invalid").Elem()
	return t.part(elemOf(t.t.T), layout)
}

// Key is the type of a map's keys.
func (t *cellReflectType) Key() reflect.Type {
	layout := t.want(t.is(reflect.Map), "Key", "non-map").Key()
	return t.part(keyOf(t.t.T), layout)
}

// In is the type of parameter i.
func (t *cellReflectType) In(i int) reflect.Type {
	layout := t.want(t.is(reflect.Func), "In", "non-func").In(i)
	return t.part(t.signature().Params().At(i).Type(), layout)
}

// Out is the type of result i.
func (t *cellReflectType) Out(i int) reflect.Type {
	layout := t.want(t.is(reflect.Func), "Out", "non-func").Out(i)
	return t.part(t.signature().Results().At(i).Type(), layout)
}

// Ins walks the parameters' types.
func (t *cellReflectType) Ins() iter.Seq[reflect.Type] { return walk(t.NumIn(), t.In) }

// Outs walks the results' types.
func (t *cellReflectType) Outs() iter.Seq[reflect.Type] { return walk(t.NumOut(), t.Out) }

// Fields walks the fields.
func (t *cellReflectType) Fields() iter.Seq[reflect.StructField] {
	return walk(t.NumField(), t.Field)
}

func walk[T any](n int, at func(int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range n {
			if !yield(at(i)) {
				return
			}
		}
	}
}

// Comparable tells whether values can be compared.
func (t *cellReflectType) Comparable() bool { return t.t.comparable }

// NumMethod counts the exported methods.
func (t *cellReflectType) NumMethod() int {
	if it, ok := t.t.T.Underlying().(*types.Interface); ok {
		return it.NumMethods()
	}
	return len(exported(t.t.T))
}

// Implements, AssignableTo and ConvertibleTo compare types.
func (t *cellReflectType) Implements(u reflect.Type) bool    { return Implements(t, u) }
func (t *cellReflectType) AssignableTo(u reflect.Type) bool  { return Assignable(t, u) }
func (t *cellReflectType) ConvertibleTo(u reflect.Type) bool { return Convertible(t, u) }

// Field is field i.
func (t *cellReflectType) Field(i int) reflect.StructField {
	f := t.want(t.is(reflect.Struct), "Field", "non-struct").Field(i)
	s := t.t.T.Underlying().(*types.Struct)
	f.Name, f.Tag, f.Anonymous, f.PkgPath = s.Field(i).Name(), reflect.StructTag(s.Tag(i)), s.Field(i).Embedded(), ""
	if !s.Field(i).Exported() {
		f.PkgPath = s.Field(i).Pkg().Path()
	}
	f.Type = t.part(s.Field(i).Type(), f.Type)
	return f
}

// FieldByIndex follows a path of fields.
func (t *cellReflectType) FieldByIndex(index []int) (f reflect.StructField) {
	var at reflect.Type = t
	for i, x := range index {
		if i > 0 && at.Kind() == reflect.Pointer && at.Elem().Kind() == reflect.Struct {
			at = at.Elem()
		}
		f = at.Field(x)
		at = f.Type
	}
	return f
}

// FieldByName finds a field, also of an embedded struct.
func (t *cellReflectType) FieldByName(name string) (reflect.StructField, bool) {
	return t.FieldByNameFunc(func(s string) bool { return s == name })
}

// FieldByNameFunc finds the one field at the least depth whose name match
// likes.
func (t *cellReflectType) FieldByNameFunc(match func(string) bool) (found reflect.StructField, ok bool) {
	depth, n := 0, 0
	for _, f := range reflect.VisibleFields(t) {
		if !match(f.Name) || n > 0 && len(f.Index) > depth {
			continue
		}
		if n == 0 || len(f.Index) < depth {
			found, depth, n = f, len(f.Index), 0
		}
		n++
	}
	if n != 1 {
		return reflect.StructField{}, false
	}
	return found, true
}

// Implements is t.Implements(u).
func Implements(t, u reflect.Type) bool {
	if u == nil {
		panic("reflect: nil type passed to Type.Implements")
	}
	if u.Kind() != reflect.Interface {
		panic("reflect: non-interface type passed to Type.Implements")
	}
	_, d := laidOut(t)
	layout, e := laidOut(u)
	switch {
	case d == nil && e == nil:
		return t.Implements(u)
	case e != nil && d != nil:
		return types.Implements(d.T, e.T.Underlying().(*types.Interface))
	case e != nil:
		return e.rt.missingMethod(t, e) == ""
	}
	for i := range layout.NumMethod() {
		m := layout.Method(i)
		o, _, _ := types.LookupFieldOrMethod(d.T, false, nil, m.Name)
		f, ok := o.(*types.Func)
		if !ok || m.PkgPath != "" || types.NewMethodSet(d.T).Lookup(nil, m.Name) == nil || d.rt.ReflectType(withoutReceiver(f)) != m.Type {
			return false
		}
	}
	return true
}

func withoutReceiver(f *types.Func) *types.Signature {
	s := f.Signature()
	return types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic())
}

// Assignable is t.AssignableTo(u).
func Assignable(t, u reflect.Type) bool {
	if u == nil {
		panic("reflect: nil type passed to Type.AssignableTo")
	}
	_, d := laidOut(t)
	_, e := laidOut(u)
	switch {
	case d == nil && e == nil:
		return t.AssignableTo(u)
	case d != nil && e != nil:
		return types.AssignableTo(d.T, e.T)
	case u.Kind() == reflect.Interface:
		return Implements(t, u)
	case e != nil: // a compiled type without a name can be what a cell's one is under its name
		return t.Name() == "" && e.rt.ReflectType(e.T.Underlying()) == t
	}
	return u.Name() == "" && d.rt.ReflectType(d.T.Underlying()) == u
}

// Convertible is t.ConvertibleTo(u).
func Convertible(t, u reflect.Type) bool {
	if u == nil {
		panic("reflect: nil type passed to Type.ConvertibleTo")
	}
	a, d := laidOut(t)
	b, e := laidOut(u)
	switch {
	case d == nil && e == nil:
		return t.ConvertibleTo(u)
	case d != nil && e != nil:
		return types.ConvertibleTo(d.T, e.T)
	case u.Kind() == reflect.Interface:
		return Implements(t, u)
	}
	if d == nil {
		d = e
	}
	if x, y := d.rt.staticOf(t), d.rt.staticOf(u); x != nil && y != nil {
		return types.ConvertibleTo(x, y)
	}
	return t.Kind() != reflect.Interface && a.ConvertibleTo(b)
}

// TypeMethod is t.Method(i).
func TypeMethod(t reflect.Type, i int) Method {
	c, ok := t.(*cellReflectType)
	if !ok {
		m := t.Method(i)
		return Method{m.Name, m.PkgPath, m.Type, Value{Value: m.Func}, m.Index}
	}
	if it, ok := c.t.T.Underlying().(*types.Interface); ok {
		return c.abstract(it.Method(i), i)
	}
	ms := exported(c.t.T)
	if i < 0 || i >= len(ms) {
		panic("reflect: Method index out of range")
	}
	return c.concrete(ms[i], i)
}

func (t *cellReflectType) abstract(f *types.Func, i int) Method {
	m := Method{Name: f.Name(), Index: i, Type: t.t.rt.funcReflect(withoutReceiver(f))}
	if !f.Exported() {
		m.PkgPath = f.Pkg().Path()
	}
	return m
}

// concrete is a method as a function that takes the receiver.
func (t *cellReflectType) concrete(s *types.Selection, i int) Method {
	sig := unbound(s)
	params := []*types.Var{types.NewParam(0, nil, "", t.t.T)}
	for p := range sig.Params().Variables() {
		params = append(params, p)
	}
	ft := t.t.rt.funcReflect(types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), sig.Results(), sig.Variadic()))
	m := Method{Name: s.Obj().Name(), Index: i, Type: ft}
	m.Func = MakeFunc(ft, func(in []Value) []Value {
		f := in[0].method(s)
		if sig.Variadic() {
			return f.CallSlice(in[1:])
		}
		return f.Call(in[1:])
	})
	return m
}

// funcReflect is the reflect.Type of a function.
func (rt *Runtime) funcReflect(s *types.Signature) reflect.Type {
	return rt.Intern(s).reflected(rt.layoutOf(s, nil))
}

// TypeMethodByName is t.MethodByName(name).
func TypeMethodByName(t reflect.Type, name string) (Method, bool) {
	for i := range t.NumMethod() {
		if m := TypeMethod(t, i); m.Name == name && m.PkgPath == "" {
			return m, true
		}
	}
	return Method{}, false
}

// TypeMethods is t.Methods().
func TypeMethods(t reflect.Type) func(yield func(Method) bool) {
	return walk(t.NumMethod(), func(i int) Method { return TypeMethod(t, i) })
}
