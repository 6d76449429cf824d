// Command graft is the notebook's one command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitFailed = 1 // a cell failed, a file is damaged: what was asked for could not be done
	exitUsage  = 2 // the command line is wrong
)

func main() { os.Exit(run()) }

func run() int {
	root := &cobra.Command{
		Use:           "graft",
		Short:         "A Go notebook for transfer learning",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(runCommand(), replCommand(), ckptCommand(), exportCommand(), installCommand(), uninstallCommand(), doctorCommand(), kernelCommand(), workerCommand())
	err := root.Execute()
	var failed *failure
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		if failed.err != errShown {
			fmt.Fprintln(os.Stderr, failed.err)
		}
		return exitFailed
	}
	fmt.Fprintln(os.Stderr, "graft:", err)
	return exitUsage
}

// failure is an error of the work itself, not of the command line.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }

// errShown is a failure that has been shown already.
var errShown = errors.New("shown")

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &failure{err}
}

// interruptible returns a context that the next Ctrl-C ends.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt)
}
