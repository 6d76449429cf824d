//go:build linux

package worker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"graft/repl"
)

// inTurn executes cells as a queue does: each knows of the next.
func inTurn(c *Client, sources ...string) (texts []string, outs []*record, errs []*repl.Error) {
	cells := make([]repl.Cell, len(sources))
	for i := len(sources) - 1; i >= 0; i-- {
		cells[i] = repl.Cell{ID: "id", Number: i + 1, Source: sources[i]}
		if i+1 < len(sources) {
			cells[i].Next = &cells[i+1]
		}
	}
	for _, cell := range cells {
		out := &record{}
		r := c.Execute(context.Background(), cell, out)
		text := ""
		if r.Err == nil {
			text = r.Value.Data["text/plain"]
		}
		texts, outs, errs = append(texts, text), append(outs, out), append(errs, r.Err)
	}
	return texts, outs, errs
}

// What cells that are sent ahead show is theirs, whichever way they write it.
func TestAhead(t *testing.T) {
	c := client(t)
	texts, _, _ := inTurn(c, strings.Fields(strings.Repeat("count ", 3000))...)
	for i, text := range texts {
		if want := i + 1; text != fmt.Sprint(want) {
			t.Fatalf("cell %d shows %q", want, text)
		}
	}
	for range 50 {
		_, outs, _ := inTurn(c, "raw", "descriptors", "count", "descriptors", "raw", "ask")
		for i, want := range []string{"outerr", "12", "", "12", "outerr", ""} {
			if outs[i].stdout.String()+outs[i].stderr.String() != want {
				t.Fatalf("cell %d shows %q and %q, want %q", i, &outs[i].stdout, &outs[i].stderr, want)
			}
		}
	}
}

// A cell that follows one that failed is not run until it is executed, and one
// that ended its process is not run again.
func TestAheadOfFailures(t *testing.T) {
	c := client(t)
	if texts, _, errs := inTurn(c, "count", "fail", "count", "count"); errs[1] == nil || texts[2] != "2" || texts[3] != "3" {
		t.Errorf("got %v, %v", texts, errs)
	}
	note := filepath.Join(t.TempDir(), "note")
	t.Setenv("GRAFT_TEST_NOTE", note)
	c = client(t)
	for _, deed := range []string{"note exit", "note kill"} {
		os.Remove(note)
		texts, _, errs := inTurn(c, "count", deed, "count", deed, "count")
		if texts[2] != "1" || texts[4] != "1" || errs[1] == nil || errs[3] == nil || errs[1].Name != repl.WorkerError {
			t.Errorf("%s: got %v, %v", deed, texts, errs)
		}
		if text, _ := os.ReadFile(note); len(text) != 2 {
			t.Errorf("%s: it ran %d times, want 2", deed, len(text))
		}
	}
}

// Another cell than the one that was sent ahead may come: that one is stopped.
func TestAheadOfAnother(t *testing.T) {
	c := client(t)
	c.Execute(context.Background(), repl.Cell{Source: "count", Next: &repl.Cell{Source: "numbers"}}, &record{})
	if text, out, err := run(c, "count"); text != "2" || err != nil || out.text() != "" {
		t.Errorf("got %q, %v, %q", text, err, out.text())
	}
	c.Execute(context.Background(), repl.Cell{Source: "count", Next: &repl.Cell{Source: "numbers"}}, &record{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := c.Execute(ctx, repl.Cell{Source: "numbers"}, &record{})
	if r.Err == nil && r.Value.Data["text/plain"] != "interrupted" {
		t.Errorf("an interrupted cell ended with %+v", r)
	}
	c.Execute(context.Background(), repl.Cell{Source: "count", Next: &repl.Cell{Source: "numbers"}}, &record{})
	start := time.Now()
	c.Close()
	if time.Since(start) > 3*time.Second {
		t.Error("a cell that was sent ahead holds up Close")
	}
}

// A process that a cell has started and left behind does not keep the end of
// its worker from being seen.
func TestLeftBehind(t *testing.T) {
	c := client(t)
	pid, _, err := run(c, "sleeper")
	if err != nil {
		t.Fatal(err)
	}
	defer stopProcess(pid)
	start := time.Now()
	c.child.kill()
	if got, _, err := run(c, "count"); got != "1" || err != nil || time.Since(start) > 10*time.Second {
		t.Errorf("got %q, %v after %v", got, err, time.Since(start))
	}
}
