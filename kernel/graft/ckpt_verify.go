package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"graft/ckpt"
)

// unchecked are the formats without checksums of the values.
var unchecked = map[string]bool{"safetensors": true, "npy": true}

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "verify FILE…",
		Short:   "Read everything and hold it against its checksums",
		Example: "  graft ckpt verify vgg_16.ckpt",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			damaged := 0
			for _, path := range args {
				if err := verify(cmd, path); err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					damaged++
				}
			}
			if damaged > 0 {
				return failed(fmt.Errorf("%d of %d checkpoints are damaged or cannot be read", damaged, len(args)))
			}
			return nil
		},
	}
}

func verify(cmd *cobra.Command, path string) error {
	r, err := ckpt.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	total := bytesOf(r, r.Names())
	bar := newProgress("verifying", total)
	before := int64(0)
	err = r.Verify(func(done, _ int64) {
		bar.add(done - before)
		before = done
	})
	bar.done()
	if err != nil {
		return err
	}
	held := "every checksum is right"
	if unchecked[r.Format()] {
		held = "complete; the format has no checksums, so changed values go unnoticed"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s (%s): %d tensors, %s: %s\n", r.Path(), r.Format(), len(r.Names()), size(total), held)
	return err
}
