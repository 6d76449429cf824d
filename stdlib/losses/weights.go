package losses

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// ClassWeights are the weights of examples by their class, for Options.Weights:
// a class that is rare counts as much as others.
//
//	w, err := losses.ClassWeights(labels, data.Balance(lessons).Weights)
//	loss, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels, Options: losses.Options{Weights: w}})
//
// labels are [batch], int32 or int64, or [batch, classes] of probabilities;
// the result is [batch], float32. A class out of range weighs nothing. Errors:
// other shapes, no weights, one below 0.
func ClassWeights(labels *graph.Node, weights []float64) (*graph.Node, error) {
	if labels == nil || len(weights) == 0 {
		return nil, fmt.Errorf("losses: class weights: labels %v and %d weights: both are wanted", labels, len(weights))
	}
	values := make([]float32, len(weights))
	for i, w := range weights {
		if !(w >= 0) {
			return nil, fmt.Errorf("losses: class weights: that of class %d is %g, it must be at least 0", i, w)
		}
		values[i] = float32(w)
	}
	b := &builder{what: "class weights"}
	if b.s, b.err = labels.Graph().Scope().NameScope("class_weights"); b.err != nil {
		return nil, b.err
	}
	rows := labels
	switch d := labels.Shape(); {
	case len(d) == 1 && (labels.DType() == graph.Int32 || labels.DType() == graph.Int64):
		rows = b.do("one_hot", ops.OneHot{Depth: len(weights), On: 1}, labels)
	case len(d) == 2 && d[1] == len(weights) && labels.DType() == graph.Float32:
	default:
		return nil, fmt.Errorf("losses: class weights: labels are %v; [batch] of int32 or int64 is wanted, or float32 [batch,%d]", labels, len(weights))
	}
	t, err := graph.FromFloat32s(values, len(values), 1)
	if err != nil {
		return nil, err
	}
	column, err := labels.Graph().Constant(b.s.Operations()+"/weights", t)
	if err != nil {
		return nil, err
	}
	return b.do("Squeeze", ops.Squeeze{Axes: 1 << 1}, b.do("MatMul", ops.MatMul{}, rows, column)), b.err
}
