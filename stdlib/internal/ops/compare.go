package ops

import (
	"errors"
	"fmt"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
)

// Compare is a bool for each pair of elements of a and b, which broadcast, by
// TensorFlow's name.
type Compare string

// The comparisons. NaN equals nothing.
const (
	Equal        Compare = "Equal"
	NotEqual     Compare = "NotEqual"
	Less         Compare = "Less"
	LessEqual    Compare = "LessEqual"
	Greater      Compare = "Greater"
	GreaterEqual Compare = "GreaterEqual"
)

// compares says what each is when a is less than, equal to and greater than b.
var compares = []struct {
	name                 Compare
	less, equal, greater bool
	unordered            bool
}{
	{Equal, false, true, false, false}, {NotEqual, true, false, true, true}, {Less, true, false, false, false},
	{LessEqual, true, true, false, false}, {Greater, false, false, true, false}, {GreaterEqual, false, true, true, false},
}

// Name implements Kernel.
func (k Compare) Name() string { return string(k) }

// Infer implements Kernel.
func (k Compare) Infer(in []Spec) (Spec, error) {
	known := false
	for _, row := range compares {
		known = known || row.name == k
	}
	if !known {
		return Spec{}, fmt.Errorf("no comparison is called %q", string(k))
	}
	if err := inputs(in, "a", "b"); err != nil {
		return Spec{}, err
	}
	if err := number(in...); err != nil {
		return Spec{}, err
	}
	shape, err := broadcast(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	return made(tensors.Bool, shape)
}

// Run implements Kernel.
func (k Compare) Run(c *Ctx, out *Value, in []*Value) error {
	switch in[0].DType {
	case tensors.Float32:
		return compare[float32](c, k, out, in)
	case tensors.Float64:
		return compare[float64](c, k, out, in)
	case tensors.Int32:
		return compare[int32](c, k, out, in)
	}
	return compare[int64](c, k, out, in)
}

func compare[T kern.Number](c *Ctx, k Compare, out *Value, in []*Value) error {
	row := compares[0]
	for _, r := range compares {
		if r.name == k {
			row = r
		}
	}
	a, b := Elems[T](in[0]), Elems[T](in[1])
	w := newWalk(out.Shape, in[0].Shape, in[1].Shape)
	return walkRows(c, w, func(at [3]int, n int, _ []T) {
		for i := range n {
			x, y := a[at[1]+i*w.step[0]], b[at[2]+i*w.step[1]]
			v := row.unordered
			switch {
			case x < y:
				v = row.less
			case x == y:
				v = row.equal
			case x > y:
				v = row.greater
			}
			out.Bool[at[0]+i] = v
		}
	})
}

// Select takes a where cond, a bool, is true, else b. All have one shape, or
// cond is a scalar.
type Select struct{}

// Name implements Kernel.
func (Select) Name() string { return "Select" }

// Infer implements Kernel.
func (Select) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "cond", "a", "b"); err != nil {
		return Spec{}, err
	}
	if in[0].DType != tensors.Bool {
		return Spec{}, fmt.Errorf("cond is %v, wanted bool", in[0].DType)
	}
	if err := errors.Join(anyType(in[1]), oneType(in[1:]...)); err != nil {
		return Spec{}, err
	}
	shape, err := same("a and b", in[1].Shape, in[2].Shape)
	if err != nil {
		return Spec{}, err
	}
	if len(in[0].Shape) > 0 {
		shape, err = same("a and cond", shape, in[0].Shape)
	}
	return Spec{in[1].DType, shape}, err
}

// Run implements Kernel.
func (Select) Run(c *Ctx, out *Value, in []*Value) error {
	cond, a, b := in[0].Bool, in[1], in[2]
	switch out.DType {
	case tensors.Float64:
		return choose(c, cond, out.F64, a.F64, b.F64)
	case tensors.Int32:
		return choose(c, cond, out.I32, a.I32, b.I32)
	case tensors.Int64:
		return choose(c, cond, out.I64, a.I64, b.I64)
	case tensors.Bool:
		return choose(c, cond, out.Bool, a.Bool, b.Bool)
	}
	return choose(c, cond, out.F32, a.F32, b.F32)
}

func choose[T any](c *Ctx, cond []bool, y, a, b []T) error {
	each := len(cond) == len(y)
	return c.Ranges(len(y), elementGrain, func(from, to int) {
		for i := from; i < to; i++ {
			if each && cond[i] || !each && cond[0] {
				y[i] = a[i]
			} else {
				y[i] = b[i]
			}
		}
	})
}

// Grad implements Differentiable.
func (Select) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(1, func() *Node { return g.op(Select{}, in[0], dout, g.op(FillLike{}, dout)) })
	g.to(2, func() *Node { return g.op(Select{}, in[0], g.op(FillLike{}, dout), dout) })
	return g.done()
}
