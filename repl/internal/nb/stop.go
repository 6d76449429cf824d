package nb

import (
	"errors"
	"sync"
	"time"
)

// An interrupt is cooperative, so that deferred calls run and closures stay
// alive: lowered code looks at a flag in loop heads and at function entries,
// and calls Halt when it is set; everything that can block waits here, for its
// event or the run's end, and panics with Control.

// StopFlag is the interpreter's variable that says whether an interrupt is
// under way.
const StopFlag = "stop_"

// StopFunc is the interpreter's function that calls Halt: frames are smaller
// than with a call of compiled code.
const StopFunc = "halt_"

// Control is a panic that recover does not see: the end of a run.
type Control struct{ Why error }

// ErrInterrupted is why an interrupted cell ends.
var ErrInterrupted = errors.New("interrupted")

// interrupt is a run's half of it.
type interrupt struct {
	once, kill sync.Once
	stopped    chan struct{} // closed: leave, but run what is deferred
	killed     chan struct{} // closed: leave at once
}

// Interrupt asks everything that belongs to r to end; deferred calls run.
func (r *Run) Interrupt() { r.once.Do(func() { close(r.stopped) }) }

// Kill ends deferred calls too.
func (r *Run) Kill() {
	r.Interrupt()
	r.kill.Do(func() { close(r.killed) })
}

// Live is the number of goroutines that the run started and that have not
// ended.
func (r *Run) Live() int { return int(r.live.Load()) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Stop ends the calling goroutine when its cell was interrupted, unless it
// runs deferred calls for that very reason.
func (rt *Runtime) Stop() {
	if r := rt.current(); r != nil && closed(r.stopped) && (closed(r.killed) || !rt.cleaning()) {
		panic(&Control{ErrInterrupted})
	}
}

// cleaning tells whether the goroutine runs what an ended run deferred.
func (rt *Runtime) cleaning() bool {
	_, ok := rt.cleanups.Load(goid())
	return ok
}

// Ending is closed when the calling goroutine should stop waiting; nil when
// it belongs to no cell.
func (rt *Runtime) Ending() <-chan struct{} {
	r := rt.current()
	switch {
	case r == nil:
		return nil
	case closed(r.stopped) && rt.cleaning():
		return r.killed
	}
	return r.stopped
}

// Ended ends the calling goroutine because its cell was interrupted.
func Ended() { panic(&Control{ErrInterrupted}) }

// Sleep is time.Sleep.
func (rt *Runtime) Sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-rt.Ending():
		Ended()
	}
}

// Lock is (*sync.Mutex).Lock.
func (rt *Runtime) Lock(m *sync.Mutex) {
	if !m.TryLock() {
		rt.acquire(m.Lock, m.Unlock)
	}
}

// WLock is (*sync.RWMutex).Lock.
func (rt *Runtime) WLock(m *sync.RWMutex) {
	if !m.TryLock() {
		rt.acquire(m.Lock, m.Unlock)
	}
}

// RLock is (*sync.RWMutex).RLock.
func (rt *Runtime) RLock(m *sync.RWMutex) {
	if !m.TryRLock() {
		rt.acquire(m.RLock, m.RUnlock)
	}
}

// acquire waits for a lock in a goroutine of its own, which gives it back
// when nobody waits any more.
func (rt *Runtime) acquire(lock, unlock func()) {
	got, gone := make(chan struct{}), make(chan struct{})
	go func() {
		lock()
		select {
		case got <- struct{}{}:
		case <-gone:
			unlock()
		}
	}()
	select {
	case <-got:
	case <-rt.Ending():
		close(gone)
		Ended()
	}
}

// Wait is (*sync.WaitGroup).Wait.
func (rt *Runtime) Wait(w *sync.WaitGroup) {
	got := make(chan struct{})
	go func() { w.Wait(); close(got) }()
	select {
	case <-got:
	case <-rt.Ending():
		Ended()
	}
}

// CondWait is (*sync.Cond).Wait. The lock is held afterwards in any case, as
// the deferred Unlock of an interrupted function expects.
func (rt *Runtime) CondWait(c *sync.Cond) {
	got := make(chan struct{})
	go func() { c.Wait(); close(got) }()
	select {
	case <-got:
	case <-rt.Ending():
		c.Broadcast()
		<-got
		Ended()
	}
}
