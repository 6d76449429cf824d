package slim

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// layerScope opens a layer's scope with its way of sharing variables.
func layerScope(s graph.Scope, a Args, defaultName string) (graph.Scope, error) {
	s, err := s.OpenOr(a.Scope, defaultName)
	if a.Reuse != graph.NoReuse {
		s = s.WithReuse(a.Reuse)
	}
	return s, err
}

// variable makes a variable of a layer's.
func (a Args) variable(s graph.Scope, name string, shape []int, init graph.Initializer, reg graph.Regularizer) (*graph.Node, error) {
	v, err := ModelVariable(s, name, graph.VariableOptions{Shape: shape, Initializer: init, Regularizer: reg, NotTrainable: !a.Trainable.or(true)})
	if err != nil {
		return nil, err
	}
	return v.Node(), nil
}

func orInitializer(i, otherwise graph.Initializer) graph.Initializer {
	if i == nil {
		return otherwise
	}
	return i
}

// Xavier is the initializer of weights that layers use by default
// (slim.xavier_initializer).
func Xavier() graph.Initializer { return graph.GlorotUniform() }

// finish follows a layer's weights by its biases or its normalizer, and by
// its activation.
func (a Args) finish(outer, s graph.Scope, x *graph.Node, outputs int) (y *graph.Node, err error) {
	switch {
	case a.Normalizer == BatchNormalizer:
		given := Args{}
		if a.NormalizerArgs != nil {
			given = *a.NormalizerArgs
		}
		given.Scope, given.Reuse = "BatchNorm", a.Reuse
		if given.Trainable == 0 {
			given.Trainable = a.Trainable
		}
		x, err = BatchNorm(s, x, given)
	case !a.NoBiases.or(false):
		var biases *graph.Node
		if biases, err = a.variable(s, "biases", []int{outputs}, orInitializer(a.BiasesInitializer, graph.Zeros()), a.BiasesRegularizer); err == nil {
			x, err = s.Apply("BiasAdd", ops.BiasAdd{}, x, biases)
		}
	}
	if err != nil {
		return nil, err
	}
	activation := a.Activation
	if activation == "" {
		activation = ReLU
	}
	return activation.apply(s, x)
}
