package train

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// MultiplyGradients multiplies the gradients of some variables, by name
// (slim.learning.multiply_gradients) or by the scope they stand in, as far as
// a slash; the longest that holds a variable counts. Optimizers that scale
// steps by the gradients' size, as Adam does, take the factor out again: there
// Optimizer.RateMultipliers is wanted. Errors: no multipliers, a name that
// holds none of the variables.
func MultiplyGradients(pairs []GradientAndVariable, multipliers map[string]float64) ([]GradientAndVariable, error) {
	if len(pairs) == 0 || len(multipliers) == 0 {
		return nil, fmt.Errorf("train: `gradient_multipliers` is empty, or there are no gradients")
	}
	for _, p := range pairs {
		if p.Gradient == nil || p.Variable == nil {
			return nil, fmt.Errorf("train: Requested multiple of `None` gradient: a pair lacks its gradient or its variable")
		}
	}
	return multiplyGradients(pairs[0].Gradient.Graph().Scope(), pairs, multipliers, false)
}

func multiplyGradients(s graph.Scope, pairs []GradientAndVariable, multipliers map[string]float64, lenient bool) ([]GradientAndVariable, error) {
	var vars []*graph.Variable
	out := slices.Clone(pairs)
	for i, p := range pairs {
		vars = append(vars, p.Variable)
		by, scope := byScope(multipliers, p.Variable.Name())
		if scope == "" {
			continue
		}
		n, err := s.Apply("multiply_grads/"+p.Variable.Name()+"/mul", ops.Affine{By: by}, p.Gradient)
		if err != nil {
			return nil, err
		}
		out[i].Gradient = n
	}
	if lenient {
		return out, nil
	}
	return out, unused("gradient multipliers", multipliers, vars)
}

// ClipGradientNorms scales gradients down that are longer than norm, each for
// itself: g·norm/max(|g|, norm) (slim.learning.clip_gradient_norms). A norm
// that is not above 0 is an error.
func ClipGradientNorms(pairs []GradientAndVariable, norm float64) ([]GradientAndVariable, error) {
	c, err := newClip("clip gradient norms", pairs, norm)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(pairs)
	for i, p := range pairs {
		length := c.do("Sqrt", ops.Sqrt, c.do("mul", ops.Affine{By: 2}, c.do("L2Loss", ops.L2Loss{}, p.Gradient)))
		longer := c.do("Maximum", ops.Maximum, length, c.scalar(p.Gradient.DType(), norm))
		out[i].Gradient = c.do("truediv", ops.Div, c.do("mul_1", ops.Affine{By: norm}, p.Gradient), longer)
	}
	return out, c.err
}

// ClipByGlobalNorm scales all gradients down by one factor if together they
// are longer than norm: g·norm/max(|all|, norm), which keeps their direction.
// It also returns that length, a scalar (tf.clip_by_global_norm). Gradients
// that are not finite make all of them NaN. Errors: a norm that is not above
// 0, gradients of several dtypes.
func ClipByGlobalNorm(pairs []GradientAndVariable, norm float64) ([]GradientAndVariable, *graph.Node, error) {
	c, err := newClip("clip by global norm", pairs, norm)
	if err != nil {
		return nil, nil, err
	}
	d := pairs[0].Gradient.DType()
	var halves []*graph.Node
	for _, p := range pairs {
		if p.Gradient.DType() != d {
			return nil, nil, fmt.Errorf("train: clip by global norm: the gradient of %s is %v, that of %s %v", p.Variable.Name(), p.Gradient.DType(), pairs[0].Variable.Name(), d)
		}
		halves = append(halves, c.do("L2Loss", ops.L2Loss{}, p.Gradient))
	}
	length := c.do("global_norm", ops.Sqrt, c.do("mul", ops.Affine{By: 2}, c.do("Sum", ops.AddN{}, halves...)))
	// norm·min(1/length, 1/norm), and NaN for a length that is not finite.
	shorter := c.do("Minimum", ops.Minimum, c.do("truediv", ops.Reciprocal, length), c.scalar(d, 1/norm))
	scale := c.do("mul_1", ops.Affine{By: norm}, shorter)
	scale = c.do("add", ops.Add, scale, c.do("sub", ops.Sub, length, length))
	out := slices.Clone(pairs)
	for i, p := range pairs {
		out[i].Gradient = c.do("mul_2", ops.Mul, p.Gradient, scale)
	}
	return out, length, c.err
}

// clip adds nodes that clip gradients, and keeps the first error.
type clip struct {
	s   graph.Scope
	err error
}

func newClip(what string, pairs []GradientAndVariable, norm float64) (*clip, error) {
	if !(norm > 0) {
		return nil, fmt.Errorf("train: %s: %g is not above 0", what, norm)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("train: %s: there are no gradients", what)
	}
	for i, p := range pairs {
		if p.Gradient == nil || p.Variable == nil {
			return nil, fmt.Errorf("train: %s: gradient %d is nil, or its variable", what, i)
		}
	}
	s, err := pairs[0].Gradient.Graph().Scope().NameScope("clip_grads")
	return &clip{s: s}, err
}

func (c *clip) do(name string, k ops.Kernel, in ...*graph.Node) (n *graph.Node) {
	if c.err == nil {
		n, c.err = c.s.Apply(name, k, in...)
	}
	return n
}

func (c *clip) scalar(d graph.DType, x float64) (n *graph.Node) {
	if c.err == nil {
		n, c.err = c.s.Graph().Scalar(c.s.Operations()+"/Const", d, x)
	}
	return n
}
