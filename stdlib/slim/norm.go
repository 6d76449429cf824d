package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// BatchNorm normalises each channel (the last axis) over all other axes
// (Ioffe and Szegedy, arXiv:1502.03167; slim.batch_norm). x is [batch, …,
// channels], float32.
//
// With IsTraining it goes by the batch's own mean and variance, and the
// operations that move the stored ones towards them join the collection
// UpdateOps: train.Minimize runs them for the layers it trains. Otherwise it
// goes by the stored ones. Its variables are beta (if Center) and gamma (if
// Scale), and moving_mean and moving_variance, which are not trainable.
//
// As in TensorFlow's fused path the moving variance is the unbiased one.
// Errors: another rank than 2 or 4, an unknown number of channels.
func BatchNorm(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerBatchNorm, args)
	if err != nil {
		return nil, err
	}
	if x == nil || len(x.Shape()) != 2 && len(x.Shape()) != 4 || x.Shape()[len(x.Shape())-1] == graph.Unknown {
		return nil, fmt.Errorf("slim: batch_norm: its input is %v, [batch,channels] or [batch,height,width,channels] with known channels is wanted", x)
	}
	in, err := layerScope(s, a, "BatchNorm")
	if err != nil {
		return nil, err
	}
	n := &norm{a: a, s: in, channels: x.Shape()[len(x.Shape())-1], epsilon: a.Epsilon}
	if n.epsilon == 0 {
		n.epsilon = 0.001
	}
	if err := n.variables(); err != nil {
		return nil, err
	}
	y, err := n.apply(x)
	if err != nil {
		return nil, err
	}
	return a.Activation.apply(in, y)
}

// norm is one layer of batch normalisation.
type norm struct {
	a              Args
	s              graph.Scope
	channels       int
	epsilon        float64
	affine         []*graph.Node // gamma, beta
	mean, variance *graph.Node
}

// variables makes them in TF-Slim's order.
func (n *norm) variables() error {
	shape := []int{n.channels}
	var gamma, beta *graph.Node
	var err error
	if n.a.Center.or(true) {
		if beta, err = n.a.variable(n.s, "beta", shape, graph.Zeros(), nil); err != nil {
			return err
		}
	}
	if n.a.Scale.or(false) {
		if gamma, err = n.a.variable(n.s, "gamma", shape, graph.Ones(), nil); err != nil {
			return err
		}
	}
	for _, v := range []*graph.Node{gamma, beta} {
		if v != nil {
			n.affine = append(n.affine, v)
		}
	}
	stored := n.a
	stored.Trainable = False
	if n.mean, err = stored.variable(n.s, "moving_mean", shape, graph.Zeros(), nil); err != nil {
		return err
	}
	n.variance, err = stored.variable(n.s, "moving_variance", shape, graph.Ones(), nil)
	return err
}

func (n *norm) apply(x *graph.Node) (*graph.Node, error) {
	scale, center := n.a.Scale.or(false), n.a.Center.or(true)
	if !n.a.IsTraining.or(true) {
		k := ops.BatchNorm{Epsilon: n.epsilon, Scale: scale, Center: center}
		return n.s.Apply("FusedBatchNormV3", k, append([]*graph.Node{x, n.mean, n.variance}, n.affine...)...)
	}
	moments, err := n.s.Apply("moments", ops.Moments{}, x)
	if err != nil {
		return nil, err
	}
	k := ops.FusedBatchNorm{Epsilon: n.epsilon, Scale: scale, Center: center}
	y, err := n.s.Apply("FusedBatchNormV3", k, append([]*graph.Node{x, moments}, n.affine...)...)
	if err != nil {
		return nil, err
	}
	// A layer whose variables are not trainable has no update operations in
	// TF-Slim either.
	if !n.a.Trainable.or(true) {
		return y, nil
	}
	return y, n.updates(x, moments)
}

// updates adds the operations that move the stored statistics.
func (n *norm) updates(x, moments *graph.Node) error {
	decay := n.a.Decay
	if decay == 0 {
		decay = 0.999
	}
	mean, err := n.s.Apply("moments/mean", ops.Row{I: 0}, moments)
	if err != nil {
		return err
	}
	biased, err := n.s.Apply("moments/variance", ops.Row{I: 1}, moments)
	if err != nil {
		return err
	}
	variance, err := n.s.Apply("moments/unbiased", ops.Unbias{}, biased, x)
	if err != nil {
		return err
	}
	rate, err := n.s.Graph().Scalar(n.s.Join("decay"), graph.Float32, decay)
	if err != nil {
		return err
	}
	for _, u := range []struct {
		name       string
		to, stored *graph.Node
	}{{"AssignMovingAvg", mean, n.mean}, {"AssignMovingAvg_1", variance, n.variance}} {
		update, err := n.s.Apply(u.name, ops.AssignMovingAverage{}, u.stored, u.to, rate)
		if err != nil {
			return err
		}
		if err := n.s.Graph().AddNodeToCollection(graph.UpdateOps, update); err != nil {
			return err
		}
	}
	return nil
}
