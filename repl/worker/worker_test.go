//go:build !windows

package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"graft/repl"
)

// TestMain lets the test's own executable be the child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" {
		if err := Serve(func() (repl.Engine, error) { return &script{}, nil }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // or a child with the race detector takes a second to end
	os.Exit(m.Run())
}

// script is an engine whose cells are single words, each a thing that a real
// cell could do to its process.
type script struct {
	n    int
	kept [][]byte
}

func (s *script) Execute(ctx context.Context, cell repl.Cell, out repl.Output) repl.Result {
	deeds := map[string]func() string{
		"count":     func() string { s.n++; return fmt.Sprint(s.n) },
		"raw":       func() string { fmt.Print("out"); fmt.Fprint(os.Stderr, "err"); return "" },
		"lines":     func() string { lines(); return "" },
		"mixed":     func() string { mixed(out); return "" },
		"halves":    func() string { halves(out); return "" },
		"wait":      func() string { <-ctx.Done(); return "interrupted" },
		"deaf":      func() string { select {} },
		"exit":      func() string { os.Exit(3); return "" },
		"overflow":  func() string { return fmt.Sprint(deeper(0)) },
		"kill":      func() string { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
		"panicking": func() string { fmt.Fprintln(os.Stderr, "panic: not really"); return "alive" },
		"numbers": func() string { // until it is interrupted
			for i := 0; ctx.Err() == nil; i++ {
				out.Stream("stdout", "n")
				time.Sleep(time.Millisecond)
			}
			return "interrupted"
		},
		"open": func() string {
			out.(repl.CommOutput).Comm(repl.CommMessage{Kind: repl.CommOpen, ID: "c", Target: "t", Data: json.RawMessage(`{"a":1}`), Buffers: [][]byte{{1, 2}, {}}})
			return "opened"
		},
		"stop": func() string { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP); select {} },
		"eat": func() string {
			for {
				b := make([]byte, 8<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				s.kept = append(s.kept, b)
				time.Sleep(time.Millisecond)
			}
		},
		"descriptors": func() string {
			_, _ = syscall.Write(1, []byte("1"))
			_, _ = syscall.Write(2, []byte("2"))
			return ""
		},
		"sleeper": func() string {
			cmd := exec.Command("sleep", "60")
			if err := cmd.Start(); err != nil {
				return err.Error()
			}
			return fmt.Sprint(cmd.Process.Pid)
		},
		"note exit": func() string { note(); os.Exit(3); return "" },
		"note kill": func() string { note(); _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} },
		"large":     func() string { return strings.Repeat("x", maxFrame) },
		"ask": func() string {
			text, err := out.Input(ctx, "name? ", true)
			return fmt.Sprint(text, err)
		},
	}
	if cell.Source == "fail" {
		return repl.Result{Err: &repl.Error{Name: repl.CellError, Message: "as it should"}}
	}
	text := deeds[cell.Source]()
	return repl.Result{Value: &repl.Display{Data: map[string]string{"text/plain": text}}}
}

// note leaves a trace that outlives the process.
func note() {
	f, err := os.OpenFile(os.Getenv("GRAFT_TEST_NOTE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, _ = f.WriteString("x")
		f.Close()
	}
}

func stopProcess(pid string) {
	if n, err := strconv.Atoi(pid); err == nil {
		_ = syscall.Kill(n, syscall.SIGKILL)
	}
}

func lines() {
	for i := range 100000 {
		fmt.Println("line", i)
	}
}

// mixed alternates between what is printed and what is written.
func mixed(out repl.Output) {
	for i := range 2000 {
		out.Stream("stdout", fmt.Sprintln("printed", i))
		fmt.Fprintln(os.Stderr, "written", i)
	}
}

// halves writes a character in two parts, and one that stays half.
func halves(out repl.Output) {
	os.Stdout.Write([]byte{0xc3})
	time.Sleep(20 * time.Millisecond)
	out.Stream("stderr", "between")
	os.Stdout.Write([]byte{0xa9})
	os.Stdout.Write([]byte{0xe2, 0x82})
}

func deeper(n int) int {
	if n < 0 {
		return 0
	}
	return deeper(n+1) + 1
}

func (*script) IsComplete(source string) repl.Completeness {
	return repl.Completeness{Status: "complete", Indent: source}
}

func (*script) Complete(_ string, cursor int) repl.Completion { return repl.Completion{Start: cursor} }

func (*script) Inspect(string, int) repl.Inspection { return repl.Inspection{Found: true} }

// Comm answers what is said with the same.
func (*script) Comm(_ context.Context, m repl.CommMessage, out repl.Output) *repl.Error {
	if m.Target == "nosuch" {
		out.(repl.CommOutput).Comm(repl.CommMessage{Kind: repl.CommClose, ID: m.ID, Data: json.RawMessage("{}")})
	} else if m.Kind == repl.CommData {
		out.Stream("stdout", "called")
		out.(repl.CommOutput).Comm(m)
		return &repl.Error{Name: repl.PanicError, Message: "as it should"}
	}
	return nil
}

func (*script) Close() error { return nil }

// record is an Output that remembers.
type record struct {
	mu             sync.Mutex
	stdout, stderr strings.Builder
	all            strings.Builder // in order
	comms          []repl.CommMessage
}

func (r *record) Comm(m repl.CommMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.comms = append(r.comms, m)
}

// said are the kinds of the messages on comms.
func (r *record) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var kinds []string
	for _, m := range r.comms {
		kinds = append(kinds, m.Kind)
	}
	return strings.Join(kinds, " ")
}

func (r *record) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

func (r *record) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all.WriteString(text)
	if name == "stderr" {
		r.stderr.WriteString(text)
		return
	}
	r.stdout.WriteString(text)
}

func (r *record) Display(repl.Display) {}

func (r *record) Clear(bool) {}

func (r *record) Input(_ context.Context, prompt string, password bool) (string, error) {
	return fmt.Sprint(prompt, password), nil
}

func client(t *testing.T) *Client {
	t.Helper()
	c, err := New("worker")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func run(c *Client, source string) (string, *record, *repl.Error) {
	out := &record{}
	r := c.Execute(context.Background(), repl.Cell{ID: "id", Number: 1, Source: source}, out)
	if r.Err != nil {
		return "", out, r.Err
	}
	return r.Value.Data["text/plain"], out, nil
}

func TestStateAndStreams(t *testing.T) {
	c := client(t)
	for _, want := range []string{"1", "2", "3"} {
		if got, _, err := run(c, "count"); got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if _, out, _ := run(c, "raw"); out.stdout.String() != "out" || out.stderr.String() != "err" {
		t.Errorf("stdout %q, stderr %q", &out.stdout, &out.stderr)
	}
	_, out, _ := run(c, "lines")
	if n := strings.Count(out.stdout.String(), "\n"); n != 100000 || !strings.HasSuffix(out.stdout.String(), "line 99999\n") {
		t.Errorf("%d lines", n)
	}
	if got, _, _ := run(c, "ask"); got != "name? true<nil>" {
		t.Errorf("asked: %q", got)
	}
	if got, out, _ := run(c, "panicking"); got != "alive" || out.stderr.String() != "panic: not really\n" {
		t.Errorf("%q, stderr %q", got, &out.stderr)
	}
	if got := c.IsComplete("x").Indent; got != "x" {
		t.Errorf("IsComplete came back with %q", got)
	}
	if !c.Inspect("x", 0).Found || c.Complete("x", 7).Start != 7 {
		t.Error("Inspect or Complete got no answer")
	}
}

// What a cell prints and what it writes to os.Stdout and os.Stderr keeps its
// order, and characters stay whole.
func TestOrder(t *testing.T) {
	c := client(t)
	_, out, _ := run(c, "mixed")
	var want strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&want, "printed %d\nwritten %d\n", i, i)
	}
	if out.all.String() != want.String() {
		t.Error("the order is lost")
	}
	if _, out, _ := run(c, "halves"); out.stdout.String() != "é\ufffd" || out.stderr.String() != "between" {
		t.Errorf("stdout %q, stderr %q", &out.stdout, &out.stderr)
	}
}

// The cell that kills its process fails with the reason; the next one runs.
func TestDeaths(t *testing.T) {
	c := client(t)
	for deed, want := range map[string]string{"exit": "exit status 3", "kill": "killed", "overflow": "stack overflow"} {
		_, out, err := run(c, deed)
		if err == nil || err.Name != repl.WorkerError || !strings.Contains(err.Message, want) {
			t.Errorf("%s: got %v, want %q", deed, err, want)
		}
		if strings.Contains(out.stderr.String(), "goroutine") {
			t.Errorf("%s: the runtime's dump was shown", deed)
		}
		if got, _, err := run(c, "count"); got != "1" || err != nil {
			t.Errorf("after %s: %q, %v", deed, got, err)
		}
	}
}

// A child that is stopped, or that uses more memory than it may, is ended
// with the cause.
func TestSickness(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	c := client(t)
	c.MemoryLimit = 600 << 20
	for deed, want := range map[string]string{"stop": "it was stopped by a signal", "eat": "out of memory: it used"} {
		_, _, err := run(c, deed)
		if err == nil || err.Name != repl.WorkerError || !strings.Contains(err.Message, want) {
			t.Errorf("%s: got %v, want %q", deed, err, want)
		}
		if got, out, err := run(c, "count"); got != "1" || err != nil || out.text() != "" {
			t.Errorf("after %s: %q, %v, %q", deed, got, err, out.text())
		}
	}
	if machineMemory() < 64<<20 || privateMemory(os.Getpid()) < 1<<20 || isStopped(os.Getpid()) {
		t.Errorf("the machine has %d bytes, this process uses %d", machineMemory(), privateMemory(os.Getpid()))
	}
}

// A child that ends between cells costs no cell; the next one tells of it.
func TestDeathBetweenCells(t *testing.T) {
	c := client(t)
	for range 10 {
		run(c, "count")
		c.child.kill()
		got, out, err := run(c, "count")
		if got != "1" || err != nil || !strings.Contains(out.stderr.String(), "has ended: signal: killed") {
			t.Fatalf("got %q, %v, stderr %q", got, err, &out.stderr)
		}
		if _, out, _ := run(c, "count"); out.stderr.Len() > 0 {
			t.Errorf("told twice: %q", &out.stderr)
		}
	}
}

func TestInterrupt(t *testing.T) {
	c := client(t)
	run(c, "count")
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("stop")) })
	r := c.Execute(ctx, repl.Cell{Source: "wait"}, &record{})
	if r.Err != nil || r.Value.Data["text/plain"] != "interrupted" {
		t.Errorf("got %+v", r)
	}
	if got, _, _ := run(c, "count"); got != "2" {
		t.Errorf("the state is %q after an interrupt, want 2", got)
	}
	if testing.Short() {
		return
	}
	ctx, cancel2 := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel2()
	r = c.Execute(ctx, repl.Cell{Source: "deaf"}, &record{})
	if r.Err == nil || !strings.Contains(r.Err.Message, "did not stop when it was interrupted") {
		t.Errorf("got %+v", r)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// Cells of subshells run beside those of the main shell, and each can be
// interrupted alone. When the child ends all of them fail.
func TestSideBySide(t *testing.T) {
	c := client(t)
	begin := func(source string) (*record, func(), <-chan repl.Result) {
		ctx, cancel := context.WithCancel(context.Background())
		r, ended := &record{}, make(chan repl.Result, 1)
		go func() { ended <- c.Execute(ctx, repl.Cell{Source: source, Subshell: true}, r) }()
		until(t, source, func() bool { return r.text() != "" })
		return r, cancel, ended
	}
	first, stop, ended := begin("numbers")
	_, stopSecond, endedSecond := begin("numbers")
	defer stopSecond()
	if _, out, err := run(c, "raw"); err != nil || out.stdout.String() != "out" {
		t.Errorf("what the main cell wrote is %q, %v", &out.stdout, err)
	}
	stop()
	if r := <-ended; r.Err != nil || r.Value.Data["text/plain"] != "interrupted" || strings.Trim(first.text(), "n") != "" {
		t.Errorf("got %+v and %.40q", r, first.text())
	}
	if _, _, err := run(c, "exit"); err == nil || err.Name != repl.WorkerError {
		t.Errorf("the cell that ended the child has %v", err)
	}
	if r := <-endedSecond; r.Err == nil || r.Err.Name != repl.WorkerError {
		t.Errorf("the cell beside it has %v", r.Err)
	}
	if _, out, _ := run(c, "count"); out.text() != "" {
		t.Errorf("the next cell says again %q", out.text())
	}
}

func TestComms(t *testing.T) {
	c := client(t)
	_, out, err := run(c, "open")
	want := repl.CommMessage{Kind: repl.CommOpen, ID: "c", Target: "t", Data: json.RawMessage(`{"a":1}`), Buffers: [][]byte{{1, 2}, {}}}
	if err != nil || len(out.comms) != 1 || !reflect.DeepEqual(out.comms[0], want) {
		t.Fatalf("got %+v, %v", out.comms, err)
	}
	msg := repl.CommMessage{Kind: repl.CommData, ID: "c", Data: json.RawMessage("{}"), Metadata: json.RawMessage(`{"m":1}`), Buffers: [][]byte{bytes.Repeat([]byte{7}, 1<<20)}}
	called := &record{}
	if e := c.Comm(context.Background(), msg, called); e == nil || e.Message != "as it should" || len(called.comms) != 1 || !reflect.DeepEqual(called.comms[0], msg) {
		t.Errorf("got %v and %d messages", e, len(called.comms))
	}
	refused := &record{}
	if e := c.Comm(context.Background(), repl.CommMessage{Kind: repl.CommOpen, ID: "d", Target: "nosuch", Data: json.RawMessage("{}")}, refused); e != nil || refused.said() != repl.CommClose {
		t.Errorf("got %v and %q", e, refused.said())
	}
	run(c, "exit")
	until(t, "the end of the comm", func() bool { return out.said() == repl.CommOpen+" "+repl.CommClose })
	if n := len(refused.comms); n != 1 {
		t.Errorf("a comm that was closed is closed again, %d messages", n)
	}
}

// What is too large for the pipe is an error of the cell.
func TestTooLarge(t *testing.T) {
	c := client(t)
	run(c, "count")
	if _, _, err := run(c, "large"); err == nil || !strings.Contains(err.Message, "over the limit") {
		t.Errorf("got %v", err)
	}
	r := c.Execute(context.Background(), repl.Cell{Source: strings.Repeat(" ", maxFrame)}, &record{})
	if r.Err == nil || !strings.Contains(r.Err.Message, "over the limit") {
		t.Errorf("got %v", r.Err)
	}
	if got, _, _ := run(c, "count"); got != "2" {
		t.Errorf("the state is %q, want 2", got)
	}
}

func TestNoOrphan(t *testing.T) {
	c := client(t)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w := c.child
	start := time.Now()
	c.Close()
	if !w.gone() || time.Since(start) > 900*time.Millisecond {
		t.Errorf("the child took %v to end", time.Since(start))
	}
}

func TestFrames(t *testing.T) {
	for _, m := range []message{
		{Kind: kindStream, ID: 1 << 60, Name: "stderr", Text: "ü\x00"},
		{Kind: kindStream, ID: 1, Name: "another", Text: "x"},
		{Kind: kindStream, Name: "stdout"},
		{Kind: kindDisplay, ID: 2, Display: &repl.Display{ID: "d", Data: map[string]string{"text/plain": strings.Repeat("x", 10000)}}},
		{Kind: kindDisplay, Display: &repl.Display{Data: map[string]string{"a": strings.Repeat("\xff", 10000), "b": "short", "c": strings.Repeat("\x00", 5000)}}},
		{Kind: kindResult, ID: 3, Result: &repl.Result{Value: &repl.Display{Data: map[string]string{"v": strings.Repeat("v", 5000)}}, Page: &repl.Display{Data: map[string]string{"p": strings.Repeat("p", 5000)}}}},
		{Kind: kindResult, ID: 3, Result: &repl.Result{Err: &repl.Error{Name: "n"}, Next: &repl.Next{Source: "x", Replace: true}}},
		{Kind: kindComm, Comm: &repl.CommMessage{Kind: repl.CommData, Data: json.RawMessage("{}"), Buffers: [][]byte{{}, {1}, bytes.Repeat([]byte{0}, 70000)}}},
	} {
		var pipe bytes.Buffer
		if err := (&sender{w: &pipe}).send(m); err != nil {
			t.Fatal(err)
		}
		if got, err := receive(&pipe); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("got %+v, %v, want %+v", got, err, m)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\xff\xff\xff\xff"))
	for _, m := range []message{
		{Kind: kindDisplay, Display: &repl.Display{Data: map[string]string{"a": strings.Repeat("a", long)}}},
		{Kind: kindComm, Comm: &repl.CommMessage{Buffers: [][]byte{{1}, {}}}},
	} {
		frame, err := encode(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Add([]byte("\x00\x00\x00\x31p\x00\x00\x00\x28{\"Kind\":\"display\",\"Shown\":[\"a\"],\"B\":1}\x00\x00\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x0bs\x00\x00\x00\x00\x00\x00\x00\x01\x00x"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = receive(strings.NewReader(string(b))) })
}

func FuzzRaw(f *testing.F) {
	f.Add("abc", "TOKEN", 2)
	f.Fuzz(func(t *testing.T, text, token string, at int) {
		if token == "" || at < 0 || at > len(text) || strings.Contains(text, token) {
			return
		}
		var got strings.Builder
		r := &raw{token: []byte(token), emit: func(s string) { got.WriteString(s) }, marks: make(chan struct{}, 2)}
		r.follow(strings.NewReader(text + token))
		if strings.Contains(text+token[:len(token)-1], token) {
			return // the token overlaps itself
		}
		if got.String() != strings.ToValidUTF8(text, "\ufffd") && strings.ToValidUTF8(text, "") == text {
			t.Errorf("%q came out as %q", text, got.String())
		}
	})
}

// TestCloseWhileItStarts wants nobody to wait for a child that is not wanted
// any more.
func TestCloseWhileItStarts(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("left out: there is no sleep")
	}
	c := &Client{command: []string{sleep, "60"}, closed: make(chan struct{})}
	started := make(chan error)
	go func() { started <- c.Start() }()
	time.Sleep(20 * time.Millisecond) // either order must do
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := <-started; !errors.Is(err, errClosed) {
		t.Errorf("the start ended with %v", err)
	}
	if _, _, err := run(c, "1"); err == nil || !strings.Contains(err.Message, "closed") {
		t.Errorf("a cell after Close ended with %v", err)
	}
}
