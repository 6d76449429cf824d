package ops

import "graft/stdlib/internal/kern"

// ApplyWeightDecay takes variable, lr, gradient: variable -= lr·By·variable.
// The gradient is only waited for: it may be computed from the variable.
type ApplyWeightDecay struct {
	writer
	By float64
}

// Name implements Kernel.
func (ApplyWeightDecay) Name() string { return "ApplyWeightDecay" }

// Infer implements Kernel.
func (ApplyWeightDecay) Infer(in []Spec) (Spec, error) {
	return step(in, 1, "variable", "lr", "gradient")
}

// Run implements Kernel.
func (k ApplyWeightDecay) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, decayed[float32], decayed[float64])(c, k, out, in)
}

func decayed[T Float](c *Ctx, d ApplyWeightDecay, out *Value, in []*Value) error {
	return stepRun(c, 1, out, in, func(s [][]T, _, k []T) { kern.Affine(s[0], s[0], 1-k[0]*T(d.By), 0) })
}
