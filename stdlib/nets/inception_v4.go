package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// InceptionV4 builds Inception V4 (Szegedy et al., arXiv:1602.07261, figures 3
// to 9; TF-Slim's inception_v4). images are [batch, height, width, channels],
// float32 in [-1, 1], of 299×299; height and width must be known. The logits
// are [batch, NumClasses].
//
// End points: Conv2d_1a_3x3, …, Mixed_3a, …, Mixed_7d, AuxLogits, global_pool,
// PreLogitsFlatten, Logits, Predictions. The head is InceptionV4/Logits and
// InceptionV4/AuxLogits. Defaults: KeepProb 0.8, WeightDecay 0.00004,
// BatchNormDecay 0.9997. Errors are Build's.
func InceptionV4(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("inception_v4", images, c)
}

func (b *builder) inceptionV4() {
	b.args(slim.Args{Stride: 1, Padding: slim.Same}, windows()...)
	b.body(func() {
		b.inceptionV4Stem()
		for _, name := range []string{"Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_5e"} {
			b.inceptionV4A(name)
		}
		b.mixed("Mixed_6a",
			b.chain([]step{down("Conv2d_1a_3x3", 384, 3)}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 224, kernel: kernel(3)},
				down("Conv2d_1a_3x3", 256, 3)}),
			b.chain([]step{down("MaxPool_1a_3x3", 0, 3)}),
		)
		for _, name := range []string{"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_6f", "Mixed_6g", "Mixed_6h"} {
			b.inceptionV4B(name)
		}
		b.mixed("Mixed_7a",
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, down("Conv2d_1a_3x3", 192, 3)}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 256, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: 256, kernel: kernel(1, 7)},
				{name: "Conv2d_0c_7x1", outputs: 320, kernel: kernel(7, 1)}, down("Conv2d_1a_3x3", 320, 3)}),
			b.chain([]step{down("MaxPool_1a_3x3", 0, 3)}),
		)
		for _, name := range []string{"Mixed_7b", "Mixed_7c", "Mixed_7d"} {
			b.inceptionV4C(name)
		}
	})
	b.head(func() {
		b.auxOf("Mixed_6h", auxHead{pool: "AvgPool_1a_5x5", last: "Conv2d_2a", logits: "Aux_logits"})
		b.inceptionV4Logits()
	})
}

func (b *builder) inceptionV4Stem() {
	b.stem(
		step{name: "Conv2d_1a_3x3", outputs: 32, kernel: kernel(3), stride: 2, padding: slim.Valid},
		step{name: "Conv2d_2a_3x3", outputs: 32, kernel: kernel(3), padding: slim.Valid},
		step{name: "Conv2d_2b_3x3", outputs: 64, kernel: kernel(3)},
	)
	b.mixed("Mixed_3a",
		b.chain([]step{down("MaxPool_0a_3x3", 0, 3)}),
		b.chain([]step{down("Conv2d_0a_3x3", 96, 3)}),
	)
	last := step{name: "Conv2d_1a_3x3", outputs: 96, kernel: kernel(3), padding: slim.Valid}
	b.mixed("Mixed_4a",
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, last}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: 64, kernel: kernel(1, 7)},
			{name: "Conv2d_0c_7x1", outputs: 64, kernel: kernel(7, 1)}, last}),
	)
	b.mixed("Mixed_5a",
		b.chain([]step{down("Conv2d_1a_3x3", 192, 3)}),
		b.chain([]step{down("MaxPool_1a_3x3", 0, 3)}),
	)
}

// inceptionV4A is block_inception_a.
func (b *builder) inceptionV4A(name string) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 96, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 96, kernel: kernel(3)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 96, kernel: kernel(3)},
			{name: "Conv2d_0c_3x3", outputs: 96, kernel: kernel(3)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 96, kernel: kernel(1)}}),
	)
}

// inceptionV4B is block_inception_b.
func (b *builder) inceptionV4B(name string) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 384, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: 224, kernel: kernel(1, 7)},
			{name: "Conv2d_0c_7x1", outputs: 256, kernel: kernel(7, 1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, {name: "Conv2d_0b_7x1", outputs: 192, kernel: kernel(7, 1)},
			{name: "Conv2d_0c_1x7", outputs: 224, kernel: kernel(1, 7)}, {name: "Conv2d_0d_7x1", outputs: 224, kernel: kernel(7, 1)},
			{name: "Conv2d_0e_1x7", outputs: 256, kernel: kernel(1, 7)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 128, kernel: kernel(1)}}),
	)
}

// inceptionV4C is block_inception_c.
func (b *builder) inceptionV4C(name string) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 256, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 384, kernel: kernel(1)}},
			fork{{name: "Conv2d_0b_1x3", outputs: 256, kernel: kernel(1, 3)}, {name: "Conv2d_0c_3x1", outputs: 256, kernel: kernel(3, 1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 384, kernel: kernel(1)}, {name: "Conv2d_0b_3x1", outputs: 448, kernel: kernel(3, 1)},
			{name: "Conv2d_0c_1x3", outputs: 512, kernel: kernel(1, 3)}},
			fork{{name: "Conv2d_0d_1x3", outputs: 256, kernel: kernel(1, 3)}, {name: "Conv2d_0e_3x1", outputs: 256, kernel: kernel(3, 1)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 256, kernel: kernel(1)}}),
	)
}

func (b *builder) inceptionV4Logits() {
	b.scope("Logits", func() {
		b.poolAll("AvgPool_1a")
		b.mark("global_pool")
		if b.c.NumClasses == 0 {
			return
		}
		b.dropout("Dropout_1b")
		b.flatten("PreLogitsFlatten")
		b.mark("PreLogitsFlatten")
		b.fullyConnected("Logits", b.c.NumClasses, slim.Args{Activation: slim.Linear})
		b.mark("Logits")
		b.probabilities("Predictions")
	})
}

// poolAll averages over the whole map.
func (b *builder) poolAll(name string) {
	size := b.shape()[1:3]
	if size[0] == graph.Unknown || size[1] == graph.Unknown {
		b.op("global_pool", ops.Reduce{Op: ops.Mean, Axes: spatial, KeepDims: true})
		return
	}
	b.avgPool(name, size, 1, slim.Valid)
}

// auxHead is the names of an auxiliary head with a fully connected layer.
type auxHead struct{ pool, last, logits string }

// auxOf adds the auxiliary head to an end point, beside the net.
func (b *builder) auxOf(endPoint string, h auxHead) {
	if !on(b.c.CreateAuxLogits) || b.c.NumClasses == 0 {
		return
	}
	net := b.x
	b.x = b.end[endPoint]
	b.scope("AuxLogits", func() {
		b.avgPool(h.pool, kernel(5), 3, slim.Valid)
		b.conv("Conv2d_1b_1x1", 128, kernel(1))
		size := b.shape()[1:3]
		if !b.idle() && (size[0] == graph.Unknown || size[1] == graph.Unknown) {
			b.fail("the height and width of its input must be known; without, set CreateAuxLogits to slim.False")
		}
		b.conv(h.last, 768, size, slim.Args{Padding: slim.Valid})
		b.flatten("Flatten")
		b.fullyConnected(h.logits, b.c.NumClasses, slim.Args{Activation: slim.Linear})
	})
	b.mark("AuxLogits")
	b.x = net
}
