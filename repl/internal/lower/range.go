package lower

import (
	"go/ast"
	"go/token"
	"go/types"

	"graft/repl/internal/nb"
	"strings"
)

func (f *fn) rangeStmt(s *ast.RangeStmt, label string) {
	f.ready(s.X)
	t := f.typeOf(s.X)
	u := t.Underlying()
	switch u := u.(type) {
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 {
			f.rangeInt(s, t, label)
			return
		}
	case *types.Signature:
		f.rangeOverFunc(s, u, label)
		return
	case *types.Chan:
		f.rangeChan(s, label)
		return
	}
	var kt, vt types.Type
	switch u := u.(type) {
	case *types.Basic:
		kt, vt = types.Typ[types.Int], types.Typ[types.Rune]
	case *types.Slice:
		kt, vt = types.Typ[types.Int], u.Elem()
	case *types.Array:
		kt, vt = types.Typ[types.Int], u.Elem()
	case *types.Pointer:
	case *types.Map:
		kt, vt = u.Key(), u.Elem()
	default:
		f.refuse(s, "range over %s cannot be run", t)
	}
	f.line("{")
	defer f.line("}")
	if p, ok := u.(*types.Pointer); ok {
		f.rangeArrayPointer(s, p.Elem().Underlying().(*types.Array), label)
		return
	}
	x := f.expr(s.X)
	if tv := f.info.Types[s.X]; tv.Value == nil {
		c := f.fresh("rx")
		f.line("%s := %s", c, x)
		x = c
	}
	k, v := f.fresh("k"), f.fresh("e")
	useK, useV := used(s.Key), used(s.Value)
	direct := s.Tok == token.DEFINE && !f.captured([]ast.Expr{s.Key, s.Value}, s.Body) && !f.assigns(s.Body, s.Key) && !f.assigns(s.Body, s.Value) // no copies: nothing holds on to the variables
	if direct && useK {
		k = f.declare(f.info.Defs[s.Key.(*ast.Ident)])
		if kt == types.Typ[types.Int] {
			f.keeps(s.Key, s.X, s.Body)
		}
	}
	if direct && useV {
		v = f.declare(f.info.Defs[s.Value.(*ast.Ident)])
	}
	f.label(label)
	_, chans := vt.Underlying().(*types.Chan)
	switch {
	case useV && chans: // which the interpreter would receive from
		f.line("for %s := range %s {", k, x)
		f.line("%s := %s[%s]", v, x, k)
	case useV && useK:
		f.line("for %s, %s := range %s {", k, v, x)
	case useV:
		f.line("for _, %s := range %s {", v, x)
	case useK:
		f.line("for %s := range %s {", k, x)
	default:
		f.line("for range %s {", x)
	}
	if useK && !direct {
		f.store(f.rangeVar(s.Key, s.Tok, k, kt))
	}
	if useV && !direct {
		f.store(f.rangeVar(s.Value, s.Tok, v, vt))
	}
	f.loopBody(s.Body, &target{label: label, loop: true})
	f.line("}")
}

// rangeArrayPointer reads the array as the loop goes on, not a copy of it.
func (f *fn) rangeArrayPointer(s *ast.RangeStmt, a *types.Array, label string) {
	p, i := f.fresh("rx"), f.fresh("i")
	f.line("%s := %s", p, f.expr(s.X))
	if used(s.Value) {
		f.note(s.Pos())
	}
	f.label(label)
	f.line("for %s := 0; %s < %d; %s++ {", i, i, a.Len(), i)
	if used(s.Key) {
		f.store(f.rangeVar(s.Key, s.Tok, i, types.Typ[types.Int]))
	}
	if used(s.Value) {
		f.store(f.rangeVar(s.Value, s.Tok, "(*"+p+")["+i+"]", a.Elem()))
	}
	f.loopBody(s.Body, &target{label: label, loop: true})
	f.line("}")
}

func used(e ast.Expr) bool {
	if e == nil {
		return false
	}
	id, ok := e.(*ast.Ident)
	return !ok || id.Name != "_"
}

// rangeVar is the assignment of an iteration value of type t.
func (f *fn) rangeVar(x ast.Expr, tok token.Token, text string, t types.Type) (lvalue, string) {
	l := f.lvalue(x, tok == token.DEFINE)
	return l, f.conv(text, t, l.typ)
}

func (f *fn) rangeInt(s *ast.RangeStmt, t types.Type, label string) {
	if id, ok := s.Key.(*ast.Ident); ok && s.Tok == token.DEFINE {
		f.counters[f.info.Defs[id]] = true
	}
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		t = types.Typ[types.Int]
		if s.Key != nil {
			if kt := f.typeOf(s.Key); kt != types.Typ[types.Invalid] {
				t = kt
			}
		}
	}
	f.line("{")
	defer f.line("}")
	i, n := f.fresh("i"), f.fresh("n")
	r := f.rep(t)
	f.line("%s := %s(%s)", n, r, f.exprTo(s.X, t))
	direct := used(s.Key) && s.Tok == token.DEFINE && !f.captured([]ast.Expr{s.Key, s.Value}, s.Body) && !f.assigns(s.Body, s.Key)
	if direct {
		i = f.declare(f.info.Defs[s.Key.(*ast.Ident)])
	}
	f.label(label)
	f.line("for %s := %s(0); %s < %s; %s++ {", i, r, i, n, i)
	if used(s.Key) && !direct {
		f.store(f.rangeVar(s.Key, s.Tok, i, t))
	}
	f.loopBody(s.Body, &target{label: label, loop: true})
	f.line("}")
}

// rangeOverFunc calls the iterator with the body as yield.
func (f *fn) rangeOverFunc(s *ast.RangeStmt, sig *types.Signature, label string) {
	f.line("{")
	defer f.line("}")
	yield := sig.Params().At(0).Type().Underlying().(*types.Signature)
	code := f.fresh("code")
	f.line("%s := 0", code)
	t := &target{label: label, loop: true, yield: true, code: code}
	var params []string
	vars := []ast.Expr{s.Key, s.Value}
	t.state = f.fresh("state")
	f.line("%s := %d", t.state, nb.RangeReady)
	body := f.capture(func() {
		f.line("if %s != %d { %s.BadRange(%s) }", t.state, nb.RangeReady, f.L.nb(), t.state)
		f.line("%s = %d", t.state, nb.RangePanic)
		for i := range yield.Params().Len() {
			p := f.fresh("y")
			pt := yield.Params().At(i).Type()
			params = append(params, p+" "+f.rep(pt))
			if i < len(vars) && used(vars[i]) {
				f.store(f.rangeVar(vars[i], s.Tok, p, pt))
			}
		}
		f.loopBody(s.Body, t)
		f.line("%s = %d", t.state, nb.RangeReady)
		f.line("return true")
	})
	y := f.fresh("yield")
	f.line("%s := func(%s) bool {\n%s}", y, strings.Join(params, ", "), body)
	fun := f.operand(s.X)
	if a, ok := funcAsAny(f.typeOf(s.X)); ok {
		fun += ".(func" + f.L.signature(a) + ")"
	}
	f.line("%s(%s)", fun, y)
	f.line("if %s == %d { %s.BadRange(%d) }", t.state, nb.RangePanic, f.L.nb(), nb.RangeMissed)
	f.line("%s = %d", t.state, nb.RangeExhausted)
	for n, e := range t.escapes {
		f.line("if %s == %d {", code, n+1)
		if e.ret {
			f.leave()
		} else {
			f.jump(e.tok, e.to, f.indexOf(e.to), e.to.label)
		}
		f.line("}")
	}
}

func (f *fn) indexOf(t *target) int {
	for i, x := range f.targets {
		if x == t {
			return i
		}
	}
	return 0
}
