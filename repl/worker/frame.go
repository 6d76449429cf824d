// Package worker runs the evaluator in a child process, so that nothing a
// cell does can end the front end.
//
// Client implements repl.Engine in the front process. It starts this same
// executable with a hidden command, and Serve, in the child, answers over two
// pipes. A message is four bytes of length, big-endian, and that many bytes
// of JSON, or of a form for what is long (see encode). The child's standard
// output and error are pipes too: whatever is written to them, by compiled
// code or by the Go runtime as it dies, belongs to the newest cell.
//
//	func main() {
//		if len(os.Args) > 1 && os.Args[1] == "worker" {
//			log.Fatal(worker.Serve(func() (repl.Engine, error) { return repl.NewSession(repl.Options{}) })) // in the child
//		}
//		c, err := worker.New("worker") // in the front process
//		r := c.Execute(ctx, repl.Cell{ID: "1", Number: 1, Source: "1 + 1"}, out)
//	}
//
// What Go does not survive, a stack overflow, concurrent writes to a map, no
// memory, os.Exit, a signal from outside, ends the child. The cells that ran
// then fail with a repl.WorkerError that says what happened, in words, and
// which variables are lost; the next cell has a new child, in which imports,
// types, constants and functions are declared again.
package worker

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"graft/repl"
)

// maxFrame bounds a message; a picture of this size would hang any browser.
const maxFrame = 64 << 20

// kinds of messages. Requests go to the child, events come from it.
const (
	kindExecute    = "execute"
	kindInterrupt  = "interrupt"
	kindComplete   = "complete"
	kindInspect    = "inspect"
	kindIsComplete = "is_complete"
	kindInput      = "input" // a request's question to the user, and its answer
	kindComm       = "comm"  // what a front end sends on a comm, and what a cell does

	kindReady   = "ready"
	kindStream  = "stream"
	kindDisplay = "display"
	kindClear   = "clear"
	kindResult  = "result"
	kindDropped = "dropped" // the cell follows one that has not ended well, and will not run
	kindReply   = "reply"
)

// message is every request and event; which fields count depends on Kind.
type message struct {
	Kind string
	ID   uint64 // of the request that is asked, answered or shown for

	Cell   repl.Cell `json:",omitzero"`
	After  uint64    `json:",omitempty"` // the cell that this one follows, if that ends without an error
	Source string    `json:",omitempty"`
	Cursor int       `json:",omitempty"`

	Name     string            `json:",omitempty"` // of a stream
	Text     string            `json:",omitempty"`
	Flag     bool              `json:",omitempty"` // wait, or password
	Question uint64            `json:",omitempty"`
	Err      string            `json:",omitempty"`
	Display  *repl.Display     `json:",omitempty"`
	Result   *repl.Result      `json:",omitempty"`
	Comm     *repl.CommMessage `json:",omitempty"`

	Completeness *repl.Completeness `json:",omitempty"`
	Completion   *repl.Completion   `json:",omitempty"`
	Inspection   *repl.Inspection   `json:",omitempty"`

	// What of the message stands behind it, in this order: representations of
	// Display, Result.Value and Result.Page, and Comm's buffers.
	Shown   []string `json:",omitempty"`
	Value   []string `json:",omitempty"`
	Page    []string `json:",omitempty"`
	Buffers int      `json:",omitempty"`
}

var errByHand = errors.New("repl/worker: this command is started by graft itself, not by hand")

// sender writes messages; several goroutines may send.
type sender struct {
	mu sync.Mutex
	w  io.Writer
}

// send writes messages behind one another, all or none.
func (s *sender) send(ms ...message) error {
	if len(ms) == 0 {
		return nil
	}
	var frames []byte
	for _, m := range ms {
		frame, err := encode(m)
		if err != nil {
			return err
		}
		if frames == nil {
			frames = frame
		} else {
			frames = append(frames, frame...)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(frames)
	return err
}

// Text and pictures have forms of their own: a cell prints ten thousand lines
// in the time that as many JSON objects take, and a megabyte of text in JSON is
// gone through byte by byte four times until it is here.
const (
	// streamMark begins a stream message: eight bytes of cell id, one of the
	// stream's number, the text.
	streamMark = 's'
	// partsMark begins a message whose long parts stand behind it: four bytes
	// of the JSON's length, the JSON, and then each part, a length before it.
	partsMark = 'p'
)

// long is the size from which on a part goes behind its message.
const long = 1 << 10

func streamNames() []string { return []string{"stdout", "stderr"} }

func encode(m message) ([]byte, error) {
	if name := slices.Index(streamNames(), m.Name); m.Kind == kindStream && name >= 0 {
		frame := make([]byte, 4, 4+10+len(m.Text))
		frame = append(frame, streamMark)
		frame = binary.BigEndian.AppendUint64(frame, m.ID)
		frame = append(append(frame, byte(name)), m.Text...)
		return sized(frame, m.Kind)
	}
	kind := m.Kind
	m, parts := detach(m)
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("repl/worker: %s message: %w", kind, err)
	}
	if len(parts) == 0 {
		return sized(append(make([]byte, 4, 4+len(body)), body...), kind)
	}
	size := 4 + 1 + 4 + len(body)
	for _, p := range parts {
		size += 4 + len(p)
	}
	frame := append(make([]byte, 4, size), partsMark)
	frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(body))), body...)
	for _, p := range parts {
		frame = append(binary.BigEndian.AppendUint32(frame, uint32(len(p))), p...)
	}
	return sized(frame, kind)
}

func isLong(text string) bool { return len(text) >= long }

// detach takes the long representations and the binary data out of a message.
func detach(m message) (message, []string) {
	var parts []string
	take := func(d *repl.Display, in *[]string) *repl.Display {
		if d == nil || !slices.ContainsFunc(slices.Collect(maps.Values(d.Data)), isLong) {
			return d
		}
		rest := *d
		rest.Data = make(map[string]string, len(d.Data))
		for mime, text := range d.Data {
			if !isLong(text) {
				rest.Data[mime] = text
				continue
			}
			*in = append(*in, mime)
			parts = append(parts, text)
		}
		return &rest
	}
	m.Display = take(m.Display, &m.Shown)
	if m.Result != nil {
		r := *m.Result
		r.Value, r.Page = take(r.Value, &m.Value), take(r.Page, &m.Page)
		m.Result = &r
	}
	if m.Comm != nil && len(m.Comm.Buffers) > 0 {
		c := *m.Comm
		for _, b := range c.Buffers {
			parts = append(parts, string(b))
		}
		m.Buffers, c.Buffers = len(c.Buffers), nil
		m.Comm = &c
	}
	return m, parts
}

// attach puts the parts back where detach took them.
func attach(m *message, parts [][]byte) error {
	want := len(m.Shown) + len(m.Value) + len(m.Page) + m.Buffers
	if m.Buffers < 0 || len(parts) != want || len(m.Shown) > 0 && m.Display == nil || m.Buffers > 0 && m.Comm == nil ||
		len(m.Value) > 0 && (m.Result == nil || m.Result.Value == nil) || len(m.Page) > 0 && (m.Result == nil || m.Result.Page == nil) {
		return fmt.Errorf("repl/worker: %s message: %d parts, which is not what it names", m.Kind, len(parts))
	}
	put := func(d *repl.Display, mimes []string) {
		for _, mime := range mimes {
			if d.Data == nil {
				d.Data = map[string]string{}
			}
			d.Data[mime] = string(parts[0])
			parts = parts[1:]
		}
	}
	put(m.Display, m.Shown)
	if m.Result != nil {
		put(m.Result.Value, m.Value)
		put(m.Result.Page, m.Page)
	}
	for ; m.Buffers > 0; m.Buffers-- {
		m.Comm.Buffers = append(m.Comm.Buffers, bytes.Clone(parts[0]))
		parts = parts[1:]
	}
	m.Shown, m.Value, m.Page = nil, nil, nil
	return nil
}

// sized writes a frame's length in front of it.
func sized(frame []byte, kind string) ([]byte, error) {
	n := len(frame) - 4
	if n > maxFrame {
		return nil, &sizeError{kind, n}
	}
	binary.BigEndian.PutUint32(frame, uint32(n))
	return frame, nil
}

// sizeError is a message too large to send.
type sizeError struct {
	kind string
	size int
}

func (e *sizeError) Error() string {
	return fmt.Sprintf("repl/worker: %s message of %d bytes is over the limit of %d", e.kind, e.size, maxFrame)
}

// receive reads one message. The length is believed only as far as bytes
// follow it.
func receive(r io.Reader) (message, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return message{}, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > maxFrame {
		return message{}, fmt.Errorf("repl/worker: a message of %d bytes is over the limit of %d", n, maxFrame)
	}
	body, err := take(r, n)
	if err != nil {
		return message{}, err
	}
	return decode(body)
}

// take reads n bytes. Up to a megabyte is made room for at once.
func take(r io.Reader, n int64) ([]byte, error) {
	if n <= 1<<20 {
		body := make([]byte, n)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r, n))
	if err == nil && int64(len(body)) < n {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

func decode(body []byte) (message, error) {
	if len(body) >= 10 && body[0] == streamMark && int(body[9]) < len(streamNames()) {
		return message{Kind: kindStream, ID: binary.BigEndian.Uint64(body[1:]), Name: streamNames()[body[9]], Text: string(body[10:])}, nil
	}
	var parts [][]byte
	if len(body) > 0 && body[0] == partsMark {
		var ok bool
		if parts, ok = cut(body[1:]); !ok || len(parts) == 0 {
			return message{}, errors.New("repl/worker: a message's parts do not end where it does")
		}
		body, parts = parts[0], parts[1:]
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return message{}, fmt.Errorf("repl/worker: message is not what this version sends: %w", err)
	}
	return m, attach(&m, parts)
}

// cut cuts pieces that each have their length in front.
func cut(b []byte) (pieces [][]byte, ok bool) {
	for len(b) > 0 {
		if len(b) < 4 {
			return nil, false
		}
		n := int64(binary.BigEndian.Uint32(b))
		if b = b[4:]; n > int64(len(b)) {
			return nil, false
		}
		pieces = append(pieces, b[:n:n])
		b = b[n:]
	}
	return pieces, true
}
