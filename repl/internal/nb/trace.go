package nb

import "strings"

// A panic's way through interpreted functions. The interpreter prints a line
// for every function that a panic leaves, innermost first, while the panic is
// on its way: before what the functions defer can run and move the mark.

// LineMark is the interpreter's variable that lowered code writes the number
// of a place to, before a statement there that may panic.
const LineMark = "mark_"

// Trace is where a panic came from.
type Trace struct {
	Mark  int      // the last mark before it
	Own   int      // and the last of the goroutine itself, if a literal of it panicked
	Funcs []string // lowered names of the functions it left, innermost first
}

const deepest = 100

// traced takes what the interpreter prints, "8:8: panic: main.f3_div_(...)".
func (rt *Runtime) traced(text string) {
	_, name, ok := strings.Cut(text, "panic: main.")
	if !ok {
		return
	}
	name, _, _ = strings.Cut(name, "(")
	name, _, literal := strings.Cut(name, ".func")
	id := goid()
	x, ok := rt.traces.Load(id)
	if !ok {
		t := &Trace{Funcs: []string{name}}
		if read := rt.mark.Load(); read != nil {
			t.Mark = (*read)()
		}
		if own, ok := rt.owns.Load(id); ok && literal {
			t.Own = *own.(*int)
		}
		rt.traces.Store(id, t)
		rt.tracing.Add(1)
		return
	}
	if t := x.(*Trace); len(t.Funcs) < deepest && t.Funcs[len(t.Funcs)-1] != name {
		t.Funcs = append(t.Funcs, name)
	}
}

// Left takes the functions that a panic leaves in compiled closures, innermost
// first, and the place it came from.
func (rt *Runtime) Left(mark int, names []string) {
	if len(names) == 0 {
		return
	}
	id := goid()
	if _, ok := rt.traces.Load(id); ok {
		return
	}
	rt.traces.Store(id, &Trace{Mark: mark, Funcs: names})
	rt.tracing.Add(1)
}

// takeTrace returns the calling goroutine's trace and forgets it: the panic
// has ended.
func (rt *Runtime) takeTrace() *Trace {
	if rt.tracing.Load() == 0 {
		return nil
	}
	x, ok := rt.traces.LoadAndDelete(goid())
	if !ok {
		return nil
	}
	rt.tracing.Add(-1)
	return x.(*Trace)
}

// keepTrace is for a panic that goes on.
func (rt *Runtime) keepTrace(t *Trace) {
	if _, had := rt.traces.Swap(goid(), t); !had {
		rt.tracing.Add(1)
	}
}

// Panicking tells whether a panic is on its way in some goroutine.
func (rt *Runtime) Panicking() bool { return rt.tracing.Load() > 0 }
