package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"graft/ckpt"
	"graft/ckpt/npz"
	"graft/ckpt/tensors"
)

func catCommand() *cobra.Command {
	var form, box string
	cmd := &cobra.Command{
		Use:   "cat FILE NAME…",
		Short: "Print a tensor's values",
		Example: "  graft ckpt cat model.ckpt-100 global_step\n" +
			"  graft ckpt cat model.ckpt-100 conv1/weights --slice 0,1:0,1:-:- --as npy > filters.npy",
		Long: "Print a tensor's values: as text, a line for each run of the last axis; raw, little-endian in C order; or as a .npy file.\n" +
			"--slice takes a start and a length for each axis, or - for all of one, such as 0,2:-:3,1.",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := catForms[form]
			if !ok {
				return fmt.Errorf("--as %q: text, raw and npy there are", form)
			}
			r, err := open(args[0])
			if err != nil {
				return err
			}
			defer r.Close()
			out := bufio.NewWriter(cmd.OutOrStdout())
			for _, name := range args[1:] {
				if err := cat(out, r, name, box, write); err != nil {
					return failed(err)
				}
			}
			return failed(out.Flush())
		},
	}
	cmd.Flags().StringVar(&form, "as", "text", "text, raw or npy")
	cmd.Flags().StringVar(&box, "slice", "", "only this box, such as 0,2:-")
	return cmd
}

var catForms = map[string]func(w io.Writer, t *tensors.Tensor) error{
	"text": catText,
	"raw":  func(w io.Writer, t *tensors.Tensor) error { _, err := t.WriteTo(w); return err },
	"npy": func(w io.Writer, t *tensors.Tensor) error {
		b, err := npz.AppendArray(nil, t)
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	},
}

func cat(w io.Writer, r *ckpt.Reader, name, box string, write func(io.Writer, *tensors.Tensor) error) error {
	if box != "" {
		s, err := parseBox(box)
		if err != nil {
			return err
		}
		t, err := r.Slice(name, s)
		if err != nil {
			return err
		}
		return write(w, t)
	}
	v, err := r.View(name)
	if err != nil {
		return err
	}
	return v.Use(func(t *tensors.Tensor) error { return write(w, t) })
}

// parseBox reads a slice as the Saver writes one.
func parseBox(text string) (tensors.Slice, error) {
	s := tensors.Slice{}
	for _, axis := range strings.Split(text, ":") {
		e := tensors.Extent{Length: -1}
		if axis != "-" {
			start, length, ok := strings.Cut(axis, ",")
			var errs [2]error
			e.Start, errs[0] = strconv.ParseInt(start, 10, 64)
			e.Length, errs[1] = strconv.ParseInt(length, 10, 64)
			if !ok || errs[0] != nil || errs[1] != nil || e.Start < 0 || e.Length < 0 {
				return nil, fmt.Errorf("--slice %q: axis %d is %q, want a start and a length (0,2) or - for all", text, len(s), axis)
			}
		}
		s = append(s, e)
	}
	return s, nil
}

func catText(w io.Writer, t *tensors.Tensor) error {
	row := 1
	if rank := len(t.Shape); rank > 0 {
		row = max(1, t.Shape[rank-1])
	}
	at, err := texts(t)
	if err != nil {
		return err
	}
	for i := range int(t.Elements()) {
		end := " "
		if (i+1)%row == 0 {
			end = "\n"
		}
		if _, err := io.WriteString(w, at(i)+end); err != nil {
			return err
		}
	}
	return nil
}

// texts gives the elements as Go writes them, with no digit lost.
func texts(t *tensors.Tensor) (func(i int) string, error) {
	if t.DType == ckpt.String {
		return func(i int) string { return strconv.Quote(string(t.Strings[i])) }, nil
	}
	switch t.DType { // integers that a float cannot hold
	case tensors.Int64:
		v, err := t.Int64s()
		return func(i int) string { return strconv.FormatInt(v[i], 10) }, err
	case tensors.Uint64:
		v, err := (&tensors.Tensor{DType: tensors.Int64, Data: t.Data}).Int64s()
		return func(i int) string { return strconv.FormatUint(uint64(v[i]), 10) }, err
	}
	at, ok := t.Numbers()
	if !ok {
		return nil, fmt.Errorf("tensor %q holds %v, which has no text", t.Name, t.DType)
	}
	bits := 64
	if t.DType == tensors.Float32 || t.DType == tensors.Complex64 {
		bits = 32
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, bits) }
	switch t.DType {
	case tensors.Bool:
		return func(i int) string { return strconv.FormatBool(at(i) != 0) }, nil
	case tensors.Complex64, tensors.Complex128:
		return func(i int) string { return number(real(at(i))) + "," + number(imag(at(i))) }, nil
	}
	return func(i int) string { return number(real(at(i))) }, nil
}
