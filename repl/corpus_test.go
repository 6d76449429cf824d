package repl

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type corpusCase struct {
	Name  string   `json:"name"`
	Cells []string `json:"cells"`
	Want  string   `json:"want"`
}

// loadCorpus reads cases that lie outside the repository.
func loadCorpus(t *testing.T, name string) []corpusCase {
	t.Helper()
	dir := os.Getenv("GRAFT_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	b, err := os.ReadFile(filepath.Join(dir, "corpus", name))
	if err != nil {
		t.Skip("the corpus of cells is not here (set GRAFT_SHARED): ", err)
	}
	var cases []corpusCase
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// tally counts how the cases of a corpus went.
type tally struct {
	right, refused int
	wrong, silent  []string // names: an error that Go does not give; another output
}

// score plays cases, each in a session of its own. GRAFT_CASE picks one and
// shows its lowered code.
func score(t *testing.T, cases []corpusCase) tally {
	var sum tally
	only := os.Getenv("GRAFT_CASE")
	t.Chdir(t.TempDir())
	for _, c := range cases {
		if only != "" && only != c.Name {
			continue
		}
		got, e := attempt(t, c, only != "")
		for try := 0; timed[c.Name] && try < 20 && got != c.Want; try++ {
			got, e = attempt(t, c, false)
		}
		switch {
		case e != nil && (e.Name == CompileError || e.Name == SyntaxError):
			sum.refused++
			t.Logf("refused  %-35s %s", c.Name, strings.ReplaceAll(e.Message, "\n", " | "))
		case e != nil:
			sum.wrong = append(sum.wrong, c.Name)
			t.Logf("error    %-35s %s: %s", c.Name, e.Name, strings.ReplaceAll(e.Message, "\n", " | "))
		case got == c.Want:
			sum.right++
		default:
			sum.silent = append(sum.silent, c.Name)
			t.Logf("SILENT   %-35s\n got  %q\n want %q", c.Name, got, c.Want)
		}
	}
	t.Logf("right %d, refused %d, wrong error %d, silently wrong %d", sum.right, sum.refused, len(sum.wrong), len(sum.silent))
	return sum
}

func attempt(t *testing.T, c corpusCase, show bool) (string, *Error) {
	s := newTestSession(t)
	if show {
		s.trace = func(src string) { t.Logf("lowered:\n%s", src) }
	}
	return transcript(s, c.Cells)
}

// timed are cases whose own outcome hangs on timers a few milliseconds apart:
// on a busy machine real Go may miss it too.
var timed = map[string]bool{"closure arg to compiled in loop (AfterFunc)": true}

// expect asserts that every case is right.
func expect(t *testing.T, sum tally, cases int) {
	t.Helper()
	if os.Getenv("GRAFT_CASE") == "" && sum.right != cases {
		t.Errorf("%d of %d right, %d refused; wrong error: %s; silently wrong: %s", sum.right, cases, sum.refused,
			strings.Join(sum.wrong, ", "), strings.Join(sum.silent, ", "))
	}
}

func TestCorpusCells(t *testing.T) {
	cases := loadCorpus(t, "cells.json")
	expect(t, score(t, cases), len(cases))
}

func TestCorpusTypes(t *testing.T) {
	cases := loadCorpus(t, "types.json")
	expect(t, score(t, cases), len(cases))
}
