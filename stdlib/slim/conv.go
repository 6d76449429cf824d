package slim

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Conv2D is a convolution with its own weights [height, width, in, out], and
// biases [out] or a normalizer, followed by an activation (slim.conv2d). x is
// [batch, height, width, channels], float32; kernel is {height, width}, or
// {size} for both. The result is [batch, height', width', outputs].
//
// Errors: another rank, an unknown number of channels, outputs below 1, a
// kernel that does not fit with Valid padding, a stride and a rate above 1
// together.
func Conv2D(s graph.Scope, x *graph.Node, outputs int, kernel []int, args ...Args) (*graph.Node, error) {
	a, err := resolve(s, LayerConv2D, args)
	if err != nil {
		return nil, err
	}
	g, err := geometry(x, kernel, a, "conv2d", 1)
	if err != nil {
		return nil, err
	}
	if outputs < 1 {
		return nil, fmt.Errorf("slim: conv2d: %d outputs, at least 1 is wanted", outputs)
	}
	in, err := layerScope(s, a, "Conv")
	if err != nil {
		return nil, err
	}
	w, err := a.variable(in, "weights", []int{g.kernel[0], g.kernel[1], g.channels, outputs}, orInitializer(a.WeightsInitializer, Xavier()), a.WeightsRegularizer)
	if err != nil {
		return nil, err
	}
	y, err := in.Apply("Conv2D", ops.Conv2D{Strides: g.stride, Padding: g.padding(Same), Dilations: g.rate}, x, w)
	if err != nil {
		return nil, err
	}
	return a.finish(s, in, y, outputs)
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
	a, err := resolve(s, LayerSeparableConv2D, args)
	if err != nil {
		return nil, err
	}
	g, err := geometry(x, kernel, a, "separable_conv2d", 1)
	if err != nil {
		return nil, err
	}
	if outputs < 0 {
		return nil, fmt.Errorf("slim: separable_conv2d: %d outputs, at least 0 is wanted", outputs)
	}
	in, err := layerScope(s, a, "SeparableConv2d")
	if err != nil {
		return nil, err
	}
	multiplier := max(1, a.DepthMultiplier)
	init := orInitializer(a.WeightsInitializer, Xavier())
	w, err := a.variable(in, "depthwise_weights", []int{g.kernel[0], g.kernel[1], g.channels, multiplier}, init, a.WeightsRegularizer)
	if err != nil {
		return nil, err
	}
	width := g.channels * multiplier
	depthwise := ops.DepthwiseConv2D{Strides: g.stride, Padding: g.padding(Same), Dilations: g.rate}
	if outputs == 0 {
		y, err := in.Apply("depthwise", depthwise, x, w)
		if err != nil {
			return nil, err
		}
		return a.finish(s, in, y, width)
	}
	p, err := a.variable(in, "pointwise_weights", []int{1, 1, width, outputs}, init, a.WeightsRegularizer)
	if err != nil {
		return nil, err
	}
	y, err := in.Apply("separable_conv2d/depthwise", depthwise, x, w)
	if err != nil {
		return nil, err
	}
	if y, err = in.Apply("separable_conv2d", ops.Conv2D{Strides: [2]int{1, 1}, Padding: ops.Valid, Dilations: [2]int{1, 1}}, y, p); err != nil {
		return nil, err
	}
	return a.finish(s, in, y, outputs)
}

// window is what convolutions and pools have in common.
type window struct {
	kernel, stride, rate [2]int
	channels             int
	given                Padding
}

// geometry checks a layer's input and reads its window.
func geometry(x *graph.Node, kernel []int, a Args, layer string, stride int) (w window, err error) {
	if x == nil {
		return w, fmt.Errorf("slim: %s: its input is nil", layer)
	}
	shape := x.Shape()
	if len(shape) != 4 {
		return w, fmt.Errorf("slim: %s: %s has shape %s, [batch,height,width,channels] is wanted", layer, x.Name(), ops.ShapeString(shape))
	}
	if w.channels = shape[3]; w.channels == graph.Unknown {
		return w, fmt.Errorf("slim: %s: the number of channels of %s %s is unknown", layer, x.Name(), ops.ShapeString(shape))
	}
	switch len(kernel) {
	case 1:
		w.kernel = [2]int{kernel[0], kernel[0]}
	case 2:
		w.kernel = [2]int{kernel[0], kernel[1]}
	default:
		return w, fmt.Errorf("slim: %s: kernel %v, {height, width} or {size} is wanted", layer, kernel)
	}
	if w.kernel[0] < 1 || w.kernel[1] < 1 {
		return w, fmt.Errorf("slim: %s: kernel %v, sizes of at least 1 are wanted", layer, kernel)
	}
	w.stride = [2]int{stride, stride}
	if a.Stride > 0 {
		w.stride = [2]int{a.Stride, a.Stride}
	}
	if a.StrideHW != [2]int{} {
		w.stride = [2]int{max(1, a.StrideHW[0]), max(1, a.StrideHW[1])}
	}
	w.rate = [2]int{max(1, a.Rate), max(1, a.Rate)}
	if w.rate[0] > 1 && (w.stride[0] > 1 || w.stride[1] > 1) {
		return w, fmt.Errorf("slim: %s: strides %v and rate %d, one of them must be 1", layer, w.stride, a.Rate)
	}
	w.given = a.Padding
	return w, nil
}

func (w window) padding(otherwise Padding) ops.Padding {
	if w.given == "" {
		return ops.Padding(otherwise)
	}
	return ops.Padding(w.given)
}
