package worker

import (
	"strings"
	"sync"
)

// relay reads a standard stream, and can be asked to have read everything that
// was written before.
//
// Inside the child it is what cells see as os.Stdout and os.Stderr. Cells
// write to these directly, and print through events as well; before an event
// is sent, everything that was written before is read and sent, so that the
// order is what the cell did. What writes to descriptors 1 and 2 themselves (a
// dying Go runtime, a system call) goes the longer way to the front process,
// which reads these, and is done with that before it takes a cell's end.
type relay struct {
	name string
	send func(name, text string)
	// hold tells that what there is to read must stay in the pipe, and waits
	// until it may be read; nil while it may, or always.
	hold func() (wait func())

	mu   sync.Mutex
	held []byte // the start of a character whose rest has not come yet
}

// take sends what was read.
func (r *relay) take(b []byte) {
	r.held = append(r.held, b...)
	n := len(r.held) - overlap(r.held, nil)
	r.emit(r.held[:n])
	r.held = append([]byte(nil), r.held[n:]...)
}

// end sends half a character too: no more comes.
func (r *relay) end() {
	r.emit(r.held)
	r.held = nil
}

// settle waits until what follow has read is sent.
func (r *relay) settle() {
	r.mu.Lock()
	defer r.mu.Unlock()
}

func (r *relay) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end()
}

func (r *relay) emit(b []byte) {
	if len(b) > 0 {
		r.send(r.name, strings.ToValidUTF8(string(b), "\ufffd"))
	}
}
