package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// InceptionResnetV2 builds Inception-ResNet V2 (Szegedy et al.,
// arXiv:1602.07261, figure 15; TF-Slim's inception_resnet_v2). images are
// [batch, height, width, channels], float32 in [-1, 1], of 299×299; height and
// width must be known for the auxiliary head. The logits are [batch,
// NumClasses].
//
// OutputStride is 8, up to the end point PreAuxLogits only, or 16.
//
// End points: Conv2d_1a_3x3, …, Mixed_5b, Mixed_6a, PreAuxLogits, Mixed_7a,
// Conv2d_7b_1x1, AuxLogits, global_pool, PreLogitsFlatten, Logits,
// Predictions. The head is InceptionResnetV2/Logits and
// InceptionResnetV2/AuxLogits. Defaults: KeepProb 0.8, WeightDecay 0.00004 (on
// biases too), BatchNormDecay 0.9997. Errors are Build's.
func InceptionResnetV2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("inception_resnet_v2", images, c)
}

// inceptionResnetV2Args is inception_resnet_v2_arg_scope.
func (b *builder) inceptionResnetV2Args() {
	b.args(slim.Args{WeightsRegularizer: b.l2(), BiasesRegularizer: b.l2()}, slim.LayerConv2D, slim.LayerFullyConnected)
	b.args(slim.Args{Activation: b.c.Activation, Normalizer: b.normalizer()}, slim.LayerConv2D)
	b.batchNorm()
}

func (b *builder) inceptionResnetV2() {
	stride := b.c.OutputStride
	if stride != 0 && stride != 8 && stride != 16 {
		b.fail("OutputStride is %d, it must be 8 or 16", stride)
	}
	edge := slim.Valid
	if b.c.AlignFeatureMaps {
		edge = slim.Same
	}
	b.body(func() {
		b.args(slim.Args{Stride: 1, Padding: slim.Same}, windows()...)
		b.inceptionResnetV2Body(edge, stride == 8)
	})
	b.head(func() {
		b.auxOf("PreAuxLogits", auxHead{pool: "Conv2d_1a_3x3", last: "Conv2d_2a_5x5", logits: "Logits"})
		b.inceptionResnetV2Logits()
	})
}

func (b *builder) inceptionResnetV2Body(edge slim.Padding, dilated bool) {
	b.stem(
		step{name: "Conv2d_1a_3x3", outputs: 32, kernel: kernel(3), stride: 2, padding: edge},
		step{name: "Conv2d_2a_3x3", outputs: 32, kernel: kernel(3), padding: edge},
		step{name: "Conv2d_2b_3x3", outputs: 64, kernel: kernel(3)},
		step{name: "MaxPool_3a_3x3", kernel: kernel(3), stride: 2, padding: edge},
		step{name: "Conv2d_3b_1x1", outputs: 80, kernel: kernel(1), padding: edge},
		step{name: "Conv2d_4a_3x3", outputs: 192, kernel: kernel(3), padding: edge},
		step{name: "MaxPool_5a_3x3", kernel: kernel(3), stride: 2, padding: edge},
	)
	b.mixed("Mixed_5b",
		b.chain([]step{{name: "Conv2d_1x1", outputs: 96, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 48, kernel: kernel(1)}, {name: "Conv2d_0b_5x5", outputs: 64, kernel: kernel(5)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 96, kernel: kernel(3)},
			{name: "Conv2d_0c_3x3", outputs: 96, kernel: kernel(3)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 64, kernel: kernel(1)}}),
	)
	b.repeat(10, "block35", func() { b.residual(0.17, block35(b)...) })
	half := func(name string, outputs int) step {
		s := step{name: name, outputs: outputs, kernel: kernel(3), stride: 2, padding: edge}
		if dilated {
			s.stride = 1
		}
		return s
	}
	b.mixed("Mixed_6a",
		b.chain([]step{half("Conv2d_1a_3x3", 384)}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 256, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 256, kernel: kernel(3)},
			half("Conv2d_1a_3x3", 384)}),
		b.chain([]step{half("MaxPool_1a_3x3", 0)}),
	)
	rate := 1
	if dilated {
		rate = 2
	}
	b.with(slim.Args{Rate: rate}, []slim.Layer{slim.LayerConv2D}, func() {
		b.repeat(20, "block17", func() { b.residual(0.1, block17(b)...) })
	})
	b.mark("PreAuxLogits")
	if dilated && !b.idle() {
		b.fail("OutputStride 8 goes up to the end point PreAuxLogits only; set FinalEndpoint to it")
	}
	first := step{name: "Conv2d_0a_1x1", outputs: 256, kernel: kernel(1)}
	b.mixed("Mixed_7a",
		b.chain([]step{first, half("Conv2d_1a_3x3", 384)}),
		b.chain([]step{first, half("Conv2d_1a_3x3", 288)}),
		b.chain([]step{first, {name: "Conv2d_0b_3x3", outputs: 288, kernel: kernel(3)}, half("Conv2d_1a_3x3", 320)}),
		b.chain([]step{half("MaxPool_1a_3x3", 0)}),
	)
	b.repeat(9, "block8", func() { b.residual(0.2, block8(b)...) })
	b.numbered("Block8", func() { b.sum(1, block8(b)) })
	b.stem(step{name: "Conv2d_7b_1x1", outputs: 1536, kernel: kernel(1)})
}

// repeat is slim.repeat: f in the scopes Repeat/name_1, Repeat/name_2, …
func (b *builder) repeat(n int, name string, f func()) {
	b.numbered("Repeat", func() {
		for i := range n {
			b.scope(fmt.Sprintf("%s_%d", name, i+1), f)
		}
	})
}

func block35(b *builder) []func() {
	first := step{name: "Conv2d_0a_1x1", outputs: 32, kernel: kernel(1)}
	return []func(){
		b.chain([]step{{name: "Conv2d_1x1", outputs: 32, kernel: kernel(1)}}),
		b.chain([]step{first, {name: "Conv2d_0b_3x3", outputs: 32, kernel: kernel(3)}}),
		b.chain([]step{first, {name: "Conv2d_0b_3x3", outputs: 48, kernel: kernel(3)}, {name: "Conv2d_0c_3x3", outputs: 64, kernel: kernel(3)}}),
	}
}

func block17(b *builder) []func() {
	return []func(){
		b.chain([]step{{name: "Conv2d_1x1", outputs: 192, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 128, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: 160, kernel: kernel(1, 7)},
			{name: "Conv2d_0c_7x1", outputs: 192, kernel: kernel(7, 1)}}),
	}
}

func block8(b *builder) []func() {
	return []func(){
		b.chain([]step{{name: "Conv2d_1x1", outputs: 192, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, {name: "Conv2d_0b_1x3", outputs: 224, kernel: kernel(1, 3)},
			{name: "Conv2d_0c_3x1", outputs: 256, kernel: kernel(3, 1)}}),
	}
}

// residual adds the branches, brought to the net's channels and scaled, to
// what is on top, and activates the sum.
func (b *builder) residual(scale float64, branches ...func()) {
	b.sum(scale, branches)
	activation := b.c.Activation
	if activation == "" {
		activation = slim.ReLU
	}
	if activation != slim.Linear {
		b.op(string(activation), ops.Unary(activation))
	}
}

// sum adds the branches, brought to the net's channels and scaled, to what is
// on top.
func (b *builder) sum(scale float64, branches []func()) {
	in, channels := b.x, b.channels()
	b.branches(branches...)
	b.conv("Conv2d_1x1", channels, kernel(1), plain())
	if scale != 1 {
		b.op("mul", ops.Affine{By: scale})
	}
	if b.c.Activation == slim.ReLU6 && scale != 1 {
		b.clip(6)
	}
	b.op("add", ops.Add, in)
}

// clip bounds what is on top to ±most.
func (b *builder) clip(most float64) {
	for _, k := range []struct {
		op    ops.Binary
		bound float64
	}{{ops.Minimum, most}, {ops.Maximum, -most}} {
		b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			bound, err := s.Graph().Scalar(s.Join("clip_by_value/y"), graph.Float32, k.bound)
			if err != nil {
				return nil, err
			}
			return s.Apply("clip_by_value/"+string(k.op), k.op, x, bound)
		})
	}
}

func (b *builder) inceptionResnetV2Logits() {
	b.scope("Logits", func() {
		b.poolAll("AvgPool_1a_8x8")
		b.mark("global_pool")
		if b.c.NumClasses == 0 {
			return
		}
		b.flatten("Flatten")
		b.dropout("Dropout")
		b.mark("PreLogitsFlatten")
		b.fullyConnected("Logits", b.c.NumClasses, slim.Args{Activation: slim.Linear})
		b.mark("Logits")
		b.probabilities("Predictions")
	})
}
