package ops

import "fmt"

// After is its first input, once all the others have been computed
// (TensorFlow's control dependencies around an Identity).
type After struct{ copier }

// Name implements Kernel.
func (After) Name() string { return "Identity" }

// Infer implements Kernel.
func (After) Infer(in []Spec) (Spec, error) {
	if err := atLeast(in, 1, "x, then what comes before it"); err != nil {
		return Spec{}, err
	}
	return like(in[0]), anyType(in[0])
}

// Grad implements Differentiable: what comes before has none.
func (After) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	out := make([]*Node, len(in))
	if want[0] {
		out[0] = dout
	}
	return out, nil
}

// CheckNumerics is its input, of which no element may be infinite or NaN;
// Message says whose it is (tf.check_numerics).
type CheckNumerics struct {
	copier
	Message string
}

// Name implements Kernel.
func (CheckNumerics) Name() string { return "CheckNumerics" }

// Infer implements Kernel.
func (CheckNumerics) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	return like(in[0]), float(in[0])
}

// Run implements Kernel.
func (k CheckNumerics) Run(c *Ctx, out *Value, in []*Value) error {
	if !c.AllFinite(in[0]) {
		return fmt.Errorf("%s : Tensor had Inf or NaN values", k.Message)
	}
	return k.copier.Run(c, out, in)
}

// Grad implements Differentiable.
func (CheckNumerics) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return []*Node{dout}, nil
}
