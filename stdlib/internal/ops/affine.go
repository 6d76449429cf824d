package ops

import "graft/stdlib/internal/kern"

// Affine computes x·By + Plus.
type Affine struct{ By, Plus float64 }

// Name implements Kernel. TensorFlow does it with Mul and Add.
func (Affine) Name() string { return "Affine" }

// Infer implements Kernel.
func (Affine) Infer(in []Spec) (Spec, error) { return allSame(in, "x") }

// Reuses implements InPlace.
func (Affine) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (k Affine) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, affine[float32], affine[float64])(c, k, out, in[0])
}

func affine[T Float](c *Ctx, k Affine, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	return c.Ranges(len(y), elementGrain, func(from, to int) { kern.Affine(y[from:to], x[from:to], T(k.By), T(k.Plus)) })
}

// Grad implements Differentiable.
func (k Affine) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node {
		if k.By == 1 {
			return dout
		}
		return g.op(Affine{By: k.By}, dout)
	})
	return g.done()
}

// AddN adds any number of tensors of one shape, in order.
type AddN struct{}

// Name implements Kernel.
func (AddN) Name() string { return "AddN" }

// Infer implements Kernel.
func (AddN) Infer(in []Spec) (Spec, error) {
	if err := atLeast(in, 1, "x"); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	shape := in[0].Shape
	for _, s := range in[1:] {
		var err error
		if shape, err = same("the tensors to add", shape, s.Shape); err != nil {
			return Spec{}, err
		}
	}
	return Spec{in[0].DType, shape}, nil
}

// Reuses implements InPlace.
func (AddN) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (AddN) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, addN[float32], addN[float64])(c, out, in)
}

func addN[T Float](c *Ctx, out *Value, in []*Value) error {
	y := Elems[T](out)
	return c.Ranges(len(y), elementGrain/4, func(from, to int) {
		part := y[from:to]
		if len(in) == 1 {
			copy(part, Elems[T](in[0])[from:to])
			return
		}
		kern.Add(part, Elems[T](in[0])[from:to], Elems[T](in[1])[from:to])
		for _, v := range in[2:] {
			kern.Add(part, part, Elems[T](v)[from:to])
		}
	})
}

// Grad implements Differentiable.
func (AddN) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	for i := range in {
		g.to(i, func() *Node { return dout })
	}
	return g.done()
}
