package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"graft/repl"
)

// Client is a repl.Engine whose cells run in a child process. When the child
// ends, the cells that ran fail with a WorkerError, and the next cell starts
// a new child. When it ends between cells, the next cell says so.
type Client struct {
	// MemoryLimit bounds the private memory of the child, in bytes: a cell that
	// uses more fails, and the child with it. 0 is three quarters of the
	// machine's memory, where that is known (Linux). Set it before Start.
	MemoryLimit uint64

	command []string
	closed  chan struct{} // by Close; a child that is starting is not waited for
	once    sync.Once

	mu     sync.Mutex // guards what follows
	child  *child
	last   uint64
	lost   string // why a child ended, and what that cost, of whose end no cell has told yet
	memory memory
}

var _ repl.Engine = (*Client)(nil)

// New makes a client whose child is this executable, called with args, which
// must end in Serve.
func New(args ...string) (*Client, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("repl/worker: cannot find the executable to start again: %w", err)
	}
	return &Client{command: append([]string{exe}, args...), closed: make(chan struct{})}, nil
}

// Start starts the child unless it runs, so that the first cell need not wait.
func (c *Client) Start() error {
	_, err := c.live()
	return err
}

// live returns the running child, or starts one.
func (c *Client) live() (*child, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.child != nil && !c.child.gone() {
		return c.child, nil
	}
	if c.child != nil && !c.child.mourned.Load() {
		c.lost = "The process that ran the cells before has ended: " + c.child.why() + ". " + c.cost(c.child) + ".\n"
	}
	limit := c.MemoryLimit
	if limit == 0 {
		limit = share(machineMemory())
	}
	child, err := start(c.command, limit, c.closed)
	if err != nil {
		return nil, err
	}
	c.child = child
	before := c.memory
	lost := c.memory.restore(c.declare(child))
	if child.gone() { // a package that it imports may have ended it
		c.memory = before
	} else if len(lost) > 0 {
		c.lost += "What uses lost variables could not be declared again: " + some(lost) + ".\n"
	}
	return child, nil
}

// bereaved returns what the next cell has to tell of a child that ended
// before it, once.
func (c *Client) bereaved() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	words := c.lost
	c.lost = ""
	return words
}

func (c *Client) nextID() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return c.last
}

// stuck is how long the child may take to answer an interrupt. It answers
// sooner, even when a compiled call goes on; not at all means it is beyond
// help.
const stuck = 5 * time.Second

// Execute runs a cell in the child; see repl.Engine.
func (c *Client) Execute(ctx context.Context, cell repl.Cell, out repl.Output) repl.Result {
	return c.do(ctx, message{Kind: kindExecute, Cell: cell}, out)
}

// Comm hands on what a front end sends on a comm; see repl.Engine.
func (c *Client) Comm(ctx context.Context, m repl.CommMessage, out repl.Output) *repl.Error {
	return c.do(ctx, message{Kind: kindComm, Comm: &m}, out).Err
}

// do has a request done that may show things.
func (c *Client) do(ctx context.Context, m message, out repl.Output) repl.Result {
	w, call := c.adopt(ctx, m, out)
	for again := false; ; again = true {
		if call == nil {
			var failed *repl.Error
			if w, call, failed = c.begin(ctx, m, out); failed != nil {
				return repl.Result{Err: failed}
			}
			m.ID = call.id
			c.send(w, call, m.Cell.Next, m)
		} else {
			c.send(w, call, m.Cell.Next)
		}
		result, ran := w.await(call)
		w.end(call)
		if ran || again || ctx.Err() != nil {
			return c.learn(w, result)
		}
		call = nil // the child was dead or dying when the cell came: a new one can run it
	}
}

// learn keeps what a cell has declared, and completes the words on one that
// ended with its child.
func (c *Client) learn(w *child, r repl.Result) repl.Result {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.memory.keep(r)
	if r.Err != nil && r.Err.Name == repl.WorkerError {
		w.mourned.Store(true)
		if w.gone() {
			return failure(repl.WorkerError, r.Err.Message+". "+c.cost(w)+" in a new process.")
		}
	}
	return r
}

// adopt finds the cell that was sent ahead, be it to a child that has ended
// since: one that it began is not begun again.
func (c *Client) adopt(ctx context.Context, m message, out repl.Output) (*child, *call) {
	c.mu.Lock()
	w := c.child
	c.mu.Unlock()
	if w == nil || m.Kind != kindExecute || m.Cell.Subshell {
		return nil, nil
	}
	return w, w.adopt(ctx, m.Cell, out)
}

// begin makes a request known to a child that runs.
func (c *Client) begin(ctx context.Context, m message, out repl.Output) (*child, *call, *repl.Error) {
	if ctx.Err() != nil {
		return nil, nil, failure(repl.Interrupted, beforeItRan).Err
	}
	w, err := c.live()
	if err != nil {
		return nil, nil, failure(repl.WorkerError, err.Error()).Err
	}
	if words := c.bereaved(); words != "" {
		out.Stream("stderr", words)
	}
	if to, ok := out.(repl.CommOutput); ok && m.Comm != nil {
		w.follow(*m.Comm, to)
	}
	return w, w.begin(ctx, c.nextID(), out, m.Kind == kindExecute && !m.Cell.Subshell), nil
}

// send sends what a call's request is, unless it was sent ahead, and the cell
// that follows it.
func (c *Client) send(w *child, call *call, next *repl.Cell, request ...message) {
	if looksAhead && next != nil && !next.Subshell && len(next.Source) <= maxAhead {
		if ahead, ok := w.foresee(call, next, c.nextID()); ok {
			request = append(request, ahead)
		}
	}
	err := w.requests.send(request...)
	var large *sizeError
	switch {
	case errors.As(err, &large):
		w.event(message{Kind: kindResult, ID: call.id, Result: new(failure(repl.WorkerError, err.Error()))})
	case err != nil && !w.gone():
		w.kill()
	}
}

// await waits for the end of a cell, or the child's. It tells whether the
// child has begun the cell at all.
func (w *child) await(call *call) (result repl.Result, ran bool) {
	interrupted, giveUp := call.ctx.Done(), (<-chan time.Time)(nil)
	for {
		select {
		case r := <-call.result:
			return r, true
		case <-call.dropped:
			return failure(repl.Interrupted, beforeItRan), false
		case <-w.ended:
			return w.obituary(call)
		case <-interrupted:
			interrupted, giveUp = nil, time.After(stuck)
			_ = w.requests.send(message{Kind: kindInterrupt, ID: call.id}) // a child that cannot hear it ends, or is killed below
		case <-giveUp:
			w.kill()
		}
	}
}

const beforeItRan = "the cell was interrupted before it ran"

// failure is the result of a cell that did not get to run or to end.
func failure(name, text string) repl.Result {
	return repl.Result{Err: &repl.Error{Name: name, Message: text, Traceback: []string{name + ": " + text}}}
}

// patience is how long a front end waits for an answer about source text.
const patience = 5 * time.Second

// ask sends a request other than a cell. Without an answer the zero message
// comes back, which every caller can show.
func (c *Client) ask(m message) message {
	w, err := c.live()
	if err != nil {
		return message{}
	}
	m.ID = c.nextID()
	reply := w.expect(m.ID)
	defer w.forget(m.ID)
	if err := w.requests.send(m); err != nil {
		return message{}
	}
	select {
	case r := <-reply:
		return r
	case <-w.ended:
	case <-time.After(patience):
	}
	return message{}
}

// IsComplete asks the child; "unknown" is its answer when it cannot be asked.
func (c *Client) IsComplete(source string) repl.Completeness {
	if r := c.ask(message{Kind: kindIsComplete, Source: source}).Completeness; r != nil {
		return *r
	}
	return repl.Completeness{Status: "unknown"}
}

// Complete asks the child; without an answer there is nothing to complete.
func (c *Client) Complete(source string, cursor int) repl.Completion {
	if r := c.ask(message{Kind: kindComplete, Source: source, Cursor: cursor}).Completion; r != nil {
		return *r
	}
	return repl.Completion{Start: cursor, End: cursor}
}

// Inspect asks the child; without an answer nothing is found.
func (c *Client) Inspect(source string, cursor int) repl.Inspection {
	if r := c.ask(message{Kind: kindInspect, Source: source, Cursor: cursor}).Inspection; r != nil {
		return *r
	}
	return repl.Inspection{}
}

// Close ends the child: it is asked to by the closing of its requests, and
// killed when it does not listen. No other is started.
func (c *Client) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.mu.Lock()
	w := c.child
	c.child = nil
	c.mu.Unlock()
	if w == nil {
		return nil
	}
	w.requestsFile.Close()
	select {
	case <-w.ended:
	case <-time.After(time.Second):
		w.kill()
		<-w.ended
	}
	return nil
}
