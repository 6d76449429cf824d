package losses

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Regression is what the losses of numbers compare: both of one shape,
// float32 or float64; labels of another dtype are converted.
type Regression struct {
	Predictions *graph.Node
	Labels      *graph.Node
	// Scope names the loss's operations. Default: the loss's name.
	Scope string
	// Options are weights, reduction and collections.
	Options
}

func (r Regression) begin(what string) (b *builder, labels *graph.Node) {
	b = begin(what, r.Scope, r.Options, map[string]*graph.Node{"Predictions": r.Predictions, "Labels": r.Labels})
	b.sameShape(r.Predictions, r.Labels)
	if b.err == nil && r.Predictions.DType() != graph.Float32 && r.Predictions.DType() != graph.Float64 {
		b.fail("predictions are %v, float32 or float64 is wanted", r.Predictions)
	}
	if b.err == nil {
		labels = b.float(r.Labels, r.Predictions.DType())
	}
	return b, labels
}

// MeanSquaredError is the mean of (predictions-labels)²
// (tf.losses.mean_squared_error). Errors: different shapes, weights that do
// not broadcast.
func MeanSquaredError(r Regression) (*graph.Node, error) {
	b, labels := r.begin("mean_squared_error")
	return b.finish(b.do("SquaredDifference", ops.SquaredDifference, r.Predictions, labels), r.Options)
}

// AbsoluteDifference is the mean of |predictions-labels|
// (tf.losses.absolute_difference). Errors: different shapes, weights that do
// not broadcast.
func AbsoluteDifference(r Regression) (*graph.Node, error) {
	b, labels := r.begin("absolute_difference")
	return b.finish(b.do("Abs", ops.Abs, b.do("Sub", ops.Sub, r.Predictions, labels)), r.Options)
}

// Huber is the mean of e²/2 where e = |predictions-labels| is at most delta,
// and of delta·(e-delta/2) elsewhere (Huber 1964; tf.losses.huber_loss). delta
// 0 means 1. Errors: different shapes, weights that do not broadcast, a
// negative delta.
func Huber(r Regression, delta float64) (*graph.Node, error) {
	b, labels := r.begin("huber_loss")
	if delta == 0 {
		delta = 1
	}
	if !(delta > 0) {
		b.fail("delta is %g, it must be above 0", delta)
	}
	off := b.do("Abs", ops.Abs, b.do("Sub", ops.Sub, r.Predictions, labels))
	limit := b.do("delta", ops.Affine{Plus: delta}, off)
	near := b.do("Minimum", ops.Minimum, off, limit)
	square := b.do("Mul", ops.Affine{By: 0.5}, b.do("Square", ops.Square, near))
	line := b.do("Mul_1", ops.Affine{By: delta}, b.do("Sub_1", ops.Sub, off, near))
	return b.finish(b.do("Add", ops.Add, square, line), r.Options)
}

// Log is the mean of -y·log(p+ε)-(1-y)·log(1-p+ε), where p are predicted
// probabilities and y labels in [0, 1] (tf.losses.log_loss). epsilon 0 means
// 1e-7. Errors: different shapes, weights that do not broadcast.
func Log(r Regression, epsilon float64) (*graph.Node, error) {
	b, labels := r.begin("log_loss")
	if epsilon == 0 {
		epsilon = 1e-7
	}
	yes := b.do("Mul", ops.Mul, labels, b.do("Log", ops.Log, b.do("add", ops.Affine{By: 1, Plus: epsilon}, r.Predictions)))
	inverse := b.do("sub", ops.Affine{By: -1, Plus: 1}, labels)
	no := b.do("Mul_1", ops.Mul, inverse, b.do("Log_1", ops.Log, b.do("add_1", ops.Affine{By: -1, Plus: 1 + epsilon}, r.Predictions)))
	return b.finish(b.do("Neg", ops.Neg, b.do("Add", ops.Add, yes, no)), r.Options)
}

// CosineDistance is the mean of 1-Σ predictions·labels along an axis, whose
// rows should be of unit length (tf.losses.cosine_distance). The axis may
// count from the end. Errors: different shapes, an axis that is not there,
// weights that do not broadcast to the rows, whose axis is 1.
func CosineDistance(r Regression, axis int) (*graph.Node, error) {
	b, labels := r.begin("cosine_distance_loss")
	if b.err != nil {
		return nil, b.err
	}
	set, err := ops.AxesOf(len(r.Predictions.Shape()), axis)
	if err != nil {
		b.fail("%w", err)
	}
	sum := b.do("Sum", ops.Reduce{Op: ops.Sum, Axes: set, KeepDims: true}, b.do("Mul", ops.Mul, r.Predictions, labels))
	return b.finish(b.do("sub", ops.Affine{By: -1, Plus: 1}, sum), r.Options)
}

// MeanPairwiseSquaredError is, for each example, the mean over all pairs of
// its elements of the squared difference between their differences, in
// predictions and in labels (tf.losses.mean_pairwise_squared_error). Weights
// are a scalar or [batch, 1, …]. Unlike the other losses it is summed over
// the batch by default. Errors: different shapes, one axis only.
func MeanPairwiseSquaredError(r Regression) (*graph.Node, error) {
	b, labels := r.begin("mean_pairwise_squared_error")
	if b.err != nil {
		return nil, b.err
	}
	if r.Reduction == "" {
		r.Reduction = Sum
	}
	rank := len(r.Predictions.Shape())
	if rank < 2 || ops.Size(r.Predictions.Shape()[1:]) == graph.Unknown {
		b.fail("predictions %v have no known axes behind the batch", r.Predictions)
		return nil, b.err
	}
	n := float64(ops.Size(r.Predictions.Shape()[1:]))
	// With d = predictions-labels of n elements the mean over the n·(n-1)
	// ordered pairs of (dᵢ-dⱼ)² is 2·(n·Σd²-(Σd)²)/(n·(n-1)).
	d := b.do("Sub", ops.Sub, r.Predictions, labels)
	flat := b.do("Reshape", ops.Flatten{}, d)
	squares := b.do("Sum", ops.Reduce{Op: ops.Sum, Axes: 1 << 1}, b.do("Square", ops.Square, flat))
	total := b.do("Square_1", ops.Square, b.do("Sum_1", ops.Reduce{Op: ops.Sum, Axes: 1 << 1}, flat))
	pairs := 0.0
	if n > 1 {
		pairs = 2 / (n - 1)
	}
	each := b.do("Sub_1", ops.Sub, b.do("Mul", ops.Affine{By: pairs}, squares), b.do("Mul_1", ops.Affine{By: pairs / max(n, 1)}, total))
	shape := []int{-1}
	for range rank - 1 {
		shape = append(shape, 1)
	}
	return b.finish(b.do("Reshape_1", ops.Reshape{Shape: ops.List(shape...)}, each), r.Options)
}
