// Package metrics tells how good a network is in terms that people use.
//
//	share, err := metrics.Accuracy(logits, labels)                        // of one batch
//	m, err := metrics.StreamingAccuracy(classes, labels, metrics.Options{}) // of all batches
//	for batch := range batches {
//		_, err = sess.Run(feeds(batch), m.Update)
//	}
//	whole, err := sess.Float(nil, m.Value)
//
// Streaming metrics keep what they have seen in local variables, which are in
// no checkpoint, under TensorFlow's names. Predictions come before labels, as
// in slim.metrics; tf.metrics has them the other way round.
package metrics

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Accuracy is the share of a batch that is classified rightly, a float32
// scalar in [0, 1]. logits have shape [batch, classes], labels [batch] of
// int32 or int64. Other shapes are an error.
func Accuracy(logits, labels *graph.Node) (*graph.Node, error) {
	if logits == nil || labels == nil {
		return nil, fmt.Errorf("metrics: accuracy needs logits and labels; logits is %v, labels is %v", logits, labels)
	}
	if l, k := logits.Shape(), labels.Shape(); len(l) != 2 || len(k) != 1 {
		return nil, fmt.Errorf("metrics: accuracy: logits have shape %s, [batch,classes] is wanted; labels have shape %s, [batch] is wanted",
			ops.ShapeString(l), ops.ShapeString(k))
	}
	s, err := logits.Graph().Scope().OpenDefault("accuracy")
	if err != nil {
		return nil, err
	}
	best, err := s.Apply("ArgMax", ops.ArgMax{Axis: 1}, logits)
	if err != nil {
		return nil, err
	}
	if labels, err = s.Apply("labels", ops.Cast{To: graph.Int64}, labels); err != nil {
		return nil, err
	}
	right, err := s.Apply("Equal", ops.Equal, best, labels)
	if err != nil {
		return nil, err
	}
	ones, err := s.Apply("ToFloat", ops.Cast{To: graph.Float32}, right)
	if err != nil {
		return nil, err
	}
	return s.Apply("Mean", ops.Reduce{Op: ops.Mean, Axes: ops.AllAxes}, ones)
}

// Predictions are the classes with the highest scores: int64 [batch] for
// logits or probabilities of shape [batch, classes].
func Predictions(logits *graph.Node) (*graph.Node, error) {
	if logits == nil || len(logits.Shape()) != 2 {
		return nil, fmt.Errorf("metrics: predictions: %v given, [batch,classes] is wanted", logits)
	}
	return logits.Graph().Scope().Apply("predictions", ops.ArgMax{Axis: 1}, logits)
}
