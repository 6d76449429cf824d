package lower

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"graft/repl/internal/nb"
)

// target is a statement that break or continue can mean.
type target struct {
	label string
	loop  bool
	next  string // what continue does first
	// The body of a range over a function is a literal: jumps out of it are
	// written down in code and made after the call.
	yield   bool
	code    string
	escapes []escape
}

// escape is a jump out of a range-over-func body.
type escape struct {
	ret bool
	tok token.Token
	to  *target
}

func (f *fn) push(t *target) func() {
	f.targets = append(f.targets, t)
	return func() { f.targets = f.targets[:len(f.targets)-1] }
}

// rangeFunc is the innermost range-over-func body at or above index from, -1
// when there is none.
func (f *fn) rangeFunc(from int) int {
	for i := len(f.targets) - 1; i >= from; i-- {
		if f.targets[i].yield {
			return i
		}
	}
	return -1
}

func (f *fn) escape(i int, e escape) {
	t := f.targets[i]
	n := 0
	for n < len(t.escapes) && t.escapes[n] != e {
		n++
	}
	if n == len(t.escapes) {
		t.escapes = append(t.escapes, e)
	}
	f.line("%s = %d", t.code, n+1)
	f.line("return false")
}

func (f *fn) branch(s *ast.BranchStmt) {
	label := ""
	if s.Label != nil {
		label = s.Label.Name
	}
	switch s.Tok {
	case token.GOTO:
		if f.rangeFunc(0) >= 0 {
			f.refuse(s, "goto out of a range over a function cannot be run; use break with a label")
		}
		f.line("goto %s", label)
	case token.FALLTHROUGH:
		f.line("fallthrough")
	default:
		for i := len(f.targets) - 1; i >= 0; i-- {
			t := f.targets[i]
			if label != "" && t.label != label || s.Tok == token.CONTINUE && !t.loop {
				continue
			}
			f.jump(s.Tok, t, i, label)
			return
		}
		f.refuse(s, "%s has no loop here", s.Tok)
	}
}

func (f *fn) jump(tok token.Token, t *target, i int, label string) {
	if r := f.rangeFunc(i + 1); r >= 0 {
		f.escape(r, escape{tok: tok, to: t})
		return
	}
	if t.yield {
		f.line("return %v", tok == token.CONTINUE)
		return
	}
	if tok == token.CONTINUE && t.next != "" {
		f.line("%s", t.next)
	}
	if label != "" {
		f.line("%s %s", tok, label)
	} else {
		f.line("%s", tok)
	}
}

func (f *fn) labeled(s *ast.LabeledStmt) {
	l := s.Label.Name
	switch st := s.Stmt.(type) {
	case *ast.ForStmt:
		f.forStmt(st, l)
	case *ast.RangeStmt:
		f.rangeStmt(st, l)
	case *ast.SwitchStmt:
		f.switchStmt(st, l)
	case *ast.TypeSwitchStmt:
		f.typeSwitch(st, l)
	case *ast.SelectStmt:
		f.selectStmt(st, l)
	default:
		f.line("%s:", l)
		f.stmt(st)
	}
}

func (f *fn) label(l string) {
	if l != "" {
		f.line("%s:", l)
	}
}

// captured tells whether a body may hold on to a loop's variables: by a
// function literal, an address, a method with a pointer receiver or a slice
// of an array.
func (f *fn) captured(nodes ...ast.Node) bool {
	found := false
	for _, n := range nodes {
		if n == nil {
			continue
		}
		ast.Inspect(n, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt:
				found = true
			case *ast.UnaryExpr:
				found = found || n.Op == token.AND
			case *ast.SelectorExpr:
				if m, ok := f.object(n.Sel).(*types.Func); ok && m.Signature().Recv() != nil {
					_, ptr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
					_, isPtr := f.typeOf(n.X).Underlying().(*types.Pointer)
					found = found || ptr && !isPtr
				}
			case *ast.SliceExpr:
				_, array := f.typeOf(n.X).Underlying().(*types.Array)
				found = found || array
			}
			return !found
		})
	}
	return found
}

// assigns tells whether a body assigns to x.
func (f *fn) assigns(body ast.Node, x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	o := f.info.Defs[id]
	found := false
	is := func(e ast.Expr) {
		l, ok := ast.Unparen(e).(*ast.Ident)
		found = found || ok && f.info.Uses[l] == o
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, l := range n.Lhs {
				is(l)
			}
		case *ast.IncDecStmt:
			is(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				is(n.Key)
				if n.Value != nil {
					is(n.Value)
				}
			}
		}
		return !found
	})
	return found
}

// loopBody is a loop's body, with a look at the interrupt.
func (f *fn) loopBody(body *ast.BlockStmt, t *target) {
	defer f.push(t)()
	f.loops++
	defer func() { f.loops-- }()
	f.stopCheck()
	f.block(body.List)
}

// stopCheck lets an interrupt end the function here.
func (f *fn) stopCheck() { f.line("if %s { %s() }", nb.StopFlag, nb.StopFunc) }

// count notes the variables of a for statement.
func (f *fn) count(s ast.Stmt) {
	if a, ok := s.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
		for i, l := range a.Lhs {
			id, ok := l.(*ast.Ident)
			if !ok || len(a.Lhs) != len(a.Rhs) {
				continue
			}
			if v := f.info.Types[a.Rhs[i]].Value; v != nil && v.Kind() == constant.Int && constant.Sign(v) >= 0 {
				f.counters[f.info.Defs[id]] = true
			}
		}
	}
}

func (f *fn) forStmt(s *ast.ForStmt, label string) {
	f.count(s.Init)
	f.line("{")
	defer f.line("}")
	a, define := s.Init.(*ast.AssignStmt)
	if define && a.Tok == token.DEFINE && f.captured(s.Body, s.Post) {
		f.perIteration(s, a, label)
		return
	}
	if s.Init != nil {
		f.stmt(s.Init)
	}
	post := ""
	if s.Post != nil {
		post = f.capture(func() { f.stmt(s.Post) })
	}
	simple := strings.Count(post, "\n") <= 1
	var cond string
	pre := f.capture(func() {
		if s.Cond != nil {
			cond = f.expr(s.Cond)
		}
	})
	if simple && pre == "" {
		f.label(label)
		f.line("for ; %s; %s {", cond, strings.TrimSpace(post))
		f.loopBody(s.Body, &target{label: label, loop: true})
		f.line("}")
		return
	}
	first := f.fresh("first")
	f.line("%s := true", first)
	f.label(label)
	f.line("for {")
	f.line("if %s { %s = false } else {\n%s}", first, first, post)
	f.b.WriteString(pre)
	if cond != "" {
		f.line("if !(%s) { break }", cond)
	}
	f.loopBody(s.Body, &target{label: label, loop: true})
	f.line("}")
}

// perIteration gives every iteration its own copy of the loop's variables.
func (f *fn) perIteration(s *ast.ForStmt, init *ast.AssignStmt, label string) {
	f.stmt(init)
	type pair struct{ outer, inner string }
	var vars []pair
	for _, l := range init.Lhs {
		if id, ok := l.(*ast.Ident); ok {
			if o := f.info.Defs[id]; o != nil && id.Name != "_" {
				outer := f.names[o]
				vars = append(vars, pair{outer, f.declare(o)})
			}
		}
	}
	first := f.fresh("first")
	f.line("%s := true", first)
	f.label(label)
	f.line("for {")
	var back []string
	for _, v := range vars {
		f.line("%s := %s", v.inner, v.outer)
		back = append(back, fmt.Sprintf("%s = %s", v.outer, v.inner))
	}
	post := ""
	if s.Post != nil {
		post = f.capture(func() { f.stmt(s.Post) })
	}
	f.line("if %s { %s = false } else {\n%s}", first, first, post)
	if s.Cond != nil {
		f.line("if !(%s) { break }", f.expr(s.Cond))
	}
	f.loopBody(s.Body, &target{label: label, loop: true, next: strings.Join(back, "; ")})
	f.line("%s", strings.Join(back, "\n"))
	f.line("}")
}

func (f *fn) rangeStmt(s *ast.RangeStmt, label string) {
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
	direct := s.Tok == token.DEFINE && !f.captured(s.Body) && !f.assigns(s.Body, s.Key) && !f.assigns(s.Body, s.Value) // no copies: nothing holds on to the variables
	if direct && useK {
		k = f.declare(f.info.Defs[s.Key.(*ast.Ident)])
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
	direct := used(s.Key) && s.Tok == token.DEFINE && !f.captured(s.Body) && !f.assigns(s.Body, s.Key)
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
	state := f.fresh("done")
	f.line("%s := false", state)
	body := f.capture(func() {
		f.line("if %s { %s.Panic(%q) }", state, f.L.nb(), "range function continued iteration after function for loop body returned false")
		for i := range yield.Params().Len() {
			p := f.fresh("y")
			pt := yield.Params().At(i).Type()
			params = append(params, p+" "+f.rep(pt))
			if i < len(vars) && used(vars[i]) {
				f.store(f.rangeVar(vars[i], s.Tok, p, pt))
			}
		}
		f.loopBody(s.Body, t)
		f.line("return true")
	})
	y := f.fresh("yield")
	f.line("%s := func(%s) bool {\n%s}", y, strings.Join(params, ", "), body)
	fun := f.operand(s.X)
	if a, ok := funcAsAny(f.typeOf(s.X)); ok {
		fun += ".(func" + f.L.signature(a) + ")"
	}
	f.line("%s(%s)", fun, y)
	f.line("%s = true", state)
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
