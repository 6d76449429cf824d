package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"unsafe"
)

// target is a statement that break or continue can mean.
type target struct {
	label     string
	loop      bool
	brk, cont ctl
}

func (c *compiler) block(list []ast.Stmt) stmt {
	defer c.deeper()()
	var out []stmt
	for _, s := range list {
		out = append(out, c.stmt(s, ""))
	}
	return sequence(out)
}

func nothingToDo(*machine) ctl { return next }

// sequence runs statements until one does not end normally.
func sequence(list []stmt) stmt {
	var some []stmt
	for _, s := range list {
		if s != nil {
			some = append(some, s)
		}
	}
	switch len(some) {
	case 0:
		return nothingToDo
	case 1:
		return some[0]
	case 2:
		a, b := some[0], some[1]
		return func(m *machine) ctl {
			if r := a(m); r != next {
				return r
			}
			return b(m)
		}
	case 3:
		a, b, d := some[0], some[1], some[2]
		return func(m *machine) ctl {
			if r := a(m); r != next {
				return r
			}
			if r := b(m); r != next {
				return r
			}
			return d(m)
		}
	}
	return func(m *machine) ctl {
		for _, s := range some {
			if r := s(m); r != next {
				return r
			}
		}
		return next
	}
}

// marked notes where n may panic before it runs.
func (c *compiler) marked(n ast.Node, build func() stmt) stmt {
	mark, done := c.under(n)
	defer done()
	s := build()
	if mark == 0 || s == nil {
		return s
	}
	return func(m *machine) ctl {
		m.mark = mark
		return s(m)
	}
}

// under compiles what follows, until done, as what runs with n's mark.
func (c *compiler) under(n ast.Node) (mark int, done func()) {
	old, line := c.mark, c.line
	mark, c.line = c.src.Mark(n)
	c.mark = mark
	return mark, func() { c.mark, c.line = old, line }
}

// remark is a statement that notes where what is left of n may panic, nil
// when it is where the mark is.
func (c *compiler) remark(n ast.Node) stmt {
	mark, line := c.src.Mark(n)
	if mark == 0 || line == c.line {
		return nil
	}
	c.mark, c.line = mark, line
	return func(m *machine) ctl {
		m.mark = mark
		return next
	}
}

func (c *compiler) stmt(s ast.Stmt, label string) stmt {
	switch s := s.(type) {
	case *ast.EmptyStmt:
		return nil
	case *ast.ExprStmt:
		return c.marked(s, func() stmt { return c.exprStmt(s) })
	case *ast.AssignStmt:
		return c.marked(s, func() stmt { return c.assign(s) })
	case *ast.IncDecStmt:
		op := token.ADD
		if s.Tok == token.DEC {
			op = token.SUB
		}
		return c.marked(s, func() stmt { return c.update(s, s.X, op, nil) })
	case *ast.DeclStmt:
		return c.marked(s, func() stmt { return c.decl(s) })
	case *ast.ReturnStmt:
		return c.marked(s, func() stmt { return c.returnStmt(s) })
	case *ast.BlockStmt:
		return c.block(s.List)
	case *ast.IfStmt:
		return c.ifStmt(s)
	case *ast.ForStmt:
		return c.forStmt(s, label)
	case *ast.RangeStmt:
		return c.rangeStmt(s, label)
	case *ast.SwitchStmt:
		return c.switchStmt(s, label)
	case *ast.TypeSwitchStmt:
		return c.typeSwitch(s, label)
	case *ast.GoStmt:
		return c.marked(s, func() stmt { return c.goStmt(s) })
	case *ast.DeferStmt:
		return c.marked(s, func() stmt { return c.deferStmt(s) })
	case *ast.SendStmt:
		return c.marked(s, func() stmt { return c.sendStmt(s) })
	case *ast.SelectStmt:
		return c.selectStmt(s, label)
	case *ast.BranchStmt:
		return c.branch(s)
	case *ast.LabeledStmt:
		switch s.Stmt.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			return c.stmt(s.Stmt, s.Label.Name)
		}
	}
	c.refuse(s, "this statement")
	return nil
}

func (c *compiler) exprStmt(s *ast.ExprStmt) stmt {
	x, ok := ast.Unparen(s.X).(*ast.CallExpr)
	if !ok { // a receive
		e := c.value(s.X, c.kindAt(s.X, c.src.TypeOf(s.X)))
		return e.k.drop(e)
	}
	pre := c.hoist(x)
	switch c.builtin(x) {
	case "copy":
		f := c.copy(x)
		return sequence(append(pre, func(m *machine) ctl { f(m); return next }))
	case "close":
		e := c.exprTo(x.Args[0], c.kindAt(x, c.src.TypeOf(x.Args[0])))
		if _, ok := e.k.(channel); !ok {
			c.refuse(x, "close of %s", e.t)
		}
		f := code[unsafe.Pointer](e)
		return sequence(append(pre, func(m *machine) ctl { close(chanOf[struct{}](f(m))); return next }))
	case "delete":
		return sequence(append(pre, c.deletes(x)))
	case "clear":
		return sequence(append(pre, c.clears(x)))
	case "panic":
		return sequence(append(pre, c.panics(x)))
	case "":
	default:
		c.refuse(s, "this statement")
	}
	if s := c.sortCall(x); s != nil {
		return sequence(append(pre, s))
	}
	if bind, run := c.opaqueCall(x); run != nil {
		return sequence(append(pre, func(m *machine) ctl {
			p, n := bind(m)
			run(m.host, p, n)
			return next
		}))
	}
	if b := c.builderCall(x); b != nil {
		return sequence(append(pre, func(m *machine) ctl { b.do(m); return next }))
	}
	if f := c.callee(x); f != nil {
		return sequence(append(pre, func(m *machine) ctl { f.call(m); return next }))
	}
	if a := c.anyCall(x); a != nil {
		return sequence(append(pre, func(m *machine) ctl { a.do(m); return next }))
	}
	t := c.src.TypeOf(x)
	if _, ok := t.(*types.Tuple); ok {
		c.refuse(s, "this call")
	}
	e := c.call(x, t)
	return sequence(append(pre, e.k.drop(e)))
}

func (c *compiler) decl(s *ast.DeclStmt) stmt {
	g, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		c.refuse(s, "this declaration")
	}
	if g.Tok != token.VAR {
		return nil // constants are inlined, types are what they are
	}
	var out []stmt
	for _, sp := range g.Specs {
		v := sp.(*ast.ValueSpec)
		if len(v.Values) > 0 {
			var lhs []ast.Expr
			for _, id := range v.Names {
				lhs = append(lhs, id)
			}
			out = append(out, c.assignAll(s, lhs, v.Values, true))
			continue
		}
		for _, id := range v.Names {
			if o := c.src.Info().Defs[id]; o != nil && id.Name != "_" {
				l := c.declare(o)
				out = append(out, l.reset())
			}
		}
	}
	return sequence(out)
}

func (c *compiler) ifStmt(s *ast.IfStmt) stmt {
	var first stmt
	if s.Init != nil {
		first = c.stmt(s.Init, "")
	}
	cond := c.markedCond(s.Cond)
	then := c.block(s.Body.List)
	var whole stmt
	switch e := s.Else.(type) {
	case nil:
		whole = func(m *machine) ctl {
			if cond(m) {
				return then(m)
			}
			return next
		}
	default:
		other := c.stmt(e, "")
		if other == nil {
			other = nothingToDo
		}
		whole = func(m *machine) ctl {
			if cond(m) {
				return then(m)
			}
			return other(m)
		}
	}
	return sequence([]stmt{first, whole})
}

// markedCond is a condition that notes its place each time.
func (c *compiler) markedCond(x ast.Expr) func(*machine) bool {
	mark, done := c.under(x)
	defer done()
	cond := c.condition(x)
	if mark == 0 {
		return cond
	}
	return func(m *machine) bool {
		m.mark = mark
		return cond(m)
	}
}

// markedValue is a value that notes its place.
func (c *compiler) markedValue(x ast.Expr, k kind) expr {
	mark, done := c.under(x)
	defer done()
	e := c.value(x, k)
	if mark == 0 {
		return e
	}
	return made(e.t, e.k, e.k.after(func(m *machine) ctl {
		m.mark = mark
		return next
	}, e.fn))
}

func (c *compiler) branch(s *ast.BranchStmt) stmt {
	if s.Tok == token.FALLTHROUGH {
		return func(*machine) ctl { return falls }
	}
	for i := len(c.targets) - 1; i >= 0 && s.Tok != token.GOTO; i-- {
		t := c.targets[i]
		if s.Label != nil && t.label != s.Label.Name || s.Tok == token.CONTINUE && !t.loop {
			continue
		}
		r := breaks
		switch {
		case s.Tok == token.CONTINUE && s.Label != nil:
			r = t.cont
		case s.Tok == token.CONTINUE:
			r = continues
		case s.Label != nil:
			r = t.brk
		}
		return func(*machine) ctl { return r }
	}
	c.refuse(s, "this %s", s.Tok)
	return nil
}

// push makes t the innermost target.
func (c *compiler) push(label string, loop bool) *target {
	n := ctl(c.labels)
	c.labels += 2
	t := &target{label: label, loop: loop, brk: firstLabel + n, cont: firstLabel + n + 1}
	c.targets = append(c.targets, t)
	return t
}

func (c *compiler) pop() { c.targets = c.targets[:len(c.targets)-1] }

func (c *compiler) returnStmt(s *ast.ReturnStmt) stmt {
	leave := func(*machine) ctl { return returns }
	switch {
	case len(s.Results) == 0:
		return leave
	case len(s.Results) == 1 && len(c.results) > 1:
		var out []stmt
		var temps []local
		for _, r := range c.results {
			temps = append(temps, c.temp(r.k))
		}
		out = append(out, c.tuple(s.Results[0], temps))
		for i, r := range c.results {
			out = append(out, r.assign(variable(nil, temps[i])))
		}
		return sequence(append(out, leave))
	case len(s.Results) == 1:
		r := c.results[0]
		e := c.value(s.Results[0], r.k)
		if r.moved {
			return sequence([]stmt{r.assign(e), leave})
		}
		return r.k.yield(r.off, e)
	}
	pre := c.hoist(s.Results...)
	out := pre
	to := c.results
	if c.kept { // the values may mention them, or a panic leave them
		to = nil
		for _, r := range c.results {
			to = append(to, c.temp(r.k))
		}
	}
	for i, x := range s.Results {
		out = append(out, to[i].set(c.exprTo(x, to[i].k)))
	}
	for i, r := range c.results {
		if c.kept {
			out = append(out, r.assign(variable(nil, to[i])))
		}
	}
	return sequence(append(out, leave))
}

// tuple calls a function of several results and puts them into locals.
func (c *compiler) tuple(x ast.Expr, to []local) stmt {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok || c.src.Info().Types[call.Fun].IsBuiltin() {
		c.refuse(x, "this tuple")
	}
	pre := c.hoist(call)
	f := c.callee(call)
	if f == nil || len(f.sig.Results) != len(to) {
		c.refuse(x, "this call")
	}
	moves := make([]pass, len(to))
	for i, l := range to {
		moves[i] = l.k.fetch(l.off, c.resultAt(f, i))
	}
	return sequence(append(pre, func(m *machine) ctl {
		frame := f.call(m)
		for _, move := range moves {
			move(m, frame)
		}
		return next
	}))
}

// address of a local that holds one.
func heldIn(l local) address {
	off := l.off
	return func(m *machine) unsafe.Pointer { return *at[unsafe.Pointer](m, off) }
}
