package slim

import (
	"errors"
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// checkAdjustment refuses the arguments beside which TF-Slim drops adjustment
// without a word.
func (n *norm) checkAdjustment() error {
	if n.a.Adjustment != nil && !n.core {
		return errors.New("slim: batch_norm: Adjustment does nothing with BatchWeights, UpdatesCollections, UpdatesInPlace or ZeroDebiasMovingMean, in TF-Slim neither")
	}
	return nil
}

// adjusted is the scale and the offset of the normalised values, nil where
// there are none: gamma and beta, after what Adjustment gives.
func (n *norm) adjusted(c *calc) (scale, offset *graph.Node, err error) {
	if n.a.Adjustment == nil {
		return n.gamma, n.beta, nil
	}
	scale, offset, err = n.a.Adjustment(n.s.WithDType(n.x.DType()), n.x)
	if err != nil {
		return nil, nil, fmt.Errorf("slim: batch_norm: Adjustment: %w", err)
	}
	for i, v := range []*graph.Node{scale, offset} {
		if err := n.fits(v); err != nil {
			return nil, nil, fmt.Errorf("slim: batch_norm: Adjustment: the %s is %w", [...]string{"scale", "bias"}[i], err)
		}
	}
	scale, offset = compose(c, "adjustment", scale, offset, n.gamma, n.beta)
	return scale, offset, c.err
}

// fits says why v does not broadcast to x.
func (n *norm) fits(v *graph.Node) error {
	if v == nil {
		return errors.New("nil; where there is nothing to adjust, a constant 1 or 0 is wanted")
	}
	want, got := n.x.Shape(), v.Shape()
	wide := slices.Repeat([]int{1}, max(0, len(want)-len(got)))
	fit := len(got) <= len(want) && v.DType() == n.x.DType()
	for i, size := range append(wide, got...) {
		fit = fit && (size == 1 || size == want[i])
	}
	if !fit {
		return fmt.Errorf("%v, what broadcasts to %v is wanted", v, n.x)
	}
	return nil
}

// compose is scale and offset followed by a second scale and offset, either
// of which may be nil.
func compose(c *calc, name string, scale, offset, thenScale, thenOffset *graph.Node) (*graph.Node, *graph.Node) {
	if thenScale != nil {
		scale, offset = c.do(name+"/mul", ops.Mul, scale, thenScale), c.do(name+"/mul_1", ops.Mul, offset, thenScale)
	}
	if thenOffset != nil {
		offset = c.do(name+"/add", ops.Add, offset, thenOffset)
	}
	return scale, offset
}

// adjustedResult is the layer's result in training with Adjustment, by the
// operations of TensorFlow's unfused path.
func (n *norm) adjustedResult(mean, variance *graph.Node) (*graph.Node, error) {
	c := &calc{s: n.s}
	scale, offset, err := n.adjusted(c)
	if err != nil {
		return nil, err
	}
	out := c.standardise(n.x, mean, variance, scale, offset, n.epsilon(), "batchnorm_1/add_1")
	return out, c.err
}
