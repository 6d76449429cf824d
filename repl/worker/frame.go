// Package worker runs the evaluator in a child process, so that nothing a
// cell does can end the front end.
//
// Client implements repl.Engine in the front process. It starts this same
// executable with a hidden command, and Serve, in the child, answers over two
// pipes. A message is four bytes of length, big-endian, and that many bytes
// of JSON, or of text with a short head (see encode). The child's standard output and error are pipes too: whatever is
// written to them, by compiled code or by the Go runtime as it dies, belongs
// to the running cell.
package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"graft/repl"
)

// maxFrame bounds a message; a picture of this size would hang any browser.
const maxFrame = 256 << 20

// kinds of messages. Requests go to the child, events come from it.
const (
	kindExecute    = "execute"
	kindInterrupt  = "interrupt"
	kindComplete   = "complete"
	kindInspect    = "inspect"
	kindIsComplete = "is_complete"
	kindInput      = "input" // a request's question to the user, and its answer

	kindReady   = "ready"
	kindBegun   = "begun" // the cell is here, and will run
	kindStream  = "stream"
	kindDisplay = "display"
	kindClear   = "clear"
	kindResult  = "result"
	kindReply   = "reply"
)

// message is every request and event; which fields count depends on Kind.
type message struct {
	Kind string
	ID   uint64 // of the request that is asked, answered or shown for

	Cell   repl.Cell `json:",omitzero"`
	Source string    `json:",omitempty"`
	Cursor int       `json:",omitempty"`

	Name     string        `json:",omitempty"` // of a stream
	Text     string        `json:",omitempty"`
	Flag     bool          `json:",omitempty"` // wait, or password
	Question uint64        `json:",omitempty"`
	Err      string        `json:",omitempty"`
	Display  *repl.Display `json:",omitempty"`
	Result   *repl.Result  `json:",omitempty"`

	Completeness *repl.Completeness `json:",omitempty"`
	Completion   *repl.Completion   `json:",omitempty"`
	Inspection   *repl.Inspection   `json:",omitempty"`
}

// sender writes messages; several goroutines may send.
type sender struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *sender) send(m message) error {
	frame, err := encode(m)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.w.Write(frame)
	return err
}

// streamMark begins a stream message. A cell prints ten thousand lines in the
// time that as many JSON objects take, so that text has a form of its own:
// the mark, eight bytes of cell id, one of the stream's number, the text.
const streamMark = 's'

func streamNames() []string { return []string{"stdout", "stderr"} }

func encode(m message) ([]byte, error) {
	if name := slices.Index(streamNames(), m.Name); m.Kind == kindStream && name >= 0 {
		frame := make([]byte, 4, 4+10+len(m.Text))
		frame = append(frame, streamMark)
		frame = binary.BigEndian.AppendUint64(frame, m.ID)
		frame = append(append(frame, byte(name)), m.Text...)
		return sized(frame, m.Kind)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("repl/worker: %s message: %w", m.Kind, err)
	}
	return sized(append(make([]byte, 4, 4+len(body)), body...), m.Kind)
}

// sized writes a frame's length in front of it.
func sized(frame []byte, kind string) ([]byte, error) {
	n := len(frame) - 4
	if n > maxFrame {
		return nil, fmt.Errorf("repl/worker: %s message of %d bytes is over the limit of %d", kind, n, maxFrame)
	}
	binary.BigEndian.PutUint32(frame, uint32(n))
	return frame, nil
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

// take reads n bytes. Up to a page is made room for at once.
func take(r io.Reader, n int64) ([]byte, error) {
	if n <= 4<<10 {
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
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return message{}, fmt.Errorf("repl/worker: message is not what this version sends: %w", err)
	}
	return m, nil
}
