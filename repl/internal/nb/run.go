package nb

import (
	"fmt"
	"reflect"
	"runtime"
	"sync/atomic"

	"graft/stdlib/host"
)

// Run is one execution of a cell.
type Run struct {
	ID     string
	Print  func(stream, text string)
	Failed func(v any, t *Trace) // a goroutine of the cell panicked
	Result func(vals []any)
	Input  func() (string, error) // asks the user for a line
	Host   host.Host              // what libraries reach in the run's goroutines
	Beside bool                   // it runs beside the main cells: what belongs to no run is not its

	interrupt
	at   atomic.Int64 // byte of the cell whose top-level statement runs
	live atomic.Int64 // goroutines
	done chan any
	came chan struct{} // closed when Main has begun
	tr   *Trace
}

// Trace is where the panic came from that ended the last call of Main.
func (r *Run) Trace() *Trace { return r.tr }

// NewRun returns a run to begin.
func NewRun(id string) *Run {
	return &Run{ID: id, interrupt: interrupt{stopped: make(chan struct{}), killed: make(chan struct{})}}
}

// Offset is the byte of the cell whose top-level statement runs.
func (r *Run) Offset() int { return int(r.at.Load()) }

// Goexit is how a run ended that runtime.Goexit ended.
type Goexit struct{}

// Expect prepares for the next call of Main, which is r's: begun is closed
// when it has come, and end tells nil, or what it panicked with. The next
// Expect must wait for begun.
func (rt *Runtime) Expect(r *Run) (begun <-chan struct{}, end <-chan any) {
	r.done, r.came = make(chan any, 1), make(chan struct{})
	rt.next.Store(r)
	return r.came, r.done
}

// Enter runs f, a function of a cell's that compiled code got hold of, in a
// goroutine of r's. The channel tells how it ended, as Expect's does.
func (rt *Runtime) Enter(r *Run, f func()) <-chan any {
	r.done, r.came = make(chan any, 1), make(chan struct{})
	end := r.done
	go rt.main(r, f)
	return end
}

// Main runs the cell's function in the goroutine of the interpreter.
func (rt *Runtime) Main(f func()) { rt.main(rt.next.Load(), f) }

func (rt *Runtime) main(r *Run, f func()) {
	done := r.done
	leave, idle := rt.labels.enter(r), rt.busy()
	close(r.came)
	completed := false
	defer func() {
		p := recover()
		r.tr = rt.takeTrace()
		leave()
		idle()
		if p == nil && !completed {
			p = rt.exited()
		}
		done <- p
	}()
	f()
	completed = true
}

// PanicText is how Go prints a panic's value.
func PanicText(v any) string {
	if c, ok := unwrap(v); ok {
		switch {
		case c.T.traits.err:
			return c.T.callString(c.V, "Error")
		case c.T.traits.str:
			return c.T.callString(c.V, "String")
		}
		return fmt.Sprintf("%s(%v)", c.T.Name, v)
	}
	switch v := v.(type) {
	case runtime.Error:
		return v.Error()
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128:
		return fmt.Sprintf("%T(%v)", v, v)
	}
	return fmt.Sprintf("(%T) %v", v, v)
}

// IsBoxed tells whether v is a cell type's value.
func IsBoxed(v any) bool { _, ok := unwrap(v); return ok }

// MIME is what v's MIME method returns, nil when it has none. A nil pointer to
// something compiled has none: most methods do not bear one.
func (rt *Runtime) MIME(v any) map[string]string {
	if c, ok := unwrap(v); ok {
		if b := c.T.binder("MIME"); b != nil {
			if f, ok := b(c.V).(func() map[string]string); ok {
				return f()
			}
		}
		return nil
	}
	if m, ok := v.(interface{ MIME() map[string]string }); ok && !isNilPointer(v) {
		return m.MIME()
	}
	return nil
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}
