package metrics

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// truth is a way of being right or wrong.
type truth struct {
	name             string
	predicted, label bool
}

var (
	truePositives  = truth{"true_positives", true, true}
	falsePositives = truth{"false_positives", true, false}
	falseNegatives = truth{"false_negatives", false, true}
	trueNegatives  = truth{"true_negatives", false, false}
)

// boolean makes 1 and 0 of a node, by whether it is zero.
func (b *builder) boolean(n *graph.Node) *graph.Node {
	if b.err != nil {
		return nil
	}
	if n.DType() != graph.Bool {
		n = b.do("Cast", ops.Cast{To: graph.Bool}, n)
	}
	return b.float(n)
}

// not is 1-x.
func (b *builder) not(n *graph.Node) *graph.Node { return b.do("sub", ops.Affine{By: -1, Plus: 1}, n) }

// count makes the state that counts one kind of truth.
func (b *builder) count(t truth, predictions, labels *graph.Node, name string) (now, next *graph.Node) {
	p, l := b.boolean(predictions), b.boolean(labels)
	if !t.predicted {
		p = b.not(p)
	}
	if !t.label {
		l = b.not(l)
	}
	hits, _ := b.weighed(b.do("LogicalAnd", ops.Mul, p, l))
	return b.state(name, b.sum(hits))
}

func counted(t truth, predictions, labels *graph.Node, o Options) (*Metric, error) {
	b := start(t.name, o, predictions, labels)
	b.sameShape(predictions, labels)
	now, next := b.count(t, predictions, labels, "count")
	return b.finish(now, next)
}

// StreamingTruePositives counts where predictions and labels are both true,
// that is, not 0 (slim.metrics.streaming_true_positives). Errors: different
// shapes.
func StreamingTruePositives(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return counted(truePositives, predictions, labels, o)
}

// StreamingFalsePositives counts where only predictions are true
// (slim.metrics.streaming_false_positives). Errors: different shapes.
func StreamingFalsePositives(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return counted(falsePositives, predictions, labels, o)
}

// StreamingFalseNegatives counts where only labels are true
// (slim.metrics.streaming_false_negatives). Errors: different shapes.
func StreamingFalseNegatives(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return counted(falseNegatives, predictions, labels, o)
}

// StreamingTrueNegatives counts where neither is true
// (slim.metrics.streaming_true_negatives). Errors: different shapes.
func StreamingTrueNegatives(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return counted(trueNegatives, predictions, labels, o)
}

// StreamingPrecision is the share of true predictions that are right
// (slim.metrics.streaming_precision); both are of one shape, true where not 0.
// Its variables are precision/true_positives/count and
// precision/false_positives/count. Errors: different shapes.
func StreamingPrecision(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return ratio("precision", falsePositives, predictions, labels, o)
}

// StreamingRecall is the share of true labels that were predicted
// (slim.metrics.streaming_recall); the rest is as in StreamingPrecision. Its
// variables are recall/true_positives/count and recall/false_negatives/count.
func StreamingRecall(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return ratio("recall", falseNegatives, predictions, labels, o)
}

func ratio(what string, other truth, predictions, labels *graph.Node, o Options) (*Metric, error) {
	b := start(what, o, predictions, labels)
	b.sameShape(predictions, labels)
	tp, tp2 := b.count(truePositives, predictions, labels, "true_positives/count")
	f, f2 := b.count(other, predictions, labels, other.name+"/count")
	value := b.do("value", ops.DivNoNan, tp, b.do("add", ops.Add, tp, f))
	return b.finish(value, b.do("update_op", ops.DivNoNan, tp2, b.do("add_1", ops.Add, tp2, f2)))
}

// AUCOptions are the settings of StreamingAUC besides Options.
type AUCOptions struct {
	Options
	// Thresholds is how many thresholds the curve goes through, at least 2.
	// Default: 200.
	Thresholds int
	// PrecisionRecall takes the area under the curve of precision over recall;
	// otherwise it is that of the true over the false positives' rate (ROC).
	PrecisionRecall bool
}

// StreamingAUC is the area under a curve of a classifier in two classes, by
// trapezoids between equally spaced thresholds (slim.metrics.streaming_auc).
// predictions are probabilities in [0, 1], labels of their shape, true where
// not 0. Its variables are auc/true_positives and its like, one element a
// threshold. Errors: different shapes, fewer than 2 thresholds.
func StreamingAUC(predictions, labels *graph.Node, o AUCOptions) (*Metric, error) {
	b := start("auc", o.Options, predictions, labels)
	b.sameShape(predictions, labels)
	if o.Thresholds == 0 {
		o.Thresholds = 200
	}
	if o.Thresholds < 2 {
		b.fail("%d thresholds, at least 2 are wanted", o.Thresholds)
	}
	if b.err != nil {
		return nil, b.err
	}
	a := &area{builder: b, n: o.Thresholds, pr: o.PrecisionRecall}
	a.compare(predictions, labels)
	now, next := [4]*graph.Node{}, [4]*graph.Node{}
	for i, t := range []truth{truePositives, falseNegatives, trueNegatives, falsePositives} {
		now[i], next[i] = b.state(t.name, a.hits(t), a.n)
	}
	return b.finish(a.under("value", now), a.under("update_op", next))
}

// area is the builder of StreamingAUC.
type area struct {
	*builder
	n                    int
	pr                   bool
	above, label, weight *graph.Node // [thresholds, examples], [1, examples]
}

func (a *area) row(n *graph.Node) *graph.Node {
	return a.do("Reshape", ops.Reshape{Shape: ops.List(1, -1)}, n)
}

// compare says of each threshold and example whether the prediction is above.
func (a *area) compare(predictions, labels *graph.Node) {
	const epsilon = 1e-7 // TensorFlow's, so that 0 and 1 are beyond the ends
	values := make([]float32, a.n)
	for i := range values {
		values[i] = float32(float64(i) / float64(a.n-1))
	}
	values[0], values[a.n-1] = -epsilon, 1+epsilon
	t, err := graph.FromFloat32s(values, a.n, 1)
	if err != nil {
		a.fail("%w", err)
		return
	}
	thresholds, err := a.s.Graph().Constant(a.s.Operations()+"/thresholds", t)
	if err != nil {
		a.fail("%w", err)
		return
	}
	p := a.float(predictions)
	a.above = a.float(a.do("Greater", ops.Greater, a.row(p), thresholds))
	a.label = a.row(a.boolean(labels))
	_, w := a.weighed(p)
	a.weight = a.row(w)
}

// hits counts one kind of truth at each threshold.
func (a *area) hits(t truth) *graph.Node {
	p, l := a.above, a.label
	if !t.predicted {
		p = a.not(p)
	}
	if !t.label {
		l = a.not(l)
	}
	each := a.do("Mul", ops.Mul, p, a.do("Mul", ops.Mul, l, a.weight))
	return a.do("Sum", ops.Reduce{Op: ops.Sum, Axes: 1 << 1}, each)
}

// under is the area: Σ (x[i]-x[i+1])·(y[i]+y[i+1])/2.
func (a *area) under(name string, counts [4]*graph.Node) *graph.Node {
	tp, fn, tn, fp := counts[0], counts[1], counts[2], counts[3]
	share := func(of, other *graph.Node, plus float64) *graph.Node {
		top := a.do("add", ops.Affine{By: 1, Plus: plus}, of)
		return a.do("truediv", ops.Div, top, a.do("add", ops.Affine{By: 1, Plus: 1e-6}, a.do("add", ops.Add, of, other)))
	}
	recall := share(tp, fn, 1e-6)
	x, y := share(fp, tn, 0), recall
	if a.pr {
		x, y = recall, share(tp, fp, 1e-6)
	}
	from := func(n *graph.Node, at int) *graph.Node {
		return a.do("Slice", ops.Slice{Begin: ops.List(at), Size: ops.List(a.n - 1)}, n)
	}
	width := a.do("sub", ops.Sub, from(x, 0), from(x, 1))
	height := a.do("truediv", ops.Affine{By: 0.5}, a.do("add", ops.Add, from(y, 0), from(y, 1)))
	return a.do(name, ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}, a.do("Mul", ops.Mul, width, height))
}
