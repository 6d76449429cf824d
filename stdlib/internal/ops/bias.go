package ops

import (
	"fmt"

	"graft/stdlib/internal/kern"
)

// BiasAdd adds bias [channels] to the last axis of x.
type BiasAdd struct{}

// BiasAddGrad sums the gradient of an output over all axes but the last.
type BiasAddGrad struct{}

// Name implements Kernel.
func (BiasAdd) Name() string { return "BiasAdd" }

// Infer implements Kernel.
func (BiasAdd) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "bias"); err != nil {
		return Spec{}, err
	}
	if err := rank("bias", in[1], 1, "channels"); err != nil {
		return Spec{}, err
	}
	if err := channelsLast(in[0], in[1]); err != nil {
		return Spec{}, err
	}
	return like(in[0]), float(in...)
}

// channelsLast checks that x has at least two axes and as many channels as
// the vectors of one a channel.
func channelsLast(x Spec, vectors ...Spec) error {
	if len(x.Shape) < 2 {
		return fmt.Errorf("x has shape %s, wanted at least 2 axes, the last of them channels", ShapeString(x.Shape))
	}
	c := x.Shape[len(x.Shape)-1]
	for _, v := range vectors {
		if len(v.Shape) != 1 {
			return fmt.Errorf("a vector of one a channel has shape %s", ShapeString(v.Shape))
		}
		var err error
		if c, err = merge("channels of x and of a vector of one a channel", c, v.Shape[0]); err != nil {
			return err
		}
	}
	return nil
}

// Run implements Kernel.
func (BiasAdd) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, biasAdd[float32], biasAdd[float64])(c, out, in)
}

// Reuses implements InPlace.
func (BiasAdd) Reuses() []int { return []int{0} }

func biasAdd[T Float](c *Ctx, out *Value, in []*Value) error {
	y, x, bias := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	n := len(bias)
	if n == 0 {
		return nil
	}
	ones := scratch[T](c, n)
	fill(ones, 1)
	return normalize(c, y, x, ones, bias)
}

// Grad implements Differentiable.
func (BiasAdd) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return dout })
	g.to(1, func() *Node { return g.op(BiasAddGrad{}, dout) })
	return g.done()
}

// Name implements Kernel.
func (BiasAddGrad) Name() string { return "BiasAddGrad" }

// Infer implements Kernel.
func (BiasAddGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "gradient"); err != nil {
		return Spec{}, err
	}
	if err := channelsLast(in[0]); err != nil {
		return Spec{}, err
	}
	return Spec{in[0].DType, in[0].Shape[len(in[0].Shape)-1:]}, float(in...)
}

// Run implements Kernel.
func (BiasAddGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, biasAddGrad[float32], biasAddGrad[float64])(c, out, in)
}

func biasAddGrad[T Float](c *Ctx, out *Value, in []*Value) error {
	dy, db := Elems[T](in[0]), Elems[T](out)
	n := len(db)
	sums, err := columnSums(c, len(dy), n, n, func(sum []float64, from, to int) {
		kern.ColumnSums(sum, dy[from:to])
	})
	for i := range db {
		db[i] = T(sums[i])
	}
	return err
}

// columnSums cuts a tensor of n elements, channels of them a row, into blocks
// of rows that do not depend on the number of workers, has f add each to wide
// sums, and adds the blocks in order.
func columnSums(c *Ctx, n, channels, wide int, f func(sum []float64, from, to int)) ([]float64, error) {
	if n == 0 || channels == 0 {
		return make([]float64, wide), nil
	}
	rows := n / channels
	grain := max((rows+partials-1)/partials, elementGrain/channels/2, 1)
	parts := (rows + grain - 1) / grain
	sums := make([]float64, parts*wide)
	err := c.For(parts, func(p int) {
		f(sums[p*wide:][:wide], p*grain*channels, min(n, (p+1)*grain*channels))
	})
	for p := 1; p < parts; p++ {
		kern.AddTo(sums[:wide], sums[p*wide:][:wide])
	}
	return sums[:wide], err
}
