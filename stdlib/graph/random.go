package graph

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"graft/stdlib/internal/ops"
)

// Random is a node of the given shape that is drawn anew in every run, from
// the same distributions that variables begin with:
//
//	s.Random(graph.RandomUniform{Min: 0.9, Max: 1.1}, 64) // tf.random.uniform([64], 0.9, 1.1)
//	s.Random(graph.RandomNormal{Stddev: 0.1}, 64)         // tf.random.normal([64], stddev=0.1)
//
// Its dtype is the scope's. The numbers follow from the session's seed, the
// run's number and the node, not from the number of threads. Errors: no
// distribution, an axis that is Unknown or negative, and in the run what the
// distribution refuses.
func (s Scope) Random(from Initializer, shape ...int) (*Node, error) {
	if from == nil {
		return nil, fmt.Errorf("graph: %s: random numbers need a distribution, such as graph.RandomUniform{Min: 0, Max: 1}", s.Path())
	}
	dtype := s.defaults.dtype
	if dtype == 0 {
		dtype = Float32
	}
	for axis, n := range shape {
		if n < 0 {
			return nil, fmt.Errorf("graph: %s: random numbers of shape %v: axis %d is %d, a known size is wanted", s.Path(), shape, axis, n)
		}
	}
	name := "random_normal"
	if _, uniform := from.(RandomUniform); uniform {
		name = "random_uniform"
	}
	g := s.Graph()
	if g == nil {
		return nil, fmt.Errorf("graph: random numbers are drawn in a Scope without a graph; begin with Graph.Scope()")
	}
	// An operation of the expression graph has an input; TensorFlow's is the shape.
	of, err := g.Scalar(join(s.ops, name+"/shape"), Float32, float64(len(shape)))
	if err != nil {
		return nil, err
	}
	return s.Apply(name, &draw{from, ops.Spec{DType: dtype, Shape: slices.Clone(shape)}}, of)
}

// draw is the operation of Random.
type draw struct {
	from Initializer
	spec ops.Spec
}

// Name implements ops.Kernel. In TensorFlow it is one of several, by distribution.
func (*draw) Name() string { return "Random" }

// Random implements ops.Stochastic.
func (*draw) Random() {}

// Infer implements ops.Kernel.
func (k *draw) Infer([]ops.Spec) (ops.Spec, error) { return k.spec, nil }

// Run implements ops.Kernel.
func (k *draw) Run(c *ops.Ctx, out *ops.Value, _ []*ops.Value) error {
	next, err := k.sampler(c.Random(0))
	if err != nil {
		return err
	}
	for at := 0; at < out.Len(); at += fillPiece {
		if err := c.Context.Err(); err != nil {
			return err
		}
		fill(section(out, at, min(out.Len(), at+fillPiece)), next)
	}
	return nil
}

func (k *draw) sampler(r *rand.Rand) (func() float64, error) {
	return k.from.Sampler(slices.Clone(k.spec.Shape), r)
}

// Grad implements ops.Differentiable: there is nothing above it.
func (*draw) Grad(*ops.Builder, []*ops.Node, *ops.Node, *ops.Node, []bool) ([]*ops.Node, error) {
	return []*ops.Node{nil}, nil
}
