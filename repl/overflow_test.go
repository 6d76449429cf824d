package repl

import (
	"context"
	"runtime/debug"
	"strings"
	"testing"
)

// A stack that overflows ends its cell, or goroutine, and nothing else: what
// was deferred runs, and what the session holds stays.
func TestOverflow(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's stacks take minutes to fill")
	}
	defer debug.SetMaxStack(debug.SetMaxStack(256 << 20)) // it takes seconds to fill a big one
	s := newTestSession(t)
	play(t, s, `import "fmt"`, `kept, cleaned := 42, 0; m := map[string]func(int) int{}; done := make(chan bool, 1)`,
		`type node struct{ next *node }
func (n *node) String() string { return fmt.Sprint("n", n) }
type walker interface{ walk(n int) int }
type deep struct{ m map[int]any }
func (d deep) walk(n int) int {
	return walker(d).walk(n+1) + len(d.m)
}`,
		`func even(n int, m map[int]any) bool { return n == 0 || odd(n-1, m) }
func odd(n int, m map[int]any) bool {
	return n != 0 && even(n-1, m)
}`)
	for _, c := range []struct {
		cell, where string
		line        int
	}{
		{"n := 1\nfunc f(n int, m map[int]any) int {\n\tfor range m { n++ }\n\treturn f(n+1, m) + 1\n}\nf(0, nil)", "in f, declared at In[1]:2", 2},
		{`even(-1, nil)`, "declared at In[4]:", 0},
		{`deep{}.walk(0)`, "in deep.walk, declared at In[3]:5", 0},
		{`fmt.Sprint(&node{})`, "in node.String, declared at In[3]:2", 0},
		{`m["f"] = func(n int) int { return m["f"](n+1) + 1 }; m["f"](0)`, "", 1},
		{`func() { defer func() { cleaned++ }(); m["f"](0) }()`, "", 1},
		{`func() { defer func() { recover() }(); m["f"](0) }(); cleaned = 9`, "", 1},
	} {
		res := s.Execute(context.Background(), Cell{Source: c.cell, Number: 1}, &record{})
		if res.Err == nil || !strings.Contains(res.Err.Message, "stack overflow") || c.line > 0 && res.Err.Line != c.line {
			t.Errorf("%s: got %+v, want an overflow in line %d", c.cell, res.Err, c.line)
			continue
		}
		if trace := strings.Join(res.Err.Traceback, "\n"); !strings.Contains(trace, c.where) {
			t.Errorf("%s: %q lacks %q", c.cell, trace, c.where)
		}
		if got := play(t, s, `kept`); got != "=> [42];" {
			t.Fatalf("after %s: %q", c.cell, got)
		}
	}
	r := &record{}
	s.Execute(context.Background(), Cell{Source: `go func() { m["f"](0) }()`}, r)
	until(t, "the goroutine's end", func() bool { return strings.Contains(r.text(), "a goroutine of this cell ended") })
	if got := play(t, s, `cleaned`); got != "=> [1];" {
		t.Errorf("what was deferred: %q", got)
	}
}

// So it is with compiled functions, and with big stacks: moving one takes
// longer than filling it.
func TestComputedOverflow(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's stacks take minutes to fill")
	}
	s := newTestSession(t)
	play(t, s, `kept := 42`, `type W interface{ walk(n int) int }; type d struct{ k int }; func (x d) walk(n int) int { return W(x).walk(n+1) + 1 }`)
	for _, cell := range []string{`d{}.walk(0)`, `func f(n int) (r int) { defer func() { r++ }(); return f(n + 1) }; f(0)`} {
		res := s.Execute(context.Background(), Cell{Source: cell}, &record{})
		if res.Err == nil || !strings.Contains(res.Err.Message, "stack overflow") {
			t.Errorf("%s: got %v", cell, res.Err)
		}
		if got := play(t, s, `kept`); got != "=> [42];" {
			t.Fatalf("after %s: %q", cell, got)
		}
	}
}
