package slim

import (
	"fmt"
	"math"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// penalty is a regularizer of scale times something of the weights.
type penalty struct {
	name  string
	scale float64
	of    []ops.Kernel // one after the other
}

// L2 penalises a variable w by scale·Σw²/2 (slim.l2_regularizer). A scale of 0
// gives no penalty; a negative one is an error when the variable is made.
func L2(scale float64) graph.Regularizer {
	return penalty{"l2_regularizer", scale, []ops.Kernel{ops.L2Loss{}}}
}

// L1 penalises a variable w by scale·Σ|w| (slim.l1_regularizer). A scale of 0
// gives no penalty; a negative one is an error when the variable is made.
func L1(scale float64) graph.Regularizer {
	return penalty{"l1_regularizer", scale, []ops.Kernel{ops.Abs, ops.Reduce{Op: ops.Sum, Axes: ops.AllAxes}}}
}

// Regularize implements graph.Regularizer.
func (p penalty) Regularize(s graph.Scope, w *graph.Node) (*graph.Node, error) {
	if p.scale < 0 || math.IsNaN(p.scale) || math.IsInf(p.scale, 0) {
		return nil, fmt.Errorf("slim: Setting a scale less than 0 on a regularizer: %g", p.scale)
	}
	if p.scale == 0 {
		return nil, nil
	}
	s, err := s.NameScope(p.name)
	if err != nil {
		return nil, err
	}
	c := &calc{s: s}
	for _, k := range p.of {
		w = c.do(k.Name(), k, w)
	}
	return c.do("", ops.Affine{By: p.scale}, w), c.err
}

// sum is the regularizer of several.
type sum struct {
	name string
	of   []graph.Regularizer
}

// L1L2 penalises a variable by L1(l1) + L2(l2) (slim.l1_l2_regularizer).
func L1L2(l1, l2 float64) graph.Regularizer {
	return sum{"l1_l2_regularizer", []graph.Regularizer{L1(l1), L2(l2)}}
}

// SumRegularizer penalises a variable by the sum of several penalties; nil
// ones are left out, and without any there is none (slim.sum_regularizer).
func SumRegularizer(list ...graph.Regularizer) graph.Regularizer {
	return sum{"sum_regularizer", list}
}

// Regularize implements graph.Regularizer.
func (r sum) Regularize(s graph.Scope, w *graph.Node) (*graph.Node, error) {
	s, err := s.NameScope(r.name)
	if err != nil {
		return nil, err
	}
	var terms []*graph.Node
	for _, one := range r.of {
		if one == nil {
			continue
		}
		t, err := one.Regularize(s, w)
		if err != nil {
			return nil, err
		}
		if t != nil {
			terms = append(terms, t)
		}
	}
	if len(terms) == 0 {
		return nil, nil
	}
	return s.Apply("", ops.AddN{}, terms...)
}

// ApplyRegularization adds up the penalties on weights, without any those in
// the collection Weights, and puts the sum into RegularizationLosses
// (slim.apply_regularization). Errors: no weights, a penalty that is no
// scalar.
func ApplyRegularization(s graph.Scope, r graph.Regularizer, weights ...*graph.Variable) (*graph.Node, error) {
	g := s.Graph()
	if g == nil || r == nil {
		return nil, fmt.Errorf("slim: apply regularization: a Scope with a graph and a regularizer are wanted; the regularizer is %v", r)
	}
	if len(weights) == 0 {
		var err error
		if weights, err = g.Collection(graph.Weights, ""); err != nil {
			return nil, err
		}
	}
	if len(weights) == 0 {
		return nil, fmt.Errorf("slim: No weights to regularize: the collection %q is empty", graph.Weights)
	}
	in, err := s.NameScope("get_regularization_penalty")
	if err != nil {
		return nil, err
	}
	var terms []*graph.Node
	for _, w := range weights {
		if w == nil {
			return nil, fmt.Errorf("slim: apply regularization: a variable of the list is nil")
		}
		t, err := r.Regularize(in, w.Node())
		if err != nil {
			return nil, err
		}
		if t == nil {
			continue
		}
		if len(t.Shape()) != 0 {
			return nil, fmt.Errorf("slim: regularizer must return a scalar Tensor instead of a Tensor with rank %d", len(t.Shape()))
		}
		terms = append(terms, t)
	}
	var total *graph.Node
	if len(terms) == 0 {
		total, err = g.Scalar(in.Operations(), graph.Float32, 0)
	} else {
		total, err = in.Apply("", ops.AddN{}, terms...)
	}
	if err != nil {
		return nil, err
	}
	return total, g.AddNodeToCollection(graph.RegularizationLosses, total)
}
