package slim

import (
	"errors"
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// BatchNorm normalises each channel (the last axis) over all other axes
// (Ioffe and Szegedy, arXiv:1502.03167; slim.batch_norm). x is [batch, …,
// channels], float32 or float64.
//
// With IsTraining it goes by the batch's own mean and variance, and the
// operations that move the stored ones towards them join the collection
// UpdateOps: train.Minimize runs them for the layers it trains. Otherwise it
// goes by the stored ones. Its variables are beta (if Center) and gamma (if
// Scale), and moving_mean and moving_variance, which are not trainable.
//
// As in TensorFlow's fused path, which pictures and rows take unless Fused is
// False, the moving variance is the unbiased one. With Trainable False the
// moving statistics of pictures stay as they are, those of rows do not: that,
// too, is TensorFlow.
//
// With Renorm the batch's statistics are corrected towards averages, so that
// small batches train well (Ioffe, arXiv:1702.03275); the layer then keeps
// moving_stddev, renorm_mean and renorm_stddev too.
//
// With Adjustment the normalised values of a batch are scaled and shifted in
// training, before gamma and beta; the moving variance is then the biased one.
//
// Errors: no axes, an unknown number of channels, BatchWeights that are not
// [batch], an Adjustment that does not broadcast to x, Renorm or Adjustment
// together with BatchWeights, UpdatesCollections, UpdatesInPlace or
// ZeroDebiasMovingMean.
func BatchNorm(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerBatchNorm, args)
	if err != nil {
		return nil, err
	}
	rank := len(x.Shape())
	if rank < 1 || x.Shape()[rank-1] == graph.Unknown {
		return nil, fmt.Errorf("slim: batch_norm: its input is %v, [batch,…,channels] with known channels is wanted", x)
	}
	if err := y.open("BatchNorm"); err != nil {
		return nil, err
	}
	if rank == 1 { // every value is a batch of its own
		if y.x, err = y.s.Apply("ExpandDims", ops.ExpandDims{Axis: 0}, x); err != nil {
			return nil, err
		}
	}
	n := &norm{layer: y, channels: x.Shape()[rank-1], rank: rank}
	n.choose()
	if err := errors.Join(n.checkRenorm(), n.checkAdjustment()); err != nil {
		return nil, err
	}
	if err := n.variables(); err != nil {
		return nil, err
	}
	out, err := n.apply()
	if err == nil && rank == 1 {
		out, err = y.s.Apply("Squeeze", ops.Squeeze{Axes: 1}, out)
	}
	if err != nil {
		return nil, err
	}
	return y.activate(out, Linear)
}

// norm is one layer of batch normalisation.
type norm struct {
	*layer
	channels, rank int
	core           bool // TF-Slim hands the layer to tf.layers
	fused          bool // it gives the unbiased variance
	mode           BatchNormMode
	gamma, beta    *graph.Node
	mean, variance *graph.Node
	renorm         renorm
}

// choose takes the path that slim.batch_norm takes: which decides the order
// of the variables, the names of the operations, and which variance moves.
func (n *norm) choose() {
	fused := n.a.Fused.or(true)
	plain := n.a.UpdatesCollections == nil && !n.a.UpdatesInPlace.or(false)
	picture := n.rank == 4
	possible := n.a.BatchWeights == nil && !n.a.Renorm.or(false) && n.a.Adjustment == nil && (n.rank == 2 || picture)
	if fused && possible && (n.a.ZeroDebiasMovingMean.or(false) || n.rank == 2 || !plain) {
		n.fused = true
		return
	}
	n.core = n.a.BatchWeights == nil && plain && !n.a.ZeroDebiasMovingMean.or(false)
	n.fused = n.core && fused && picture && possible
	if n.core {
		n.layer.core = coreNames
	}
}

// variables makes them in TF-Slim's order.
func (n *norm) variables() (err error) {
	make := func(name string, to **graph.Node, first graph.Initializer, trainable bool) {
		if err != nil {
			return
		}
		var v *graph.Variable
		v, err = n.variable(name, []int{n.channels}, trainable, orInitializer(n.a.ParamInitializers[name], first), n.a.ParamRegularizers[name])
		if err == nil {
			*to = v.Node()
		}
	}
	trainable := n.a.Trainable.or(true)
	center := func() {
		if n.a.Center.or(true) {
			make("beta", &n.beta, graph.Zeros(), trainable)
		}
	}
	if !n.core {
		center()
	}
	if n.a.Scale.or(false) {
		make("gamma", &n.gamma, graph.Ones(), trainable)
	}
	if n.core {
		center()
	}
	make("moving_mean", &n.mean, graph.Zeros(), false)
	make("moving_variance", &n.variance, graph.Ones(), false)
	if err == nil && n.a.Renorm.or(false) {
		err = n.renormVariables()
	}
	return err
}

// name is TensorFlow's name of the result.
func (n *norm) name() string {
	switch {
	case n.rank == 2 && n.fused && !n.core:
		return "Reshape_1"
	case n.fused:
		return "FusedBatchNormV3"
	}
	return "batchnorm/add_1"
}

func (n *norm) epsilon() float64 { return orDefault(n.a.Epsilon, 0.001) }

func (n *norm) decay() float64 { return orDefault(n.a.Decay, 0.999) }

func orDefault(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func (n *norm) apply() (*graph.Node, error) {
	var affine []*graph.Node
	for _, v := range []*graph.Node{n.gamma, n.beta} {
		if v != nil {
			affine = append(affine, v)
		}
	}
	scale, center := n.gamma != nil, n.beta != nil
	n.mode = batchNormMode(n.a.BatchNormModes, n.s.Join(""))
	if !n.a.IsTraining.or(true) || n.mode == BatchNormFrozen {
		k := ops.BatchNorm{Epsilon: n.epsilon(), Scale: scale, Center: center}
		return n.s.Apply(n.name(), k, append([]*graph.Node{n.x, n.mean, n.variance}, affine...)...)
	}
	if n.a.BatchWeights != nil {
		return n.weighted()
	}
	if n.a.Renorm.or(false) {
		return n.renormalised()
	}
	moments, err := n.s.Apply("moments", ops.Moments{}, n.x)
	if err != nil {
		return nil, err
	}
	mean, err := n.s.Apply("moments/mean", ops.Row{I: 0}, moments)
	if err != nil {
		return nil, err
	}
	variance, err := n.s.Apply("moments/variance", ops.Row{I: 1}, moments)
	if err != nil {
		return nil, err
	}
	var out *graph.Node
	if n.a.Adjustment != nil {
		out, err = n.adjustedResult(mean, variance)
	} else {
		k := ops.FusedBatchNorm{Epsilon: n.epsilon(), Scale: scale, Center: center}
		out, err = n.s.Apply(n.name(), k, append([]*graph.Node{n.x, moments}, affine...)...)
	}
	if err != nil {
		return nil, err
	}
	// tf.layers has no updates for a layer whose variables are not trainable.
	if n.core && !n.a.Trainable.or(true) && n.mode != BatchNormStatisticsOnly {
		return out, nil
	}
	if n.fused {
		if variance, err = n.s.Apply("moments/unbiased", ops.Unbias{}, variance, n.x); err != nil {
			return nil, err
		}
	}
	return n.update(out, mean, variance)
}

// weighted is the path of BatchWeights: statistics in which each example of
// the batch counts as much as its weight says.
func (n *norm) weighted() (*graph.Node, error) {
	w := n.a.BatchWeights
	if len(w.Shape()) != 1 || w.DType() != n.x.DType() {
		return nil, fmt.Errorf("slim: batch_norm: BatchWeights are %v, %v of shape [batch] is wanted", w, n.x.DType())
	}
	c := &calc{s: n.s}
	axes, err := ops.AxesOf(n.rank, seq(n.rank-1)...)
	if err != nil {
		return nil, err
	}
	column := c.do("weights", ops.Reshape{Shape: ops.List(append([]int{-1}, ones(n.rank-1)...)...)}, w)
	each := c.do("weights_1", ops.BroadcastLike{}, column, n.x)
	total := c.do("moments/total", ops.Reduce{Op: ops.Sum, Axes: axes}, each)
	sum := c.do("moments/sum", ops.Reduce{Op: ops.Sum, Axes: axes}, c.do("moments/mul", ops.Mul, n.x, each))
	mean := c.do("moments/mean", ops.DivNoNan, sum, total)
	off := c.do("moments/SquaredDifference", ops.SquaredDifference, n.x, mean)
	variance := c.do("moments/variance", ops.DivNoNan, c.do("moments/sum_1", ops.Reduce{Op: ops.Sum, Axes: axes}, c.do("moments/mul_1", ops.Mul, off, each)), total)
	if c.err != nil {
		return nil, c.err
	}
	out := c.standardise(n.x, mean, variance, n.gamma, n.beta, n.epsilon(), "batchnorm/add_1")
	if c.err != nil {
		return nil, c.err
	}
	return n.update(out, mean, variance)
}

// update adds the operations that move the stored statistics, and makes the
// result wait for them if it must.
func (n *norm) update(out, mean, variance *graph.Node) (*graph.Node, error) {
	rate, err := n.s.Graph().Scalar(n.s.Operations()+"/decay", n.x.DType(), n.decay())
	if err != nil {
		return nil, err
	}
	moveMean, err := n.moveMean(mean, rate)
	if err != nil {
		return nil, err
	}
	moveVariance, err := n.s.Apply("AssignMovingAvg_1", ops.AssignMovingAverage{}, n.variance, variance, rate)
	if err != nil {
		return nil, err
	}
	if n.a.UpdatesInPlace.or(false) {
		return n.s.Apply("Identity", ops.After{}, out, moveMean, moveVariance)
	}
	keys := n.a.UpdatesCollections
	if keys == nil {
		keys = []string{graph.UpdateOps}
	}
	if n.mode == BatchNormStatisticsOnly {
		keys = append(slices.Clone(keys), graph.BatchNormStatistics)
	}
	for _, key := range keys {
		for _, u := range []*graph.Node{moveMean, moveVariance} {
			if err := n.s.Graph().AddNodeToCollection(key, u); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// moveMean moves the stored mean; with ZeroDebiasMovingMean by a second
// average, divided by 1-decay^steps, which is what it lacks for having begun
// at zero (Kingma and Ba, arXiv:1412.6980, section 3).
func (n *norm) moveMean(mean, rate *graph.Node) (*graph.Node, error) {
	if !n.a.ZeroDebiasMovingMean.or(false) {
		return n.s.Apply("AssignMovingAvg", ops.AssignMovingAverage{}, n.mean, mean, rate)
	}
	stored := n.s.Join("moving_mean")
	biased, err := n.variable(stored+"/biased", []int{n.channels}, false, graph.Zeros(), nil)
	if err != nil {
		return nil, err
	}
	steps, err := n.variable(stored+"/local_step", nil, false, graph.Zeros(), nil)
	if err != nil {
		return nil, err
	}
	one, err := n.s.Graph().Scalar(n.s.Operations()+"/one", n.x.DType(), 1)
	if err != nil {
		return nil, err
	}
	c := &calc{s: n.s}
	moved := c.do("AssignMovingAvg/biased", ops.AssignMovingAverage{}, biased.Node(), mean, rate)
	counted := c.do("AssignMovingAvg/local_step", ops.AssignAdd{}, steps.Node(), one)
	left := c.do("AssignMovingAvg/sub", ops.Affine{By: -1, Plus: 1}, c.do("AssignMovingAvg/Pow", ops.Pow, rate, counted))
	return c.do("AssignMovingAvg", ops.Assign{}, n.mean, c.do("AssignMovingAvg/truediv", ops.Div, moved, left)), c.err
}
