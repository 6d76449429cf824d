package kernel

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// outbox encodes and publishes in a goroutine of its own, in the order in
// which it is told to: a cell need not wait until its predecessor's messages
// are signed. What comes close together leaves together.
type outbox struct {
	items  chan func()
	lost   func(error) // is told of an item that panicked, a fault of ours
	closed chan struct{}
	once   sync.Once
	ended  chan struct{}
}

const (
	// outboxRoom bounds what waits; a cell that shows more waits as well.
	outboxRoom = 64
	// outboxRun is after how many items they leave though more are waiting.
	outboxRun = 16
)

func newOutbox(lost func(error)) *outbox {
	return &outbox{items: make(chan func(), outboxRoom), lost: lost, closed: make(chan struct{}), ended: make(chan struct{})}
}

// do has an item done after those before it. After close it is dropped.
func (o *outbox) do(item func()) {
	select {
	case o.items <- item:
	case <-o.closed:
	}
}

// settle waits until everything is done that came before.
func (o *outbox) settle() {
	done := make(chan struct{})
	o.do(func() { close(done) })
	select {
	case <-done:
	case <-o.ended:
	}
}

// close does what waits, and takes no more.
func (o *outbox) close() {
	o.once.Do(func() { close(o.closed) })
	<-o.ended
}

// work does the items until close; after each flush, what they did leaves.
func (o *outbox) work(flush func()) {
	defer close(o.ended)
	for n := 1; ; n++ {
		select {
		case item := <-o.items:
			o.run(item)
			if len(o.items) == 0 || n%outboxRun == 0 {
				flush()
			}
		case <-o.closed:
			o.rest()
			flush()
			return
		}
	}
}

// run does an item: the kernel must live on whatever happens in it.
func (o *outbox) run(item func()) {
	defer func() {
		if p := recover(); p != nil {
			o.lost(fmt.Errorf("kernel: a message is lost: %v\n%s", p, debug.Stack()))
		}
	}()
	item()
}

func (o *outbox) rest() {
	for {
		select {
		case item := <-o.items:
			o.run(item)
		default:
			return
		}
	}
}
