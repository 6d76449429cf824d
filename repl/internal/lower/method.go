package lower

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// register has the methods of t's values registered with the runtime, so
// that a box can be called, formatted and adapted to compiled interfaces.
func (L *Lowerer) register(t types.Type) {
	key := "reg|" + typeKey(t)
	if L.insts[key] != nil {
		return
	}
	in := &inst{key: key, name: "reg_", typ: t, deps: map[*inst]bool{}}
	L.add(in)
}

func (L *Lowerer) emitRegistration(in *inst) {
	t := in.typ
	id := L.rt.Intern(t).ID
	nb := L.nb()
	if _, ok := t.Underlying().(*types.Struct); ok {
		fmt.Fprintf(&L.out.init, "%s.RegT(%d, (*%s)(nil))\n", nb, id, L.rep(t))
	}
	if p, ok := t.Underlying().(*types.Pointer); ok && boxed(p.Elem()) {
		L.register(p.Elem())
	}
	ms := types.NewMethodSet(t)
	for i := range ms.Len() {
		sel := ms.At(i)
		m := sel.Obj().(*types.Func)
		if !m.Exported() && !interpreted(m.Pkg()) {
			continue // of a compiled type that is embedded
		}
		n := 0
		f := &fn{L: L, inst: in, b: &strings.Builder{}, names: map[types.Object]string{}, counters: map[types.Object]bool{}, n: &n}
		value := f.lateMethod("v", t, sel)
		fmt.Fprintf(&L.out.init, "%s.Reg(%d, %q, func(r interface{}) interface{} {\n%sv := r.(%s)\nm := %s\nreturn m\n})\n",
			nb, id, m.Name(), "", L.rep(t), value)
		L.out.Methods = append(L.out.Methods, Method{t, m.Name(), f.compiledMethod(t, sel)})
	}
	L.rt.Refresh(t)
	L.nested(t, map[types.Type]bool{})
}

// compiledMethod is the compiled function of a method that t itself, or what t
// points to, has, nil where it has none.
func (f *fn) compiledMethod(t types.Type, sel *types.Selection) any {
	m := sel.Obj().(*types.Func)
	if len(sel.Index()) != 1 {
		return nil
	}
	if in := f.method(t, m); in != nil {
		if c := f.L.compute(in); c.fn != nil && c.fn.Open() {
			return c.fn
		}
	}
	return nil
}

// nested registers the types that formatting or encoding t will meet.
func (L *Lowerer) nested(t types.Type, seen map[types.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if types.IsInterface(t) {
		return
	}
	if _, ok := cellType(t); ok {
		if types.Unalias(t).(*types.Named).TypeParams().Len() > types.Unalias(t).(*types.Named).TypeArgs().Len() {
			return
		}
		L.rt.Intern(t)
		L.register(t)
		if p := types.NewPointer(t); types.NewMethodSet(p).Len() > types.NewMethodSet(t).Len() || L.reflects && !types.IsInterface(t) {
			L.rt.Intern(p) // decoders and templates call methods on parts in place
			L.register(p)
		}
		if L.reflects {
			L.nestedMethods(t, seen)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if _, ok := cellType(u.Elem()); ok {
			L.rt.Intern(t)
			L.register(t)
		}
		L.nested(u.Elem(), seen)
	case *types.Slice:
		L.nested(u.Elem(), seen)
	case *types.Array:
		L.nested(u.Elem(), seen)
	case *types.Map:
		L.nested(u.Key(), seen)
		L.nested(u.Elem(), seen)
	case *types.Struct:
		for i := range u.NumFields() {
			L.nested(u.Field(i).Type(), seen)
		}
	case *types.Chan:
		if L.reflects {
			L.nested(u.Elem(), seen)
		}
	case *types.Signature:
		if L.reflects {
			L.nestedTuple(u.Params(), seen)
			L.nestedTuple(u.Results(), seen)
		}
	}
}

// nestedMethods registers the types that reflection comes to by calling t's
// methods.
func (L *Lowerer) nestedMethods(t types.Type, seen map[types.Type]bool) {
	ms := types.NewMethodSet(types.NewPointer(t))
	for i := range ms.Len() {
		if ms.At(i).Obj().Exported() {
			L.nested(ms.At(i).Type(), seen)
		}
	}
}

func (L *Lowerer) nestedTuple(tu *types.Tuple, seen map[types.Type]bool) {
	for v := range tu.Variables() {
		L.nested(v.Type(), seen)
	}
}

// reflected is called when package reflect is: what earlier cells registered
// did not reckon with it.
func (L *Lowerer) reflected() {
	L.reflects = true
	seen := map[types.Type]bool{}
	for _, in := range slices.Clone(L.order) {
		if in.typ != nil && in.done {
			L.nested(in.typ, seen)
		}
	}
}

// lateMethod is a literal that calls method sel on the variable recv of type
// t. What a pointer points to is read at the call, as a call through an
// interface does.
func (f *fn) lateMethod(recv string, t types.Type, sel *types.Selection) string {
	m := sel.Obj().(*types.Func)
	sig := f.apply(sel.Type()).(*types.Signature)
	params, args := f.params(sig)
	r, rt := f.path(recv, t, sel.Index()[:len(sel.Index())-1])
	call := f.methodCall(r, rt, m, args, sig)
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return fmt.Sprintf("func(%s)%s {\n%s\n}", strings.Join(params, ", "), f.L.results(sig), call)
}

// bind is a function value that calls method m on recv of type t.
func (f *fn) bind(recv string, t types.Type, m *types.Func, sig *types.Signature) string {
	if types.IsInterface(t) {
		if anyIface(t) {
			return fmt.Sprintf("%s.M(%s, %q).(func%s)", f.L.nb(), recv, m.Name(), f.L.signature(sig))
		}
	}
	in := f.method(t, m)
	over := methodOverrides[m.FullName()]
	if in == nil && over == "" {
		return recv + "." + m.Name()
	}
	b := f.fresh("b")
	params, args := f.params(sig)
	call := strings.Join(append([]string{b}, args...), ", ")
	if in != nil {
		call = f.use(in) + "(" + call + ")"
	} else {
		call = f.L.nb() + "." + over + "(" + call + ")"
	}
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	inner := fmt.Sprintf("func(%s)%s {\n%s\n}", strings.Join(params, ", "), f.L.results(sig), call)
	return fmt.Sprintf("func() func%s {\n%s := %s\n%s := %s\nreturn %s\n}()", f.L.signature(sig), b, f.receiver(recv, t, m), b+"f", inner, b+"f")
}

// params names a signature's parameters and passes them on.
func (f *fn) params(sig *types.Signature) (params, args []string) {
	for i := range sig.Params().Len() {
		p := f.fresh("a")
		t := sig.Params().At(i).Type()
		if sig.Variadic() && i == sig.Params().Len()-1 {
			params = append(params, p+" ..."+f.L.rep(t.(*types.Slice).Elem()))
			args = append(args, p+"...")
			continue
		}
		params = append(params, p+" "+f.L.rep(t))
		args = append(args, p)
	}
	return params, args
}

// method is the emitted function of a method that a cell declared, nil for a
// compiled one.
func (f *fn) method(t types.Type, m *types.Func) *inst {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	var targs []types.Type
	if n, ok := types.Unalias(t).(*types.Named); ok {
		for i := range n.TypeArgs().Len() {
			targs = append(targs, f.apply(n.TypeArgs().At(i)))
		}
	}
	o := m.Origin()
	return f.L.instance(o, targs)
}

// receiver makes recv, a value of type t, what method m wants: its address or
// what it points to.
func (f *fn) receiver(recv string, t types.Type, m *types.Func) string {
	_, wantPtr := types.Unalias(m.Origin().Signature().Recv().Type()).(*types.Pointer)
	_, havePtr := types.Unalias(t).Underlying().(*types.Pointer)
	switch {
	case wantPtr && !havePtr:
		return "&" + recv
	case !wantPtr && havePtr:
		return "*" + recv
	}
	return recv
}

// path follows embedded fields from recv.
func (f *fn) path(recv string, t types.Type, index []int) (string, types.Type) {
	t = f.apply(t)
	for _, i := range index {
		u := t.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			u = p.Elem().Underlying()
		}
		s := u.(*types.Struct)
		recv += "." + fieldName(s.Field(i), i)
		t = s.Field(i).Type()
	}
	return recv, t
}
