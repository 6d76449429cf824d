package exec

import (
	"time"

	"graft/stdlib/internal/ops"
)

// Timing is how long one operation took.
type Timing struct {
	Node   string // its name
	Kernel string // what it computes, fused parts included
	Time   time.Duration
	FLOPs  float64 // multiplications and additions of convolutions and products, as the textbook counts them; 0 for others
	Bytes  float64 // read and written at least
}

// Profile is Run with a Timing for each operation, in order.
func (p *Plan) Profile(c *ops.Ctx, leaves []*ops.Value, versions []uint64) ([]Timing, error) {
	var out []Timing
	p.watch = func(s *step, d time.Duration) error {
		t := Timing{Node: p.names(s.node), Kernel: s.kernel.Name(), Time: d, FLOPs: flops(s, p.values[s.out])}
		for _, v := range append(s.inputs, p.values[s.out]) {
			t.Bytes += float64(v.Len() * v.DType.Size())
		}
		out = append(out, t)
		return nil
	}
	defer func() { p.watch = nil }()
	_, err := p.Run(c, leaves, versions)
	return out, err
}

// flops counts two for each multiplication with its addition.
func flops(s *step, out *ops.Value) float64 {
	size := func(i int) float64 { return float64(s.inputs[i].Len()) }
	last := func(v *ops.Value) float64 { return float64(v.Shape[len(v.Shape)-1]) }
	switch k := s.kernel.(type) {
	case ops.Conv2D, ops.FusedConv2D, ops.WinogradConv2D:
		return 2 * float64(out.Len()) * size(1) / last(out)
	case ops.Conv2DBackpropInput, ops.Conv2DBackpropFilter:
		dout := s.inputs[2]
		filter := s.inputs[1]
		return 2 * float64(dout.Len()) * float64(filter.Len()) / last(dout)
	case ops.DepthwiseConv2D, ops.FusedDepthwiseConv2D:
		window := s.inputs[1].Shape[0] * s.inputs[1].Shape[1]
		return 2 * float64(out.Len()) * float64(window)
	case ops.FusedExpandDepthwiseConv2D:
		return k.FLOPs(s.inputs, out)
	case ops.MatMul:
		return 2 * float64(out.Len()) * inner(k, s.inputs[0])
	case ops.FusedMatMul:
		return 2 * float64(out.Len()) * inner(k.MatMul, s.inputs[0])
	}
	return 0
}

// inner is the length of a product's sums.
func inner(k ops.MatMul, a *ops.Value) float64 {
	if k.TransposeA {
		return float64(a.Shape[0])
	}
	return float64(a.Shape[1])
}
