package main

import (
	"fmt"
	"math"
	"math/cmplx"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/tensors"
)

func statsCommand() *cobra.Command {
	var asJSON bool
	var pick selection
	cmd := &cobra.Command{
		Use:     "stats FILE…",
		Short:   "Smallest, largest, mean and deviation of each tensor, and its zeros, NaN and infinities",
		Example: "  graft ckpt stats model.ckpt-100 --include moving_variance",
		Long: "Smallest, largest, mean and standard deviation of each tensor's finite values, and how many are zero, NaN or infinite.\n" +
			"Of complex numbers the magnitudes count. Strings are left out.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, path := range args {
				if err := stats(cmd, path, pick, asJSON); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a tensor")
	pick.flags(cmd)
	return cmd
}

// summary describes a tensor's values. The first four are NaN, as JSON null,
// when no value is finite.
type summary struct {
	Name  string   `json:"name"`
	DType string   `json:"dtype"`
	Shape []int    `json:"shape"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
	Mean  *float64 `json:"mean"`
	Std   *float64 `json:"std"`
	Zeros int64    `json:"zeros"`
	NaNs  int64    `json:"nans"`
	Infs  int64    `json:"infs"`
}

func stats(cmd *cobra.Command, path string, pick selection, asJSON bool) error {
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	names, err := pick.of(r.Names())
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintf(cmd.OutOrStdout(), "%s (%s)\n", r.Path(), r.Format())
		fmt.Fprintln(table, "name\tdtype\tshape\tmin\tmax\tmean\tstd\tzeros\tNaN\tInf")
	}
	bar := newProgress("counting", bytesOf(r, names))
	for _, name := range names {
		s, err := summarise(r, name)
		if err != nil {
			return failed(err)
		}
		if info, err := r.Info(name); err == nil {
			bar.add(info.Bytes)
		}
		switch {
		case s == nil:
		case asJSON:
			err = printJSON(cmd.OutOrStdout(), s)
		default:
			_, err = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\n", s.Name, s.DType, shape(s.Shape), short(s.Min), short(s.Max), short(s.Mean), short(s.Std), s.Zeros, s.NaNs, s.Infs)
		}
		if err != nil {
			return failed(err)
		}
	}
	bar.done()
	return failed(table.Flush())
}

func short(v *float64) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'g', 5, 64)
}

// summarise is nil for a tensor that holds no numbers.
func summarise(r *ckpt.Reader, name string) (s *summary, err error) {
	v, err := r.View(name)
	if err != nil {
		return nil, err
	}
	err = v.Use(func(t *tensors.Tensor) error {
		at, ok := t.Numbers()
		if !ok {
			return nil
		}
		s = &summary{Name: name, DType: t.DType.String(), Shape: append([]int{}, t.Shape...)}
		s.count(at, int(t.Elements()))
		return nil
	})
	return s, err
}

// count uses Welford's updates: sums of squares would lose the deviation of
// values far from zero.
func (s *summary) count(at func(int) complex128, n int) {
	finite, mean, squares := 0.0, 0.0, 0.0
	smallest, largest := math.Inf(1), math.Inf(-1)
	for i := range n {
		c := at(i)
		v := real(c)
		if imag(c) != 0 {
			v = cmplx.Abs(c)
		}
		switch {
		case math.IsNaN(v):
			s.NaNs++
			continue
		case math.IsInf(v, 0):
			s.Infs++
			continue
		case v == 0:
			s.Zeros++
		}
		finite++
		delta := v - mean
		mean += delta / finite
		squares += delta * (v - mean)
		smallest, largest = min(smallest, v), max(largest, v)
	}
	if finite > 0 {
		deviation := math.Sqrt(squares / finite)
		s.Min, s.Max, s.Mean, s.Std = &smallest, &largest, &mean, &deviation
	}
}
