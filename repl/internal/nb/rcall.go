package nb

import (
	"fmt"
	"go/types"
	"reflect"
	"sort"
)

// Method is reflect.Method.
type Method struct {
	Name    string
	PkgPath string
	Type    reflect.Type
	Func    Value
	Index   int
}

// IsExported tells whether the method is exported.
func (m Method) IsExported() bool { return m.PkgPath == "" }

// exported are a type's exported methods, as reflection orders them.
func exported(t types.Type) []*types.Selection {
	var out []*types.Selection
	ms := types.NewMethodSet(t)
	for i := range ms.Len() {
		if ms.At(i).Obj().Exported() {
			out = append(out, ms.At(i))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Obj().Name() < out[j].Obj().Name() })
	return out
}

// NumMethod counts the exported methods.
func (v Value) NumMethod() int {
	if v.t == nil {
		return v.Value.NumMethod()
	}
	return len(exported(v.t.T))
}

// Method is method i, bound to v.
func (v Value) Method(i int) Value {
	if v.t == nil {
		return Value{v.Value.Method(i), nil, v.ro}
	}
	ms := exported(v.t.T)
	if i < 0 || i >= len(ms) {
		panic("reflect: Method index out of range")
	}
	return v.method(ms[i])
}

func (v Value) method(m *types.Selection) Value {
	rt, name := v.t.rt, m.Obj().Name()
	if v.Kind() == reflect.Interface && v.IsNil() {
		panic("reflect: Method on nil interface value")
	}
	f := reflect.ValueOf(rt.M(v.open(), name))
	return Value{f, rt.Intern(unbound(m)), v.ro}
}

// unbound is a method's type without the receiver.
func unbound(m *types.Selection) *types.Signature {
	s := m.Type().(*types.Signature)
	return types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic())
}

// MethodByName is the method of a name, bound to v, the zero Value when there
// is none.
func (v Value) MethodByName(name string) Value {
	if v.t == nil {
		return Value{v.Value.MethodByName(name), nil, v.ro}
	}
	for _, m := range exported(v.t.T) {
		if m.Obj().Name() == name {
			return v.method(m)
		}
	}
	return Value{}
}

// Methods walks the methods.
func (v Value) Methods() func(yield func(Method, Value) bool) {
	return func(yield func(Method, Value) bool) {
		t := v.Type()
		for i := range v.NumMethod() {
			if !yield(TypeMethod(t, i), v.Method(i)) {
				return
			}
		}
	}
}

// Call calls a function.
func (v Value) Call(in []Value) []Value { return v.call("Call", in) }

// CallSlice calls a variadic function with its last arguments in a slice.
func (v Value) CallSlice(in []Value) []Value { return v.call("CallSlice", in) }

func (v Value) call(op string, in []Value) []Value {
	args := make([]reflect.Value, len(in))
	for i, a := range in {
		if v.ro != free || a.ro != free {
			panic("reflect: reflect.Value." + op + " using value obtained using unexported field")
		}
		args[i] = a.Value
	}
	if v.Kind() == reflect.Func && !v.IsNil() {
		v.arguments(op, in, args)
	}
	var out []reflect.Value
	if op == "Call" {
		out = v.Value.Call(args)
	} else {
		out = v.Value.CallSlice(args)
	}
	return v.results(out)
}

// arguments lays the arguments out as the parameters are.
func (v Value) arguments(op string, in []Value, args []reflect.Value) {
	t, layout := v.Type(), v.Value.Type()
	n := t.NumIn()
	spread := t.IsVariadic() && op == "Call"
	for i, a := range in {
		if !a.IsValid() || i >= n && !spread {
			return // of which Call says what is wrong
		}
		p := min(i, n-1)
		to, lt := t.In(p), layout.In(p)
		rest := spread && i >= n-1
		if rest {
			to, lt = to.Elem(), lt.Elem()
		}
		if !Assignable(a.Type(), to) {
			if rest {
				panic(fmt.Sprintf("reflect: cannot use %s as type %s in %s", a.Type(), to, op))
			}
			panic(fmt.Sprintf("reflect: %s using %s as type %s", op, a.Type(), to))
		}
		args[i] = a.fit(to, lt)
	}
}

func (v Value) results(out []reflect.Value) []Value {
	all := make([]Value, len(out))
	for i, r := range out {
		all[i] = v.part(r, func(t types.Type) types.Type { return t.Underlying().(*types.Signature).Results().At(i).Type() })
	}
	return all
}

// MakeFunc is reflect.MakeFunc.
func MakeFunc(t reflect.Type, fn func([]Value) []Value) Value {
	layout, d := laidOut(t)
	if t.Kind() != reflect.Func {
		panic("reflect: call of MakeFunc with non-Func type")
	}
	made := reflect.MakeFunc(layout, func(args []reflect.Value) []reflect.Value {
		in := make([]Value, len(args))
		for i, a := range args {
			in[i] = valueIn(a, t.In(i))
		}
		out := fn(in)
		if len(out) != t.NumOut() {
			panic("reflect: wrong return count from function created by MakeFunc")
		}
		results := make([]reflect.Value, len(out))
		for i, r := range out {
			if !r.IsValid() {
				panic("reflect: function created by MakeFunc using closure returned zero Value")
			}
			if !Assignable(r.Type(), t.Out(i)) {
				panic(fmt.Sprintf("reflect: function created by MakeFunc using closure returned wrong type: have %s for %s", r.Type(), t))
			}
			results[i] = r.fit(t.Out(i), layout.Out(i))
		}
		return results
	})
	return Value{made, d, free}
}

// valueIn is v as a Value of type t.
func valueIn(v reflect.Value, t reflect.Type) Value {
	if _, d := laidOut(t); d != nil {
		return d.rt.value(v, d.T, free)
	}
	return Value{Value: v}
}

// Seq walks what range over v with one variable does.
func (v Value) Seq() func(yield func(Value) bool) {
	t := v.ranged(0)
	return func(yield func(Value) bool) {
		for x := range v.Value.Seq() {
			if !yield(v.part(x, t)) {
				return
			}
		}
	}
}

// Seq2 walks what range over v with two variables does.
func (v Value) Seq2() func(yield func(k, e Value) bool) {
	kt, et := v.ranged(0), v.ranged(1)
	return func(yield func(k, e Value) bool) {
		for k, e := range v.Value.Seq2() {
			if !yield(v.part(k, kt), v.part(e, et)) {
				return
			}
		}
	}
}

// ranged finds the type of variable i of range over a type.
func (v Value) ranged(i int) func(types.Type) types.Type {
	return func(t types.Type) types.Type {
		switch u := t.Underlying().(type) {
		case *types.Map:
			if i == 0 {
				return u.Key()
			}
			return u.Elem()
		case *types.Chan:
			return u.Elem()
		case *types.Signature:
			return u.Params().At(0).Type().Underlying().(*types.Signature).Params().At(i).Type()
		case *types.Basic:
			if u.Info()&types.IsInteger != 0 {
				return t
			}
			if i == 1 {
				return types.Typ[types.Int32]
			}
		case *types.Pointer:
			if i == 1 {
				return elemOf(u.Elem())
			}
		case *types.Slice, *types.Array:
			if i == 1 {
				return elemOf(t)
			}
		}
		return types.Typ[types.Int]
	}
}
