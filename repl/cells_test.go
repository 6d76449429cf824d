package repl

import (
	"os"
	"strings"
	"testing"
)

// TestFile plays the cells of the file $GRAFT_CELLS, which lines of -- part,
// and shows what they are lowered to.
func TestFile(t *testing.T) {
	name := os.Getenv("GRAFT_CELLS")
	if name == "" {
		t.Skip("set GRAFT_CELLS to a file of cells")
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	s := newTestSession(t)
	s.trace = func(src string) { t.Logf("lowered:\n%s", src) }
	got, e := transcript(s, strings.Split(string(b), "\n--\n"))
	t.Logf("printed:\n%s", got)
	if e != nil {
		t.Logf("%s\n%s", e, strings.Join(e.Traceback, "\n"))
	}
}
