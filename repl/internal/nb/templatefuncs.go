package nb

import (
	"fmt"
	"reflect"
	"text/template"
)

// TemplateFuncs is (*template.Template).Funcs; functions over types of cells
// are called by their static types.
func (rt *Runtime) TemplateFuncs(t *template.Template, fs template.FuncMap) *template.Template {
	own := template.FuncMap{}
	for name, f := range fs {
		if v := ValueOf(f); v.t != nil && v.Kind() == reflect.Func {
			f = rt.templateFunc(name, v)
		}
		own[name] = f
	}
	return t.Funcs(own)
}

func (rt *Runtime) templateFunc(name string, f Value) func(args ...any) (any, error) {
	t := f.Type()
	if n := t.NumOut(); n == 0 || n > 2 || n == 2 && t.Out(1) != errorType {
		panic(fmt.Errorf("can't install method/function %q with %d results", name, n))
	}
	return func(args ...any) (any, error) {
		in, err := templateArgs(name, t, args)
		if err != nil {
			return nil, err
		}
		out := f.Call(in)
		if len(out) == 2 && !out[1].IsNil() {
			return nil, out[1].Interface().(error)
		}
		return rt.opened(out[0].open()), nil
	}
}

// templateArgs are arguments as a function of type t takes them.
func templateArgs(name string, t reflect.Type, args []any) ([]Value, error) {
	fixed := t.NumIn()
	if t.IsVariadic() {
		fixed--
	}
	if len(args) < fixed || !t.IsVariadic() && len(args) > fixed {
		return nil, fmt.Errorf("wrong number of args for %s: want %d got %d", name, fixed, len(args))
	}
	in := make([]Value, len(args))
	for i, a := range args {
		to := t.In(min(i, t.NumIn()-1))
		if i >= fixed {
			to = to.Elem()
		}
		switch v := ValueOf(a); {
		case !v.IsValid():
			in[i] = Zero(to)
		case Assignable(v.Type(), to):
			in[i] = v
		case Convertible(v.Type(), to) && v.Kind() == to.Kind(): // opened for the template
			in[i] = v.Convert(to)
		default:
			return nil, fmt.Errorf("wrong type for value; expected %s; got %s", to, v.Type())
		}
	}
	return in, nil
}
