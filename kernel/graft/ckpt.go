package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"graft/ckpt"
)

func ckptCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "ckpt", Short: "Look into TensorFlow checkpoints"}
	cmd.AddCommand(&cobra.Command{
		Use:   "ls PATH",
		Short: "List a checkpoint's tensors",
		Long: "List a checkpoint's tensors. PATH is a V2 prefix or any file of the set, a V1 file or pattern,\n" +
			"a folder with a `checkpoint` file, or a SavedModel's folder.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := ckpt.Open(args[0])
			if err != nil {
				return failed(err)
			}
			defer r.Close()
			_, err = fmt.Fprint(cmd.OutOrStdout(), r)
			return failed(err)
		},
	})
	return cmd
}
