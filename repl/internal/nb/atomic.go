package nb

import "sync/atomic"

// AtomicPointer is sync/atomic.Pointer[T] for every T: the interpreter has no
// generic types. It holds a pointer, or nothing.
type AtomicPointer struct{ p atomic.Pointer[any] }

// AtomicLoad is (*Pointer).Load; nil stands for a nil pointer.
func (rt *Runtime) AtomicLoad(a *AtomicPointer) any { return held(a.p.Load()) }

// AtomicStore is (*Pointer).Store.
func (rt *Runtime) AtomicStore(a *AtomicPointer, v any) { a.p.Store(&v) }

// AtomicSwap is (*Pointer).Swap.
func (rt *Runtime) AtomicSwap(a *AtomicPointer, v any) any { return held(a.p.Swap(&v)) }

// AtomicCompareAndSwap is (*Pointer).CompareAndSwap.
func (rt *Runtime) AtomicCompareAndSwap(a *AtomicPointer, old, v any) bool {
	for {
		p := a.p.Load()
		if held(p) != held(&old) {
			return false
		}
		if a.p.CompareAndSwap(p, &v) {
			return true
		}
	}
}

func held(p *any) any {
	if p == nil || rawNil(*p) {
		return nil
	}
	return *p
}
