// Command graft is the notebook's one command.
//
//	graft install                  make Jupyter know graft: the kernel "Go (graft)"
//	graft uninstall                make it forget
//	graft doctor                   find out why Jupyter does not run graft, and how to mend it
//	graft repl [FILE.go]           a session at the terminal
//	graft run FILE.ipynb           run a notebook from top to bottom
//	graft export FILE.ipynb        write a notebook as a Go program that prints the same
//	graft ckpt ls | cat | diff | stats | verify | convert | get
//	                               list, print, compare, check, convert and fetch checkpoints
//	graft completion SHELL         completion for bash, zsh, fish or powershell
//	graft kernel                   what Jupyter starts
//
// Each has --help with examples. The exit status is 0, 1 when what was asked
// for could not be done (a cell failed, a file is damaged), 2 when the command
// line is wrong.
//
// Cells run in a child process, `graft worker`: what ends that leaves the
// kernel alive. A file of this package is a command, named after it.
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
	err := rootCommand().Execute()
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

// rootCommand is graft with all its commands.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "graft",
		Short: "A Go notebook for transfer learning",
		Example: "  graft install                                   # then choose the kernel \"Go (graft)\" in Jupyter\n" +
			"  graft repl                                      # a session here\n" +
			"  graft run tutorials/01-first-transfer.ipynb     # a notebook from top to bottom\n" +
			"  graft ckpt ls vgg_16.ckpt                       # what is in a checkpoint\n" +
			"  source <(graft completion bash)                 # completion in this shell",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(runCommand(), replCommand(), ckptCommand(), exportCommand(), installCommand(), uninstallCommand(), doctorCommand(), kernelCommand(), workerCommand())
	return root
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
