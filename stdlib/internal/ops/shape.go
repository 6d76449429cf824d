package ops

import (
	"fmt"
	"strconv"
	"strings"

	"graft/ckpt/tensors"
)

// Ints is a list of numbers in a Kernel, which must be comparable.
type Ints string

// List makes Ints of numbers.
func List(n ...int) Ints {
	s := make([]string, len(n))
	for i, v := range n {
		s[i] = strconv.Itoa(v)
	}
	return Ints(strings.Join(s, ","))
}

// Slice is the numbers; ok is false if the text is not of List's making.
func (l Ints) Slice() (n []int, ok bool) {
	if l == "" {
		return nil, true
	}
	for s := range strings.SplitSeq(string(l), ",") {
		v, err := strconv.Atoi(s)
		if err != nil {
			return nil, false
		}
		n = append(n, v)
	}
	return n, true
}

// slice is Slice with an error.
func (l Ints) slice(what string) ([]int, error) {
	n, ok := l.Slice()
	if !ok {
		return nil, fmt.Errorf("%s %q is not a list of numbers", what, string(l))
	}
	return n, nil
}

// copier is a kernel whose output has the elements of its first input.
type copier struct{}

// Reuses implements InPlace.
func (copier) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (copier) Run(c *Ctx, out *Value, in []*Value) error {
	copyValue(out, in[0])
	return c.err()
}

// anyType refuses what the engine does not hold.
func anyType(s Spec) error {
	if _, ok := Dtype(s.DType); !ok {
		return fmt.Errorf("the engine does not compute in %v", s.DType)
	}
	return nil
}

// reshaped is the Grad of kernels that only change the shape.
func reshaped(b *Builder, in []*Node, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(ReshapeLike{}, dout, in[0]) })
	return g.done()
}

// Reshape gives x another shape; one size may be -1: what is left.
type Reshape struct {
	copier
	Shape Ints
}

// Name implements Kernel.
func (Reshape) Name() string { return "Reshape" }

// Infer implements Kernel.
func (k Reshape) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	shape, err := k.Shape.slice("shape")
	if err != nil {
		return Spec{}, err
	}
	if err := sound(shape); err != nil {
		return Spec{}, err
	}
	free, rest := -1, 1
	for i, d := range shape {
		if d != Unknown {
			rest *= d
			continue
		}
		if free >= 0 {
			return Spec{}, fmt.Errorf("only one size may be -1: %s", ShapeString(shape))
		}
		free = i
	}
	have := Size(in[0].Shape)
	switch {
	case have == Unknown:
	case free < 0 && rest != have, free >= 0 && (rest == 0 && have != 0 || rest != 0 && have%rest != 0):
		return Spec{}, fmt.Errorf("%d elements of shape %s do not fill shape %s", have, ShapeString(in[0].Shape), ShapeString(shape))
	case free >= 0 && rest == 0:
		shape[free] = 0
	case free >= 0:
		shape[free] = have / rest
	}
	return Spec{in[0].DType, shape}, anyType(in[0])
}

// Grad implements Differentiable.
func (Reshape) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return reshaped(b, in, dout, want)
}

// ReshapeLike gives x the shape of its second input.
type ReshapeLike struct{ copier }

// Name implements Kernel. TensorFlow does it with Shape and Reshape.
func (ReshapeLike) Name() string { return "ReshapeLike" }

// Infer implements Kernel.
func (ReshapeLike) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "like"); err != nil {
		return Spec{}, err
	}
	a, b := Size(in[0].Shape), Size(in[1].Shape)
	if a != Unknown && b != Unknown && a != b {
		return Spec{}, fmt.Errorf("%d elements of shape %s do not fill shape %s", a, ShapeString(in[0].Shape), ShapeString(in[1].Shape))
	}
	return Spec{in[0].DType, like(in[1]).Shape}, anyType(in[0])
}

// Grad implements Differentiable.
func (ReshapeLike) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return reshaped(b, in, dout, want)
}

// Squeeze takes axes of size 1 away: those of Axes, or, if there are none,
// all that are known to have it.
type Squeeze struct {
	copier
	Axes Axes
}

// Name implements Kernel.
func (Squeeze) Name() string { return "Squeeze" }

// Infer implements Kernel.
func (k Squeeze) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if err := k.Axes.within(in[0].Shape); err != nil {
		return Spec{}, err
	}
	out := []int{}
	for i, d := range in[0].Shape {
		switch {
		case k.Axes == 0 && d == Unknown:
			return Spec{}, fmt.Errorf("axis %d of shape %s may or may not be 1; say which axes to take away", i, ShapeString(in[0].Shape))
		case k.Axes.Has(i) && d != 1 && d != Unknown:
			return Spec{}, fmt.Errorf("axis %d of shape %s is not 1", i, ShapeString(in[0].Shape))
		case !k.Axes.Has(i) && (k.Axes != 0 || d != 1):
			out = append(out, d)
		}
	}
	return Spec{in[0].DType, out}, anyType(in[0])
}

// Grad implements Differentiable.
func (Squeeze) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return reshaped(b, in, dout, want)
}

// ExpandDims adds an axis of size 1 before Axis, which may count from the end
// of the new shape.
type ExpandDims struct {
	copier
	Axis int
}

// Name implements Kernel.
func (ExpandDims) Name() string { return "ExpandDims" }

// Infer implements Kernel.
func (k ExpandDims) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	axis, err := axisOf(k.Axis, len(in[0].Shape)+1)
	if err != nil {
		return Spec{}, err
	}
	shape := append([]int{}, in[0].Shape[:axis]...)
	shape = append(append(shape, 1), in[0].Shape[axis:]...)
	return Spec{in[0].DType, shape}, anyType(in[0])
}

// Grad implements Differentiable.
func (ExpandDims) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return reshaped(b, in, dout, want)
}

// Flatten makes x [batch, rest].
type Flatten struct{ copier }

// Name implements Kernel. TensorFlow does it with Reshape.
func (Flatten) Name() string { return "Flatten" }

// Infer implements Kernel.
func (Flatten) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if len(in[0].Shape) == 0 {
		return Spec{}, fmt.Errorf("x is a scalar, wanted a batch")
	}
	return Spec{in[0].DType, []int{in[0].Shape[0], Size(in[0].Shape[1:])}}, anyType(in[0])
}

// Grad implements Differentiable.
func (Flatten) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return reshaped(b, in, dout, want)
}

// Identity is its input.
type Identity struct{ copier }

// Name implements Kernel.
func (Identity) Name() string { return "Identity" }

// Infer implements Kernel.
func (Identity) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	return like(in[0]), anyType(in[0])
}

// Grad implements Differentiable.
func (Identity) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return dout })
	return g.done()
}

// StopGradient is its input, to which no gradient flows.
type StopGradient struct{ copier }

// Name implements Kernel.
func (StopGradient) Name() string { return "StopGradient" }

// Infer implements Kernel.
func (StopGradient) Infer(in []Spec) (Spec, error) { return Identity{}.Infer(in) }

// Grad implements Differentiable.
func (StopGradient) Grad(*Builder, []*Node, *Node, *Node, []bool) ([]*Node, error) {
	return []*Node{nil}, nil
}

// FillLike makes a tensor of its input's shape with one Value.
type FillLike struct{ Value float64 }

// Name implements Kernel.
func (k FillLike) Name() string {
	switch k.Value {
	case 0:
		return "ZerosLike"
	case 1:
		return "OnesLike"
	}
	return "Fill"
}

// Infer implements Kernel.
func (FillLike) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "like"); err != nil {
		return Spec{}, err
	}
	return like(in[0]), number(in...)
}

// Run implements Kernel.
func (k FillLike) Run(c *Ctx, out *Value, in []*Value) error {
	switch out.DType {
	case tensors.Float32:
		fill(out.F32, float32(k.Value))
	case tensors.Float64:
		fill(out.F64, k.Value)
	case tensors.Int32:
		fill(out.I32, int32(k.Value))
	case tensors.Int64:
		fill(out.I64, int64(k.Value))
	}
	return c.err()
}

func fill[T any](s []T, v T) {
	for i := range s {
		s[i] = v
	}
}

// Grad implements Differentiable.
func (FillLike) Grad(*Builder, []*Node, *Node, *Node, []bool) ([]*Node, error) {
	return []*Node{nil}, nil
}
