package closure

import (
	"go/ast"
	"go/token"
	"go/types"
)

// tail is a switch's bodies from the i-th on.
func (c *compiler) switchStmt(s *ast.SwitchStmt, label string) stmt {
	var first []stmt
	if s.Init != nil {
		first = append(first, c.stmt(s.Init, ""))
	}
	var tag *expr
	var tagKind kind = boolean{}
	if s.Tag != nil {
		tagKind = c.kindAt(s.Tag, types.Default(c.src.TypeOf(s.Tag)))
		l := c.temp(tagKind)
		first = append(first, c.marked(s.Tag, func() stmt { return tagKind.set(l.off, c.value(s.Tag, tagKind)) }))
		e := variable(c.src.TypeOf(s.Tag), l)
		tag = &e
	}
	t := c.push(label, false)
	var bodies []stmt
	var conds []func(*machine) bool
	var bodyOf []int
	other := -1
	for i, cl := range s.Body.List {
		cc := cl.(*ast.CaseClause)
		if cc.List == nil {
			other = i
		}
		for _, x := range cc.List {
			cond := c.caseOf(x, tag, tagKind)
			conds, bodyOf = append(conds, cond), append(bodyOf, i)
		}
		bodies = append(bodies, c.block(cc.Body))
	}
	c.pop()
	brk := t.brk
	return sequence(append(first, func(m *machine) ctl {
		i := other
		for n, cond := range conds {
			if cond(m) {
				i = bodyOf[n]
				break
			}
		}
		for ; i >= 0 && i < len(bodies); i++ {
			switch r := bodies[i](m); r {
			case falls:
				continue
			case breaks, brk:
				return next
			default:
				return r
			}
		}
		return next
	}))
}

// caseOf is whether a case's expression is the tag, or true without one.
func (c *compiler) caseOf(x ast.Expr, tag *expr, k kind) func(*machine) bool {
	if tag == nil {
		return c.markedCond(x)
	}
	mark, done := c.under(x)
	defer done()
	cond := k.compare(token.EQL, *tag, c.value(x, k))
	if cond == nil {
		c.refuse(x, "a switch of %s", tag.t)
	}
	if mark == 0 {
		return cond
	}
	return func(m *machine) bool {
		m.mark = mark
		return cond(m)
	}
}
