package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// iface is the kind of interfaces: of the empty one, as which lowered code
// holds the interfaces of cells, and of error. What is in them is boxed by the
// host's rules (package nb), so that values move to and from interpreted code
// as they are. Methods are called as method.go has it.
type iface struct {
	place
}

var errorType = reflect.TypeFor[error]()

// words are an interface in memory.
type words [2]unsafe.Pointer

// ifaceOf is the kind of interface type t, nil for those of compiled packages.
func ifaceOf(t types.Type) kind {
	rt := anyType
	if n, ok := types.Unalias(t).(*types.Named); ok {
		switch {
		case n.Obj().Pkg() == nil && n.Obj().Name() == "error":
			rt = errorType
		case n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "main":
			return nil
		}
	}
	return iface{place{rt: rt, same: rt}}
}

// compare is with nil, or of two values that lowered code holds as any.
func (i iface) compare(op token.Token, x, y expr) func(*machine) bool {
	f, g := code[unsafe.Pointer](x), code[unsafe.Pointer](y)
	equal := op == token.EQL
	switch {
	case op != token.EQL && op != token.NEQ:
		return nil
	case y.null:
		return func(m *machine) bool { return ((*words)(f(m))[0] == nil) == equal }
	case i.rt != anyType:
		return nil
	}
	return func(m *machine) bool {
		a := *(*any)(f(m))
		return m.host.Eq(a, *(*any)(g(m))) == equal
	}
}

func (i iface) take(to unsafe.Pointer, v reflect.Value) {
	mem := i.fresh()
	if v.IsValid() {
		reflect.NewAt(i.rt, mem).Elem().Set(v)
	}
	*(*unsafe.Pointer)(to) = mem
}

func (i iface) takeAny(to unsafe.Pointer, v any) {
	if i.rt != anyType {
		i.take(to, reflect.ValueOf(v))
		return
	}
	held := v
	*(*unsafe.Pointer)(to) = unsafe.Pointer(&held)
}

// toIface compiles x as a value of an interface.
func (c *compiler) toIface(x ast.Expr, k iface) expr {
	tv := c.src.Info().Types[x]
	if tv.IsNil() {
		return expr{k: k, fn: k.zero(), off: -1, null: true}
	}
	t := c.src.TypeOf(x)
	if types.IsInterface(t) {
		if tv.Value != nil {
			c.refuse(x, "this constant")
		}
		e := c.expr(x)
		if e.k != kind(k) {
			c.refuse(x, "a conversion of %s", t)
		}
		return e
	}
	t = types.Default(t)
	e := c.exprTo(x, c.kindAt(x, t))
	return made(nil, k, c.boxed(x, e, t, k))
}

// boxed is the address of an interface that holds e of type t.
func (c *compiler) boxed(at ast.Node, e expr, t types.Type, k iface) any {
	value := c.boxedAny(at, e, t, k.rt == errorType)
	if k.rt == errorType {
		return func(m *machine) unsafe.Pointer {
			v, _ := value(m).(error)
			return unsafe.Pointer(&v)
		}
	}
	return func(m *machine) unsafe.Pointer {
		v := value(m)
		return unsafe.Pointer(&v)
	}
}

// boxedAny is e of type t as it stands in an interface, error or another.
func (c *compiler) boxedAny(at ast.Node, e expr, t types.Type, err bool) func(*machine) any {
	box, layout := c.src.Box(t, err)
	if box == nil {
		c.refuse(at, "%s in an interface", t)
	}
	value, ok := e.k.toAny(e)
	if !ok {
		x := e.k.exact()
		if x == nil {
			x = exactOf(t)
		}
		if x != nil {
			layout = func() reflect.Type { return x }
		}
		if layout == nil {
			c.refuse(at, "%s in an interface", t)
		}
		l := c.temp(e.k)
		set := l.k.set(l.off, e)
		value = func(m *machine) any {
			set(m)
			return l.k.give(unsafe.Add(m.frame, l.off), layout()).Interface()
		}
	}
	return func(m *machine) any { return box(value(m)) }
}

// held is what x, an interface that lowered code holds as any, holds.
func (c *compiler) held(x ast.Expr) func(*machine) any {
	e := c.expr(x)
	if k, ok := e.k.(iface); !ok || k.rt != anyType {
		c.refuse(x, "an assertion of %s", e.t)
	}
	f := code[unsafe.Pointer](e)
	return func(m *machine) any { return *(*any)(f(m)) }
}

// asserted puts what x holds into a slot, if it is a T, and tells whether it
// is; without ok it panics when it is not.
func (c *compiler) asserted(x *ast.TypeAssertExpr, ok bool) (local, func(*machine) bool) {
	t := c.src.TypeOf(x.Type)
	if x.Type == nil || types.IsInterface(t) {
		c.refuse(x, "an assertion of an interface")
	}
	l := c.temp(c.kindAt(x, t))
	if private(l.k) {
		c.refuse(x, "an assertion of a function")
	}
	v := c.held(x.X)
	find := c.src.Assert(t, c.src.TypeOf(x.X), !ok)
	zero := l.k.reset(l.off)
	return l, func(m *machine) bool {
		got := find(v(m))
		if got == nil {
			zero(m)
			return false
		}
		l.k.takeAny(unsafe.Add(m.frame, l.off), got)
		return true
	}
}

// assertion is x.(T).
func (c *compiler) assertion(x *ast.TypeAssertExpr, t types.Type) expr {
	l, find := c.asserted(x, false)
	e := variable(t, l)
	return made(t, l.k, l.k.after(func(m *machine) ctl { find(m); return next }, e.fn))
}

// assignAssertion is v, ok = x.(T).
func (c *compiler) assignAssertion(lhs []ast.Expr, x *ast.TypeAssertExpr, define bool) stmt {
	for _, l := range lhs {
		if ident(l) == nil && !c.still(l) {
			c.refuse(l, "this assignment")
		}
	}
	pre := c.hoist(x.X)
	l, find := c.asserted(x, true)
	ok := c.temp(boolean{})
	return sequence(append(pre, ok.set(made(nil, boolean{}, find)),
		c.storeTo(lhs[0], variable(c.src.TypeOf(x.Type), l), define),
		c.storeTo(lhs[1], variable(types.Typ[types.Bool], ok), define)))
}

// typeSwitch finds the clause by the host.
func (c *compiler) typeSwitch(s *ast.TypeSwitchStmt, label string) stmt {
	var first []stmt
	if s.Init != nil {
		first = append(first, c.stmt(s.Init, ""))
	}
	var x ast.Expr
	switch a := s.Assign.(type) {
	case *ast.AssignStmt:
		x = a.Rhs[0].(*ast.TypeAssertExpr).X
	case *ast.ExprStmt:
		x = a.X.(*ast.TypeAssertExpr).X
	}
	first = append(first, c.hoist(x)...)
	k, ok := c.kindAt(x, c.src.TypeOf(x)).(iface)
	if !ok || k.rt != anyType {
		c.refuse(s, "a switch on %s", c.src.TypeOf(x))
	}
	held := c.temp(k)
	first = append(first, held.set(c.exprTo(x, k)))
	find := c.src.Cases(s)
	t := c.push(label, false)
	var binds []func(m *machine, v any)
	var bodies []stmt
	for _, cl := range s.Body.List {
		cc := cl.(*ast.CaseClause)
		bind, store := c.bindCase(cc, held, c.src.TypeOf(x))
		binds = append(binds, bind)
		bodies = append(bodies, sequence([]stmt{store, c.block(cc.Body)}))
	}
	c.pop()
	brk, off := t.brk, held.off
	return sequence(append(first, func(m *machine) ctl {
		i, v := find(**at[*any](m, off))
		if i < 0 {
			return next
		}
		if binds[i] != nil {
			binds[i](m, v)
		}
		switch r := bodies[i](m); r {
		case breaks, brk:
			return next
		default:
			return r
		}
	}))
}

// bindCase gives a clause its variable: of the case's type when there is one
// type, of the operand's otherwise.
func (c *compiler) bindCase(cc *ast.CaseClause, held local, t types.Type) (func(m *machine, v any), stmt) {
	o := c.src.Info().Implicits[cc]
	if o == nil {
		return nil, nil
	}
	if to := c.src.Apply(o.Type()); len(cc.List) == 1 && !c.src.Info().Types[cc.List[0]].IsNil() && !types.IsInterface(to) {
		l := c.temp(c.kindAt(cc.List[0], to))
		if private(l.k) {
			c.refuse(cc, "a case of a function")
		}
		return func(m *machine, v any) { l.k.takeAny(unsafe.Add(m.frame, l.off), v) }, c.declare(o).set(variable(to, l))
	}
	e := variable(t, held)
	if v := c.declare(o); v.k == e.k {
		return nil, v.set(e)
	}
	c.refuse(cc, "a case of %s", o.Type())
	return nil, nil
}

// errorCall is a call of a compiled function that makes an error of a string.
func (c *compiler) errorCall(v reflect.Value, args []ast.Expr) any {
	f, ok := v.Interface().(func(string) error)
	if !ok {
		return nil
	}
	s := code[string](c.exprTo(args[0], text{}))
	return func(m *machine) unsafe.Pointer {
		err := f(s(m))
		return unsafe.Pointer(&err)
	}
}
