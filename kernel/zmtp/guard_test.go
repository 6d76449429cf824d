package zmtp

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// played is a connection on which a recorded peer speaks.
type played struct {
	net.Conn // nil: only what zmq4 uses is there
	in       io.Reader
}

func (p *played) Read(b []byte) (int, error)  { return p.in.Read(b) }
func (p *played) Write(b []byte) (int, error) { return len(b), nil }
func (p *played) Close() error                { return nil }
func (p *played) SetDeadline(time.Time) error { return nil }

// FuzzGuard plays any bytes to the guard with zmq4 behind it: nothing may
// panic, and no message may be larger than what was sent.
func FuzzGuard(f *testing.F) {
	for _, b := range attacks() {
		f.Add(b)
	}
	f.Add(append(hello("DEALER"), flagMore, 1, 'a', 0, 2, 'b', 'c'))
	f.Fuzz(func(t *testing.T, sent []byte) {
		s := newServer(zmq4.Router, nil, untrustedLimit)
		p, err := s.greet(&played{in: bytes.NewReader(sent)})
		if err != nil {
			return
		}
		for {
			m, err := p.conn.RecvMsg()
			if err != nil {
				return
			}
			if len(m.Bytes()) > len(sent) || m.Type == zmq4.CmdMsg {
				t.Fatalf("%d bytes out of %d, type %v", len(m.Bytes()), len(sent), m.Type)
			}
		}
	})
}

// What zmq4 writes, the guard passes unchanged.
func TestGuardIsTransparent(t *testing.T) {
	l, endpoint := listen(t)
	defer l.Close()
	got := make(chan [][]byte, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		g := newGuard(c, c)
		conn, err := zmq4.Open(g, null.Security(), zmq4.Router, nil, true, nil)
		if err != nil {
			close(got)
			return
		}
		g.established(untrustedLimit, func(string, []byte) {})
		m, _ := conn.RecvMsg()
		got <- m.Frames
	}()
	frames := [][]byte{[]byte("a"), {}, bytes.Repeat([]byte("b"), 255), bytes.Repeat([]byte("c"), 256), bytes.Repeat([]byte("d"), 100000)}
	s := dealer(t, endpoint, "me")
	if err := s.SendMulti(zmq4.NewMsgFrom(frames...)); err != nil {
		t.Fatal(err)
	}
	received := <-got
	if len(received) != len(frames) {
		t.Fatalf("%d frames, want %d", len(received), len(frames))
	}
	for i := range frames {
		if !bytes.Equal(received[i], frames[i]) {
			t.Errorf("frame %d differs", i)
		}
	}
}
