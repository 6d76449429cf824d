package slim

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// MaxPool2D takes the largest value of each window and channel
// (slim.max_pool2d). x is [batch, height, width, channels]; kernel is {height,
// width}, or {size} for both. Stride is 2 and Padding Valid unless given.
// Errors: another rank, a kernel that does not fit with Valid padding.
func MaxPool2D(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	return pool(s, x, kernel, LayerMaxPool2D, "MaxPool2D", "MaxPool", args)
}

// AvgPool2D takes the mean of each window and channel, of the cells inside
// the picture only (slim.avg_pool2d); the rest is as in MaxPool2D.
func AvgPool2D(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	return pool(s, x, kernel, LayerAvgPool2D, "AvgPool2D", "AvgPool", args)
}

func pool(s graph.Scope, x *graph.Node, kernel []int, l Layer, scope, op string, args []Args) (*graph.Node, error) {
	a, err := resolve(s, l, args)
	if err != nil {
		return nil, err
	}
	w, err := geometry(x, kernel, a, string(l), 2)
	if err != nil {
		return nil, err
	}
	in, err := layerScope(s, a, scope)
	if err != nil {
		return nil, err
	}
	var k ops.Kernel = ops.MaxPool{KSize: w.kernel, Strides: w.stride, Padding: w.padding(Valid)}
	if op == "AvgPool" {
		k = ops.AvgPool{KSize: w.kernel, Strides: w.stride, Padding: w.padding(Valid)}
	}
	return in.Apply(op, k, x)
}
