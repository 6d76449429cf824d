package slim

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// calc applies operations one after the other and keeps the first error.
type calc struct {
	s   graph.Scope
	err error
}

func (c *calc) do(name string, k ops.Kernel, in ...*graph.Node) (out *graph.Node) {
	if c.err == nil {
		out, c.err = c.s.Apply(name, k, in...)
	}
	return out
}

// standardise is (x-mean)/√(variance+epsilon)·gamma+beta, of which gamma and
// beta may be nil (tf.nn.batch_normalization).
func (c *calc) standardise(x, mean, variance, gamma, beta *graph.Node, epsilon float64, name string) *graph.Node {
	inv := c.do(name+"/Rsqrt", ops.Rsqrt, c.do(name+"/add", ops.Affine{By: 1, Plus: epsilon}, variance))
	out := c.do(name+"/mul", ops.Mul, c.do(name+"/sub", ops.Sub, x, mean), inv)
	if gamma != nil {
		out = c.do(name+"/mul_1", ops.Mul, out, gamma)
	}
	if beta != nil {
		return c.do(name, ops.Add, out, beta)
	}
	return c.do(name, ops.Identity{}, out)
}

// moments are the mean and the biased variance over axes, which stay as 1.
func (c *calc) moments(x *graph.Node, axes ops.Axes) (mean, variance *graph.Node) {
	mean = c.do("moments/mean", ops.Reduce{Op: ops.Mean, Axes: axes, KeepDims: true}, x)
	off := c.do("moments/SquaredDifference", ops.SquaredDifference, x, mean)
	return mean, c.do("moments/variance", ops.Reduce{Op: ops.Mean, Axes: axes, KeepDims: true}, off)
}

// seq is 0, 1, …, n-1.
func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func ones(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = 1
	}
	return out
}
