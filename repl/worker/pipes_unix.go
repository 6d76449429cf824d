//go:build !windows

package worker

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// The child finds the pipes as the first files behind the standard ones.
const (
	requestsFD = 3
	eventsFD   = 4
)

// inherit hands the pipes to the child that cmd will start.
func inherit(cmd *exec.Cmd, requests, events *os.File) {
	cmd.ExtraFiles = []*os.File{requests, events}
}

func inheritedPipes() (requests, events *os.File, err error) {
	if os.Getenv(tokenVariable) == "" {
		return nil, nil, errors.New("repl/worker: this command is started by graft itself, not by hand")
	}
	return os.NewFile(requestsFD, "requests"), os.NewFile(eventsFD, "events"), nil
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
