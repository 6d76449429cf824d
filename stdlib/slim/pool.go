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
	return pool(s, x, kernel, LayerMaxPool2D, "MaxPool2D", args, func(y *layer, w window) (*graph.Node, error) {
		return y.s.Apply("MaxPool", ops.MaxPool{KSize: pair(w.kernel), Strides: pair(w.stride), Padding: w.padding}, x)
	})
}

// AvgPool2D takes the mean of each window and channel, of the cells inside
// the picture only (slim.avg_pool2d); the rest is as in MaxPool2D.
func AvgPool2D(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	return pool(s, x, kernel, LayerAvgPool2D, "AvgPool2D", args, func(y *layer, w window) (*graph.Node, error) {
		return y.s.Apply("AvgPool", ops.AvgPool{KSize: pair(w.kernel), Strides: pair(w.stride), Padding: w.padding}, x)
	})
}

func pool(s graph.Scope, x *graph.Node, kernel []int, l Layer, scope string, args []Args, apply func(*layer, window) (*graph.Node, error)) (*graph.Node, error) {
	y, err := begin(s, x, l, args)
	if err != nil {
		return nil, err
	}
	if _, err := y.channels(4, "[batch,height,width,channels]"); err != nil {
		return nil, err
	}
	if err := y.open(scope); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 2, 2, Valid)
	if err != nil {
		return nil, err
	}
	out, err := apply(y, w)
	if err != nil {
		return nil, err
	}
	return out, y.collect(out)
}
