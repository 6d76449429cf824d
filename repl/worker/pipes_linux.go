package worker

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// roomy is the size of a pipe through which pictures go: with the usual 64 KiB
// a megabyte takes sixteen turns of both processes.
const roomy = 1 << 20

// widen makes a pipe roomy. Where the system does not allow it the pipe stays
// as it is.
func widen(f *os.File) {
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, roomy) })
	}
}

// looksAhead is whether a cell may begin before the front process asks for
// what it shows: what the cell before it wrote to descriptors 1 and 2 must have
// been read by then, or nobody could tell whose it is.
const looksAhead = true

// settle waits until what was written to pipes has been read. A pipe that a
// cell has closed holds nothing; a reader that does not read is not waited for
// long.
func settle(pipes []*os.File) {
	for range 100 {
		unread := 0
		for _, f := range pipes {
			n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCINQ)
			if err == nil {
				unread += n
			}
		}
		if unread == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
