// Package zmtp holds the three ZeroMQ server sockets that a Jupyter kernel
// binds: ROUTER (shell, control, stdin), XPUB (iopub) and REP (heartbeat).
//
// The wire itself (greeting, handshake, framing) is zmq4's; its sockets are
// not used, because one silent or hostile peer stops them all. Here every
// peer has two goroutines of its own, one that reads and one that writes:
//
//   - the handshake has a deadline, and a peer that fails it costs only itself;
//   - a guard (see guard.go) stands between the network and zmq4, so that no
//     length is believed before the bytes have arrived;
//   - sending never blocks: messages wait in the peer's own queue, and a peer
//     whose queue is full is dropped;
//   - closing first writes what is queued.
//
// All methods may be called from any goroutine. Callbacks run in the
// goroutine that reads from the peer, one at a time for each peer.
package zmtp

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const (
	// handshakeLimit bounds the time from accept to the end of the handshake.
	handshakeLimit = 5 * time.Second
	// maxPeers bounds the connections of one socket.
	maxPeers = 512
	// maxQueued bounds the bytes that wait for one peer: with more the peer
	// is not reading, and is dropped.
	maxQueued = 64 << 20
	// linger bounds the time that Close gives peers to take what is queued.
	linger = time.Second
)

// server accepts the peers of one socket.
type server struct {
	kind     zmq4.SocketType
	listener net.Listener
	limit    int // bytes of a message, until Peer.Trust
	receive  func(p *Peer, frames [][]byte)
	command  func(p *Peer, name string, body []byte) // nil: commands are ignored

	mu     sync.Mutex
	conns  map[net.Conn]*arrival
	peers  map[*Peer]struct{}
	named  map[string][]*Peer // of each identity, oldest first
	count  uint32             // of peers without an identity
	closed bool
	ended  sync.WaitGroup
}

// arrival is what is known of an accepted connection.
type arrival struct {
	when  time.Time
	shook bool // hands
}

func newServer(kind zmq4.SocketType, l net.Listener, limit int) *server {
	return &server{kind: kind, listener: l, limit: limit,
		conns: map[net.Conn]*arrival{}, peers: map[*Peer]struct{}{}, named: map[string][]*Peer{}}
}

// start accepts peers until Close.
func (s *server) start() {
	s.ended.Go(func() {
		for {
			c, err := s.listener.Accept()
			switch {
			case errors.Is(err, net.ErrClosed):
				return
			case err != nil: // no file descriptors left, a peer that is gone again
				if s.isClosed() {
					return
				}
				time.Sleep(10 * time.Millisecond)
			case s.admit(c):
				s.ended.Go(func() { s.serve(c) })
			default:
				c.Close()
			}
		}
	})
}

func (s *server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// admit makes room for a connection. When all places are taken the one that
// has been shaking hands for longest has to go: a client of ours is done in
// milliseconds.
func (s *server) admit(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if len(s.conns) >= maxPeers {
		var slowest net.Conn
		for o, a := range s.conns {
			if !a.shook && (slowest == nil || a.when.Before(s.conns[slowest].when)) {
				slowest = o
			}
		}
		if slowest == nil {
			return false
		}
		slowest.Close()
		delete(s.conns, slowest)
	}
	s.conns[c] = &arrival{when: time.Now()}
	return true
}

// serve is the life of one peer.
func (s *server) serve(c net.Conn) {
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	p, err := s.greet(c)
	if err != nil || !s.join(p, c) {
		return
	}
	defer s.leave(p)
	s.ended.Go(p.write)
	defer p.drop()
	for {
		m, err := p.conn.RecvMsg()
		if err != nil {
			return
		}
		s.receive(p, m.Frames)
	}
}

// greet shakes hands. zmq4 panics on a READY command whose properties are cut
// off (Property.Write slices without looking), hence the recover.
func (s *server) greet(c net.Conn) (p *Peer, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("zmtp: handshake: %v", r)
		}
	}()
	if err := c.SetDeadline(time.Now().Add(handshakeLimit)); err != nil {
		return nil, err
	}
	p = newPeer(s, c)
	if p.conn, err = zmq4.Open(p.guard, null.Security(), s.kind, nil, false, nil); err != nil {
		return nil, fmt.Errorf("zmtp: handshake: %w", err)
	}
	p.guard.established(s.limit, p.handle)
	return p, c.SetDeadline(time.Time{})
}

// join makes the peer known. One without an identity gets one as libzmq
// makes them: a zero byte and a number.
func (s *server) join(p *Peer, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.conns[c]
	if s.closed || a == nil {
		return false
	}
	a.shook = true
	p.identity = []byte(p.conn.Peer.Meta["Identity"])
	if len(p.identity) == 0 || p.identity[0] == 0 {
		s.count++
		p.identity = []byte{0, byte(s.count >> 24), byte(s.count >> 16), byte(s.count >> 8), byte(s.count)}
	}
	s.peers[p] = struct{}{}
	s.named[string(p.identity)] = append(s.named[string(p.identity)], p)
	return true
}

func (s *server) leave(p *Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
	id := string(p.identity)
	s.named[id] = slices.DeleteFunc(s.named[id], func(q *Peer) bool { return q == p })
	if len(s.named[id]) == 0 {
		delete(s.named, id)
	}
}

// Close stops accepting, gives peers a second to take what is queued for
// them, and ends all of the socket's goroutines.
func (s *server) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.closed = true
	for p := range s.peers {
		p.finish()
	}
	for c := range s.conns {
		// Those that still shake hands have nothing queued.
		_ = c.SetReadDeadline(time.Now().Add(linger))
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.ended.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-time.After(linger):
	}
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	<-done
	return err
}
