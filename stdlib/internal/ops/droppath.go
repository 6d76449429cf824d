package ops

import (
	"fmt"

	"graft/ckpt/tensors"
)

// DropPathMask is, for each example of x, 1/keep with probability keep, else
// 0: [batch, 1, …, 1], as many axes as x. keep is a scalar, the second input.
// What is multiplied by it loses whole examples (Larsson et al.,
// arXiv:1605.07648, as TF-Slim's nasnet_utils.drop_path does).
type DropPathMask struct{}

// Name implements Kernel. In TensorFlow it is RandomUniform, Add, Floor and
// Div.
func (DropPathMask) Name() string { return "DropPathMask" }

// Random implements Stochastic.
func (DropPathMask) Random() {}

// Infer implements Kernel.
func (DropPathMask) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "keep"); err != nil {
		return Spec{}, err
	}
	if len(in[0].Shape) == 0 || len(in[1].Shape) != 0 {
		return Spec{}, fmt.Errorf("x has shape %s and keep %s, a batch and a scalar are wanted", ShapeString(in[0].Shape), ShapeString(in[1].Shape))
	}
	if in[0].DType != tensors.Float32 || in[1].DType != tensors.Float32 {
		return Spec{}, fmt.Errorf("computes in float32, received %v and %v", in[0].DType, in[1].DType)
	}
	out := make([]int, len(in[0].Shape))
	for i := range out {
		out[i] = 1
	}
	out[0] = in[0].Shape[0]
	return made(in[0].DType, out)
}

// Run implements Kernel.
func (DropPathMask) Run(c *Ctx, out *Value, in []*Value) error {
	keep, r := float64(in[1].F32[0]), c.Random(0)
	for i := range out.F32 {
		out.F32[i] = 0
		if r.Float64() < keep {
			out.F32[i] = float32(1 / keep)
		}
	}
	return nil
}

// Grad implements Differentiable.
func (DropPathMask) Grad(*Builder, []*Node, *Node, *Node, []bool) ([]*Node, error) {
	return []*Node{nil, nil}, nil
}
