package main

import (
	"os"
	"os/signal"

	"github.com/spf13/cobra"

	"graft/repl"
	"graft/repl/worker"
)

// workerName is the hidden command of the process that runs cells.
const workerName = "worker"

func workerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    workerName,
		Short:  "Run cells for a front process",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			// Ctrl-C in a terminal reaches the whole process group; the front process decides what it
			// means. Caught rather than ignored, so that commands that cells start do not inherit it.
			signal.Notify(make(chan os.Signal, 1), os.Interrupt)
			return failed(worker.Serve(func() (repl.Engine, error) { return repl.NewSession(repl.Options{}) }))
		},
	}
}
