package ops

import (
	"fmt"

	"graft/ckpt/tensors"
)

// Concat joins tensors, of one dtype, along Axis, which may count from the end.
type Concat struct{ Axis int }

// Name implements Kernel.
func (Concat) Name() string { return "ConcatV2" }

// Infer implements Kernel.
func (k Concat) Infer(in []Spec) (Spec, error) {
	if err := atLeast(in, 1, "x"); err != nil {
		return Spec{}, err
	}
	if err := anyType(in[0]); err != nil {
		return Spec{}, err
	}
	if err := oneType(in...); err != nil {
		return Spec{}, err
	}
	axis, err := axisOf(k.Axis, len(in[0].Shape))
	if err != nil {
		return Spec{}, err
	}
	out := like(in[0]).Shape
	for i, s := range in[1:] {
		if len(s.Shape) != len(out) {
			return Spec{}, fmt.Errorf("inputs 0 and %d have shapes %s and %s", i+1, ShapeString(in[0].Shape), ShapeString(s.Shape))
		}
		for a, d := range s.Shape {
			switch {
			case a != axis:
				if out[a], err = merge(fmt.Sprintf("axis %d of inputs 0 and %d", a, i+1), out[a], d); err != nil {
					return Spec{}, err
				}
			case d == Unknown || out[a] == Unknown:
				out[a] = Unknown
			default:
				out[a] += d
			}
		}
	}
	return made(in[0].DType, out)
}

// Run implements Kernel.
func (k Concat) Run(c *Ctx, out *Value, in []*Value) error {
	axis, err := axisOf(k.Axis, len(out.Shape))
	if err != nil {
		return err
	}
	first := 0
	for _, v := range in {
		if err := copyBlock(c, out, v, axis, first, true); err != nil {
			return err
		}
		first += v.Shape[axis]
	}
	return nil
}

// copyBlock copies part, which whole holds along axis from index first on,
// into whole, or out of it.
func copyBlock(c *Ctx, whole, part *Value, axis, first int, into bool) error {
	if part.Len() == 0 {
		return nil
	}
	inner := product(part.Shape[axis+1:])
	long, short := whole.Shape[axis]*inner, part.Shape[axis]*inner
	at := first * inner
	switch whole.DType {
	case tensors.Float32:
		return copyRows(c, whole.F32, part.F32, long, short, at, into)
	case tensors.Float64:
		return copyRows(c, whole.F64, part.F64, long, short, at, into)
	case tensors.Int32:
		return copyRows(c, whole.I32, part.I32, long, short, at, into)
	case tensors.Int64:
		return copyRows(c, whole.I64, part.I64, long, short, at, into)
	}
	return copyRows(c, whole.Bool, part.Bool, long, short, at, into)
}

func copyRows[T any](c *Ctx, whole, part []T, long, short, at int, into bool) error {
	return c.Ranges(len(part)/short, elementGrain/short, func(from, to int) {
		for r := from; r < to; r++ {
			w, p := whole[r*long+at:][:short], part[r*short:][:short]
			if into {
				copy(w, p)
			} else {
				copy(p, w)
			}
		}
	})
}

// Grad implements Differentiable.
func (k Concat) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	for i := range in {
		g.to(i, func() *Node { return g.op(ConcatGrad{k.Axis, i}, append([]*Node{dout}, in...)...) })
	}
	return g.done()
}

// ConcatGrad is the part of its first input, the gradient of a Concat, that
// came from input I; the other inputs are the Concat's, for their shapes.
type ConcatGrad struct{ Axis, I int }

// Name implements Kernel.
func (ConcatGrad) Name() string { return "ConcatGrad" }

// Infer implements Kernel.
func (k ConcatGrad) Infer(in []Spec) (Spec, error) {
	if err := atLeast(in, 2, "x"); err != nil {
		return Spec{}, err
	}
	if k.I < 0 || k.I >= len(in)-1 {
		return Spec{}, fmt.Errorf("there is no input %d of %d", k.I, len(in)-1)
	}
	s, err := Concat{k.Axis}.Infer(in[1:])
	if err != nil {
		return Spec{}, err
	}
	return like(in[k.I+1]), checkDout(in[0].Shape, s)
}

// Run implements Kernel.
func (k ConcatGrad) Run(c *Ctx, out *Value, in []*Value) error {
	axis, err := axisOf(k.Axis, len(out.Shape))
	if err != nil {
		return err
	}
	first := 0
	for _, v := range in[1 : k.I+1] {
		first += v.Shape[axis]
	}
	return copyBlock(c, in[0], out, axis, first, false)
}
