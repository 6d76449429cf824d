package lower

import (
	"fmt"
	"go/ast"
	"go/token"
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
	state   string // how far the loop is, see nb.BadRange
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
	f.line("%s = %d", t.state, nb.RangeDone)
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
		state := nb.RangeDone
		if tok == token.CONTINUE {
			state = nb.RangeReady
		}
		f.line("%s = %d", t.state, state)
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

// loopBody is a loop's body, with a look at the interrupt.
func (f *fn) loopBody(body *ast.BlockStmt, t *target) {
	defer f.push(t)()
	f.loops++
	defer func() { f.loops-- }()
	f.stopCheck()
	f.block(body.List)
}

// stopCheck lets an interrupt end the function here.
func (f *fn) stopCheck() { f.line("if %s { %s(%d) }", nb.StopFlag, nb.StopFunc, f.entry) }

func (f *fn) forStmt(s *ast.ForStmt, label string) {
	f.count(s)
	f.line("{")
	defer f.line("}")
	a, define := s.Init.(*ast.AssignStmt)
	if define && a.Tok == token.DEFINE && f.captured(a.Lhs, s.Body, s.Post) {
		f.perIteration(s, a, label)
		return
	}
	if s.Init != nil {
		f.stmt(s.Init)
	}
	f.keepsBelow(s)
	post := ""
	if s.Post != nil {
		post = f.capture(func() { f.stmt(s.Post) })
	}
	simple := strings.Count(post, "\n") <= 1
	var cond, again string // again notes the condition's place
	pre := f.capture(func() {
		f.made = nil
		if s.Cond == nil {
			return
		}
		if f.needed(token.NoPos, s.Cond) {
			f.ready(s.Cond)
		} else {
			again = strings.TrimSpace(f.capture(func() { f.note(f.risk(s.Cond)) }))
		}
		cond = f.expr(s.Cond)
	})
	if simple && pre == "" {
		if again != "" {
			f.line("%s", again)
		}
		f.label(label)
		f.line("for ; %s; %s {", cond, strings.TrimSpace(post))
		f.loopBody(s.Body, &target{label: label, loop: true, next: again})
		if again != "" {
			f.line("%s", again)
		}
		f.line("}")
		return
	}
	pre = again + "\n" + pre
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
		f.made = nil
		f.ready(s.Cond)
		f.line("if !(%s) { break }", f.expr(s.Cond))
	}
	f.loopBody(s.Body, &target{label: label, loop: true, next: strings.Join(back, "; ")})
	f.line("%s", strings.Join(back, "\n"))
	f.line("}")
}
