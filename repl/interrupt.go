package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"graft/repl/internal/nb"
)

// grace is how long an interrupted cell may take to unwind, deferred calls
// included, before its interpreter is stopped, and then before it is left.
const grace = time.Second

// parting is how long an interrupted cell waits for its goroutines, so that
// none of them prints below the cells that follow.
const parting = 250 * time.Millisecond

// lingering is how long goroutines that outlive their interrupted cell are
// looked after; loops of later cells are slower meanwhile.
const lingering = 10 * time.Second

// call runs a compiled function and returns what it panicked with. The caller
// holds the session's lock, which begun may give up once the function runs.
func (r *runner) call(ctx context.Context, name string, begun func()) any {
	hard, kill := context.WithCancel(context.Background())
	defer kill()
	type end struct {
		resume func()
		err    error
	}
	s, run := r.s, r.run
	runs, done := s.rt.Expect(run)
	ended := make(chan end, 1)
	go func() {
		resume, err := s.back.Run(hard, "run_"+name)
		ended <- end{resume, err}
	}()
	select {
	case <-runs:
		begun()
	case e := <-ended:
		begun()
		return outcome(done, e.err)
	}
	select {
	case e := <-ended:
		return outcome(done, e.err)
	case <-ctx.Done():
	}
	s.raise(run)
	defer s.settle(run)
	select {
	case e := <-ended:
		return outcome(done, e.err)
	case <-time.After(grace):
	}
	s.mu.Lock() // while the interpreter is stopped no other cell can start
	defer s.mu.Unlock()
	run.Kill()
	kill()
	defer (<-ended).resume()
	select {
	case <-done:
		return &nb.Control{Why: nb.ErrInterrupted}
	case <-time.After(grace):
	}
	return &nb.Control{Why: errors.New("interrupted, but " + blockedIn() + " is still running: it is compiled code that cannot be stopped")}
}

// outcome is what a function that ended panicked with.
func outcome(done <-chan any, err error) any {
	select {
	case p := <-done:
		return p
	default:
		if err != nil {
			return err
		}
		return nb.Goexit{}
	}
}

// raise interrupts run: lowered loops look for it until its goroutines have
// ended.
func (s *Session) raise(run *nb.Run) {
	run.Interrupt()
	s.stopping.Lock()
	s.stops++
	s.setStop(true)
	s.stopping.Unlock()
}

// alarm makes functions look whether their stack is too big.
func (s *Session) alarm(on bool) {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	if on {
		s.stops++
	} else {
		s.stops--
	}
	s.setStop(s.stops > 0)
}

// setStop tells interpreted and compiled functions whether to look for an
// interrupt.
func (s *Session) setStop(on bool) {
	s.back.SetStop(on)
	s.rt.Stopping.Store(on)
}

// settle lowers the flag that raise raised.
func (s *Session) settle(run *nb.Run) {
	lower := func() {
		s.stopping.Lock()
		defer s.stopping.Unlock()
		if s.stops--; s.stops == 0 {
			s.setStop(false)
		}
	}
	if gone(run, parting) {
		lower()
		return
	}
	go func() {
		gone(run, lingering)
		lower()
	}()
}

// gone waits for run's goroutines to end, and tells whether they have.
func gone(run *nb.Run, within time.Duration) bool {
	for end := time.Now().Add(within); run.Live() > 0; time.Sleep(time.Millisecond / 4) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// blockedIn names the compiled function in which the cell's goroutine is: what
// the interpreter called by reflection. It names none when several cells run.
func blockedIn() string {
	const some = "a call"
	found := some
	buf := make([]byte, 1<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for _, g := range bytes.Split(buf, []byte("\n\n")) {
		lines := strings.Split(string(g), "\n")
		if !bytes.Contains(g, []byte("nb.(*Runtime).main(")) {
			continue
		}
		if found != some {
			return some
		}
		for i, l := range lines {
			if strings.HasPrefix(l, "reflect.Value.call(") && i >= 2 {
				name, _, _ := strings.Cut(lines[i-2], "(0x")
				name, _, _ = strings.Cut(name, "({")
				found = fmt.Sprintf("a call of %s", strings.TrimSuffix(name, "(...)"))
				break
			}
		}
	}
	return found
}
