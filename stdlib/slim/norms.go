package slim

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// LayerNorm normalises each example over all axes from BeginNormAxis on, and
// scales and shifts each channel, the last axis (Ba et al., arXiv:1607.06450;
// slim.layer_norm). x is [batch, …, channels]. Its variables are beta (if
// Center) and gamma (if Scale), [channels]. Errors: a BeginNormAxis that is
// not there, an unknown number of channels.
func LayerNorm(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, channels, err := beginNorm(s, x, LayerLayerNorm, "LayerNorm", args)
	if err != nil {
		return nil, err
	}
	rank, from := len(x.Shape()), y.a.BeginNormAxis
	if from == 0 {
		from = 1
	}
	if from < 0 {
		from += rank
	}
	if from < 0 || from >= rank {
		return nil, fmt.Errorf("slim: layer_norm: begin_norm_axis (%d) must be < rank(inputs) (%d)", y.a.BeginNormAxis, rank)
	}
	axes, err := ops.AxesOf(rank, seq(rank)[from:]...)
	if err != nil {
		return nil, err
	}
	beta, gamma, err := y.affine(channels)
	if err != nil {
		return nil, err
	}
	c := &calc{s: y.s}
	mean, variance := c.moments(x, axes)
	out := c.standardise(x, mean, variance, gamma, beta, 1e-12, "batchnorm/add_1")
	if c.err != nil {
		return nil, c.err
	}
	return y.activate(out, Linear)
}

// InstanceNorm normalises each channel of each example over all axes between
// (Ulyanov et al., arXiv:1607.08022; slim.instance_norm). x is [batch, …,
// channels] with three axes or more. Its variables are beta (if Center) and
// gamma (if Scale), [channels]. Errors: fewer axes, an unknown number of
// channels.
func InstanceNorm(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, channels, err := beginNorm(s, x, LayerInstanceNorm, "InstanceNorm", args)
	if err != nil {
		return nil, err
	}
	rank := len(x.Shape())
	if rank < 3 {
		return nil, fmt.Errorf("slim: instance_norm: %v has nothing between the batch and the channels", x)
	}
	axes, err := ops.AxesOf(rank, seq(rank)[1:rank-1]...)
	if err != nil {
		return nil, err
	}
	beta, gamma, err := y.affine(channels)
	if err != nil {
		return nil, err
	}
	c := &calc{s: y.s}
	mean, variance := c.moments(x, axes)
	out := c.standardise(x, mean, variance, gamma, beta, y.small(), "instancenorm/add_1")
	if c.err != nil {
		return nil, c.err
	}
	return y.activate(out, Linear)
}

// GroupNorm normalises each group of channels of each example (Wu and He,
// arXiv:1803.08494; slim.group_norm). x is [batch, …, channels] with three
// axes or more, of which all but the batch are known. Its variables are beta
// (if Center) and gamma (if Scale), [channels]. Errors: a number of channels
// that Groups does not divide, sizes that are not known.
func GroupNorm(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	a, err := begin(s, x, LayerGroupNorm, args)
	if err != nil {
		return nil, err
	}
	shape := x.Shape()
	rank, groups := len(shape), a.a.Groups
	if groups == 0 {
		groups = 32
	}
	switch {
	case rank < 3 || !known(shape):
		return nil, fmt.Errorf("slim: group_norm: its input is %v, [batch,…,channels] of three axes or more with known sizes is wanted", x)
	case groups > shape[rank-1]:
		return nil, fmt.Errorf("slim: group_norm: Invalid groups %d for %d channels", groups, shape[rank-1])
	case shape[rank-1]%groups != 0:
		return nil, fmt.Errorf("slim: group_norm: %d channels is not commensurate with %d groups", shape[rank-1], groups)
	}
	y, channels, err := beginNorm(s, x, LayerGroupNorm, "GroupNorm", args)
	if err != nil {
		return nil, err
	}
	beta, gamma, err := y.affine(channels)
	if err != nil {
		return nil, err
	}
	return y.grouped(groups, channels, beta, gamma)
}

func (y *layer) grouped(groups, channels int, beta, gamma *graph.Node) (*graph.Node, error) {
	shape := y.x.Shape()
	rank := len(shape)
	axes, err := ops.AxesOf(rank+1, append(seq(rank - 1)[1:], rank)...)
	if err != nil {
		return nil, err
	}
	c := &calc{s: y.s}
	each := c.do("Reshape", ops.Reshape{Shape: ops.List(append(append([]int{-1}, shape[1:rank-1]...), groups, channels/groups)...)}, y.x)
	for _, p := range []**graph.Node{&beta, &gamma} {
		if *p != nil {
			*p = c.do("Reshape_1", ops.Reshape{Shape: ops.List(groups, channels/groups)}, *p)
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	mean, variance := c.moments(each, axes)
	out := c.standardise(each, mean, variance, gamma, beta, y.small(), "groupnorm/add_1")
	out = c.do("Reshape_2", ops.Reshape{Shape: ops.List(append([]int{-1}, slices.Clone(shape[1:])...)...)}, out)
	if c.err != nil {
		return nil, c.err
	}
	return y.activate(out, Linear)
}

// beginNorm opens a normalisation's scope.
func beginNorm(s graph.Scope, x *graph.Node, l Layer, defaultName string, args []Args) (*layer, int, error) {
	y, err := begin(s, x, l, args)
	if err != nil {
		return nil, 0, err
	}
	rank := len(x.Shape())
	if rank < 2 || x.Shape()[rank-1] == graph.Unknown {
		return nil, 0, fmt.Errorf("slim: %s: its input is %v, [batch,…,channels] with known channels is wanted", l, x)
	}
	return y, x.Shape()[rank-1], y.open(defaultName)
}

// affine makes beta and gamma, nil where the layer has none.
func (y *layer) affine(channels int) (beta, gamma *graph.Node, err error) {
	for _, p := range []struct {
		name  string
		has   bool
		to    **graph.Node
		first graph.Initializer
	}{{"beta", y.a.Center.or(true), &beta, graph.Zeros()}, {"gamma", y.a.Scale.or(true), &gamma, graph.Ones()}} {
		if !p.has {
			continue
		}
		v, err := y.variable(p.name, []int{channels}, y.a.Trainable.or(true), orInitializer(y.a.ParamInitializers[p.name], p.first), nil)
		if err != nil {
			return nil, nil, err
		}
		*p.to = v.Node()
	}
	return beta, gamma, nil
}

// small is the epsilon of group and instance normalisation.
func (y *layer) small() float64 {
	if y.a.Epsilon == 0 {
		return 1e-6
	}
	return y.a.Epsilon
}
