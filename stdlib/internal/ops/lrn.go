package ops

import (
	"errors"
	"fmt"
	"math"
)

// LRN divides each element of x, whose last axis is channels, by (Bias +
// Alpha·Σ of the squares of the channels up to DepthRadius away)^Beta.
type LRN struct {
	DepthRadius       int
	Bias, Alpha, Beta float64
}

// LRNGrad is the gradient of LRN; its inputs are x and the output's gradient.
type LRNGrad LRN

// Name implements Kernel.
func (LRN) Name() string { return "LRN" }

// Name implements Kernel.
func (LRNGrad) Name() string { return "LRNGrad" }

// Infer implements Kernel.
func (k LRN) Infer(in []Spec) (Spec, error) {
	s, err := lastAxis(in, "x")
	return s, errors.Join(err, k.check())
}

func (k LRN) check() error {
	if k.DepthRadius < 0 || k.DepthRadius > maxWindow {
		return fmt.Errorf("depth radius %d is not in 0 … %d", k.DepthRadius, maxWindow)
	}
	return nil
}

// Infer implements Kernel.
func (k LRNGrad) Infer(in []Spec) (Spec, error) {
	s, err := lastAxis(in, "x", "gradient")
	return s, errors.Join(err, LRN(k).check())
}

// Run implements Kernel.
func (k LRN) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, lrn[float32], lrn[float64])(c, k, out, in[0])
}

// Run implements Kernel.
func (k LRNGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, lrnGrad[float32], lrnGrad[float64])(c, LRN(k), out, in)
}

// near calls f for the channels up to the radius away from i.
func (k LRN) near(i, n int) (from, to int) {
	return max(0, i-k.DepthRadius), min(n, i+k.DepthRadius+1)
}

// norm is Bias + Alpha·Σ for channel i of a pixel.
func lrnNorm[T Float](k LRN, x []T, i int) float64 {
	from, to := k.near(i, len(x))
	s := 0.0
	for _, v := range x[from:to] {
		s += float64(v) * float64(v)
	}
	return k.Bias + k.Alpha*s
}

func lrn[T Float](c *Ctx, k LRN, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	return eachRow(c, out.Shape, func(at, n int) {
		for i := range n {
			y[at+i] = T(float64(x[at+i]) * math.Pow(lrnNorm(k, x[at:][:n], i), -k.Beta))
		}
	})
}

func lrnGrad[T Float](c *Ctx, k LRN, out *Value, in []*Value) error {
	dx, x, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	return eachRow(c, out.Shape, func(at, n int) {
		scale, slope := make([]float64, n), make([]float64, n)
		for i := range n {
			norm := lrnNorm(k, x[at:][:n], i)
			scale[i] = float64(dy[at+i]) * math.Pow(norm, -k.Beta)
			slope[i] = -2 * k.Alpha * k.Beta * scale[i] * float64(x[at+i]) / norm
		}
		for i := range n {
			from, to := k.near(i, n)
			s := 0.0
			for _, v := range slope[from:to] {
				s += v
			}
			dx[at+i] = T(scale[i] + float64(x[at+i])*s)
		}
	})
}

// Grad implements Differentiable.
func (k LRN) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(LRNGrad(k), in[0], dout) })
	return g.done()
}

// LeakyRelu is x where it is positive, else Alpha·x.
type LeakyRelu struct{ Alpha float64 }

// LeakyReluGrad is the gradient of LeakyRelu; its inputs are x and the
// output's gradient.
type LeakyReluGrad LeakyRelu

// Name implements Kernel.
func (LeakyRelu) Name() string { return "LeakyRelu" }

// Name implements Kernel.
func (LeakyReluGrad) Name() string { return "LeakyReluGrad" }

// Infer implements Kernel.
func (LeakyRelu) Infer(in []Spec) (Spec, error) { return allSame(in, "x") }

// Infer implements Kernel.
func (LeakyReluGrad) Infer(in []Spec) (Spec, error) { return allSame(in, "x", "gradient") }

// Reuses implements InPlace.
func (LeakyRelu) Reuses() []int { return []int{0} }

// Reuses implements InPlace.
func (LeakyReluGrad) Reuses() []int { return []int{1, 0} }

// Run implements Kernel.
func (k LeakyRelu) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, leaky[float32], leaky[float64])(c, k, out, in[0], in[0])
}

// Run implements Kernel.
func (k LeakyReluGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, leaky[float32], leaky[float64])(c, LeakyRelu(k), out, in[0], in[1])
}

// leaky multiplies v by 1 or Alpha, as x is positive or not.
func leaky[T Float](c *Ctx, k LeakyRelu, out, x, v *Value) error {
	y, sign, from := Elems[T](out), Elems[T](x), Elems[T](v)
	return c.Ranges(len(y), elementGrain, func(a, b int) {
		for i := a; i < b; i++ {
			if sign[i] > 0 {
				y[i] = from[i]
			} else {
				y[i] = from[i] * T(k.Alpha)
			}
		}
	})
}

// Grad implements Differentiable.
func (k LeakyRelu) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(LeakyReluGrad(k), in[0], dout) })
	return g.done()
}
