package ops

import (
	"fmt"
	"math"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
)

// The steps of optimizers. The first inputs are the variable and its slots,
// of one shape, then come scalars, the last is the gradient. In order of
// increasing complexity.

// step describes the inputs of an optimizer's step and checks them.
func step(in []Spec, slots int, names ...string) (Spec, error) {
	if err := inputs(in, names...); err != nil {
		return Spec{}, err
	}
	last := len(in) - 1
	for i, s := range in {
		if i > 0 && i < last && i >= slots {
			if err := rank(names[i], s, 0, "a scalar"); err != nil {
				return Spec{}, err
			}
		} else if _, err := same(names[0]+" and "+names[i], in[0].Shape, s.Shape); err != nil {
			return Spec{}, err
		}
	}
	return like(in[0]), float(in...)
}

// stepRun runs f over ranges of the slots and the gradient; scalars are those
// between. A gradient is read, never changed.
func stepRun[T Float](c *Ctx, slots int, out *Value, in []*Value, f func(s [][]T, g, scalars []T)) error {
	all := make([][]T, slots)
	for i := range all {
		all[i] = Elems[T](in[i])
	}
	var scalars []T
	for _, v := range in[slots : len(in)-1] {
		scalars = append(scalars, Elems[T](v)[0])
	}
	g := Elems[T](in[len(in)-1])
	err := c.Ranges(len(g), elementGrain, func(from, to int) {
		part := make([][]T, slots)
		for i := range part {
			part[i] = all[i][from:to]
		}
		f(part, g[from:to], scalars)
	})
	copyValue(out, in[0])
	return err
}

// ApplyGradientDescent takes variable, lr, gradient: variable -= lr·gradient.
type ApplyGradientDescent struct{ writer }

// Name implements Kernel.
func (ApplyGradientDescent) Name() string { return "ApplyGradientDescent" }

// Infer implements Kernel.
func (ApplyGradientDescent) Infer(in []Spec) (Spec, error) {
	return step(in, 1, "variable", "lr", "gradient")
}

// Run implements Kernel.
func (ApplyGradientDescent) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, descend[float32], descend[float64])(c, out, in)
}

func descend[T Float](c *Ctx, out *Value, in []*Value) error {
	return stepRun(c, 1, out, in, func(s [][]T, g, k []T) { kern.Axpy(s[0], g, -k[0]) })
}

// slots2 is a Writer of a variable and one slot, slots3 of two and so on.
type (
	slots2 struct{}
	slots3 struct{}
	slots4 struct{}
)

// Writes implements Writer.
func (slots2) Writes() []int { return []int{0, 1} }

// Reuses implements InPlace.
func (slots2) Reuses() []int { return []int{0} }

// Writes implements Writer.
func (slots3) Writes() []int { return []int{0, 1, 2} }

// Reuses implements InPlace.
func (slots3) Reuses() []int { return []int{0} }

// Writes implements Writer.
func (slots4) Writes() []int { return []int{0, 1, 2, 3} }

// Reuses implements InPlace.
func (slots4) Reuses() []int { return []int{0} }

// ApplyMomentum takes variable, accumulator, lr, momentum, gradient.
type ApplyMomentum struct {
	slots2
	Nesterov bool
}

// Name implements Kernel.
func (ApplyMomentum) Name() string { return "ApplyMomentum" }

// Infer implements Kernel.
func (ApplyMomentum) Infer(in []Spec) (Spec, error) {
	return step(in, 2, "variable", "accumulator", "lr", "momentum", "gradient")
}

// Run implements Kernel.
func (k ApplyMomentum) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, momentum[float32], momentum[float64])(c, k, out, in)
}

func momentum[T Float](c *Ctx, a ApplyMomentum, out *Value, in []*Value) error {
	return stepRun(c, 2, out, in, func(s [][]T, g, k []T) { kern.Momentum(s[0], s[1], g, k[0], k[1], a.Nesterov) })
}

// ApplyAdagrad takes variable, accumulator, lr, gradient.
type ApplyAdagrad struct{ slots2 }

// Name implements Kernel.
func (ApplyAdagrad) Name() string { return "ApplyAdagrad" }

// Infer implements Kernel.
func (ApplyAdagrad) Infer(in []Spec) (Spec, error) {
	return step(in, 2, "variable", "accumulator", "lr", "gradient")
}

// Run implements Kernel.
func (ApplyAdagrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, adagrad[float32], adagrad[float64])(c, out, in)
}

func adagrad[T Float](c *Ctx, out *Value, in []*Value) error {
	return stepRun(c, 2, out, in, func(s [][]T, g, k []T) { kern.Adagrad(s[0], s[1], g, k[0]) })
}

// ApplyAdam takes variable, m, v, the powers of both betas, lr, gradient. Its
// epsilon is the "epsilon hat" of the paper, as TensorFlow's is: it is added
// to √v before the correction for bias.
type ApplyAdam struct {
	slots3
	Beta1, Beta2, Epsilon float64
}

// Name implements Kernel.
func (ApplyAdam) Name() string { return "ApplyAdam" }

// Infer implements Kernel.
func (ApplyAdam) Infer(in []Spec) (Spec, error) {
	return step(in, 3, "variable", "m", "v", "beta1_power", "beta2_power", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyAdam) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, adam[float32], adam[float64])(c, k, out, in)
}

func adam[T Float](c *Ctx, a ApplyAdam, out *Value, in []*Value) error {
	return stepRun(c, 3, out, in, func(s [][]T, g, k []T) {
		alpha := k[2] * T(math.Sqrt(float64(1-k[1]))) / (1 - k[0])
		kern.Adam(s[0], s[1], s[2], g, alpha, 1-T(a.Beta1), 1-T(a.Beta2), T(a.Epsilon))
	})
}

// ApplyRMSProp takes variable, mean square, momentum, lr, gradient.
type ApplyRMSProp struct {
	slots3
	Decay, Momentum, Epsilon float64
}

// ApplyCenteredRMSProp is ApplyRMSProp by the variance of the gradient. It
// takes variable, mean gradient, mean square, momentum, lr, gradient.
type ApplyCenteredRMSProp struct {
	slots4
	Decay, Momentum, Epsilon float64
}

// Name implements Kernel.
func (ApplyRMSProp) Name() string { return "ApplyRMSProp" }

// Infer implements Kernel.
func (ApplyRMSProp) Infer(in []Spec) (Spec, error) {
	return step(in, 3, "variable", "mean square", "momentum", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyRMSProp) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, rmsProp[float32], rmsProp[float64])(c, k, out, in)
}

func rmsProp[T Float](c *Ctx, a ApplyRMSProp, out *Value, in []*Value) error {
	return stepRun(c, 3, out, in, func(s [][]T, g, k []T) {
		kern.RMSProp(s[0], nil, s[1], s[2], g, k[0], 1-T(a.Decay), T(a.Momentum), T(a.Epsilon))
	})
}

// Name implements Kernel.
func (ApplyCenteredRMSProp) Name() string { return "ApplyCenteredRMSProp" }

// Infer implements Kernel.
func (ApplyCenteredRMSProp) Infer(in []Spec) (Spec, error) {
	return step(in, 4, "variable", "mean gradient", "mean square", "momentum", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyCenteredRMSProp) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, centeredRMSProp[float32], centeredRMSProp[float64])(c, k, out, in)
}

func centeredRMSProp[T Float](c *Ctx, a ApplyCenteredRMSProp, out *Value, in []*Value) error {
	return stepRun(c, 4, out, in, func(s [][]T, g, k []T) {
		kern.RMSProp(s[0], s[1], s[2], s[3], g, k[0], 1-T(a.Decay), T(a.Momentum), T(a.Epsilon))
	})
}

// ApplyAdadelta takes variable, mean square, mean square of the updates, lr,
// gradient.
type ApplyAdadelta struct {
	slots3
	Rho, Epsilon float64
}

// Name implements Kernel.
func (ApplyAdadelta) Name() string { return "ApplyAdadelta" }

// Infer implements Kernel.
func (ApplyAdadelta) Infer(in []Spec) (Spec, error) {
	return step(in, 3, "variable", "mean square", "mean square of updates", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyAdadelta) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, adadelta[float32], adadelta[float64])(c, k, out, in)
}

func adadelta[T Float](c *Ctx, a ApplyAdadelta, out *Value, in []*Value) error {
	return stepRun(c, 3, out, in, func(s [][]T, g, k []T) {
		kern.Adadelta(s[0], s[1], s[2], g, k[0], T(a.Rho), T(a.Epsilon))
	})
}

// ApplyFtrl takes variable, accumulator, linear, lr, gradient. Power is
// negative or 0, usually -0.5.
type ApplyFtrl struct {
	slots3
	L1, L2, Shrinkage, Power float64
}

// Name implements Kernel.
func (ApplyFtrl) Name() string { return "ApplyFtrl" }

// Infer implements Kernel.
func (k ApplyFtrl) Infer(in []Spec) (Spec, error) {
	if !(k.Power <= 0) {
		return Spec{}, fmt.Errorf("the power of the learning rate is %g, wanted 0 or less", k.Power)
	}
	return step(in, 3, "variable", "accumulator", "linear", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyFtrl) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, ftrl[float32], ftrl[float64])(c, k, out, in)
}

func ftrl[T Float](c *Ctx, a ApplyFtrl, out *Value, in []*Value) error {
	return stepRun(c, 3, out, in, func(s [][]T, g, k []T) {
		kern.Ftrl(s[0], s[1], s[2], g, k[0], T(a.L1), T(a.L2), T(a.Shrinkage), T(a.Power))
	})
}

// ApplyProximalGradientDescent takes variable, lr, gradient.
type ApplyProximalGradientDescent struct {
	writer
	L1, L2 float64
}

// Name implements Kernel.
func (ApplyProximalGradientDescent) Name() string { return "ApplyProximalGradientDescent" }

// Infer implements Kernel.
func (ApplyProximalGradientDescent) Infer(in []Spec) (Spec, error) {
	return step(in, 1, "variable", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyProximalGradientDescent) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, proximalDescent[float32], proximalDescent[float64])(c, k, out, in)
}

func proximalDescent[T Float](c *Ctx, a ApplyProximalGradientDescent, out *Value, in []*Value) error {
	return stepRun(c, 1, out, in, func(s [][]T, g, k []T) { kern.ProximalDescent(s[0], g, k[0], T(a.L1), T(a.L2)) })
}

// ApplyProximalAdagrad takes variable, accumulator, lr, gradient.
type ApplyProximalAdagrad struct {
	slots2
	L1, L2 float64
}

// Name implements Kernel.
func (ApplyProximalAdagrad) Name() string { return "ApplyProximalAdagrad" }

// Infer implements Kernel.
func (ApplyProximalAdagrad) Infer(in []Spec) (Spec, error) {
	return step(in, 2, "variable", "accumulator", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyProximalAdagrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, proximalAdagrad[float32], proximalAdagrad[float64])(c, k, out, in)
}

func proximalAdagrad[T Float](c *Ctx, a ApplyProximalAdagrad, out *Value, in []*Value) error {
	return stepRun(c, 2, out, in, func(s [][]T, g, k []T) { kern.ProximalAdagrad(s[0], s[1], g, k[0], T(a.L1), T(a.L2)) })
}

// ApplyAdagradDA takes variable, sum of gradients, sum of their squares, lr,
// step, gradient; step, an int64 scalar, counts the steps, this one included.
type ApplyAdagradDA struct {
	slots3
	L1, L2 float64
}

// Name implements Kernel.
func (ApplyAdagradDA) Name() string { return "ApplyAdagradDA" }

// Infer implements Kernel.
func (ApplyAdagradDA) Infer(in []Spec) (Spec, error) {
	names := []string{"variable", "sum of gradients", "sum of squares", "lr", "step", "gradient"}
	if err := inputs(in, names...); err != nil {
		return Spec{}, err
	}
	if in[4].DType != tensors.Int64 || len(in[4].Shape) != 0 {
		return Spec{}, fmt.Errorf("step is %v, wanted an int64 scalar", in[4])
	}
	return step([]Spec{in[0], in[1], in[2], in[3], in[5]}, 3, "variable", "sum of gradients", "sum of squares", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyAdagradDA) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, adagradDA[float32], adagradDA[float64])(c, k, out, in)
}

func adagradDA[T Float](c *Ctx, a ApplyAdagradDA, out *Value, in []*Value) error {
	n := T(in[4].I64[0])
	rest := []*Value{in[0], in[1], in[2], in[3], in[5]}
	return stepRun(c, 3, out, rest, func(s [][]T, g, k []T) {
		kern.AdagradDA(s[0], s[1], s[2], g, k[0], n, T(a.L1), T(a.L2))
	})
}
