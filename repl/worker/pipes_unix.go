//go:build !windows

package worker

import (
	"errors"
	"os"
	"os/exec"
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
