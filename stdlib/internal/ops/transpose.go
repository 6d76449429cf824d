package ops

import (
	"fmt"

	"graft/ckpt/tensors"
)

// Transpose reorders axes: axis i of the output is axis Perm[i] of x.
type Transpose struct{ Perm Ints }

// Name implements Kernel.
func (Transpose) Name() string { return "Transpose" }

func (k Transpose) perm(n int) ([]int, error) {
	perm, err := listOf("permutation", k.Perm, n)
	if err != nil {
		return nil, err
	}
	seen := make([]bool, n)
	for _, p := range perm {
		if p < 0 || p >= n || seen[p] {
			return nil, fmt.Errorf("%v is no permutation of %d axes", perm, n)
		}
		seen[p] = true
	}
	return perm, nil
}

// Infer implements Kernel.
func (k Transpose) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	perm, err := k.perm(len(in[0].Shape))
	if err != nil {
		return Spec{}, err
	}
	out := make([]int, len(perm))
	for i, p := range perm {
		out[i] = in[0].Shape[p]
	}
	return Spec{in[0].DType, out}, anyType(in[0])
}

// Run implements Kernel.
func (k Transpose) Run(c *Ctx, out *Value, in []*Value) error {
	perm, err := k.perm(len(out.Shape))
	if err != nil {
		return err
	}
	strides := make([]int, len(perm))
	stride := 1
	for i := len(perm) - 1; i >= 0; i-- {
		for o, p := range perm {
			if p == i {
				strides[o] = stride
			}
		}
		stride *= in[0].Shape[i]
	}
	switch out.DType {
	case tensors.Float32:
		return transpose(c, out.Shape, strides, out.F32, in[0].F32)
	case tensors.Float64:
		return transpose(c, out.Shape, strides, out.F64, in[0].F64)
	case tensors.Int32:
		return transpose(c, out.Shape, strides, out.I32, in[0].I32)
	case tensors.Int64:
		return transpose(c, out.Shape, strides, out.I64, in[0].I64)
	}
	return transpose(c, out.Shape, strides, out.Bool, in[0].Bool)
}

func transpose[T any](c *Ctx, shape, strides []int, y, x []T) error {
	if len(shape) == 0 {
		copy(y, x)
		return nil
	}
	last := len(shape) - 1
	n, step := shape[last], strides[last]
	if len(y) == 0 {
		return nil
	}
	return c.Ranges(len(y)/n, elementGrain/n, func(from, to int) {
		for r := from; r < to; r++ {
			at, i := 0, r
			for axis := last - 1; axis >= 0; axis-- {
				at += i % shape[axis] * strides[axis]
				i /= shape[axis]
			}
			for j := range n {
				y[r*n+j] = x[at+j*step]
			}
		}
	})
}

// Grad implements Differentiable.
func (k Transpose) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	s, err := SpecOf(in[0])
	if err != nil {
		return nil, err
	}
	perm, err := k.perm(len(s.Shape))
	if err != nil {
		return nil, err
	}
	back := make([]int, len(perm))
	for i, p := range perm {
		back[p] = i
	}
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(Transpose{List(back...)}, dout) })
	return g.done()
}
