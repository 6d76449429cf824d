package nb

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"unsafe"
)

// core is a value with its static type. T's identity is the type's; V is the
// value as the interpreter lays it out.
type core struct {
	T *Type
	V any
}

// Box is a value of a cell's type inside an interface. Go's own == and map
// hashing on interfaces compare T and V, which is what the language asks for.
type Box struct{ core }

// SBox is a Box whose type has String() string.
type SBox struct{ core }

// EBox is a Box whose type is an error.
type EBox struct{ core }

// The U boxes hold types that cannot be compared: the function array makes ==
// on them panic, as on the value itself, and errors.Is skip them.
type (
	UBox struct {
		core
		_ [0]func()
	}
	USBox struct {
		core
		_ [0]func()
	}
	UEBox struct {
		core
		_ [0]func()
	}
)

// opened is what the box x holds, nil when x is no box. All boxes begin with
// their core, and lie in memory that nobody writes to: the core is not copied.
func opened(x any) *core {
	switch x.(type) {
	case Box, SBox, EBox, UBox, USBox, UEBox, LBox, LSBox, LEBox, LUBox, LUSBox, LUEBox:
		return (*core)((*[2]unsafe.Pointer)(unsafe.Pointer(&x))[1])
	}
	return nil
}

// Format prints the value as fmt prints a value of its static type.
func (c core) Format(s fmt.State, verb rune) { c.T.rt.format(s, verb, c) }

// MarshalJSON encodes the value as encoding/json encodes its static type.
func (c core) MarshalJSON() ([]byte, error) { return c.T.rt.marshal(c) }

// String calls the type's String method.
func (b SBox) String() string  { return b.T.callString(b.V, "String") }
func (b USBox) String() string { return b.T.callString(b.V, "String") }

// Error calls the type's Error method.
func (b EBox) Error() string  { return b.T.callString(b.V, "Error") }
func (b UEBox) Error() string { return b.T.callString(b.V, "Error") }

// Unwrap calls the type's Unwrap() error, when it has one.
func (b EBox) Unwrap() error  { return b.core.unwrap() }
func (b UEBox) Unwrap() error { return b.core.unwrap() }

// Is calls the type's Is(error) bool, when it has one.
func (b EBox) Is(target error) bool  { return b.core.is(target) }
func (b UEBox) Is(target error) bool { return b.core.is(target) }

// As calls the type's As(any) bool, when it has one.
func (b EBox) As(target any) bool  { return b.core.as(target) }
func (b UEBox) As(target any) bool { return b.core.as(target) }

func (c core) unwrap() error {
	if m := c.T.binder("Unwrap"); m != nil {
		switch f := m(c.V).(type) {
		case func() error:
			return f()
		case func() []error:
			return errors.Join(f()...)
		}
	}
	return nil
}

func (c core) is(target error) bool {
	if m := c.T.binder("Is"); m != nil {
		if f, ok := m(c.V).(func(error) bool); ok {
			return f(target)
		}
	}
	return false
}

func (c core) as(target any) bool {
	if m := c.T.binder("As"); m != nil {
		if f, ok := m(c.V).(func(any) bool); ok {
			return f(target)
		}
	}
	return false
}

func (d *Type) callString(v any, method string) string {
	m := d.binder(method)
	if m == nil {
		return fmt.Sprintf("%%!v(%s has no method %s here)", d.Name, method)
	}
	if f, ok := m(v).(func() string); ok {
		return f()
	}
	return ""
}

// Box boxes v as type id.
func (rt *Runtime) Box(id int, v any) any { return rt.typ(id).box(v) }

// Err boxes v, whose type id implements error.
func (rt *Runtime) Err(id int, v any) error { return rt.typ(id).box(v).(error) }

func (d *Type) box(v any) any {
	c := core{d, v}
	d.mu.RLock()
	tr := d.traits
	d.mu.RUnlock()
	if tr.log {
		return logged(d.boxOf(c, tr))
	}
	return d.boxOf(c, tr)
}

func (d *Type) boxOf(c core, tr traits) any {
	switch {
	case tr.err && d.comparable:
		return EBox{c}
	case tr.err:
		return UEBox{core: c}
	case tr.str && d.comparable:
		return SBox{c}
	case tr.str:
		return USBox{core: c}
	case d.comparable:
		return Box{c}
	}
	return UBox{core: c}
}

// Typed is v, laid out as type t, as it would stand in an interface.
func (rt *Runtime) Typed(t types.Type, v any) any {
	if types.IsInterface(t) || !rt.HasCellType(t) {
		return v
	}
	return rt.Intern(t).box(v)
}

// unwrap finds the box in x, also behind an adapter to a compiled interface.
func unwrap(x any) (*core, bool) {
	c := opened(x)
	if c == nil {
		c = opened(Plain(x))
	}
	return c, c != nil
}

// Plain takes the cell's value out of an adapter to a compiled interface
// (struct { IValue interface{}; W… }); other values are returned as they are.
func Plain(x any) any {
	if x == nil {
		return nil
	}
	if opened(x) != nil {
		return x
	}
	v := reflect.ValueOf(x)
	if v.Kind() == reflect.Pointer && !v.IsNil() && isAdapter(v.Type().Elem()) {
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct && isAdapter(v.Type()) {
		return v.Field(0).Interface()
	}
	return x
}

func isAdapter(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() > 0 && t.Field(0).Name == "IValue" &&
		len(t.Name()) > 1 && t.Name()[0] == '_'
}

// Any is the conversion of a compiled interface's value to interface{}.
func (rt *Runtime) Any(x any) any { return Plain(x) }

var _ json.Marshaler = Box{}
