package ops

import (
	"fmt"
	"slices"

	"graft/stdlib/internal/kern"
)

// BroadcastLike repeats x to the shape of its second input, by numpy's rules.
type BroadcastLike struct{}

// Name implements Kernel.
func (BroadcastLike) Name() string { return "BroadcastTo" }

// Infer implements Kernel.
func (BroadcastLike) Infer(in []Spec) (Spec, error) {
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
	if _, err := same("x broadcast and the shape wanted", full, in[1].Shape); err != nil {
		return Spec{}, err
	}
	return Spec{in[0].DType, slices.Clone(in[1].Shape)}, nil
}

// Run implements Kernel.
func (BroadcastLike) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, broadcastLike[float32], broadcastLike[float64])(c, out, in[0])
}

func broadcastLike[T Float](c *Ctx, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	w := newWalk(out.Shape, in.Shape, nil)
	return walkRows(c, w, func(at [3]int, n int, buf []T) {
		copy(y[at[0]:][:n], operand(x, at[1], w.step[0], n, buf))
	})
}

// Grad implements Differentiable.
func (BroadcastLike) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(SumTo{}, dout, in[0]) })
	return g.done()
}

// SelectGrad is the gradient of Maximum or Minimum with respect to input To,
// not yet summed to its shape; the inputs are a, b and the output's gradient.
type SelectGrad struct {
	Of Binary
	To int
}

// Name implements Kernel.
func (k SelectGrad) Name() string { return string(k.Of) + "Grad" }

// Infer implements Kernel.
func (k SelectGrad) Infer(in []Spec) (Spec, error) {
	if k.Of != Maximum && k.Of != Minimum || k.To < 0 || k.To > 1 {
		return Spec{}, fmt.Errorf("no gradient of %q with respect to input %d", string(k.Of), k.To)
	}
	return binaryGrad(in)
}

// binaryGrad is the Infer of gradients that have the output's shape.
func binaryGrad(in []Spec) (Spec, error) {
	if err := inputs(in, "a", "b", "gradient"); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	full, err := broadcast(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	return like(in[2]), checkDout(in[2].Shape, Spec{Shape: full})
}

// Run implements Kernel.
func (k SelectGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, selectGrad[float32], selectGrad[float64])(c, k, out, in)
}

func selectGrad[T Float](c *Ctx, k SelectGrad, out *Value, in []*Value) error {
	y, a, b, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	w := newWalk(out.Shape, in[0].Shape, in[1].Shape)
	return walkRows(c, w, func(at [3]int, n int, _ []T) {
		for i := range n {
			x, z := a[at[1]+i*w.step[0]], b[at[2]+i*w.step[1]]
			first := x >= z
			if k.Of == Minimum {
				first = x <= z
			}
			y[at[0]+i] = 0
			if first == (k.To == 0) {
				y[at[0]+i] = dy[at[0]+i]
			}
		}
	})
}

// PowGrad is the gradient of Pow with respect to input To, not yet summed to
// its shape; the inputs are a, b and the output's gradient. As in TensorFlow
// that with respect to b is 0 where a is not positive.
type PowGrad struct{ To int }

// Name implements Kernel.
func (PowGrad) Name() string { return "PowGrad" }

// Infer implements Kernel.
func (k PowGrad) Infer(in []Spec) (Spec, error) {
	if k.To < 0 || k.To > 1 {
		return Spec{}, fmt.Errorf("no gradient of Pow with respect to input %d", k.To)
	}
	return binaryGrad(in)
}

// Run implements Kernel.
func (k PowGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, powGrad[float32], powGrad[float64])(c, k, out, in)
}

func powGrad[T Float](c *Ctx, k PowGrad, out *Value, in []*Value) error {
	y, a, b, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	w := newWalk(out.Shape, in[0].Shape, in[1].Shape)
	return walkRows(c, w, func(at [3]int, n int, _ []T) {
		for i := range n {
			x, z := float64(a[at[1]+i*w.step[0]]), float64(b[at[2]+i*w.step[1]])
			y[at[0]+i] = dy[at[0]+i] * T(kern.PowGrad(x, z, k.To))
		}
	})
}
