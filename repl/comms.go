package repl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"graft/repl/internal/nb"
	"graft/stdlib/host"
)

// comms are the targets that cells have registered and the comms that are
// open.
type comms struct {
	mu      sync.Mutex
	targets map[string]func(host.Comm, host.Message)
	open    map[string]*comm
}

func newComms() *comms {
	return &comms{targets: map[string]func(host.Comm, host.Message){}, open: map[string]*comm{}}
}

// comm is one open comm. It sends through the cell that calls it, or the one
// that opened it.
type comm struct {
	s          *Session
	id, target string
	opener     CommOutput

	mu                 sync.Mutex
	onMessage, onClose func(host.Message)
}

// RegisterTarget implements host.Comms.
func (h *cellHost) RegisterTarget(name string, opened func(host.Comm, host.Message)) error {
	if _, ok := h.out.(CommOutput); !ok {
		return noComms()
	}
	cs := h.s.comms
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.targets[name] = opened; opened == nil {
		delete(cs.targets, name)
	}
	return nil
}

// OpenComm implements host.Comms.
func (h *cellHost) OpenComm(target string, m host.Message) (host.Comm, error) {
	out, ok := h.out.(CommOutput)
	if !ok {
		return nil, noComms()
	}
	c := &comm{s: h.s, id: uuid.NewString(), target: target, opener: out}
	msg, err := c.message(CommOpen, m)
	if err != nil {
		return nil, err
	}
	h.s.comms.add(c)
	out.Comm(msg)
	return c, nil
}

func noComms() error { return errors.New("host: there is no front end that speaks comms") }

func (cs *comms) add(c *comm) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.open[c.id] = c
}

// reset closes all comms and forgets the targets.
func (cs *comms) reset() {
	cs.mu.Lock()
	open := cs.open
	cs.targets, cs.open = map[string]func(host.Comm, host.Message){}, map[string]*comm{}
	cs.mu.Unlock()
	for id, c := range open {
		c.opener.Comm(CommMessage{Kind: CommClose, ID: id, Data: json.RawMessage("{}")})
	}
}

func (cs *comms) get(id string) *comm {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.open[id]
}

// remove tells whether c was open.
func (cs *comms) remove(c *comm) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.open[c.id] != c {
		return false
	}
	delete(cs.open, c.id)
	return true
}

// ID implements host.Comm.
func (c *comm) ID() string { return c.id }

// Target implements host.Comm.
func (c *comm) Target() string { return c.target }

// OnMessage implements host.Comm.
func (c *comm) OnMessage(f func(host.Message)) { c.set(&c.onMessage, f) }

// OnClose implements host.Comm.
func (c *comm) OnClose(f func(host.Message)) { c.set(&c.onClose, f) }

func (c *comm) set(at *func(host.Message), f func(host.Message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*at = f
}

// Send implements host.Comm.
func (c *comm) Send(m host.Message) error {
	if c.s.comms.get(c.id) != c {
		return fmt.Errorf("host: the comm %s of %q is closed", c.id, c.target)
	}
	msg, err := c.message(CommData, m)
	if err == nil {
		c.out().Comm(msg)
	}
	return err
}

// Close implements host.Comm.
func (c *comm) Close(m host.Message) error {
	msg, err := c.message(CommClose, m)
	if err == nil && c.s.comms.remove(c) {
		c.out().Comm(msg)
	}
	return err
}

// out is where the calling goroutine's cell shows things.
func (c *comm) out() CommOutput {
	if h, ok := c.s.rt.Host().(*cellHost); ok {
		if out, ok := h.out.(CommOutput); ok {
			return out
		}
	}
	return c.opener
}

func (c *comm) message(kind string, m host.Message) (CommMessage, error) {
	out := CommMessage{Kind: kind, ID: c.id, Buffers: m.Buffers}
	if kind == CommOpen {
		out.Target = c.target
	}
	for _, part := range []struct {
		name string
		from map[string]any
		to   *json.RawMessage
	}{{"data", m.Data, &out.Data}, {"metadata", m.Metadata, &out.Metadata}} {
		text, err := json.Marshal(part.from)
		if err != nil {
			return out, fmt.Errorf("host: the %s for the comm of %q cannot be JSON: %w", part.name, c.target, err)
		}
		if part.from == nil {
			text = []byte("{}")
		}
		*part.to = text
	}
	return out, nil
}

// Comm takes what the front end sends on a comm; see Engine.
func (s *Session) Comm(ctx context.Context, m CommMessage, out Output) *Error {
	to, ok := out.(CommOutput)
	if !ok {
		return nil
	}
	c, call := s.comms.take(s, m, to)
	if call == nil {
		return nil
	}
	var msg host.Message
	for _, part := range []struct {
		text json.RawMessage
		to   *map[string]any
	}{{m.Data, &msg.Data}, {m.Metadata, &msg.Metadata}} {
		if len(part.text) > 0 && json.Unmarshal(part.text, part.to) != nil {
			return &Error{Name: CommandError, Message: "the message on a comm is not a JSON object"}
		}
	}
	msg.Buffers = m.Buffers
	r := &runner{s: s, cell: Cell{ID: m.ID}, out: out, ctx: ctx, era: s.now()}
	r.begin()
	defer r.close()
	e := r.guest(func() { call(msg) })
	if e != nil && m.Kind == CommOpen {
		_ = c.Close(host.Message{}) // what the front end opened nobody has taken
	}
	return e
}

// take finds the function for a message, nil for none. A comm under a target
// that no cell has registered is closed again.
func (cs *comms) take(s *Session, m CommMessage, out CommOutput) (*comm, func(host.Message)) {
	if m.Kind == CommOpen {
		cs.mu.Lock()
		opened := cs.targets[m.Target]
		cs.mu.Unlock()
		if opened == nil {
			out.Comm(CommMessage{Kind: CommClose, ID: m.ID, Data: json.RawMessage("{}")})
			return nil, nil
		}
		c := &comm{s: s, id: m.ID, target: m.Target, opener: out}
		cs.add(c)
		return c, func(msg host.Message) { opened(c, msg) }
	}
	c := cs.get(m.ID)
	if c == nil {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Kind == CommClose {
		cs.remove(c)
		return c, c.onClose
	}
	return c, c.onMessage
}

// guest calls a cell's function as a run of its own.
func (r *runner) guest(f func()) *Error {
	r.announce()
	ended := r.s.rt.Enter(r.run, f)
	var p any
	select {
	case p = <-ended:
	case <-r.ctx.Done():
		r.s.raise(r.run)
		select {
		case p = <-ended:
		case <-time.After(grace):
			p = &nb.Control{Why: errors.New("interrupted, but a function that a comm called is still running")}
		}
		r.s.settle(r.run)
	}
	if p == nil {
		if p = r.goroutinesFailure(); p == nil {
			return nil
		}
	}
	return r.runError(p, -1, r.run.Trace())
}
