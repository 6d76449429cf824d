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
func mobilenetV2Layers() []bneck {
	layers := []bneck{{kind: kindConv, kernel: 3, outputs: 32, stride: 2, activation: slim.ReLU6}}
	for _, r := range []struct {
		expand                   float64
		outputs, repeats, stride int
	}{{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}} {
		for i := range r.repeats {
			stride := 1
			if i == 0 {
				stride = r.stride
			}
			layers = append(layers, bneck{kernel: 3, expand: r.expand, outputs: r.outputs, stride: stride, activation: slim.ReLU6})
		}
	}
	return append(layers, bneck{kind: kindConv, kernel: 1, outputs: 1280, activation: slim.ReLU6})
}

func mobilenetV2Spec(name string, multiplier float64, fine bool) spec {
	s := invertedSpec(name, "MobilenetV2", func(b *builder) { b.inverted(mobilenetV2Layers(), 1) },
		"UseExplicitPadding", "MinDepth", "DivisibleBy", "Activation")
	s.defaults.DepthMultiplier, s.defaults.FinegrainClassificationMode = multiplier, fine
	return s
}
