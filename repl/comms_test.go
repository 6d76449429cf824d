package repl

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// front is an output whose front end speaks comms.
type front struct {
	record
	mu   sync.Mutex
	sent []string
}

func (f *front) Comm(m CommMessage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %q", m.Kind, m.Target, m.Data, m.Metadata, m.Buffers)))
}

func (f *front) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent) == 0 {
		return ""
	}
	return f.sent[len(f.sent)-1]
}

func cell(t *testing.T, s *Session, src string) *front {
	t.Helper()
	f := &front{}
	if res := s.Execute(context.Background(), Cell{Source: src}, f); res.Err != nil {
		t.Fatalf("%s: %v", src, res.Err)
	}
	return f
}

func say(s *Session, kind, id, target, data string, buffers ...[]byte) (*front, *Error) {
	f := &front{}
	return f, s.Comm(context.Background(), CommMessage{Kind: kind, ID: id, Target: target, Data: json.RawMessage(data), Buffers: buffers}, f)
}

func want(t *testing.T, what, got, exp string) {
	t.Helper()
	if got != exp {
		t.Errorf("%s: got %q, want %q", what, got, exp)
	}
}

// A cell registers a target; the front end opens a comm under it, and both
// talk.
func TestCommsOpenedByTheFrontEnd(t *testing.T) {
	s := newTestSession(t)
	cell(t, s, `
import ("fmt"; "graft/stdlib/host")
type point struct { X, Y int }
heard := 0
host.RegisterTarget("echo", func(c host.Comm, m host.Message) {
	fmt.Println("opened", c.Target(), m.Data["a"])
	c.OnMessage(func(m host.Message) {
		heard++
		fmt.Println("heard", m.Data["n"], len(m.Buffers))
		c.Send(host.Message{Data: map[string]any{"twice": m.Data["n"].(float64) * 2, "p": point{1, 2}}, Metadata: map[string]any{"k": nil}, Buffers: m.Buffers})
	})
	c.OnClose(func(host.Message) { fmt.Println("closed") })
})`)
	f, e := say(s, CommOpen, "id1", "echo", `{"a":[1,"x"]}`)
	if e != nil {
		t.Fatal(e)
	}
	want(t, "opening", f.text(), "opened echo [1 x]\n")
	for i := range 3 {
		f, e = say(s, CommData, "id1", "", fmt.Sprintf(`{"n":%d}`, i), []byte("b\x00"))
		if e != nil {
			t.Fatal(e)
		}
		want(t, "a message", f.text(), fmt.Sprintf("heard %d 1\n", i))
		want(t, "its answer", f.last(), fmt.Sprintf(`comm_msg  {"p":{"X":1,"Y":2},"twice":%d} {"k":null} ["b\x00"]`, 2*i))
	}
	want(t, "the count", play(t, s, `heard`), "=> [3];")
	f, _ = say(s, CommClose, "id1", "", `{}`)
	want(t, "closing", f.text(), "closed\n")
	if f, e = say(s, CommData, "id1", "", `{"n":1}`); e != nil || f.text() != "" {
		t.Errorf("a closed comm answers %v, %q", e, f.text())
	}
	f, _ = say(s, CommOpen, "id2", "nosuch", `{}`)
	want(t, "an unknown target", f.last(), "comm_close  {}  []")
}

// A cell opens a comm; the front end answers and closes.
func TestCommsOpenedByACell(t *testing.T) {
	s := newTestSession(t)
	f := cell(t, s, `
import ("fmt"; "math"; "graft/stdlib/host")
c := host.OpenComm("their.target", host.Message{Data: map[string]any{"v": 1}})
c.OnMessage(func(m host.Message) { fmt.Println("said", m.Data["w"]) })
fmt.Println(c.Target(), len(c.ID()) > 8)`)
	want(t, "opening", f.last(), `comm_open their.target {"v":1} {} []`)
	id := ""
	for k := range s.comms.open {
		id = k
	}
	f, e := say(s, CommData, id, "", `{"w":"hello"}`)
	if e != nil {
		t.Fatal(e)
	}
	want(t, "the answer", f.text(), "said hello\n")
	f = cell(t, s, `err := c.Send(host.Message{Data: map[string]any{"x": math.NaN()}}); fmt.Println(err)`)
	if !strings.Contains(f.text(), "cannot be JSON") || f.last() != "" {
		t.Errorf("NaN: %q, %q", f.text(), f.last())
	}
	f = cell(t, s, `c.Close(host.Message{}); c.Close(host.Message{}); err = c.Send(host.Message{}); fmt.Println(err)`)
	if len(f.sent) != 1 || !strings.Contains(f.text(), `of "their.target" is closed`) {
		t.Errorf("closing twice: %q, %q", f.sent, f.text())
	}
}

// What goes wrong in a function that a comm calls is that message's error, and
// costs nothing else.
func TestCommFailures(t *testing.T) {
	s := newTestSession(t)
	cell(t, s, `
import ("fmt"; "os"; "graft/stdlib/host")
host.RegisterTarget("bad", func(c host.Comm, m host.Message) {
	c.OnMessage(func(m host.Message) {
		switch m.Data["do"] {
		case "panic": panic("in a callback")
		case "exit": os.Exit(1)
		case "spin": fmt.Print("begunꞏ"); for {}
		case "go": done := make(chan bool); go func() { defer close(done); panic("in its goroutine") }(); <-done
		}
	})
	if m.Data["fail"] != nil { var xs []int; fmt.Println(xs[3]) }
})`)
	f, e := say(s, CommOpen, "x", "bad", `{"fail":true}`)
	if e == nil || e.Name != PanicError || !strings.Contains(e.Message, "index out of range") || f.last() != "comm_close  {} {} []" {
		t.Errorf("a failed opening: %v, %q", e, f.last())
	}
	if _, e = say(s, CommOpen, "y", "bad", `{}`); e != nil {
		t.Fatal(e)
	}
	for do, want := range map[string]string{"panic": "in a callback", "exit": "os.Exit(1)", "go": "in its goroutine"} {
		if _, e := say(s, CommData, "y", "", `{"do":"`+do+`"}`); e == nil || !strings.Contains(e.Message, want) {
			t.Errorf("%s: %v", do, e)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	f = &front{}
	ended := make(chan *Error, 1)
	go func() {
		ended <- s.Comm(ctx, CommMessage{Kind: CommData, ID: "y", Data: json.RawMessage(`{"do":"spin"}`)}, f)
	}()
	until(t, "the callback", func() bool { return f.text() != "" })
	cancel()
	if e := <-ended; e == nil || e.Name != Interrupted {
		t.Errorf("an interrupted callback ends with %v", e)
	}
	want(t, "afterwards", play(t, s, `1 + 1`), "=> [2];")
	f = cell(t, s, `%reset`)
	if n := len(s.comms.open) + len(s.comms.targets); n != 0 {
		t.Errorf("%d comms and targets outlive the reset", n)
	}
}

// Where no front end speaks comms the cell learns it.
func TestNoComms(t *testing.T) {
	s := newTestSession(t)
	res := s.Execute(context.Background(), Cell{Source: `import "graft/stdlib/host"; host.OpenComm("t", host.Message{})`}, &record{})
	if res.Err == nil || !strings.Contains(res.Err.Message, "no front end that speaks comms") {
		t.Error(res.Err)
	}
}
