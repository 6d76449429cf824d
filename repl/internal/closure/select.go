package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"math/rand/v2"
	"reflect"
	"unsafe"
)

// arm is a clause of a select statement: how to make ready its channel and
// what it sends, and what a receive does with its value.
type arm struct {
	channel address // nil of the default clause
	by      carrier
	sends   bool
	off     int          // of the slot that has what is sent, or gets what is received
	ok      int          // of the slot that tells whether something was received
	typ     reflect.Type // of the channel
	k       kind
	body    stmt
}

// selectable is how many clauses are tried one by one.
const selectable = 8

func (c *compiler) selectStmt(s *ast.SelectStmt, label string) stmt {
	var arms []arm
	var comms []int // the clauses that are not the default
	other, quick := -1, true
	t := c.push(label, false)
	for i, cl := range s.Body.List {
		cc := cl.(*ast.CommClause)
		var a arm
		var store stmt
		switch st := cc.Comm.(type) {
		case nil:
			other = i
		case *ast.SendStmt:
			a = c.sendArm(st)
		default:
			a, store = c.receiveArm(st)
		}
		if cc.Comm != nil {
			comms = append(comms, i)
			quick = quick && a.by.quick()
		}
		a.body = sequence([]stmt{store, c.block(cc.Body)})
		arms = append(arms, a)
	}
	c.pop()
	brk := t.brk
	quick = quick && len(arms) <= selectable
	return func(m *machine) ctl {
		var held [selectable]unsafe.Pointer
		channels := held[:0]
		for i := range arms {
			channels = append(channels, arms[i].ready(m))
		}
		i := -1
		if quick {
			i = m.first(arms, comms, channels)
		}
		if i < 0 && quick && other >= 0 && len(comms) < 2 { // of several, one after the other is not all at once
			i = other
		}
		if i < 0 {
			i = m.wait(arms, channels, other < 0)
		}
		switch r := arms[i].body(m); r {
		case breaks, brk:
			return next
		default:
			return r
		}
	}
}

// ready evaluates an arm's operands.
func (a *arm) ready(m *machine) unsafe.Pointer {
	if a.channel == nil {
		return nil
	}
	return a.channel(m)
}

// first makes the communication of one of the arms that can, if there is any:
// they are tried in an order that chance picks.
func (m *machine) first(arms []arm, comms []int, channels []unsafe.Pointer) int {
	var order [selectable]int
	n := copy(order[:], comms)
	for k := n; k > 0; k-- {
		pick := 0
		if k > 1 {
			pick = rand.IntN(k)
		}
		i := order[pick]
		order[pick] = order[k-1]
		a := &arms[i]
		done, ok := a.by.try(channels[i], unsafe.Add(m.frame, a.off), a.sends)
		if done {
			if !a.sends {
				*at[bool](m, a.ok) = ok
			}
			return i
		}
	}
	return -1
}

// wait is reflect.Select.
func (m *machine) wait(arms []arm, channels []unsafe.Pointer, block bool) int {
	cases := make([]reflect.SelectCase, len(arms), len(arms)+1)
	for i := range arms {
		a := &arms[i]
		switch {
		case a.channel == nil:
			cases[i] = reflect.SelectCase{Dir: reflect.SelectDefault}
		case a.sends:
			cases[i] = reflect.SelectCase{Dir: reflect.SelectSend, Chan: chanValue(channels[i], a.typ), Send: a.k.give(unsafe.Add(m.frame, a.off), a.k.layout())}
		default:
			cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: chanValue(channels[i], a.typ)}
		}
	}
	i, v, ok := m.choose(cases, block)
	if a := &arms[i]; a.channel != nil && !a.sends {
		a.k.take(unsafe.Add(m.frame, a.off), v)
		*at[bool](m, a.ok) = ok
	}
	return i
}

// chanValue is a channel of type t as a reflect.Value.
func chanValue(p unsafe.Pointer, t reflect.Type) reflect.Value {
	return reflect.NewAt(t, unsafe.Pointer(&p)).Elem()
}

func (c *compiler) sendArm(s *ast.SendStmt) arm {
	if len(c.hoist(s.Chan, s.Value)) > 0 {
		c.refuse(s, "calls in this select")
	}
	ch, k, by := c.chanAt(s.Chan)
	l := c.temp(k)
	set := l.set(c.exprTo(s.Value, k))
	channel := func(m *machine) unsafe.Pointer {
		p := ch(m)
		set(m)
		return p
	}
	return arm{channel: channel, by: by, sends: true, off: l.off, typ: reflect.ChanOf(reflect.BothDir, k.layout()), k: k}
}

func (c *compiler) receiveArm(s ast.Stmt) (a arm, store stmt) {
	var x ast.Expr
	var lhs []ast.Expr
	define := false
	switch s := s.(type) {
	case *ast.ExprStmt:
		x = s.X
	case *ast.AssignStmt:
		x, lhs, define = s.Rhs[0], s.Lhs, s.Tok == token.DEFINE
	}
	u := ast.Unparen(x).(*ast.UnaryExpr)
	if len(c.hoist(u.X)) > 0 {
		c.refuse(s, "calls in this select")
	}
	ch, k, by := c.chanAt(u.X)
	v, ok := c.temp(k), c.temp(boolean{})
	a = arm{channel: ch, by: by, off: v.off, ok: ok.off, typ: reflect.ChanOf(reflect.BothDir, k.layout()), k: k}
	var stores []stmt
	temps := []expr{variable(c.src.TypeOf(u.X).Underlying().(*types.Chan).Elem(), v), variable(types.Typ[types.Bool], ok)}
	for i, l := range lhs {
		if ident(l) == nil && !c.still(l) {
			c.refuse(l, "this assignment in a select")
		}
		stores = append(stores, c.storeTo(l, temps[i], define))
	}
	return a, sequence(stores)
}
