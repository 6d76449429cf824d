package ops

import (
	"fmt"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
)

// Writers change variables where they are. The output is the new value of the
// first variable; it may share memory with it (Reuses), and is copied if not.

// writer is what all Writers of one variable have in common.
type writer struct{}

// Writes implements Writer.
func (writer) Writes() []int { return []int{0} }

// Reuses implements InPlace.
func (writer) Reuses() []int { return []int{0} }

// Assign sets a variable, its first input, to the value of the second.
type Assign struct{ writer }

// AssignAdd adds a value to a variable.
type AssignAdd struct{ writer }

// AssignSub subtracts a value from a variable.
type AssignSub struct{ writer }

// AssignMovingAverage moves a variable towards a value: variable -= (1-decay)·
// (variable-value). Its inputs are the variable, the value and decay, a scalar.
type AssignMovingAverage struct{ writer }

// Name implements Kernel.
func (Assign) Name() string { return "Assign" }

// Name implements Kernel.
func (AssignAdd) Name() string { return "AssignAdd" }

// Name implements Kernel.
func (AssignSub) Name() string { return "AssignSub" }

// Name implements Kernel.
func (AssignMovingAverage) Name() string { return "AssignMovingAverage" }

// assigned is the Infer of assignments. TensorFlow's words, with the axis.
func assigned(in []Spec, check func(...Spec) error) (Spec, error) {
	if err := inputs(in, "variable", "value"); err != nil {
		return Spec{}, err
	}
	if err := check(in...); err != nil {
		return Spec{}, err
	}
	if _, err := same("variable and value", in[0].Shape, in[1].Shape); err != nil {
		return Spec{}, fmt.Errorf("Assign requires shapes of both tensors to match. lhs shape= %s rhs shape= %s: %w", ShapeString(in[0].Shape), ShapeString(in[1].Shape), err)
	}
	return like(in[0]), nil
}

// Infer implements Kernel.
func (Assign) Infer(in []Spec) (Spec, error) {
	return assigned(in, func(in ...Spec) error {
		if _, ok := Dtype(in[0].DType); !ok {
			return fmt.Errorf("the engine does not compute in %v", in[0].DType)
		}
		return oneType(in...)
	})
}

// Infer implements Kernel.
func (AssignAdd) Infer(in []Spec) (Spec, error) { return assigned(in, number) }

// Infer implements Kernel.
func (AssignSub) Infer(in []Spec) (Spec, error) { return assigned(in, number) }

// Infer implements Kernel.
func (AssignMovingAverage) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "variable", "value", "decay"); err != nil {
		return Spec{}, err
	}
	if err := rank("decay", in[2], 0, "a scalar"); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	return assigned(in[:2], float)
}

// Run implements Kernel.
func (Assign) Run(c *Ctx, out *Value, in []*Value) error {
	copyValue(in[0], in[1])
	copyValue(out, in[1])
	return c.err()
}

// copyValue copies the elements of a value of the same dtype and size.
func copyValue(dst, src *Value) {
	switch dst.DType {
	case tensors.Float32:
		copy(dst.F32, src.F32)
	case tensors.Float64:
		copy(dst.F64, src.F64)
	case tensors.Int32:
		copy(dst.I32, src.I32)
	case tensors.Int64:
		copy(dst.I64, src.I64)
	case tensors.Bool:
		copy(dst.Bool, src.Bool)
	}
}

// Run implements Kernel.
func (AssignAdd) Run(c *Ctx, out *Value, in []*Value) error {
	return assignBy(c, Add, out, in)
}

// Run implements Kernel.
func (AssignSub) Run(c *Ctx, out *Value, in []*Value) error {
	return assignBy(c, Sub, out, in)
}

func assignBy(c *Ctx, f Binary, out *Value, in []*Value) error {
	err := f.Run(c, in[0], in)
	copyValue(out, in[0])
	return err
}

// Run implements Kernel.
func (AssignMovingAverage) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, movingAverage[float32], movingAverage[float64])(c, out, in)
}

func movingAverage[T Float](c *Ctx, out *Value, in []*Value) error {
	v, x, rest := Elems[T](in[0]), Elems[T](in[1]), 1-Elems[T](in[2])[0]
	err := c.Ranges(len(v), elementGrain, func(from, to int) { kern.Average(v[from:to], x[from:to], rest) })
	copyValue(out, in[0])
	return err
}
