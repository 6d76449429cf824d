package worker

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Windows passes handles, whose numbers the child must be told.
const pipesVariable = "GRAFT_WORKER_PIPES"

// inherit hands the pipes to the child that cmd will start.
func inherit(cmd *exec.Cmd, pipes ...*os.File) {
	var handles []syscall.Handle
	var numbers []string
	for _, f := range pipes {
		h := syscall.Handle(f.Fd())
		// A failure shows as a worker that does not answer, which Start reports.
		_ = syscall.SetHandleInformation(h, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT)
		handles, numbers = append(handles, h), append(numbers, fmt.Sprint(uintptr(h)))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{AdditionalInheritedHandles: handles}
	cmd.Env = append(cmd.Env, pipesVariable+"="+strings.Join(numbers, ","))
}

// inheritedPipes are the pipes by their names. What a cell starts does not
// inherit them: handles are passed on only where that is asked for.
func inheritedPipes(names ...string) ([]*os.File, error) {
	numbers := strings.Split(os.Getenv(pipesVariable), ",")
	if len(numbers) != len(names) {
		return nil, errByHand
	}
	var files []*os.File
	for i, name := range names {
		h, err := strconv.ParseUint(numbers[i], 10, 64)
		if err != nil {
			return nil, errByHand
		}
		files = append(files, os.NewFile(uintptr(h), name))
	}
	return files, nil
}

// eventsPipe is a pipe whose reader blocks in the read itself, as all do here.
func eventsPipe() (r, w *os.File, err error) { return os.Pipe() }

// available reads n bytes that are known to be in a pipe: it cannot be read
// without waiting for more.
func available(f *os.File, n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil
	}
	return b
}
