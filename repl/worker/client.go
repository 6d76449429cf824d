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

	mu    sync.Mutex // guards what follows
	child *child
	last  uint64
	lost  string // why a child ended of whose end no cell has told yet
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
		c.lost = c.child.why()
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
	return child, nil
}

// bereaved returns what the next cell has to tell of a child that ended
// before it, once.
func (c *Client) bereaved() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	why := c.lost
	if c.lost = ""; why == "" {
		return ""
	}
	return "The process that ran the cells before has ended: " + why + ". All variables and declarations are lost; run the cells that made them again.\n"
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
	for again := false; ; again = true {
		if ctx.Err() != nil {
			return failure(repl.Interrupted, "the cell was interrupted before it ran")
		}
		w, err := c.live()
		if err != nil {
			return failure(repl.WorkerError, err.Error())
		}
		if words := c.bereaved(); words != "" {
			out.Stream("stderr", words)
		}
		if to, ok := out.(repl.CommOutput); ok && m.Comm != nil {
			w.follow(*m.Comm, to)
		}
		m.ID = c.nextID()
		call := w.begin(ctx, m.ID, out, m.Kind == kindExecute && !m.Cell.Subshell)
		result := w.run(call, m)
		w.end(call)
		if call.begun.Load() || again || ctx.Err() != nil {
			if result.Err != nil && result.Err.Name == repl.WorkerError {
				w.mourned.Store(true)
			}
			return result
		}
		// The child was dead or dying when the cell came; a new one can run it.
	}
}

// run runs a cell to its end, or the child's.
func (w *child) run(call *call, m message) repl.Result {
	err := w.requests.send(m)
	var large *sizeError
	switch {
	case errors.As(err, &large):
		call.begun.Store(true)
		return failure(repl.WorkerError, err.Error())
	case err != nil && !w.gone():
		w.kill()
	}
	interrupted, giveUp := call.ctx.Done(), (<-chan time.Time)(nil)
	look := time.NewTicker(checkup)
	defer look.Stop()
	for {
		select {
		case <-look.C:
			if w.health.sick(w.cmd.Process.Pid) != "" {
				w.kill()
			}
		case r := <-call.result:
			return r
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
