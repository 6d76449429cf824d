package slim

import (
	"fmt"

	"graft/stdlib/graph"
)

// Apply is a layer with its own arguments filled in, as Repeat and Stack call
// it:
//
//	func(s graph.Scope, x *graph.Node, a slim.Args) (*graph.Node, error) {
//		return slim.Conv2D(s, x, 64, []int{3, 3}, a)
//	}
type Apply func(s graph.Scope, x *graph.Node, a Args) (*graph.Node, error)

// Repeat puts n layers on top of each other, in the scopes conv1/conv1_1,
// conv1/conv1_2, … for Args{Scope: "conv1"} (slim.repeat); without a Scope, in
// Repeat/convolution2d_1, …, after the layer. n below 1 is an error.
func Repeat(s graph.Scope, x *graph.Node, n int, layer Layer, f Apply, args ...Args) (*graph.Node, error) {
	if n < 1 {
		return nil, fmt.Errorf("slim: repeat: %d repetitions, at least 1 is wanted", n)
	}
	if f == nil {
		return nil, fmt.Errorf("slim: repeat: the layer is nil")
	}
	fs := make([]Apply, n)
	for i := range fs {
		fs[i] = f
	}
	return chain(s, x, "Repeat", layer, fs, args)
}

// Stack puts layers of one kind with different arguments on top of each
// other, in the scopes fc/fc_1, fc/fc_2, … for Args{Scope: "fc"}
// (slim.stack); without a Scope, in Stack/fully_connected_1, …. An empty list
// is an error.
func Stack(s graph.Scope, x *graph.Node, layer Layer, fs []Apply, args ...Args) (*graph.Node, error) {
	if len(fs) == 0 {
		return nil, fmt.Errorf("slim: stack: stack_args need to be a list of layers, it is empty")
	}
	return chain(s, x, "Stack", layer, fs, args)
}

func chain(s graph.Scope, x *graph.Node, defaultName string, l Layer, fs []Apply, args []Args) (*graph.Node, error) {
	var a Args
	for _, more := range args {
		a = merge(a, more)
	}
	name := a.Scope
	in, err := s.OpenOr(name, defaultName)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = l.function()
	}
	for i, f := range fs {
		if f == nil {
			return nil, fmt.Errorf("slim: layer %d of the list is nil", i)
		}
		a.Scope = fmt.Sprintf("%s_%d", name, i+1)
		if x, err = f(in, x, a); err != nil {
			return nil, err
		}
	}
	return x, nil
}
