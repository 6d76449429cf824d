// Package losses measures how wrong a network is. Every loss is a scalar node
// and joins the collection Losses, from which TotalLoss adds them up.
//
//	loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels})
//	total, err := losses.TotalLoss(g, true)
//
// TensorFlow and TF-Slim give labels and predictions in opposite orders; here
// they are fields with names. The rest is TensorFlow's: weights that
// broadcast, the mean over what has a weight, the names.
//
// Penalties on weights are no losses of this package: layers put them into
// RegularizationLosses, and TotalLoss adds them if asked to. What training
// takes is any scalar: the loss itself, TotalLoss, or a sum of one's own.
//
// Errors come as the loss is built: shapes that do not fit, by name and axis,
// a dtype, a weight that does not broadcast. Labels out of range are known
// when the graph runs, and are an error of Session.Run.
package losses

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Reduction says how the losses of a batch become one number.
type Reduction string

// The reductions of tf.losses.Reduction.
const (
	// SumByNonzeroWeights divides the sum by the number of losses whose weight
	// is not 0. It is the default.
	SumByNonzeroWeights Reduction = "weighted_sum_by_nonzero_weights"
	// SumOverBatchSize divides the sum by the number of losses.
	SumOverBatchSize Reduction = "weighted_sum_over_batch_size"
	// Mean divides the sum by that of the weights.
	Mean Reduction = "weighted_mean"
	// Sum is the sum.
	Sum Reduction = "weighted_sum"
	// None leaves one loss an example.
	None Reduction = "none"
)

// Options are what all losses take besides what they compare.
type Options struct {
	// Weights multiply the losses: a scalar, or a node of the losses' shape in
	// which an axis may be 1. Default: 1.
	Weights *graph.Node
	// Weight multiplies all losses. Default: 1; it cannot be 0, and is ignored
	// with Weights.
	Weight float64
	// Reduction makes one number of the losses. Default: SumByNonzeroWeights.
	Reduction Reduction
	// Collections are the keys that the loss joins. Default: Losses.
	Collections []string
	// NoCollection leaves the loss out of all collections
	// (loss_collection=None).
	NoCollection bool
	// In is the scope whose names stand before. Default: the graph's outermost.
	In graph.Scope
}

// builder builds one loss and keeps the first error.
type builder struct {
	what string
	s    graph.Scope
	err  error
}

func (b *builder) do(name string, k ops.Kernel, in ...*graph.Node) (out *graph.Node) {
	if b.err == nil {
		out, b.err = b.s.Apply(name, k, in...)
	}
	return out
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("losses: "+b.what+": "+format, args...)
	}
}

// begin checks that all inputs are there and opens the loss's names.
func begin(what, scope string, o Options, in map[string]*graph.Node) *builder {
	b := &builder{what: what}
	for _, name := range []string{"Logits", "Predictions", "Labels"} {
		if n, wanted := in[name]; wanted && n == nil {
			b.fail("%s is nil", name)
		}
	}
	if b.err != nil {
		return b
	}
	b.s = o.In
	for _, n := range in {
		if b.s.Graph() == nil {
			b.s = n.Graph().Scope()
		}
		if n.Graph() != b.s.Graph() {
			b.fail("its inputs are of different graphs")
			return b
		}
	}
	if scope == "" {
		scope = what
	}
	b.s, b.err = b.s.NameScope(scope)
	return b
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

// float converts a node to a dtype.
func (b *builder) float(n *graph.Node, d graph.DType) *graph.Node {
	if b.err != nil || n.DType() == d {
		return n
	}
	return b.do("Cast", ops.Cast{To: d}, n)
}

// finish weighs and reduces the losses, one an example, and notes the result.
func (b *builder) finish(each *graph.Node, o Options) (*graph.Node, error) {
	if b.err != nil {
		return nil, b.err
	}
	loss := b.reduce(each, b.weights(each, o), o.Reduction)
	if b.err != nil {
		return nil, b.err
	}
	keys := o.Collections
	if keys == nil {
		keys = []string{graph.Losses}
	}
	if o.NoCollection {
		keys = nil
	}
	for _, key := range keys {
		if err := loss.Graph().AddNodeToCollection(key, loss); err != nil {
			return nil, err
		}
	}
	return loss, nil
}

// weights are the weights, broadcast to the losses' shape; nil when all are 1.
func (b *builder) weights(each *graph.Node, o Options) *graph.Node {
	if o.Weights == nil && (o.Weight == 0 || o.Weight == 1) {
		return nil
	}
	w := o.Weights
	if w == nil {
		if w, b.err = b.s.Graph().Scalar(b.s.Operations()+"/weights", each.DType(), o.Weight); b.err != nil {
			return nil
		}
	}
	if w.Graph() != each.Graph() {
		b.fail("Weights are of another graph")
		return nil
	}
	ws, vs := w.Shape(), each.Shape()
	if len(ws) != 0 && len(ws) != len(vs) {
		b.fail("weights can not be broadcast to values. weights.rank=%d. values.rank=%d. values.shape=%s. weights.shape=%s", len(ws), len(vs), ops.ShapeString(vs), ops.ShapeString(ws))
		return nil
	}
	for i := range ws {
		if ws[i] != 1 && ws[i] != vs[i] && ws[i] != graph.Unknown && vs[i] != graph.Unknown {
			b.fail("weights can not be broadcast to values. Mismatch at dim %d. values.shape=%s, weights.shape=%s", i, ops.ShapeString(vs), ops.ShapeString(ws))
			return nil
		}
	}
	return b.do("broadcast_weights", ops.BroadcastLike{}, b.float(w, each.DType()), each)
}

func (b *builder) reduce(each, weights *graph.Node, r Reduction) *graph.Node {
	if b.err != nil {
		return nil
	}
	all := ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}
	weighed := each
	if weights != nil {
		weighed = b.do("Mul", ops.Mul, each, weights)
	}
	if b.err != nil {
		return nil
	}
	var count *graph.Node
	ones := weights
	if weights == nil || r == SumOverBatchSize {
		ones = b.do("ones_like", ops.FillLike{Value: 1}, each)
	}
	switch r {
	case None:
		return b.do("value", ops.Identity{}, weighed)
	case Sum:
		return b.do("value", all, weighed)
	case SumOverBatchSize, Mean:
		count = b.do("num_elements", all, ones)
	case "", SumByNonzeroWeights:
		present := ones
		if weights != nil {
			zero := b.do("zeros_like", ops.FillLike{}, weights)
			present = b.do("num_present", ops.Cast{To: each.DType()}, b.do("NotEqual", ops.NotEqual, weights, zero))
		}
		count = b.do("num_present/Sum", all, present)
	default:
		b.fail("unknown Reduction %q", r)
	}
	return b.do("value", ops.DivNoNan, b.do("Sum", all, weighed), count)
}

// ComputeWeightedLoss makes one number of losses that were computed already
// (tf.losses.compute_weighted_loss). losses are floats of any shape.
func ComputeWeightedLoss(losses *graph.Node, o Options) (*graph.Node, error) {
	b := begin("weighted_loss", "", o, map[string]*graph.Node{"Predictions": losses})
	return b.finish(losses, o)
}

// AddLoss puts a scalar of one's own into the collection Losses
// (slim.losses.add_loss). A node that is not a scalar is an error.
func AddLoss(loss *graph.Node) error {
	if loss == nil {
		return fmt.Errorf("losses: the loss is nil")
	}
	if len(loss.Shape()) != 0 {
		return fmt.Errorf("losses: %v is not a scalar", loss)
	}
	return loss.Graph().AddNodeToCollection(graph.Losses, loss)
}

// GetLosses lists the losses whose names begin with scope, a regular
// expression; "" takes all (tf.losses.get_losses). No match is a
// *graph.NoMatchError.
func GetLosses(g *graph.Graph, scope string) ([]*graph.Node, error) {
	if g == nil {
		return nil, fmt.Errorf("losses: the graph is nil")
	}
	return g.NodeCollection(graph.Losses, scope)
}

// GetRegularizationLosses lists the penalties on variables whose names begin
// with scope, a regular expression; "" takes all
// (tf.losses.get_regularization_losses). No match is a *graph.NoMatchError.
func GetRegularizationLosses(g *graph.Graph, scope string) ([]*graph.Node, error) {
	if g == nil {
		return nil, fmt.Errorf("losses: the graph is nil")
	}
	return g.NodeCollection(graph.RegularizationLosses, scope)
}

// TotalLoss is the sum of the graph's losses and, with regularization, of the
// penalties on its variables (slim.losses.get_total_loss). A graph without
// any is an error.
func TotalLoss(g *graph.Graph, regularization bool) (*graph.Node, error) {
	return TotalLossOf(g, regularization, "")
}

// TotalLossOf is TotalLoss of the losses and penalties whose names begin with
// scope, a regular expression (tf.losses.get_total_loss(scope=…)). No match is
// an error.
func TotalLossOf(g *graph.Graph, regularization bool, scope string) (*graph.Node, error) {
	if g == nil {
		return nil, fmt.Errorf("losses: the graph is nil")
	}
	re, err := graph.Prefix(scope)
	if err != nil {
		return nil, err
	}
	keys := []string{graph.Losses}
	if regularization {
		keys = append(keys, graph.RegularizationLosses)
	}
	var all []*graph.Node
	for _, key := range keys {
		list, err := g.NodeCollection(key, "")
		if err != nil {
			return nil, err
		}
		for _, n := range list {
			if re.MatchString(n.Name() + ":0") {
				all = append(all, n)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("losses: the graph has no losses to add up; Inputs must be at least one: the collections %q were looked at, scope %q", keys, scope)
	}
	return g.Scope().Apply("total_loss", ops.AddN{}, all...)
}
