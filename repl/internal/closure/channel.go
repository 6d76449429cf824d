package closure

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"unsafe"
)

// channel is the kind of channels. Operations that would block wait for the
// end of the run as well.
type channel struct {
	pointer
	of   kind
	same reflect.Type
}

func (c channel) exact() reflect.Type { return c.same }

// carrier is what a kind does if it can be sent.
type carrier interface {
	makeChan(n func(*machine) int) any
	send(c address, x expr) stmt
	receive(c address) any
	// receive2 puts the value into a slot and tells whether there was one.
	receive2(c address, off int) func(*machine) bool
	// try sends what is in a slot, or receives into it, if that does not
	// block; quick tells whether it can.
	try(c, slot unsafe.Pointer, send bool) (done, ok bool)
	quick() bool
}

// sender is a carrier of T. Pointers are sent as *byte: in a program that has
// the type *chan unsafe.Pointer, the types that reflect.ChanOf makes are
// broken (Go 1.26 gives them that type as their pointer type).
type sender[T any] struct{}

func chanOf[T any](p unsafe.Pointer) chan T { return *(*chan T)(unsafe.Pointer(&p)) }

func (sender[T]) makeChan(n func(*machine) int) any {
	return func(m *machine) unsafe.Pointer {
		c := make(chan T, n(m))
		return *(*unsafe.Pointer)(unsafe.Pointer(&c))
	}
}

func (sender[T]) send(c address, x expr) stmt {
	f := code[T](x)
	return func(m *machine) ctl {
		c := chanOf[T](c(m))
		v := f(m)
		select {
		case c <- v:
			return next
		default:
		}
		select {
		case c <- v:
		case <-m.host.Ending():
			m.host.Ended()
		}
		return next
	}
}

func receive[T any](m *machine, c chan T) (T, bool) {
	select {
	case v, ok := <-c:
		return v, ok
	default:
	}
	select {
	case v, ok := <-c:
		return v, ok
	case <-m.host.Ending():
		m.host.Ended()
	}
	panic("not reached")
}

func (sender[T]) receive(c address) any {
	return func(m *machine) T {
		v, _ := receive(m, chanOf[T](c(m)))
		return v
	}
}

func (sender[T]) receive2(c address, off int) func(*machine) bool {
	return func(m *machine) bool {
		v, ok := receive(m, chanOf[T](c(m)))
		*at[T](m, off) = v
		return ok
	}
}

func (sender[T]) try(p, slot unsafe.Pointer, send bool) (done, ok bool) {
	c := chanOf[T](p)
	if send {
		select {
		case c <- *(*T)(slot):
			return true, true
		default:
			return false, false
		}
	}
	select {
	case *(*T)(slot), ok = <-c:
		return true, ok
	default:
		return false, false
	}
}

func (sender[T]) quick() bool { return true }

func (pointer) try(c, slot unsafe.Pointer, send bool) (done, ok bool) {
	return sender[*byte]{}.try(c, slot, send)
}

func (pointer) quick() bool { return true }

func (pointer) makeChan(n func(*machine) int) any { return sender[*byte]{}.makeChan(n) }

func (pointer) send(c address, x expr) stmt {
	f := code[unsafe.Pointer](x)
	return sender[*byte]{}.send(c, made(nil, nil, func(m *machine) *byte { return (*byte)(f(m)) }))
}

func (pointer) receive(c address) any {
	f := sender[*byte]{}.receive(c).(func(*machine) *byte)
	return func(m *machine) unsafe.Pointer { return unsafe.Pointer(f(m)) }
}

func (pointer) receive2(c address, off int) func(*machine) bool {
	return sender[*byte]{}.receive2(c, off)
}

// Structs go through reflection.

func (p place) chanAt(c unsafe.Pointer) reflect.Value {
	return reflect.NewAt(reflect.ChanOf(reflect.BothDir, p.rt), unsafe.Pointer(&c)).Elem()
}

func (p place) makeChan(n func(*machine) int) any {
	t := reflect.ChanOf(reflect.BothDir, p.rt)
	bound := sender[struct{}]{}.makeChan(n).(func(*machine) unsafe.Pointer)
	return func(m *machine) unsafe.Pointer {
		b := chanOf[struct{}](bound(m)) // panics as Go does
		return reflect.MakeChan(t, cap(b)).UnsafePointer()
	}
}

func (p place) send(c address, x expr) stmt {
	f := code[unsafe.Pointer](x)
	return func(m *machine) ctl {
		c := p.chanAt(c(m))
		v := p.fresh()
		p.copy(v, f(m))
		m.choose([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: c, Send: reflect.NewAt(p.rt, v).Elem()}}, true)
		return next
	}
}

func (p place) receive(c address) any {
	return func(m *machine) unsafe.Pointer {
		_, v, _ := m.choose([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: p.chanAt(c(m))}}, true)
		return addressOf(v)
	}
}

func (p place) receive2(c address, off int) func(*machine) bool {
	return func(m *machine) bool {
		_, v, ok := m.choose([]reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: p.chanAt(c(m))}}, true)
		*at[unsafe.Pointer](m, off) = addressOf(v)
		return ok
	}
}

func (p place) try(_, _ unsafe.Pointer, _ bool) (done, ok bool) { return false, false }
func (p place) quick() bool                                     { return false }

// choose is reflect.Select that the end of the run ends too, when it blocks.
func (m *machine) choose(cases []reflect.SelectCase, block bool) (int, reflect.Value, bool) {
	n := len(cases)
	if block {
		ready := append(cases, reflect.SelectCase{Dir: reflect.SelectDefault})
		if i, v, ok := reflect.Select(ready); i < n {
			return i, v, ok
		}
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(m.host.Ending())})
	}
	i, v, ok := reflect.Select(cases)
	if i == n {
		m.host.Ended()
	}
	return i, v, ok
}

// chanAt compiles a channel operand.
func (c *compiler) chanAt(x ast.Expr) (address, kind, carrier) {
	e := c.expr(x)
	k, ok := e.k.(channel)
	if !ok {
		c.refuse(x, "channel of %s", e.t)
	}
	return code[unsafe.Pointer](e), k.of, k.of.(carrier)
}

func (c *compiler) sendStmt(s *ast.SendStmt) stmt {
	pre := c.hoist(s.Chan, s.Value)
	ch, k, by := c.chanAt(s.Chan)
	return sequence(append(pre, by.send(ch, c.exprTo(s.Value, k))))
}

func (c *compiler) rangeChan(s *ast.RangeStmt, label string) stmt {
	held := c.temp(pointer{})
	e := c.markedValue(s.X, c.kindAt(s.X, c.src.TypeOf(s.X)))
	ck, ok := e.k.(channel)
	if !ok {
		c.refuse(s, "a range over %s", e.t)
	}
	first := pointer{}.set(held.off, made(nil, pointer{}, e.fn))
	v := c.temp(ck.of)
	more := ck.of.(carrier).receive2(heldIn(held), v.off)
	var each stmt
	if used(s.Key) {
		elem := c.src.TypeOf(s.X).Underlying().(*types.Chan).Elem()
		each = c.rangeVar(s.Key, variable(elem, v), s.Tok == token.DEFINE)
	}
	t := c.push(label, true)
	body := sequence([]stmt{each, c.block(s.Body.List)})
	c.pop()
	return sequence([]stmt{first, func(m *machine) ctl {
		for more(m) {
			if r, done := round(m, body, t); done {
				return r
			}
		}
		return next
	}})
}
