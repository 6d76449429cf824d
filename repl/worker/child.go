package worker

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"graft/repl"
)

// tokenVariable tells the child that a front process has started it, and the
// mark that ends a cell's raw output where marks are needed.
const tokenVariable = "GRAFT_WORKER_TOKEN"

// child is one running worker process.
type child struct {
	cmd          *exec.Cmd
	requests     *sender
	requestsFile *os.File
	standard     *relays // its descriptors 1 and 2
	crash        crashText
	health       health
	log          *log
	closed       <-chan struct{} // nobody asks for more
	ended        chan struct{}   // closed once it is gone and its output is read
	status       error           // of the process, after ended
	mourned      atomic.Bool     // a cell told of its end, if it has ended
	cost         string          // of its end, guarded by Client.mu

	mu      sync.Mutex
	calls   map[uint64]*call           // the running cells, and ahead
	ahead   *call                      // the cell that was sent before its time, or nil
	looking bool                       // a checkup will come
	newest  *call                      // of the main shell, or of another before there is one
	main    bool                       // newest is the main shell's
	outputs map[uint64]repl.Output     // of the newest cells: a goroutine may write after its cell has ended
	replies map[uint64]chan message    // to requests that are not cells
	comms   map[string]repl.CommOutput // the open ones, with what opened them
}

// remembered is how many cells may have goroutines that still write.
const remembered = 1000

// call is one running cell, or one that was sent ahead.
type call struct {
	id     uint64
	begun  atomic.Bool // the child has it, which is known once the child has ended
	result chan repl.Result

	cell    repl.Cell
	after   *call         // the one that a cell sent ahead follows
	dropped chan struct{} // closed when it will not run
	opened  chan struct{} // closed once the rest is there
	ctx     context.Context
	out     repl.Output

	over, failed bool // guarded by child.mu
}

var errClosed = errors.New("repl/worker: closed")

// startLimit bounds the time from start to the first word.
const startLimit = 30 * time.Second

// start starts a child that may use so much memory, 0 for any, and waits until
// it is ready, or not wanted any more.
func start(command []string, limit uint64, closed <-chan struct{}) (*child, error) {
	select {
	case <-closed:
		return nil, errClosed
	default:
	}
	w := &child{closed: closed, ended: make(chan struct{}), calls: map[uint64]*call{}, outputs: map[uint64]repl.Output{},
		replies: map[uint64]chan message{}, comms: map[string]repl.CommOutput{}, health: health{limit: limit}}
	files, err := w.spawn(command)
	if err != nil {
		return nil, fmt.Errorf("repl/worker: cannot start %s: %w", command[0], err)
	}
	ready := make(chan struct{})
	var reading sync.WaitGroup
	reading.Go(func() { w.listen(files[0], ready) })
	reading.Go(w.standard.wait)
	go func() {
		w.status = w.cmd.Wait()
		wait(&reading)
		w.log.rest(w)
		closeAll(files)
		w.requestsFile.Close()
		close(w.ended)
		w.closeComms()
	}()
	select {
	case <-ready:
		return w, nil
	case <-w.ended:
		return nil, fmt.Errorf("repl/worker: the worker ended at its start: %v %s", w.status, w.crash.reason())
	case <-closed:
		w.kill()
		<-w.ended
		return nil, errClosed
	case <-time.After(startLimit):
		w.kill()
		return nil, fmt.Errorf("repl/worker: the worker was not ready after %v", startLimit)
	}
}

// inherited bounds the wait for the end of what a child wrote: a process that
// a cell has started may hold the other end of a pipe open.
const inherited = 2 * time.Second

func wait(reading *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		reading.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(inherited):
	}
}

// spawn makes the pipes and starts the process with the child's ends of them.
// The files that are read are the events, standard output and error, and the
// log.
func (w *child) spawn(command []string) (read []*os.File, err error) {
	var ours, theirs [5]*os.File // requests, events, stdout, stderr, log
	defer func() {
		closeAll(theirs[:])
		if err != nil {
			closeAll(ours[:])
		}
	}()
	for i := range ours {
		pipe := os.Pipe
		if i == 1 {
			pipe = eventsPipe
		}
		r, wr, err := pipe()
		if err != nil {
			return nil, err
		}
		if ours[i], theirs[i] = r, wr; i == 0 {
			ours[i], theirs[i] = wr, r
		}
	}
	widen(ours[1])
	token := "graft-" + rand.Text()
	w.cmd = exec.Command(command[0], command[1:]...)
	w.cmd.Env = append(os.Environ(), tokenVariable+"="+token)
	if limit := w.health.limit; limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		w.cmd.Env = append(w.cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", soft(limit)))
	}
	w.cmd.Stdout, w.cmd.Stderr = theirs[2], theirs[3]
	inherit(w.cmd, theirs[0], theirs[1], theirs[4])
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.requestsFile, w.requests, w.log = ours[0], &sender{w: ours[0]}, &log{file: ours[4]}
	if w.standard, err = watch(ours[2:4], token, w.written, w.held); err != nil {
		w.kill()
		_ = w.cmd.Wait() // it was killed
		return nil, err
	}
	return ours[1:], nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// written shows raw text below the newest cell: who wrote it is not known.
func (w *child) written(name, text string) {
	if name == "stderr" {
		text = w.crash.take(text)
	}
	w.mu.Lock()
	c := w.newest
	w.mu.Unlock()
	if c != nil && text != "" && w.open(c) {
		c.out.Stream(name, text)
	}
}

// begin makes a cell, or what is like one, known. What is written to the
// standard streams goes to the newest of the main shell.
func (w *child) begin(ctx context.Context, id uint64, out repl.Output, main bool) *call {
	c := newCall(id)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls[id] = c
	w.attach(c, ctx, out)
	if main || !w.main {
		w.newest, w.main = c, main
	}
	w.lookAfter()
	return c
}

func newCall(id uint64) *call {
	return &call{id: id, result: make(chan repl.Result, 1), dropped: make(chan struct{}), opened: make(chan struct{})}
}

// attach gives a call what it shows things on. The caller holds the lock.
func (w *child) attach(c *call, ctx context.Context, out repl.Output) {
	c.ctx, c.out = ctx, out
	close(c.opened)
	w.outputs[c.id] = out
	if len(w.outputs) > remembered {
		for old := range w.outputs {
			if old+remembered/2 < c.id && w.calls[old] == nil {
				delete(w.outputs, old)
			}
		}
	}
}

// open waits until a call can show something; it never will when the child is
// not wanted any more.
func (w *child) open(c *call) bool {
	select {
	case <-c.opened:
		return true
	default:
	}
	select {
	case <-c.opened:
		return true
	case <-w.closed:
		return false
	}
}

// end forgets a running cell.
func (w *child) end(c *call) {
	w.mu.Lock()
	delete(w.calls, c.id)
	w.mu.Unlock()
}

func (w *child) expect(id uint64) <-chan message {
	reply := make(chan message, 1)
	w.mu.Lock()
	w.replies[id] = reply
	w.mu.Unlock()
	return reply
}

func (w *child) forget(id uint64) {
	w.mu.Lock()
	delete(w.replies, id)
	w.mu.Unlock()
}

// A cell that prints a lot sends a message a line. Reading each as it comes
// costs both processes more than the line does, so that after a few that came
// close together the next ones are left to gather for a moment.
const (
	gather = 300 * time.Microsecond
	few    = 16
)

// listen takes the child's events until it ends or sends nonsense.
func (w *child) listen(events io.Reader, ready chan<- struct{}) {
	r := bufio.NewReaderSize(events, 64<<10)
	dense, last := 0, time.Time{} // how many texts came close together
	for {
		if dense > few && r.Buffered() == 0 {
			time.Sleep(gather)
		}
		m, err := receive(r)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				w.kill()
			}
			return
		}
		if now := time.Now(); m.Kind == kindStream && now.Sub(last) < 2*gather {
			dense, last = dense+1, now
		} else {
			dense, last = 0, now
		}
		switch m.Kind {
		case kindReady:
			close(ready)
		case kindReply:
			w.reply(m)
		default:
			w.event(m)
		}
	}
}

func (w *child) reply(m message) {
	w.mu.Lock()
	reply := w.replies[m.ID]
	w.mu.Unlock()
	if reply != nil {
		reply <- m
	}
}

// event shows what a cell sends. What it sends after its end is still its
// own; of a cell that is long gone it goes to the newest one.
func (w *child) event(m message) {
	w.mu.Lock()
	c, out, newest := w.calls[m.ID], w.outputs[m.ID], w.newest
	w.mu.Unlock()
	if out == nil && m.Kind != kindDropped {
		shows := c
		if shows == nil {
			shows = newest
		}
		if shows != nil && !w.open(shows) {
			return
		} else if shows != nil {
			out = shows.out
		}
	}
	switch {
	case m.Kind == kindDropped:
		w.drop(c)
	case m.Kind == kindResult && m.Result != nil && c != nil:
		w.finish(c, *m.Result)
	case m.Kind == kindInput:
		go w.input(c, m)
	case out == nil:
	case m.Kind == kindStream:
		out.Stream(m.Name, m.Text)
	case m.Kind == kindDisplay && m.Display != nil:
		out.Display(*m.Display)
	case m.Kind == kindClear:
		out.Clear(m.Flag)
	case m.Kind == kindComm && m.Comm != nil:
		if out, ok := out.(repl.CommOutput); ok {
			w.follow(*m.Comm, out)
			out.Comm(*m.Comm)
		}
	}
}

// follow keeps the list of open comms.
func (w *child) follow(m repl.CommMessage, out repl.CommOutput) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m.Kind {
	case repl.CommOpen:
		w.comms[m.ID] = out
	case repl.CommClose:
		delete(w.comms, m.ID)
	}
}

// closeComms tells the front end of the comms that a child took along.
func (w *child) closeComms() {
	w.mu.Lock()
	open := w.comms
	w.comms = map[string]repl.CommOutput{}
	w.mu.Unlock()
	for id, out := range open {
		out.Comm(repl.CommMessage{Kind: repl.CommClose, ID: id, Data: json.RawMessage("{}")})
	}
}

// finish ends a cell, once what it wrote to descriptors 1 and 2 is shown.
func (w *child) finish(c *call, r repl.Result) {
	w.standard.finish()
	alone := w.pass(c, r)
	w.log.ended(w)
	if alone { // beside another cell the child may be dying after all
		if text := w.crash.release(); text != "" {
			c.out.Stream("stderr", text)
		}
	}
	c.result <- r
}

// input asks the user for the running cell. A cell that is interrupted ends
// its wait itself.
func (w *child) input(c *call, m message) {
	answer := message{Kind: kindInput, Question: m.Question}
	if c == nil {
		answer.Err = "the cell that asks has ended, and with it its place to ask"
	} else if text, err := c.out.Input(c.ctx, m.Text, m.Flag); err == nil {
		answer.Text = text
	} else if answer.Err = err.Error(); c.ctx.Err() != nil {
		return
	}
	_ = w.requests.send(answer) // a child that is gone waits for no answer
}

func (w *child) gone() bool {
	select {
	case <-w.ended:
		return true
	default:
		return false
	}
}

func (w *child) kill() { _ = w.cmd.Process.Kill() }

// obituary is the result of the cell during which the child ended. It tells
// whether the child had begun the cell.
func (w *child) obituary(c *call) (result repl.Result, ran bool) {
	select {
	case r := <-c.result: // it ended after the cell did
		return r, true
	default:
	}
	why := w.why()
	if c.ctx.Err() != nil && w.crash.reason() == "" && w.health.killedFor() == "" {
		why = "it did not stop when it was interrupted, and was killed"
	}
	return failure(repl.WorkerError, "the process that ran this cell ended: "+why), c.begun.Load()
}

// why the child ended, once it has.
func (w *child) why() string {
	if cause := w.health.killedFor(); cause != "" {
		return cause
	}
	if words := w.crash.reason(); words != "" {
		return words
	}
	if w.status != nil {
		return w.status.Error()
	}
	return "it exited"
}
