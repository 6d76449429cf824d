package main

import (
	"bytes"
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

func diffCommand() *cobra.Command {
	var asJSON bool
	var pick selection
	cmd := &cobra.Command{
		Use:     "diff FILE FILE",
		Short:   "Compare two checkpoints of any format",
		Example: "  graft ckpt diff model.ckpt-100 model.ckpt-200 --exclude Adam",
		Long: "Compare two checkpoints of any format: tensors that only one has, other types or shapes, other values with their\n" +
			"largest absolute difference. The exit status is 0 when they are equal and 1 when they differ.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := open(args[0])
			if err != nil {
				return err
			}
			defer a.Close()
			b, err := open(args[1])
			if err != nil {
				return err
			}
			defer b.Close()
			return diff(cmd, a, b, pick, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a tensor that differs")
	pick.flags(cmd)
	return cmd
}

// difference is one tensor that is not the same in both.
type difference struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"` // "only here", "only there", "dtype", "shape", "values"
	Here   string `json:"here,omitempty"`
	There  string `json:"there,omitempty"`
	Values int    `json:"values,omitempty"` // how many differ
	// MaxAbs is the largest absolute difference as text, for it may be NaN.
	MaxAbs string `json:"max_abs_difference,omitempty"`
}

func diff(cmd *cobra.Command, a, b *ckpt.Reader, pick selection, asJSON bool) error {
	all := append(a.Names(), b.Names()...)
	slices.Sort(all)
	names, err := pick.of(slices.Compact(all))
	if err != nil {
		return err
	}
	bar := newProgress("comparing", bytesOf(a, names))
	found := 0
	for _, name := range names {
		d, err := compare(a, b, name)
		if err != nil {
			return failed(err)
		}
		if info, err := a.Info(name); err == nil {
			bar.add(info.Bytes)
		}
		if d == nil {
			continue
		}
		found++
		if asJSON {
			err = printJSON(cmd.OutOrStdout(), d)
		} else {
			_, err = fmt.Fprintln(cmd.OutOrStdout(), d)
		}
		if err != nil {
			return failed(err)
		}
	}
	bar.done()
	if found > 0 {
		return failed(fmt.Errorf("%d of %d tensors differ", found, len(names)))
	}
	if !asJSON {
		fmt.Fprintf(cmd.OutOrStdout(), "equal: %d tensors\n", len(names))
	}
	return nil
}

func (d *difference) String() string {
	switch d.Kind {
	case "only here":
		return fmt.Sprintf("- %s: only in the first, %s", d.Name, d.Here)
	case "only there":
		return fmt.Sprintf("+ %s: only in the second, %s", d.Name, d.There)
	case "values":
		if d.MaxAbs == "" {
			return fmt.Sprintf("! %s: %s, %d values differ", d.Name, d.Here, d.Values)
		}
		return fmt.Sprintf("! %s: %s, %d values differ, by at most %s", d.Name, d.Here, d.Values, d.MaxAbs)
	}
	return fmt.Sprintf("! %s: %s differs, %s and %s", d.Name, d.Kind, d.Here, d.There)
}

// compare is nil for a tensor that is the same in both.
func compare(a, b *ckpt.Reader, name string) (*difference, error) {
	here, there := a.Has(name), b.Has(name)
	d := &difference{Name: name}
	var x, y ckpt.TensorInfo
	if here {
		x, _ = a.Info(name)
		d.Here = describe(x)
	}
	if there {
		y, _ = b.Info(name)
		d.There = describe(y)
	}
	switch {
	case !there:
		d.Kind = "only here"
	case !here:
		d.Kind = "only there"
	case x.DType != y.DType:
		d.Kind = "dtype"
	case !slices.Equal(x.Shape, y.Shape):
		d.Kind = "shape"
	default:
		return d.values(a, b)
	}
	return d, nil
}

func describe(i ckpt.TensorInfo) string { return fmt.Sprintf("%v %s", i.DType, shape(i.Shape)) }

// values compares two tensors of one type and shape.
func (d *difference) values(a, b *ckpt.Reader) (out *difference, err error) {
	va, err := a.View(d.Name)
	if err != nil {
		return nil, err
	}
	vb, err := b.View(d.Name)
	if err != nil {
		return nil, err
	}
	err = va.Use(func(x *tensors.Tensor) error {
		return vb.Use(func(y *tensors.Tensor) error {
			out = d.elements(x, y)
			return nil
		})
	})
	return out, err
}

func (d *difference) elements(x, y *tensors.Tensor) *difference {
	d.Kind, d.There = "values", ""
	for i, s := range x.Strings {
		if !bytes.Equal(s, y.Strings[i]) {
			d.Values++
		}
	}
	if x.DType == ckpt.String || bytes.Equal(x.Data, y.Data) {
		if d.Values == 0 {
			return nil
		}
		return d
	}
	width, largest := x.DType.Size(), 0.0
	xs, numbers := x.Numbers()
	ys, _ := y.Numbers()
	for i := range int(x.Elements()) {
		if bytes.Equal(x.Data[i*width:(i+1)*width], y.Data[i*width:(i+1)*width]) {
			continue
		}
		d.Values++
		if numbers && !math.IsNaN(largest) {
			largest = max(largest, apart(xs(i), ys(i)))
		}
	}
	if numbers {
		d.MaxAbs = fmt.Sprintf("%.6g", largest)
	}
	return d
}

// apart is |x-y|; two of the same infinity, or two NaN of other bits, are 0
// apart, which no subtraction says.
func apart(x, y complex128) float64 {
	if x == y || cmplx.IsNaN(x) && cmplx.IsNaN(y) {
		return 0
	}
	return cmplx.Abs(x - y)
}
