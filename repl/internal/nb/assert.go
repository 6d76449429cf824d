package nb

import (
	"fmt"
	"go/types"
	"reflect"
	"runtime"
)

type implKey struct {
	t     reflect.Type
	iface *Type
}

// TypeError is a failed type assertion, in Go's words.
type TypeError struct{ text string }

func (e *TypeError) Error() string { return e.text }

// RuntimeError marks TypeError as a runtime.Error.
func (e *TypeError) RuntimeError() {}

var _ runtime.Error = (*TypeError)(nil)

// V2 is x.(T) with ok: the value as the interpreter lays it out, or nil when
// x holds another type.
func (rt *Runtime) V2(x any, id int) any {
	d := rt.typ(id)
	if c, ok := unwrap(x); ok {
		if c.T == d {
			return c.V
		}
		return nil
	}
	if x != nil && rt.sameNative(x, d) {
		return x
	}
	return nil
}

// Switch is a type switch: the types of its cases in order, the clause of
// each, and the clause without a type, or -1.
type Switch struct {
	IDs, Clauses []int
	Default      int
}

// NilCase stands for nil among a switch's types.
const NilCase = -1

// Switch makes a type switch known and returns its number.
func (rt *Runtime) Switch(s Switch) int {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.switches = append(rt.switches, s)
	return len(rt.switches) - 1
}

// Case finds the clause of a type switch for x, and what x holds, as the
// interpreter lays it out.
func (rt *Runtime) Case(x any, number int) (clause int, v any) {
	rt.mu.RLock()
	s := rt.switches[number]
	rt.mu.RUnlock()
	c, box := unwrap(x)
	v = x
	if box {
		v = c.V
	}
	for i, id := range s.IDs {
		switch {
		case id == NilCase:
			if x == nil {
				return s.Clauses[i], nil
			}
		case x != nil && rt.holds(x, c, rt.typ(id)):
			return s.Clauses[i], v
		}
	}
	return s.Default, v
}

// holds tells whether x, in box c if it is in one, is of type d or implements
// it.
func (rt *Runtime) holds(x any, c *core, d *Type) bool {
	switch {
	case d.iface:
		return rt.implements(x, d)
	case c != nil:
		return c.T == d
	}
	return rt.sameNative(x, d)
}

// sameNative tells whether a value without a box is of type d.
func (rt *Runtime) sameNative(x any, d *Type) bool {
	t := d.nativeType()
	return t != nil && reflect.TypeOf(x) == t
}

// Must is x.(T) without ok.
func (rt *Runtime) Must(x any, id, from int) any {
	d := rt.typ(id)
	if c, ok := unwrap(x); ok && c.T == d {
		return c.V
	}
	if x != nil && rt.sameNative(x, d) {
		return x
	}
	panic(&TypeError{rt.assertText(x, d, rt.typ(from))})
}

func (rt *Runtime) assertText(x any, d, from *Type) string {
	iface := from.Name
	if _, named := types.Unalias(from.T).(*types.Named); !named && iface == "interface {}" {
		iface = "interface {}"
	}
	if x == nil {
		return fmt.Sprintf("interface conversion: %s is nil, not %s", iface, d.Name)
	}
	return fmt.Sprintf("interface conversion: %s is %s, not %s", iface, rt.NameOf(x), d.Name)
}

// Impl2 is x.(I) with ok, for an interface that lowering keeps as
// interface{}: x itself or nil.
func (rt *Runtime) Impl2(x any, id int) any {
	if x != nil && rt.implements(x, rt.typ(id)) {
		return Plain(x)
	}
	return nil
}

// MustImpl is x.(I) without ok, for such an interface.
func (rt *Runtime) MustImpl(x any, id, from int) any {
	d := rt.typ(id)
	if x != nil && rt.implements(x, d) {
		return Plain(x)
	}
	panic(&TypeError{rt.implText(x, d)})
}

func (rt *Runtime) implText(x any, d *Type) string {
	if x == nil {
		return fmt.Sprintf("interface conversion: interface is nil, not %s", d.Name)
	}
	missing := ""
	if c, ok := unwrap(x); ok {
		if m, _ := types.MissingMethod(c.T.T, d.T.Underlying().(*types.Interface), true); m != nil {
			missing = ": missing method " + m.Name()
		}
	} else if m := rt.missingMethod(reflect.TypeOf(x), d); m != "" {
		missing = ": missing method " + m
	}
	return fmt.Sprintf("interface conversion: %s is not %s%s", rt.NameOf(x), d.Name, missing)
}

func (rt *Runtime) implements(x any, d *Type) bool {
	it, ok := d.T.Underlying().(*types.Interface)
	if !ok {
		return false
	}
	if it.NumMethods() == 0 {
		return true
	}
	if c, ok := unwrap(x); ok {
		c.T.mu.Lock()
		defer c.T.mu.Unlock()
		yes, known := c.T.impl[d]
		if !known {
			yes = types.Implements(c.T.T, it)
			c.T.impl[d] = yes
		}
		return yes
	}
	k := implKey{reflect.TypeOf(x), d}
	rt.mu.RLock()
	yes, known := rt.impls[k]
	rt.mu.RUnlock()
	if !known {
		yes = rt.missingMethod(reflect.TypeOf(x), d) == ""
		rt.mu.Lock()
		rt.impls[k] = yes
		rt.mu.Unlock()
	}
	return yes
}

// missingMethod names the first method of interface d that the compiled type t
// lacks, or "".
func (rt *Runtime) missingMethod(t reflect.Type, d *Type) string {
	it := d.T.Underlying().(*types.Interface)
	for i := range it.NumMethods() {
		m := it.Method(i)
		f, ok := t.MethodByName(m.Name())
		if !m.Exported() || !ok || !sameMethod(f.Type, rt.ReflectType(m.Type()), t.Kind() != reflect.Interface) {
			return m.Name()
		}
	}
	return ""
}

// sameMethod tells whether a method's type, behind the receiver if it takes
// one, is want.
func sameMethod(f, want reflect.Type, receiver bool) bool {
	skip := 0
	if receiver {
		skip = 1
	}
	if want == nil || f.NumIn()-skip != want.NumIn() || f.NumOut() != want.NumOut() || f.IsVariadic() != want.IsVariadic() {
		return false
	}
	for i := range want.NumIn() {
		if f.In(i+skip) != want.In(i) {
			return false
		}
	}
	for i := range want.NumOut() {
		if f.Out(i) != want.Out(i) {
			return false
		}
	}
	return true
}

// M is the method value x.name for a value in an interface.
func (rt *Runtime) M(x any, name string) any {
	if x == nil {
		panic(nilDeref())
	}
	if c, ok := unwrap(x); ok {
		if b := c.T.binder(name); b != nil {
			return b(c.V)
		}
		panic(fmt.Sprintf("method %s of %s is not known to the interpreter; run the cell that declares it again", name, c.T.Name))
	}
	f := reflect.ValueOf(x).MethodByName(name)
	if !f.IsValid() {
		panic(fmt.Sprintf("method %s of %T cannot be called", name, x))
	}
	return f.Interface()
}

// To converts x to the compiled interface id, whose adapter it fills with
// the methods of the boxed value; nil stays nil.
func (rt *Runtime) To(x any, id int) any {
	if x == nil {
		return nil
	}
	c, ok := unwrap(x)
	if !ok {
		return x
	}
	return rt.adapt(*c, x, rt.typ(id))
}

// Impl converts v, of cell type id, to the compiled interface iface.
func (rt *Runtime) Impl(id int, v any, iface int) any {
	d := rt.typ(id)
	b := d.box(v)
	return rt.adapt(core{d, v}, b, rt.typ(iface))
}

// As2 is x.(I) with ok for a compiled interface: a value that implements it,
// or nil.
func (rt *Runtime) As2(x any, id int) any {
	if x == nil {
		return nil
	}
	d := rt.typ(id)
	c, ok := unwrap(x)
	if !ok {
		if t := rt.ReflectType(d.T); t != nil && reflect.TypeOf(x).Implements(t) {
			return x
		}
		return nil
	}
	if !rt.implements(x, d) {
		return nil
	}
	return rt.adapt(*c, Plain(x), d)
}

// MustAs is x.(I) without ok for a compiled interface.
func (rt *Runtime) MustAs(x any, id int) any {
	if v := rt.As2(x, id); v != nil {
		return v
	}
	panic(&TypeError{rt.implText(x, rt.typ(id))})
}

var errorType = reflect.TypeFor[error]()

func (rt *Runtime) adapt(c core, box any, d *Type) any {
	t := rt.ReflectType(d.T)
	if t != nil && reflect.TypeOf(box).Implements(t) && (t == errorType || t == stringerType) {
		return box
	}
	w, ok := rt.adapter(d.T)
	if !ok {
		panic(fmt.Sprintf("a %s cannot be used as %s: the interpreter has no adapter for this interface", c.T.Name, d.Name))
	}
	v := reflect.New(w).Elem()
	v.Field(0).Set(reflect.ValueOf(&box).Elem())
	it := d.T.Underlying().(*types.Interface)
	for i := range it.NumMethods() {
		name := it.Method(i).Name()
		f := v.FieldByName("W" + name)
		b := c.T.binder(name)
		if !f.IsValid() || b == nil {
			panic(fmt.Sprintf("a %s cannot be used as %s: method %s is not known to the interpreter", c.T.Name, d.Name, name))
		}
		fn := reflect.ValueOf(b(c.V))
		if fn.Type() != f.Type() {
			fn = fn.Convert(f.Type())
		}
		f.Set(fn)
	}
	return v.Interface()
}

var stringerType = reflect.TypeFor[fmt.Stringer]()

func (rt *Runtime) adapter(t types.Type) (reflect.Type, bool) {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return nil, false
	}
	v, ok := rt.Symbols(n.Obj().Pkg().Path(), "_"+n.Obj().Name())
	if !ok {
		return nil, false
	}
	return v.Type().Elem(), true
}
