package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Windows passes handles, whose numbers the child must be told.
const pipesVariable = "GRAFT_WORKER_PIPES"

// inherit hands the pipes to the child that cmd will start.
func inherit(cmd *exec.Cmd, requests, events *os.File) {
	handles := []syscall.Handle{syscall.Handle(requests.Fd()), syscall.Handle(events.Fd())}
	for _, h := range handles {
		// A failure shows as a worker that does not answer, which Start reports.
		_ = syscall.SetHandleInformation(h, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{AdditionalInheritedHandles: handles}
	cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%d,%d", pipesVariable, handles[0], handles[1]))
}

func inheritedPipes() (requests, events *os.File, err error) {
	var r, e uintptr
	if _, err := fmt.Sscanf(os.Getenv(pipesVariable), "%d,%d", &r, &e); err != nil {
		return nil, nil, errors.New("repl/worker: this command is started by graft itself, not by hand")
	}
	return os.NewFile(r, "requests"), os.NewFile(e, "events"), nil
}

// eventsPipe is a pipe whose reader blocks in the read itself, as all do here.
func eventsPipe() (r, w *os.File, err error) { return os.Pipe() }
