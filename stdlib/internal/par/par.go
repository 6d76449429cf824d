// Package par runs the parts of a kernel on all processors.
//
// Parts own disjoint outputs and no sum is split among them, so that results
// do not depend, to the last bit, on how many workers there are.
package par

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Pool is a set of workers for one run at a time. Waking a goroutine costs as
// much as a small kernel, so the workers are woken once, by Start, look for
// work without sleeping while the run lasts, and rest a moment after Stop: in
// a loop the next run finds them awake.
//
// On a machine whose processors have other work too, the operating system
// stops a worker now and then, and whoever waits for its part waits for
// milliseconds. The pool notices and leaves the workers out for a while.
type Pool struct {
	workers int
	job     atomic.Pointer[job]
	running atomic.Bool
	awake   []atomic.Bool // of the workers besides the caller

	alone   atomic.Int64 // loops still to be run by the caller alone
	penalty int64        // how many the next stall costs; the caller's
}

// How stalls are told and what they cost, in loops without workers.
const (
	stall      = 200 * time.Microsecond
	minPenalty = 32
	maxPenalty = 4096
)

// linger is how long a worker looks for the next run.
const linger = 300 * time.Microsecond

// job is one parallel loop. done counts the parts that are finished.
type job struct {
	parts  int64
	f      func(part int)
	shares []share // one a worker
	done   atomic.Int64
	panic  atomic.Pointer[any]
}

// share is the parts that a worker takes, in order: those of successive loops
// are about the same data, which lie in the worker's own cache, and part by
// part. Whoever has nothing left to do takes the last ones of others. The low
// half is the first part that nobody has begun, the high half the one after the
// last.
type share struct {
	left atomic.Uint64
	_    [56]byte // a line of the cache for each
}

// first takes the first part.
func (s *share) first() (part int, ok bool) {
	for {
		v := s.left.Load()
		from, to := uint32(v), uint32(v>>32)
		if from >= to {
			return 0, false
		}
		if s.left.CompareAndSwap(v, v+1) {
			return int(from), true
		}
	}
}

// last takes the last part.
func (s *share) last() (part int, ok bool) {
	for {
		v := s.left.Load()
		from, to := uint32(v), uint32(v>>32)
		if from >= to {
			return 0, false
		}
		if s.left.CompareAndSwap(v, v-1<<32) {
			return int(to - 1), true
		}
	}
}

// New makes a pool of n workers, the caller included; n < 1 means as many as
// there are processors.
func New(n int) *Pool {
	if n < 1 {
		n = runtime.GOMAXPROCS(0)
	}
	return &Pool{workers: n, awake: make([]atomic.Bool, n-1), penalty: minPenalty}
}

// Workers is the number of workers, the caller included.
func (p *Pool) Workers() int { return p.workers }

// Start wakes the workers; they spin until Stop.
func (p *Pool) Start() {
	if p.workers == 1 {
		return
	}
	p.running.Store(true)
	for i := range p.awake {
		if p.awake[i].CompareAndSwap(false, true) {
			go p.work(i + 1)
		}
	}
}

// Stop lets the workers rest.
func (p *Pool) Stop() { p.running.Store(false) }

// work is worker number me, until it has rested for a while; the caller is
// number 0. The next Start either sees that it sleeps or is seen by it.
func (p *Pool) work(me int) {
	awake := &p.awake[me-1]
	for {
		p.serve(me)
		for rest := time.Now(); !p.running.Load() && time.Since(rest) < linger; {
			runtime.Gosched()
		}
		if p.running.Load() {
			continue
		}
		awake.Store(false)
		if !p.running.Load() || !awake.CompareAndSwap(false, true) {
			return
		}
	}
}

// serve works while a run lasts.
func (p *Pool) serve(me int) {
	var last *job // no part of it is left: whoever asks again slows the caller down
	for spins := 1; p.running.Load(); spins++ {
		if j := p.job.Load(); j != nil && j != last {
			j.take(me)
			last = j
		}
		switch {
		case p.alone.Load() > 0:
			time.Sleep(stall) // a busy machine has better uses for the processor
		case spins%256 == 0:
			runtime.Gosched()
		}
	}
}

// take runs a worker's parts, then others', until none is left. A panic is kept
// for the caller.
func (j *job) take(me int) {
	for part, ok := j.shares[me].first(); ok; part, ok = j.shares[me].first() {
		j.run(part)
	}
	for i := 1; i < len(j.shares); i++ {
		other := &j.shares[(me+i)%len(j.shares)]
		for part, ok := other.last(); ok; part, ok = other.last() {
			j.run(part)
		}
	}
}

func (j *job) run(part int) {
	defer j.done.Add(1)
	defer func() {
		if r := recover(); r != nil {
			j.panic.CompareAndSwap(nil, &r)
		}
	}()
	j.f(part)
}

// For calls f with 0 … parts-1, on several workers if the pool was started,
// and returns when all have returned. A panic in f is raised again here. It
// must not be called from within f.
func (p *Pool) For(parts int, f func(part int)) {
	if parts <= 1 || p == nil || p.workers == 1 || !p.running.Load() {
		serially(parts, f)
		return
	}
	if p.alone.Load() > 0 {
		p.alone.Add(-1)
		serially(parts, f)
		return
	}
	j := &job{parts: int64(parts), f: f, shares: make([]share, p.workers)}
	for i := range j.shares {
		from, to := uint64(i*parts/p.workers), uint64((i+1)*parts/p.workers)
		j.shares[i].left.Store(from | to<<32)
	}
	start := time.Now()
	p.job.Store(j)
	j.take(0)
	p.job.Store(nil)
	if j.done.Load() < j.parts {
		p.wait(j, time.Since(start))
	}
	if r := j.panic.Load(); r != nil {
		panic(*r)
	}
}

func serially(parts int, f func(part int)) {
	for i := range parts {
		f(i)
	}
}

// wait waits for the parts that other workers have begun. They began no later
// than the caller's own last part, so that much more than the caller's whole
// time for them means that a worker was stopped.
func (p *Pool) wait(j *job, own time.Duration) {
	start := time.Now()
	for spins := 1; j.done.Load() < j.parts; spins++ {
		if spins%256 != 0 {
			continue
		}
		if time.Since(start) > stall {
			time.Sleep(stall / 10) // let the worker have the processor
		} else {
			runtime.Gosched()
		}
	}
	if time.Since(start) > stall+own {
		p.alone.Store(p.penalty)
		p.penalty = min(2*p.penalty, maxPenalty)
	} else {
		p.penalty = max(p.penalty-1, minPenalty)
	}
}

// Ranges cuts 0 … n-1 into consecutive ranges of at least grain and calls f
// with each.
func (p *Pool) Ranges(n, grain int, f func(from, to int)) {
	if n <= 0 {
		return
	}
	parts := 1
	if p != nil {
		parts = min(max(1, n/max(1, grain)), 4*p.workers)
	}
	p.For(parts, func(i int) { f(i*n/parts, (i+1)*n/parts) })
}
