package nets

import (
	"math"

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
// Predictions. The head is MobilenetV3/Logits. Defaults: KeepProb 0.8,
// WeightDecay 0.00004 (not on depthwise filters), BatchNormDecay 0.997, Stddev
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

func mobilenetV3Spec(name, scope string, layers []bneck) spec {
	return invertedSpec(name, scope, func(b *builder) { b.inverted(layers, math.Inf(1)) })
}

// mobilenetV3Large is table 1: kernel, expansion, outputs, stride. The
// expansions are fractions of the input's channels, as in TF-Slim.
func mobilenetV3Large() []bneck {
	return []bneck{
		{kindConv, 3, 0, 16, 2, slim.HardSwish, false, false},
		{kindInverted, 3, 1, 16, 1, slim.ReLU, false, false},
		{kindInverted, 3, 4, 24, 2, slim.ReLU, false, false},
		{kindInverted, 3, 3, 24, 1, slim.ReLU, false, false},
		{kindInverted, 5, 3, 40, 2, slim.ReLU, true, false},
		{kindInverted, 5, 3, 40, 1, slim.ReLU, true, false},
		{kindInverted, 5, 3, 40, 1, slim.ReLU, true, false},
		{kindInverted, 3, 6, 80, 2, slim.HardSwish, false, false},
		{kindInverted, 3, 2.5, 80, 1, slim.HardSwish, false, false},
		{kindInverted, 3, 184 / 80., 80, 1, slim.HardSwish, false, false},
		{kindInverted, 3, 184 / 80., 80, 1, slim.HardSwish, false, false},
		{kindInverted, 3, 6, 112, 1, slim.HardSwish, true, false},
		{kindInverted, 3, 6, 112, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 160, 2, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 160, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 160, 1, slim.HardSwish, true, false},
		{kindConv, 1, 0, 960, 1, slim.HardSwish, false, false},
		{kind: kindPool},
		{kindBare, 1, 0, 1280, 1, slim.HardSwish, false, false},
	}
}

// mobilenetV3Small is table 2.
func mobilenetV3Small() []bneck {
	return []bneck{
		{kindConv, 3, 0, 16, 2, slim.HardSwish, false, false},
		{kindInverted, 3, 1, 16, 2, slim.ReLU, true, false},
		{kindInverted, 3, 72 / 16., 24, 2, slim.ReLU, false, false},
		{kindInverted, 3, 88 / 24., 24, 1, slim.ReLU, false, false},
		{kindInverted, 5, 4, 40, 2, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 40, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 40, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 3, 48, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 3, 48, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 96, 2, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 96, 1, slim.HardSwish, true, false},
		{kindInverted, 5, 6, 96, 1, slim.HardSwish, true, false},
		{kindConv, 1, 0, 576, 1, slim.HardSwish, false, false},
		{kind: kindPool},
		{kindBare, 1, 0, 1024, 1, slim.HardSwish, false, false},
	}
}

// minimalistic leaves out what is slow on some hardware.
func minimalistic(layers []bneck) []bneck {
	for i := range layers {
		l := &layers[i]
		l.kernel, l.activation, l.squeeze = min(3, l.kernel), slim.ReLU, false
	}
	return layers
}

func mobilenetEdgeTPU() []bneck {
	return []bneck{
		{kindConv, 3, 0, 32, 2, slim.ReLU, false, false},
		{kindFused, 3, 1, 16, 1, slim.ReLU, false, false},
		{kindFused, 3, 8, 32, 2, slim.ReLU, false, false},
		{kindFused, 3, 4, 32, 1, slim.ReLU, false, false},
		{kindFused, 3, 4, 32, 1, slim.ReLU, false, false},
		{kindFused, 3, 4, 32, 1, slim.ReLU, false, false},
		{kindFused, 3, 8, 48, 2, slim.ReLU, false, false},
		{kindFused, 3, 4, 48, 1, slim.ReLU, false, false},
		{kindFused, 3, 4, 48, 1, slim.ReLU, false, false},
		{kindFused, 3, 4, 48, 1, slim.ReLU, false, false},
		{kindInverted, 3, 8, 96, 2, slim.ReLU, false, false},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 3, 8, 96, 1, slim.ReLU, false, true},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 3, 4, 96, 1, slim.ReLU, false, false},
		{kindInverted, 5, 8, 160, 2, slim.ReLU, false, false},
		{kindInverted, 5, 4, 160, 1, slim.ReLU, false, false},
		{kindInverted, 5, 4, 160, 1, slim.ReLU, false, false},
		{kindInverted, 5, 4, 160, 1, slim.ReLU, false, false},
		{kindInverted, 3, 8, 192, 1, slim.ReLU, false, false},
		{kindConv, 1, 0, 1280, 1, slim.ReLU, false, false},
	}
}
