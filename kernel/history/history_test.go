package history

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func sources(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprintf("%d.%d %s", e.Session, e.Line, e.Source))
	}
	return strings.Join(all, "|")
}

// record makes a session that ran the sources, and closes it.
func session(t *testing.T, path, name string, cells ...string) {
	t.Helper()
	s := Open(path, name)
	for i, c := range cells {
		s.Add(i+1, c, "")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAcrossSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "history.jsonl")
	session(t, path, "first", "a := 1", "b\nc")
	session(t, path, "second", "d")
	s := Open(path, "third")
	defer s.Close()
	s.Add(1, "a := 1", "")
	s.Add(2, "e", "value")
	for want, got := range map[string][]Entry{
		"2.1 d|3.1 a := 1|3.2 e":                     s.Tail(3),
		"1.1 a := 1|1.2 b\nc|2.1 d|3.1 a := 1|3.2 e": s.Tail(100),
		"":                    s.Tail(0),
		"3.1 a := 1|3.2 e":    s.Range(0, 1, -1),
		"3.2 e":               s.Range(0, 2, 3),
		"2.1 d":               s.Range(-1, 0, -1),
		"1.2 b\nc":            s.Range(1, 2, -1),
		"1.1 a := 1|1.2 b\nc": s.Range(-2, 1, 3),
	} {
		if sources(got) != want {
			t.Errorf("got %q, want %q", sources(got), want)
		}
	}
	if got := s.Range(0, 2, 3)[0].Output; got != "value" {
		t.Errorf("the output is %q", got)
	}
	session(t, path, "fourth", "z") // while the third runs; numbers stay
	if got := sources(s.Range(0, 2, -1)); got != "3.2 e" {
		t.Errorf("got %q", got)
	}
	if got := sources(s.Range(4, 1, -1)); got != "4.1 z" {
		t.Errorf("got %q", got)
	}
}

func TestSearch(t *testing.T) {
	s := Open("", "only")
	defer s.Close()
	for i, c := range []string{"6 * 7", "6*7", "x := [1]", "é.é", "6 * 7", "multi\nline"} {
		s.Add(i+1, c, "")
	}
	for _, c := range []struct {
		pattern string
		n       int
		unique  bool
		want    string
	}{
		{"6 * 7", -1, false, "1.1 6 * 7|1.5 6 * 7"}, // * is any text, here "*"
		{"6*7", -1, true, "1.2 6*7|1.5 6 * 7"},
		{"6*7", 2, false, "1.2 6*7|1.5 6 * 7"},
		{"?.?", -1, false, "1.4 é.é"},
		{"x := [[]1]", -1, false, "1.3 x := [1]"},
		{"[^x] ? 7", -1, true, "1.5 6 * 7"},
		{"multi*", -1, false, "1.6 multi\nline"},
		{"*", 1, false, "1.6 multi\nline"},
		{"(", -1, false, ""},
		{"[", -1, false, ""},
	} {
		got, err := s.Search(c.pattern, c.n, c.unique)
		if err != nil || sources(got) != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.pattern, sources(got), err, c.want)
		}
	}
}

// Lines that a crash or another program left are passed over.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	session(t, path, "first", "good")
	text, _ := os.ReadFile(path)
	damaged := "garbage\n{\"session\":5}\n" + strings.Repeat("x", 1000) + "\n" + string(text) + `{"session":"cut`
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Open(path, "second")
	defer s.Close()
	if got := sources(s.Tail(9)); got != "1.1 good" {
		t.Errorf("got %q", got)
	}
}

func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := Open(filepath.Join(file, "history.jsonl"), "only")
	s.Add(1, "kept in memory", "")
	if got := sources(s.Tail(1)); got != "1.1 kept in memory" {
		t.Errorf("got %q", got)
	}
	if err := s.Close(); err == nil {
		t.Error("nothing said why the history was not kept")
	}
}

// Kernels that run at the same time share the file.
func TestConcurrentSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s := Open(path, fmt.Sprint("session", i))
			for n := range 50 {
				s.Add(n, strings.Repeat("cell ", n), "")
				s.Tail(1)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s := Open(path, "last")
	defer s.Close()
	counts := map[int]int{}
	for _, e := range s.Tail(-1) {
		counts[e.Session]++
	}
	want := map[int]int{}
	for i := range 8 {
		want[i+1] = 50
	}
	if !reflect.DeepEqual(counts, want) {
		t.Errorf("got %v", counts)
	}
}

// A large file is halved when a session begins to write.
func TestHalved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.jsonl")
	line := `{"session":"old","line":1,"source":"` + strings.Repeat("x", 1000) + "\"}\n"
	if err := os.WriteFile(path, []byte(strings.Repeat(line, maxFile/len(line)+2)), 0o600); err != nil {
		t.Fatal(err)
	}
	session(t, path, "new", "newest")
	text, err := os.ReadFile(path)
	if err != nil || len(text) > maxFile/2+1000 || len(text) < maxFile/2-2000 || !strings.HasPrefix(string(text), `{"session":"old"`) {
		t.Errorf("%d bytes, %v, beginning %.20s", len(text), err, text)
	}
	s := Open(path, "third")
	defer s.Close()
	if got := sources(s.Tail(1)); got != "2.1 newest" {
		t.Errorf("got %.50q", got)
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("a*[b-]?", "text")
	f.Fuzz(func(t *testing.T, pattern, source string) {
		s := Open("", "only")
		defer s.Close()
		s.Add(1, source, "")
		_, _ = s.Search(pattern, -1, true)
		if all, err := s.Search("*", -1, true); err != nil || len(all) != 1 {
			t.Errorf("* found %d, %v", len(all), err)
		}
	})
}
