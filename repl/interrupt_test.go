package repl

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// interruptible are programs of which the interpreter alone leaves something
// running, or dead.
var interruptible = []string{
	`for {}`,
	`func spin() { for { } }; spin()`,
	`func down(n int) int { if n == 0 { return 0 }; return down(n-1) + down(n-1) }; down(60)`,
	`ch := make(chan int); <-ch`,
	`ch := make(chan int); ch <- 1`,
	`ch := make(chan int); for v := range ch { _ = v }`,
	`select {}`,
	`a, b := make(chan int), make(chan string); select { case <-a: case b <- "x": }`,
	`time.Sleep(time.Hour)`,
	`var mu sync.Mutex; mu.Lock(); mu.Lock()`,
	`var rw sync.RWMutex; rw.Lock(); rw.RLock()`,
	`var wg sync.WaitGroup; wg.Add(1); wg.Wait()`,
	`var m sync.Mutex; cd := sync.NewCond(&m); m.Lock(); cd.Wait()`,
	`xs := make([]int, 1000); for { sort.Slice(xs, func(i, j int) bool { return xs[i] < xs[j] }) }`,
	`for i := 0; ; i++ { time.Sleep(time.Millisecond); fmt.Print(i) }`,
	`go func() { for { fmt.Print("x") } }(); select {}`,
	`var mu sync.Mutex; lock := mu.Lock; lock(); lock()`,
	`reflect.ValueOf(make(chan int)).Recv()`,
	`reflect.Select([]reflect.SelectCase{{Dir: reflect.SelectSend, Chan: reflect.ValueOf(make(chan int)), Send: reflect.ValueOf(1)}})`,
	`for x := range reflect.ValueOf(make(chan int)).Seq() { _ = x }`,
}

// interruptSoon plays a cell and interrupts it once it has begun.
func interruptSoon(t *testing.T, s *Session, src string, r *record) Result {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun := "begunꞏ"
	go func() {
		for !strings.Contains(r.text(), begun) {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		cancel()
	}()
	done := make(chan Result, 1)
	go func() { done <- s.Execute(ctx, Cell{Source: `fmt.Print("` + begun + `"); ` + src}, r) }()
	select {
	case res := <-done:
		return res
	case <-time.After(time.Minute):
		t.Fatalf("%s: the interrupt did not end it", src)
		return Result{}
	}
}

func TestInterrupt(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "sort"; "sync"; "time")`, `func mk() func() int { n := 0; return func() int { n++; return n } }`, `c := mk(); kept := "kept"`, `c()`)
	for i, src := range interruptible {
		r := &record{}
		res := interruptSoon(t, s, src, r)
		if res.Err == nil || res.Err.Name != Interrupted || res.Err.Message != "the cell was interrupted" {
			t.Errorf("%s: ended with %v, want an interrupt", src, res.Err)
		}
		if got, want := play(t, s, `c()`, `kept`), fmt.Sprintf("=> [%d];=> [kept];", i+2); got != want {
			t.Errorf("after %s the session gives %q, want %q", src, got, want)
		}
		before := r.text()
		play(t, s, `time.Sleep(3*time.Millisecond); c2 := mk(); for i := 0; i < 100; i++ { c2() }`)
		if after := r.text(); after != before {
			t.Errorf("%s: went on and printed %q", src, after[len(before):])
		}
	}
}

// Deferred calls of an interrupted cell run, and locks they give back are
// free.
func TestInterruptRunsDeferredCalls(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "sync")`, `var mu sync.Mutex`,
		`func work() { mu.Lock(); defer mu.Unlock(); defer func() { for i := 0; i < 3; i++ { fmt.Print("clean", i, " ") } }(); for { } }`)
	r := &record{}
	res := interruptSoon(t, s, `defer fmt.Print("last"); work()`, r)
	if res.Err == nil || res.Err.Name != Interrupted {
		t.Fatalf("ended with %v", res.Err)
	}
	if !strings.HasSuffix(r.text(), "clean0 clean1 clean2 last") {
		t.Errorf("deferred calls printed %q", r.text())
	}
	if got := play(t, s, `mu.TryLock()`); got != "=> [true];" {
		t.Errorf("the lock is not free: %s", got)
	}
}

// An earlier cell's goroutine outlives the interrupt of a later cell.
func TestInterruptSparesOtherCells(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import "fmt"`, `ask, answer := make(chan int), make(chan int)`, `go func() { for v := range ask { answer <- v * 2 } }()`)
	interruptSoon(t, s, `for {}`, &record{})
	if got := play(t, s, `ask <- 21; <-answer`); got != "=> [42];" {
		t.Errorf("the goroutine of the earlier cell answers %q", got)
	}
}

// Clean-up that does not end, and compiled code that does not listen, are
// stopped or named.
func TestInterruptOfTheUnwilling(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "net")`, `x := 7`)
	res := interruptSoon(t, s, `defer func() { for { } }(); for { }`, &record{})
	if res.Err == nil || res.Err.Name != Interrupted {
		t.Errorf("endless clean-up: %v", res.Err)
	}
	res = interruptSoon(t, s, `l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { panic(err) }; l.Accept()`, &record{})
	if res.Err == nil || res.Err.Name != Interrupted || !strings.Contains(res.Err.Message, "Accept") {
		t.Errorf("a blocked compiled call: %v", res.Err)
	}
	if got := play(t, s, `l.Close(); x`); got != "=> [7];" {
		t.Errorf("afterwards x is %q", got)
	}
}
