package nb

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"strings"
)

// D is the frame of a function that defers: the interpreter's own defers
// evaluate arguments late and can deadlock, so deferred calls run here, under
// Go's own panics.
type D struct {
	rt        *Runtime
	fs        []deferred
	panicking bool
	armed     bool // the function that runs next may call Recover
	pan       any
}

type deferred struct {
	f      func()
	direct bool // f calls a function that may call recover
}

// Defer adds a call to run when the frame ends.
func (d *D) Defer(f func()) { d.fs = append(d.fs, deferred{f, false}) }

// DeferCall adds a call of a function in which recover may stop the frame's
// panic.
func (d *D) DeferCall(f func()) { d.fs = append(d.fs, deferred{f, true}) }

// Recover stops the panic and returns its value, as recover does in a
// function that the frame deferred. On no frame it returns nil.
func (d *D) Recover() any {
	if d == nil || !d.panicking || isControl(d.pan) {
		return nil
	}
	d.panicking = false
	d.rt.takeTrace()
	return Recovered(d.pan)
}

// Frame runs body, then what it deferred, last first, also when the goroutine
// exits.
func (rt *Runtime) Frame(body func(*D)) {
	d := &D{rt: rt}
	d.attempt(func() { body(d) }, func() { rt.unwind(d) })
	rt.unwind(d)
	if d.panicking {
		panic(d.pan)
	}
}

// CompiledFrame is Frame for compiled functions.
func (rt *Runtime) CompiledFrame(body func(add func(f func()), stop func() any)) {
	rt.Frame(func(d *D) { body(d.Defer, d.Recover) })
}

// Fixed runs a body whose deferred code stands in body itself: called again
// it runs what was deferred and has not run yet, last first.
func (rt *Runtime) Fixed(body func(d *D, again bool)) {
	d := &D{rt: rt}
	d.attempt(func() { body(d, false) }, func() { rt.rest(d, body) })
	rt.rest(d, body)
	if d.panicking {
		panic(d.pan)
	}
}

// rest runs body's deferred code; after a panic in it, what is left of it.
func (rt *Runtime) rest(d *D, body func(d *D, again bool)) {
	for ended := false; !ended; {
		rt.deferredCall(d, deferred{f: func() {
			body(d, true)
			ended = true
		}})
	}
}

// attempt runs f and notes a panic; exit runs when the goroutine exits.
func (d *D) attempt(f, exit func()) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if r := recover(); r != nil {
			d.pan, d.panicking = r, true
			return
		}
		exit() // runtime.Goexit
	}()
	f()
	returned = true
}

func (rt *Runtime) unwind(d *D) {
	for n := len(d.fs); n > 0; n = len(d.fs) {
		c := d.fs[n-1]
		d.fs = d.fs[:n-1]
		rt.deferredCall(d, c)
	}
}

// deferredCall runs one deferred call; while the frame panics, the function
// it calls finds the frame by the goroutine. A panic in it takes the place of
// the frame's, and has a trace of its own.
func (rt *Runtime) deferredCall(d *D, c deferred) {
	var before *Trace
	if d.panicking {
		before = rt.takeTrace()
		id := goid()
		if isControl(d.pan) {
			if _, nested := rt.cleanups.LoadOrStore(id, true); !nested {
				defer rt.cleanups.Delete(id)
			}
		}
		d.armed = c.direct
		rt.unwinding.Add(1)
		old, nested := rt.frames.Load(id)
		rt.frames.Store(id, d)
		defer func() {
			rt.unwinding.Add(-1)
			if nested {
				rt.frames.Store(id, old)
			} else {
				rt.frames.Delete(id)
			}
		}()
	}
	defer func() {
		if r := recover(); r != nil {
			d.pan, d.panicking = r, true
		} else if before != nil && d.panicking {
			rt.keepTrace(before)
		}
	}()
	c.f()
}

// Entered is called first by functions that call recover: it returns the
// frame that deferred this very call and panics, or nil.
func (rt *Runtime) Entered() *D {
	if rt.unwinding.Load() == 0 {
		return nil
	}
	x, ok := rt.frames.Load(goid())
	if !ok {
		return nil
	}
	d := x.(*D)
	if !d.armed {
		return nil
	}
	d.armed = false
	return d
}

// Panicked carries a panic's value unharmed through the interpreter.
type Panicked struct{ V any }

func (p *Panicked) Error() string { return fmt.Sprint(p.V) }

func isControl(r any) bool {
	switch r.(type) {
	case *Control, *ExitErr:
		return true
	}
	return false
}

// Panic is the panic builtin.
func (rt *Runtime) Panic(v any) {
	if v == nil {
		v = &runtime.PanicNilError{}
	}
	panic(&Panicked{v})
}

// Recovered is the value that recover returns for what Go's recover returned:
// the interpreter panics with its own values and with reflect's messages.
func Recovered(r any) any {
	switch r := r.(type) {
	case *Panicked:
		return r.V
	case *CellErr:
		return r.Err
	case reflect.Value:
		if r.IsValid() && r.CanInterface() {
			return Recovered(r.Interface())
		}
		return nil
	case *reflect.ValueError: // the interpreter's own, behind a nil pointer
		if r.Kind == reflect.Invalid {
			return nilDeref()
		}
	case runtime.Error:
		if t, ok := strings.CutPrefix(r.Error(), "hash of unhashable type: "); ok { // a type that reflection made
			return RuntimeError{"hash of unhashable type " + t}
		}
	case error: // the interpreter's, with a place in lowered code
		if m := otherMethod.FindStringSubmatch(r.Error()); m != nil {
			return plainError("interface conversion: the method of the value's type is " + m[1] + ", not " + m[2] + ": it was declared again")
		}
	case string:
		for _, m := range reflectTexts {
			if strings.HasPrefix(r, m.prefix) {
				return RuntimeError{m.text}
			}
		}
		if n, ok := strings.CutPrefix(r, "reflect: cannot convert slice with length "); ok {
			return RuntimeError{"cannot convert slice with length " + toArray.ReplaceAllString(n, " to array or pointer to array with")}
		}
		if strings.HasPrefix(r, "reflect.MakeChan: ") {
			return plainError("makechan: size out of range")
		}
	}
	return r
}

// otherMethod is what calling a method says that was declared again with
// another type since the value was put into its interface.
var otherMethod = regexp.MustCompile(`^\d+:\d+: interface conversion: (func.*) is not (func.*): missing method `)

// toArray is what reflection says where Go has one text for both.
var toArray = regexp.MustCompile(` to (pointer to )?array with`)

var reflectTexts = []struct{ prefix, text string }{
	{"reflect: slice index out of range", "index out of range"},
	{"reflect: array index out of range", "index out of range"},
	{"reflect: string index out of range", "index out of range"},
	{"reflect.Value.Slice: slice index out of bounds", "slice bounds out of range"},
	{"reflect.Value.Slice: string slice index out of bounds", "slice bounds out of range"},
	{"reflect.Value.Slice3: slice index out of bounds", "slice bounds out of range"},
	{"reflect: Method on nil interface value", "invalid memory address or nil pointer dereference"},
	{"reflect: Call using zero Value argument", "invalid memory address or nil pointer dereference"}, // what nil points to
	{"reflect: call of reflect.Value", "invalid memory address or nil pointer dereference"},
	{"reflect.MakeSlice: negative len", "makeslice: len out of range"},
	{"reflect.MakeSlice: len > cap", "makeslice: cap out of range"},
	{"reflect: call of nil function", "invalid memory address or nil pointer dereference"},
	{"reflect.Value.Call: call of nil function", "invalid memory address or nil pointer dereference"},
	{"reflect: slice length out of range", "slice to array conversion: length out of range"},
}

// plainError is a run-time error that Go prints without its usual prefix.
type plainError string

func (e plainError) Error() string { return string(e) }

// RuntimeError marks it as a runtime.Error.
func (e plainError) RuntimeError() {}

// RuntimeError is a run-time panic that the interpreter raised by reflection.
type RuntimeError struct{ text string }

func (e RuntimeError) Error() string { return "runtime error: " + e.text }

// RuntimeError marks it as a runtime.Error.
func (e RuntimeError) RuntimeError() {}

func nilDeref() error { return RuntimeError{"invalid memory address or nil pointer dereference"} }

// CellErr ends a cell because an error it did not take was not nil.
type CellErr struct {
	Err error
	At  int // number of its place in lowered code
}

func (e *CellErr) Error() string { return e.Err.Error() }

// ExitErr is os.Exit or log.Fatal in a cell.
type ExitErr struct{ Text string }

func (e *ExitErr) Error() string { return e.Text }

// Exit is os.Exit.
func (rt *Runtime) Exit(code int) {
	panic(&ExitErr{fmt.Sprintf("os.Exit(%d) ends the cell, not the session", code)})
}

// Check ends the cell when err is not nil.
func (rt *Runtime) Check(err error, at int) {
	if err != nil {
		panic(&CellErr{err, at})
	}
}

// BadIndex panics as Go does for an index out of range; where an operand is
// wanted it is one.
func (rt *Runtime) BadIndex(i, n int) bool {
	if i < 0 {
		panic(RuntimeError{fmt.Sprintf("index out of range [%d]", i)})
	}
	panic(RuntimeError{fmt.Sprintf("index out of range [%d] with length %d", i, n)})
}

// CheckSlice checks a slice expression x[low:high:limit]; limit is negative
// when there is none, most is the capacity, or a string's length, and open
// says that high was left out.
func (rt *Runtime) CheckSlice(low, high, limit, most int, text, open bool) {
	of := "capacity"
	if text {
		of = "length"
	}
	bad := ""
	switch {
	case limit > most:
		bad = fmt.Sprintf("[::%d] with capacity %d", limit, most)
	case limit >= 0 && high > limit:
		bad = fmt.Sprintf("[:%d:%d]", high, limit)
	case high < 0:
		bad = fmt.Sprintf("[:%d]", high)
	case high > most:
		bad = fmt.Sprintf("[:%d] with %s %d", high, of, most)
	case low < 0:
		bad = fmt.Sprintf("[%d:]", low)
	case low > high && limit >= 0:
		bad = fmt.Sprintf("[%d:%d:]", low, high)
	case low > high:
		bad = fmt.Sprintf("[%d:%d]", low, high)
	default:
		return
	}
	panic(RuntimeError{"slice bounds out of range " + bad})
}
