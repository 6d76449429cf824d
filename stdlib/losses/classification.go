package losses

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Classification is what the losses of classifiers compare.
type Classification struct {
	// Logits are the scores before softmax or sigmoid: [batch, classes],
	// float32 or float64.
	Logits *graph.Node
	// Labels are the right classes: [batch], int32 or int64, each in [0,
	// classes), for SparseSoftmaxCrossEntropy; [batch, classes] of
	// probabilities for the others.
	Labels *graph.Node
	// LabelSmoothing, in [0, 1], moves labels towards all being alike.
	// Default: 0.
	LabelSmoothing float64
	// Scope names the loss's operations. Default: the loss's name.
	Scope string
	// Options are weights, reduction and collections.
	Options
}

// begin is for losses that compare logits with labels of their shape.
func (c Classification) begin(what string) *builder {
	b := begin(what, c.Scope, c.Options, map[string]*graph.Node{"Logits": c.Logits, "Labels": c.Labels})
	b.sameShape(c.Logits, c.Labels)
	if c.LabelSmoothing < 0 || c.LabelSmoothing > 1 || c.LabelSmoothing != c.LabelSmoothing {
		b.fail("LabelSmoothing is %g, it must be in [0, 1]", c.LabelSmoothing)
	}
	return b
}

// SparseSoftmaxCrossEntropy is the mean over the batch of -log softmax at the
// right class (tf.losses.sparse_softmax_cross_entropy). Errors: logits that
// are not [batch, classes], labels that are not [batch], label smoothing,
// weights that do not broadcast; and in a run, a label outside [0, classes).
func SparseSoftmaxCrossEntropy(c Classification) (*graph.Node, error) {
	b := begin("sparse_softmax_cross_entropy_loss", c.Scope, c.Options, map[string]*graph.Node{"Logits": c.Logits, "Labels": c.Labels})
	if b.err != nil {
		return nil, b.err
	}
	if c.LabelSmoothing != 0 {
		b.fail("LabelSmoothing needs labels as probabilities: use SoftmaxCrossEntropy and slim.OneHotEncoding")
	}
	labels := c.Labels
	if l, k := c.Logits.Shape(), labels.Shape(); len(k) == len(l) && len(k) == 2 && k[1] == 1 {
		labels = b.do("remove_squeezable_dimensions/Squeeze", ops.Squeeze{Axes: 1 << 1}, labels)
	} else if len(l) != 2 || len(k) != 1 {
		b.fail("logits %s have shape %s, [batch,classes] is wanted; labels %s have shape %s, [batch] is wanted (`labels.shape.rank` must equal `logits.shape.rank - 1`)",
			c.Logits.Name(), ops.ShapeString(l), c.Labels.Name(), ops.ShapeString(k))
	}
	each := b.do("xentropy/SparseSoftmaxCrossEntropyWithLogits", ops.SparseSoftmaxCrossEntropyWithLogits{}, c.Logits, labels)
	return b.finish(each, c.Options)
}

// SoftmaxCrossEntropy is the mean over the batch of the cross entropy between
// Labels, probabilities that are often one-hot, and softmax of Logits, both
// [batch, classes] (tf.losses.softmax_cross_entropy). With LabelSmoothing ls
// the labels are y·(1-ls)+ls/classes (Szegedy et al., arXiv:1512.00567,
// section 7). Errors: different shapes, weights that do not broadcast to
// [batch].
func SoftmaxCrossEntropy(c Classification) (*graph.Node, error) {
	b := c.begin("softmax_cross_entropy_loss")
	if b.err != nil {
		return nil, b.err
	}
	shape := c.Logits.Shape()
	if len(shape) != 2 {
		b.fail("logits %v are not [batch,classes]", c.Logits)
	}
	labels := b.float(c.Labels, c.Logits.DType())
	if c.LabelSmoothing > 0 && b.err == nil {
		if shape[1] == graph.Unknown {
			b.fail("LabelSmoothing needs a known number of classes")
		}
		labels = b.do("smoothing", ops.Affine{By: 1 - c.LabelSmoothing, Plus: c.LabelSmoothing / float64(shape[1])}, labels)
	}
	return b.finish(b.do("xentropy", ops.SoftmaxCrossEntropyWithLogits{}, c.Logits, labels), c.Options)
}

// SigmoidCrossEntropy is the mean over batch and classes of the cross entropy
// between Labels, probabilities of classes that do not exclude each other, and
// sigmoid of Logits, both of one shape (tf.losses.sigmoid_cross_entropy). With
// LabelSmoothing ls the labels are y·(1-ls)+ls/2. Errors: different shapes,
// weights that do not broadcast.
func SigmoidCrossEntropy(c Classification) (*graph.Node, error) {
	b := c.begin("sigmoid_cross_entropy_loss")
	if b.err != nil {
		return nil, b.err
	}
	labels := b.float(c.Labels, c.Logits.DType())
	if c.LabelSmoothing > 0 {
		labels = b.do("smoothing", ops.Affine{By: 1 - c.LabelSmoothing, Plus: c.LabelSmoothing / 2}, labels)
	}
	return b.finish(b.do("xentropy", ops.SigmoidCrossEntropyWithLogits{}, c.Logits, labels), c.Options)
}

// Hinge is the mean of max(0, 1-y·logits), where y is -1 for a label of 0 and
// 1 for one of 1 (tf.losses.hinge_loss). Errors: different shapes, weights
// that do not broadcast.
func Hinge(c Classification) (*graph.Node, error) {
	b := c.begin("hinge_loss")
	if b.err != nil {
		return nil, b.err
	}
	if c.LabelSmoothing != 0 {
		b.fail("it takes no LabelSmoothing")
	}
	sign := b.do("Sub", ops.Affine{By: 2, Plus: -1}, b.float(c.Labels, c.Logits.DType()))
	margin := b.do("Sub_1", ops.Affine{By: -1, Plus: 1}, b.do("Mul", ops.Mul, sign, c.Logits))
	return b.finish(b.do("Relu", ops.Relu, margin), c.Options)
}
