package closure

import (
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"
)

// call compiles a call with one result.
func (c *compiler) call(x *ast.CallExpr, t types.Type) expr {
	if l, ok := c.hoisted[x]; ok {
		return variable(t, l)
	}
	if tv := c.src.Info().Types[x.Fun]; tv.IsType() {
		return c.conversion(x, c.src.Apply(tv.Type))
	}
	if name := c.builtin(x); name != "" {
		return c.builtinCall(x, t, name)
	}
	if f := c.callee(x); f != nil {
		k := c.kindAt(x, t)
		return made(t, k, k.result(f, c.resultAt(f, 0)))
	}
	if b := c.builderCall(x); b != nil && b.expr != nil {
		return made(t, b.k, b.expr)
	}
	if a := c.anyCall(x); a != nil && a.expr != nil {
		return made(t, a.k, a.expr)
	}
	if v := c.src.Compiled(x); v.IsValid() {
		if fn := c.errorCall(v, x.Args); fn != nil {
			return made(t, c.kindAt(x, t), fn)
		}
		if fn := c.native(v, x.Args); fn != nil {
			return made(t, c.kindAt(x, t), fn)
		}
	}
	c.refuse(x, "this call")
	return expr{}
}

// resultAt is where a callee leaves its result. Its slots are known before it
// is compiled: parameters, then results, in order.
func (c *compiler) resultAt(f *callee, i int) int {
	k := c.kind(f.sig.Results[i].Type())
	return (len(f.sig.Params)+i)*slotSize + k.within()
}

func (c *compiler) builtin(x *ast.CallExpr) string {
	if tv := c.src.Info().Types[x.Fun]; !tv.IsBuiltin() {
		return ""
	}
	id, ok := ast.Unparen(x.Fun).(*ast.Ident)
	if !ok {
		c.refuse(x, "this call")
	}
	return id.Name
}

// callee finds the function that x calls, nil for none of the subset, and
// compiles its arguments.
func (c *compiler) callee(x *ast.CallExpr) *callee {
	fn, recv, path := c.src.Callee(x)
	f := &callee{fn: fn}
	switch {
	case fn != nil:
		f.sig = fn.sig
	case c.isFuncValue(x.Fun):
		f.value = code[unsafe.Pointer](c.funcValue(x.Fun))
		sig := c.src.TypeOf(x.Fun).Underlying().(*types.Signature)
		f.sig.Variadic = sig.Variadic()
		for v := range sig.Params().Variables() {
			f.sig.Params = append(f.sig.Params, v)
		}
		for v := range sig.Results().Variables() {
			f.sig.Results = append(f.sig.Results, v)
		}
	default:
		return c.dynamic(x)
	}
	f.args = c.args(x, f.sig, recv, path)
	return f
}

// funcValue compiles the function of a call.
func (c *compiler) funcValue(x ast.Expr) expr {
	if lit, ok := ast.Unparen(x).(*ast.FuncLit); ok {
		frame := c.deferred
		c.deferred = nil // not for literals in the arguments
		return c.literal(lit, c.src.TypeOf(lit), frame)
	}
	return c.exprTo(x, function{})
}

// isFuncValue tells whether x is a function value of compiled code.
func (c *compiler) isFuncValue(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		o, ok := c.src.Object(x).(*types.Var)
		if !ok {
			return false
		}
		_, ok = c.lookup(o)
		return ok
	case *ast.CallExpr:
		_, ok := c.src.TypeOf(x).Underlying().(*types.Signature)
		return ok
	case *ast.IndexExpr: // of a slice or map, no instance of a generic function
		return c.src.Info().Types[x.X].IsValue() && private(valueKind(c.src.TypeOf(x.X)))
	}
	return false
}

func (c *compiler) args(x *ast.CallExpr, sig Signature, recv ast.Expr, path []int, first ...pass) []pass {
	params := sig.Params[len(first):]
	args := first
	to := func(e expr, k kind) { args = append(args, k.pass(len(args)*slotSize+k.within(), e)) }
	if recv != nil {
		k := c.kind(params[0].Type())
		to(c.receiver(recv, path, params[0].Type(), k), k)
		params = params[1:]
	}
	if x.Ellipsis.IsValid() || len(x.Args) < len(params) {
		if len(x.Args) != len(params) {
			c.refuse(x, "a call like this")
		}
	}
	for i, p := range params {
		k := c.kind(p.Type())
		switch {
		case i == len(params)-1 && sig.Variadic && !x.Ellipsis.IsValid():
			h := k.(header)
			var xs []expr
			var at []int
			for j, a := range x.Args[i:] {
				at, xs = append(at, j), append(xs, c.exprTo(a, h.of))
			}
			if len(xs) == 0 {
				to(made(nil, k, k.zero()), k)
				continue
			}
			to(made(nil, k, h.of.literal(len(xs), at, xs)), k)
		default:
			to(c.exprTo(x.Args[i], k), k)
		}
	}
	return args
}

// receiver is what a method gets: x, or its embedded field, or its address or
// what it points to.
func (c *compiler) receiver(x ast.Expr, path []int, want types.Type, k kind) expr {
	t := c.src.TypeOf(x)
	_, ptr := t.Underlying().(*types.Pointer)
	_, wantPtr := want.Underlying().(*types.Pointer)
	if len(path) == 0 && ptr == wantPtr {
		return c.exprTo(x, k)
	}
	a := spot{slot: -1}
	if ptr {
		a.fn, a.null, t = c.pointer(x), true, t.Underlying().(*types.Pointer).Elem()
	} else {
		a.fn = c.address(x)
	}
	a = c.steps(x, a, t, path)
	for _, i := range path {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		t = t.Underlying().(*types.Struct).Field(i).Type()
	}
	_, ends := t.Underlying().(*types.Pointer)
	loaded := memory[unsafe.Pointer]{}.load
	switch {
	case wantPtr && !(ends && len(path) > 0):
		return made(want, k, a.address())
	case wantPtr:
		return made(want, k, loaded(a.address()))
	case ends && len(path) > 0:
		return made(want, k, k.load(field(loaded(a.address()).(func(*machine) unsafe.Pointer), 0)))
	}
	return made(want, k, k.load(a.address()))
}

// builtinCall compiles a builtin function.
func (c *compiler) builtinCall(x *ast.CallExpr, t types.Type, name string) expr {
	switch name {
	case "len", "cap":
		return made(t, integer[int]{}, c.length(x, name == "cap"))
	case "append":
		return c.append(x, t)
	case "copy":
		return made(t, integer[int]{}, c.copy(x))
	case "make":
		if k, ok := c.kindAt(x, t).(channel); ok {
			n := always(0)
			if len(x.Args) > 1 {
				n = c.intOf(x.Args[1])
			}
			return made(t, k, k.of.(carrier).makeChan(n))
		}
		if k, ok := c.kindAt(x, t).(mapping); ok {
			n := always(0)
			if len(x.Args) > 1 {
				n = c.intOf(x.Args[1])
			}
			return made(t, k, k.makes(n))
		}
		h, ok := c.kindAt(x, t).(header)
		if !ok {
			break
		}
		var limit func(*machine) int
		if len(x.Args) > 2 {
			limit = c.intOf(x.Args[2])
		}
		return made(t, h, h.of.makeSlice(c.intOf(x.Args[1]), limit))
	case "new":
		if !c.src.Info().Types[x.Args[0]].IsType() {
			break
		}
		elem := layoutOf(c.src.TypeOf(x.Args[0]))
		if k := c.kindAt(x, t); elem != nil {
			return made(t, k, func(*machine) unsafe.Pointer { return reflect.New(elem).UnsafePointer() })
		}
	case "min", "max":
		return c.extreme(x, t, name)
	case "recover":
		return c.recovers(x, t)
	}
	c.refuse(x, "builtin function %s", name)
	return expr{}
}

func (c *compiler) length(x *ast.CallExpr, capacity bool) func(*machine) int {
	switch c.src.TypeOf(x.Args[0]).Underlying().(type) {
	case *types.Basic:
		s := code[string](c.exprTo(x.Args[0], text{}))
		return func(m *machine) int { return len(s(m)) }
	case *types.Slice:
		e := c.expr(x.Args[0])
		s, off := code[slice](e), e.off
		switch {
		case capacity:
			return func(m *machine) int { return s(m).c }
		case off >= 0:
			return func(m *machine) int { return at[slice](m, off).n }
		}
		return func(m *machine) int { return s(m).n }
	}
	if _, ok := kindOf(c.src.TypeOf(x.Args[0])).(mapping); ok {
		p := code[unsafe.Pointer](c.expr(x.Args[0]))
		return func(m *machine) int { h := p(m); return len(*(*map[int]int)(unsafe.Pointer(&h))) }
	}
	if _, ok := kindOf(c.src.TypeOf(x.Args[0])).(channel); ok {
		p := code[unsafe.Pointer](c.expr(x.Args[0]))
		if capacity {
			return func(m *machine) int { return cap(chanOf[struct{}](p(m))) }
		}
		return func(m *machine) int { return len(chanOf[struct{}](p(m))) }
	}
	a, n := c.array(x.Args[0])
	return func(m *machine) int { a(m); return n }
}

func (c *compiler) append(x *ast.CallExpr, t types.Type) expr {
	h, ok := c.kindAt(x, t).(header)
	if !ok {
		c.refuse(x, "append to %s", t)
	}
	s := c.exprTo(x.Args[0], h)
	switch {
	case len(x.Args) == 1:
		return s
	case x.Ellipsis.IsValid():
		return made(t, h, h.of.concat(s, c.bytesTo(x.Args[1], h)))
	}
	var xs []expr
	for _, a := range x.Args[1:] {
		xs = append(xs, c.exprTo(a, h.of))
	}
	return made(t, h, h.of.grow(s, xs))
}

// bytesTo is an operand of append or copy: a slice of kind h, or a string's
// bytes.
func (c *compiler) bytesTo(x ast.Expr, h header) expr {
	if b, ok := c.src.TypeOf(x).Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
		s := code[string](c.exprTo(x, text{}))
		return made(nil, h, func(m *machine) slice {
			s := s(m)
			return slice{unsafe.Pointer(unsafe.StringData(s)), len(s), len(s)}
		})
	}
	return c.exprTo(x, h)
}

func (c *compiler) copy(x *ast.CallExpr) func(*machine) int {
	to := c.expr(x.Args[0])
	h, ok := to.k.(header)
	if !ok {
		c.refuse(x, "copy to %s", to.t)
	}
	return h.of.copySlice(to, c.bytesTo(x.Args[1], h))
}

// extreme is min or max.
func (c *compiler) extreme(x *ast.CallExpr, t types.Type, name string) expr {
	k := c.kindAt(x, t)
	var xs []expr
	for _, a := range x.Args {
		xs = append(xs, c.exprTo(a, k))
	}
	o, ok := k.(interface {
		extreme(least bool, x, y expr) any
	})
	if !ok {
		c.refuse(x, "%s of %s", name, t)
	}
	out := xs[0]
	for _, y := range xs[1:] {
		out = made(t, k, o.extreme(name == "min", out, y))
	}
	return out
}

func extreme[T orders](least bool, x, y expr) any {
	f, g := code[T](x), code[T](y)
	if least {
		return func(m *machine) T { a := f(m); return min(a, g(m)) }
	}
	return func(m *machine) T { a := f(m); return max(a, g(m)) }
}

func (integer[T]) extreme(least bool, x, y expr) any { return extreme[T](least, x, y) }
func (float[T]) extreme(least bool, x, y expr) any   { return extreme[T](least, x, y) }
func (text) extreme(least bool, x, y expr) any       { return extreme[string](least, x, y) }

// panics compiles a call of panic with a string or a number.
func (c *compiler) panics(x *ast.CallExpr) stmt {
	t := c.src.TypeOf(x.Args[0])
	if _, ok := types.Unalias(t).(*types.Basic); !ok {
		c.refuse(x, "panic with %s", t)
	}
	k := c.kindAt(x, types.Default(t))
	e := c.exprTo(x.Args[0], k)
	slot := c.temp(k)
	set := k.set(slot.off, e)
	real := k.exact()
	return func(m *machine) ctl {
		set(m)
		m.host.Panic(k.give(unsafe.Add(m.frame, slot.off), real).Interface())
		return next
	}
}
