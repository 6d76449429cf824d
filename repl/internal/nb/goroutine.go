package nb

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"unsafe"
)

// A goroutine knows its cell by its profiler labels: they cost nanoseconds to
// read, and goroutines inherit them, also those that compiled code starts on
// a cell's behalf.

// labels finds runs by the address of their labels. An entry lives as long as
// a goroutine carries them.
type labels struct{ byAddr sync.Map }

//go:linkname goroutineLabels runtime/pprof.runtime_getProfLabel
func goroutineLabels() unsafe.Pointer

// enter makes the calling goroutine, and those it starts, belong to r until
// the returned func runs.
func (l *labels) enter(r *Run) func() {
	ctx := pprof.WithLabels(context.Background(), pprof.Labels("cell", r.ID))
	pprof.SetGoroutineLabels(ctx)
	p := goroutineLabels()
	addr := uintptr(p)
	l.byAddr.Store(addr, r)
	runtime.AddCleanup((*byte)(p), func(addr uintptr) { l.byAddr.CompareAndDelete(addr, r) }, addr)
	return func() { pprof.SetGoroutineLabels(context.Background()) }
}

// find is the run that the calling goroutine belongs to, or nil.
func (l *labels) find() *Run {
	if p := goroutineLabels(); p != nil {
		if r, ok := l.byAddr.Load(uintptr(p)); ok {
			return r.(*Run)
		}
	}
	return nil
}

// current is the run that the calling goroutine belongs to; a goroutine that
// belongs to none counts as the newest cell's.
func (rt *Runtime) current() *Run {
	if r := rt.labels.find(); r != nil {
		return r
	}
	return rt.run.Load()
}

// Go runs f as a goroutine of the calling goroutine's cell.
func (rt *Runtime) Go(f func()) {
	r := rt.current()
	if r != nil {
		rt.Stop()
		r.live.Add(1)
	}
	idle := rt.busy()
	go func() {
		completed := false
		defer func() {
			p := recover()
			tr := rt.takeTrace()
			idle()
			if p == nil && !completed {
				p = rt.exited()
			}
			if r == nil {
				return
			}
			r.live.Add(-1)
			if r.Failed != nil && fails(p) {
				r.Failed(p, tr)
			}
		}()
		f()
		completed = true
	}()
}

// GoMarked is Go for a literal, which gets the place for its own mark.
func (rt *Runtime) GoMarked(f func(own *int)) {
	rt.Go(func() {
		id, own := goid(), new(int)
		rt.owns.Store(id, own)
		defer rt.owns.Delete(id)
		f(own)
	})
}

// fails tells whether a goroutine that ended with p has failed: an interrupt
// and runtime.Goexit are no failures.
func fails(p any) bool {
	switch p.(type) {
	case nil, *Control, Goexit:
		return false
	}
	return true
}

// goid reads the goroutine's number from its stack header, "goroutine 7 [".
// It takes a microsecond: only panics, and what is as rare, use it.
func goid() uint64 {
	var b [40]byte
	s := b[:runtime.Stack(b[:], false)]
	s = bytes.TrimPrefix(s, []byte("goroutine "))
	if i := bytes.IndexByte(s, ' '); i > 0 {
		n, _ := strconv.ParseUint(string(s[:i]), 10, 64)
		return n
	}
	return 0
}
