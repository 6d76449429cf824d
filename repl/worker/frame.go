// Package worker runs the evaluator in a child process, so that nothing a
// cell does can end the front end.
//
// Client implements repl.Engine in the front process. It starts this same
// executable with a hidden command, and Serve, in the child, answers over two
// pipes. A message is four bytes of length, big-endian, and that many bytes
// of JSON. The child's standard output and error are pipes too: whatever is
// written to them, by compiled code or by the Go runtime as it dies, belongs
// to the running cell.
package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
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
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("repl/worker: %s message: %w", m.Kind, err)
	}
	if len(body) > maxFrame {
		return fmt.Errorf("repl/worker: %s message of %d bytes is over the limit of %d", m.Kind, len(body), maxFrame)
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body)))
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.w.Write(append(frame, body...))
	return err
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
	body, err := io.ReadAll(io.LimitReader(r, n))
	if err != nil {
		return message{}, err
	}
	if int64(len(body)) < n {
		return message{}, io.ErrUnexpectedEOF
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return message{}, fmt.Errorf("repl/worker: message is not what this version sends: %w", err)
	}
	return m, nil
}
