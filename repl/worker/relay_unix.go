//go:build !windows

package worker

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// relays are standard output and error of a child, read in this process.
type relays struct {
	streams []*relay
	files   []*os.File // the ends that are read
	polled  []unix.PollFd
}

// relayStandard puts relays in the place of os.Stdout and os.Stderr.
func relayStandard(send func(name, text string)) (*relays, error) {
	rs := &relays{}
	for _, s := range []struct {
		name string
		file **os.File
	}{{"stdout", &os.Stdout}, {"stderr", &os.Stderr}} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		raw, err := r.SyscallConn()
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		*s.file = w
		relay := &relay{name: s.name, send: send}
		rs.streams, rs.files = append(rs.streams, relay), append(rs.files, r)
		err = raw.Control(func(fd uintptr) {
			rs.polled = append(rs.polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		})
		if err != nil {
			return nil, fmt.Errorf("repl/worker: %w", err)
		}
		go relay.follow(raw)
	}
	return rs, nil
}

// follow sends what is written while nothing else is sent.
func (r *relay) follow(raw syscall.RawConn) {
	open := true
	for open {
		// The pipe is not blocking: the function returns false to be called
		// again when there is something to read.
		err := raw.Read(func(fd uintptr) bool {
			var got bool
			got, open = r.pull(int(fd))
			return got || !open
		})
		if err != nil {
			return
		}
	}
}

// pull reads and sends what is there; open is false at the end of the stream.
func (r *relay) pull(fd int) (got, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var buf [32 << 10]byte
	for {
		n, err := syscall.Read(fd, buf[:])
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return got, true
		case err != nil || n == 0: // the cell closed it
			r.end()
			return got, false
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
