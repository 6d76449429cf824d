//go:build !windows

package worker

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// relays are standard output and error, read in this process.
type relays struct {
	streams []*relay
	files   []*os.File // the ends that are read
	polled  []unix.PollFd
	reading sync.WaitGroup
}

// relayStandard puts relays in the place of os.Stdout and os.Stderr.
func relayStandard(send func(name, text string)) (*relays, error) {
	var files []*os.File
	for _, standard := range []**os.File{&os.Stdout, &os.Stderr} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		*standard = w
		files = append(files, r)
	}
	return watch(files, "", send, nil)
}

// watch reads the pipes of standard output and error, which must stay open
// until wait returns and nobody asks any more.
func watch(files []*os.File, _ string, send func(name, text string), hold func() func()) (*relays, error) {
	rs := &relays{files: files}
	for i, name := range streamNames() {
		raw, err := files[i].SyscallConn()
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		relay := &relay{name: name, send: send, hold: hold}
		rs.streams = append(rs.streams, relay)
		err = raw.Control(func(fd uintptr) {
			rs.polled = append(rs.polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		})
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		rs.reading.Go(func() { relay.follow(raw) })
	}
	return rs, nil
}

// wait returns when both streams have ended.
func (rs *relays) wait() { rs.reading.Wait() }

// mark is for systems whose pipes cannot be asked.
func mark([]*os.File, string) {}

// follow sends what is written while nothing else is sent.
func (r *relay) follow(raw syscall.RawConn) {
	for open := true; open; {
		var wait func()
		// The pipe is not blocking: the function returns false to be called
		// again when there is something to read.
		err := raw.Read(func(fd uintptr) bool {
			var got bool
			got, open, wait = r.pull(int(fd))
			return got || !open || wait != nil
		})
		if err != nil {
			return
		}
		if wait != nil {
			wait()
		}
	}
}

// pull reads and sends what is there and is not held; open is false at the end
// of the stream.
func (r *relay) pull(fd int) (got, open bool, wait func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var buf [32 << 10]byte
	for {
		if r.hold != nil { // which is asked when there is something, not before
			polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if n, err := unix.Poll(polled, 0); n == 0 && err == nil {
				return got, true, nil
			}
			if wait = r.hold(); wait != nil {
				return got, true, wait
			}
		}
		n, err := syscall.Read(fd, buf[:])
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return got, true, nil
		case err != nil || n == 0: // the cell closed it
			r.end()
			return got, false, nil
		default:
			got = true
			r.take(buf[:n])
		}
	}
}

// drain sends what was written before now.
func (rs *relays) drain() {
	polled := [2]unix.PollFd{rs.polled[0], rs.polled[1]}
	if n, err := unix.Poll(polled[:], 0); n == 0 && err == nil {
		for _, r := range rs.streams {
			r.settle()
		}
		return
	}
	for i, r := range rs.streams {
		r.pull(int(rs.polled[i].Fd))
	}
}

// finish is drain at the end of a cell.
func (rs *relays) finish() {
	rs.drain()
	for _, r := range rs.streams {
		r.finish()
	}
}
