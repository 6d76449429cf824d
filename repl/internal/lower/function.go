package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"graft/repl/internal/check"
)

// fn emits the body of one function, or of a cell.
type fn struct {
	L     *Lowerer
	unit  *check.Unit
	info  *types.Info
	env   *env
	inst  *inst
	b     *strings.Builder
	names map[types.Object]string
	n     *int // for fresh names, shared with nested literals

	sig      *types.Signature // of the innermost function, substituted
	results  []string         // names of its results, when returns assign them
	frame    string           // its nb.D, when it defers
	detached bool             // literals may run in other goroutines
	deferred bool             // a literal that a defer calls: recover works here
	outer    string           // the frame whose panic recover stops
	targets  []*target
	inside   bool                          // within a function literal
	after    bool                          // the statement made a call already
	own      string                        // the parameter that has the goroutine's own mark
	ownNext  string                        // own of the literal that comes next
	ownOuter bool                          // own is that of a literal around
	made     map[ast.Expr]string           // what was evaluated before the statement, by its variable
	maybe    int                           // depth of operands of && and ||
	checks   []string                      // of indices, to come before such an operand
	ranged   map[types.Object]types.Object // loop variables, by the slice that they are indices of
	loops    int                           // depth of loops
	callback bool                          // the literal is given to compiled code
	counters map[types.Object]bool         // variables of for statements
	whole    *ast.BlockStmt                // the declared function's body
	cell     bool
	entry    int      // mark of the function
	at       ast.Node // what a conversion that is refused is of
}

// fnOf is a function to be emitted, its type parameters bound.
func (L *Lowerer) fnOf(in *inst) *fn {
	src := in.src
	e := &env{m: map[*types.TypeParam]types.Type{}, L: L, src: src, key: in.key}
	n := 0
	f := &fn{L: L, unit: src.unit, info: src.unit.Info, env: e, inst: in, b: &strings.Builder{}, names: map[types.Object]string{}, counters: map[types.Object]bool{}, n: &n}
	sig := src.unit.Info.Defs[src.decl.Name].(*types.Func).Signature()
	var tps []*types.TypeParam
	for i := range sig.RecvTypeParams().Len() {
		tps = append(tps, sig.RecvTypeParams().At(i))
	}
	for i := range sig.TypeParams().Len() {
		tps = append(tps, sig.TypeParams().At(i))
	}
	for i, tp := range tps {
		if i < len(in.targs) {
			e.m[tp] = in.targs[i]
		}
	}
	if len(tps) == 0 {
		f.env = nil
	}
	return f
}

func (L *Lowerer) emitFunc(in *inst) {
	src := in.src
	L.emitted[in.name] = src
	f := L.fnOf(in)
	sig := src.unit.Info.Defs[src.decl.Name].(*types.Func).Signature()
	var recv *types.Var
	if src.decl.Recv != nil {
		recv = sig.Recv()
	}
	text := ""
	c := L.compute(in)
	for _, callee := range c.calls {
		f.use(callee)
	}
	if c.symbol != "" {
		text = f.forward(recv, sig, c)
	} else {
		text = f.function(recv, sig, src.decl.Body)
	}
	fmt.Fprintf(&L.out.funcs, "func %s%s\n", in.name, text)
	if in.via != "" {
		fmt.Fprintf(&L.out.init, "next_%s = %s\nagain_%s = true\n", in.via, in.name, in.via)
	}
}

// forward is the text of a function that calls the compiled one.
func (f *fn) forward(recv *types.Var, sig *types.Signature, c *computed) string {
	sig = f.apply(sig).(*types.Signature)
	params, args := f.params(sig)
	if recv != nil {
		params = append([]string{"r " + f.rep(recv.Type())}, params...)
		args = append([]string{"r"}, args...)
	}
	text := c.enter(f.L.nb(), args)
	if c.tuple() {
		var names, asserted []string
		for _, t := range c.types {
			v := f.fresh("t")
			names = append(names, v)
			if t != "" {
				v += ".(" + t + ")"
			}
			asserted = append(asserted, v)
		}
		text = fmt.Sprintf("%s := %s\nreturn %s", strings.Join(names, ", "), text, strings.Join(asserted, ", "))
	} else if len(c.types) > 0 {
		text = "return " + text
	}
	return "(" + strings.Join(params, ", ") + ")" + f.L.results(sig) + " {\n" + text + "\n}"
}

// function is the text from the parameters on: "(a int) (r int) {…}".
func (f *fn) function(recv *types.Var, sig *types.Signature, body *ast.BlockStmt) string {
	saved := *f
	defer func() { *f = saved }()
	f.sig = f.apply(sig).(*types.Signature)
	f.results, f.frame, f.targets, f.detached = nil, "", nil, false
	if !f.inside && !f.cell {
		f.whole = body
	}
	f.after, f.maybe, f.loops = false, 0, 0
	if f.callback { // called often, as a rule
		f.loops = 1
	}
	f.callback = false
	var params, copies []string
	f.ownOuter = f.own != ""
	if f.ownNext != "" {
		f.own, f.ownNext, f.ownOuter = f.ownNext, "", false
		params = append(params, f.own+" *int")
	}
	param := func(v *types.Var, variadic bool) {
		name := f.declare(v)
		if name == "_" {
			name = f.fresh("p")
		}
		t := f.rep(v.Type())
		if variadic {
			// The interpreter's type for the parameter is not quite a slice.
			gathered := name
			name = f.fresh("p")
			copies = append(copies, fmt.Sprintf("var %s %s = %s", gathered, t, name))
			t = "..." + strings.TrimPrefix(t, "[]")
		}
		params = append(params, name+" "+t)
	}
	if recv != nil {
		param(recv, false)
	}
	for i := range sig.Params().Len() {
		param(sig.Params().At(i), sig.Variadic() && i == sig.Params().Len()-1)
	}
	uses := scan(body)
	named := sig.Results().Len() > 0 && sig.Results().At(0).Name() != ""
	var outs []string
	for i := range sig.Results().Len() {
		r := sig.Results().At(i)
		name := f.declare(r)
		if name == "_" {
			name = f.fresh("r")
		}
		outs = append(outs, name)
	}
	if named || uses.deferred || uses.rangeFunc(f) {
		f.results = outs
	}
	head := "(" + strings.Join(params, ", ") + ")"
	switch {
	case f.results != nil:
		var rs []string
		for i, n := range outs {
			rs = append(rs, n+" "+f.rep(sig.Results().At(i).Type()))
		}
		if len(rs) > 0 {
			head += " (" + strings.Join(rs, ", ") + ")"
		}
	default:
		head += f.L.results(f.sig)
	}
	f.b = &strings.Builder{}
	for _, c := range copies {
		f.line("%s", c)
	}
	if f.results != nil {
		// The interpreter makes them the caller's variables, with what is in them.
		for i, n := range outs {
			f.zero(n, sig.Results().At(i).Type())
		}
	}
	if uses.recovers && !f.deferred {
		f.outer = f.fresh("rec")
		f.line("%s := %s.Entered()", f.outer, f.L.nb())
	}
	if uses.calls && f.callsOut(body) {
		if f.unit != nil && f.unit.Cell != "" {
			f.entry = f.placeAt(body.Pos())
		}
		f.stopCheck()
	}
	if uses.deferred {
		f.framed(body)
	} else {
		f.block(body.List)
		if f.results != nil && sig.Results().Len() > 0 {
			f.line("return %s", strings.Join(f.results, ", "))
		}
	}
	return head + " {\n" + f.b.String() + "}"
}

// literal is a function literal's text.
func (f *fn) literal(x *ast.FuncLit) string { return f.literalIn(x, "") }

// literalIn is a literal; with a frame it is one that a defer calls, in which
// recover stops that frame's panic.
func (f *fn) literalIn(x *ast.FuncLit, frame string) string {
	saved := *f
	defer func() { *f = saved }()
	f.deferred, f.outer, f.cell, f.inside = frame != "", frame, false, true
	return "func" + f.function(nil, f.info.TypeOf(x).(*types.Signature), x.Body)
}

func (f *fn) capture(emit func()) string {
	old := f.b
	f.b = &strings.Builder{}
	emit()
	s := f.b.String()
	f.b = old
	return s
}

func (f *fn) line(format string, args ...any) {
	fmt.Fprintf(f.b, format, args...)
	f.b.WriteByte('\n')
}

func (f *fn) fresh(base string) string {
	*f.n++
	return fmt.Sprintf("%s_%d", base, *f.n)
}

// declare gives a local variable its name, unique in the function: the
// interpreter confuses shadowed names.
func (f *fn) declare(o types.Object) string {
	if o == nil || o.Name() == "_" || o.Name() == "" {
		return "_"
	}
	n := f.fresh("v" + ascii(o.Name()))
	f.names[o] = n
	return n
}

func (f *fn) apply(t types.Type) types.Type { return f.env.apply(t) }

func (f *fn) rep(t types.Type) string { return f.L.rep(f.apply(t)) }

// typeOf is the static type of an expression, with type arguments for type
// parameters.
func (f *fn) typeOf(x ast.Expr) types.Type {
	if tv, ok := f.info.Types[x]; ok && tv.Type != nil {
		return f.apply(tv.Type)
	}
	if id, ok := x.(*ast.Ident); ok {
		if o := f.object(id); o != nil {
			return f.apply(o.Type())
		}
	}
	return types.Typ[types.Invalid]
}

func (f *fn) object(id *ast.Ident) types.Object {
	o := f.info.Uses[id]
	if o == nil {
		o = f.info.Defs[id]
	}
	if a := f.unit.Alias[o]; a != nil {
		return a
	}
	return o
}

func (f *fn) use(in *inst) string {
	if f.inst != nil {
		f.inst.deps[in] = true
	}
	return in.name
}

func (f *fn) refuse(n ast.Node, format string, args ...any) {
	panic(&Refusal{Node: n, Msg: fmt.Sprintf(format, args...)})
}

// uses is what decides how a body is emitted.
type uses struct {
	deferred bool
	calls    bool
	recovers bool
	ranges   []*ast.RangeStmt
}

func scan(body *ast.BlockStmt) uses {
	var u uses
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			u.deferred = true
		case *ast.CallExpr:
			u.calls = true
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "recover" {
				u.recovers = true
			}
		case *ast.RangeStmt:
			u.ranges = append(u.ranges, n)
		}
		return true
	})
	return u
}

// callsOut tells whether a body calls functions, and so can be long in coming
// to its end: conversions and builtins do not count.
func (f *fn) callsOut(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			tv := f.info.Types[n.Fun]
			found = found || !tv.IsType() && !tv.IsBuiltin()
		}
		return !found
	})
	return found
}

func (u uses) rangeFunc(f *fn) bool {
	for _, r := range u.ranges {
		if _, ok := f.typeOf(r.X).Underlying().(*types.Signature); ok {
			return true
		}
	}
	return false
}
