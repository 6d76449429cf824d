package kernel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"graft/kernel/wire"
	"graft/repl"
)

// script is an engine whose cells are words.
type script struct {
	started chan struct{}
	holding chan repl.Cell // that runs and does not end
	release chan struct{}
}

func text(s string) repl.Result {
	return repl.Result{Value: &repl.Display{Data: map[string]string{"text/plain": s}}}
}

func wrong(name string) repl.Result {
	return repl.Result{Err: &repl.Error{Name: name, Message: "message", Traceback: []string{"a", "b"}}}
}

func (s *script) Execute(ctx context.Context, cell repl.Cell, out repl.Output) repl.Result {
	words := map[string]func() repl.Result{
		"value":  func() repl.Result { return text(fmt.Sprint(cell.Number)) },
		"fail":   func() repl.Result { return wrong(repl.PanicError) },
		"panic":  func() repl.Result { panic("a fault of ours") },
		"wait":   func() repl.Result { close(s.started); <-ctx.Done(); return wrong(repl.Interrupted) },
		"stream": func() repl.Result { out.Stream("stdout", "out"); out.Stream("stderr", "err"); return text("v") },
		"show": func() repl.Result {
			out.Stream("stdout", "before")
			out.Display(repl.Display{ID: "d", Data: map[string]string{"application/json": `{"a":1}`}})
			out.Stream("stdout", "between")
			out.Display(repl.Display{ID: "d", Update: true, Data: map[string]string{"text/plain": "x"}})
			out.Clear(true)
			return repl.Result{}
		},
		"ask": func() repl.Result {
			answer, err := out.Input(ctx, "name?", true)
			return text(fmt.Sprint(answer, err))
		},
		"nothing": func() repl.Result { return repl.Result{} },
		"noted": func() repl.Result {
			r := text("v")
			r.Notes = []string{`imported "fmt"`, `imported "math/rand"`, `imported "os/exec"`, "did more"}
			return r
		},
		"page": func() repl.Result {
			return repl.Result{Page: &repl.Display{Data: map[string]string{"text/plain": "long"}}, Next: &repl.Next{Source: "x", Replace: true}}
		},
		"open": func() repl.Result {
			out.(repl.CommOutput).Comm(repl.CommMessage{Kind: repl.CommOpen, ID: "mine", Target: "theirs", Data: json.RawMessage(`{"a":1}`)})
			return repl.Result{}
		},
		"hold": func() repl.Result {
			s.holding <- cell
			select {
			case <-s.release:
				return text(fmt.Sprint(cell.Number))
			case <-ctx.Done():
				return wrong(repl.Interrupted)
			}
		},
	}
	word, ok := words[cell.Source]
	if !ok {
		return wrong(repl.CompileError)
	}
	return word()
}

func (*script) IsComplete(string) repl.Completeness {
	return repl.Completeness{Status: "incomplete", Indent: "\t"}
}

func (*script) Complete(source string, cursor int) repl.Completion {
	return repl.Completion{Start: cursor - 1, End: cursor, Matches: []repl.Match{{Text: source[:cursor], Kind: "variable"}}}
}

func (*script) Inspect(source string, cursor int) repl.Inspection { return repl.Inspection{} }

// Comm answers what is said on a comm, and refuses all targets but one.
func (*script) Comm(_ context.Context, m repl.CommMessage, out repl.Output) *repl.Error {
	o := out.(repl.CommOutput)
	switch {
	case m.Kind == repl.CommOpen && m.Target != "known":
		o.Comm(repl.CommMessage{Kind: repl.CommClose, ID: m.ID})
	case m.Kind == repl.CommData:
		o.Stream("stdout", "called")
		o.Comm(repl.CommMessage{Kind: repl.CommData, ID: m.ID, Data: m.Data, Metadata: m.Metadata, Buffers: m.Buffers})
		if strings.Contains(string(m.Data), "fail") {
			return wrong(repl.PanicError).Err
		}
	}
	return nil
}

func (*script) Close() error { return nil }

// front is a front end: zmq4's own sockets on our kernel.
type front struct {
	t       *testing.T
	kernel  *Kernel
	engine  *script
	codec   *wire.Codec
	sockets map[string]zmq4.Socket
	inbox   chan received
	waiting []received // came before they were asked for
	ended   chan error
}

type received struct {
	channel string
	*wire.Message
}

// connection is one whose ports the kernel chooses.
func connection(t *testing.T, key string) *Connection {
	return &Connection{IP: "127.0.0.1", Key: key, Scheme: "hmac-sha256", Ports: map[string]int{},
		path: filepath.Join(t.TempDir(), "connection.json"), fields: map[string]json.RawMessage{}}
}

func start(t *testing.T) *front {
	t.Helper()
	f := &front{t: t, engine: &script{started: make(chan struct{}), holding: make(chan repl.Cell, 10), release: make(chan struct{})}, sockets: map[string]zmq4.Socket{}, inbox: make(chan received, 1000), ended: make(chan error, 1)}
	c := connection(t, "secret")
	var err error
	if f.kernel, err = New(Options{Connection: c, Engine: f.engine, Version: "1.2.3"}); err != nil {
		t.Fatal(err)
	}
	go func() { f.ended <- f.kernel.Run(context.Background()) }()
	if f.codec, err = wire.NewCodec(c.Scheme, []byte(c.Key)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	id := zmq4.WithID(zmq4.SocketIdentity("front"))
	f.dial(iopub, zmq4.NewSub(context.Background()))
	if err := f.sockets[iopub].SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{shell, control, stdin} {
		f.dial(name, zmq4.NewDealer(context.Background(), id))
	}
	if m := f.next(iopub); m.Header.Type != "iopub_welcome" || string(m.Content) != `{"subscription":""}` || m.Parent.ID != "" {
		t.Fatalf("the first message on iopub is %s %s", m.Header.Type, m.Content)
	}
	if m := f.next(iopub); string(m.Content) != `{"execution_state":"starting"}` {
		t.Fatalf("the second message on iopub is %s %s", m.Header.Type, m.Content)
	}
	return f
}

func (f *front) dial(name string, s zmq4.Socket) {
	f.t.Helper()
	f.sockets[name] = s
	if err := s.Dial(fmt.Sprintf("tcp://127.0.0.1:%d", f.kernel.opt.Connection.Ports[name])); err != nil {
		f.t.Fatal(err)
	}
	go func() {
		for {
			m, err := s.Recv()
			if err != nil {
				return
			}
			d, err := f.codec.Decode(m.Frames)
			if err != nil {
				f.t.Errorf("%s: %v", name, err)
				return
			}
			f.inbox <- received{name, d}
		}
	}()
}

func (f *front) close() {
	f.kernel.Shutdown()
	for _, s := range f.sockets {
		s.Close()
	}
	if err := <-f.ended; err != nil {
		f.t.Error(err)
	}
}

// take waits for the first message that fits. Channels overtake each other.
func (f *front) take(what string, fits func(received) bool) received {
	f.t.Helper()
	for i, m := range f.waiting {
		if fits(m) {
			f.waiting = append(f.waiting[:i:i], f.waiting[i+1:]...)
			return m
		}
	}
	for {
		select {
		case m := <-f.inbox:
			if fits(m) {
				return m
			}
			f.waiting = append(f.waiting, m)
		case <-time.After(20 * time.Second):
			f.t.Fatalf("no %s came", what)
		}
	}
}

func (f *front) next(channel string) received {
	f.t.Helper()
	return f.take("message on "+channel, func(m received) bool { return m.channel == channel })
}

func (f *front) send(channel, msgType string, content any) (id string) {
	f.t.Helper()
	return f.sendOut(channel, wire.Outgoing{Type: msgType, Content: content})
}

// sendHeader sends a message with more in its header than ours have.
func (f *front) sendHeader(channel, msgType string, content any, more map[string]any) (id string) {
	f.t.Helper()
	frames, id, err := f.codec.Encode(wire.Outgoing{Type: msgType, Content: content})
	if err != nil {
		f.t.Fatal(err)
	}
	var header map[string]any
	if err := json.Unmarshal(frames[2], &header); err != nil {
		f.t.Fatal(err)
	}
	maps.Copy(header, more)
	if frames[2], err = json.Marshal(header); err != nil {
		f.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("secret"))
	for _, part := range frames[2:6] {
		mac.Write(part)
	}
	frames[1] = hex.AppendEncode(nil, mac.Sum(nil))
	if err := f.sockets[channel].SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		f.t.Fatal(err)
	}
	return id
}

func (f *front) sendOut(channel string, o wire.Outgoing) (id string) {
	f.t.Helper()
	frames, id, err := f.codec.Encode(o)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := f.sockets[channel].SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// collect gathers what comes about a request, until reply and idle are there:
// "type content" of iopub's, in order, and the reply.
func (f *front) collect(id string, reply bool) (published []string, content map[string]any) {
	f.t.Helper()
	idle := false
	for !idle || reply && content == nil {
		m := f.take("answer to "+id, func(m received) bool { return m.Parent.ID == id })
		if m.channel != iopub {
			if err := json.Unmarshal(m.Content, &content); err != nil {
				f.t.Fatal(err)
			}
			continue
		}
		if idle {
			f.t.Errorf("%s came after idle", m.Header.Type)
		}
		published = append(published, m.Header.Type+" "+string(m.Content))
		idle = string(m.Content) == `{"execution_state":"idle"}`
	}
	return published, content
}

func (f *front) ask(channel, msgType string, content any) (published []string, reply map[string]any) {
	f.t.Helper()
	return f.collect(f.send(channel, msgType, content), true)
}

func (f *front) execute(code string, more map[string]any) ([]string, map[string]any) {
	f.t.Helper()
	content := wire.Object{"code": code, "user_expressions": wire.Object{}}
	for k, v := range more {
		content[k] = v
	}
	return f.ask(shell, "execute_request", content)
}

const (
	busyStatus = `status {"execution_state":"busy"}`
	idleStatus = `status {"execution_state":"idle"}`
)

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestExecute(t *testing.T) {
	f := start(t)
	published, reply := f.execute("value", nil)
	equal(t, published, []string{busyStatus, `execute_input {"code":"value","execution_count":1}`,
		`execute_result {"execution_count":1,"data":{"text/plain":"1"},"metadata":{},"transient":{}}`, idleStatus})
	equal(t, reply, map[string]any{"status": "ok", "execution_count": 1.0, "user_expressions": map[string]any{}, "payload": []any{}})

	published, _ = f.execute("stream", nil)
	equal(t, published[2:], []string{`stream {"name":"stdout","text":"out"}`, `stream {"name":"stderr","text":"err"}`,
		`execute_result {"execution_count":2,"data":{"text/plain":"v"},"metadata":{},"transient":{}}`, idleStatus})

	published, reply = f.execute("fail", nil)
	equal(t, published[2:], []string{`error {"ename":"Panic","evalue":"message","traceback":["a","b"]}`, idleStatus})
	equal(t, reply, map[string]any{"status": "error", "execution_count": 3.0,
		"ename": "Panic", "evalue": "message", "traceback": []any{"a", "b"}})

	published, _ = f.execute("show", nil)
	equal(t, published[2:], []string{`stream {"name":"stdout","text":"before"}`,
		`display_data {"data":{"application/json":{"a":1}},"metadata":{},"transient":{"display_id":"d"}}`,
		`stream {"name":"stdout","text":"between"}`,
		`update_display_data {"data":{"text/plain":"x"},"metadata":{},"transient":{"display_id":"d"}}`,
		`clear_output {"wait":true}`, idleStatus})
}

func TestSilentAndHistory(t *testing.T) {
	f := start(t)
	f.execute("value", nil)
	published, reply := f.execute("stream", map[string]any{"silent": true, "user_expressions": wire.Object{"a": "value", "b": "x :="}})
	equal(t, published, []string{busyStatus, idleStatus})
	equal(t, reply["execution_count"], 1.0)
	values := reply["user_expressions"].(map[string]any)
	equal(t, values["a"], map[string]any{"status": "ok", "data": map[string]any{"text/plain": "1"}, "metadata": map[string]any{}})
	equal(t, values["b"].(map[string]any)["ename"], repl.SyntaxError)
	_, reply = f.execute("value", map[string]any{"store_history": false})
	equal(t, reply["execution_count"], 1.0)
	_, reply = f.ask(shell, "history_request", wire.Object{"hist_access_type": "tail", "n": 5, "output": true})
	equal(t, reply, map[string]any{"status": "ok", "history": []any{[]any{1.0, 1.0, []any{"value", "1"}}}})
	_, reply = f.ask(shell, "history_request", wire.Object{"hist_access_type": "sideways"})
	equal(t, reply["status"], "error")
}

func TestAbort(t *testing.T) {
	f := start(t)
	var ids []string
	for _, code := range []string{"wait", "value", "value"} {
		ids = append(ids, f.send(shell, "execute_request", wire.Object{"code": code}))
	}
	<-f.engine.started
	f.kernel.Interrupt()
	for i, id := range ids {
		published, reply := f.collect(id, true)
		equal(t, reply["status"], "error")
		if i > 0 {
			equal(t, published, []string{busyStatus, idleStatus})
			equal(t, []any{reply["ename"], reply["execution_count"], reply["traceback"]}, []any{"Aborted", 0.0, []any{}})
		}
	}
	_, reply := f.execute("value", nil)
	equal(t, reply["execution_count"], 2.0)
}

// While a cell runs everything else is answered, on the channel it came on.
func TestBusy(t *testing.T) {
	f := start(t)
	cell := f.send(shell, "execute_request", wire.Object{"code": "wait"})
	<-f.engine.started
	for msgType, want := range map[string]string{
		"kernel_info_request": `"protocol_version":"5.5"`,
		"connect_request":     fmt.Sprintf(`"shell_port":%d`, f.kernel.opt.Connection.Ports[shell]),
		"comm_info_request":   `{"comms":{},"status":"ok"}`,
		"is_complete_request": `{"indent":"\t","status":"incomplete"}`,
		"complete_request":    `"cursor_end":3,"cursor_start":2,"matches":["é😀x"]`,
		"inspect_request":     `{"data":{},"found":false,"metadata":{},"status":"ok"}`,
		"interrupted_request": `does not know the message type`,
	} {
		for _, channel := range []string{shell, control} {
			published, reply := f.ask(channel, msgType, wire.Object{"code": "é😀xyz", "cursor_pos": 3})
			equal(t, published, []string{busyStatus, idleStatus})
			got, err := json.Marshal(reply)
			if err != nil || !strings.Contains(string(got), want) {
				t.Errorf("%s: got %s, want %s in it", msgType, got, want)
			}
		}
	}
	_, reply := f.ask(control, "interrupt_request", wire.Object{})
	equal(t, reply, map[string]any{"status": "ok"})
	f.collect(cell, true)
}

func TestInput(t *testing.T) {
	f := start(t)
	_, reply := f.execute("ask", nil)
	equal(t, reply["status"], "ok")
	for _, answer := range []string{"Ada", "\x04"} {
		cell := f.send(shell, "execute_request", wire.Object{"code": "ask", "allow_stdin": true})
		q := f.next(stdin)
		equal(t, q.Parent.ID, cell)
		equal(t, string(q.Content), `{"prompt":"name?","password":true}`)
		late := json.RawMessage(`{"msg_id":"another"}`)
		for _, parent := range []json.RawMessage{late, nil} {
			value := map[bool]string{true: "late", false: answer}[parent != nil]
			frames, _, err := f.codec.Encode(wire.Outgoing{Type: "input_reply", Parent: parent, Content: wire.InputReply{Status: "ok", Value: value}})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.sockets[stdin].SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
				t.Fatal(err)
			}
		}
		published, _ := f.collect(cell, true)
		want := map[string]string{"Ada": "Ada<nil>", "\x04": "EOF"}[answer]
		if !strings.Contains(published[2], `"`+want+`"`) {
			t.Errorf("the cell got %s, want %s", published[2], want)
		}
	}
}

func TestDebug(t *testing.T) {
	f := start(t)
	_, reply := f.ask(control, "debug_request", wire.Object{"seq": 3, "command": "debugInfo"})
	equal(t, []any{reply["success"], reply["request_seq"], reply["body"].(map[string]any)["isStarted"]}, []any{true, 3.0, false})
	_, reply = f.ask(control, "debug_request", wire.Object{"seq": 4, "command": "attach"})
	equal(t, reply["success"], false)
}

// What the session did by itself is a pale line, behind what the cell wrote.
func TestNotes(t *testing.T) {
	f := start(t)
	published, _ := f.execute("noted", nil)
	equal(t, published[2], `stream {"name":"stderr","text":"\u001b[2mimported \"math/rand\", \"os/exec\"; did more\u001b[0m\n"}`)
	published, _ = f.execute("noted", map[string]any{"silent": true})
	equal(t, published, []string{busyStatus, idleStatus})
}

func TestPayload(t *testing.T) {
	f := start(t)
	_, reply := f.execute("page", nil)
	equal(t, reply["payload"], []any{
		map[string]any{"source": "page", "data": map[string]any{"text/plain": "long"}, "start": 0.0},
		map[string]any{"source": "set_next_input", "text": "x", "replace": true},
	})
}

// A fault of ours is an error reply, not the kernel's end.
func TestPanicInside(t *testing.T) {
	f := start(t)
	published, reply := f.execute("panic", nil)
	equal(t, published[len(published)-1], idleStatus)
	equal(t, reply["ename"], "KernelError")
	f.execute("value", nil)
}

// Frames that are no message of ours are dropped, whatever they are.
func TestForeignFrames(t *testing.T) {
	f := start(t)
	other, err := wire.NewCodec("hmac-sha256", []byte("another key"))
	if err != nil {
		t.Fatal(err)
	}
	unsigned, _, _ := other.Encode(wire.Outgoing{Type: "execute_request", Content: wire.Object{"code": "panic"}})
	mine, _, _ := f.codec.Encode(wire.Outgoing{Type: "kernel_info_request", Content: wire.Object{}})
	for _, frames := range [][][]byte{{{}}, {[]byte("<IDS|MSG>")}, unsigned, mine[:4], append([][]byte{[]byte("x")}, mine[1:]...)} {
		for _, channel := range []string{shell, control, stdin} {
			if err := f.sockets[channel].SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Content of the wrong shape is answered.
	for _, content := range []string{`{"code":5}`, `{"code":"value","user_expressions":[]}`} {
		_, reply := f.ask(shell, "execute_request", json.RawMessage(content))
		equal(t, reply["ename"], "BadRequest")
	}
	_, reply := f.execute("value", nil)
	equal(t, reply["status"], "ok")
}

func TestShutdown(t *testing.T) {
	f := start(t)
	f.send(shell, "execute_request", wire.Object{"code": "wait"})
	<-f.engine.started
	id := f.send(control, "shutdown_request", wire.Object{"restart": true})
	var got []string
	for len(got) < 4 {
		m := f.take("answer to the shutdown", func(m received) bool { return m.Parent.ID == id })
		got = append(got, m.channel+" "+string(m.Content))
	}
	want := `{"status":"ok","restart":true}`
	for _, s := range []string{"iopub " + want, "control " + want} {
		if !strings.Contains(strings.Join(got, "\n"), s) {
			t.Errorf("%q is not in %q", s, got)
		}
	}
	select {
	case err := <-f.ended:
		f.ended <- err
	case <-time.After(20 * time.Second):
		t.Fatal("the kernel does not end")
	}
}

// A kernel that has ended leaves no goroutine.
func TestNoGoroutineLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	k, err := New(Options{Connection: connection(t, ""), Engine: &script{}})
	if err != nil {
		t.Fatal(err)
	}
	var conns []net.Conn
	for _, port := range k.opt.Connection.Ports {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := k.Run(ctx); err != nil {
		t.Error(err)
	}
	for _, c := range conns {
		c.Close()
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}
