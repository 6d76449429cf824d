package repl

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"graft/stdlib/host"
)

// beside plays a cell that others run beside, and returns its end.
func beside(s *Session, ctx context.Context, src string, r *record) <-chan Result {
	ended := make(chan Result, 1)
	go func() { ended <- s.Execute(ctx, Cell{ID: src, Source: src, Subshell: true}, r) }()
	return ended
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// Cells that run side by side share the session's variables, and each has its
// own output, value and error.
func TestCellsSideBySide(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "time"; "graft/stdlib/host")`, `ready, goOn := make(chan bool), make(chan int); shared := 1`)
	r := &record{}
	ended := beside(s, context.Background(), `fmt.Println("first"); ready <- true; n := <-goOn; fmt.Println("last", shared); n * 2`, r)
	for i, c := range []struct{ src, want string }{
		{`<-ready; _, _ = fmt.Println("main")`, "main\n"},
		{`shared = 5`, ""},
		{`func twice(x int) int { return 2 * x }; twice(shared)`, "=> [10];"},
		{`host.Context().Err()`, "=> [<nil>];"},
		{`goOn <- 21`, ""},
	} {
		if got := play(t, s, c.src); got != c.want {
			t.Errorf("%d: %s gives %q, want %q", i, c.src, got, c.want)
		}
	}
	res := <-ended
	if res.Err != nil || res.Value == nil || res.Value.Data["text/plain"] != "42" || r.text() != "first\nlast 5\n" {
		t.Errorf("the cell beside ended with %v, %v and %q", res.Value, res.Err, r.text())
	}
	if got := play(t, s, `n`); got != "=> [21];" {
		t.Errorf("what the cell beside declared is %q", got)
	}
}

// Many cells at once, declaring and calling, lose nothing.
func TestManyCellsSideBySide(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "sync"; "time")`, `var mu sync.Mutex; total := 0`)
	const cells, turns = 8, 25
	var all sync.WaitGroup
	for c := range cells {
		all.Go(func() {
			for i := range turns {
				r := &record{}
				src := fmt.Sprintf(`v%d := []int{%d}; func f%d_%d() int { return v%d[0] }; mu.Lock(); total += f%d_%d(); mu.Unlock(); fmt.Print("c%d")`, c, i, c, i, c, c, i, c)
				res := s.Execute(context.Background(), Cell{ID: src, Number: i, Source: src, Subshell: c > 0}, r)
				if res.Err != nil || r.text() != fmt.Sprintf("c%d", c) {
					t.Errorf("cell %d.%d: %v, %q", c, i, res.Err, r.text())
				}
			}
		})
	}
	all.Wait()
	if got, want := play(t, s, `total`), fmt.Sprintf("=> [%d];", cells*turns*(turns-1)/2); got != want {
		t.Errorf("the cells added up to %s, want %s", got, want)
	}
}

// An error names its own cell though another marks its places at the time.
func TestErrorsSideBySide(t *testing.T) {
	if raceEnabled {
		t.Skip("panics have no lines under the race detector")
	}
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "time")`)
	ctx, cancel := context.WithCancel(context.Background())
	r := &record{}
	ended := beside(s, ctx, "var m map[string]int\nfmt.Print(1)\nfor { _ = m[fmt.Sprint(1)] }", r)
	until(t, "the loop", func() bool { return r.text() != "" })
	for range 20 {
		res := s.Execute(context.Background(), Cell{Number: 7, Source: "a := []int{1}\nb := 3\nfmt.Sprint(a[b])"}, &record{})
		if res.Err == nil || res.Err.Line != 3 || !strings.Contains(strings.Join(res.Err.Traceback, "\n"), "fmt.Sprint(a[b])") {
			t.Fatalf("line %d of %q", res.Err.Line, res.Err.Traceback)
		}
	}
	cancel()
	if res := <-ended; res.Err == nil || res.Err.Name != Interrupted {
		t.Errorf("the loop ended with %v", res.Err)
	}
}

// A cell that does not listen is given up while others go on.
func TestInterruptBesideARunningCell(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "sort"; "time")`, `stop := make(chan bool)`)
	r := &record{}
	kept := beside(s, context.Background(), `fmt.Print("on"); <-stop; "kept"`, r)
	until(t, "the cell beside", func() bool { return r.text() == "on" })
	for _, src := range []string{`for {}`, `time.Sleep(time.Hour)`} {
		if res := interruptSoon(t, s, src, &record{}); res.Err == nil || res.Err.Name != Interrupted {
			t.Errorf("%s ended with %v", src, res.Err)
		}
	}
	if got := play(t, s, `stop <- true; 1`); got != "=> [1];" {
		t.Error(got)
	}
	if res := <-kept; res.Err != nil || res.Value.Data["text/plain"] != "kept" {
		t.Errorf("the cell beside ended with %v, %v", res.Value, res.Err)
	}
}

// What a goroutine does after its cell's end still has the cell's context,
// which only an interrupt ends.
func TestContextOutlivesTheCell(t *testing.T) {
	s := newTestSession(t)
	ctx, cancel := context.WithCancel(context.Background())
	res := s.Execute(ctx, Cell{Source: `import "graft/stdlib/host"; ctx := host.Context(); after := make(chan error); go func() { <-after; after <- host.Context().Err() }()`}, &record{})
	cancel()
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	if got := play(t, s, `after <- nil; _, _ = fmt.Println(<-after, ctx.Err())`); got != "<nil> <nil>\n" {
		t.Error(got)
	}
}

// asker is an output whose user never answers.
type asker struct{ record }

func (a *asker) Input(ctx context.Context, _ string, _ bool) (string, error) {
	a.Stream("stdout", "begunꞏasked")
	<-ctx.Done()
	return "", fmt.Errorf("worded otherwise: %v", ctx.Err())
}

// An interrupt while the user is asked is an interrupt, whatever the cell does
// with the answer.
func TestInterruptedInput(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("bufio"; "fmt"; "os"; "graft/stdlib/display"; "graft/stdlib/host")`)
	for _, src := range []string{
		`display.Input("?")`, `line := display.Password("?"); line`, `line, _ := host.Input("?", false); line`,
		`var x int; fmt.Scanln(&x)`, `sc := bufio.NewScanner(os.Stdin); for sc.Scan() {}`, `func() { _, _ = display.Input("?") }()`,
	} {
		ctx, cancel := context.WithCancel(context.Background())
		a := &asker{}
		ended := make(chan Result, 1)
		go func() { ended <- s.Execute(ctx, Cell{Source: src}, a) }()
		until(t, "the question", func() bool { return a.text() != "" })
		cancel()
		if res := <-ended; res.Err == nil || res.Err.Name != Interrupted {
			t.Errorf("%s ended with %v, want an interrupt", src, res.Err)
		}
	}
}

// A closed session leaves no host behind.
func TestCloseTakesTheHostBack(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `1`)
	if host.Render(1) == nil {
		t.Error("a session that runs cells renders nothing")
	}
	if err := s.Close(); err != nil || host.Render(1) != nil {
		t.Error("after Close the host is still there", err)
	}
}
