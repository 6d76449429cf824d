package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"graft/repl/internal/check"
)

// CellFunc is the emitted name of a cell's top level: the same for all, so
// that the interpreter forgets the last.
const CellFunc = "cell"

// steps emits the cell's function.
func (L *Lowerer) steps(u *check.Unit) {
	n := 0
	L.seq++
	L.out.Run = CellFunc
	in := &inst{deps: map[*inst]bool{}, name: L.out.Run}
	f := &fn{L: L, unit: u, info: u.Info, inst: in, b: &strings.Builder{}, names: map[types.Object]string{}, counters: map[types.Object]bool{}, n: &n, cell: true,
		sig: types.NewSignatureType(nil, nil, nil, nil, nil, false)}
	var inits []string
	for _, d := range u.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		obj, ok := u.Info.Defs[fd.Name].(*types.Func)
		if !ok || generic(obj) || fd.Body == nil {
			continue
		}
		in := L.instance(obj, nil)
		if fd.Name.Name == "init" && fd.Recv == nil {
			inits = append(inits, f.use(in)+"()")
		}
	}
	if !u.IsPackage() { // a package's variables come first
		f.b.WriteString(strings.Join(append(inits, ""), "\n"))
		inits = nil
	}
	for _, m := range u.Methods {
		L.instance(m.Func, nil)
	}
	body := f.capture(func() {
		for _, s := range u.Steps {
			f.step(s)
		}
	})
	deferred := false
	for _, s := range u.Steps {
		deferred = deferred || s.Stmt != nil && defers(s.Stmt)
	}
	if deferred {
		f.frame = f.fresh("d")
		body = f.capture(func() {
			for _, s := range u.Steps {
				f.step(s)
			}
		})
		fb := f.fresh("body")
		f.line("%s := func(%s *%s.D) {\n%s}", fb, f.frame, L.nb(), body)
		f.line("%s.Frame(%s)", L.nb(), fb)
	} else {
		f.b.WriteString(body)
	}
	f.b.WriteString(strings.Join(append(inits, ""), "\n"))
	fmt.Fprintf(&L.out.funcs, "func %s() {\n%s}\n", L.out.Run, f.b.String())
}

// defers tells whether a top-level statement defers calls to the cell's end.
func defers(s ast.Stmt) bool { return scan(&ast.BlockStmt{List: []ast.Stmt{s}}).deferred }

func generic(f *types.Func) bool {
	s := f.Signature()
	return s.TypeParams().Len() > 0 || s.RecvTypeParams().Len() > 0
}

// step emits one top-level statement.
func (f *fn) step(s check.Step) {
	switch {
	case s.Spec != nil:
		f.position(s.Spec)
		f.globalSpec(s.Spec)
	case s.Trailing != nil:
		f.position(s.Trailing)
		f.trailing(s.Trailing, s.Silent)
	default:
		f.position(s.Stmt)
		if x, ok := s.Stmt.(*ast.ExprStmt); ok && f.lastIsError(x.X) {
			f.ready(x.X)
			f.checked(x.X)
			return
		}
		if !defers(s.Stmt) { // compiled, it would have an end of its own
			if call := f.computedStep(s.Stmt); call != "" {
				f.line("%s", call)
				return
			}
		}
		f.stmt(s.Stmt)
	}
}

func (f *fn) position(n ast.Node) {
	f.L.at, f.after, f.made = n, false, nil
	if !f.unit.IsPackage() {
		f.line("%s.At(%d)", f.L.nb(), f.unit.Offset(n.Pos()))
	}
}

// globalSpec assigns the session's variables.
func (f *fn) globalSpec(sp *ast.ValueSpec) {
	var lhs []lvalue
	for _, id := range sp.Names {
		o := f.info.Defs[id]
		if id.Name == "_" || o == nil {
			lhs = append(lhs, lvalue{text: "_"})
			continue
		}
		lhs = append(lhs, lvalue{text: f.L.globals[o], typ: o.Type()})
	}
	if len(sp.Values) == 0 {
		for _, l := range lhs {
			if l.text != "_" {
				f.zero(l.text, l.typ)
			}
		}
		return
	}
	f.ready(sp.Values...)
	f.assignAll(lhs, sp.Values)
}

// zero assigns t's zero value.
func (f *fn) zero(name string, t types.Type) {
	z := f.fresh("z")
	f.line("var %s %s", z, f.rep(t))
	f.line("%s = %s", name, z)
}

func (f *fn) tuple(x ast.Expr) []types.Type {
	t := f.typeOf(x)
	if tu, ok := t.(*types.Tuple); ok {
		var out []types.Type
		for v := range tu.Variables() {
			out = append(out, v.Type())
		}
		return out
	}
	if b, ok := t.(*types.Basic); ok && b.Kind() == types.Invalid {
		return nil
	}
	return []types.Type{t}
}

var errorType = types.Universe.Lookup("error").Type()

// lastIsError tells whether a top-level call's last result is an error that
// must be looked at: fmt.Print* is exempt.
func (f *fn) lastIsError(x ast.Expr) bool {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok || f.info.Types[call.Fun].IsType() {
		return false
	}
	ts := f.tuple(call)
	if len(ts) == 0 || !types.Identical(ts[len(ts)-1], errorType) {
		return false
	}
	if o := f.callee(call); o != nil && o.Pkg() != nil && o.Pkg().Path() == "fmt" && strings.HasPrefix(o.Name(), "Print") {
		return false
	}
	return true
}

// callee is the declared function that a call names, or nil.
func (f *fn) callee(call *ast.CallExpr) types.Object {
	switch x := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return f.object(x)
	case *ast.SelectorExpr:
		return f.object(x.Sel)
	}
	return nil
}

// checked runs a call and ends the cell when its error is not nil.
func (f *fn) checked(x ast.Expr) []string {
	ts := f.tuple(x)
	var names []string
	for range ts {
		names = append(names, f.fresh("t"))
	}
	f.line("%s := %s", strings.Join(names, ", "), f.expr(x))
	for _, n := range names[:len(names)-1] {
		f.line("_ = %s", n)
	}
	f.check(names[len(names)-1], x)
	return names
}

func (f *fn) check(name string, at ast.Node) {
	f.line("%s.Check(%s, %d)", f.L.nb(), name, f.placeAt(at.Pos()))
}

// trailing hands the values of the cell's last expression to the session.
func (f *fn) trailing(x ast.Expr, silent bool) {
	f.ready(x)
	if silent {
		f.silent(x)
		return
	}
	ts := f.tuple(x)
	f.L.out.Results = nil
	for _, t := range ts {
		f.L.out.Results = append(f.L.out.Results, types.Default(t))
	}
	any := types.Universe.Lookup("any").Type()
	switch {
	case len(ts) == 0:
		f.line("%s", f.expr(x))
	case len(ts) == 1 && !f.lastIsError(x):
		f.line("%s.Result(%s)", f.L.nb(), f.exprTo(x, any))
	default:
		var names []string
		if f.lastIsError(x) {
			names = f.checked(x)
		} else {
			for range ts {
				names = append(names, f.fresh("t"))
			}
			f.line("%s := %s", strings.Join(names, ", "), f.expr(x))
		}
		for i := range names {
			names[i] = f.conv(names[i], ts[i], any)
		}
		f.line("%s.Result(%s)", f.L.nb(), strings.Join(names, ", "))
	}
}

// silent evaluates an expression whose value nobody sees.
func (f *fn) silent(x ast.Expr) {
	switch {
	case f.lastIsError(x):
		f.checked(x)
	case len(f.tuple(x)) != 1:
		f.line("%s", f.expr(x))
	default:
		v := f.fresh("t")
		f.line("%s := %s", v, f.exprTo(x, types.Universe.Lookup("any").Type()))
		f.line("_ = %s", v)
	}
}
