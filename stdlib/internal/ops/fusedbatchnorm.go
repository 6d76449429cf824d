package ops

import (
	"errors"
	"math"

	"graft/stdlib/internal/kern"
)

// FusedBatchNorm normalises x by its own statistics. Its inputs are x, the
// Moments of this x, then gamma if Scale and beta if Center. The gradient with
// respect to x includes that through the moments, to which none is given.
type FusedBatchNorm BatchNorm

// Name implements Kernel.
func (FusedBatchNorm) Name() string { return "FusedBatchNorm" }

// Infer implements Kernel.
func (k FusedBatchNorm) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, affineNames([]string{"x", "moments"}, k.Scale, k.Center)...); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(checkEpsilon(k.Epsilon), float(in...), channelsLast(in[0], in[2:]...)); err != nil {
		return Spec{}, err
	}
	return like(in[0]), checkMoments(in[0], in[1])
}

func checkMoments(x, moments Spec) error {
	if err := channelsLast(x); err != nil {
		return err
	}
	_, err := same("moments and what they are of x", moments.Shape, []int{2, x.Shape[len(x.Shape)-1]})
	return err
}

// Reuses implements InPlace.
func (FusedBatchNorm) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (k FusedBatchNorm) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, fusedBatchNorm[float32], fusedBatchNorm[float64])(c, k, out, in)
}

func fusedBatchNorm[T Float](c *Ctx, k FusedBatchNorm, out *Value, in []*Value) error {
	m := Elems[T](in[1])
	n := len(m) / 2
	return normalizeBy(c, BatchNorm(k), Elems[T](out), Elems[T](in[0]), m[:n], m[n:], in[2:])
}

// Grad implements Differentiable.
func (k FusedBatchNorm) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	sums := g.op(BatchNormSums{Epsilon: k.Epsilon}, in[0], in[1], dout)
	g.to(0, func() *Node {
		if k.Scale {
			return g.op(FusedBatchNormGrad(k), in[0], in[1], sums, dout, in[2])
		}
		return g.op(FusedBatchNormGrad(k), in[0], in[1], sums, dout)
	})
	at := 2
	if k.Scale {
		g.to(at, func() *Node { return g.op(Row{0}, sums) })
		at++
	}
	if k.Center {
		g.to(at, func() *Node { return g.op(Row{1}, sums) })
	}
	return g.done()
}

// BatchNormSums computes [2, channels] of x, its moments and the output's
// gradient: the gradient times the normalised x, and the gradient, summed over
// all but the channels. They are the gradients of gamma and beta.
type BatchNormSums struct{ Epsilon float64 }

// Name implements Kernel.
func (BatchNormSums) Name() string { return "BatchNormSums" }

// Infer implements Kernel.
func (BatchNormSums) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "moments", "gradient"); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(float(in...), checkMoments(in[0], in[1]), checkDout(in[2].Shape, in[0])); err != nil {
		return Spec{}, err
	}
	return like(in[1]), nil
}

// Run implements Kernel.
func (k BatchNormSums) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, batchNormSums[float32], batchNormSums[float64])(c, k, out, in)
}

func batchNormSums[T Float](c *Ctx, k BatchNormSums, out *Value, in []*Value) error {
	y, x, m, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	n := len(m) / 2
	sums, err := columnSums(c, len(x), n, 2*n, func(sum []float64, from, to int) {
		kern.ColumnCentered(sum[:n], sum[n:], x[from:to], m[:n], dy[from:to])
	})
	for i := range n {
		y[i] = T(sums[i] / math.Sqrt(float64(m[n+i])+k.Epsilon))
		y[n+i] = T(sums[n+i])
	}
	return err
}

// FusedBatchNormGrad is the gradient of FusedBatchNorm with respect to x; its
// inputs are x, its moments, BatchNormSums, the output's gradient, and gamma
// if Scale.
type FusedBatchNormGrad BatchNorm

// Name implements Kernel.
func (FusedBatchNormGrad) Name() string { return "FusedBatchNormGrad" }

// Infer implements Kernel.
func (k FusedBatchNormGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, affineNames([]string{"x", "moments", "sums", "gradient"}, k.Scale, false)...); err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), checkMoments(in[0], in[1]), checkMoments(in[0], in[2]),
		checkDout(in[3].Shape, in[0]), channelsLast(in[0], in[4:]...))
}

// Reuses implements InPlace.
func (FusedBatchNormGrad) Reuses() []int { return []int{3, 0} }

// Run implements Kernel.
func (k FusedBatchNormGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, fusedBatchNormGrad[float32], fusedBatchNormGrad[float64])(c, k, out, in)
}

// fusedBatchNormGrad computes γ/σ·(dy - Σdy/n - x̂·Σ(dy·x̂)/n), written as
// dy·a + x·b + d with one a, b and d a channel.
func fusedBatchNormGrad[T Float](c *Ctx, k FusedBatchNormGrad, out *Value, in []*Value) error {
	dx, x, m, s, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2]), Elems[T](in[3])
	n := len(m) / 2
	if n == 0 || len(x) == 0 {
		return nil
	}
	rows := float64(len(x) / n)
	a, b, d := scratch[T](c, n), scratch[T](c, n), scratch[T](c, n)
	for i := range n {
		r := 1 / math.Sqrt(float64(m[n+i])+k.Epsilon)
		f := r
		if k.Scale {
			f *= float64(Elems[T](in[4])[i])
		}
		slope := -f * r * float64(s[i]) / rows
		a[i], b[i] = T(f), T(slope)
		d[i] = T(-f*float64(s[n+i])/rows - slope*float64(m[i]))
	}
	return c.Ranges(len(dx)/n, elementGrain/n, func(from, to int) {
		kern.Combine(dx[from*n:to*n], dy[from*n:to*n], x[from*n:to*n], a, b, d)
	})
}

// Unbias multiplies a variance [channels] by n/(n-1), n being the elements of
// a channel of its second input, x, as TensorFlow's fused batch normalisation
// does for the moving average. n of 1 leaves it as it is.
type Unbias struct{}

// Name implements Kernel.
func (Unbias) Name() string { return "Unbias" }

// Infer implements Kernel.
func (Unbias) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "variance", "x"); err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), channelsLast(in[1], in[0]))
}

// Reuses implements InPlace.
func (Unbias) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (Unbias) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, unbias[float32], unbias[float64])(out, in)
}

func unbias[T Float](out *Value, in []*Value) error {
	n := 1.0
	if len := out.Len(); len > 0 {
		n = float64(in[1].Len() / len)
	}
	kern.Affine(Elems[T](out), Elems[T](in[0]), T(n/max(1, n-1)), 0)
	return nil
}
