package nb

import (
	"fmt"
	"io"
	"sync"
)

// Stdin is os.Stdin in cells: when it is read and nothing is left, it asks
// the user for a line.
type Stdin struct {
	rt   *Runtime
	mu   sync.Mutex
	left []byte
}

// Read gives what is left of the last line, or of a new one. It ends when
// nobody answers.
func (s *Stdin) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b) == 0 {
		return 0, nil
	}
	if len(s.left) == 0 {
		r := s.rt.current()
		if r == nil || r.Input == nil {
			return 0, io.EOF
		}
		line, err := r.Input()
		s.rt.Stop()
		if err != nil {
			return 0, io.EOF
		}
		s.left = []byte(line + "\n")
	}
	n := copy(b, s.left)
	s.left = s.left[n:]
	return n, nil
}

// Stdin returns the cells' os.Stdin.
func (rt *Runtime) Stdin() *Stdin { return &rt.stdin }

// Scan is fmt.Scan.
func (rt *Runtime) Scan(a ...any) (int, error) { return fmt.Fscan(&rt.stdin, rt.scanned(a)...) }

// Scanln is fmt.Scanln.
func (rt *Runtime) Scanln(a ...any) (int, error) { return fmt.Fscanln(&rt.stdin, rt.scanned(a)...) }

// Scanf is fmt.Scanf.
func (rt *Runtime) Scanf(format string, a ...any) (int, error) {
	return fmt.Fscanf(&rt.stdin, format, rt.scanned(a)...)
}
