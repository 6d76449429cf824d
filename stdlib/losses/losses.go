// Package losses measures how wrong a network is. Every loss is a scalar node
// and joins the collection Losses, from which TotalLoss adds them up.
//
// TensorFlow and TF-Slim give labels and predictions in opposite orders; here
// they are fields with names.
package losses

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Classification is what the losses of classifiers compare.
type Classification struct {
	// Logits are the scores before softmax: [batch, classes], float32.
	Logits *graph.Node
	// Labels are the right classes: [batch], int32 or int64, each in
	// [0, classes).
	Labels *graph.Node
	// Scope names the loss's operations. Default: the loss's name.
	Scope string
}

// SparseSoftmaxCrossEntropy is the mean over the batch of -log softmax at the
// right class (tf.losses.sparse_softmax_cross_entropy). Errors: logits that
// are not [batch, classes], labels that are not [batch]; and in a run, a label
// outside [0, classes).
func SparseSoftmaxCrossEntropy(c Classification) (*graph.Node, error) {
	if c.Logits == nil || c.Labels == nil {
		return nil, fmt.Errorf("losses: sparse softmax cross entropy needs Logits and Labels; Logits is %v, Labels is %v", c.Logits, c.Labels)
	}
	if l, k := c.Logits.Shape(), c.Labels.Shape(); len(l) != 2 || len(k) != 1 {
		return nil, fmt.Errorf("losses: sparse softmax cross entropy: logits %s have shape %s, [batch,classes] is wanted; labels %s have shape %s, [batch] is wanted",
			c.Logits.Name(), ops.ShapeString(l), c.Labels.Name(), ops.ShapeString(k))
	}
	s, err := scope(c.Logits, c.Scope, "sparse_softmax_cross_entropy_loss")
	if err != nil {
		return nil, err
	}
	each, err := s.Apply("xentropy/SparseSoftmaxCrossEntropyWithLogits", ops.SparseSoftmaxCrossEntropyWithLogits{}, c.Logits, c.Labels)
	if err != nil {
		return nil, err
	}
	loss, err := s.Apply("value", ops.Reduce{Op: ops.Mean, Axes: ops.AllAxes}, each)
	if err != nil {
		return nil, err
	}
	return loss, AddLoss(loss)
}

func scope(n *graph.Node, name, defaultName string) (graph.Scope, error) {
	return n.Graph().Scope().OpenOr(name, defaultName)
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

// TotalLoss is the sum of the graph's losses and, with regularization, of the
// penalties on its variables (slim.losses.get_total_loss). A graph without
// losses is an error.
func TotalLoss(g *graph.Graph, regularization bool) (*graph.Node, error) {
	if g == nil {
		return nil, fmt.Errorf("losses: the graph is nil")
	}
	all, err := g.NodeCollection(graph.Losses, "")
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("losses: the graph has no losses to add up")
	}
	if regularization {
		penalties, err := g.NodeCollection(graph.RegularizationLosses, "")
		if err != nil {
			return nil, err
		}
		all = append(all, penalties...)
	}
	return g.Scope().Apply("total_loss", ops.AddN{}, all...)
}
