package closure

import (
	"go/ast"
	"go/types"
	"unsafe"
)

// Deferred calls run in a frame of the host's, as those of interpreted
// functions do; recover works in a literal that a defer calls.

// state is what a panic leaves wrong in a machine.
type state struct {
	frame unsafe.Pointer
	stack []slot
	top   int
	deep  int
	calls int
	mark  int
}

func (m *machine) save() state { return state{m.frame, m.stack, m.top, m.deep, len(m.calls), m.mark} }

func (m *machine) restore(s state) {
	m.frame, m.stack, m.top, m.deep, m.calls, m.mark = s.frame, s.stack, s.top, s.deep, m.calls[:s.calls], s.mark
}

// adder adds a deferred call to a frame.
type adder struct {
	add  func(f func())
	stop func() any // recover
	at   state
}

// framed is body in a frame of the host's, which slot off leads to.
func framed(body stmt, off int) stmt {
	return func(m *machine) ctl {
		a := &adder{at: m.save()}
		m.host.Frame(func(add func(f func()), stop func() any) {
			a.add, a.stop = add, stop
			*at[*adder](m, off) = a
			ended := false
			defer func() {
				if !ended {
					m.leave()
				}
			}()
			body(m)
			ended = true
		})
		m.restore(a.at)
		m.left = false
		return next
	}
}

// defers tells whether a body has deferred calls of its own.
func defers(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

// deferStmt evaluates the function and its arguments now.
func (c *compiler) deferStmt(s *ast.DeferStmt) stmt {
	if c.frame == nil {
		l := c.temp(pointer{})
		c.frame = &l
	}
	off := c.frame.off
	pre := c.hoist(s.Call)
	if c.builtin(s.Call) == "close" {
		e := c.exprTo(s.Call.Args[0], c.kindAt(s.Call, c.src.TypeOf(s.Call.Args[0])))
		if _, ok := e.k.(channel); !ok {
			c.refuse(s, "close of %s", e.t)
		}
		f := code[unsafe.Pointer](e)
		return sequence(append(pre, func(m *machine) ctl {
			ch := chanOf[struct{}](f(m))
			(*at[*adder](m, off)).add(func() { close(ch) })
			return next
		}))
	}
	if bind, run := c.opaqueCall(s.Call); run != nil {
		return sequence(append(pre, func(m *machine) ctl {
			p, n := bind(m)
			(*at[*adder](m, off)).add(func() { run(m.host, p, n) })
			return next
		}))
	}
	c.deferred = c.frame
	f := c.callee(s.Call)
	c.deferred = nil
	if f == nil || f.meth != nil {
		c.refuse(s, "this defer")
	}
	return sequence(append(pre, func(m *machine) ctl {
		a := *at[*adder](m, off)
		fn, args, captured := f.bind(m)
		a.add(func() {
			m.restore(a.at)
			left, ended := m.left, false
			m.left = false
			defer func() {
				if !ended {
					m.leave()
				}
			}()
			m.call(fn, args, captured)
			m.left, ended = left, true
		})
		return next
	}))
}

// recovers is recover() in a literal that a defer calls: the frame comes to
// it as a captured variable does.
func (c *compiler) recovers(x *ast.CallExpr, t types.Type) expr {
	if c.recover == nil {
		c.refuse(x, "recover here")
	}
	l := c.temp(pointer{})
	c.taken, c.fn.captures = append(c.taken, local{off: c.recover.off, k: pointer{}, moved: true}), append(c.fn.captures, l.off)
	return made(t, c.kindAt(x, t), func(m *machine) unsafe.Pointer {
		v := (*at[*adder](m, l.off)).stop()
		return unsafe.Pointer(&v)
	})
}
