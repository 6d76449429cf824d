package zmtp

import (
	"net"
	"slices"

	"github.com/go-zeromq/zmq4"
)

// untrustedLimit bounds a message of a peer that has not shown the key yet.
const untrustedLimit = 4 << 20

// Router is a ROUTER socket: it knows its peers apart and answers each.
type Router struct{ *server }

// NewRouter serves l. receive gets every message with the peer it came from.
func NewRouter(l net.Listener, receive func(p *Peer, frames [][]byte)) *Router {
	s := newServer(zmq4.Router, l, untrustedLimit)
	s.receive = receive
	s.start()
	return &Router{s}
}

// Peers returns the connections of that identity, oldest first. Usually it is
// one; but a client may connect again before its old connection is known to
// be dead, and two clients of one jupyter_client manager share an identity.
func (r *Router) Peers(identity []byte) []*Peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.named[string(identity)])
}

// Rep is a REP socket whose answers are known at once.
type Rep struct{ *server }

// smallLimit bounds heartbeats and subscriptions.
const smallLimit = 64 << 10

// NewRep serves l, answering every message with the frames that answer
// returns for it. The envelope of a request, frames up to an empty one, is
// part of the message and of the answer.
func NewRep(l net.Listener, answer func(frames [][]byte) [][]byte) *Rep {
	s := newServer(zmq4.Rep, l, smallLimit)
	s.receive = func(p *Peer, frames [][]byte) { p.Send(answer(frames)) }
	s.start()
	return &Rep{s}
}
