package worker

import (
	"context"
	"encoding/binary"
	"runtime"

	"graft/repl"
)

// job is what may show things, and ends with a result: a cell, or what a front
// end says on a comm.
type job struct {
	id, after uint64
	main      bool // of the main shell
	ctx       context.Context
	cancel    context.CancelFunc
	run       func(context.Context, repl.Output) repl.Result
}

// begin starts a job, or has it wait for the one that it follows.
func (s *server) begin(m message, run func(context.Context, repl.Output) repl.Result) {
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{id: m.ID, after: m.After, main: m.Kind == kindExecute && !m.Cell.Subshell, ctx: ctx, cancel: cancel, run: run}
	s.mu.Lock()
	_, waits := s.running[j.after]
	drops := j.after != 0 && !waits && s.good != j.after
	if !drops {
		s.running[j.id] = j
	}
	if waits {
		s.followers[j.after] = j
	}
	s.mu.Unlock()
	switch {
	case drops:
		cancel()
		s.must(message{Kind: kindDropped, ID: j.id})
	case !waits:
		s.start(func() { s.perform(j) })
	}
}

// start has something done beside this goroutine. The one that waits for work
// has a stack that fits already, and begins at once, rather than when this one
// has nothing to do.
func (s *server) start(work func()) {
	select {
	case s.idle <- work:
	default:
		go work()
	}
	runtime.Gosched()
}

// rest waits for work.
func (s *server) rest() {
	for work := range s.idle {
		work()
	}
}

// perform does a job, and those that follow it.
func (s *server) perform(j *job) {
	for j != nil {
		if j.after != 0 {
			settle(s.standard)
		}
		j = s.do(j)
	}
}

// do does one job and returns the one that follows, if it is to be done.
func (s *server) do(j *job) (next *job) {
	s.mu.Lock()
	if j.main || !s.main {
		s.newest, s.main = j.id, j.main
	}
	s.mu.Unlock()
	if _, err := s.log.Write(binary.BigEndian.AppendUint64(nil, j.id)); err != nil {
		s.die(err)
	}
	result := j.run(j.ctx, &output{s, j.id})
	s.relays.finish()
	s.ending.Lock()
	mark(s.standard, s.token)
	s.end(j.id, result)
	s.ending.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(j.id)
	next = s.followers[j.id]
	delete(s.followers, j.id)
	switch {
	case result.Err != nil && next != nil: // the front process knows by the result
		s.forget(next.id)
		next = nil
	case result.Err == nil && j.main:
		s.good = j.id
	}
	return next
}

// forget ends a job's context. The caller holds the lock.
func (s *server) forget(id uint64) {
	s.running[id].cancel()
	delete(s.running, id)
}
