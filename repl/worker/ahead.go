package worker

import (
	"context"

	"graft/repl"
)

// A cell that is known to follow another is sent with it. The child begins it
// as soon as the one before has ended without an error, while the front process
// still tells of that one; what it shows waits in the pipe until Execute is
// called for it. It runs if and only if it would have run then: a child whose
// cell has failed drops what follows.

// maxAhead bounds the source of a cell that is sent ahead.
const maxAhead = 1 << 20

// foresee makes the cell that follows c known, and returns the message that
// tells the child of it; ok is false where it must not be sent.
func (w *child) foresee(c *call, next *repl.Cell, id uint64) (m message, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ahead != nil || c.over && c.failed {
		return message{}, false
	}
	a := newCall(id)
	a.cell, a.after = *next, c
	w.ahead, w.calls[id] = a, a
	if c.over {
		w.newest, w.main = a, true
	}
	return message{Kind: kindExecute, ID: id, Cell: a.cell, After: c.id}, true
}

// adopt returns the call of a cell that was sent ahead, nil when it was not.
func (w *child) adopt(ctx context.Context, cell repl.Cell, out repl.Output) *call {
	w.mu.Lock()
	a := w.ahead
	if w.ahead = nil; a == nil {
		w.mu.Unlock()
		return nil
	}
	if a.cell.ID == cell.ID && a.cell.Number == cell.Number && a.cell.Source == cell.Source {
		w.attach(a, ctx, out)
		w.lookAfter()
		w.mu.Unlock()
		return a
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	w.attach(a, ended, nobody{})
	w.mu.Unlock()
	_, _ = w.await(a) // another cell came: this one is stopped
	w.end(a)
	return nil
}

// pass notes a cell's end, and what that means for the one that follows. It
// tells whether no other cell runs.
func (w *child) pass(c *call, r repl.Result) (alone bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.over, c.failed = true, r.Err != nil
	running := len(w.calls)
	if a := w.ahead; a != nil {
		running--
		switch {
		case a.after != c:
		case c.failed:
			delete(w.calls, a.id)
			w.ahead = nil
		default:
			w.newest, w.main = a, true
		}
	}
	return running == 1
}

// held tells that what stands in the standard streams was written by a cell
// that was sent ahead, and waits until that is executed. A child begins such a
// cell when all that the one before wrote has been read, so that what there was
// to read before the log told of the beginning is of the one before.
func (w *child) held() (wait func()) {
	w.log.read(w)
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.ahead
	if a == nil || !a.begun.Load() {
		return nil
	}
	w.newest, w.main = a, true
	select {
	case <-w.closed:
		return nil
	default:
		return func() { w.open(a) }
	}
}

// drop forgets a cell that was sent ahead and will not run.
func (w *child) drop(c *call) {
	if c == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.calls, c.id)
	if w.ahead == c {
		w.ahead = nil
	}
	close(c.dropped)
}

// nobody is who a cell shows things to that is not wanted any more.
type nobody struct{}

func (nobody) Stream(string, string) {}
func (nobody) Display(repl.Display)  {}
func (nobody) Clear(bool)            {}
func (nobody) Comm(repl.CommMessage) {}
func (nobody) Input(ctx context.Context, _ string, _ bool) (string, error) {
	return "", context.Cause(ctx)
}
