package worker

import (
	"os"

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
