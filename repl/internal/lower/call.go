package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

func (f *fn) call(x *ast.CallExpr) string {
	fun := ast.Unparen(x.Fun)
	if tv := f.info.Types[x.Fun]; tv.IsType() {
		return f.converted(x.Args[0], f.apply(tv.Type))
	}
	if id, ok := fun.(*ast.Ident); ok {
		if b, ok := f.object(id).(*types.Builtin); ok {
			return f.builtin(x, b.Name())
		}
		if n, ok := strings.CutPrefix(id.Name, "takeꞏ"); ok {
			return f.take(x.Args[0], n)
		}
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		if o, ok := f.object(sel.Sel).(*types.Builtin); ok {
			return f.builtin(x, o.Name())
		}
	}
	if o, ok := f.instantiatedCallee(x).(*types.Func); ok && genericMakes[o.FullName()] != "" && len(x.Args) == 1 {
		arg := f.expr(x.Args[0])
		if o.FullName() == "unique.Make" {
			arg = f.exprTo(x.Args[0], types.Universe.Lookup("any").Type())
		}
		return f.L.nb() + "." + genericMakes[o.FullName()] + "(" + arg + ")"
	}
	sig, ok := f.typeOf(x.Fun).Underlying().(*types.Signature)
	if !ok {
		f.refuse(x, "this call cannot be run")
	}
	if len(x.Args) == 1 {
		if tu, ok := f.typeOf(x.Args[0]).(*types.Tuple); ok && tu.Len() > 1 {
			return f.spread(x, sig, tu)
		}
	}
	f.refuseArgs(x)
	if o, ok := f.callee(x).(*types.Func); ok && o.Pkg() != nil && rawArgs[o.FullName()] != nil {
		return f.rawCall(x, o, sig)
	}
	return f.callWith(x, f.args(x, sig), sig)
}

// instantiatedCallee is callee, also of f[T](x).
func (f *fn) instantiatedCallee(x *ast.CallExpr) types.Object {
	if ix, ok := ast.Unparen(x.Fun).(*ast.IndexExpr); ok {
		if id := instantiated(ix.X); id != nil {
			return f.object(id)
		}
	}
	return f.callee(x)
}

// needsType are compiled packages whose functions look at a value's own type,
// of which the interpreter's values have none.
var needsType = map[string]string{
	"encoding/xml":  "encoding/xml needs the name and the methods of the type itself",
	"html/template": "html/template finds fields and methods by the type itself; text/template works",
}

// refuseArgs refuses what would silently come out wrong.
func (f *fn) refuseArgs(x *ast.CallExpr) {
	o, ok := f.callee(x).(*types.Func)
	if !ok || o.Pkg() == nil {
		return
	}
	if o.Pkg().Path() == "testing/quick" {
		f.refuseGenerated(x)
	}
	f.refuseReflect(x, o, o.Signature())
	if needsType[o.Pkg().Path()] == "" {
		return
	}
	for i, a := range x.Args {
		n := o.Signature().Params().Len()
		p := o.Signature().Params().At(min(i, n-1)).Type()
		if s, ok := p.(*types.Slice); ok && o.Signature().Variadic() && i >= n-1 {
			p = s.Elem()
		}
		if t := f.typeOf(a); types.IsInterface(p) && !types.IsInterface(t) && boxed(t) && !nativeIface(p) {
			f.refuse(a, "%s, which %s, declared in a cell, does not have; convert it to a map or to a type of a package first", needsType[o.Pkg().Path()], types.TypeString(t, func(*types.Package) string { return "" }))
		}
	}
}

// callWith calls x's function with lowered arguments.
func (f *fn) callWith(x *ast.CallExpr, args []string, sig *types.Signature) string {
	defer func() { f.after = true }()
	fun := ast.Unparen(x.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok && instantiated(ix.X) != nil {
		fun = ast.Unparen(ix.X)
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		if s := f.info.Selections[sel]; s != nil && s.Kind() == types.MethodVal {
			obj, index, t := f.resolve(sel, s)
			if m, ok := obj.(*types.Func); ok {
				recv, rt := f.path(f.operand(sel.X), t, index[:len(index)-1])
				if o, ok := m.Type().(*types.Signature); ok && f.env == nil && o.TypeParams().Len() == 0 {
					sig = f.apply(m.Type()).(*types.Signature)
				}
				return f.methodCall(recv, rt, m, args, sig)
			}
		}
	}
	if id, ok := fun.(*ast.Ident); ok {
		if o, ok := f.object(id).(*types.Func); ok && f.info.Instances[id].TypeArgs == nil {
			if in := f.L.instance(o, nil); in != nil {
				return f.callOf(in, args)
			}
		}
	}
	fn := f.operand(x.Fun)
	if s, ok := funcAsAny(f.typeOf(x.Fun)); ok {
		fn += ".(func" + f.L.signature(f.apply(s).(*types.Signature)) + ")"
	}
	return fn + "(" + strings.Join(args, ", ") + ")"
}

// args lowers arguments to the parameters' types.
func (f *fn) args(x *ast.CallExpr, sig *types.Signature) []string {
	var out []string
	n := sig.Params().Len()
	for i, a := range x.Args {
		var t types.Type
		switch {
		case sig.Variadic() && i >= n-1:
			t = sig.Params().At(n - 1).Type()
			if x.Ellipsis.IsValid() {
				if f.info.Types[a].IsNil() {
					out = append(out, "("+f.rep(t)+")(nil)...")
					continue
				}
				out = append(out, f.exprTo(a, t)+"...")
				continue
			}
			if s, ok := t.Underlying().(*types.Slice); ok {
				t = s.Elem()
			}
		default:
			t = sig.Params().At(i).Type()
		}
		if _, ok := ast.Unparen(a).(*ast.FuncLit); ok {
			old := f.callback
			f.callback = f.compiled(x)
			out = append(out, f.bound(ast.Unparen(a), t))
			f.callback = old
			continue
		}
		out = append(out, f.exprTo(a, t))
	}
	return f.gathered(x, sig, out)
}

// compiled tells whether a call is one of a compiled function.
func (f *fn) compiled(x *ast.CallExpr) bool {
	o, ok := f.callee(x).(*types.Func)
	return ok && o.Pkg() != nil && !interpreted(o.Pkg())
}

// gathered puts the variadic arguments of a call of interpreted code into a
// slice: the interpreter compares their types to tell f(s...) from f(s).
func (f *fn) gathered(x *ast.CallExpr, sig *types.Signature, args []string) []string {
	if !sig.Variadic() || x.Ellipsis.IsValid() {
		return args
	}
	n := sig.Params().Len() - 1
	// Compiled code takes its arguments one by one; without any it would get
	// an empty slice where Go gives nil (but a type that is not exported cannot
	// be spelled).
	elem := sig.Params().At(n).Type().Underlying().(*types.Slice).Elem()
	if o, ok := f.callee(x).(*types.Func); ok && (len(args) > n || hidden(elem)) && o.Pkg() != nil && !interpreted(o.Pkg()) && f.L.library.body(o.Origin()) == nil {
		return args
	}
	slice := f.rep(sig.Params().At(n).Type())
	rest := slice + "{" + strings.Join(args[n:], ", ") + "}"
	if len(args) == n {
		rest = "(" + slice + ")(nil)"
	}
	return append(slices.Clone(args[:n]), rest+"...")
}

// hidden tells whether t is a type that its compiled package does not export.
func hidden(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && !interpreted(n.Obj().Pkg()) && !n.Obj().Exported()
}

// spread is f(g()) where g has several results.
func (f *fn) spread(x *ast.CallExpr, sig *types.Signature, tu *types.Tuple) string {
	var names, args []string
	n := sig.Params().Len()
	for i := range tu.Len() {
		t := f.fresh("t")
		names = append(names, t)
		var to types.Type
		if sig.Variadic() && i >= n-1 {
			to = sig.Params().At(n - 1).Type().(*types.Slice).Elem()
		} else {
			to = sig.Params().At(i).Type()
		}
		args = append(args, f.conv(t, tu.At(i).Type(), to))
	}
	call := f.callWith(x, f.gathered(x, sig, args), sig)
	if sig.Results().Len() > 0 {
		call = "return " + call
	}
	return fmt.Sprintf("func()%s {\n%s := %s\n%s\n}()", f.L.results(f.apply(sig).(*types.Signature)), strings.Join(names, ", "), f.expr(x.Args[0]), call)
}

// rawArgs are compiled functions that want a cell's value as it is laid out,
// not boxed: by position from 1.
var rawArgs = map[string][]int{
	"sort.Slice": {1}, "sort.SliceStable": {1}, "sort.SliceIsSorted": {1}, "testing/quick.Check": {1}, "testing/quick.CheckEqual": {1, 2},
	"encoding/binary.Write": {3}, "encoding/binary.Read": {3}, "encoding/binary.Size": {1},
	"(*encoding/gob.Encoder).Encode": {1}, "(*encoding/gob.Decoder).Decode": {1},
}

func (f *fn) rawCall(x *ast.CallExpr, o *types.Func, sig *types.Signature) string {
	args := f.args(x, sig)
	for _, n := range rawArgs[o.FullName()] {
		raw := n - 1
		if raw >= len(x.Args) {
			continue
		}
		if t := f.typeOf(x.Args[raw]); !types.IsInterface(t) {
			args[raw] = f.expr(x.Args[raw])
		} else {
			args[raw] = f.L.nb() + ".Raw(" + f.expr(x.Args[raw]) + ")"
		}
	}
	return f.callWith(x, args, sig)
}

// methodOverrides are methods of compiled types whose work package nb does:
// the receiver becomes the first argument.
var methodOverrides = map[string]string{
	"(*encoding/json.Decoder).Decode":           "Decode",
	"(*encoding/json.Encoder).Encode":           "Encode",
	"(*text/template.Template).Execute":         "Execute",
	"(*text/template.Template).ExecuteTemplate": "ExecuteTemplate",
	"(*text/template.Template).Funcs":           "TemplateFuncs",
	"(*log.Logger).Fatal":                       "LoggerFatal",
	"(*log.Logger).Fatalf":                      "LoggerFatalf",
	"(*log.Logger).Fatalln":                     "LoggerFatalln",
	"(*sync.Mutex).Lock":                        "Lock",
	"(*sync.RWMutex).Lock":                      "WLock",
	"(*sync.RWMutex).RLock":                     "RLock",
	"(*sync.WaitGroup).Wait":                    "Wait",
	"(*sync.Cond).Wait":                         "CondWait",
	"(reflect.Type).Method":                     "TypeMethod",
	"(reflect.Type).MethodByName":               "TypeMethodByName",
	"(reflect.Type).Methods":                    "TypeMethods",
	"(reflect.Type).Implements":                 "Implements",
	"(reflect.Type).AssignableTo":               "Assignable",
	"(reflect.Type).ConvertibleTo":              "Convertible",
	"(reflect.Value).Recv":                      "ReflectRecv",
	"(reflect.Value).Seq":                       "ReflectSeq",
	"(reflect.Value).Send":                      "ReflectSend",
}

// take is the first liberty: n results wanted, n and an error given.
func (f *fn) take(x ast.Expr, n string) string {
	want, _ := strconv.Atoi(n)
	ts := f.tuple(x)
	var names, reps []string
	for i := range want + 1 {
		names = append(names, f.fresh("t"))
		if i < want {
			reps = append(reps, f.rep(ts[i]))
		}
	}
	return fmt.Sprintf("func() (%s) {\n%s := %s\n%s.Check(%s, %d)\nreturn %s\n}()", strings.Join(reps, ", "), strings.Join(names, ", "),
		f.expr(x), f.L.nb(), names[want], f.placeAt(x.Pos()), strings.Join(names[:want], ", "))
}

// genericMethod is a method of a compiled generic type, which package nb has
// without the type parameter: what it returns of that type is in an
// interface.
func (f *fn) genericMethod(name, recv string, args []string, sig *types.Signature) string {
	call := fmt.Sprintf("%s.%s(%s)", f.L.nb(), name, strings.Join(append([]string{recv}, args...), ", "))
	switch name {
	case "HandleValue":
		t := sig.Results().At(0).Type()
		if !types.IsInterface(t) {
			call = f.L.nb() + ".Raw(" + call + ")"
		}
		return f.opened(call, t)
	case "AtomicLoad", "AtomicSwap", "WeakValue":
	default:
		return call
	}
	v := f.fresh("t")
	r := f.rep(sig.Results().At(0).Type())
	return fmt.Sprintf("func() (r %s) {\n%s := %s\nif %s != nil { r = %s.(%s) }\nreturn\n}()", r, v, call, v, v, r)
}

func (f *fn) builtin(x *ast.CallExpr, name string) string {
	nb := f.L.nb()
	arg := func(i int) string { return f.expr(x.Args[i]) }
	any := types.Universe.Lookup("any").Type()
	switch name {
	case "append":
		return f.append(x)
	case "len", "cap":
		if p, ok := f.typeOf(x.Args[0]).Underlying().(*types.Pointer); ok {
			_ = p
			return name + "(*" + arg(0) + ")"
		}
		return name + "(" + arg(0) + ")"
	case "copy":
		return "copy(" + arg(0) + ", " + arg(1) + ")"
	case "delete":
		m := f.typeOf(x.Args[0]).Underlying().(*types.Map)
		return "delete(" + arg(0) + ", " + f.exprTo(x.Args[1], m.Key()) + ")"
	case "make":
		t := f.typeOf(x.Args[0])
		parts := []string{f.rep(t)}
		c, isChan := t.Underlying().(*types.Chan)
		if isChan {
			parts[0] = f.rep(types.NewChan(types.SendRecv, c.Elem()))
		}
		for _, a := range x.Args[1:] {
			parts = append(parts, f.intExpr(a))
		}
		text := "make(" + strings.Join(parts, ", ") + ")"
		if isChan && c.Dir() != types.SendRecv {
			return "(" + f.rep(t) + ")(" + text + ")"
		}
		return text
	case "new":
		if tv := f.info.Types[x.Args[0]]; !tv.IsType() {
			v := f.fresh("n")
			t := f.typeOf(x).(*types.Pointer).Elem()
			return fmt.Sprintf("func() *%s {\n%s := %s\nreturn &%s\n}()", f.rep(t), v, f.exprTo(x.Args[0], t), v)
		}
		return "new(" + f.rep(f.typeOf(x.Args[0])) + ")"
	case "panic":
		return nb + ".Panic(" + f.exprTo(x.Args[0], any) + ")"
	case "recover":
		if f.outer == "" { // at a cell's top level nothing panics yet
			return "interface{}(nil)"
		}
		return f.outer + ".Recover()"
	case "print", "println":
		parts := []string{strconv.FormatBool(name == "println")}
		for _, a := range x.Args {
			parts = append(parts, f.exprTo(a, any))
		}
		return nb + ".BuiltinPrint(" + strings.Join(parts, ", ") + ")"
	case "min", "max":
		return f.minmax(x, name)
	case "clear":
		return nb + ".Clear(" + arg(0) + ")"
	case "close":
		return "close(" + arg(0) + ")"
	case "complex":
		t := f.typeOf(x)
		part := types.Typ[types.Float64]
		if b, ok := t.Underlying().(*types.Basic); ok && b.Kind() == types.Complex64 {
			part = types.Typ[types.Float32]
		}
		return "complex(" + f.exprTo(x.Args[0], part) + ", " + f.exprTo(x.Args[1], part) + ")"
	case "real", "imag":
		return name + "(" + arg(0) + ")"
	}
	f.refuse(x, "%s cannot be run in a cell", name)
	return ""
}

func (f *fn) append(x *ast.CallExpr) string {
	t := f.typeOf(x)
	s, ok := t.Underlying().(*types.Slice)
	if !ok {
		f.refuse(x, "append to %s cannot be run", t)
	}
	base := f.exprTo(x.Args[0], t)
	if base == "nil" {
		base = "(" + f.rep(t) + ")(nil)"
	}
	if len(x.Args) == 1 {
		return base
	}
	if x.Ellipsis.IsValid() {
		return "append(" + base + ", " + f.expr(x.Args[1]) + "...)"
	}
	parts := []string{base}
	for _, a := range x.Args[1:] {
		parts = append(parts, f.element(a, s.Elem()))
	}
	return "append(" + strings.Join(parts, ", ") + ")"
}

// minmax compares once per operand; math does it for floats, with NaN and
// signed zeros.
func (f *fn) minmax(x *ast.CallExpr, name string) string {
	t := f.typeOf(x)
	acc := f.exprTo(x.Args[0], t)
	r := f.rep(t)
	b := t.Underlying().(*types.Basic)
	for _, a := range x.Args[1:] {
		v := f.exprTo(a, t)
		if b.Info()&types.IsFloat != 0 {
			fn := map[string]string{"min": "Min", "max": "Max"}[name]
			acc = fmt.Sprintf("%s(%s.%s(float64(%s), float64(%s)))", r, f.L.pkg("math"), fn, acc, v)
			continue
		}
		p, q := f.fresh("m"), f.fresh("m")
		op := map[string]string{"min": "<", "max": ">"}[name]
		acc = fmt.Sprintf("func(%s, %s %s) %s {\nif %s %s %s { return %s }\nreturn %s\n}(%s, %s)", p, q, r, r, q, op, p, q, p, acc, v)
	}
	return acc
}
