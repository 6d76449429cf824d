package closure

import (
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"
)

// A call of an interface's method finds the function when it is made: types
// that come later have the method, too. Where the method is a function of the
// subset it is called as one; otherwise interpreted code gives a method value,
// which is called by reflection.

// method is what such a call calls.
type method struct {
	name    string
	held    func(*machine) any
	find    func(x any, name string) (fn *Func, recv, value any)
	params  []param // after the receiver
	results []param
	rest    bool // the last is variadic
}

// dynamic compiles a call of an interface's method, nil when x is none.
func (c *compiler) dynamic(x *ast.CallExpr) *callee {
	sel, sig := c.src.Dynamic(x)
	if sel == nil {
		return nil
	}
	e := c.expr(sel.X)
	k, ok := e.k.(iface)
	if !ok || k.rt != anyType {
		c.refuse(x, "a method of %s", e.t)
	}
	at := code[unsafe.Pointer](e)
	d := &method{name: sel.Sel.Name, held: func(m *machine) any { return *(*any)(at(m)) }, find: c.src.Method, rest: sig.Variadic()}
	f := &callee{meth: d, sig: Signature{Variadic: sig.Variadic(), Params: []*types.Var{types.NewVar(sel.Pos(), nil, "", types.Typ[types.UnsafePointer])}}}
	slot := func(vs *types.Tuple, to *[]param, n int) (out []*types.Var) {
		for v := range vs.Variables() {
			k := c.kind(v.Type())
			if private(k) {
				c.refuse(x, "functions to or from a method of an interface")
			}
			*to = append(*to, param{(n+len(out))*slotSize + k.within(), k})
			out = append(out, v)
		}
		return out
	}
	f.sig.Params = append(f.sig.Params, slot(sig.Params(), &d.params, 1)...)
	f.sig.Results = slot(sig.Results(), &d.results, len(f.sig.Params))
	f.args = c.args(x, f.sig, nil, nil, receive1)
	return f
}

// receive1 puts the receiver into the callee's frame.
func receive1(m *machine, frame unsafe.Pointer) {
	p, v := m.meth.params[0], m.recv
	m.recv = nil
	if !pointed(p.k, v) {
		p.k.takeAny(unsafe.Add(frame, p.off), v)
		return
	}
	p.k.take(unsafe.Add(frame, p.off), reflect.ValueOf(v).Elem())
}

// pointed tells whether v is a pointer to what has kind k.
func pointed(k kind, v any) bool {
	_, ptr := k.(pointer)
	return !ptr && reflect.TypeOf(v).Kind() == reflect.Pointer
}

// call calls the method of what the interface holds now, and returns where
// its results are.
func (d *method) call(m *machine, args []pass) unsafe.Pointer {
	x := d.held(m)
	if x == nil {
		d.scratch(m, args) // the arguments come first
		nilDeref()
	}
	fn, recv, value := d.find(x, d.name)
	if fn != nil && receives(fn, recv) {
		m.meth, m.recv = fn, recv
		return m.call(fn, args, nil)
	}
	if fn != nil {
		nilDeref() // a value's method on a nil pointer
	}
	return d.reflected(m, reflect.ValueOf(value), args)
}

// receives tells whether recv is what fn takes, or a pointer to that which is
// not nil.
func receives(fn *Func, recv any) bool {
	return !pointed(fn.params[0].k, recv) || !reflect.ValueOf(recv).IsNil()
}

// scratch evaluates arguments into a frame of nobody's.
func (d *method) scratch(m *machine, args []pass) unsafe.Pointer {
	frame := unsafe.Pointer(unsafe.SliceData(make([]slot, 1+len(d.params)+len(d.results))))
	for _, a := range args[1:] {
		a(m, frame)
	}
	return frame
}

// reflected calls a function of interpreted code.
func (d *method) reflected(m *machine, f reflect.Value, args []pass) unsafe.Pointer {
	frame := d.scratch(m, args)
	t := f.Type()
	in := make([]reflect.Value, len(d.params))
	for i, p := range d.params {
		in[i] = p.k.give(unsafe.Add(frame, p.off), t.In(i))
	}
	call := f.Call
	if t.IsVariadic() {
		call = f.CallSlice
	}
	for i, r := range call(in) {
		d.results[i].k.take(unsafe.Add(frame, d.results[i].off), r)
	}
	return frame
}
