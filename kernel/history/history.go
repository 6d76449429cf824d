// Package history keeps what was run, across sessions, in one file: a JSON
// object a line, appended as cells end. Kernels that run at the same time
// append to the same file; each line names its session.
//
//	s := history.Open(path, session)
//	s.Add(1, "x := 41", "")
//	err := s.Close() // writes what is still queued, and tells of a file that could not be written
//
// It answers Jupyter's history_request (the last cells, a range of a session's,
// those that match a pattern) and gives `graft repl` what the arrow keys and
// the search go through. A cell is queued and written by a goroutine, so that
// no cell waits for a disk. A file that has grown beyond 8 MB is halved when a
// session starts; a line that is damaged or over 1 MB is passed over.
package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// maxFile is the size above which a new session first halves the file.
	maxFile = 8 << 20
	// maxLine bounds a cell in the file; larger ones are data, not code.
	maxLine = 1 << 20
)

// Entry is one cell that was run.
type Entry struct {
	Session int    // 1, 2, … in the order in which sessions first appear in the file
	Line    int    // the cell's execution count
	Source  string // as it was typed
	Output  string // the text of its value, "" without one
}

// record is a line of the file.
type record struct {
	Session string `json:"session"`
	Line    int    `json:"line"`
	Source  string `json:"source"`
	Output  string `json:"output,omitempty"`
}

// Store is one session's view of the file. Without a file it remembers this
// session only.
type Store struct {
	path    string
	session string

	mu      sync.Mutex
	own     []Entry
	numbers map[string]int // of the sessions seen so far
	lines   chan record
	written sync.WaitGroup
	failed  error
}

// Open starts a session named by a unique text. The file and its folder are
// made when the first cell is added; with path "" nothing is kept.
func Open(path, session string) *Store {
	s := &Store{path: path, session: session, numbers: map[string]int{}, lines: make(chan record, 256)}
	s.written.Go(s.write)
	return s
}

// Add appends a cell. The file is written in the background.
func (s *Store) Add(line int, source, output string) {
	s.mu.Lock()
	s.own = append(s.own, Entry{Line: line, Source: source, Output: output})
	s.mu.Unlock()
	s.lines <- record{s.session, line, source, output}
}

// Close waits until everything is written and says what kept it from being
// written, if something did.
func (s *Store) Close() error {
	close(s.lines)
	s.written.Wait()
	return s.failed
}

// together is how long the file waits for more cells: when many are run at
// once, opening it for each would cost more than some of them.
const together = 20 * time.Millisecond

func (s *Store) write() {
	first := true
	for r := range s.lines {
		batch := s.gather(r)
		if s.path == "" || s.failed != nil {
			continue
		}
		if first {
			s.failed = s.prepare()
			first = false
		}
		if s.failed == nil {
			s.failed = s.append(batch)
		}
	}
}

// gather takes what comes close behind a line.
func (s *Store) gather(r record) []record {
	batch, late := []record{r}, time.After(together)
	for {
		select {
		case r, ok := <-s.lines:
			if !ok {
				return batch
			}
			batch = append(batch, r)
		case <-late:
			return batch
		}
	}
}

// prepare makes the folder, and drops the older half of a large file.
func (s *Store) prepare() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	info, err := os.Stat(s.path)
	if err != nil || info.Size() <= maxFile {
		return nil
	}
	text, err := os.ReadFile(s.path)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	text = text[len(text)-maxFile/2:]
	text = text[bytes.IndexByte(text, '\n')+1:]
	short := s.path + "." + s.session
	if err := os.WriteFile(short, text, 0o600); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	if err := os.Rename(short, s.path); err != nil {
		os.Remove(short)
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// append opens the file each time: another kernel may have replaced it. One
// write of whole lines in append mode does not mix with another kernel's.
func (s *Store) append(batch []record) error {
	var text []byte
	for _, r := range batch {
		line, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("history: %w", err)
		}
		if len(line) <= maxLine {
			text = append(append(text, line...), '\n')
		}
	}
	if len(text) == 0 {
		return nil
	}
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = f.Write(text)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// all returns every entry, other sessions' first, and this session's number.
// A line that is not a record (a crash, a full disk) is passed over.
func (s *Store) all() ([]Entry, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var entries []Entry
	if f, err := os.Open(s.path); err == nil && s.path != "" {
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, maxLine+1)
		for lines.Scan() {
			var r record
			if json.Unmarshal(lines.Bytes(), &r) != nil || r.Session == "" || r.Session == s.session {
				continue
			}
			entries = append(entries, Entry{s.number(r.Session), r.Line, r.Source, r.Output})
		}
	}
	number := s.number(s.session)
	for _, e := range s.own {
		e.Session = number
		entries = append(entries, e)
	}
	return entries, number
}

// number counts sessions as they are first seen; a session keeps its number.
func (s *Store) number(session string) int {
	n, ok := s.numbers[session]
	if !ok {
		n = len(s.numbers) + 1
		s.numbers[session] = n
	}
	return n
}
