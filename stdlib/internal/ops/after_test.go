package ops

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"graft/ckpt/tensors"
)

// After and CheckNumerics are their input, and hand its gradient on as it is.
func TestAfter(t *testing.T) {
	x := &Value{DType: tensors.Float32, Shape: []int{2}, F32: []float32{1, 2}}
	y := &Value{DType: tensors.Int64, Shape: nil, I64: []int64{3}}
	for _, k := range []Kernel{After{}, CheckNumerics{Message: "loss"}} {
		in := []*Value{x, y}
		specs := []Spec{x.Spec(), y.Spec()}
		if k != (After{}) {
			in, specs = in[:1], specs[:1]
		}
		s, err := k.Infer(specs)
		if err != nil || s.String() != "float32[2]" {
			t.Fatalf("%s: %v %v", k.Name(), s, err)
		}
		out, err := NewValue(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Run(&Ctx{}, out, in); err != nil || out.F32[1] != 2 {
			t.Errorf("%s: %v %v", k.Name(), out.F32, err)
		}
		g, b := gorgonia.NewGraph(), &Builder{}
		n := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("x"))
		d := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("d"))
		grads, err := k.(Differentiable).Grad(b, []*Node{n}, nil, d, []bool{true})
		if err != nil || len(grads) != 1 || grads[0] != d {
			t.Errorf("%s: gradient %v %v", k.Name(), grads, err)
		}
	}
	if _, err := (After{}).Infer(nil); err == nil {
		t.Error("After takes nothing")
	}
}

func TestCheckNumericsRefuses(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		x := &Value{DType: tensors.Float64, Shape: []int{2}, F64: []float64{0, bad}}
		out := &Value{DType: tensors.Float64, Shape: []int{2}, F64: make([]float64, 2)}
		err := CheckNumerics{Message: "LossTensor is inf or nan"}.Run(&Ctx{}, out, []*Value{x})
		if err == nil || !strings.Contains(err.Error(), "LossTensor is inf or nan") {
			t.Errorf("%g: %v", bad, err)
		}
	}
}
