package worker

import (
	"encoding/binary"
	"io"
	"os"
	"sync"
	"time"
)

// log is where a child notes each cell before it begins it: eight bytes of its
// id, in a pipe that is read when the child has died, to tell the cells that it
// took along from those that it never saw. An event for it would wake this
// process at every cell.
type log struct {
	mu   sync.Mutex
	file *os.File
	ends int // of cells, since it was read
}

// emptied is after how many cells the log is read, long before its pipe is full.
const emptied = 1024

// ended counts a cell that has ended, which was noted at its beginning.
func (l *log) ended(w *child) {
	l.mu.Lock()
	l.ends++
	full := l.ends >= emptied
	l.mu.Unlock()
	if full {
		l.read(w)
	}
}

// read reads the notes that are there.
func (l *log) read(w *child) {
	l.mu.Lock()
	defer l.mu.Unlock()
	notes := available(l.file, 8*l.ends)
	l.ends = 0
	w.noted(notes)
}

// rest reads what a child that has ended has left.
func (l *log) rest(w *child) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.file.SetReadDeadline(time.Now().Add(inherited)) // without one, too, it ends with the child
	notes, _ := io.ReadAll(l.file)
	w.noted(notes)
}

// noted marks the running calls among those that the child has begun.
func (w *child) noted(notes []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ; len(notes) >= 8; notes = notes[8:] {
		if c := w.calls[binary.BigEndian.Uint64(notes)]; c != nil {
			c.begun.Store(true)
		}
	}
}
