package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

// objectGraph is the tensor that describes a TF2 checkpoint's objects. It tells
// of keys, and is worthless when they change.
const objectGraph = "_CHECKPOINTABLE_OBJECT_GRAPH"

// conversion is what convert was asked for.
type conversion struct {
	format    string
	renames   []string
	dtype     string
	shards    int
	fullNames bool
	force     bool
	pick      selection
}

func convertCommand() *cobra.Command {
	var c conversion
	cmd := &cobra.Command{
		Use:   "convert FROM TO",
		Short: "Write a checkpoint in another format, under other names, or a part of it",
		Example: "  graft ckpt convert vgg_16.ckpt vgg_16.safetensors\n" +
			"  graft ckpt convert model.ckpt-100 head --include /Logits/ --rename '^MobilenetV1/='",
		Long: "Write a checkpoint in another format, under other names, or a part of it.\n\n" +
			"TO is the prefix of a V2 checkpoint or the file of another. Its ending says the format (.safetensors, .npz, V2 without),\n" +
			"or --to does. --include and --exclude see the names of FROM; --rename works on what they leave, in the order given:\n" +
			"regular expression, =, replacement with $1 for a group. The last = divides. --dtype is for floating-point values.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args[0], args[1]) },
	}
	f := cmd.Flags()
	f.StringVar(&c.format, "to", "", "V1, V2, safetensors or npz")
	f.StringArrayVar(&c.renames, "rename", nil, "regex=replacement (repeatable)")
	f.StringVar(&c.dtype, "dtype", "", "float64, float32, float16 or bfloat16 for all floating-point tensors")
	f.IntVar(&c.shards, "shards", 1, "data files of a V2 checkpoint")
	f.BoolVar(&c.fullNames, "full-names", false, "name variables of a tf.train.Checkpoint as Python did (dense/kernel)")
	f.BoolVar(&c.force, "force", false, "replace what is at TO")
	c.pick.flags(cmd)
	return cmd
}

func (c conversion) run(cmd *cobra.Command, from, to string) error {
	dtype, err := floatType(c.dtype)
	if err != nil {
		return err
	}
	r, err := open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	names, err := c.pick.of(r.Names())
	if err != nil {
		return err
	}
	targets, err := c.targets(r, names)
	if err != nil {
		return err
	}
	if !c.force {
		for _, p := range []string{to, to + ".index"} {
			if _, err := os.Stat(p); err == nil {
				return failed(fmt.Errorf("%s is there already: --force replaces it", p))
			}
		}
	}
	w, err := c.create(to)
	if err != nil {
		return err
	}
	written, err := c.copy(cmd, r, w, names, targets, dtype)
	if err != nil {
		w.Abort()
		return failed(err)
	}
	if err := w.Close(); err != nil {
		return failed(err)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d tensors\n", to, written)
	return failed(err)
}

func (c conversion) create(to string) (ckpt.TensorWriter, error) {
	if c.shards == 1 {
		w, err := ckpt.CreateAs(to, c.format)
		return w, failed(err)
	}
	if c.format != "" && !strings.EqualFold(c.format, "V2") {
		return nil, fmt.Errorf("--shards %d: only V2 checkpoints are written in shards", c.shards)
	}
	w, err := ckpt.CreateSharded(to, c.shards)
	if err != nil {
		return nil, failed(err)
	}
	return w, nil
}

func floatType(name string) (tensors.DType, error) {
	types := []tensors.DType{tensors.Float64, tensors.Float32, tensors.Float16, tensors.BFloat16}
	for _, d := range types {
		if d.String() == name {
			return d, nil
		}
	}
	if name == "" {
		return 0, nil
	}
	return 0, fmt.Errorf("--dtype %q: %v there are", name, types)
}

// targets are the names to write, "" for what is left out.
func (c conversion) targets(r *ckpt.Reader, names []string) ([]string, error) {
	out := append([]string(nil), names...)
	if c.fullNames {
		objects, err := r.Objects()
		if err != nil {
			return nil, failed(err)
		}
		full := map[string]string{}
		for name, key := range objects.FullNames() {
			full[key] = name
		}
		if len(full) == 0 {
			return nil, failed(fmt.Errorf("--full-names: %s was not written by tf.train.Checkpoint and has none", r.Path()))
		}
		for i, n := range out {
			if full[n] != "" {
				out[i] = full[n]
			}
		}
	}
	for _, rule := range c.renames {
		cut := strings.LastIndex(rule, "=")
		if cut < 0 {
			return nil, fmt.Errorf("--rename %q: want regex=replacement", rule)
		}
		p, err := regexp.Compile(rule[:cut])
		if err != nil {
			return nil, fmt.Errorf("--rename %q: %w", rule, err)
		}
		changed := false
		for i, n := range out {
			if p.MatchString(n) {
				out[i], changed = p.ReplaceAllString(n, rule[cut+1:]), true
			}
		}
		if !changed {
			return nil, failed(fmt.Errorf("--rename %q matches none of the %d names", rule, len(out)))
		}
	}
	return out, c.distinct(names, out)
}

// distinct refuses two tensors under one name.
func (c conversion) distinct(names, out []string) error {
	from := map[string]string{}
	for i, n := range out {
		if other, twice := from[n]; twice {
			return failed(fmt.Errorf("%s and %s would both be called %q", other, names[i], n))
		}
		from[n] = names[i]
	}
	return nil
}

func (c conversion) copy(cmd *cobra.Command, r *ckpt.Reader, w ckpt.TensorWriter, names, targets []string, dtype tensors.DType) (written int, err error) {
	bar := newProgress("converting", bytesOf(r, names))
	defer bar.done()
	renamed := c.fullNames || len(c.renames) > 0
	_, toV2 := w.(*ckpt.Writer)
	for i, name := range names {
		if name == objectGraph && (renamed || !toV2) {
			fmt.Fprintf(cmd.ErrOrStderr(), "left out: %s, which describes the objects of a TF2 checkpoint by its keys\n", name)
			continue
		}
		v, err := r.View(name)
		if err != nil {
			return written, err
		}
		err = v.Use(func(t *tensors.Tensor) error {
			if dtype != 0 && t.DType.IsFloat() {
				if t, err = t.Convert(dtype); err != nil {
					return err
				}
			}
			t.Name = targets[i]
			return w.Add(t)
		})
		if err != nil {
			return written, err
		}
		written++
		if info, err := r.Info(name); err == nil {
			bar.add(info.Bytes)
		}
	}
	return written, nil
}
