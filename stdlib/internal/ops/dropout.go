package ops

import "fmt"

// DropoutMask is 1/KeepProb with probability KeepProb, else 0, for each
// element of a tensor of its input's shape. Dropout multiplies by it, so that
// the gradient takes the same mask; see Builder.Dropout.
type DropoutMask struct{ KeepProb float64 }

// Name implements Kernel. In TensorFlow it is RandomUniform, Add and Floor.
func (DropoutMask) Name() string { return "DropoutMask" }

// Random implements Stochastic.
func (DropoutMask) Random() {}

// Infer implements Kernel.
func (k DropoutMask) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if !(k.KeepProb > 0 && k.KeepProb <= 1) {
		return Spec{}, fmt.Errorf("keep_prob is %g, wanted a number over 0 and up to 1", k.KeepProb)
	}
	return like(in[0]), float(in...)
}

// Run implements Kernel.
func (k DropoutMask) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, dropoutMask[float32], dropoutMask[float64])(c, k, out)
}

// maskGrain is the elements that one generator draws; it is part of what a
// seed means.
const maskGrain = 1 << 12

func dropoutMask[T Float](c *Ctx, k DropoutMask, out *Value) error {
	y, keep := Elems[T](out), T(1/k.KeepProb)
	return c.Ranges(len(y), maskGrain, func(from, to int) {
		r := c.Random(uint64(from / maskGrain))
		for i := from; i < to; i++ {
			y[i] = 0
			if r.Float64() < k.KeepProb {
				y[i] = keep
			}
		}
	})
}

// Grad implements Differentiable.
func (DropoutMask) Grad(*Builder, []*Node, *Node, *Node, []bool) ([]*Node, error) {
	return []*Node{nil}, nil
}

// Dropout adds x·mask for a DropoutMask of keepProb.
func (b *Builder) Dropout(x *Node, keepProb float64) (*Node, error) {
	mask, err := b.Apply(DropoutMask{keepProb}, x)
	if err != nil {
		return nil, err
	}
	return b.Apply(Mul, x, mask)
}
