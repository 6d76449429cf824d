package zmtp

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

func listen(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, "tcp://" + l.Addr().String()
}

// echoing is a ROUTER that sends back what it gets, behind the frame "echo".
func echoing(t *testing.T) (*Router, string) {
	l, endpoint := listen(t)
	r := NewRouter(l, func(p *Peer, frames [][]byte) {
		p.Send(append([][]byte{[]byte("echo")}, frames...))
	})
	t.Cleanup(func() { r.Close() })
	return r, endpoint
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return c
}

// dealer is a client of the library's.
func dealer(t *testing.T, endpoint, identity string) zmq4.Socket {
	t.Helper()
	s := zmq4.NewDealer(ctx(t), zmq4.WithID(zmq4.SocketIdentity(identity)))
	t.Cleanup(func() { s.Close() })
	if err := s.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
	return s
}

func exchange(t *testing.T, s zmq4.Socket, frames ...[]byte) {
	t.Helper()
	if err := s.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		t.Fatal(err)
	}
	m, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Frames) != len(frames)+1 || string(m.Frames[0]) != "echo" {
		t.Fatalf("got %d frames, sent %d", len(m.Frames), len(frames))
	}
	for i, f := range frames {
		if !bytes.Equal(m.Frames[i+1], f) {
			t.Errorf("frame %d of %d bytes came back as %d bytes", i, len(f), len(m.Frames[i+1]))
		}
	}
}

func TestRouter(t *testing.T) {
	r, endpoint := echoing(t)
	a, b := dealer(t, endpoint, "a"), dealer(t, endpoint, "")
	for range 3 {
		exchange(t, a, []byte("x"), nil, bytes.Repeat([]byte("y"), 300), bytes.Repeat([]byte("z"), 1<<20))
		exchange(t, b, []byte("from b"))
	}
	if ps := r.Peers([]byte("a")); len(ps) != 1 || string(ps[0].Identity()) != "a" {
		t.Errorf("%d peers are found by the identity", len(ps))
	}
	if len(r.Peers([]byte("nobody"))) != 0 {
		t.Error("a peer that is not there is found")
	}
}

// Two connections of one identity are kept apart; when one ends, the other
// is still found.
func TestSameIdentity(t *testing.T) {
	r, endpoint := echoing(t)
	old := dealer(t, endpoint, "same")
	exchange(t, old, []byte("1"))
	first := r.Peers([]byte("same"))[0]
	young := dealer(t, endpoint, "same")
	exchange(t, young, []byte("2"))
	exchange(t, old, []byte("3")) // each gets its own answers
	if ps := r.Peers([]byte("same")); len(ps) != 2 || ps[0] != first {
		t.Errorf("%d peers, want both, the older first", len(ps))
	}
	young.Close()
	for end := time.Now().Add(10 * time.Second); len(r.Peers([]byte("same"))) > 1; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the closed connection stays")
		}
	}
	if r.Peers([]byte("same"))[0] != first {
		t.Error("the older connection is not found")
	}
}

func TestRep(t *testing.T) {
	l, endpoint := listen(t)
	r := NewRep(l, func(frames [][]byte) [][]byte { return frames })
	defer r.Close()
	req := zmq4.NewReq(ctx(t))
	defer req.Close()
	if err := req.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
	for _, beat := range []string{"ping", "", "\x00\xff"} {
		if err := req.Send(zmq4.NewMsg([]byte(beat))); err != nil {
			t.Fatal(err)
		}
		m, err := req.Recv()
		if err != nil || string(m.Bytes()) != beat {
			t.Errorf("got %q, %v, want %q", m.Bytes(), err, beat)
		}
	}
}

func welcoming(t *testing.T) (*XPub, string) {
	l, endpoint := listen(t)
	x := NewXPub(l, func(p *Peer, topic []byte) { p.Send([][]byte{topic, []byte("welcome")}) })
	t.Cleanup(func() { x.Close() })
	return x, endpoint
}

// subscribe returns once the subscription is seen.
func subscribe(t *testing.T, endpoint, topic string) zmq4.Socket {
	t.Helper()
	s := zmq4.NewSub(ctx(t))
	t.Cleanup(func() { s.Close() })
	if err := s.Dial(endpoint); err != nil {
		t.Fatal(err)
	}
	if err := s.SetOption(zmq4.OptionSubscribe, topic); err != nil {
		t.Fatal(err)
	}
	m, err := s.Recv()
	if err != nil || string(m.Bytes()) != topic+"welcome" {
		t.Fatalf("got %q, %v", m.Frames, err)
	}
	return s
}

func TestXPub(t *testing.T) {
	x, endpoint := welcoming(t)
	all, some := subscribe(t, endpoint, ""), subscribe(t, endpoint, "b")
	subscribe(t, endpoint, "") // a second one to the same topic is welcomed too
	for i := range 100 {
		x.Publish([][]byte{[]byte("a"), []byte(fmt.Sprint(i))})
		x.Flush()
	}
	x.Publish([][]byte{[]byte("b"), []byte("only")})
	x.Flush()
	for i := range 100 {
		if m, err := all.Recv(); err != nil || string(m.Frames[1]) != fmt.Sprint(i) {
			t.Fatalf("message %d is %q, %v", i, m.Frames, err)
		}
	}
	if m, err := some.Recv(); err != nil || string(m.Frames[1]) != "only" {
		t.Errorf("got %q, %v", m.Frames, err)
	}
}

// What Then is given is done once, behind what was published, whoever listens.
func TestThen(t *testing.T) {
	x, endpoint := welcoming(t)
	done := make(chan int, 1000)
	x.Then(func() { done <- -1 }) // nobody listens
	if got := <-done; got != -1 {
		t.Fatal(got)
	}
	s := subscribe(t, endpoint, "")
	stalled := raw(t, endpoint)
	defer stalled.Close()
	if _, err := stalled.Write(append(hello("SUB"), 0, 1, 1)); err != nil {
		t.Fatal(err)
	}
	const n = 200
	for i := range n {
		x.Publish([][]byte{[]byte("t"), []byte(fmt.Sprint(i)), bytes.Repeat([]byte("."), 20000)})
		x.Flush()
		x.Then(func() { done <- i })
		x.Flush()
		if m, err := s.Recv(); err != nil || string(m.Frames[1]) != fmt.Sprint(i) {
			t.Fatalf("message %d: %q, %v", i, m.Frames, err)
		}
	}
	seen := map[int]int{}
	for range n {
		seen[<-done]++
	}
	time.Sleep(2 * overtaken)
	if len(seen) != n || len(done) != 0 {
		t.Errorf("%d of %d are done, %d twice", len(seen), n, len(done))
	}
}

// Close must not lose what was published just before it.
func TestCloseDrains(t *testing.T) {
	const n = 2000
	l, endpoint := listen(t)
	x := NewXPub(l, func(p *Peer, topic []byte) { p.Send([][]byte{topic, []byte("welcome")}) })
	s := subscribe(t, endpoint, "")
	for i := range n {
		x.Publish([][]byte{[]byte("t"), []byte(fmt.Sprint(i)), bytes.Repeat([]byte("."), 1000)})
		x.Flush()
	}
	closed := make(chan error)
	go func() { closed <- x.Close() }()
	for i := range n {
		if m, err := s.Recv(); err != nil || string(m.Frames[1]) != fmt.Sprint(i) {
			t.Fatalf("message %d: %q, %v", i, m.Frames, err)
		}
	}
	s.Close()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// raw is a client that speaks for itself.
func raw(t *testing.T, endpoint string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// greeting is ZMTP 3.0's: signature, version, mechanism, as-server, filler.
func greeting() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:], "NULL")
	return g
}

// ready is a READY command of a socket of that type.
func ready(kind string) []byte {
	body := "\x05READY\x0bSocket-Type\x00\x00\x00" + string(rune(len(kind))) + kind
	return append([]byte{flagCommand, byte(len(body))}, body...)
}

func hello(kind string) []byte { return append(greeting(), ready(kind)...) }

// attacks are what a sick or hostile peer may send.
func attacks() map[string][]byte {
	huge := []byte{flagLong, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	return map[string][]byte{
		"nothing":             {},
		"HTTP":                []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		"garbage":             bytes.Repeat([]byte{0xa5}, 4096),
		"half a greeting":     greeting()[:20],
		"old version":         append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1}, make([]byte, 53)...),
		"other mechanism":     bytes.Replace(greeting(), []byte("NULL"), []byte("CURV"), 1),
		"no READY":            greeting(),
		"message for READY":   append(greeting(), 0, 1, 'x'),
		"wrong socket type":   hello("PULL"),
		"unknown socket type": hello("NONSENSE"),
		"cut-off property":    append(greeting(), flagCommand, 8, 5, 'R', 'E', 'A', 'D', 'Y', 40, 'x'),
		"property to the end": append(greeting(), flagCommand, 8, 5, 'R', 'E', 'A', 'D', 'Y', 1, 'x'),
		"huge handshake":      append(greeting(), append([]byte{flagLong | flagCommand}, huge[1:]...)...),
		"huge frame":          append(hello("DEALER"), huge...),
		"long empty frames":   append(hello("DEALER"), bytes.Repeat([]byte{flagMore, 0}, 3*maxFrames)...),
		"truncated frame":     append(hello("DEALER"), 0, 200, 'x'),
		"unknown flags":       append(hello("DEALER"), 0xf0, 1, 'x'),
		"nameless command":    append(hello("DEALER"), flagCommand, 0),
		"cut-off command":     append(hello("DEALER"), flagCommand, 2, 90, 'P'),
		"PING":                append(hello("DEALER"), append([]byte{flagCommand, 9}, "\x04PING\x00\x00ab"...)...),
	}
}

// While each of them is connected, and after, a good client is served, and
// nothing of them stays.
func TestHostilePeers(t *testing.T) {
	before := runtime.NumGoroutine()
	r, endpoint := echoing(t)
	for name, bytes := range attacks() {
		t.Run(name, func(t *testing.T) {
			c := raw(t, endpoint)
			if _, err := c.Write(bytes); err != nil {
				t.Logf("hung up while it was written: %v", err)
			}
			exchange(t, dealer(t, endpoint, ""), []byte("still here"))
		})
	}
	r.Close()
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// A PING is answered with its context, and does not reach the receiver.
func TestPing(t *testing.T) {
	_, endpoint := echoing(t)
	c := raw(t, endpoint)
	ping := append([]byte{flagCommand, 9}, "\x04PING\x00\x00ab"...)
	if _, err := c.Write(append(hello("DEALER"), ping...)); err != nil {
		t.Fatal(err)
	}
	want := append([]byte{flagCommand, 7}, "\x04PONGab"...)
	var got []byte
	buf := make([]byte, 1024)
	for !bytes.Contains(got, want) {
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		got = append(got, buf[:n]...)
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
	}
}

// A subscriber that stops reading is dropped; the others get everything.
func TestStalledSubscriber(t *testing.T) {
	x, endpoint := welcoming(t)
	x.patience = time.Second
	stuck := raw(t, endpoint)
	if _, err := stuck.Write(append(hello("SUB"), 0, 1, 1)); err != nil {
		t.Fatal(err)
	}
	for len(x.subscribers()) == 0 {
		time.Sleep(time.Millisecond)
	}
	good := subscribe(t, endpoint, "")
	const n = 100
	block := bytes.Repeat([]byte("."), 1<<20)
	go func() {
		for i := range n {
			x.Room(nil)
			x.Publish([][]byte{[]byte("t"), []byte(fmt.Sprint(i)), block})
			x.Flush()
		}
	}()
	for i := range n {
		if m, err := good.Recv(); err != nil || string(m.Frames[1]) != fmt.Sprint(i) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if left := len(x.subscribers()); left != 1 {
		t.Errorf("%d subscribers are left, want the one that reads", left)
	}
}

// Many come and go; none stays.
func TestManyPeers(t *testing.T) {
	r, endpoint := echoing(t)
	good := dealer(t, endpoint, "good")
	for i := range 300 {
		c := raw(t, endpoint)
		switch i % 3 {
		case 0:
			_, _ = c.Write(greeting()[:i%greetingSize])
		case 1:
			_, _ = c.Write(hello("DEALER"))
		}
		c.Close()
		if i%50 == 0 {
			exchange(t, good, []byte("between"))
		}
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		n := len(r.conns)
		r.mu.Unlock()
		if n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d connections are left, want 1", n)
		}
	}
}

// Connections that only occupy a place do not keep others out.
func TestCrowd(t *testing.T) {
	r, endpoint := echoing(t)
	good := dealer(t, endpoint, "good")
	exchange(t, good, []byte("before"))
	for range maxPeers + 100 {
		c, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
		if err != nil {
			t.Skipf("this system has no room for the crowd: %v", err)
		}
		t.Cleanup(func() { c.Close() })
	}
	exchange(t, dealer(t, endpoint, "late"), []byte("after"))
	exchange(t, good, []byte("still"))
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) > maxPeers {
		t.Errorf("%d connections, at most %d are allowed", len(r.conns), maxPeers)
	}
}

// A message of a peer that has not been trusted is bounded; the peer is
// dropped, and after Trust it may send as much.
func TestTrust(t *testing.T) {
	l, endpoint := listen(t)
	r := NewRouter(l, func(p *Peer, frames [][]byte) {
		p.Trust()
		p.Send([][]byte{[]byte("echo"), frames[0]})
	})
	defer r.Close()
	big := make([]byte, untrustedLimit+1)
	stranger := raw(t, endpoint)
	_, _ = stranger.Write(append(hello("DEALER"), flagLong, 0, 0, 0, 0, 0, 0x50, 0, 0))
	if _, err := bytes.NewBuffer(nil).ReadFrom(stranger); err != nil {
		t.Logf("hung up: %v", err) // the end of the connection is what is wanted
	}
	friend := dealer(t, endpoint, "friend")
	exchange(t, friend, []byte("hello"))
	exchange(t, friend, big)
}
