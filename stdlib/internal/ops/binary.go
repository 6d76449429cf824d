package ops

import (
	"fmt"
	"slices"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
)

// Binary is a function of the elements of a and b, whose shapes broadcast as
// in numpy, by TensorFlow's name. Two axes that are both Unknown are taken to
// be equal.
type Binary string

// The functions of two arguments.
const (
	Add               Binary = "Add"
	Sub               Binary = "Sub"
	Mul               Binary = "Mul"
	Div               Binary = "RealDiv" // floats only
	Maximum           Binary = "Maximum"
	Minimum           Binary = "Minimum"
	SquaredDifference Binary = "SquaredDifference"
	Pow               Binary = "Pow"      // floats only
	DivNoNan          Binary = "DivNoNan" // a/b, but 0 where b is 0; floats only
)

type combine[T kern.Number] func(y, a, b []T)

// binaryRow is a function's loops over equally long slices; no integer loops:
// floats only.
type binaryRow struct {
	name Binary
	f32  combine[float32]
	f64  combine[float64]
	i32  combine[int32]
	i64  combine[int64]
}

var binaries = []binaryRow{
	{Add, kern.Add[float32], kern.Add[float64], kern.Add[int32], kern.Add[int64]},
	{Sub, kern.Sub[float32], kern.Sub[float64], kern.Sub[int32], kern.Sub[int64]},
	{Mul, kern.Mul[float32], kern.Mul[float64], kern.Mul[int32], kern.Mul[int64]},
	{Div, kern.Div[float32], kern.Div[float64], nil, nil},
	{Maximum, kern.Max[float32], kern.Max[float64], kern.Max[int32], kern.Max[int64]},
	{Minimum, kern.Min[float32], kern.Min[float64], kern.Min[int32], kern.Min[int64]},
	{SquaredDifference, kern.SquaredDifference[float32], kern.SquaredDifference[float64], kern.SquaredDifference[int32], kern.SquaredDifference[int64]},
	{Pow, kern.Pow[float32], kern.Pow[float64], nil, nil},
	{DivNoNan, kern.DivNoNan[float32], kern.DivNoNan[float64], nil, nil},
}

func (k Binary) row() (*binaryRow, error) {
	for i := range binaries {
		if binaries[i].name == k {
			return &binaries[i], nil
		}
	}
	return nil, fmt.Errorf("no function of two arguments is called %q", string(k))
}

// Name implements Kernel.
func (k Binary) Name() string { return string(k) }

// Infer implements Kernel.
func (k Binary) Infer(in []Spec) (Spec, error) {
	row, err := k.row()
	if err != nil {
		return Spec{}, err
	}
	if err := inputs(in, "a", "b"); err != nil {
		return Spec{}, err
	}
	check := number
	if row.i32 == nil {
		check = float
	}
	if err := check(in...); err != nil {
		return Spec{}, err
	}
	shape, err := broadcast(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, shape)
}

// Reuses implements InPlace.
func (k Binary) Reuses() []int { return []int{0, 1} }

// Run implements Kernel.
func (k Binary) Run(c *Ctx, out *Value, in []*Value) error {
	row, err := k.row()
	if err != nil {
		return err
	}
	switch out.DType {
	case tensors.Float32:
		return elementwise(c, row.f32, out, in)
	case tensors.Float64:
		return elementwise(c, row.f64, out, in)
	case tensors.Int32:
		return elementwise(c, row.i32, out, in)
	}
	return elementwise(c, row.i64, out, in)
}

func elementwise[T kern.Number](c *Ctx, f combine[T], out *Value, in []*Value) error {
	y, a, b := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	w := newWalk(out.Shape, in[0].Shape, in[1].Shape)
	return walkRows(c, w, func(at [3]int, n int, buf []T) {
		f(y[at[0]:][:n], operand(a, at[1], w.step[0], n, buf), operand(b, at[2], w.step[1], n, buf))
	})
}

// operand is a row of n elements, or one element n times, written to buf. (Of
// two operands one is a row, or n is 1.)
func operand[T kern.Number](x []T, at, step, n int, buf []T) []T {
	if step == 1 || n == 1 {
		return x[at:][:n]
	}
	buf = buf[:n]
	for i := range buf {
		buf[i] = x[at]
	}
	return buf
}

// broadcast is the shape that a and b have together.
func broadcast(a, b []int) ([]int, error) {
	out := make([]int, max(len(a), len(b)))
	for i := range out {
		x, y := axisFromEnd(a, len(out)-1-i), axisFromEnd(b, len(out)-1-i)
		switch {
		case x == y || y == 1:
			out[i] = x
		case x == 1:
			out[i] = y
		case x == Unknown:
			out[i] = y
		case y == Unknown:
			out[i] = x
		default:
			return nil, fmt.Errorf("shapes %s and %s do not broadcast: axis %d is %d and %d", ShapeString(a), ShapeString(b), i, x, y)
		}
	}
	return out, nil
}

func axisFromEnd(shape []int, i int) int {
	if i >= len(shape) {
		return 1
	}
	return shape[len(shape)-1-i]
}

// covers reports that broadcasting b to a leaves a's shape as it is.
func covers(a, b []int) bool {
	if len(b) > len(a) {
		return false
	}
	for i := range b {
		x, y := axisFromEnd(a, i), axisFromEnd(b, i)
		if y != 1 && x != y {
			return false
		}
	}
	return true
}

// Grad implements Differentiable. Where a and b are equal, Maximum and
// Minimum give the gradient to a, as TensorFlow does.
func (k Binary) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	x, z := in[0], in[1]
	specs := [2]Spec{}
	for i, n := range in {
		s, err := SpecOf(n)
		if err != nil {
			return nil, err
		}
		specs[i] = s
	}
	back := func(i int, full *Node) *Node {
		if g.err != nil || covers(specs[i].Shape, specs[1-i].Shape) {
			return full
		}
		return g.op(SumTo{}, full, in[i])
	}
	of := map[Binary][2]func() *Node{
		Add: {func() *Node { return dout }, func() *Node { return dout }},
		Sub: {func() *Node { return dout }, func() *Node { return g.op(Neg, dout) }},
		Mul: {func() *Node { return g.op(Mul, dout, z) }, func() *Node { return g.op(Mul, dout, x) }},
		Div: {func() *Node { return g.op(Div, dout, z) }, func() *Node { return g.op(Neg, g.op(Div, g.op(Mul, dout, out), z)) }},
		DivNoNan: {
			func() *Node { return g.op(DivNoNan, dout, z) },
			func() *Node { return g.op(Neg, g.op(DivNoNan, g.op(Mul, dout, out), z)) },
		},
		SquaredDifference: {
			func() *Node { return g.op(Affine{By: 2}, g.op(Mul, dout, g.op(Sub, x, z))) },
			func() *Node { return g.op(Affine{By: -2}, g.op(Mul, dout, g.op(Sub, x, z))) },
		},
		Maximum: {func() *Node { return g.op(SelectGrad{k, 0}, x, z, dout) }, func() *Node { return g.op(SelectGrad{k, 1}, x, z, dout) }},
		Minimum: {func() *Node { return g.op(SelectGrad{k, 0}, x, z, dout) }, func() *Node { return g.op(SelectGrad{k, 1}, x, z, dout) }},
		Pow:     {func() *Node { return g.op(PowGrad{0}, x, z, dout) }, func() *Node { return g.op(PowGrad{1}, x, z, dout) }},
	}[k]
	for i := range of {
		g.to(i, func() *Node { return back(i, of[i]()) })
	}
	return g.done()
}

// SumTo sums x over the axes along which something of the shape of its second
// input was broadcast to x's shape: the gradient of broadcasting.
type SumTo struct{}

// Name implements Kernel. TensorFlow does it with Sum and Reshape.
func (SumTo) Name() string { return "SumTo" }

// Infer implements Kernel.
func (SumTo) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "like"); err != nil {
		return Spec{}, err
	}
	if err := float(in[0]); err != nil {
		return Spec{}, err
	}
	full, err := broadcast(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	if _, err := same("x and what its second input broadcasts to", in[0].Shape, full); err != nil {
		return Spec{}, err
	}
	return Spec{in[0].DType, slices.Clone(in[1].Shape)}, nil
}

// Reuses implements InPlace.
func (SumTo) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (SumTo) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, sumTo[float32], sumTo[float64])(c, out, in)
}

func sumTo[T Float](c *Ctx, out *Value, in []*Value) error {
	x := in[0]
	if slices.Equal(out.Shape, x.Shape) {
		copy(Elems[T](out), Elems[T](x))
		return nil
	}
	axes := Axes(0)
	for i := range x.Shape {
		if axisFromEnd(out.Shape, len(x.Shape)-1-i) == 1 && x.Shape[i] != 1 {
			axes |= 1 << i
		}
	}
	return reduceSum(c, Elems[T](out), Elems[T](x), x.Shape, axes, 1)
}

// Grad implements Differentiable.
func (SumTo) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(BroadcastLike{}, dout, in[0]) })
	return g.done()
}
