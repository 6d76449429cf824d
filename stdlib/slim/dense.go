package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// FullyConnected multiplies the last axis by weights [in, outputs] and adds
// biases [outputs] or a normalizer, followed by an activation
// (slim.fully_connected). x is [batch, in], float32. Errors: another rank, an
// unknown last axis, outputs below 1.
func FullyConnected(s graph.Scope, x *graph.Node, outputs int, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerFullyConnected, args)
	if err != nil {
		return nil, err
	}
	if x == nil || len(x.Shape()) != 2 || x.Shape()[1] == graph.Unknown {
		return nil, fmt.Errorf("slim: fully_connected: its input is %v, [batch,in] is wanted; Flatten makes it of pictures", x)
	}
	if outputs < 1 {
		return nil, fmt.Errorf("slim: fully_connected: %d outputs, at least 1 is wanted", outputs)
	}
	in, err := layerScope(s, a, "fully_connected")
	if err != nil {
		return nil, err
	}
	w, err := a.variable(in, "weights", []int{x.Shape()[1], outputs}, orInitializer(a.WeightsInitializer, Xavier()), a.WeightsRegularizer)
	if err != nil {
		return nil, err
	}
	y, err := in.Apply("MatMul", ops.MatMul{}, x, w)
	if err != nil {
		return nil, err
	}
	return a.finish(s, in, y, outputs)
}

// Flatten makes [batch, height·width·channels] of [batch, height, width,
// channels], or whatever axes there are behind the batch (slim.flatten). An
// unknown size among them is an error.
func Flatten(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerFlatten, args)
	if err != nil {
		return nil, err
	}
	if x == nil || len(x.Shape()) < 1 {
		return nil, fmt.Errorf("slim: flatten: its input is %v, a batch is wanted", x)
	}
	n := ops.Size(x.Shape()[1:])
	if n == graph.Unknown {
		return nil, fmt.Errorf("slim: flatten: %s has shape %s: the sizes behind the batch must be known", x.Name(), ops.ShapeString(x.Shape()))
	}
	in, err := layerScope(s, a, "Flatten")
	if err != nil {
		return nil, err
	}
	return in.Apply("flatten/Reshape", ops.Reshape{Shape: ops.List(graph.Unknown, n)}, x)
}

// Softmax turns scores into probabilities along the last axis
// (slim.softmax).
func Softmax(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerSoftmax, args)
	if err != nil {
		return nil, err
	}
	in, err := layerScope(s, a, "softmax")
	if err != nil {
		return nil, err
	}
	return in.Apply("Softmax", ops.Softmax{}, x)
}

// Dropout sets a share of 1-KeepProb of the values to zero and divides the
// others by KeepProb, anew in each run; with IsTraining False it does nothing
// (slim.dropout; Srivastava et al. 2014).
func Dropout(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerDropout, args)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, fmt.Errorf("slim: dropout: its input is nil")
	}
	in, err := layerScope(s, a, "Dropout")
	if err != nil {
		return nil, err
	}
	if !a.IsTraining.or(true) {
		return in.Apply("Identity", ops.Identity{}, x)
	}
	keep := a.KeepProb
	if keep == 0 {
		keep = 0.5
	}
	mask, err := in.Apply("dropout/mask", ops.DropoutMask{KeepProb: keep}, x)
	if err != nil {
		return nil, err
	}
	return in.Apply("dropout/Mul", ops.Mul, x, mask)
}
