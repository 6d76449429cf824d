package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// MobilenetV3Large builds MobileNet V3, large (Howard et al.,
// arXiv:1905.02244, table 1; TF-Slim's mobilenet_v3.large). images are [batch,
// height, width, channels], float32 in [-1, 1], of 224×224; where they are not
// square or of unknown size the last map must be 7×7. The logits are [batch,
// NumClasses].
//
// End points: layer_1 … layer_19, layer_2/depthwise_output,
// layer_3/expansion_output, …, layer_3/output, global_pool, Logits,
// Predictions. The head is MobilenetV3/Logits. ConvDefs are other layers, such
// as V3_LARGE_DETECTION. UseExplicitPadding and an OutputStride that is below
// the net's end before the average over the whole map, as in TF-Slim: set
// FinalEndpoint (layer_17 in the large net). TF-Slim pads V3's layers before
// their expansion and then again, so that maps grow; so does this.
// Defaults: KeepProb 0.8, WeightDecay 0.00004 (not on depthwise filters), BatchNormDecay 0.997, Stddev
// 0.09. Errors are Build's.
func MobilenetV3Large(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v3_large", images, c)
}

// MobilenetV3Small is MobileNet V3, small (table 2; mobilenet_v3.small): the
// rest is as in MobilenetV3Large.
func MobilenetV3Small(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v3_small", images, c)
}

// MobilenetV3LargeMinimalistic is MobilenetV3Large without squeeze and excite,
// hard swish and 5×5 kernels (mobilenet_v3.large_minimalistic).
func MobilenetV3LargeMinimalistic(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v3_large_minimalistic", images, c)
}

// MobilenetV3SmallMinimalistic is MobilenetV3Small without squeeze and excite,
// hard swish and 5×5 kernels (mobilenet_v3.small_minimalistic).
func MobilenetV3SmallMinimalistic(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v3_small_minimalistic", images, c)
}

// MobilenetEdgeTPU builds the MobileNet for the Edge TPU, whose first
// expansions are whole convolutions (TF-Slim's mobilenet_v3.edge_tpu; with
// DepthMultiplier 0.75 and FinegrainClassificationMode it is edge_tpu_075).
// The head is MobilenetEdgeTPU/Logits; the rest is as in MobilenetV3Large.
func MobilenetEdgeTPU(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_edgetpu", images, c)
}

func mobilenetV3Spec(name, scope string, layers []ConvOp) spec {
	return inverted{layers: layers, activation: slim.ReLU, unscaled: true}.spec(name, scope)
}

const (
	relu  = slim.ReLU
	swish = slim.HardSwish
)

// mbv3Op is mbv3_op: expansion, outputs, kernel, stride.
func mbv3Op(expansion float64, outputs, size, stride int, a slim.Activation) ConvOp {
	return ConvOp{Op: OpExpandedConv, Expansion: expansion, NumOutputs: outputs, KernelSize: kernel(size), Stride: stride, Activation: a}
}

// mbv3OpSE is mbv3_op_se.
func mbv3OpSE(expansion float64, outputs, size, stride int, a slim.Activation) ConvOp {
	o := mbv3Op(expansion, outputs, size, stride, a)
	o.SqueezeExcite = true
	return o
}

// mbv3Fused is mbv3_fused, whose expansion is a whole convolution.
func mbv3Fused(expansion float64, outputs, size, stride int) ConvOp {
	o := mbv3Op(expansion, outputs, 1, stride, relu)
	o.ExpansionKernelSize, o.DepthwiseLocation = kernel(size), "none"
	return o
}

func mbv3Conv(size, outputs, stride int, a slim.Activation) ConvOp {
	return ConvOp{Op: OpConv2D, KernelSize: kernel(size), NumOutputs: outputs, Stride: stride, Activation: a}
}

func withoutResidual(o ConvOp) ConvOp {
	o.NoResidual = true
	return o
}

// mobilenetV3Large is table 1: kernel, expansion, outputs, stride. The
// expansions are fractions of the input's channels, as in TF-Slim.
func mobilenetV3Large() []ConvOp {
	return []ConvOp{
		mbv3Conv(3, 16, 2, swish),
		mbv3Op(1, 16, 3, 1, relu),
		mbv3Op(4, 24, 3, 2, relu),
		mbv3Op(3, 24, 3, 1, relu),
		mbv3OpSE(3, 40, 5, 2, relu),
		mbv3OpSE(3, 40, 5, 1, relu),
		mbv3OpSE(3, 40, 5, 1, relu),
		mbv3Op(6, 80, 3, 2, swish),
		mbv3Op(2.5, 80, 3, 1, swish),
		mbv3Op(184/80., 80, 3, 1, swish),
		mbv3Op(184/80., 80, 3, 1, swish),
		mbv3OpSE(6, 112, 3, 1, swish),
		mbv3OpSE(6, 112, 3, 1, swish),
		mbv3OpSE(6, 160, 5, 2, swish),
		mbv3OpSE(6, 160, 5, 1, swish),
		mbv3OpSE(6, 160, 5, 1, swish),
		mbv3Conv(1, 960, 1, swish),
		{Op: OpReduceTo1x1},
		{Op: OpConv2D, KernelSize: kernel(1), NumOutputs: 1280, Activation: swish, Normalizer: slim.NoNormalizer},
	}
}

// mobilenetV3Small is table 2.
func mobilenetV3Small() []ConvOp {
	return []ConvOp{
		mbv3Conv(3, 16, 2, swish),
		mbv3OpSE(1, 16, 3, 2, relu),
		mbv3Op(72/16., 24, 3, 2, relu),
		mbv3Op(88/24., 24, 3, 1, relu),
		mbv3OpSE(4, 40, 5, 2, swish),
		mbv3OpSE(6, 40, 5, 1, swish),
		mbv3OpSE(6, 40, 5, 1, swish),
		mbv3OpSE(3, 48, 5, 1, swish),
		mbv3OpSE(3, 48, 5, 1, swish),
		mbv3OpSE(6, 96, 5, 2, swish),
		mbv3OpSE(6, 96, 5, 1, swish),
		mbv3OpSE(6, 96, 5, 1, swish),
		mbv3Conv(1, 576, 1, swish),
		{Op: OpReduceTo1x1},
		{Op: OpConv2D, KernelSize: kernel(1), NumOutputs: 1024, Activation: swish, Normalizer: slim.NoNormalizer},
	}
}

// minimalistic leaves out what is slow on some hardware.
func minimalistic(layers []ConvOp) []ConvOp {
	for i := range layers {
		if o := &layers[i]; o.Op != OpReduceTo1x1 {
			o.KernelSize, o.Activation, o.SqueezeExcite = kernel(min(3, o.KernelSize[0])), relu, false
		}
	}
	return layers
}

// narrowed halves the outputs of layers first … last, counted from 0, for
// detectors (_reduce_consecutive_layers).
func narrowed(layers []ConvOp, first, last int) []ConvOp {
	for i := first; i <= last; i++ {
		layers[i].NumOutputs /= 2
	}
	return layers
}

func mobilenetEdgeTPU() []ConvOp {
	return []ConvOp{
		mbv3Conv(3, 32, 2, relu),
		mbv3Fused(1, 16, 3, 1),
		mbv3Fused(8, 32, 3, 2),
		mbv3Fused(4, 32, 3, 1),
		mbv3Fused(4, 32, 3, 1),
		mbv3Fused(4, 32, 3, 1),
		mbv3Fused(8, 48, 3, 2),
		mbv3Fused(4, 48, 3, 1),
		mbv3Fused(4, 48, 3, 1),
		mbv3Fused(4, 48, 3, 1),
		mbv3Op(8, 96, 3, 2, relu),
		mbv3Op(4, 96, 3, 1, relu),
		mbv3Op(4, 96, 3, 1, relu),
		mbv3Op(4, 96, 3, 1, relu),
		withoutResidual(mbv3Op(8, 96, 3, 1, relu)),
		mbv3Op(4, 96, 3, 1, relu),
		mbv3Op(4, 96, 3, 1, relu),
		mbv3Op(4, 96, 3, 1, relu),
		mbv3Op(8, 160, 5, 2, relu),
		mbv3Op(4, 160, 5, 1, relu),
		mbv3Op(4, 160, 5, 1, relu),
		mbv3Op(4, 160, 5, 1, relu),
		mbv3Op(8, 192, 3, 1, relu),
		mbv3Conv(1, 1280, 1, relu),
	}
}
