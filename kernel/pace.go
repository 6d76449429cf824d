package kernel

import (
	"sync"
	"time"
)

// jupyter_server drops outputs that come faster than 1000 messages a second,
// taken over three seconds (iopub_msg_rate_limit, rate_limit_window). These
// two stay below that for any three seconds.
const (
	burst = 500
	rate  = 800 // a second
)

// pace holds back cells that show more than front ends can take.
type pace struct {
	mu     *sync.Mutex
	tokens float64
	last   time.Time
}

func newPace() pace { return pace{mu: &sync.Mutex{}, tokens: burst, last: time.Now()} }

// wait returns when one more message is in time.
func (p *pace) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.tokens = min(burst, p.tokens+rate*now.Sub(p.last).Seconds())
	p.last = now
	if p.tokens--; p.tokens < 0 {
		time.Sleep(time.Duration(-p.tokens / rate * float64(time.Second)))
	}
}
