package closure

import (
	"math"
	"reflect"
	"slices"
	"unsafe"
)

// slot holds one variable. A scalar lies in the words that the collector does
// not look at; strings, slices and pointers begin with a pointer.
type slot struct {
	p    unsafe.Pointer
	a, b uint64
}

const (
	slotSize = int(unsafe.Sizeof(slot{}))
	scalarAt = int(unsafe.Offsetof(slot{}.a))
	maxSlots = 4096
	// first is the size of a machine's stack to begin with.
	first = 128
	// tooDeep is where Go's own stack would end, less what is above us.
	tooDeep = 900_000_000
)

// machine runs functions for one goroutine.
type machine struct {
	frame unsafe.Pointer // of the running function
	host  *Host
	mark  int // the place that may panic now
	stack []slot
	top   int // the first free slot
	spare []slot
	deep  int  // bytes of Go's stack, about
	left  bool // a panic, or the goroutine's end, is on its way and the host knows from where
	recv  any  // of the method that is about to be called
	meth  *Func
	calls []*Func
}

// ctl is how a statement ended; from firstLabel on, a break or continue of an
// outer loop.
type ctl int

const (
	next ctl = iota
	breaks
	continues
	returns
	falls
	firstLabel
)

type (
	stmt func(*machine) ctl
	// address leads to memory that a value lies in.
	address = func(*machine) unsafe.Pointer
	// pass evaluates an argument into the callee's frame.
	pass = func(m *machine, frame unsafe.Pointer)
)

// at is a variable of the frame.
func at[T any](m *machine, off int) *T { return (*T)(unsafe.Add(m.frame, off)) }

// look ends the goroutine when its cell was interrupted.
func (m *machine) look() {
	if m.host.Stop.Load() {
		m.host.Interrupted()
	}
}

// call runs fn on arguments and returns its frame, which holds the results
// until the next call.
func (m *machine) call(fn *Func, args []pass, captured []unsafe.Pointer) unsafe.Pointer {
	base := m.top
	if base+fn.size > len(m.stack) {
		return m.grown(fn, args, captured)
	}
	caller, mark := m.frame, m.mark
	frame := unsafe.Pointer(unsafe.SliceData(m.stack[base:]))
	m.top = base + fn.size
	for _, a := range args {
		a(m, frame)
	}
	for i, off := range fn.captures {
		*(*unsafe.Pointer)(unsafe.Add(frame, off)) = captured[i]
	}
	m.deep += fn.cost
	if m.deep > tooDeep {
		m.host.Overflow()
	}
	m.calls = append(m.calls, fn)
	m.frame = frame
	m.look()
	fn.body(m)
	m.calls = m.calls[:len(m.calls)-1]
	m.frame, m.mark, m.top = caller, mark, base
	m.deep -= fn.cost
	return frame
}

// grown is call with a new piece of stack: frames do not move. The piece is
// kept for the next time.
func (m *machine) grown(fn *Func, args []pass, captured []unsafe.Pointer) unsafe.Pointer {
	stack, top := m.stack, m.top
	if len(m.spare) < 2*len(stack) || len(m.spare) < fn.size {
		m.spare = make([]slot, max(2*len(stack), fn.size))
	}
	m.stack, m.top = m.spare, 0
	m.spare = nil
	frame := m.call(fn, args, captured)
	if len(m.stack) > len(m.spare) {
		m.spare = m.stack
	}
	m.stack, m.top = stack, top
	return frame
}

// Value is fn as a function that interpreted code calls. It has types where
// they can be told; parameters of others are any, results of others are any
// and want to be asserted. For each of those results a nil pointer to its
// type goes before the parameters, since only interpreted code has the type;
// untyped lists them. It is not valid when functions come or go.
func (fn *Func) Value() (v reflect.Value, untyped []int) {
	if !fn.Open() {
		return reflect.Value{}, nil
	}
	var in, out []reflect.Type
	for i, p := range fn.results {
		t := p.k.exact()
		if t == nil {
			untyped, in, t = append(untyped, i), append(in, anyType), anyType
		}
		out = append(out, t)
	}
	for _, p := range fn.params {
		t := p.k.exact()
		if t == nil {
			t = anyType // the kind takes it apart
		}
		in = append(in, t)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		if len(untyped) == 0 {
			return fn.enter(args, out)
		}
		types := slices.Clone(out)
		for i, r := range untyped {
			types[r] = args[i].Elem().Type().Elem()
		}
		return fn.enter(args[len(untyped):], types)
	}), untyped
}

// Open tells of a compiled function that no functions come or go, which are
// others in interpreted code.
func (fn *Func) Open() bool {
	return !slices.ContainsFunc(slices.Concat(fn.params, fn.results), func(p param) bool { return private(p.k) })
}

var anyType = reflect.TypeFor[any]()

// on runs f on a machine. One that a panic left is not used again.
func (h *Host) on(f func(m *machine)) {
	m, _ := h.pool.Get().(*machine)
	if m == nil {
		m = &machine{host: h, stack: make([]slot, first)}
	}
	m.mark = 0
	ended := false
	defer func() {
		if !ended {
			m.leave()
		}
	}()
	f(m)
	ended = true
	clear(m.stack) // nothing is held for longer than it lives
	m.spare = nil
	h.pool.Put(m)
}

// enter runs fn for interpreted code.
func (fn *Func) enter(args []reflect.Value, out []reflect.Type) []reflect.Value {
	passes := make([]pass, len(args))
	for i, p := range fn.params {
		passes[i] = func(_ *machine, frame unsafe.Pointer) { p.k.take(unsafe.Add(frame, p.off), args[i]) }
	}
	results := make([]reflect.Value, len(out))
	fn.host.on(func(m *machine) {
		frame := m.call(fn, passes, nil)
		for i, p := range fn.results {
			results[i] = p.k.give(unsafe.Add(frame, p.off), out[i])
		}
	})
	return results
}

// leave tells the host what a panic leaves.
func (m *machine) leave() {
	if m.left {
		return
	}
	m.left = true
	names := make([]string, 0, min(len(m.calls), 100))
	for _, f := range slices.Backward(m.calls) {
		if len(names) == cap(names) {
			break
		}
		if n := len(names); n == 0 || names[n-1] != f.Name {
			names = append(names, f.Name)
		}
	}
	m.host.Panicked(m.mark, names)
}

// nilDeref panics as Go does.
func nilDeref() {
	var p *int
	*p = math.MaxInt
}
