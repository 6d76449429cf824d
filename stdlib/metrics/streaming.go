package metrics

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Metric is a measure over all batches of an evaluation. Run Update for each
// batch, then Value: both are what has been seen so far. Reset begins anew.
//
// TF-Slim returns the two nodes as a pair.
type Metric struct {
	// Name is the scope of the metric's variables.
	Name string
	// Value is the measure of what has been seen.
	Value *graph.Node
	// Update takes in a batch; its result is the measure after it.
	Update *graph.Node
	// Variables keep what has been seen. They are in the collections
	// LocalVariables and MetricVariables: in no checkpoint.
	Variables []*graph.Variable
}

// Reset forgets what has been seen (tf.local_variables_initializer for one
// metric).
func (m *Metric) Reset(sess *graph.Session) error {
	if m == nil || sess == nil {
		return fmt.Errorf("metrics: reset: the metric or the session is nil")
	}
	return sess.Init(m.Variables...)
}

// Options are what all metrics take besides what they compare.
type Options struct {
	// Weights say how much each value counts: a scalar, or a node that
	// broadcasts to the values' shape. Default: 1.
	Weights *graph.Node
	// Name is the scope of the metric. Default: the metric's own, made unique.
	Name string
	// Collections are keys that Value joins; UpdatesCollections those that
	// Update joins.
	Collections, UpdatesCollections []string
	// In is the scope that the metric is made in. Default: the outermost.
	In graph.Scope
}

// builder builds one metric and keeps the first error.
type builder struct {
	what string
	s    graph.Scope
	m    *Metric
	o    Options
	err  error
}

// start opens a metric's scope.
func start(what string, o Options, in ...*graph.Node) *builder {
	b := &builder{what: what, o: o, m: &Metric{}, s: o.In}
	if o.Weights != nil {
		in = append(in, o.Weights)
	}
	for i, n := range in {
		if n == nil {
			b.fail("input %d is nil", i)
			return b
		}
		if b.s.Graph() == nil {
			b.s = n.Graph().Scope()
		}
		if n.Graph() != b.s.Graph() {
			b.fail("its inputs are of different graphs")
			return b
		}
	}
	b.s, b.err = b.s.OpenOr(o.Name, what)
	b.m.Name = b.s.Path()
	return b
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("metrics: "+b.what+": "+format, args...)
	}
}

func (b *builder) do(name string, k ops.Kernel, in ...*graph.Node) (out *graph.Node) {
	if b.err == nil {
		out, b.err = b.s.Apply(name, k, in...)
	}
	return out
}

func (b *builder) float(n *graph.Node) *graph.Node {
	if b.err != nil || n.DType() == graph.Float32 {
		return n
	}
	return b.do("Cast", ops.Cast{To: graph.Float32}, n)
}

// state makes a local variable of zeros and the operation that adds to it;
// both are nodes of its value, before and after.
func (b *builder) state(name string, add *graph.Node, shape ...int) (now, next *graph.Node) {
	if b.err != nil {
		return nil, nil
	}
	zeros, err := graph.FromFloat32s(make([]float32, ops.Size(shape)), shape...)
	if err != nil {
		b.fail("%w", err)
		return nil, nil
	}
	v, err := b.s.NewVariable(name, zeros, graph.VariableOptions{NotTrainable: true, Collections: []string{graph.LocalVariables, graph.MetricVariables}})
	if err != nil {
		b.err = err
		return nil, nil
	}
	b.m.Variables = append(b.m.Variables, v)
	return v.Node(), b.do(name+"/AssignAdd", ops.AssignAdd{}, v.Node(), add)
}

// sum adds up all elements.
func (b *builder) sum(n *graph.Node) *graph.Node {
	return b.do("Sum", ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}, n)
}

// weighed multiplies values by the weights, if there are any, and gives the
// weights in the values' shape too.
func (b *builder) weighed(values *graph.Node) (sum, weights *graph.Node) {
	if b.o.Weights == nil {
		return values, b.do("ones_like", ops.FillLike{Value: 1}, values)
	}
	weights = b.do("broadcast_weights", ops.BroadcastLike{}, b.float(b.o.Weights), values)
	return b.do("Mul", ops.Mul, values, weights), weights
}

// finish notes the results.
func (b *builder) finish(value, update *graph.Node) (*Metric, error) {
	if b.err != nil {
		return nil, b.err
	}
	b.m.Value, b.m.Update = value, update
	for _, c := range []struct {
		keys []string
		n    *graph.Node
	}{{b.o.Collections, value}, {b.o.UpdatesCollections, update}} {
		for _, key := range c.keys {
			if err := c.n.Graph().AddNodeToCollection(key, c.n); err != nil {
				return nil, err
			}
		}
	}
	return b.m, nil
}

// mean is the metric of a mean: the sum of the values by that of the weights.
func (b *builder) mean(values *graph.Node, last func(*graph.Node) *graph.Node) (*Metric, error) {
	weighed, weights := b.weighed(values)
	total, total2 := b.state("total", b.sum(weighed))
	count, count2 := b.state("count", b.sum(weights))
	value, update := b.do("value", ops.DivNoNan, total, count), b.do("update_op", ops.DivNoNan, total2, count2)
	if last != nil && b.err == nil {
		value, update = last(value), last(update)
	}
	return b.finish(value, update)
}

// sameShape checks that predictions and labels are of one shape.
func (b *builder) sameShape(p, l *graph.Node) {
	if b.err != nil {
		return
	}
	fits := len(p.Shape()) == len(l.Shape())
	for i := 0; fits && i < len(p.Shape()); i++ {
		fits = p.Shape()[i] == l.Shape()[i] || p.Shape()[i] == graph.Unknown || l.Shape()[i] == graph.Unknown
	}
	if !fits {
		b.fail("Shapes %s and %s are incompatible: predictions are %v, labels %v", ops.ShapeString(p.Shape()), ops.ShapeString(l.Shape()), p, l)
	}
}

// StreamingMean is the mean of values of any shape (slim.metrics.streaming_mean).
// Its variables are mean/total and mean/count. Errors: weights that do not
// broadcast.
func StreamingMean(values *graph.Node, o Options) (*Metric, error) {
	b := start("mean", o, values)
	return b.mean(b.float(values), nil)
}

// StreamingAccuracy is the share of predictions that equal their labels
// (slim.metrics.streaming_accuracy); both are of one shape, classes often.
// Its variables are accuracy/total and accuracy/count. Errors: different
// shapes, weights that do not broadcast.
func StreamingAccuracy(predictions, labels *graph.Node, o Options) (*Metric, error) {
	b := start("accuracy", o, predictions, labels)
	b.sameShape(predictions, labels)
	if b.err == nil && labels.DType() != predictions.DType() {
		labels = b.do("Cast", ops.Cast{To: predictions.DType()}, labels)
	}
	return b.mean(b.float(b.do("Equal", ops.Equal, predictions, labels)), nil)
}

// StreamingRecallAtK is the share of examples whose label is among the k
// highest scores (slim.metrics.streaming_recall_at_k); predictions are [batch,
// classes], labels [batch], int32 or int64. Its variables are
// recall_at_k/total and recall_at_k/count. Errors: other shapes, k below 1.
func StreamingRecallAtK(predictions, labels *graph.Node, k int, o Options) (*Metric, error) {
	b := start(fmt.Sprintf("recall_at_%d", k), o, predictions, labels)
	if k < 1 {
		b.fail("k is %d, at least 1 is wanted", k)
	}
	return b.mean(b.float(b.do("InTopK", ops.InTopK{K: k}, predictions, labels)), nil)
}

// StreamingMeanAbsoluteError is the mean of |predictions-labels|
// (slim.metrics.streaming_mean_absolute_error). Errors: different shapes.
func StreamingMeanAbsoluteError(predictions, labels *graph.Node, o Options) (*Metric, error) {
	b := start("mean_absolute_error", o, predictions, labels)
	b.sameShape(predictions, labels)
	if b.err != nil {
		return nil, b.err
	}
	return b.mean(b.do("Abs", ops.Abs, b.do("Sub", ops.Sub, b.float(predictions), b.float(labels))), nil)
}

// StreamingMeanSquaredError is the mean of (predictions-labels)²
// (slim.metrics.streaming_mean_squared_error). Errors: different shapes.
func StreamingMeanSquaredError(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return squared("mean_squared_error", predictions, labels, o, nil)
}

// StreamingRootMeanSquaredError is the root of the mean of
// (predictions-labels)² (slim.metrics.streaming_root_mean_squared_error).
// Errors: different shapes.
func StreamingRootMeanSquaredError(predictions, labels *graph.Node, o Options) (*Metric, error) {
	return squared("root_mean_squared_error", predictions, labels, o, ops.Sqrt)
}

func squared(what string, predictions, labels *graph.Node, o Options, last ops.Kernel) (*Metric, error) {
	b := start(what, o, predictions, labels)
	b.sameShape(predictions, labels)
	if b.err != nil {
		return nil, b.err
	}
	values := b.do("SquaredDifference", ops.SquaredDifference, b.float(predictions), b.float(labels))
	if last == nil {
		return b.mean(values, nil)
	}
	return b.mean(values, func(n *graph.Node) *graph.Node { return b.do(last.Name(), last, n) })
}

// AggregateMetricMap gives the values and the updates of several metrics by
// name (slim.metrics.aggregate_metric_map). A nil metric is an error.
func AggregateMetricMap(m map[string]*Metric) (values, updates map[string]*graph.Node, err error) {
	values, updates = map[string]*graph.Node{}, map[string]*graph.Node{}
	for name, one := range m {
		if one == nil || one.Value == nil || one.Update == nil {
			return nil, nil, fmt.Errorf("metrics: aggregate: metric %q is nil", name)
		}
		values[name], updates[name] = one.Value, one.Update
	}
	return values, updates, nil
}
