package ops

import "fmt"

// PadMode is what Pad puts around x.
type PadMode string

// Reflect leaves the edge itself out, Symmetric repeats it.
const (
	Constant  PadMode = "CONSTANT"
	Reflect   PadMode = "REFLECT"
	Symmetric PadMode = "SYMMETRIC"
)

// Pad adds Paddings, two numbers an axis, before and after x.
type Pad struct {
	Paddings Ints
	Mode     PadMode // "" means CONSTANT
	Value    float64 // with CONSTANT
}

// Name implements Kernel.
func (k Pad) Name() string {
	if k.Mode != "" && k.Mode != Constant {
		return "MirrorPad"
	}
	return "Pad"
}

// Infer implements Kernel.
func (k Pad) Infer(in []Spec) (Spec, error) { return linkInfer(k, in) }

// Run implements Kernel.
func (k Pad) Run(c *Ctx, out *Value, in []*Value) error { return linkRun(k, c, out, in, k.Value) }

// Grad implements Differentiable.
func (k Pad) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return linkGrad(k, b, in, dout, want)
}

func (k Pad) sources(in []int) (sources, []int, error) {
	p, err := listOf("paddings", k.Paddings, 2*len(in))
	if err != nil {
		return nil, nil, err
	}
	l, out := make(sources, len(in)), make([]int, len(in))
	for i, d := range in {
		before, after := p[2*i], p[2*i+1]
		if before < 0 || after < 0 || before > maxWindow || after > maxWindow {
			return nil, nil, fmt.Errorf("axis %d: paddings %d and %d are not in 0 … %d", i, before, after, maxWindow)
		}
		out[i] = d
		if d == Unknown || before+after == 0 {
			continue
		}
		if out[i] = d + before + after; out[i] > maxIndex {
			return nil, nil, fmt.Errorf("axis %d would have %d indices, over %d", i, out[i], maxIndex)
		}
		at, err := k.source(i, d, before, after)
		if err != nil {
			return nil, nil, err
		}
		l[i] = at
	}
	return l, out, nil
}

// source maps an index of the output to one of the input, or -1.
func (k Pad) source(axis, d, before, after int) (func(int) int, error) {
	edge := 0
	switch k.Mode {
	case "", Constant:
		return func(j int) int {
			if j -= before; j < 0 || j >= d {
				return -1
			}
			return j
		}, nil
	case Reflect:
		edge = 1
	case Symmetric:
	default:
		return nil, fmt.Errorf("mode %q is none of CONSTANT, REFLECT, SYMMETRIC", string(k.Mode))
	}
	if before > d-edge || after > d-edge {
		return nil, fmt.Errorf("axis %d: paddings %d and %d of an axis of %d; %s can add at most %d", axis, before, after, d, k.Mode, d-edge)
	}
	return func(j int) int {
		switch j -= before; {
		case j < 0:
			return -j - 1 + edge
		case j >= d:
			return 2*d - 1 - j - edge
		}
		return j
	}, nil
}
