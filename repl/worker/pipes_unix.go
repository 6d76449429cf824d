//go:build !windows

package worker

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// The child finds the pipes as the first files behind the standard ones.
const firstFD = 3

// inherit hands the pipes to the child that cmd will start.
func inherit(cmd *exec.Cmd, pipes ...*os.File) { cmd.ExtraFiles = pipes }

// inheritedPipes are the pipes by their names. What a cell starts does not
// inherit them: it may outlive this process, whose end is seen by theirs.
func inheritedPipes(names ...string) ([]*os.File, error) {
	if os.Getenv(tokenVariable) == "" {
		return nil, errByHand
	}
	var files []*os.File
	for i, name := range names {
		syscall.CloseOnExec(firstFD + i)
		files = append(files, os.NewFile(uintptr(firstFD+i), name))
	}
	return files, nil
}

// eventsPipe is a pipe whose reader blocks in the read itself: through Go's
// poller every message would wake two threads here, also when nobody reads.
func eventsPipe() (r, w *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := syscall.Pipe(fds[:]); err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
	}
	return os.NewFile(uintptr(fds[0]), "events"), os.NewFile(uintptr(fds[1]), "events"), nil
}

// available reads what is in a pipe, without waiting for more.
func available(f *os.File, _ int) []byte {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil
	}
	var all []byte
	_ = raw.Control(func(fd uintptr) { // of a closed file there is nothing more to know
		var buf [8 << 10]byte
		for {
			n, err := syscall.Read(int(fd), buf[:])
			if n > 0 {
				all = append(all, buf[:n]...)
			} else if !errors.Is(err, syscall.EINTR) {
				return
			}
		}
	})
	return all
}
