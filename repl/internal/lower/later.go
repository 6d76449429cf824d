package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// later binds a call's function and arguments now and returns the text of a
// literal that makes the call.
func (f *fn) later(call *ast.CallExpr) string {
	if lit, ok := ast.Unparen(call.Fun).(*ast.FuncLit); ok && len(call.Args) == 0 {
		lsig := f.typeOf(lit).(*types.Signature)
		v := f.funcVar(f.L.signature(lsig), f.literalIn(lit, f.frame))
		if lsig.Results().Len() == 0 {
			return v
		}
		return f.funcVar("()", fmt.Sprintf("func() { %s() }", v))
	}
	sig, ok := f.typeOf(call.Fun).Underlying().(*types.Signature)
	if !ok || f.info.Types[call.Fun].IsBuiltin() {
		return f.laterBuiltin(call)
	}
	args := f.boundArgs(call, sig)
	text := f.laterCall(call, args, sig)
	return f.funcVar("()", fmt.Sprintf("func() {\n%s%s\n}", f.capture(func() { f.note(f.riskOf(call)) }), text))
}

// boundArgs evaluates a call's arguments now, into variables.
func (f *fn) boundArgs(call *ast.CallExpr, sig *types.Signature) []string {
	var args []string
	if len(call.Args) == 1 {
		if tu, ok := f.typeOf(call.Args[0]).(*types.Tuple); ok && tu.Len() > 1 {
			var names []string
			for i := range tu.Len() {
				names = append(names, f.fresh("t"))
				to := sig.Params().At(min(i, sig.Params().Len()-1)).Type()
				if sig.Variadic() && i >= sig.Params().Len()-1 {
					to = to.(*types.Slice).Elem()
				}
				args = append(args, f.conv(names[i], tu.At(i).Type(), to))
			}
			f.line("%s := %s", strings.Join(names, ", "), f.expr(call.Args[0]))
		}
	}
	if args == nil {
		for i, a := range f.args(call, sig) {
			dots := strings.HasSuffix(a, "...")
			a = strings.TrimSuffix(a, "...")
			t := f.fresh("t")
			if a == "nil" {
				f.line("var %s %s", t, f.rep(sig.Params().At(min(i, sig.Params().Len()-1)).Type()))
			} else {
				f.line("%s := %s", t, a)
			}
			if dots {
				t += "..."
			}
			args = append(args, t)
		}
	}
	return args
}

// funcVar puts a function literal into a variable. The interpreter writes the
// literal's slot again when a call of it ends; with detached, that is a frame
// of its own, since the call may end in another goroutine.
func (f *fn) funcVar(sig, text string) string {
	v := f.fresh("fl")
	if f.detached {
		text = fmt.Sprintf("func() func%s {\n%s := %s\nreturn %s\n}()", sig, v, text, v)
	}
	f.line("%s := %s", v, text)
	return v
}

// laterBuiltin is later for a builtin: its arguments become variables.
func (f *fn) laterBuiltin(call *ast.CallExpr) string {
	bound := *call
	bound.Args = nil
	for _, a := range call.Args {
		bound.Args = append(bound.Args, f.bind1(a))
	}
	f.info.Types[&bound] = f.info.Types[call]
	var text string
	body := f.capture(func() { text = f.expr(&bound) })
	if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "recover" {
		text = "_ = 0" // not called by a deferred function: it stops nothing
	}
	return f.funcVar("()", fmt.Sprintf("func() {\n%s%s%s\n}", f.capture(func() { f.note(f.riskOf(call)) }), body, text))
}

// laterCall binds the function itself: a declared one stays static, a
// method's receiver and a function value are evaluated now.
func (f *fn) laterCall(call *ast.CallExpr, args []string, sig *types.Signature) string {
	list := strings.Join(args, ", ")
	switch x := ast.Unparen(call.Fun).(type) {
	case *ast.FuncLit:
		v := f.funcVar(f.L.signature(sig), f.literalIn(x, f.frame))
		return v + "(" + list + ")"
	case *ast.SelectorExpr:
		if s := f.info.Selections[x]; s != nil && s.Kind() == types.MethodVal {
			obj, index, t := f.resolve(x, s)
			if m, ok := obj.(*types.Func); ok {
				recv, rt := f.path(f.operand(x.X), t, index[:len(index)-1])
				return f.laterMethod(recv, rt, m, args, sig)
			}
		}
		if s := f.info.Selections[x]; s == nil {
			return f.expr(call.Fun) + "(" + list + ")"
		}
	case *ast.Ident:
		if _, ok := f.object(x).(*types.Func); ok {
			return f.expr(call.Fun) + "(" + list + ")"
		}
	}
	v := f.fresh("t")
	f.line("%s := %s", v, f.expr(call.Fun))
	if s, ok := funcAsAny(f.typeOf(call.Fun)); ok {
		return v + ".(func" + f.L.signature(f.apply(s).(*types.Signature)) + ")(" + list + ")"
	}
	return v + "(" + list + ")"
}

func (f *fn) laterMethod(recv string, t types.Type, m *types.Func, args []string, sig *types.Signature) string {
	v := f.fresh("t")
	if types.IsInterface(t) || f.method(t, m) != nil {
		if in := f.method(t, m); in != nil && !types.IsInterface(t) {
			f.line("%s := %s", v, f.receiver(recv, t, m))
			return f.use(in) + "(" + strings.Join(append([]string{v}, args...), ", ") + ")"
		}
		f.line("%s := %s", v, recv)
		return f.methodCall(v, t, m, args, sig)
	}
	_, wantPtr := types.Unalias(m.Origin().Signature().Recv().Type()).(*types.Pointer)
	if _, havePtr := t.Underlying().(*types.Pointer); wantPtr && !havePtr {
		f.line("%s := &%s", v, recv)
	} else {
		f.line("%s := %s", v, recv)
	}
	return v + "." + m.Name() + "(" + strings.Join(args, ", ") + ")"
}

func (f *fn) goStmt(s *ast.GoStmt) {
	f.line("{")
	f.ready(f.operands(s.Call)...)
	saved := f.frame
	f.frame, f.detached = "", true
	if lit, ok := ast.Unparen(s.Call.Fun).(*ast.FuncLit); ok && f.marks() {
		f.goLiteral(s.Call, lit)
	} else {
		v := f.later(s.Call)
		f.line("%s.Go(%s)", f.L.nb(), v)
	}
	f.frame, f.detached = saved, false
	f.line("}")
}

// goLiteral is a goroutine of a literal, which has a mark of its own: others
// do not move it.
func (f *fn) goLiteral(call *ast.CallExpr, lit *ast.FuncLit) {
	sig := f.typeOf(lit).(*types.Signature)
	own := f.fresh("own")
	var args []string
	if len(call.Args) > 0 {
		args = f.boundArgs(call, sig)
	}
	f.ownNext = own
	text := f.literalIn(lit, "")
	f.ownNext = ""
	list := strings.TrimPrefix(f.L.signature(sig), "(")
	if sig.Params().Len() > 0 {
		list = ", " + list
	}
	v := f.funcVar("(*int"+list, text)
	if len(args) > 0 || sig.Results().Len() > 0 {
		v = f.funcVar("(*int)", fmt.Sprintf("func(%s *int) { %s(%s) }", own, v, strings.Join(append([]string{own}, args...), ", ")))
	}
	f.line("%s.GoMarked(%s)", f.L.nb(), v)
}

func (f *fn) deferStmt(s *ast.DeferStmt) {
	f.line("{")
	f.ready(f.operands(s.Call)...)
	v := f.later(s.Call)
	method := "DeferCall"
	if _, lit := ast.Unparen(s.Call.Fun).(*ast.FuncLit); lit {
		method = "Defer" // it knows its frame
	}
	f.line("%s.%s(%s)", f.frame, method, v)
	f.line("}")
}
