package main

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"graft/ckpt"
)

func ckptCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ckpt",
		Short: "List, compare, verify, convert and fetch checkpoints",
		Example: "  graft ckpt get vgg_16                      # fetch a published one; prints its path\n" +
			"  graft ckpt ls vgg_16.ckpt --include conv5\n" +
			"  graft ckpt convert vgg_16.ckpt vgg_16.safetensors",
		Long: "List, compare, verify, convert and fetch checkpoints of TensorFlow (V1, V2, SavedModel), safetensors, NumPy and PyTorch.\n" +
			"FILE is a V2 prefix or any file of the set, a V1 file, pattern or shard, a `checkpoint` file or a folder with one,\n" +
			"a SavedModel's folder, or a .safetensors, .npz, .npy, .pt or .pth file. The content counts, not the name.",
	}
	cmd.AddCommand(lsCommand(), diffCommand(), verifyCommand(), convertCommand(), catCommand(), statsCommand(), getCommand())
	return cmd
}

// open opens a checkpoint for a command.
func open(path string) (*ckpt.Reader, error) {
	r, err := ckpt.Open(path)
	return r, failed(err)
}

// selection is which tensors a command works on.
type selection struct{ include, exclude []string }

func (s *selection) flags(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&s.include, "include", nil, "only tensors whose name matches the regular expression anywhere (repeatable)")
	cmd.Flags().StringArrayVar(&s.exclude, "exclude", nil, "no tensors whose name matches the regular expression anywhere (repeatable)")
}

// of picks names. A pattern that is none, or that matches no name, is an error.
func (s selection) of(names []string) ([]string, error) {
	include, err := patterns("--include", s.include, names)
	if err != nil {
		return nil, err
	}
	exclude, err := patterns("--exclude", s.exclude, names)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range names {
		if (len(include) == 0 || matches(include, n)) && !matches(exclude, n) {
			out = append(out, n)
		}
	}
	return out, nil
}

func patterns(flag string, texts, names []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, text := range texts {
		p, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", flag, text, err)
		}
		used := false
		for _, n := range names {
			used = used || p.MatchString(n)
		}
		if !used {
			return nil, failed(fmt.Errorf("%s %q matches none of the %d names", flag, text, len(names)))
		}
		out = append(out, p)
	}
	return out, nil
}

func matches(patterns []*regexp.Regexp, name string) bool {
	for _, p := range patterns {
		if p.MatchString(name) {
			return true
		}
	}
	return false
}

// bytesOf is how much the tensors of names hold, for a progress bar.
func bytesOf(r *ckpt.Reader, names []string) (total int64) {
	for _, n := range names {
		if info, err := r.Info(n); err == nil {
			total += info.Bytes
		}
	}
	return total
}

// printJSON writes one object a line, names as they are.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
