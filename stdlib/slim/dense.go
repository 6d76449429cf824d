package slim

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// FullyConnected multiplies the last axis by weights [in, outputs] and adds
// biases [outputs] or a normalizer, followed by an activation
// (slim.fully_connected). x is [batch, …, in], float32 or float64; the result
// is [batch, …, outputs]. Errors: fewer than two axes, an unknown last axis,
// more than one unknown axis, negative outputs.
func FullyConnected(s graph.Scope, x *graph.Node, outputs int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerFullyConnected, args)
	if err != nil {
		return nil, err
	}
	y.core = coreNames
	shape := x.Shape()
	rank := len(shape)
	if rank < 2 || shape[rank-1] == graph.Unknown {
		return nil, fmt.Errorf("slim: fully_connected: its input is %v, [batch,in] with a known in is wanted; Flatten makes it of pictures", x)
	}
	if outputs < 0 {
		return nil, fmt.Errorf("slim: fully_connected: %d outputs, at least 1 is wanted", outputs)
	}
	if err := y.open("fully_connected"); err != nil {
		return nil, err
	}
	w, err := y.weights("weights", shape[rank-1], outputs)
	if err != nil {
		return nil, err
	}
	return y.convolve(window{rate: 1}, outputs, func() (*graph.Node, error) {
		if rank == 2 {
			return y.s.Apply("MatMul", ops.MatMul{}, x, w)
		}
		rows, err := y.s.Apply("Tensordot/Reshape", ops.Reshape{Shape: ops.List(-1, shape[rank-1])}, x)
		if err != nil {
			return nil, err
		}
		out, err := y.s.Apply("Tensordot/MatMul", ops.MatMul{}, rows, w)
		if err != nil {
			return nil, err
		}
		return y.s.Apply("Tensordot", ops.Reshape{Shape: ops.List(append(slices.Clone(shape[:rank-1]), outputs)...)}, out)
	})
}

// BiasAdd adds biases, one a channel, followed by an activation, of which
// there is none by default (slim.bias_add). x is [batch, …, channels]. Errors:
// fewer than two axes, an unknown number of channels.
func BiasAdd(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerBiasAdd, args)
	if err != nil {
		return nil, err
	}
	shape := x.Shape()
	if len(shape) < 2 || shape[len(shape)-1] == graph.Unknown {
		return nil, fmt.Errorf("slim: bias_add: its input is %v, [batch,…,channels] with known channels is wanted", x)
	}
	if err := y.open("BiasAdd"); err != nil {
		return nil, err
	}
	y.a.BiasesInitializer, y.a.BiasesRegularizer = y.a.Initializer, y.a.Regularizer
	out, err := y.biases(x, shape[len(shape)-1])
	if err != nil {
		return nil, err
	}
	return y.activate(out, Linear)
}

// Flatten makes [batch, height·width·channels] of [batch, height, width,
// channels], or whatever axes there are behind the batch (slim.flatten). An
// unknown size among them is an error.
func Flatten(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerFlatten, args)
	if err != nil {
		return nil, err
	}
	if len(x.Shape()) < 1 || !known(x.Shape()) {
		return nil, fmt.Errorf("slim: flatten: its input is %v, a batch of known sizes is wanted", x)
	}
	if err := y.open("Flatten"); err != nil {
		return nil, err
	}
	out, err := y.s.Apply("flatten/Reshape", ops.Flatten{}, x)
	if err != nil {
		return nil, err
	}
	return out, y.collect(out)
}

// Softmax turns scores into probabilities along the last axis
// (slim.softmax).
func Softmax(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerSoftmax, args)
	if err != nil {
		return nil, err
	}
	if err := y.open("softmax"); err != nil {
		return nil, err
	}
	return y.s.Apply("Reshape_1", ops.Softmax{}, x)
}

// Dropout sets a share of 1-KeepProb of the values to zero and divides the
// others by KeepProb, anew in each run; with IsTraining False it does nothing
// (slim.dropout; Srivastava et al. 2014). A NoiseShape that does not broadcast
// to the input's shape is an error.
func Dropout(s graph.Scope, x *graph.Node, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerDropout, args)
	if err != nil {
		return nil, err
	}
	if err := y.open("Dropout"); err != nil {
		return nil, err
	}
	out, err := y.drop()
	if err != nil {
		return nil, err
	}
	return out, y.collect(out)
}

func (y *layer) drop() (*graph.Node, error) {
	if !y.a.IsTraining.or(true) {
		return y.s.Apply("Identity", ops.Identity{}, y.x)
	}
	keep := y.a.KeepProb
	if keep == 0 {
		keep = 0.5
	}
	if keep == 1 {
		return y.x, nil // as TensorFlow does
	}
	of := y.x
	if y.a.NoiseShape != nil {
		var err error
		if of, err = y.noise(y.a.NoiseShape); err != nil {
			return nil, err
		}
	}
	mask, err := y.s.Apply("dropout_1/mask", ops.DropoutMask{KeepProb: keep}, of)
	if err != nil {
		return nil, err
	}
	return y.s.Apply("dropout_1/SelectV2", ops.Mul, y.x, mask) // TensorFlow's name of the result
}

// noise has the shape that dropout's mask is drawn for: the input with some
// axes cut down to one.
func (y *layer) noise(shape []int) (*graph.Node, error) {
	in := y.x.Shape()
	if len(shape) != len(in) {
		return nil, fmt.Errorf("slim: dropout: NoiseShape %v has not the axes of %v", shape, y.x)
	}
	var cut ops.Axes
	end := make([]int, len(in))
	for i, d := range shape {
		switch {
		case d == 1 && in[i] != 1:
			end[i] = 1
		case d == in[i] || d == graph.Unknown:
			cut |= 1 << i
		default:
			return nil, fmt.Errorf("slim: dropout: axis %d of NoiseShape %v is neither 1 nor the input's (%v)", i, shape, y.x)
		}
	}
	ones := make([]int, len(in))
	for i := range ones {
		ones[i] = 1
	}
	return y.s.Apply("dropout_1/shape", ops.StridedSlice{Begin: ops.List(make([]int, len(in))...), End: ops.List(end...), Strides: ops.List(ones...), EndMask: cut}, y.x)
}

// OneHotEncoding makes of each label a row with OnValue at the label's place
// and OffValue elsewhere (slim.one_hot_encoding). labels are int32 or int64 of
// any shape; the result has one more axis, of classes, and is float32.
// Negative classes are an error; a label out of range gives a row of
// OffValues.
func OneHotEncoding(s graph.Scope, labels *graph.Node, classes int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, labels, LayerOneHotEncoding, args)
	if err != nil {
		return nil, err
	}
	if err := y.open("OneHotEncoding"); err != nil {
		return nil, err
	}
	on := y.a.OnValue
	if on == 0 {
		on = 1
	}
	out, err := y.s.Apply("one_hot", ops.OneHot{Depth: classes, On: on, Off: y.a.OffValue}, labels)
	if err != nil {
		return nil, err
	}
	return out, y.collect(out)
}

// Maxout takes the largest of each group of channels, so that units channels
// are left (slim.maxout; Goodfellow et al., arXiv:1302.4389). x is [batch, …,
// channels], of which at most one axis is unknown. A number of channels that
// units does not divide is an error.
func Maxout(s graph.Scope, x *graph.Node, units int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerMaxout, args)
	if err != nil {
		return nil, err
	}
	shape := x.Shape()
	rank := len(shape)
	if rank < 1 || shape[rank-1] == graph.Unknown {
		return nil, fmt.Errorf("slim: maxout: its input is %v, [batch,…,channels] with known channels is wanted", x)
	}
	if units < 1 || shape[rank-1]%units != 0 {
		return nil, fmt.Errorf("slim: maxout: number of features(%d) is not a multiple of num_units(%d)", shape[rank-1], units)
	}
	if err := y.open("MaxOut"); err != nil {
		return nil, err
	}
	// TensorFlow puts the units before the group: unit i has the channels i·group ….
	each, err := y.s.Apply("Reshape", ops.Reshape{Shape: ops.List(append(slices.Clone(shape[:rank-1]), units, shape[rank-1]/units)...)}, x)
	if err != nil {
		return nil, err
	}
	set, err := ops.AxesOf(rank+1, rank)
	if err != nil {
		return nil, err
	}
	return y.s.Apply("Max", ops.Reduce{Op: ops.Max, Axes: set}, each)
}

// UnitNorm divides by the length along an axis, so that it becomes 1
// (slim.unit_norm). dim counts from 0; Epsilon, 1e-7 by default, is added to
// the square of the length. An axis that is not there is an error.
func UnitNorm(s graph.Scope, x *graph.Node, dim int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerUnitNorm, args)
	if err != nil {
		return nil, err
	}
	if err := y.open("UnitNorm"); err != nil {
		return nil, err
	}
	if dim < 0 || dim >= len(x.Shape()) {
		return nil, fmt.Errorf("slim: unit_norm: dim %d must be positive but smaller than the input rank %d", dim, len(x.Shape()))
	}
	epsilon := y.a.Epsilon
	if epsilon == 0 {
		epsilon = 1e-7
	}
	chain := []struct {
		name string
		k    ops.Kernel
	}{{"Square", ops.Square}, {"Sum", ops.Reduce{Op: ops.Sum, Axes: 1 << dim, KeepDims: true}}, {"add", ops.Affine{By: 1, Plus: epsilon}}, {"Sqrt", ops.Sqrt}}
	length := x
	for _, c := range chain {
		if length, err = y.s.Apply(c.name, c.k, length); err != nil {
			return nil, err
		}
	}
	return y.s.Apply("div", ops.Div, x, length)
}
