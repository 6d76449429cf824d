package slim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// renorm is what batch renormalisation keeps besides (Ioffe,
// arXiv:1702.03275): averages of its own for training, and the moving
// standard deviation that the moving variance follows.
type renorm struct {
	stddev                *graph.Node // moving_stddev
	ownMean, ownDeviation *graph.Node // renorm_mean, renorm_stddev
}

// checkRenorm refuses what TF-Slim refuses.
func (n *norm) checkRenorm() error {
	if !n.a.Renorm.or(false) {
		if n.a.RenormClipping != nil || n.a.RenormDecay != 0 {
			return errors.New("slim: batch_norm: RenormClipping and RenormDecay are given without Renorm")
		}
		return nil
	}
	if !n.core {
		return errors.New("slim: batch_norm: renorm is not supported with batch_weights, updates_collections or zero_debias_moving_mean")
	}
	for key := range n.a.RenormClipping {
		if key != "rmin" && key != "rmax" && key != "dmax" {
			return fmt.Errorf("slim: batch_norm: RenormClipping has the key %q; it takes rmin, rmax and dmax", key)
		}
	}
	return nil
}

// renormVariables makes them after the moving statistics, with whose first
// values they begin.
func (n *norm) renormVariables() (err error) {
	deviation := rootOf{orInitializer(n.a.ParamInitializers["moving_variance"], graph.Ones())}
	for _, v := range []struct {
		name  string
		to    **graph.Node
		first graph.Initializer
	}{
		{"moving_stddev", &n.renorm.stddev, deviation},
		{"renorm_mean", &n.renorm.ownMean, orInitializer(n.a.ParamInitializers["moving_mean"], graph.Zeros())},
		{"renorm_stddev", &n.renorm.ownDeviation, deviation},
	} {
		made, err := n.variable(v.name, []int{n.channels}, false, v.first, nil)
		if err != nil {
			return err
		}
		*v.to = made.Node()
	}
	return nil
}

// rootOf is the initializer of a standard deviation: the square roots of what
// gives the variance.
type rootOf struct{ variance graph.Initializer }

// Sampler implements graph.Initializer; its errors are those of the variance.
func (i rootOf) Sampler(shape []int, r *rand.Rand) (func() float64, error) {
	next, err := i.variance.Sampler(shape, r)
	if err != nil {
		return nil, err
	}
	return func() float64 { return math.Sqrt(next()) }, nil
}

// renormalised is the layer's result in training: the batch's own statistics,
// corrected towards the averages by r and d, through which no gradient flows.
func (n *norm) renormalised() (*graph.Node, error) {
	c := &calc{s: n.s}
	axes, err := ops.AxesOf(n.rank, seq(n.rank-1)...)
	if err != nil {
		return nil, err
	}
	mean := c.do("moments/mean", ops.Reduce{Op: ops.Mean, Axes: axes}, n.x)
	variance := c.do("moments/variance", ops.Reduce{Op: ops.Mean, Axes: axes}, c.do("moments/SquaredDifference", ops.SquaredDifference, n.x, mean))
	deviation := c.do("Sqrt", ops.Sqrt, c.do("add", ops.Affine{By: 1, Plus: n.epsilon()}, variance))
	least := n.constant(c, "Sqrt_1", math.Sqrt(n.epsilon()))
	own := c.do("Maximum", ops.Maximum, n.renorm.ownDeviation, least)
	r := n.clip(c, "r", c.do("truediv", ops.Div, deviation, own), "rmin", "rmax", 1)
	d := n.clip(c, "d", c.do("truediv_1", ops.Div, c.do("sub", ops.Sub, mean, n.renorm.ownMean), own), "dmax", "dmax", -1)
	r, d = c.do("renorm_r", ops.StopGradient{}, r), c.do("renorm_d", ops.StopGradient{}, d)
	thenScale, thenOffset, err := n.adjusted(c)
	if err != nil {
		return nil, err
	}
	scale, offset := compose(c, "renorm", r, d, thenScale, thenOffset)
	out := c.standardise(n.x, mean, variance, scale, offset, n.epsilon(), "batchnorm_1/add_1")
	if c.err != nil || !n.a.Trainable.or(true) {
		return out, c.err
	}
	return out, n.moveRenorm(c, mean, deviation)
}

// clip bounds r or d; the lower bound is that of key low times sign.
func (n *norm) clip(c *calc, name string, x *graph.Node, low, high string, sign float64) *graph.Node {
	if v, ok := n.a.RenormClipping[low]; ok {
		x = c.do(name+"/Maximum", ops.Maximum, x, n.constant(c, name+"/low", sign*v))
	}
	if v, ok := n.a.RenormClipping[high]; ok {
		x = c.do(name+"/Minimum", ops.Minimum, x, n.constant(c, name+"/high", v))
	}
	return x
}

// moveRenorm adds the updates: the averages of training move by RenormDecay,
// those of evaluation by Decay, and the moving variance follows its root.
func (n *norm) moveRenorm(c *calc, mean, deviation *graph.Node) error {
	own, rate := n.constant(c, "renorm_decay", orDefault(n.a.RenormDecay, 0.99)), n.constant(c, "decay", n.decay())
	ownMean := c.do("AssignMovingAvg", ops.AssignMovingAverage{}, n.renorm.ownMean, mean, own)
	ownDeviation := c.do("AssignMovingAvg_1", ops.AssignMovingAverage{}, n.renorm.ownDeviation, deviation, own)
	moveMean := c.do("AssignMovingAvg_2", ops.AssignMovingAverage{}, n.mean, c.do("Identity", ops.After{}, mean, ownMean, ownDeviation), rate)
	moved := c.do("AssignMovingAvg_3", ops.AssignMovingAverage{}, n.renorm.stddev, c.do("Identity_1", ops.After{}, deviation, ownMean, ownDeviation), rate)
	variance := c.do("Relu", ops.Relu, c.do("sub_1", ops.Affine{By: 1, Plus: -n.epsilon()}, c.do("mul_2", ops.Mul, moved, moved)))
	follow := c.do("AssignNewValue", ops.Assign{}, n.variance, variance)
	if c.err != nil {
		return c.err
	}
	if err := n.s.Graph().AddNodeToCollection(graph.UpdateOps, moveMean); err != nil {
		return err
	}
	return n.s.Graph().AddNodeToCollection(graph.UpdateOps, follow)
}

// constant is a scalar of the input's dtype.
func (n *norm) constant(c *calc, name string, v float64) *graph.Node {
	if c.err != nil {
		return nil
	}
	var out *graph.Node
	out, c.err = n.s.Graph().Scalar(n.s.Operations()+"/"+name, n.x.DType(), v)
	return out
}
