package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// MobilenetV1 builds MobileNet V1 (Howard et al., arXiv:1704.04861, table 1;
// TF-Slim's mobilenet_v1). images are [batch, height, width, channels],
// float32 in [-1, 1], of 224×224; the logits are [batch, NumClasses]. With
// NumClasses 0 the result is the last feature map, averaged: [batch, 1, 1,
// channels].
//
// OutputStride is 8, 16 or 32; UseExplicitPadding is TF-Slim's
// use_explicit_padding. Both are of its mobilenet_v1_base.
//
// End points: Conv2d_0, Conv2d_1_depthwise, Conv2d_1_pointwise, …, AvgPool_1a
// or global_pool, Logits, Predictions. The head is MobilenetV1/Logits.
// Defaults: KeepProb 0.999, MinDepth 8, WeightDecay 0.00004 (not on depthwise
// filters), BatchNormDecay 0.9997, Stddev 0.09. Errors are Build's.
func MobilenetV1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v1", images, c)
}

// mobilenetV1Blocks are the depthwise separable blocks that follow the first
// convolution.
func mobilenetV1Blocks() []struct{ stride, outputs int } {
	return []struct{ stride, outputs int }{
		{1, 64}, {2, 128}, {1, 128}, {2, 256}, {1, 256}, {2, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512},
		{2, 1024}, {1, 1024},
	}
}

func mobilenetV1Spec(name string, multiplier float64) spec {
	return spec{
		Net: Net{Name: name, ImageSize: 224, Channels: 3, NumClasses: 1001, Preprocessing: "inception",
			HeadScopes: []string{"MobilenetV1/Logits/"}},
		defaults: Config{Scope: "MobilenetV1", KeepProb: 0.999, DepthMultiplier: multiplier, MinDepth: 8, WeightDecay: 0.00004,
			BatchNormDecay: 0.9997, BatchNormEpsilon: 0.001, BatchNormScale: slim.True, Stddev: 0.09},
		takes: []string{"KeepProb", "SpatialSqueeze", "GlobalPool", "PredictionFn", "BaseOnly", "FinalEndpoint", "OutputStride",
			"DepthMultiplier", "MinDepth", "UseExplicitPadding", "RegularizeDepthwise", "Stddev", "UseBatchNorm", "BatchNormDecay",
			"BatchNormEpsilon", "BatchNormUpdatesCollections", "BatchNormUpdatesInPlace"},
		build: (*builder).mobilenetV1,
	}
}

func (b *builder) mobilenetV1() {
	b.mobilenetV1Args()
	if s := b.c.OutputStride; s != 0 && s != 8 && s != 16 && s != 32 {
		b.fail("OutputStride is %d, it must be 8, 16 or 32", s)
	}
	d := &dilation{most: b.c.OutputStride, stride: 2, rate: 1}
	padding := slim.Same
	if b.c.UseExplicitPadding {
		padding = slim.Valid
	}
	b.body(func() {
		b.args(slim.Args{Padding: padding}, slim.LayerConv2D, slim.LayerSeparableConv2D)
		b.explicitPad(3, 1)
		b.conv("Conv2d_0", b.depth(32), kernel(3), slim.Args{Stride: 2})
		b.mark("Conv2d_0")
		for i, block := range mobilenetV1Blocks() {
			stride, rate := d.next(b, block.stride)
			b.explicitPad(3, rate)
			name := fmt.Sprintf("Conv2d_%d_depthwise", i+1)
			b.separable(name, 0, kernel(3), slim.Args{Stride: stride, Rate: rate})
			b.mark(name)
			name = fmt.Sprintf("Conv2d_%d_pointwise", i+1)
			b.conv(name, b.depth(block.outputs), kernel(1))
			b.mark(name)
		}
	})
	b.head(func() {
		b.logits(poolHead{pool: "AvgPool_1a", point: "AvgPool_1a", global: "global_pool", size: 7,
			dropout: "Dropout_1b", logits: "Conv2d_1c_1x1"})
	})
}

// explicitPad pads for a kernel if UseExplicitPadding is on.
func (b *builder) explicitPad(kernel, rate int) {
	if b.c.UseExplicitPadding {
		b.pad(kernel, rate)
	}
}

// mobilenetV1Args is mobilenet_v1_arg_scope.
func (b *builder) mobilenetV1Args() {
	b.args(slim.Args{WeightsInitializer: trunc(b.c.Stddev), Activation: slim.ReLU6, Normalizer: b.normalizer()},
		slim.LayerConv2D, slim.LayerSeparableConv2D)
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D)
	if b.c.RegularizeDepthwise {
		b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerSeparableConv2D)
	}
	b.batchNorm()
}
