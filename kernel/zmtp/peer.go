package zmtp

import (
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Peer is one connection.
type Peer struct {
	server   *server
	guard    *guard
	conn     *zmq4.Conn
	identity []byte

	mu       sync.Mutex
	queue    []outgoing
	waiting  int       // bytes in queue, and of messages taken but not written
	progress time.Time // of the last byte that the network took
	state    state
	wake     chan struct{} // a message, or the end
	topics   map[string]int
}

// outgoing is a message, or the context of a PONG command, or what is to be
// done once the network has taken everything before.
type outgoing struct {
	frames [][]byte
	pong   []byte
	then   func()
}

func (o outgoing) size() int {
	n := len(o.pong) + 64
	for _, f := range o.frames {
		n += len(f) + 9
	}
	return n
}

type state int

const (
	open      state = iota
	finishing       // writes what is queued, takes nothing new
	dropped
)

func newPeer(s *server, c net.Conn) *Peer {
	p := &Peer{server: s, wake: make(chan struct{}, 1), progress: time.Now()}
	p.guard = newGuard(c, (*steady)(p))
	return p
}

// Identity is what the peer calls itself, or a name of ours.
func (p *Peer) Identity() []byte { return p.identity }

// Successor is the newest other connection of the same identity, nil if there
// is none: a client that has lost its connection connects again.
func (p *Peer) Successor() *Peer {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	named := p.server.named[string(p.identity)]
	if n := len(named); n > 0 && named[n-1] != p {
		return named[n-1]
	}
	return nil
}

// Trust lets the peer send large messages, once it has shown that it may
// talk to this socket at all.
func (p *Peer) Trust() { p.guard.limit.Store(trustedLimit) }

// Send queues a message. It never blocks. False means that the peer is gone,
// or is dropped now because it does not take what it is sent.
func (p *Peer) Send(frames [][]byte) bool { return p.put(outgoing{frames: frames}, false) }

// put queues a message; with more, the next one follows at once, and they are
// to leave together.
func (p *Peer) put(o outgoing, more bool) bool {
	p.mu.Lock()
	if p.state != open {
		p.mu.Unlock()
		return false
	}
	if p.waiting += o.size(); p.waiting > maxQueued && len(p.queue) > 0 {
		p.mu.Unlock()
		p.drop()
		return false
	}
	if p.waiting == o.size() {
		p.progress = time.Now() // an empty queue makes no progress, which is no fault of the peer
	}
	p.queue = append(p.queue, o)
	p.mu.Unlock()
	if !more {
		p.signal()
	}
	return true
}

func (p *Peer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// backlog is how many bytes wait for the peer, and since when it has taken
// none.
func (p *Peer) backlog() (int, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting, p.progress
}

// drop ends the connection at once.
func (p *Peer) drop() {
	p.mu.Lock()
	p.state, p.queue = dropped, nil
	p.mu.Unlock()
	p.signal()
	p.guard.Conn.Close()
}

// finish ends the connection once the queue is written.
func (p *Peer) finish() {
	p.mu.Lock()
	if p.state == open {
		p.state = finishing
	}
	p.mu.Unlock()
	p.signal()
}

// take waits for messages; none is the end.
func (p *Peer) take() ([]outgoing, state) {
	for {
		p.mu.Lock()
		batch, st := p.queue, p.state
		p.queue = nil
		p.mu.Unlock()
		if len(batch) > 0 || st != open {
			return batch, st
		}
		<-p.wake
	}
}

// write is the peer's writing goroutine.
func (p *Peer) write() {
	for {
		batch, st := p.take()
		if len(batch) == 0 {
			p.hangUp(st)
			return
		}
		if err := p.send(batch); err != nil {
			p.drop()
			return
		}
	}
}

// send writes messages that were queued together; they leave together.
func (p *Peer) send(batch []outgoing) error {
	size := 0
	var thens []func()
	for _, o := range batch {
		var err error
		switch {
		case o.then != nil:
			thens = append(thens, o.then)
		case o.pong != nil:
			err = p.conn.SendCmd(zmq4.CmdPong, o.pong)
		default:
			err = p.conn.SendMsg(zmq4.NewMsgFrom(o.frames...))
		}
		if err != nil {
			return err
		}
		size += o.size()
	}
	err := p.guard.flush()
	p.mu.Lock()
	p.waiting -= size
	p.mu.Unlock()
	if err == nil {
		for _, do := range thens {
			do()
		}
	}
	return err
}

// hangUp says that nothing more will come. Closing at once could cost the
// peer what it has not read yet: TCP resets a connection that is closed with
// unread bytes on our side.
func (p *Peer) hangUp(st state) {
	half, ok := p.guard.Conn.(interface{ CloseWrite() error })
	if st == finishing && ok && half.CloseWrite() == nil {
		return // the reading goroutine waits until the peer hangs up as well
	}
	p.drop()
}

// handle runs a command that came after the handshake. A PING carries two
// bytes of lifetime and a context that the PONG returns (ZMTP 3.1).
func (p *Peer) handle(name string, body []byte) {
	if name == zmq4.CmdPing {
		p.put(outgoing{pong: append([]byte{}, body[min(2, len(body)):]...)}, false)
		return
	}
	if p.server.command != nil {
		p.server.command(p, name, body)
	}
}

// steady writes to the network piece by piece, and notes when a piece is
// taken, so that a peer that is slow can be told from one that is stuck.
type steady Peer

func (w *steady) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		var k int
		k, err = w.guard.Conn.Write(b[:min(len(b), pieceSize)])
		n += k
		b = b[k:]
		w.mu.Lock()
		w.progress = time.Now()
		w.mu.Unlock()
	}
	return n, err
}
