package ops

import (
	"errors"
	"fmt"
	"slices"

	"graft/ckpt/tensors"
)

// maxSize is the most elements a tensor may have: the sizes of what is
// derived from it then fit in an int.
const maxSize = 1 << 40

// inputs checks how many inputs there are, by their names, and that their
// shapes are shapes. It comes first in every Infer.
func inputs(in []Spec, names ...string) error {
	if len(in) != len(names) {
		return fmt.Errorf("takes %d inputs %v, received %d", len(names), names, len(in))
	}
	for i, s := range in {
		if err := sound(s.Shape); err != nil {
			return fmt.Errorf("%s: %w", names[i], err)
		}
	}
	return nil
}

// atLeast is inputs for kernels that take any number of one kind.
func atLeast(in []Spec, n int, name string) error {
	if len(in) < n {
		return fmt.Errorf("takes at least %d inputs (%s), received %d", n, name, len(in))
	}
	for i, s := range in {
		if err := sound(s.Shape); err != nil {
			return fmt.Errorf("%s %d: %w", name, i, err)
		}
	}
	return nil
}

// sound refuses shapes with negative sizes and with too many elements. An
// axis of size zero does not excuse the others.
func sound(shape []int) error {
	n := 1
	for i, d := range shape {
		switch {
		case d == Unknown || d == 0:
		case d < 0:
			return fmt.Errorf("axis %d of shape %s is negative", i, ShapeString(shape))
		case d > maxSize/n:
			return fmt.Errorf("shape %s has more than %d elements", ShapeString(shape), maxSize)
		default:
			n *= d
		}
	}
	return nil
}

// made is the last line of an Infer that makes a shape of its own.
func made(d tensors.DType, shape []int) (Spec, error) {
	if err := sound(shape); err != nil {
		return Spec{}, fmt.Errorf("output: %w", err)
	}
	return Spec{d, shape}, nil
}

// rank checks the number of axes, of which what is a list: batch, channels.
func rank(name string, s Spec, n int, what string) error {
	if len(s.Shape) != n {
		return fmt.Errorf("%s has shape %s, wanted %d axes (%s)", name, ShapeString(s.Shape), n, what)
	}
	return nil
}

// float checks that all inputs have one dtype, in which gradients flow.
func float(in ...Spec) error {
	if d := in[0].DType; d != tensors.Float32 && d != tensors.Float64 {
		return fmt.Errorf("computes in float32 and float64, received %v", d)
	}
	return oneType(in...)
}

// number is float, with integers.
func number(in ...Spec) error {
	switch in[0].DType {
	case tensors.Float32, tensors.Float64, tensors.Int32, tensors.Int64:
		return oneType(in...)
	}
	return fmt.Errorf("computes in float32, float64, int32 and int64, received %v", in[0].DType)
}

func oneType(in ...Spec) error {
	for i, s := range in[1:] {
		if s.DType != in[0].DType {
			return fmt.Errorf("input %d is %v, input 0 is %v; they must be of one type", i+1, s.DType, in[0].DType)
		}
	}
	return nil
}

// integer checks that labels and the like are int32 or int64.
func integer(name string, s Spec) error {
	if s.DType != tensors.Int32 && s.DType != tensors.Int64 {
		return fmt.Errorf("%s is %v, wanted int32 or int64", name, s.DType)
	}
	return nil
}

// merge is the size of an axis that two inputs share.
func merge(axis string, a, b int) (int, error) {
	switch {
	case a == b || b == Unknown:
		return a, nil
	case a == Unknown:
		return b, nil
	}
	return 0, fmt.Errorf("%s is %d and %d", axis, a, b)
}

// same merges two shapes that must be equal.
func same(what string, a, b []int) ([]int, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("%s: shapes %s and %s differ", what, ShapeString(a), ShapeString(b))
	}
	out := make([]int, len(a))
	for i := range a {
		d, err := merge("", a[i], b[i])
		if err != nil {
			return nil, fmt.Errorf("%s: axis %d of shapes %s and %s differs", what, i, ShapeString(a), ShapeString(b))
		}
		out[i] = d
	}
	return out, sound(out)
}

// allSame is the Infer of kernels whose inputs and output have one shape and
// one dtype.
func allSame(in []Spec, names ...string) (Spec, error) {
	if err := errors.Join(inputs(in, names...), nonEmpty(in)); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	shape := slices.Clone(in[0].Shape)
	for i, s := range in[1:] {
		var err error
		if shape, err = same(names[0]+" and "+names[i+1], shape, s.Shape); err != nil {
			return Spec{}, err
		}
	}
	return Spec{in[0].DType, shape}, nil
}

func nonEmpty(in []Spec) error {
	if len(in) == 0 {
		return errors.New("takes an input")
	}
	return nil
}

// like is the Spec of an output that has a's shape.
func like(a Spec) Spec { return Spec{a.DType, slices.Clone(a.Shape)} }

// axisOf resolves an axis that may count from the end.
func axisOf(axis, rank int) (int, error) {
	a := axis
	if a < 0 {
		a += rank
	}
	if a < 0 || a >= rank {
		return 0, fmt.Errorf("axis %d of a tensor with %d axes", axis, rank)
	}
	return a, nil
}

// product multiplies the known sizes.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// pick returns the instance of a generic function for a dtype.
func pick[F any](d tensors.DType, f32, f64 F) F {
	if d == tensors.Float64 {
		return f64
	}
	return f32
}
