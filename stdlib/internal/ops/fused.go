package ops

import (
	"errors"
	"fmt"
	"math"

	"graft/stdlib/internal/kern"
)

// Ending is what follows a convolution or a product in the same pass, while
// what it computed is in registers: a bias, something of the output's shape
// that is added, Relu or Relu6. Those that there are are inputs after the
// kernel's own, in this order. They are made by the planner and have no
// gradient.
type Ending struct {
	Bias, Residual bool
	Activation     Unary // "", Relu or Relu6
}

// FusedConv2D is a Conv2D with an Ending.
type FusedConv2D struct {
	Conv2D
	Ending
}

// FusedDepthwiseConv2D is a DepthwiseConv2D with an Ending.
type FusedDepthwiseConv2D struct {
	DepthwiseConv2D
	Ending
}

// FusedMatMul is a MatMul with an Ending.
type FusedMatMul struct {
	MatMul
	Ending
}

// Name implements Kernel.
func (FusedConv2D) Name() string { return "_FusedConv2D" }

// Name implements Kernel.
func (FusedDepthwiseConv2D) Name() string { return "_FusedDepthwiseConv2dNative" }

// Name implements Kernel.
func (FusedMatMul) Name() string { return "_FusedMatMul" }

// Infer implements Kernel.
func (k FusedConv2D) Infer(in []Spec) (Spec, error) { return k.infer(k.Conv2D, in) }

// Infer implements Kernel.
func (k FusedDepthwiseConv2D) Infer(in []Spec) (Spec, error) { return k.infer(k.DepthwiseConv2D, in) }

// Infer implements Kernel.
func (k FusedMatMul) Infer(in []Spec) (Spec, error) { return k.infer(k.MatMul, in) }

func (e Ending) infer(k Kernel, in []Spec) (Spec, error) {
	names := []string{"x", "filter"}
	if e.Bias {
		names = append(names, "bias")
	}
	if e.Residual {
		names = append(names, "residual")
	}
	if err := inputs(in, names...); err != nil {
		return Spec{}, err
	}
	out, err := k.Infer(in[:2])
	if err != nil {
		return Spec{}, err
	}
	if e.Activation != "" && e.Activation != Relu && e.Activation != Relu6 {
		return Spec{}, fmt.Errorf("%s does not go with it", e.Activation)
	}
	err = float(in...)
	if e.Bias {
		err = errors.Join(err, channelsLast(out, in[2]))
	}
	if e.Residual {
		err = errors.Join(err, checkDout(in[len(in)-1].Shape, out))
	}
	return out, err
}

// Reuses implements InPlace: the residual is added to where it is.
func (e Ending) Reuses() []int {
	switch {
	case !e.Residual:
		return nil
	case e.Bias:
		return []int{3}
	}
	return []int{2}
}

// Grad shadows that of the embedded kernel: what is fused has no gradient.
func (FusedConv2D) Grad() {}

// Grad shadows that of the embedded kernel.
func (FusedDepthwiseConv2D) Grad() {}

// Grad shadows that of the embedded kernel.
func (FusedMatMul) Grad() {}

// ending prepares the end of the sums, and out if something is added to them.
func ending[T Float](e Ending, out *Value, in []*Value) kern.End[T] {
	var end kern.End[T]
	if e.Bias {
		end.Bias = Elems[T](in[2])
	}
	if e.Residual {
		end.Residual = true
		copyValue(out, in[len(in)-1])
	}
	switch e.Activation {
	case Relu:
		end.Clamp, end.High = true, T(math.Inf(1))
	case Relu6:
		end.Clamp, end.High = true, 6
	}
	return end
}

// Run implements Kernel.
func (k FusedConv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, fusedConv[float32], fusedConv[float64])(c, k, out, in)
}

func fusedConv[T Float](c *Ctx, k FusedConv2D, out *Value, in []*Value) error {
	return convEnding(c, k.Conv2D, out, in, ending[T](k.Ending, out, in))
}

// Run implements Kernel.
func (k FusedDepthwiseConv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, fusedDepthwise[float32], fusedDepthwise[float64])(c, k, out, in)
}

func fusedDepthwise[T Float](c *Ctx, k FusedDepthwiseConv2D, out *Value, in []*Value) error {
	return depthEnding(c, k.DepthwiseConv2D, out, in, ending[T](k.Ending, out, in))
}

// Run implements Kernel.
func (k FusedMatMul) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, fusedMatMul[float32], fusedMatMul[float64])(c, k, out, in)
}

func fusedMatMul[T Float](c *Ctx, k FusedMatMul, out *Value, in []*Value) error {
	return matMulEnding(c, k.MatMul, out, in, ending[T](k.Ending, out, in))
}
