package worker

import (
	"os"
	"sync"
	"time"
)

// relays follow the child's standard streams. In the child there are none on
// Windows, whose pipes cannot be asked whether there is something to read:
// what cells write to os.Stdout and os.Stderr may overtake what they print, or
// be overtaken by it.
type relays struct {
	streams []*raw
	reading sync.WaitGroup
}

func relayStandard(func(name, text string)) (*relays, error) { return &relays{}, nil }

// watch follows the front process's ends of a child's standard streams.
func watch(files []*os.File, token string, send func(name, text string), _ func() func()) (*relays, error) {
	rs := &relays{}
	for i, name := range streamNames() {
		r := &raw{token: []byte(token), emit: func(text string) { send(name, text) }, marks: make(chan struct{}, 16)}
		rs.streams = append(rs.streams, r)
		rs.reading.Go(func() { r.follow(files[i]) })
	}
	return rs, nil
}

func (*relays) drain() {}

// patient bounds the wait for a cell's last raw output: a cell may have closed
// its standard output, and then no mark comes.
const patient = 200 * time.Millisecond

// finish waits until all that a cell wrote before its end has been sent.
func (rs *relays) finish() {
	limit := time.After(patient)
	for _, r := range rs.streams {
		select {
		case <-r.marks:
		case <-limit:
		}
	}
}

func (rs *relays) wait() { rs.reading.Wait() }

// mark tells the front process that a cell has ended: what it reads before the
// token is the cell's.
func mark(files []*os.File, token string) {
	for _, f := range files {
		_, _ = f.WriteString(token) // a stream that the cell closed has nothing more to say
	}
}
