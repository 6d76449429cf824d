package worker

import (
	"fmt"
	"sync"
	"time"
)

const (
	// checkup is how often a child is looked at while a cell runs.
	checkup = 100 * time.Millisecond
	// standstill is how long a child may be stopped (SIGSTOP): a terminal stops
	// both processes, and lets them go on one after the other.
	standstill = 2 * time.Second
)

// health is what the checkups of a child have found.
type health struct {
	limit uint64 // bytes of private memory, 0 for none

	mu      sync.Mutex
	stopped time.Time // since when, zero while it runs
	cause   string    // why it was killed
}

// sick tells why a child must be killed, "" while it need not.
func (h *health) sick(pid int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cause != "" {
		return h.cause
	}
	switch {
	case !isStopped(pid):
		h.stopped = time.Time{}
	case h.stopped.IsZero():
		h.stopped = time.Now()
	case time.Since(h.stopped) > standstill:
		h.cause = "it was stopped by a signal (SIGSTOP) and did not go on, so that it was killed"
	}
	if used := privateMemory(pid); h.limit > 0 && used > h.limit {
		h.cause = fmt.Sprintf("out of memory: it used %s, and may use %s", bytesText(used), bytesText(h.limit))
	}
	return h.cause
}

// lookAfter has the child looked at as long as cells run. A timer for each
// cell would cost more than many a cell does. The caller holds the lock.
func (w *child) lookAfter() {
	if !w.looking {
		w.looking = true
		time.AfterFunc(checkup, w.look)
	}
}

func (w *child) look() {
	w.mu.Lock()
	w.looking = false
	if len(w.calls) == 0 || w.gone() {
		w.mu.Unlock()
		return
	}
	w.lookAfter()
	w.mu.Unlock()
	if w.health.sick(w.cmd.Process.Pid) != "" {
		w.kill()
	}
}

// killedFor is why a checkup ended with a kill, "" when none did.
func (h *health) killedFor() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cause
}

func bytesText(n uint64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// share is the part of the machine's memory that cells may use if nobody says
// how much.
func share(total uint64) uint64 { return total / 4 * 3 }

// soft is where the garbage collector begins to work harder (GOMEMLIMIT).
func soft(limit uint64) uint64 { return limit / 10 * 9 }
