package zmtp

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
)

const (
	// crowded is the backlog of a subscriber above which Room waits.
	crowded = 8 << 20
	// patience is how long a crowded subscriber may take no byte.
	patience = 5 * time.Second
	// maxTopics bounds one subscriber's subscriptions.
	maxTopics = 1024
)

// XPub is an XPUB socket: it sends every message to all that subscribed to
// its topic, and sees the subscriptions.
type XPub struct {
	*server
	subscribed func(p *Peer, topic []byte)
	patience   time.Duration
}

// NewXPub serves l. subscribed is called for every subscription, also one to
// a topic that has subscribers, when messages of the topic already flow.
func NewXPub(l net.Listener, subscribed func(p *Peer, topic []byte)) *XPub {
	x := &XPub{newServer(zmq4.XPub, l, smallLimit), subscribed, patience}
	x.receive = x.message
	x.command = func(p *Peer, name string, body []byte) { // ZMTP 3.1
		switch name {
		case zmq4.CmdSubscribe:
			x.subscribe(p, body)
		case zmq4.CmdCancel:
			x.cancel(p, body)
		}
	}
	x.start()
	return x
}

// message reads a subscription of ZMTP 3.0: a byte and a topic. Other
// messages of subscribers mean nothing here.
func (x *XPub) message(p *Peer, frames [][]byte) {
	if len(frames) != 1 || len(frames[0]) == 0 {
		return
	}
	switch topic := frames[0][1:]; frames[0][0] {
	case 1:
		x.subscribe(p, topic)
	case 0:
		x.cancel(p, topic)
	}
}

func (x *XPub) subscribe(p *Peer, topic []byte) {
	p.mu.Lock()
	if p.topics == nil {
		p.topics = map[string]int{}
	}
	p.topics[string(topic)]++
	greedy := len(p.topics) > maxTopics
	p.mu.Unlock()
	if greedy {
		p.drop()
		return
	}
	x.subscribed(p, topic)
}

func (x *XPub) cancel(p *Peer, topic []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.topics[string(topic)]--; p.topics[string(topic)] <= 0 {
		delete(p.topics, string(topic))
	}
}

func (p *Peer) wants(topic string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for t := range p.topics {
		if strings.HasPrefix(topic, t) {
			return true
		}
	}
	return false
}

// Publish queues a message, whose first frame is its topic, for its
// subscribers. All see published messages in the same order. It leaves at the
// next Flush, at the latest.
func (x *XPub) Publish(frames [][]byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	topic := string(frames[0])
	for p := range x.peers {
		if p.wants(topic) {
			p.put(outgoing{frames: frames}, true)
		}
	}
}

// Flush sends what was published, together.
func (x *XPub) Flush() {
	for _, p := range x.subscribers() {
		p.signal()
	}
}

const (
	// overtaken is how long Then waits for subscribers at most, and behind a
	// subscriber with a backlog it does not wait.
	overtaken = 20 * time.Millisecond
	behind    = 1 << 20
)

// Then does something once the network has taken all that was published
// before, and does not wait for it. Some clients show what has come on iopub
// when a reply comes on shell, and no more: a reply must not overtake. A Flush
// must follow.
func (x *XPub) Then(do func()) {
	var once sync.Once
	var left atomic.Int64
	left.Store(1) // for ourselves, until all are asked
	late := time.AfterFunc(overtaken, func() { once.Do(do) })
	passed := func() {
		if left.Add(-1) == 0 {
			late.Stop()
			once.Do(do)
		}
	}
	for _, p := range x.subscribers() {
		if waiting, _ := p.backlog(); waiting > behind {
			continue
		}
		if left.Add(1); !p.put(outgoing{then: passed}, true) {
			left.Add(-1)
		}
	}
	passed()
}

// Room waits until no subscriber has much left to take. One that takes
// nothing for some seconds is dropped: it would hold up the others. Whoever
// produces a lot calls it before each Publish; it returns early once hurry,
// if there is one, says so.
func (x *XPub) Room(hurry func() bool) {
	for hurry == nil || !hurry() {
		slow := false
		for _, p := range x.subscribers() {
			waiting, since := p.backlog()
			if waiting < crowded {
				continue
			}
			if slow = true; time.Since(since) > x.patience {
				p.drop()
			}
		}
		if !slow {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (x *XPub) subscribers() []*Peer {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := make([]*Peer, 0, len(x.peers))
	for p := range x.peers {
		all = append(all, p)
	}
	return all
}
