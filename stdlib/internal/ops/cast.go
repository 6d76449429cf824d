package ops

import (
	"math"

	"graft/ckpt/tensors"
)

// Cast changes the dtype. Floats become integers by dropping what follows the
// point; what does not fit becomes the nearest integer that does, NaN 0. True
// is 1, and every number but 0 is true.
type Cast struct{ To tensors.DType }

// Name implements Kernel.
func (Cast) Name() string { return "Cast" }

// Infer implements Kernel.
func (k Cast) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	out := Spec{k.To, like(in[0]).Shape}
	if err := anyType(in[0]); err != nil {
		return Spec{}, err
	}
	return out, anyType(out)
}

// Run implements Kernel.
func (k Cast) Run(c *Ctx, out *Value, in []*Value) error {
	x := in[0]
	if x.DType == out.DType {
		copyValue(out, x)
		return c.err()
	}
	return c.Ranges(out.Len(), elementGrain/2, func(from, to int) {
		switch x.DType {
		case tensors.Float32:
			castFloat(out, x.F32, from, to)
		case tensors.Float64:
			castFloat(out, x.F64, from, to)
		case tensors.Int32:
			castInt(out, x.I32, from, to)
		case tensors.Int64:
			castInt(out, x.I64, from, to)
		case tensors.Bool:
			castBool(out, x.Bool, from, to)
		}
	})
}

func castFloat[T Float](out *Value, x []T, from, to int) {
	for i := from; i < to; i++ {
		v := float64(x[i])
		switch out.DType {
		case tensors.Float32:
			out.F32[i] = float32(v)
		case tensors.Float64:
			out.F64[i] = v
		case tensors.Int32:
			out.I32[i] = int32(toInt(v, math.MinInt32, math.MaxInt32))
		case tensors.Int64:
			out.I64[i] = toInt(v, math.MinInt64, math.MaxInt64)
		case tensors.Bool:
			out.Bool[i] = v != 0
		}
	}
}

// toInt is defined for every v, unlike Go's conversion.
func toInt(v float64, low, high int64) int64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v <= float64(low):
		return low
	case v >= float64(high):
		return high
	}
	return int64(v)
}

func castInt[T int32 | int64](out *Value, x []T, from, to int) {
	for i := from; i < to; i++ {
		switch out.DType {
		case tensors.Float32:
			out.F32[i] = float32(x[i])
		case tensors.Float64:
			out.F64[i] = float64(x[i])
		case tensors.Int32:
			out.I32[i] = int32(x[i])
		case tensors.Int64:
			out.I64[i] = int64(x[i])
		case tensors.Bool:
			out.Bool[i] = x[i] != 0
		}
	}
}

func castBool(out *Value, x []bool, from, to int) {
	for i := from; i < to; i++ {
		n := 0
		if x[i] {
			n = 1
		}
		switch out.DType {
		case tensors.Float32:
			out.F32[i] = float32(n)
		case tensors.Float64:
			out.F64[i] = float64(n)
		case tensors.Int32:
			out.I32[i] = int32(n)
		case tensors.Int64:
			out.I64[i] = int64(n)
		}
	}
}

// Grad implements Differentiable.
func (k Cast) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	s, err := SpecOf(in[0])
	if err != nil {
		return nil, err
	}
	g := gradients(b, want)
	g.to(0, func() *Node {
		if float(s) != nil {
			return nil
		}
		return g.op(Cast{s.DType}, dout)
	})
	return g.done()
}
