package nb

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Go ends the program when a goroutine's stack overflows, and the session with
// it. So the stacks are watched while cells run: when one has grown to the last
// size that Go allows, the flag of an interrupt goes up, and functions look on
// entry whether they are the deep one. That costs nothing until then. Half as
// big, they let others run first now and then, so that whoever watches them
// is not late however busy the machine is. The deep goroutine ends by runtime.Goexit: what it deferred runs, recover sees
// nothing, as there is nothing to recover from in Go, and the way out takes no
// more stack, which a panic's way through the interpreter does.

// Overflow is how a run ended whose stack overflowed.
type Overflow struct{}

// watched is how often the stacks are looked at.
const watched = 10 * time.Millisecond

// deepStack is how many compiled functions are under way in a goroutine whose
// stack is the big one.
const deepStack = 100_000

// lastStack is the biggest stack that Go allows, half of which is in use when
// a goroutine has it: it doubles them.
func lastStack() uint64 {
	most := debug.SetMaxStack(math.MaxInt)
	debug.SetMaxStack(most)
	size := uint64(1 << 20)
	for 2*size <= uint64(most) {
		size *= 2
	}
	return size
}

// busy counts a goroutine of a cell, until the returned func runs.
func (rt *Runtime) busy() (idle func()) {
	rt.working.Add(1)
	if rt.watching.CompareAndSwap(false, true) {
		go rt.watch()
	}
	return func() { rt.working.Add(-1) }
}

// watch raises the alarm when the stacks are as big as the last one, and goes
// when no cell runs.
func (rt *Runtime) watch() {
	last := lastStack()
	limit := last
	tick := time.NewTicker(watched)
	defer tick.Stop()
	for range tick.C {
		if rt.working.Load() == 0 {
			rt.warn(false)
			rt.watching.Store(false)
			if rt.working.Load() == 0 || !rt.watching.CompareAndSwap(false, true) {
				return
			}
		}
		n := stacks()
		rt.warn(n >= last/2)
		switch {
		case n < limit:
			limit = max(last, min(limit, n+n/4))
		case rt.Alarm != nil:
			rt.sound(tick, last)
			limit = n + n/4 // a stack that nobody was found to have is no reason to ask again
		}
	}
}

// warn says whether a stack is half as big as the last one.
func (rt *Runtime) warn(on bool) {
	if rt.Alarm != nil && rt.warned.CompareAndSwap(!on, on) {
		rt.Alarm(on)
	}
}

// sounding is how long the alarm lasts at most: moving a big stack to a bigger
// one takes a second.
const sounding = 10 * time.Second

// sound raises the alarm until the deep goroutine has come to a function's
// entry, or there is none any more.
func (rt *Runtime) sound(tick *time.Ticker, last uint64) {
	rt.alarmed.Store(true)
	rt.Alarm(true)
	for end := time.Now().Add(sounding); rt.alarmed.Load() && stacks() >= last && time.Now().Before(end); {
		<-tick.C
	}
	rt.alarmed.Store(false)
	rt.Alarm(false)
}

// smallStack is what a goroutine that is not deep may have.
const smallStack = 16 << 10

// stacks is the memory of all stacks but small ones.
func stacks() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}, {Name: "/sched/goroutines:goroutines"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 || s[1].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	all, small := s[0].Value.Uint64(), s[1].Value.Uint64()*smallStack
	return all - min(all, small)
}

// Halt is Stop at the entry of a function, whose mark is at.
func (rt *Runtime) Halt(at int) {
	switch {
	case rt.alarmed.Load():
		rt.lookDown(at)
	case rt.warned.Load() && rt.entered.Add(1)%64 == 0:
		runtime.Gosched()
	}
	rt.Stop()
}

// Interrupted is Halt for compiled functions, which know their place.
func (rt *Runtime) Interrupted() { rt.Halt(0) }

// lookDown ends the goroutine when it is a deep one.
func (rt *Runtime) lookDown(at int) {
	var pc [1]uintptr
	if runtime.Callers(deepStack, pc[:]) == 0 {
		return
	}
	if at > 0 {
		if _, had := rt.traces.LoadOrStore(goid(), &Trace{Mark: at}); !had {
			rt.tracing.Add(1)
		}
	}
	rt.Overflow()
}

// Overflow ends the goroutine because too many calls are under way in it,
// unless it is on its way out for that reason.
func (rt *Runtime) Overflow() {
	rt.alarmed.Store(false)
	if _, already := rt.overflows.LoadOrStore(goid(), true); !already {
		runtime.Goexit()
	}
}

// exited is how a function ended that neither returned nor panicked.
func (rt *Runtime) exited() any {
	if _, ok := rt.overflows.LoadAndDelete(goid()); ok {
		debug.FreeOSMemory() // the stack was big; beside another cell it would hold up who watches that
		return Overflow{}
	}
	return Goexit{}
}
