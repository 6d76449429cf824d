package graph

import (
	"fmt"

	"graft/stdlib/internal/ops"
)

// apply adds an operation in the outermost scope of its first input's graph.
func apply(name string, k ops.Kernel, in ...*Node) (*Node, error) {
	for i, n := range in {
		if n == nil {
			return nil, fmt.Errorf("graph: %s: input %d is nil", name, i)
		}
	}
	return in[0].g.Scope().Apply(name, k, in...)
}

// Add is a + b, element by element. Shapes broadcast as in numpy: they are
// aligned at their last axes, and an axis of size 1 is repeated. Shapes that
// do not broadcast and different dtypes are errors; so it is for all
// functions of two nodes.
func Add(a, b *Node) (*Node, error) { return apply("Add", ops.Add, a, b) }

// Sub is a - b; see Add.
func Sub(a, b *Node) (*Node, error) { return apply("Sub", ops.Sub, a, b) }

// Mul is a · b, element by element; see Add.
func Mul(a, b *Node) (*Node, error) { return apply("Mul", ops.Mul, a, b) }

// Div is a / b, of floats; see Add.
func Div(a, b *Node) (*Node, error) { return apply("RealDiv", ops.Div, a, b) }

// MatMul multiplies matrices: a [rows, k] by b [k, columns]. Other ranks and
// sizes that do not meet are errors.
func MatMul(a, b *Node) (*Node, error) { return apply("MatMul", ops.MatMul{}, a, b) }

// Relu is max(x, 0).
func Relu(x *Node) (*Node, error) { return apply("Relu", ops.Relu, x) }

// Sigmoid is 1 / (1 + exp(-x)).
func Sigmoid(x *Node) (*Node, error) { return apply("Sigmoid", ops.Sigmoid, x) }

// Tanh is the hyperbolic tangent.
func Tanh(x *Node) (*Node, error) { return apply("Tanh", ops.Tanh, x) }

// Exp is e to the power of x.
func Exp(x *Node) (*Node, error) { return apply("Exp", ops.Exp, x) }

// Log is the natural logarithm.
func Log(x *Node) (*Node, error) { return apply("Log", ops.Log, x) }

// Square is x².
func Square(x *Node) (*Node, error) { return apply("Square", ops.Square, x) }

// Sqrt is the square root.
func Sqrt(x *Node) (*Node, error) { return apply("Sqrt", ops.Sqrt, x) }

// Softmax makes probabilities of scores along the last axis.
func Softmax(x *Node) (*Node, error) { return apply("Softmax", ops.Softmax{}, x) }

// ReduceMean is the mean over some axes, over all without any
// (tf.reduce_mean). An axis may count from the end, -1 being the last; one
// that is not there is an error.
func ReduceMean(x *Node, axes ...int) (*Node, error) { return reduce(ops.Mean, x, axes) }

// ReduceSum is the sum over some axes, over all without any; see ReduceMean.
func ReduceSum(x *Node, axes ...int) (*Node, error) { return reduce(ops.Sum, x, axes) }

// ReduceMax is the largest value over some axes, over all without any; see
// ReduceMean.
func ReduceMax(x *Node, axes ...int) (*Node, error) { return reduce(ops.Max, x, axes) }

func reduce(r ops.Reducer, x *Node, axes []int) (*Node, error) {
	if x == nil {
		return nil, fmt.Errorf("graph: %s: its input is nil", r)
	}
	set := ops.AllAxes
	if len(axes) > 0 {
		var err error
		if set, err = ops.AxesOf(len(x.spec.Shape), axes...); err != nil {
			return nil, fmt.Errorf("graph: %s of %s %v: %w", r, x.name, x.spec, err)
		}
	}
	return apply(string(r), ops.Reduce{Op: r, Axes: set}, x)
}
