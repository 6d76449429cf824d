package kernel

import (
	"sync"
	"time"
)

// queue holds the cells that wait for those before them.
type queue struct {
	mu      *sync.Mutex
	cells   []*request
	arrived time.Time // the newest
	wake    chan struct{}
}

func newQueue() queue { return queue{mu: &sync.Mutex{}, wake: make(chan struct{}, 1)} }

func (q *queue) put(r *request) {
	q.mu.Lock()
	q.cells, q.arrived = append(q.cells, r), time.Now()
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next waits for a cell; nil means that stop is closed.
func (q *queue) next(stop <-chan struct{}) *request {
	for {
		q.mu.Lock()
		if len(q.cells) > 0 {
			r := q.cells[0]
			q.cells[0] = nil
			q.cells = q.cells[1:]
			q.mu.Unlock()
			return r
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-stop:
			return nil
		}
	}
}

// quiet is how long no cell must have arrived before a failed cell's reply:
// what a front end sends in one go (Run All) may still be on its way when the
// first cell fails. busy bounds the wait for it.
const (
	quiet = 20 * time.Millisecond
	busy  = 200 * time.Millisecond
)

// rest empties the queue, after what was sent in one go has arrived.
func (q *queue) rest() []*request {
	for end := time.Now().Add(busy); ; {
		q.mu.Lock()
		left := quiet - time.Since(q.arrived)
		if left <= 0 || time.Now().After(end) {
			cells := q.cells
			q.cells = nil
			q.mu.Unlock()
			return cells
		}
		q.mu.Unlock()
		time.Sleep(left)
	}
}
