package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// expr is the text of an expression, of the representation of its type.
func (f *fn) expr(x ast.Expr) string {
	if v := f.made[x]; v != "" {
		return v
	}
	if tv, ok := f.info.Types[x]; ok && tv.Value != nil {
		t := f.typeOf(x)
		if types.IsInterface(t) {
			return f.exprTo(x, t)
		}
		return f.constant(tv.Value, t)
	}
	switch x := x.(type) {
	case *ast.Ident:
		return f.ident(x)
	case *ast.ParenExpr:
		return "(" + f.expr(x.X) + ")"
	case *ast.FuncLit:
		return f.literal(x)
	case *ast.CompositeLit:
		return f.composite(x, f.typeOf(x))
	case *ast.SelectorExpr:
		return f.selector(x)
	case *ast.IndexExpr:
		return f.index(x)
	case *ast.IndexListExpr:
		return f.expr(x.X)
	case *ast.SliceExpr:
		return f.slice(x)
	case *ast.StarExpr:
		return "(*" + f.expr(x.X) + ")"
	case *ast.UnaryExpr:
		return f.unary(x)
	case *ast.BinaryExpr:
		return f.binary(x)
	case *ast.CallExpr:
		return f.call(x)
	case *ast.TypeAssertExpr:
		return f.assert(x)
	}
	f.refuse(x, "this expression cannot be run")
	return ""
}

func (f *fn) ident(x *ast.Ident) string {
	if x.Name == "_" {
		return "_"
	}
	switch o := f.object(x).(type) {
	case *types.Nil:
		return "nil"
	case *types.Var:
		return f.variable(x, o)
	case *types.Func:
		return f.funcValue(x, o)
	}
	f.refuse(x, "%s cannot be used here", x.Name)
	return ""
}

func (f *fn) variable(at ast.Node, o *types.Var) string {
	if n := f.names[o]; n != "" {
		return n
	}
	if g := f.L.globals[o]; g != "" {
		return g
	}
	if p := o.Pkg(); p != nil && p.Path() == "os" && o.Name() == "Stdin" {
		return f.L.nb() + ".Stdin()"
	}
	if p := o.Pkg(); p != nil && !interpreted(p) {
		return f.L.pkg(p.Path()) + "." + o.Name()
	}
	f.refuse(at, "variable %s has no value: the cell that declares it did not run", o.Name())
	return ""
}

// funcValue names a declared function, instantiated as at id.
func (f *fn) funcValue(id *ast.Ident, o *types.Func) string {
	var targs []types.Type
	if in, ok := f.info.Instances[id]; ok {
		for i := range in.TypeArgs.Len() {
			targs = append(targs, f.apply(in.TypeArgs.At(i)))
		}
	}
	if in := f.L.instance(o, targs); in != nil {
		return f.use(in)
	}
	if o.Pkg() == nil {
		f.refuse(id, "%s cannot be used here", o.Name())
	}
	if interpreted(o.Pkg()) {
		f.refuse(id, "function %s has no body here", o.Name())
	}
	if o.Signature().TypeParams().Len() > 0 {
		f.refuse(id, "generic function %s.%s of a compiled package cannot be run", o.Pkg().Path(), o.Name())
	}
	if nb := overrides[o.Pkg().Path()+"."+o.Name()]; nb != "" && o.Signature().Recv() == nil {
		return f.L.nb() + "." + nb
	}
	return f.L.pkg(o.Pkg().Path()) + "." + o.Name()
}

// overrides are compiled functions that package nb does better: they know
// boxes, the cell's output, or the interrupt.
var overrides = map[string]string{
	"fmt.Print": "Print", "fmt.Println": "Println", "fmt.Printf": "Printf",
	"fmt.Sprint": "Sprint", "fmt.Sprintln": "Sprintln", "fmt.Sprintf": "Sprintf", "fmt.Errorf": "Errorf",
	"fmt.Fprintf": "Fprintf", "fmt.Fprint": "Fprint", "fmt.Fprintln": "Fprintln",
	"os.Getenv": "Getenv", "os.Setenv": "Setenv", "os.LookupEnv": "LookupEnv", "os.Unsetenv": "Unsetenv", "os.Clearenv": "Clearenv",
	"os.Environ": "Environ", "os.ExpandEnv": "ExpandEnv",
	"fmt.Scan": "Scan", "fmt.Scanln": "Scanln", "fmt.Scanf": "Scanf",
	"fmt.Sscan": "Sscan", "fmt.Sscanf": "Sscanf", "fmt.Sscanln": "Sscanln", "fmt.Fscan": "Fscan", "fmt.Fscanf": "Fscanf", "fmt.Fscanln": "Fscanln",
	"time.Sleep": "Sleep", "os.Exit": "Exit", "errors.As": "As",
	"log.Fatal": "Fatal", "log.Fatalf": "Fatalf", "log.Fatalln": "Fatalln", "log.Print": "LogPrint", "log.Println": "LogPrintln", "log.Printf": "LogPrintf",
	"encoding/json.Unmarshal": "Unmarshal", "encoding/json.Marshal": "Marshal", "encoding/json.MarshalIndent": "MarshalIndent",
}

func (f *fn) selector(x *ast.SelectorExpr) string {
	sel := f.info.Selections[x]
	if sel == nil {
		switch o := f.object(x.Sel).(type) {
		case *types.Var:
			return f.variable(x, o)
		case *types.Func:
			return f.funcValue(x.Sel, o)
		}
		f.refuse(x, "%s cannot be used here", x.Sel.Name)
	}
	if sel.Kind() == types.MethodExpr {
		return f.methodExpr(x, sel)
	}
	obj, index, t := f.resolve(x, sel)
	switch o := obj.(type) {
	case *types.Var:
		recv, _ := f.path(f.operand(x.X), t, index)
		return recv
	case *types.Func:
		recv, rt := f.path(f.operand(x.X), t, index[:len(index)-1])
		sig := f.typeOf(x).(*types.Signature)
		return f.bind(recv, rt, o, sig)
	}
	f.refuse(x, "%s cannot be used here", x.Sel.Name)
	return ""
}

// resolve finds what a selector selects once type parameters have types.
func (f *fn) resolve(x *ast.SelectorExpr, sel *types.Selection) (types.Object, []int, types.Type) {
	t := f.apply(sel.Recv())
	if f.env == nil {
		return sel.Obj(), sel.Index(), t
	}
	obj, index, _ := types.LookupFieldOrMethod(t, true, f.unit.Pkg, x.Sel.Name)
	if obj == nil {
		return sel.Obj(), sel.Index(), t
	}
	return obj, index, t
}

// operand is an expression that a selector or call follows.
func (f *fn) operand(x ast.Expr) string {
	s := f.expr(x)
	switch ast.Unparen(x).(type) {
	case *ast.UnaryExpr, *ast.BinaryExpr, *ast.FuncLit:
		return "(" + s + ")"
	}
	return s
}

func (f *fn) methodExpr(x *ast.SelectorExpr, sel *types.Selection) string {
	sig := f.typeOf(x).(*types.Signature)
	params, args := f.params(sig)
	recv := f.apply(sel.Recv())
	obj, index, _ := types.LookupFieldOrMethod(recv, true, f.unit.Pkg, x.Sel.Name)
	m := obj.(*types.Func)
	r, rt := f.path(args[0], recv, index[:len(index)-1])
	call := f.methodCall(r, rt, m, args[1:], f.apply(m.Type()).(*types.Signature))
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return fmt.Sprintf("func(%s)%s {\n%s\n}", strings.Join(params, ", "), f.L.results(sig), call)
}

// methodCall is recv.m(args).
func (f *fn) methodCall(recv string, t types.Type, m *types.Func, args []string, sig *types.Signature) string {
	list := strings.Join(args, ", ")
	if types.IsInterface(t) {
		if anyIface(t) {
			return fmt.Sprintf("%s.M(%s, %q).(func%s)(%s)", f.L.nb(), recv, m.Name(), f.L.signature(sig), list)
		}
		if nb := methodOverrides[m.FullName()]; nb != "" {
			return fmt.Sprintf("%s.%s(%s)", f.L.nb(), nb, strings.Join(append([]string{recv}, args...), ", "))
		}
		return fmt.Sprintf("%s.%s(%s)", recv, m.Name(), list)
	}
	in := f.method(t, m)
	if in == nil {
		if g, ok := genericOf(t); ok {
			return f.genericMethod(g.prefix+m.Name(), f.receiver(recv, t, m), args, sig)
		}
		if nb := methodOverrides[m.FullName()]; nb != "" {
			return fmt.Sprintf("%s.%s(%s)", f.L.nb(), nb, strings.Join(append([]string{f.receiver(recv, t, m)}, args...), ", "))
		}
		return fmt.Sprintf("%s.%s(%s)", recv, m.Name(), list)
	}
	all := append([]string{f.receiver(recv, t, m)}, args...)
	return f.callOf(in, all)
}

func (f *fn) index(x *ast.IndexExpr) string {
	if id := instantiated(x.X); id != nil {
		if _, ok := f.info.Instances[id]; ok {
			return f.expr(x.X)
		}
	}
	t := f.typeOf(x.X)
	if m, ok := t.Underlying().(*types.Map); ok {
		return f.operand(x.X) + "[" + f.mapKey(x.Index, m.Key()) + "]"
	}
	base := f.operand(x.X)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		if _, ok := p.Elem().Underlying().(*types.Array); ok {
			base = "(*" + base + ")"
		}
	}
	index := f.intExpr(x.Index)
	return base + "[" + f.guard(x, base, index) + "]"
}

// mapKey is a key of a map; an interface may hold what cannot be one.
func (f *fn) mapKey(x ast.Expr, t types.Type) string {
	t = f.apply(t)
	key := f.exprTo(x, t)
	from := f.typeOf(x)
	if types.IsInterface(t) && anyIface(t) && (types.IsInterface(from) || !types.Comparable(from)) && !f.info.Types[x].IsNil() {
		return f.L.nb() + ".Key(" + key + ")"
	}
	return key
}

// intExpr is an index: constants of any type are ints.
func (f *fn) intExpr(x ast.Expr) string {
	if tv := f.info.Types[x]; tv.Value != nil {
		return f.constant(tv.Value, types.Typ[types.Int])
	}
	return f.expr(x)
}

func instantiated(x ast.Expr) *ast.Ident {
	switch x := x.(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.ParenExpr:
		return instantiated(x.X)
	}
	return nil
}

func (f *fn) slice(x *ast.SliceExpr) string {
	part := func(e ast.Expr) string {
		if e == nil {
			return ""
		}
		return f.intExpr(e)
	}
	f.makeParts(x)
	base, low, high, limit := f.operand(x.X), part(x.Low), part(x.High), part(x.Max)
	f.guardSlice(x, base, low, high, limit)
	if x.Slice3 {
		return fmt.Sprintf("%s[%s:%s:%s]", base, low, high, limit)
	}
	return fmt.Sprintf("%s[%s:%s]", base, low, high)
}

func (f *fn) unary(x *ast.UnaryExpr) string {
	if x.Op == token.ARROW {
		return f.received(x.X)
	}
	if x.Op == token.AND {
		if lit, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok {
			return f.address(lit)
		}
	}
	return x.Op.String() + f.operand(x.X)
}

func (f *fn) binary(x *ast.BinaryExpr) string {
	switch x.Op {
	case token.EQL, token.NEQ:
		return f.equal(x.X, x.Y, x.Op)
	case token.SHL, token.SHR:
		return f.operand(x.X) + " " + x.Op.String() + " " + f.shiftCount(x.Y)
	}
	t := f.typeOf(x)
	if x.Op == token.LSS || x.Op == token.LEQ || x.Op == token.GTR || x.Op == token.GEQ {
		t = f.common(x.X, x.Y)
	}
	left := f.operandTo(x.X, t)
	right := func() string { return f.operandTo(x.Y, t) }
	if x.Op == token.LAND || x.Op == token.LOR {
		return left + " " + x.Op.String() + " " + f.perhaps(right)
	}
	return left + " " + x.Op.String() + " " + right()
}

func (f *fn) shiftCount(y ast.Expr) string {
	if tv := f.info.Types[y]; tv.Value != nil {
		return f.constant(tv.Value, types.Typ[types.Uint])
	}
	b, ok := f.typeOf(y).Underlying().(*types.Basic)
	if _, name := ast.Unparen(y).(*ast.Ident); ok && b.Info()&types.IsUnsigned != 0 && !name {
		return "uint(" + f.expr(y) + ")" // else it takes the type of what is shifted
	}
	if !ok || b.Info()&types.IsUnsigned != 0 || f.counter(y) {
		return f.operand(y)
	}
	return fmt.Sprintf("%s.Shift(int(%s))", f.L.nb(), f.expr(y))
}

// counter tells whether x is a variable of a for statement, which counts from
// something that is not negative as a rule; a call to check it would cost more
// than the loop.
func (f *fn) counter(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	return ok && f.counters[f.object(id)]
}

func (f *fn) operandTo(x ast.Expr, t types.Type) string {
	s := f.exprTo(x, t)
	switch ast.Unparen(x).(type) {
	case *ast.BinaryExpr, *ast.FuncLit:
		return "(" + s + ")"
	}
	return s
}

// common is the type two compared operands have.
func (f *fn) common(x, y ast.Expr) types.Type {
	a, b := f.typeOf(x), f.typeOf(y)
	ab, aok := a.(*types.Basic)
	if aok && ab.Info()&types.IsUntyped != 0 {
		return types.Default(b)
	}
	return a
}

func (f *fn) equal(x, y ast.Expr, op token.Token) string {
	a, b := f.typeOf(x), f.typeOf(y)
	if f.info.Types[x].IsNil() {
		x, y, a, b = y, x, b, a
	}
	not := ""
	if op == token.NEQ {
		not = "!"
	}
	if f.info.Types[y].IsNil() {
		if c, ok := ast.Unparen(x).(*ast.CallExpr); ok && f.info.Types[c.Fun].IsType() && types.IsInterface(a) {
			return fmt.Sprintf("%s%s.Eq(%s, nil)", not, f.L.nb(), f.exprTo(x, types.Universe.Lookup("any").Type())) // the interpreter sees through the conversion
		}
		return f.operand(x) + " " + op.String() + " nil"
	}
	any := types.Universe.Lookup("any").Type()
	if types.IsInterface(a) || types.IsInterface(b) {
		return fmt.Sprintf("%s%s.Eq(%s, %s)", not, f.L.nb(), f.exprTo(x, any), f.exprTo(y, any))
	}
	t := f.common(x, y)
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array:
		return fmt.Sprintf("%s%s.EqV(%s, %s)", not, f.L.nb(), f.exprTo(x, t), f.exprTo(y, t))
	}
	return f.operandTo(x, t) + " " + op.String() + " " + f.operandTo(y, t)
}
