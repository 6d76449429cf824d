package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Conv2D is a convolution with its own weights [height, width, in, out], and
// biases [out] or a normalizer, followed by an activation (slim.conv2d). x is
// [batch, height, width, channels], float32 or float64; kernel is {height,
// width}, or {size} for both. The result is [batch, height', width', outputs].
//
// Errors: another rank, an unknown number of channels, negative outputs, a
// kernel that does not fit with Valid padding, a stride and a rate above 1
// together.
func Conv2D(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, w, channels, err := beginConv(s, x, LayerConv2D, outputs, kernel, 2, args)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], w.kernel[1], channels, outputs)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		return y.s.Apply("Conv2D", ops.Conv2D{Strides: pair(w.stride), Padding: w.padding, Dilations: [2]int{w.rate, w.rate}}, x, weights)
	})
}

// beginConv is what all convolutions over n axes begin with.
func beginConv(s graph.Scope, x *graph.Node, l Layer, outputs int, kernel []int, n int, args []Args) (*layer, window, int, error) {
	y, err := begin(s, x, l, args)
	if err != nil {
		return nil, window{}, 0, err
	}
	y.core = coreNames
	channels, err := y.channels(n+2, [...]string{1: "[batch,width,channels]", 2: "[batch,height,width,channels]", 3: "[batch,depth,height,width,channels]"}[n])
	if err != nil {
		return nil, window{}, 0, err
	}
	if outputs < 0 {
		return nil, window{}, 0, fmt.Errorf("slim: %s: %d outputs, at least 1 is wanted", l, outputs)
	}
	if err := y.open("Conv"); err != nil {
		return nil, window{}, 0, err
	}
	w, err := y.window(kernel, n, 1, Same)
	return y, w, channels, err
}

// convolve makes the biases, applies the convolution, and finishes the layer.
// The biases come first, since TF-Slim makes all variables before it looks at
// the shapes.
func (y *layer) convolve(w window, outputs int, apply func() (*graph.Node, error)) (*graph.Node, error) {
	var biases *graph.Node
	if !y.a.NoBiases.or(false) && !y.normalized() {
		v, err := y.variable("biases", []int{outputs}, y.a.Trainable.or(true), orInitializer(y.a.BiasesInitializer, graph.Zeros()), y.a.BiasesRegularizer)
		if err != nil {
			return nil, err
		}
		biases = v.Node()
	}
	if err := y.dilated(w); err != nil {
		return nil, err
	}
	out, err := apply()
	if err != nil {
		return nil, err
	}
	if biases != nil {
		if out, err = y.s.Apply("BiasAdd", ops.BiasAdd{}, out, biases); err != nil {
			return nil, err
		}
	}
	return y.finish(out)
}

// Conv1D is Conv2D along one axis (slim.convolution1d). x is [batch, width,
// channels], kernel is {width}, the weights are [width, in, out].
func Conv1D(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, w, channels, err := beginConv(s, x, LayerConv1D, outputs, kernel, 1, args)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], channels, outputs)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		// One row of a picture.
		row, err := y.s.Apply("conv1d/ExpandDims", ops.ExpandDims{Axis: 1}, x)
		if err != nil {
			return nil, err
		}
		filter, err := y.s.Apply("conv1d/ExpandDims_1", ops.ExpandDims{Axis: 0}, weights)
		if err != nil {
			return nil, err
		}
		out, err := y.s.Apply("conv1d/Conv2D", ops.Conv2D{Strides: [2]int{1, w.stride[0]}, Padding: w.padding, Dilations: [2]int{1, w.rate}}, row, filter)
		if err != nil {
			return nil, err
		}
		return y.s.Apply("conv1d/Squeeze", ops.Squeeze{Axes: 1 << 1}, out)
	})
}

// Conv2DTranspose is a convolution the other way round: it makes pictures
// larger by its stride (slim.conv2d_transpose). x is [batch, height, width,
// channels]; its weights are [height, width, out, in]. With Same padding the
// result is [batch, height·stride, width·stride, outputs], with Valid
// larger by what the window juts out.
//
// Errors are those of Conv2D.
func Conv2DTranspose(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerConv2DTranspose, args)
	if err != nil {
		return nil, err
	}
	y.core = coreNames
	channels, err := y.channels(4, "[batch,height,width,channels]")
	if err != nil {
		return nil, err
	}
	if outputs < 1 {
		return nil, fmt.Errorf("slim: %s: %d outputs, at least 1 is wanted", y.kind, outputs)
	}
	if err := y.open("Conv2d_transpose"); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 2, 1, Same)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], w.kernel[1], outputs, channels)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		k := ops.Conv2DTranspose{Conv2D: ops.Conv2D{Strides: pair(w.stride), Padding: w.padding}}
		return y.s.Apply("conv2d_transpose", k, x, weights)
	})
}

// Conv2DInPlane convolves each channel with one and the same filter
// (slim.conv2d_in_plane). x is [batch, height, width, channels]; its weights
// are [height, width, 1, 1], its biases [channels].
//
// Errors are those of Conv2D.
func Conv2DInPlane(s graph.Scope, x *graph.Node, kernel []int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerConv2DInPlane, args)
	if err != nil {
		return nil, err
	}
	channels, err := y.channels(4, "[batch,height,width,channels]")
	if err != nil {
		return nil, err
	}
	if err := y.open("ConvInPlane"); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 2, 1, Same)
	if err != nil {
		return nil, err
	}
	weights, err := y.weights("weights", w.kernel[0], w.kernel[1], 1, 1)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, channels, func() (*graph.Node, error) {
		each, err := y.s.Apply("Tile", ops.Tile{Multiples: ops.List(1, 1, channels, 1)}, weights)
		if err != nil {
			return nil, err
		}
		return y.s.Apply("depthwise", ops.DepthwiseConv2D{Strides: pair(w.stride), Padding: w.padding}, x, each)
	})
}

// SeparableConv2D is a depthwise convolution, each channel with filters of
// its own, followed by a 1×1 convolution over all of them
// (slim.separable_conv2d). outputs 0 leaves the second one out (num_outputs=
// None). Its weights are depthwise_weights [height, width, in, multiplier] and
// pointwise_weights [1, 1, in·multiplier, outputs]; the regularizer of weights
// holds for both.
//
// Errors are those of Conv2D.
func SeparableConv2D(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	y, err := begin(s, x, LayerSeparableConv2D, args)
	if err != nil {
		return nil, err
	}
	channels, err := y.channels(4, "[batch,height,width,channels]")
	if err != nil {
		return nil, err
	}
	if outputs < 0 {
		return nil, fmt.Errorf("slim: separable_conv2d: %d outputs, at least 0 is wanted", outputs)
	}
	if err := y.open("SeparableConv2d"); err != nil {
		return nil, err
	}
	w, err := y.window(kernel, 2, 1, Same)
	if err != nil {
		return nil, err
	}
	if outputs > 0 {
		y.core = coreNames
	}
	multiplier := max(1, y.a.DepthMultiplier)
	filters, err := y.weights("depthwise_weights", w.kernel[0], w.kernel[1], channels, multiplier)
	if err != nil {
		return nil, err
	}
	k := ops.DepthwiseConv2D{Strides: pair(w.stride), Padding: w.padding, Dilations: [2]int{w.rate, w.rate}}
	if outputs == 0 {
		return y.convolve(w, channels*multiplier, func() (*graph.Node, error) { return y.s.Apply("depthwise", k, x, filters) })
	}
	mix, err := y.weights("pointwise_weights", 1, 1, channels*multiplier, outputs)
	if err != nil {
		return nil, err
	}
	return y.convolve(w, outputs, func() (*graph.Node, error) {
		out, err := y.s.Apply("separable_conv2d/depthwise", k, x, filters)
		if err != nil {
			return nil, err
		}
		return y.s.Apply("separable_conv2d", ops.Conv2D{Padding: ops.Valid}, out, mix)
	})
}
