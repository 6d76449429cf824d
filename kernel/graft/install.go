package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"graft/kernel/install"
)

func whereFlags(cmd *cobra.Command, w *install.Where) {
	cmd.Flags().BoolVar(&w.User, "user", false, "for this user (the default)")
	cmd.Flags().BoolVar(&w.SysPrefix, "sys-prefix", false, "in the active Python environment")
	cmd.Flags().BoolVar(&w.System, "system", false, "for all users of this machine")
	cmd.Flags().StringVar(&w.Prefix, "prefix", "", "in `DIR`/share/jupyter")
	cmd.MarkFlagsMutuallyExclusive("user", "sys-prefix", "system", "prefix")
}

func installCommand() *cobra.Command {
	var w install.Where
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Make Jupyter know graft",
		Example: "  graft install                # for this user\n" +
			"  graft install --sys-prefix   # in the active Python environment",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			done, err := install.Install(w)
			if err != nil {
				return failed(fmt.Errorf("graft install: %w", err))
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "Installed the kernel \"Go (graft)\" in %s\n", done.Folder)
			if done.Copied {
				fmt.Fprintf(out, "It starts %s, a copy: the executable of `go run` does not last. Install again to renew it.\n", done.Executable)
			} else {
				fmt.Fprintf(out, "It starts %s; install again if you move that.\n", done.Executable)
			}
			return nil
		},
	}
	whereFlags(cmd, &w)
	return cmd
}

func uninstallCommand() *cobra.Command {
	var w install.Where
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Make Jupyter forget graft",
		Example: "  graft uninstall\n" +
			"  graft uninstall --sys-prefix",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := install.Uninstall(w)
			if err != nil {
				return failed(fmt.Errorf("graft uninstall: %w", err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Removed %s\n", folder)
			return nil
		},
	}
	whereFlags(cmd, &w)
	return cmd
}
