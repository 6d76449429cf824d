package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"graft/repl/internal/closure"
)

// Functions that only compute, and loops of a cell that do, are compiled to
// closures (package closure). Lowered code calls them as compiled functions
// where that pays: when they loop or call. All others have a body in lowered
// code as well, and compiled callers use the closures.

// computed is what became of the attempt to compile a function.
type computed struct {
	fn     *closure.Func // nil when it could not be
	symbol string        // what lowered code calls, "" when it does not pay
	types  []string      // by result, the types to assert; "" where it has one
	calls  []*inst
}

// compute is in compiled, its fn nil when that cannot be. Functions that call
// each other are compiled together, and fail together.
func (L *Lowerer) compute(in *inst) *computed {
	if in.computed != nil {
		return in.computed
	}
	in.computed = L.begin(in)
	L.pending = append(L.pending, in)
	L.settle()
	return in.computed
}

// settle compiles what waits for it.
func (L *Lowerer) settle() {
	group := L.pending
	for i := 0; i < len(group); i++ {
		in := group[i]
		if in.computed.fn == nil {
			continue
		}
		L.pending = nil
		s := &subject{fn: L.fnOf(in)}
		if s.compile(in.computed.fn, ownSignature(in), in.src.decl.Body) != nil {
			in.computed.fn = nil
		}
		in.computed.calls = s.calls
		group = append(group, L.pending...)
	}
	L.pending = nil
	for again := true; again; {
		again = false
		for _, in := range group {
			for _, callee := range in.computed.calls {
				if in.computed.fn != nil && callee.computed.fn == nil {
					in.computed.fn, again = nil, true
				}
			}
		}
	}
	for _, in := range group {
		if in.computed.fn != nil && heavy(in) {
			L.exported(in)
		}
	}
}

// exported gives lowered code a name for in.
func (L *Lowerer) exported(in *inst) {
	var untyped []int
	in.computed.symbol, untyped = L.export(in.computed.fn)
	f := L.fnOf(in)
	in.computed.types = make([]string, len(ownSignature(in).Results))
	for _, i := range untyped {
		in.computed.types[i] = f.rep(ownSignature(in).Results[i].Type())
	}
}

// begin makes the function that calls can name.
func (L *Lowerer) begin(in *inst) *computed {
	if in.src == nil || in.src.decl.Body == nil {
		return &computed{}
	}
	f := L.fnOf(in)
	sig := ownSignature(in)
	apply := func(vs []*types.Var) (out []*types.Var) {
		for _, v := range vs {
			out = append(out, types.NewVar(v.Pos(), v.Pkg(), v.Name(), f.apply(v.Type())))
		}
		return out
	}
	return &computed{fn: closure.New(L.host, in.name, closure.Signature{Params: apply(sig.Params), Results: apply(sig.Results), Variadic: sig.Variadic})}
}

// ownSignature is a declaration's parameters, the receiver among them, and
// results.
func ownSignature(in *inst) closure.Signature {
	sig := in.src.unit.Info.Defs[in.src.decl.Name].(*types.Func).Signature()
	out := closure.Signature{Variadic: sig.Variadic()}
	if in.src.decl.Recv != nil {
		out.Params = append(out.Params, sig.Recv())
	}
	for v := range sig.Params().Variables() {
		out.Params = append(out.Params, v)
	}
	for v := range sig.Results().Variables() {
		out.Results = append(out.Results, v)
	}
	return out
}

// heavy tells of a function that it loops or calls, so that calling it from
// the interpreter is worth the way to it.
func heavy(in *inst) bool {
	if len(in.computed.calls) > 0 {
		return true
	}
	loops := false
	ast.Inspect(in.src.decl.Body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			loops = true
		}
		return !loops
	})
	return loops
}

// export gives lowered code a name for fn.
func (L *Lowerer) export(fn *closure.Func) (name string, untyped []int) {
	v, untyped := fn.Value()
	if !v.IsValid() {
		return "", nil
	}
	L.seq++
	name = fmt.Sprintf("Q%d", L.seq)
	if L.out.Symbols == nil {
		L.out.Symbols = map[string]reflect.Value{}
	}
	L.out.Symbols[name] = v
	return name, untyped
}

// enter is the text of a call of compiled function c, which may lack types:
// the results to assert go with it.
func (c *computed) enter(nb string, args []string) string {
	var first []string
	for _, t := range c.types {
		if t != "" {
			first = append(first, "(*"+t+")(nil)")
		}
	}
	if n := len(args) - 1; n >= 0 { // closures take the slice of a variadic call
		args = append(slices.Clone(args[:n]), strings.TrimSuffix(args[n], "..."))
	}
	call := fmt.Sprintf("%s.%s(%s)", nb, c.symbol, strings.Join(append(first, args...), ", "))
	if len(c.types) == 1 && c.types[0] != "" {
		return call + ".(" + c.types[0] + ")"
	}
	return call
}

// tuple tells whether several results come, some to be asserted.
func (c *computed) tuple() bool { return len(c.types) > 1 && strings.Join(c.types, "") != "" }

// callOf is the text of a call of in.
func (f *fn) callOf(in *inst, args []string) string {
	if !f.inside && in.src != nil {
		if c := f.L.compute(in); c.symbol != "" && !c.tuple() {
			f.use(in)
			return c.enter(f.L.nb(), args)
		}
	}
	return fmt.Sprintf("%s(%s)", f.called(in), strings.Join(args, ", "))
}

// computedStep compiles a loop of the cell and returns what runs it, "" when
// it is left to the interpreter.
func (f *fn) computedStep(s ast.Stmt) string {
	inner := s
	if l, ok := s.(*ast.LabeledStmt); ok {
		inner = l.Stmt
	}
	switch inner.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.GoStmt:
	default:
		return ""
	}
	c := closure.New(f.L.host, f.inst.name, closure.Signature{})
	own := *f
	own.made = nil
	sub := &subject{fn: &own}
	err := sub.compile(c, closure.Signature{}, &ast.BlockStmt{List: []ast.Stmt{s}})
	f.L.settle()
	if err != nil {
		return ""
	}
	for _, callee := range sub.calls {
		if callee.computed.fn == nil {
			return ""
		}
	}
	name, _ := f.L.export(c)
	return f.L.nb() + "." + name + "()"
}

// Link finds the session's variables that compiled functions use; global
// gives one of the interpreter's.
func (L *Lowerer) Link(global func(name string) (reflect.Value, bool)) error {
	for name, p := range L.unlinked {
		v, ok := global(name)
		if !ok || !v.CanAddr() {
			return fmt.Errorf("the interpreter does not show variable %s", name)
		}
		*p = v.Addr().UnsafePointer()
	}
	clear(L.unlinked)
	return nil
}

// subject shows a function to package closure.
type subject struct {
	*fn
	calls []*inst
}

// compile gives c its body; a construct that lowering refuses is none of the
// subset either.
func (s *subject) compile(c *closure.Func, own closure.Signature, body *ast.BlockStmt) (err error) {
	defer func() {
		if r := recover(); r != nil {
			ref, ok := r.(*Refusal)
			if !ok {
				panic(r)
			}
			err = ref
		}
	}()
	return c.Compile(s, own, body)
}

func (s *subject) Info() *types.Info                 { return s.info }
func (s *subject) TypeOf(x ast.Expr) types.Type      { return s.typeOf(x) }
func (s *subject) Apply(t types.Type) types.Type     { return s.apply(t) }
func (s *subject) Object(id *ast.Ident) types.Object { return s.object(id) }

func (s *subject) Field(x *ast.SelectorExpr) ([]int, types.Type) {
	obj, index, t := s.resolve(x, s.info.Selections[x])
	if _, ok := obj.(*types.Var); !ok {
		return nil, nil
	}
	return index, t
}

func (s *subject) Mark(n ast.Node) (mark, line int) {
	xs, last := s.parts(n)
	if pos := s.risk(xs...); pos.IsValid() {
		last = pos
	}
	return s.markAt(last)
}

func (s *subject) MarkOf(x ast.Expr) (mark, line int) { return s.markAt(s.riskOf(x)) }
func (s *subject) Line(x ast.Expr) int                { return s.lineOf(s.riskOf(x)) }
func (s *subject) Early(x ast.Expr) map[ast.Expr]bool { return s.early(x) }
func (s *subject) Made(x ast.Expr)                    { s.keepMade(x, "made") }

func (s *subject) markAt(pos token.Pos) (mark, line int) {
	if line = s.lineOf(pos); line == 0 {
		return 0, 0
	}
	return s.placeAt(pos), line
}

// Func is a function as a value.
func (s *subject) Func(id *ast.Ident) *closure.Func {
	if in := s.declared(id); in != nil {
		return s.called(in)
	}
	return nil
}

// called notes that the function uses in.
func (s *subject) called(in *inst) *closure.Func {
	s.calls = append(s.calls, in)
	if in.computed == nil {
		in.computed = s.L.begin(in)
		s.L.pending = append(s.L.pending, in)
	}
	return in.computed.fn
}

func (s *subject) Callee(x *ast.CallExpr) (*closure.Func, ast.Expr, []int) {
	fun := ast.Unparen(x.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ast.Unparen(ix.X)
	}
	if ix, ok := fun.(*ast.IndexListExpr); ok {
		fun = ast.Unparen(ix.X)
	}
	var recv ast.Expr
	var path []int
	var in *inst
	switch x := fun.(type) {
	case *ast.Ident:
		if strings.HasPrefix(x.Name, "takeꞏ") {
			return nil, nil, nil
		}
		in = s.declared(x)
	case *ast.SelectorExpr:
		sel := s.info.Selections[x]
		if sel == nil {
			in = s.declared(x.Sel)
			break
		}
		if sel.Kind() != types.MethodVal {
			return nil, nil, nil
		}
		obj, index, t := s.resolve(x, sel)
		m, ok := obj.(*types.Func)
		if !ok {
			return nil, nil, nil
		}
		_, t = s.fn.path("", t, index[:len(index)-1])
		if types.IsInterface(t) {
			return nil, nil, nil
		}
		recv, path, in = x.X, index[:len(index)-1], s.method(t, m)
	}
	if in == nil {
		return nil, nil, nil
	}
	return s.called(in), recv, path
}

func (s *subject) Dynamic(x *ast.CallExpr) (*ast.SelectorExpr, *types.Signature) {
	sel, ok := ast.Unparen(x.Fun).(*ast.SelectorExpr)
	if !ok || s.info.Selections[sel] == nil || s.info.Selections[sel].Kind() != types.MethodVal {
		return nil, nil
	}
	obj, index, t := s.resolve(sel, s.info.Selections[sel])
	if _, ok := obj.(*types.Func); !ok || len(index) != 1 || !types.IsInterface(t) {
		return nil, nil
	}
	return sel, s.typeOf(sel).(*types.Signature)
}

func (s *subject) Method(x any, name string) (*closure.Func, any, any) {
	fn, recv, value := s.L.rt.Method(x, name)
	c, _ := fn.(*closure.Func)
	return c, recv, value
}

// declared is the function that a name means, with its type arguments.
func (s *subject) declared(id *ast.Ident) *inst {
	o, ok := s.object(id).(*types.Func)
	if !ok {
		return nil
	}
	var targs []types.Type
	if in, ok := s.info.Instances[id]; ok {
		for i := range in.TypeArgs.Len() {
			targs = append(targs, s.apply(in.TypeArgs.At(i)))
		}
	}
	return s.L.instance(o, targs)
}

// pure are packages whose functions over numbers and strings can be called
// from closures: they neither block nor call back.
var pure = map[string]bool{"errors": true, "math": true, "math/bits": true, "math/rand": true, "strings": true, "strconv": true, "unicode": true, "unicode/utf8": true}

func (s *subject) Compiled(x *ast.CallExpr) reflect.Value {
	o, ok := s.callee(x).(*types.Func)
	if !ok || o.Pkg() == nil || !pure[o.Pkg().Path()] || o.Signature().Recv() != nil || overrides[o.Pkg().Path()+"."+o.Name()] != "" {
		return reflect.Value{}
	}
	v, ok := s.L.rt.Symbols(o.Pkg().Path(), o.Name())
	if !ok || v.Kind() != reflect.Func {
		return reflect.Value{}
	}
	return v
}

// printers are the functions that closures call with any values.
var printers = map[string]bool{"fmt.Print": true, "fmt.Println": true, "fmt.Printf": true, "fmt.Sprint": true, "fmt.Sprintln": true, "fmt.Sprintf": true,
	"fmt.Errorf": true, "fmt.Fprintf": true, "fmt.Fprint": true, "fmt.Fprintln": true}

func (s *subject) AnyFunc(x *ast.CallExpr) reflect.Value {
	o, ok := s.callee(x).(*types.Func)
	if !ok || o.Pkg() == nil || o.Signature().Recv() != nil || !printers[o.Pkg().Path()+"."+o.Name()] {
		return reflect.Value{}
	}
	return s.L.rt.Exports()[overrides[o.Pkg().Path()+"."+o.Name()]]
}

func (s *subject) Variable(o *types.Var) *unsafe.Pointer {
	name := s.L.globals[o]
	if name == "" {
		return nil
	}
	p := s.L.linked[name]
	if p == nil {
		p = new(unsafe.Pointer)
		s.L.linked[name], s.L.unlinked[name] = p, p
	}
	return p
}

// Box mirrors conv: of cell types structs have a layout that the interpreter
// tells, and pointers to them.
func (s *subject) Box(t types.Type, err bool) (func(v any) any, func() reflect.Type) {
	if _, ok := t.Underlying().(*types.Signature); ok {
		return nil, nil
	}
	if !boxed(t) {
		if err {
			return nil, nil
		}
		return func(v any) any { return v }, nil
	}
	if err && !types.Implements(t, errorType.Underlying().(*types.Interface)) {
		return nil, nil
	}
	id, rt := s.L.id(t), s.L.rt
	box := func(v any) any { return rt.Box(id, v) }
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		if cellStruct(p.Elem()) {
			elem := s.L.id(p.Elem())
			return box, func() reflect.Type { return reflect.PointerTo(rt.Layout(elem)) }
		}
		return box, nil
	}
	if cellStruct(t) {
		return box, func() reflect.Type { return rt.Layout(id) }
	}
	return box, nil
}

func cellStruct(t types.Type) bool {
	_, cell := cellType(t)
	_, ok := t.Underlying().(*types.Struct)
	return cell && ok
}

func (s *subject) Assert(t, from types.Type, must bool) func(x any) any {
	id, rt := s.L.id(t), s.L.rt
	if must {
		f := s.L.id(from)
		return func(x any) any { return rt.Must(x, id, f) }
	}
	return func(x any) any { return rt.V2(x, id) }
}

func (s *subject) Cases(st *ast.TypeSwitchStmt) func(x any) (int, any) {
	number, rt := s.L.rt.Switch(s.cases(st)), s.L.rt
	return func(x any) (int, any) { return rt.Case(x, number) }
}
