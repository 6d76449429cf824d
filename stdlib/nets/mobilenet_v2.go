package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// MobilenetV2 builds MobileNet V2 (Sandler et al., arXiv:1801.04381, table 2;
// TF-Slim's mobilenet_v2.mobilenet). images are [batch, height, width,
// channels], float32 in [-1, 1], of 224×224; the logits are [batch,
// NumClasses]. TF-Slim's checkpoints are best restored by the names of their
// moving averages.
//
// ConvDefs are other layers than V2_DEF; UseGroupNorm is TF-Slim's
// mobilenet_base_group_norm, with a head too.
//
// End points: layer_1 … layer_19, layer_2/depthwise_output,
// layer_3/expansion_output, …, layer_3/output, global_pool, Logits,
// Predictions. The head is MobilenetV2/Logits. Defaults: KeepProb 0.8,
// MinDepth 8, DivisibleBy 8, WeightDecay 0.00004 (not on depthwise filters),
// BatchNormDecay 0.997, Stddev 0.09. Errors are Build's.
func MobilenetV2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("mobilenet_v2", images, c)
}

// mobilenetV2Layers are table 2, each row repeated as often as it says; only
// the first of them has the stride.
func mobilenetV2Layers() []ConvOp {
	layers := []ConvOp{{Op: OpConv2D, KernelSize: kernel(3), NumOutputs: 32, Stride: 2}}
	for _, r := range []struct {
		expand                   float64
		outputs, repeats, stride int
	}{{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}} {
		for i := range r.repeats {
			o := ConvOp{Op: OpExpandedConv, Expansion: r.expand, NumOutputs: r.outputs}
			if i == 0 {
				o.Stride = r.stride
			}
			layers = append(layers, o)
		}
	}
	layers[1].ExpansionDivisibleBy = 1
	return append(layers, ConvOp{Op: OpConv2D, KernelSize: kernel(1), NumOutputs: 1280})
}

func mobilenetV2Spec(name string, multiplier float64, fine bool) spec {
	v2 := inverted{layers: mobilenetV2Layers(), activation: slim.ReLU6}
	s := v2.spec(name, "MobilenetV2", "MinDepth", "DivisibleBy", "Activation")
	s.defaults.DepthMultiplier, s.defaults.FinegrainClassificationMode = multiplier, fine
	return s
}
