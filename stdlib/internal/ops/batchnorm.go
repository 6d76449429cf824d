package ops

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"graft/stdlib/internal/kern"
)

// Batch normalisation takes x of any rank from 2 on, the last axis being the
// channels, and normalises each channel over all others.
//
// Inference is BatchNorm over stored statistics. Training is Moments and
// FusedBatchNorm over them, whose gradient goes through the statistics.

// Moments computes, in one pass, [2, channels] of x: the mean of each channel
// and its variance, the biased one (divided by n, not n-1).
type Moments struct{}

// Name implements Kernel. In TensorFlow it is a part of FusedBatchNorm.
func (Moments) Name() string { return "Moments" }

// Infer implements Kernel.
func (Moments) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if err := channelsLast(in[0]); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, []int{2, in[0].Shape[len(in[0].Shape)-1]})
}

// Run implements Kernel.
func (Moments) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, moments[float32], moments[float64])(c, out, in[0])
}

// moments sums each channel's distance from its first element, which loses
// nothing where the mean is large against the deviation, and squares thereof.
func moments[T Float](c *Ctx, out, in *Value) error {
	x, y := Elems[T](in), Elems[T](out)
	n := out.Shape[1]
	if n == 0 {
		return nil
	}
	if len(x) == 0 {
		for i := range y {
			y[i] = T(math.NaN())
		}
		return nil
	}
	shift := x[:n]
	sums, err := columnSums(c, len(x), n, 2*n, func(sum []float64, from, to int) {
		kern.ColumnMoments(sum[:n], sum[n:], x[from:to], shift)
	})
	rows := float64(len(x) / n)
	for i := range n {
		mean := sums[i] / rows
		y[i] = T(float64(shift[i]) + mean)
		y[n+i] = T(max(0, sums[n+i]/rows-mean*mean))
	}
	return err
}

// Grad implements Differentiable.
func (Moments) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(MomentsGrad{}, in[0], out, dout) })
	return g.done()
}

// MomentsGrad is the gradient of Moments; its inputs are x, the moments and
// their gradient.
type MomentsGrad struct{}

// Name implements Kernel.
func (MomentsGrad) Name() string { return "MomentsGrad" }

// Infer implements Kernel.
func (MomentsGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "moments", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Moments{}.Infer(in[:1])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), checkDout(in[1].Shape, s), checkDout(in[2].Shape, s))
}

// Run implements Kernel.
func (MomentsGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, momentsGrad[float32], momentsGrad[float64])(c, out, in)
}

func momentsGrad[T Float](c *Ctx, out *Value, in []*Value) error {
	dx, x, m, dm := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	n := in[1].Shape[1]
	if n == 0 || len(x) == 0 {
		return nil
	}
	rows := T(len(x) / n)
	scale, shift := scratch[T](c, n), scratch[T](c, n)
	for i := range n {
		scale[i] = 2 * dm[n+i] / rows
		shift[i] = dm[i]/rows - scale[i]*m[i]
	}
	return normalize(c, dx, x, scale, shift)
}

// normalize is kern.Normalize on all workers.
func normalize[T Float](c *Ctx, y, x, scale, shift []T) error {
	n := len(scale)
	if n == 0 {
		return nil
	}
	return c.Ranges(len(y)/n, elementGrain/n, func(from, to int) {
		kern.Normalize(y[from*n:to*n], x[from*n:to*n], scale, shift)
	})
}

// BatchNorm computes (x - mean)/√(variance + Epsilon)·gamma + beta from stored
// statistics. Its inputs are x, mean, variance, then gamma if Scale and beta
// if Center.
type BatchNorm struct {
	Epsilon       float64
	Scale, Center bool
}

// Name implements Kernel. In TensorFlow it is FusedBatchNorm with is_training
// false.
func (BatchNorm) Name() string { return "BatchNorm" }

func affineNames(first []string, scale, center bool) []string {
	if scale {
		first = append(first, "gamma")
	}
	if center {
		first = append(first, "beta")
	}
	return first
}

// Infer implements Kernel.
func (k BatchNorm) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, affineNames([]string{"x", "mean", "variance"}, k.Scale, k.Center)...); err != nil {
		return Spec{}, err
	}
	if err := checkEpsilon(k.Epsilon); err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), channelsLast(in[0], in[1:]...))
}

func checkEpsilon(e float64) error {
	if e < 0 || math.IsNaN(e) || math.IsInf(e, 0) {
		return fmt.Errorf("epsilon is %g, wanted a number from 0 on", e)
	}
	return nil
}

// Reuses implements InPlace.
func (BatchNorm) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (k BatchNorm) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, batchNorm[float32], batchNorm[float64])(c, k, out, in)
}

func batchNorm[T Float](c *Ctx, k BatchNorm, out *Value, in []*Value) error {
	return normalizeBy(c, k, Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2]), in[3:])
}

// normalizeBy takes gamma and beta, those there are, from rest.
func normalizeBy[T Float](c *Ctx, k BatchNorm, y, x, mean, variance []T, rest []*Value) error {
	scale, shift := scratch[T](c, len(mean)), scratch[T](c, len(mean))
	for i := range mean {
		s := 1 / math.Sqrt(float64(variance[i])+k.Epsilon)
		at := 0
		if k.Scale {
			s *= float64(Elems[T](rest[0])[i])
			at = 1
		}
		b := -float64(mean[i]) * s
		if k.Center {
			b += float64(Elems[T](rest[at])[i])
		}
		scale[i], shift[i] = T(s), T(b)
	}
	return normalize(c, y, x, scale, shift)
}

// Grad implements Differentiable.
func (k BatchNorm) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	x, mean, variance := in[0], in[1], in[2]
	sums := sync.OnceValue(func() *Node {
		return g.op(BatchNormSums{Epsilon: k.Epsilon}, x, g.op(Stack{}, mean, variance), dout)
	})
	rate := func() *Node { // γ/σ
		r := g.op(Rsqrt, g.op(Affine{1, k.Epsilon}, variance))
		if k.Scale {
			r = g.op(Mul, r, in[3])
		}
		return r
	}
	g.to(0, func() *Node {
		if k.Scale {
			return g.op(BatchNormGrad(k), dout, variance, in[3])
		}
		return g.op(BatchNormGrad(k), dout, variance)
	})
	g.to(1, func() *Node { return g.op(Neg, g.op(Mul, rate(), g.op(BiasAddGrad{}, dout))) })
	g.to(2, func() *Node {
		d := g.op(Div, g.op(Mul, rate(), g.op(Row{0}, sums())), g.op(Sqrt, g.op(Affine{1, k.Epsilon}, variance)))
		return g.op(Affine{By: -0.5}, d)
	})
	at := 3
	if k.Scale {
		g.to(at, func() *Node { return g.op(Row{0}, sums()) })
		at++
	}
	if k.Center {
		g.to(at, func() *Node { return g.op(BiasAddGrad{}, dout) })
	}
	return g.done()
}

// BatchNormGrad is the gradient of BatchNorm with respect to x; its inputs
// are the output's gradient, the variance, and gamma if Scale.
type BatchNormGrad BatchNorm

// Name implements Kernel.
func (BatchNormGrad) Name() string { return "BatchNormGrad" }

// Infer implements Kernel.
func (k BatchNormGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, affineNames([]string{"gradient", "variance"}, k.Scale, false)...); err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), channelsLast(in[0], in[1:]...))
}

// Reuses implements InPlace.
func (BatchNormGrad) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (k BatchNormGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, batchNormGrad[float32], batchNormGrad[float64])(c, k, out, in)
}

func batchNormGrad[T Float](c *Ctx, k BatchNormGrad, out *Value, in []*Value) error {
	variance := Elems[T](in[1])
	zero := scratch[T](c, len(variance))
	clear(zero)
	return normalizeBy(c, BatchNorm{k.Epsilon, k.Scale, false}, Elems[T](out), Elems[T](in[0]), zero, variance, in[2:])
}
