package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"unsafe"
)

// A function literal is a function with captured variables: variables that
// literals mention, or whose address is taken, are moved to memory of their
// own when they are declared, and the literal takes their addresses.
//
// Function values exist only among compiled functions: they are in no
// variable that interpreted code sees, and no field, since its functions are
// others. So are slices and maps of them.

// funcValue is what a function value points to.
type funcValue struct {
	fn       *Func
	captured []unsafe.Pointer
}

// function is the kind of function values.
type function struct{ pointer }

// valueKind is the kind of a variable, argument or result of type t.
func valueKind(t types.Type) kind {
	switch u := t.Underlying().(type) {
	case *types.Signature:
		if plainNamed(t) {
			return function{}
		}
	case *types.Slice:
		if isFunc(u.Elem()) {
			return header{of: function{}}
		}
	case *types.Map:
		if isFunc(u.Elem()) {
			return mapOf(t, u, function{})
		}
	}
	return kindOf(t)
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok && plainNamed(t)
}

// private tells of a kind that its values are none of interpreted code's.
func private(k kind) bool {
	switch k := k.(type) {
	case function:
		return true
	case header:
		return k.of == kind(function{})
	case mapping:
		return k.elems == kind(function{})
	}
	return false
}

// move finds the variables that must be moved to memory.
func (c *compiler) move(body ast.Node) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok && n.Op == token.AND {
				c.moved[c.src.Object(id)] = true
			}
		case *ast.FuncLit:
			ast.Inspect(n, func(x ast.Node) bool {
				if id, ok := x.(*ast.Ident); ok {
					if o, ok := c.src.Object(id).(*types.Var); ok && !o.IsField() && (o.Pos() < n.Pos() || o.Pos() > n.End()) {
						c.moved[o] = true
					}
				}
				return true
			})
		}
		return true
	})
}

// lookup finds a variable of the function, or of those around it.
func (c *compiler) lookup(o types.Object) (local, bool) {
	if l, ok := c.vars[o]; ok {
		return l, true
	}
	if c.outer == nil {
		return local{}, false
	}
	l, ok := c.outer.lookup(o)
	if !ok {
		return l, false
	}
	in := local{off: c.slot(), k: l.k, moved: l.moved}
	c.vars[o] = in
	c.taken, c.fn.captures = append(c.taken, l), append(c.fn.captures, in.off)
	return in, true
}

// literal compiles a function literal. One that a defer calls has the frame
// whose panic its recover stops.
func (c *compiler) literal(x *ast.FuncLit, t types.Type, frame *local) expr {
	sig, ok := c.src.Info().TypeOf(x).(*types.Signature)
	if !ok {
		c.refuse(x, "this literal")
	}
	own := Signature{Variadic: sig.Variadic()}
	for v := range sig.Params().Variables() {
		own.Params = append(own.Params, v)
	}
	for v := range sig.Results().Variables() {
		own.Results = append(own.Results, v)
	}
	fn := New(c.fn.host, c.fn.Name, own)
	in := &compiler{src: c.src, fn: fn, vars: map[types.Object]local{}, hoisted: map[ast.Expr]local{}, moved: c.moved, outer: c}
	in.recover = frame
	in.function(own, x.Body)
	offs := make([]int, len(in.taken))
	for i, l := range in.taken {
		if !l.inMemory() {
			c.refuse(x, "a variable of this kind in a literal")
		}
		offs[i] = l.off
	}
	return made(t, function{}, func(m *machine) unsafe.Pointer {
		v := &funcValue{fn: fn, captured: make([]unsafe.Pointer, len(offs))}
		for i, off := range offs {
			v.captured[i] = *at[unsafe.Pointer](m, off)
		}
		return unsafe.Pointer(v)
	})
}

// callee is what a call calls: a function, or the value of an expression.
type callee struct {
	fn    *Func
	value func(*machine) unsafe.Pointer
	meth  *method // of an interface
	sig   Signature
	args  []pass
}

// call makes the call and returns the frame that has the results.
func (f *callee) call(m *machine) unsafe.Pointer {
	if f.fn != nil {
		return m.call(f.fn, f.args, nil)
	}
	if f.meth != nil {
		return f.meth.call(m, f.args)
	}
	v := (*funcValue)(f.value(m)) // of nil is Go's own panic
	return m.call(v.fn, f.args, v.captured)
}

// goStmt starts a goroutine on a machine of its own; the function and its
// arguments are evaluated now.
func (c *compiler) goStmt(s *ast.GoStmt) stmt {
	pre := c.hoist(s.Call)
	f := c.callee(s.Call)
	if f == nil || f.meth != nil {
		c.refuse(s, "this goroutine")
	}
	return sequence(append(pre, func(m *machine) ctl {
		fn, args, captured := f.bind(m)
		m.host.Go(func() { fn.host.on(func(m *machine) { m.call(fn, args, captured) }) })
		return next
	}))
}

// bind evaluates a function and its arguments for a later call.
func (f *callee) bind(m *machine) (fn *Func, args []pass, captured []unsafe.Pointer) {
	fn = f.fn
	if fn == nil {
		v := (*funcValue)(f.value(m))
		fn, captured = v.fn, v.captured
	}
	if len(f.args) == 0 {
		return fn, nil, captured
	}
	values := make([]slot, len(f.args)) // parameters have the first slots
	for _, a := range f.args {
		a(m, unsafe.Pointer(unsafe.SliceData(values)))
	}
	return fn, []pass{func(_ *machine, frame unsafe.Pointer) { copy(unsafe.Slice((*slot)(frame), len(values)), values) }}, captured
}

// sorts are functions of package sort that call back.
var sorts = map[string]func(x any, less func(i, j int) bool){"Slice": sort.Slice, "SliceStable": sort.SliceStable}

func (c *compiler) sortCall(x *ast.CallExpr) stmt {
	sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
	if !ok || len(x.Args) != 2 {
		return nil
	}
	o, ok := c.src.Object(sel.Sel).(*types.Func)
	if !ok || o.Pkg() == nil || o.Pkg().Path() != "sort" || sorts[o.Name()] == nil {
		return nil
	}
	h, ok := kindOf(c.src.TypeOf(x.Args[0])).(header)
	if !ok {
		return nil
	}
	run := sorts[o.Name()]
	s, f := code[slice](c.expr(x.Args[0])), code[unsafe.Pointer](c.exprTo(x.Args[1], function{}))
	t := reflect.SliceOf(h.of.layout())
	return func(m *machine) ctl {
		h := s(m)
		v := (*funcValue)(f(m))
		var i, j int
		args := []pass{func(_ *machine, frame unsafe.Pointer) {
			*(*int)(unsafe.Add(frame, scalarAt)), *(*int)(unsafe.Add(frame, slotSize+scalarAt)) = i, j
		}}
		run(reflect.NewAt(t, unsafe.Pointer(&h)).Elem().Interface(), func(a, b int) bool {
			i, j = a, b
			return *(*bool)(unsafe.Add(m.call(v.fn, args, v.captured), 2*slotSize+scalarAt))
		})
		return next
	}
}
