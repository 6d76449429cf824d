package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// mobilenetV1 are the depthwise separable blocks that follow the first
// convolution: their strides and outputs.
var mobilenetV1 = [...]struct{ stride, outputs int }{
	{1, 64}, {2, 128}, {1, 128}, {2, 256}, {1, 256}, {2, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512},
	{2, 1024}, {1, 1024},
}

// minDepth is the fewest channels that DepthMultiplier leaves.
const minDepth = 8

// MobilenetV1 builds MobileNet V1 (Howard et al., arXiv:1704.04861, table 1;
// TF-Slim's mobilenet_v1). images are [batch, height, width, channels],
// float32 in [-1, 1], of 32×32 or more for a map that is not one cell; the
// logits are [batch, NumClasses]. With NumClasses 0 the result is the last
// feature map, averaged: [batch, 1, 1, channels].
//
// End points: Conv2d_0, Conv2d_1_depthwise, Conv2d_1_pointwise, …, AvgPool_1a,
// Logits, Predictions. The head is the scope MobilenetV1/Logits. Defaults:
// KeepProb 0.999, WeightDecay 0.00004 (not on depthwise filters),
// BatchNormDecay 0.9997.
func MobilenetV1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	if c.DepthMultiplier == 0 {
		c.DepthMultiplier = 1
	}
	if c.DepthMultiplier < 0 {
		return nil, nil, fmt.Errorf("nets: MobilenetV1: DepthMultiplier is %g, it must be above 0", c.DepthMultiplier)
	}
	depth := func(d int) int { return max(int(float64(d)*c.DepthMultiplier), minDepth) }
	b := newBuilder("MobilenetV1", images, c)
	b.mobilenetV1Args(c)
	b.conv("Conv2d_0", depth(32), []int{3, 3}, slim.Args{Stride: 2})
	for i, block := range mobilenetV1 {
		b.separable(fmt.Sprintf("Conv2d_%d_depthwise", i+1), 0, []int{3, 3}, slim.Args{Stride: block.stride})
		b.conv(fmt.Sprintf("Conv2d_%d_pointwise", i+1), depth(block.outputs), []int{1, 1}, slim.Args{})
	}
	b.scope("Logits", func() { b.mobilenetV1Head(c) })
	if c.NumClasses > 0 {
		b.predictions()
	}
	return b.result()
}

// mobilenetV1Args is mobilenet_v1_arg_scope.
func (b *builder) mobilenetV1Args(c Config) {
	init := graph.TruncatedNormal{Stddev: 0.09}
	convs := []slim.Layer{slim.LayerConv2D, slim.LayerSeparableConv2D}
	b.args(slim.Args{WeightsInitializer: init, Activation: slim.ReLU6, Normalizer: slim.BatchNormalizer, Padding: slim.Same}, convs...)
	b.args(slim.Args{IsTraining: slim.Of(c.IsTraining), Center: slim.True, Scale: slim.True,
		Decay: or(c.BatchNormDecay, 0.9997), Epsilon: 0.001}, slim.LayerBatchNorm)
	b.args(slim.Args{IsTraining: slim.Of(c.IsTraining)}, slim.LayerDropout)
	if decay := or(c.WeightDecay, 0.00004); decay > 0 {
		b.args(slim.Args{WeightsRegularizer: slim.L2(decay)}, slim.LayerConv2D)
	}
}

// mobilenetV1Head averages over the last map, at most 7×7 of it as the
// original does, and classifies.
func (b *builder) mobilenetV1Head(c Config) {
	if b.err != nil {
		return
	}
	shape := b.x.Shape()
	if shape[1] == graph.Unknown || shape[2] == graph.Unknown {
		b.err = fmt.Errorf("nets: MobilenetV1: the height and width of its input must be known")
		return
	}
	size := []int{min(7, shape[1]), min(7, shape[2])}
	b.layer("AvgPool_1a", func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.AvgPool2D(s, x, size, slim.Args{Padding: slim.Valid, Stride: 1, Scope: "AvgPool_1a"})
	})
	if c.NumClasses == 0 {
		return
	}
	b.layer("", func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Dropout(s, x, slim.Args{KeepProb: or(c.KeepProb, 0.999), Scope: "Dropout_1b"})
	})
	b.conv("Conv2d_1c_1x1", c.NumClasses, []int{1, 1}, slim.Args{Activation: slim.Linear, Normalizer: slim.NoNormalizer})
	b.layer("Logits", func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return s.Apply("SpatialSqueeze", ops.Squeeze{Axes: 1<<1 | 1<<2}, x)
	})
	delete(b.end, "Conv2d_1c_1x1")
}

// predictions adds the end point Predictions and leaves the logits on top.
func (b *builder) predictions() {
	logits := b.x
	b.layer("Predictions", func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Softmax(s, x, slim.Args{Scope: "Predictions"})
	})
	b.x = logits
}

func or(given, otherwise float64) float64 {
	if given == 0 {
		return otherwise
	}
	return given
}
