package symbols_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/symbols"
)

// Whatever a cell can call of graft's own packages answers nonsense with an
// error, and never panics: functions and methods are called with odd numbers,
// names and shapes, nil and zero values, and with what other calls returned.
func FuzzNonsense(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	functions := ours()
	stdout := os.Stdout
	f.Cleanup(func() { os.Stdout = stdout })
	f.Fuzz(func(t *testing.T, seed uint64) {
		t.Chdir(t.TempDir())
		os.Stdout, _ = os.Open(os.DevNull) // what is shown without a notebook
		n := &nonsense{T: t, Rand: rand.New(rand.NewPCG(seed, 0)), pool: map[reflect.Type][]reflect.Value{}}
		for range 3 {
			for _, fn := range functions {
				n.call(fn.name, fn.value)
			}
			n.methods()
		}
	})
}

type function struct {
	name  string
	value reflect.Value
}

// leftOut wait for a user or a server; or, with a dot at the end, are packages
// below the formats, for those who write one.
var leftOut = []string{"display.Input", "display.Password", "host.Input", "host.Install", "tensors."}

// ours are the functions, and a nil of each type, of graft's packages.
func ours() (out []function) {
	for path, table := range symbols.Symbols() {
		if !strings.HasPrefix(path, "graft/") {
			continue
		}
		for name, v := range table {
			full := path[strings.LastIndex(path, "/")+1:] + "." + name
			if !slices.Contains(leftOut, full) && !slices.Contains(leftOut, full[:strings.Index(full, ".")+1]) && (v.Kind() == reflect.Func || v.Kind() == reflect.Pointer && v.IsNil()) && !strings.HasPrefix(name, "_") {
				out = append(out, function{full, v})
			}
		}
	}
	slices.SortFunc(out, func(a, b function) int { return strings.Compare(a.name, b.name) })
	return out
}

type nonsense struct {
	*testing.T
	*rand.Rand
	pool map[reflect.Type][]reflect.Value
}

// call calls a function with odd arguments and keeps what it returns. Of a
// type, a nil joins the pool, and its zero value where fields can be set.
func (n *nonsense) call(name string, fn reflect.Value) {
	if fn.Kind() != reflect.Func {
		n.keep(fn)
		if e := fn.Type().Elem(); settable(e) {
			n.keep(reflect.New(e))
			n.keep(n.value(e, 0))
		}
		return
	}
	var in []reflect.Value
	for i := range fn.Type().NumIn() {
		in = append(in, n.value(fn.Type().In(i), 0))
	}
	defer func() {
		if p := recover(); p != nil {
			n.Errorf("%s(%s) panics: %v\n%s", name, said(in), p, debug.Stack())
		}
	}()
	call := fn.Call
	if fn.Type().IsVariadic() {
		call = fn.CallSlice
	}
	for _, out := range call(in) {
		n.keep(out)
	}
}

// settable tells whether a caller can make values of a type: of others it has
// only what functions return.
func settable(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return t.Kind() != reflect.Interface
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && !f.Anonymous {
			return true
		}
	}
	return false
}

// keep remembers a value that later calls may be given.
func (n *nonsense) keep(v reflect.Value) {
	if t := v.Type(); t.PkgPath() != "" || t.Kind() == reflect.Pointer && t.Elem().PkgPath() != "" {
		if all := n.pool[t]; len(all) < 20 {
			n.pool[t] = append(all, v)
		} else {
			all[n.IntN(len(all))] = v
		}
	}
}

// types are those in the pool, in an order that does not change.
func (n *nonsense) types() []reflect.Type {
	return slices.SortedFunc(maps.Keys(n.pool), func(a, b reflect.Type) int { return strings.Compare(a.String(), b.String()) })
}

// methods calls those of everything in the pool that is graft's.
func (n *nonsense) methods() {
	for _, t := range n.types() {
		of := t
		if t.Kind() == reflect.Pointer {
			of = t.Elem()
		}
		if !strings.HasPrefix(of.PkgPath(), "graft/") || of.PkgPath() == "graft/ckpt/tensors" {
			continue
		}
		for i := range t.NumMethod() {
			v := n.pool[t][n.IntN(len(n.pool[t]))]
			// A method of nil may panic, as Go's own do.
			if (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
				continue
			}
			n.call(fmt.Sprintf("%s.%s", said([]reflect.Value{v}), t.Method(i).Name), v.Method(i))
		}
	}
}

var (
	numbers = []int64{-9, -1, 0, 0, 1, 1, 2, 3, 4, 7}
	floats  = []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e-300, 0.1, 0.5, 1, 2}
	strs    = []string{"", "a", "a/b", "x", "(", "[z-a]", "(?!a)", ".*", "\x00", "x:0", "float32", "lenet", "vgg", "weights"}
)

// value is some value of a type: odd, nil, or one that a call returned.
func (n *nonsense) value(t reflect.Type, depth int) reflect.Value {
	if known := n.pool[t]; len(known) > 0 && n.IntN(4) != 0 {
		return known[n.IntN(len(known))]
	}
	v := reflect.New(t).Elem()
	if depth > 3 {
		return v
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(numbers[n.IntN(len(numbers))])
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(n.IntN(5)))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(floats[n.IntN(len(floats))])
	case reflect.String:
		v.SetString(strs[n.IntN(len(strs))])
	case reflect.Bool:
		v.SetBool(n.IntN(2) == 0)
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() && n.IntN(2) == 0 {
				v.Field(i).Set(n.value(t.Field(i).Type, depth+1))
			}
		}
	default:
		n.fill(v, depth)
	}
	return v
}

// fill sets a value that may stay nil.
func (n *nonsense) fill(v reflect.Value, depth int) {
	t := v.Type()
	if n.IntN(4) == 0 {
		return
	}
	switch t.Kind() {
	case reflect.Slice:
		for range n.IntN(4) {
			v.Set(reflect.Append(v, n.value(t.Elem(), depth+1)))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		for range n.IntN(3) {
			v.SetMapIndex(n.value(t.Key(), depth+1), n.value(t.Elem(), depth+1))
		}
	case reflect.Interface:
		for _, of := range n.types() { // any that fits; a nil inside an interface may panic, as Go's own do
			all := n.pool[of]
			if x := all[n.IntN(len(all))]; of.Implements(t) && !(x.Kind() == reflect.Pointer && x.IsNil()) {
				v.Set(x)
				return
			}
		}
	case reflect.Func:
		v.Set(reflect.MakeFunc(t, func([]reflect.Value) (out []reflect.Value) {
			for i := range t.NumOut() {
				out = append(out, n.value(t.Out(i), depth+1))
			}
			return out
		}))
	case reflect.Array:
		for i := range t.Len() {
			v.Index(i).Set(n.value(t.Elem(), depth+1))
		}
	}
}

// said writes arguments down, whose own String might be what panics.
func said(in []reflect.Value) string {
	var out []string
	for _, v := range in {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Func, reflect.Slice:
			if v.IsNil() {
				out = append(out, v.Type().String()+"(nil)")
				continue
			}
			out = append(out, v.Type().String())
		case reflect.Struct:
			out = append(out, v.Type().String()+"{…}")
		default:
			out = append(out, fmt.Sprintf("%#v", v.Interface()))
		}
	}
	return strings.Join(out, ", ")
}
