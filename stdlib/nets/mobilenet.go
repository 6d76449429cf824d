package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// mobilenets are the MobileNets, with the multipliers that have names.
func mobilenets() []spec {
	return []spec{
		mobilenetV1Spec("mobilenet_v1", 1),
		mobilenetV1Spec("mobilenet_v1_075", 0.75),
		mobilenetV1Spec("mobilenet_v1_050", 0.5),
		mobilenetV1Spec("mobilenet_v1_025", 0.25),
		mobilenetV2Spec("mobilenet_v2", 1, false),
		mobilenetV2Spec("mobilenet_v2_140", 1.4, false),
		mobilenetV2Spec("mobilenet_v2_035", 0.35, true),
		mobilenetV3Spec("mobilenet_v3_large", "MobilenetV3", mobilenetV3Large()),
		mobilenetV3Spec("mobilenet_v3_small", "MobilenetV3", mobilenetV3Small()),
		mobilenetV3Spec("mobilenet_v3_large_minimalistic", "MobilenetV3", minimalistic(mobilenetV3Large())),
		mobilenetV3Spec("mobilenet_v3_small_minimalistic", "MobilenetV3", minimalistic(mobilenetV3Small())),
		mobilenetV3Spec("mobilenet_edgetpu", "MobilenetEdgeTPU", mobilenetEdgeTPU()),
		func() spec {
			s := mobilenetV3Spec("mobilenet_edgetpu_075", "MobilenetEdgeTPU", mobilenetEdgeTPU())
			s.defaults.DepthMultiplier, s.defaults.FinegrainClassificationMode = 0.75, true
			return s
		}(),
	}
}

// invertedSpec is a row of the MobileNets V2 and V3.
func invertedSpec(name, scope string, build func(*builder), takes ...string) spec {
	return spec{
		Net: Net{Name: name, ImageSize: 224, Channels: 3, NumClasses: 1001, Preprocessing: "inception",
			HeadScopes: []string{scope + "/Logits/"}},
		defaults: Config{Scope: scope, KeepProb: 0.8, DepthMultiplier: 1, MinDepth: 8, DivisibleBy: 8, WeightDecay: 0.00004,
			BatchNormDecay: 0.997, BatchNormEpsilon: 0.001, BatchNormScale: slim.True, Stddev: 0.09},
		takes: append([]string{"KeepProb", "PredictionFn", "BaseOnly", "FinalEndpoint", "OutputStride", "DepthMultiplier",
			"FinegrainClassificationMode", "Stddev", "BatchNormDecay"}, takes...),
		headAnywhere: true,
		build:        build,
	}
}

// bneck is a layer of a MobileNet V2 or V3: an inverted residual, or what
// kind says.
type bneck struct {
	kind       bneckKind
	kernel     int
	expand     float64 // of the input's channels
	outputs    int
	stride     int
	activation slim.Activation // inside of the layer
	squeeze    bool            // squeeze and excite
	noResidual bool
}

type bneckKind int

const (
	kindInverted bneckKind = iota
	kindFused              // the expansion is a convolution of kernel, and there is no depthwise one
	kindConv               // a convolution
	kindBare               // a convolution with biases instead of batch normalisation
	kindPool               // an average over the whole map
)

// inverted are the bodies of the MobileNets V2 and V3
// (mobilenet.mobilenet_base). fine is up to which DepthMultiplier the last
// layer keeps its width in FinegrainClassificationMode.
func (b *builder) inverted(layers []bneck, fine float64) {
	b.args(slim.Args{WeightsInitializer: trunc(b.c.Stddev), Normalizer: slim.BatchNormalizer, Padding: slim.Same},
		slim.LayerConv2D, slim.LayerSeparableConv2D)
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D)
	b.batchNorm()
	if s := b.c.OutputStride; s > 1 && s%2 != 0 {
		b.fail("OutputStride is %d, it must be 1 or a multiple of 2", s)
	}
	d := &dilation{most: b.c.OutputStride, stride: 1, rate: 1}
	for i, l := range layers {
		outputs := float64(l.outputs) * b.c.DepthMultiplier
		if i == len(layers)-1 && b.c.FinegrainClassificationMode && b.c.DepthMultiplier < fine {
			outputs = float64(l.outputs)
		}
		l.outputs = divisible(outputs, b.c.DivisibleBy, b.c.MinDepth)
		stride, rate := d.skip(max(1, l.stride))
		point := fmt.Sprintf("layer_%d", i+1)
		b.bneck(l, stride, rate, point)
		b.mark(point)
	}
	b.head(b.invertedHead)
}

// skip is next for nets that are left larger where OutputStride cannot be
// reached.
func (d *dilation) skip(s int) (stride, rate int) {
	if d.most != 0 && d.stride == d.most {
		rate = d.rate
		d.rate *= s
		return 1, rate
	}
	d.stride *= s
	return s, 1
}

// divisible rounds a number of channels to a multiple of by, at least least
// and not more than a tenth down.
func divisible(v float64, by, least int) int {
	n := max(least, int(v+float64(by)/2)/by*by)
	if float64(n) < 0.9*v {
		n += by
	}
	return n
}

func (b *builder) bneck(l bneck, stride, rate int, point string) {
	switch l.kind {
	case kindConv, kindBare:
		if l.kernel == 1 {
			rate = 1
		}
		b.explicitPad(l.kernel, rate)
		a := slim.Args{Stride: stride, Rate: rate}
		if b.c.UseExplicitPadding {
			a.Padding = slim.Valid
		}
		if l.kind == kindBare {
			a.Normalizer = slim.NoNormalizer
		}
		b.conv("", l.outputs, kernel(l.kernel), a, b.inner(l.activation))
	case kindPool:
		size := kernel(7)
		if s := b.shape(); s[1] == s[2] && s[1] != graph.Unknown {
			size = kernel(s[1])
		}
		b.avgPool("", size, 1, slim.Valid)
	default:
		b.numbered("expanded_conv", func() { b.expanded(l, stride, rate, point) })
	}
}

// expanded is an inverted residual (conv_blocks.expanded_conv): 1×1 to more
// channels, depthwise, 1×1 to fewer.
func (b *builder) expanded(l bneck, stride, rate int, point string) {
	in, channels := b.x, b.channels()
	inner := divisible(float64(channels)*l.expand, 8, 8)
	if l.expand == 1 {
		inner = channels
	}
	switch {
	case inner > channels && l.kind == kindFused:
		b.conv("expand", inner, kernel(l.kernel), slim.Args{Stride: stride, Rate: rate}, b.inner(l.activation))
		b.output(point, "expansion_output")
	case inner > channels:
		b.conv("expand", inner, kernel(1), b.inner(l.activation))
		b.output(point, "expansion_output")
	}
	if l.kind != kindFused {
		b.depthwise(l, stride, rate)
		b.output(point, "depthwise_output")
	}
	if l.squeeze {
		b.squeezeExcite()
	}
	b.conv("project", l.outputs, kernel(1), slim.Args{Activation: slim.Linear})
	if !l.noResidual && stride == 1 && l.outputs == channels {
		b.op("add", ops.Add, in)
	}
	b.output(point, "output")
}

// output names a layer's inner result, and makes it an end point.
func (b *builder) output(point, name string) {
	b.op(name, ops.Identity{})
	if !b.idle() {
		b.end[point+"/"+name] = b.x
	}
}

func (b *builder) depthwise(l bneck, stride, rate int) {
	a := slim.Args{Stride: stride, Rate: rate}
	b.explicitPad(l.kernel, rate)
	if b.c.UseExplicitPadding {
		a.Padding = slim.Valid
	}
	b.separable("depthwise", 0, kernel(l.kernel), a, b.inner(l.activation))
}

// inner is the activation inside of a layer: Config's in place of ReLU6.
func (b *builder) inner(a slim.Activation) slim.Args {
	switch {
	case a == slim.HardSwish:
		return slim.Args{ActivationFn: func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return s.Apply("hard_swish/mul_1", ops.HardSwish, x)
		}}
	case a == slim.ReLU6 && b.c.Activation != "":
		a = b.c.Activation
	}
	return slim.Args{Activation: a}
}

// squeezeExcite weighs the channels by their means over the map (Hu et al.,
// arXiv:1709.01507).
func (b *builder) squeezeExcite() {
	b.scope("squeeze_excite", func() {
		in, channels := b.x, b.channels()
		b.poolMap("AvgPool")
		b.conv("", divisible(float64(channels)/4, 8, 8), kernel(1), slim.Args{Normalizer: slim.NoNormalizer, Activation: slim.ReLU})
		b.conv("", channels, kernel(1), plain())
		// The gate is TensorFlow's relu6(x+3)·0.16667, not a sixth.
		b.op("add", ops.Affine{By: 1, Plus: 3})
		b.op("Relu6", ops.Relu6)
		b.op("mul", ops.Affine{By: 0.16667})
		b.op("mul_1", ops.Mul, in)
	})
}

// invertedHead is the head of mobilenet.mobilenet.
func (b *builder) invertedHead() {
	b.scope("Logits", func() {
		b.poolMap("AvgPool2D")
		b.mark("global_pool")
		if b.c.NumClasses == 0 {
			return
		}
		b.dropout("Dropout")
		b.conv("Conv2d_1c_1x1", b.c.NumClasses, kernel(1), plain())
		b.squeeze("output")
	})
	if b.c.NumClasses > 0 {
		b.mark("Logits")
		b.predictions("Predictions", "Predictions")
	}
}

// poolMap is poolAll as an operation, without a scope of its own.
func (b *builder) poolMap(name string) {
	size := b.shape()[1:3]
	if size[0] == graph.Unknown || size[1] == graph.Unknown {
		b.globalPool(name, true)
		return
	}
	b.op(name, ops.AvgPool{KSize: [2]int(size), Padding: ops.Valid})
}
