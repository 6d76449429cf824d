package slim

import (
	"fmt"
	"math"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// l2 is the regularizer of L2.
type l2 struct{ scale float64 }

// L2 penalises a variable w by scale·Σw²/2 (slim.l2_regularizer). A scale of 0
// gives no penalty; a negative one is an error when the variable is made.
func L2(scale float64) graph.Regularizer { return l2{scale} }

// Regularize implements graph.Regularizer.
func (r l2) Regularize(s graph.Scope, w *graph.Node) (*graph.Node, error) {
	if err := scaleOK(r.scale); err != nil || r.scale == 0 {
		return nil, err
	}
	loss, err := s.Apply("l2_regularizer/L2Loss", ops.L2Loss{}, w)
	if err != nil {
		return nil, err
	}
	return s.Apply("l2_regularizer", ops.Affine{By: r.scale}, loss)
}

// l1 is the regularizer of L1.
type l1 struct{ scale float64 }

// L1 penalises a variable w by scale·Σ|w| (slim.l1_regularizer). A scale of 0
// gives no penalty; a negative one is an error when the variable is made.
func L1(scale float64) graph.Regularizer { return l1{scale} }

// Regularize implements graph.Regularizer.
func (r l1) Regularize(s graph.Scope, w *graph.Node) (*graph.Node, error) {
	if err := scaleOK(r.scale); err != nil || r.scale == 0 {
		return nil, err
	}
	abs, err := s.Apply("l1_regularizer/Abs", ops.Abs, w)
	if err != nil {
		return nil, err
	}
	sum, err := s.Apply("l1_regularizer/Sum", ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}, abs)
	if err != nil {
		return nil, err
	}
	return s.Apply("l1_regularizer", ops.Affine{By: r.scale}, sum)
}

func scaleOK(scale float64) error {
	if scale < 0 || math.IsNaN(scale) || math.IsInf(scale, 0) {
		return fmt.Errorf("slim: Setting a scale less than 0 on a regularizer: %g", scale)
	}
	return nil
}
