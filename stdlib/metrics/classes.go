package metrics

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// ConfusionMatrix counts examples by label, in rows, and by prediction, in
// columns: float32 [classes, classes] (tf.confusion_matrix). labels and
// predictions are int32 or int64 of one shape; weights are nil or broadcast to
// it. A class out of range counts nowhere. Errors: different shapes, classes
// below 1.
func ConfusionMatrix(labels, predictions *graph.Node, classes int, weights *graph.Node) (*graph.Node, error) {
	b := start("confusion_matrix", Options{Weights: weights}, predictions, labels)
	b.sameShape(predictions, labels)
	m := b.confusion(labels, predictions, classes)
	return m, b.err
}

// rows are the classes as rows of one 1 each: [examples, classes].
func (b *builder) rows(n *graph.Node, classes int) *graph.Node {
	if b.err == nil && n.DType() != graph.Int32 && n.DType() != graph.Int64 {
		n = b.do("Cast", ops.Cast{To: graph.Int64}, n)
	}
	return b.do("one_hot", ops.OneHot{Depth: classes, On: 1}, b.do("Reshape", ops.Reshape{Shape: ops.List(-1)}, n))
}

func (b *builder) confusion(labels, predictions *graph.Node, classes int) *graph.Node {
	if classes < 1 {
		b.fail("%d classes, at least 1 is wanted", classes)
	}
	if b.err != nil {
		return nil
	}
	l, p := b.rows(labels, classes), b.rows(predictions, classes)
	if b.o.Weights != nil {
		_, w := b.weighed(b.float(predictions))
		l = b.do("Mul", ops.Mul, l, b.do("Reshape_1", ops.Reshape{Shape: ops.List(-1, 1)}, w))
	}
	return b.do("SparseTensorDenseAdd", ops.MatMul{TransposeA: true}, l, p)
}

// StreamingConfusionMatrix counts examples by label, in rows, and by
// prediction, in columns, over all batches: float32 [classes, classes]. Its
// variable is confusion_matrix/total_confusion_matrix. Errors are those of
// ConfusionMatrix.
func StreamingConfusionMatrix(predictions, labels *graph.Node, classes int, o Options) (*Metric, error) {
	b := start("confusion_matrix", o, predictions, labels)
	b.sameShape(predictions, labels)
	now, next := b.state("total_confusion_matrix", b.confusion(labels, predictions, classes), classes, classes)
	return b.finish(now, next)
}

// StreamingMeanIOU is the mean over the classes that occurred of what
// prediction and label have in common by what either has: true positives by
// true positives, false positives and false negatives
// (slim.metrics.streaming_mean_iou). Its variable is
// mean_iou/total_confusion_matrix. Errors are those of ConfusionMatrix.
func StreamingMeanIOU(predictions, labels *graph.Node, classes int, o Options) (*Metric, error) {
	b := start("mean_iou", o, predictions, labels)
	b.sameShape(predictions, labels)
	now, next := b.state("total_confusion_matrix", b.confusion(labels, predictions, classes), classes, classes)
	return b.finish(b.iou("mean_iou", now, classes), b.iou("update_op", next, classes))
}

func (b *builder) iou(name string, m *graph.Node, classes int) *graph.Node {
	over := func(axis ops.Axes) *graph.Node { return b.do("Sum", ops.Reduce{Op: ops.Sum, Axes: axis}, m) }
	common := b.diagonal(m, classes)
	union := b.do("sub", ops.Sub, b.do("add", ops.Add, over(1<<0), over(1<<1)), common)
	present := b.boolean(union)
	return b.do(name, ops.DivNoNan, b.sum(b.do("div", ops.DivNoNan, common, union)), b.sum(present))
}

// diagonal is the diagonal of a square matrix.
func (b *builder) diagonal(m *graph.Node, classes int) *graph.Node {
	if b.err != nil {
		return nil
	}
	eye := make([]float32, classes*classes)
	for i := range classes {
		eye[i*classes+i] = 1
	}
	t, err := graph.FromFloat32s(eye, classes, classes)
	if err != nil {
		b.fail("%w", err)
		return nil
	}
	c, err := b.s.Graph().Constant(b.s.Operations()+"/eye", t)
	if err != nil {
		b.fail("%w", err)
		return nil
	}
	return b.do("DiagPart", ops.Reduce{Op: ops.Sum, Axes: 1 << 1}, b.do("Mul", ops.Mul, m, c))
}

// StreamingMeanPerClassAccuracy is the mean over classes of the share of a
// class's examples that are classified rightly
// (tf.metrics.mean_per_class_accuracy); a class without examples counts 0. Its
// variables are mean_accuracy/total and mean_accuracy/count, one element a
// class. Errors are those of ConfusionMatrix.
func StreamingMeanPerClassAccuracy(predictions, labels *graph.Node, classes int, o Options) (*Metric, error) {
	b, now, next := perClass("mean_accuracy", predictions, labels, classes, o)
	mean := ops.Reduce{Op: ops.Mean, Axes: ops.AllAxes}
	return b.finish(b.do("mean_accuracy", mean, now), b.do("update_op", mean, next))
}

// StreamingPerClassAccuracy is the share of each class's examples that are
// classified rightly: float32 [classes], 0 for a class without examples. Its
// variables are per_class_accuracy/total and per_class_accuracy/count. Errors
// are those of ConfusionMatrix.
func StreamingPerClassAccuracy(predictions, labels *graph.Node, classes int, o Options) (*Metric, error) {
	b, now, next := perClass("per_class_accuracy", predictions, labels, classes, o)
	return b.finish(now, next)
}

func perClass(what string, predictions, labels *graph.Node, classes int, o Options) (b *builder, now, next *graph.Node) {
	b = start(what, o, predictions, labels)
	b.sameShape(predictions, labels)
	m := b.confusion(labels, predictions, classes)
	right, right2 := b.state("total", b.diagonal(m, max(classes, 0)), max(classes, 0))
	all, all2 := b.state("count", b.do("Sum", ops.Reduce{Op: ops.Sum, Axes: 1 << 1}, m), max(classes, 0))
	return b, b.do("div", ops.DivNoNan, right, all), b.do("div_1", ops.DivNoNan, right2, all2)
}
