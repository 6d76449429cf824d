package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"graft/kernel/install"
	"graft/repl/terminal"
	"graft/stdlib/graph"
)

func doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor",
		Short:   "Find out why Jupyter does not run graft, and how to mend it",
		Example: "  graft doctor",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := interruptible()
			defer stop()
			out, bad := cmd.OutOrStdout(), 0
			install.Examine(ctx, func(f install.Finding) {
				mark := "ok   "
				if !f.OK {
					mark = "WRONG"
					bad++
				}
				fmt.Fprintf(out, "%s  %s\n", mark, f.Text)
				if f.Mend != "" {
					fmt.Fprintf(out, "       mend it with: %s\n", f.Mend)
				}
			})
			cpu, err := graph.CPU()
			if err != nil {
				bad++
				fmt.Fprintf(out, "WRONG  %v\n       mend it with: unset GRAFT_KERNELS\n", err)
			} else {
				fmt.Fprintf(out, "ok     networks run with %s\n", cpu)
			}
			if how := terminal.Detect(os.Getenv); how == terminal.None {
				fmt.Fprintf(out, "ok     this terminal (TERM=%s) draws no pictures: graft run saves them as files\n       see them with: jupyter lab\n", os.Getenv("TERM"))
			} else {
				fmt.Fprintf(out, "ok     this terminal draws pictures, in the way of %s\n", how)
			}
			if bad > 0 {
				return failed(errors.New("graft doctor: something is wrong"))
			}
			return nil
		},
	}
}
