package kernel

import (
	"slices"
	"sync"
	"time"
)

// queue holds the requests that wait for those before them: cells, and what
// is said on comms.
type queue struct {
	mu      *sync.Mutex
	waiting []*request
	arrived time.Time // the newest
	closed  bool
	wake    chan struct{}
}

func newQueue() queue { return queue{mu: &sync.Mutex{}, wake: make(chan struct{}, 1)} }

// put tells whether the queue still takes requests.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.waiting, q.arrived = append(q.waiting, r), time.Now()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// next waits for a request; nil means that one of the two has ended.
func (q *queue) next(stop, gone <-chan struct{}) *request {
	for {
		if ended(stop) || ended(gone) {
			return nil
		}
		q.mu.Lock()
		if len(q.waiting) > 0 {
			r := q.waiting[0]
			q.waiting[0] = nil
			q.waiting = q.waiting[1:]
			q.mu.Unlock()
			return r
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-stop:
		case <-gone:
		}
	}
}

// following is the cell that waits at the head of the queue, nil when there is
// none or something else waits there.
func (q *queue) following() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.waiting[0].Header.Type != "execute_request" {
		return nil
	}
	return q.waiting[0]
}

func ended(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// close returns what still waits; nothing more is taken.
func (q *queue) close() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	left := q.waiting
	q.waiting = nil
	return left
}

// quiet is how long no cell must have arrived before a failed cell's reply:
// what a front end sends in one go (Run All) may still be on its way when the
// first cell fails. busy bounds the wait for it.
const (
	quiet = 20 * time.Millisecond
	busy  = 200 * time.Millisecond
)

// cells takes all cells out of the queue, after what was sent in one go has
// arrived. What is no cell stays.
func (q *queue) cells() []*request {
	for end := time.Now().Add(busy); ; {
		q.mu.Lock()
		left := quiet - time.Since(q.arrived)
		if left <= 0 || time.Now().After(end) {
			var cells []*request
			q.waiting = slices.DeleteFunc(q.waiting, func(r *request) bool {
				isCell := r.Header.Type == "execute_request"
				if isCell {
					cells = append(cells, r)
				}
				return isCell
			})
			q.mu.Unlock()
			return cells
		}
		q.mu.Unlock()
		time.Sleep(left)
	}
}
