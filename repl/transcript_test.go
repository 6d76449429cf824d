package repl

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// record keeps what a session prints and shows.
type record struct {
	mu       sync.Mutex
	out, err strings.Builder
	shown    []Display
	cleared  int
	input    []string // lines the user types
}

func (r *record) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "stderr" {
		r.err.WriteString(text)
	} else {
		r.out.WriteString(text)
	}
}

func (r *record) Display(d Display) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, d)
}

func (r *record) Clear(bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleared++
}

func (r *record) Input(context.Context, string, bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.input) == 0 {
		return "", errors.New("nobody is there to type")
	}
	line := r.input[0]
	r.input = r.input[1:]
	return line, nil
}

func (r *record) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String() + r.err.String()
}

var pointer = regexp.MustCompile(`0x[0-9a-f]{6,}`)

// transcript plays cells and returns all they print, values as `=> [v];`,
// stderr last.
func transcript(s *Session, cells []string) (string, *Error) {
	r := &record{}
	for i, c := range cells {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		res := s.Execute(ctx, Cell{ID: fmt.Sprint(i), Number: i + 1, Source: c}, r)
		cancel()
		if res.Err != nil {
			return r.text(), res.Err
		}
		if res.Value != nil {
			r.Stream("stdout", "=> ["+res.Value.Data["text/plain"]+"];")
		}
	}
	return pointer.ReplaceAllString(r.text(), "PTR"), nil
}

func newTestSession(t testing.TB) *Session {
	t.Helper()
	s, err := NewSession(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// play runs cells that must succeed and returns what they print.
func play(t *testing.T, s *Session, cells ...string) string {
	t.Helper()
	got, e := transcript(s, cells)
	if e != nil {
		t.Fatalf("%s\n%s", e, strings.Join(e.Traceback, "\n"))
	}
	return got
}
