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
// use_explicit_padding. Both are of its mobilenet_v1_base. ConvDefs are other
// layers, of OpConv2D and OpDepthSepConv with NumOutputs, KernelSize and
// Stride; all of them are built, where TF-Slim's ends at Conv2d_13_pointwise
// whatever it is given.
//
// End points: Conv2d_0, Conv2d_1_depthwise, Conv2d_1_pointwise, …, AvgPool_1a
// or global_pool, Logits, Predictions. The head is MobilenetV1/Logits.
// Defaults: KeepProb 0.999, MinDepth 8, WeightDecay 0.00004 (not on depthwise
// filters), BatchNormDecay 0.9997, Stddev 0.09. Errors are Build's.
func MobilenetV1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v1", images, c)
}

// mobilenetV1Layers are table 1.
func mobilenetV1Layers() []ConvOp {
	layers := []ConvOp{{Op: OpConv2D, KernelSize: kernel(3), NumOutputs: 32, Stride: 2}}
	for _, r := range []struct{ stride, outputs int }{
		{1, 64}, {2, 128}, {1, 128}, {2, 256}, {1, 256}, {2, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512}, {1, 512},
		{2, 1024}, {1, 1024},
	} {
		layers = append(layers, ConvOp{Op: OpDepthSepConv, KernelSize: kernel(3), NumOutputs: r.outputs, Stride: r.stride})
	}
	return layers
}

func mobilenetV1Spec(name string, multiplier float64) spec {
	return spec{
		Net: Net{Name: name, ImageSize: 224, Channels: 3, NumClasses: 1001, Preprocessing: "inception",
			HeadScopes: []string{"MobilenetV1/Logits/"}},
		defaults: Config{Scope: "MobilenetV1", KeepProb: 0.999, DepthMultiplier: multiplier, MinDepth: 8, WeightDecay: 0.00004,
			BatchNormDecay: 0.9997, BatchNormEpsilon: 0.001, BatchNormScale: slim.True, Stddev: 0.09},
		takes: []string{"KeepProb", "SpatialSqueeze", "GlobalPool", "PredictionFn", "BaseOnly", "FinalEndpoint", "OutputStride",
			"DepthMultiplier", "MinDepth", "ConvDefs", "UseExplicitPadding", "RegularizeDepthwise", "Stddev", "UseBatchNorm", "Normalizer", "Groups",
			"BatchNormDecay", "BatchNormEpsilon", "BatchNormUpdatesCollections", "BatchNormUpdatesInPlace"},
		convOpFields: convOpFieldsV1,
		arguments:    (*builder).mobilenetV1Args,
		build:        (*builder).mobilenetV1,
	}
}

func (b *builder) mobilenetV1() {
	if s := b.c.OutputStride; s != 0 && s != 8 && s != 16 && s != 32 {
		b.fail("OutputStride is %d, it must be 8, 16 or 32", s)
	}
	d := &dilation{most: b.c.OutputStride, stride: 1, rate: 1}
	padding := slim.Same
	if b.c.UseExplicitPadding {
		padding = slim.Valid
	}
	layers := mobilenetV1Layers()
	if b.c.ConvDefs != nil {
		layers = b.c.ConvDefs.Spec
	}
	b.body(func() {
		b.args(slim.Args{Padding: padding}, slim.LayerConv2D, slim.LayerSeparableConv2D)
		for i, o := range layers {
			b.layerV1(fmt.Sprintf("Conv2d_%d", i), o, d)
		}
	})
	b.head(func() {
		b.logits(poolHead{pool: "AvgPool_1a", point: "AvgPool_1a", global: "global_pool", size: 7,
			dropout: "Dropout_1b", logits: "Conv2d_1c_1x1"})
	})
}

// layerV1 is a layer of mobilenet_v1_base. A whole convolution has its own
// stride whatever OutputStride, as in TF-Slim.
func (b *builder) layerV1(name string, o ConvOp, d *dilation) {
	size := o.KernelSize
	if size == nil {
		size = kernel(3)
	}
	own := max(1, o.Stride)
	stride, rate := d.skip(own)
	if o.Op == OpConv2D {
		b.explicitPad(size[0], 1)
		b.conv(name, b.depth(o.NumOutputs), size, slim.Args{Stride: own})
		b.mark(name)
		return
	}
	b.explicitPad(size[0], rate)
	b.separable(name+"_depthwise", 0, size, slim.Args{Stride: stride, Rate: rate})
	b.mark(name + "_depthwise")
	b.conv(name+"_pointwise", b.depth(o.NumOutputs), kernel(1))
	b.mark(name + "_pointwise")
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
	b.args(slim.Args{Groups: b.c.Groups}, slim.LayerGroupNorm)
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D)
	if b.c.RegularizeDepthwise {
		b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerSeparableConv2D)
	}
	b.batchNorm()
}
