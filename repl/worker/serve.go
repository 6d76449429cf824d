package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"graft/repl"
)

// Serve is the child's main: it evaluates until the request pipe closes,
// which it does when the front process ends, however that ends.
func Serve(newEngine func() (repl.Engine, error)) error {
	pipes, err := inheritedPipes("requests", "events", "log")
	if err != nil {
		return err
	}
	token := os.Getenv(tokenVariable)
	offer()
	deepenStacks()
	engine, err := newEngine()
	if err != nil {
		return err
	}
	s := &server{engine: engine, out: &sender{w: pipes[1]}, log: pipes[2], token: token, standard: []*os.File{os.Stdout, os.Stderr},
		idle: make(chan func()), running: map[uint64]*job{}, followers: map[uint64]*job{}, questions: map[uint64]chan message{}}
	if s.relays, err = relayStandard(s.written); err != nil {
		return err
	}
	if err := s.out.send(message{Kind: kindReady}); err != nil {
		return err
	}
	go s.rest()
	err = s.loop(bufio.NewReader(pipes[0]))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// deepenStacks lets a recursion go as deep as Go's own usual limit does,
// though the session ends it when half of the biggest stack is in use. Where
// memory is scarce it stays at half of that.
func deepenStacks() {
	if bits.UintSize == 64 && debug.SetMemoryLimit(-1) >= 4<<30 {
		debug.SetMaxStack(2_000_000_000)
	}
}

// server is the child's side of the pipes.
type server struct {
	engine   repl.Engine
	out      *sender
	log      *os.File // of cells that begin
	token    string
	standard []*os.File // descriptors 1 and 2
	relays   *relays
	idle     chan func() // to the goroutine that waits for work

	ending sync.Mutex // marks and results of cells have one order

	mu        sync.Mutex
	newest    uint64                  // cell of the main shell, or of another before there is one
	main      bool                    // newest is the main shell's
	running   map[uint64]*job         // and what waits for one of these
	followers map[uint64]*job         // by the cell that each follows
	good      uint64                  // the newest cell that has ended without an error
	questions map[uint64]chan message // to the user, waiting for an answer
	asked     uint64
}

func (s *server) loop(r io.Reader) error {
	handlers := map[string]func(message){
		kindExecute:    s.execute,
		kindInterrupt:  s.interrupt,
		kindInput:      s.answer,
		kindComm:       s.comm,
		kindComplete:   s.complete,
		kindInspect:    s.inspect,
		kindIsComplete: s.isComplete,
	}
	for {
		m, err := receive(r)
		if err != nil {
			return err
		}
		handle := handlers[m.Kind]
		if handle == nil {
			return fmt.Errorf("repl/worker: unknown request %q", m.Kind)
		}
		handle(m)
	}
}

// execute starts the cell before it returns, so that an interrupt that
// follows finds it.
func (s *server) execute(m message) {
	s.begin(m, func(ctx context.Context, out repl.Output) repl.Result {
		return s.engine.Execute(ctx, m.Cell, out)
	})
}

// comm hands on what a front end sends on a comm.
func (s *server) comm(m message) {
	s.begin(m, func(ctx context.Context, out repl.Output) repl.Result {
		if m.Comm == nil {
			return repl.Result{}
		}
		return repl.Result{Err: s.engine.Comm(ctx, *m.Comm, out)}
	})
}

// end sends a result; one that is too large to send is an error instead.
func (s *server) end(id uint64, result repl.Result) {
	err := s.out.send(message{Kind: kindResult, ID: id, Result: &result})
	var large *sizeError
	if errors.As(err, &large) {
		s.must(message{Kind: kindResult, ID: id, Result: &repl.Result{Err: &repl.Error{Name: repl.WorkerError, Message: err.Error(),
			Traceback: []string{err.Error()}}}})
	} else if err != nil {
		s.die(err)
	}
}

// written shows what a cell wrote to os.Stdout or os.Stderr below the newest
// cell: who wrote it is not known.
func (s *server) written(name, text string) {
	s.mu.Lock()
	id := s.newest
	s.mu.Unlock()
	s.must(message{Kind: kindStream, ID: id, Name: name, Text: text})
}

// must sends an event; when the front process cannot be told anything any
// more there is nothing left to live for.
func (s *server) must(m message) {
	if err := s.out.send(m); err != nil {
		s.die(err)
	}
}

func (s *server) die(err error) {
	fmt.Fprintln(s.standard[1], err)
	os.Exit(1)
}

func (s *server) interrupt(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.running[m.ID]; j != nil {
		j.cancel()
	}
}

func (s *server) answer(m message) {
	s.mu.Lock()
	reply := s.questions[m.Question]
	delete(s.questions, m.Question)
	s.mu.Unlock()
	if reply != nil {
		reply <- m
	}
}

func (s *server) complete(m message) {
	s.start(func() {
		c := s.engine.Complete(m.Source, m.Cursor)
		s.must(message{Kind: kindReply, ID: m.ID, Completion: &c})
	})
}

func (s *server) inspect(m message) {
	s.start(func() {
		i := s.engine.Inspect(m.Source, m.Cursor)
		s.must(message{Kind: kindReply, ID: m.ID, Inspection: &i})
	})
}

func (s *server) isComplete(m message) {
	s.start(func() {
		c := s.engine.IsComplete(m.Source)
		s.must(message{Kind: kindReply, ID: m.ID, Completeness: &c})
	})
}

// output sends what a cell shows to the front process.
type output struct {
	s  *server
	id uint64
}

func (o *output) Stream(name, text string) {
	o.s.relays.drain()
	o.s.must(message{Kind: kindStream, ID: o.id, Name: name, Text: strings.ToValidUTF8(text, "\ufffd")})
}

func (o *output) Display(d repl.Display) {
	o.s.relays.drain()
	if err := o.s.out.send(message{Kind: kindDisplay, ID: o.id, Display: &d}); err != nil {
		o.Stream("stderr", err.Error()+"\n") // too large to show is no reason to die
	}
}

func (o *output) Clear(wait bool) {
	o.s.relays.drain()
	o.s.must(message{Kind: kindClear, ID: o.id, Flag: wait})
}

// Comm sends what a cell says on a comm.
func (o *output) Comm(c repl.CommMessage) {
	o.s.relays.drain()
	if err := o.s.out.send(message{Kind: kindComm, ID: o.id, Comm: &c}); err != nil {
		o.Stream("stderr", err.Error()+"\n")
	}
}

func (o *output) Input(ctx context.Context, prompt string, password bool) (string, error) {
	reply := make(chan message, 1)
	o.s.mu.Lock()
	o.s.asked++
	question := o.s.asked
	o.s.questions[question] = reply
	o.s.mu.Unlock()
	o.s.relays.drain()
	o.s.must(message{Kind: kindInput, ID: o.id, Question: question, Text: prompt, Flag: password})
	select {
	case m := <-reply:
		switch {
		case m.Err == io.EOF.Error():
			return "", io.EOF
		case m.Err != "":
			return "", errors.New(m.Err)
		}
		return m.Text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
