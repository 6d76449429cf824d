package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// InceptionV3 builds Inception V3 (Szegedy et al., arXiv:1512.00567, table 1;
// TF-Slim's inception_v3). images are [batch, height, width, channels],
// float32 in [-1, 1], of 299×299. The logits are [batch, NumClasses].
//
// For images of another size the kernels of AuxLogits/Conv2d_2a and
// Logits/AvgPool_1a shrink to the map, and their names with them: a checkpoint
// made at 299×299 fits only without AuxLogits then.
//
// End points: Conv2d_1a_3x3, …, MaxPool_5a_3x3, Mixed_5b, …, Mixed_7c,
// AuxLogits, AvgPool_1a or global_pool, PreLogits, Logits, Predictions. The
// head is InceptionV3/Logits and InceptionV3/AuxLogits. Defaults: KeepProb
// 0.8, MinDepth 16, WeightDecay 0.00004, BatchNormDecay 0.9997. Errors are
// Build's.
func InceptionV3(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("inception_v3", images, c)
}

func (b *builder) inceptionV3() {
	b.body(b.inceptionV3Body)
	b.head(func() {
		b.inceptionV3Aux()
		b.logits(poolHead{pool: "AvgPool_1a_%dx%d", point: "AvgPool_1a", global: "GlobalPool", size: 8,
			dropout: "Dropout_1b", pre: "PreLogits", logits: "Conv2d_1c_1x1"})
	})
}

func (b *builder) inceptionV3Body() {
	b.with(slim.Args{Stride: 1, Padding: slim.Valid}, windows(), func() {
		b.stem(
			step{name: "Conv2d_1a_3x3", outputs: 32, kernel: kernel(3), stride: 2},
			step{name: "Conv2d_2a_3x3", outputs: 32, kernel: kernel(3)},
			step{name: "Conv2d_2b_3x3", outputs: 64, kernel: kernel(3), padding: slim.Same},
			step{name: "MaxPool_3a_3x3", kernel: kernel(3), stride: 2},
			step{name: "Conv2d_3b_1x1", outputs: 80, kernel: kernel(1)},
			step{name: "Conv2d_4a_3x3", outputs: 192, kernel: kernel(3)},
			step{name: "MaxPool_5a_3x3", kernel: kernel(3), stride: 2},
		)
	})
	b.with(slim.Args{Stride: 1, Padding: slim.Same}, windows(), func() {
		b.inceptionV3A("Mixed_5b", 32, "Conv2d_0a_1x1", "Conv2d_0b_5x5")
		b.inceptionV3A("Mixed_5c", 64, "Conv2d_0b_1x1", "Conv_1_0c_5x5") // so in TF-Slim and its checkpoints
		b.inceptionV3A("Mixed_5d", 64, "Conv2d_0a_1x1", "Conv2d_0b_5x5")
		b.mixed("Mixed_6a",
			b.chain([]step{down("Conv2d_1a_1x1", 384, 3)}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 96, kernel: kernel(3)},
				down("Conv2d_1a_1x1", 96, 3)}),
			b.chain([]step{down("MaxPool_1a_3x3", 0, 3)}),
		)
		b.inceptionV3B("Mixed_6b", 128)
		b.inceptionV3B("Mixed_6c", 160)
		b.inceptionV3B("Mixed_6d", 160)
		b.inceptionV3B("Mixed_6e", 192)
		b.mixed("Mixed_7a",
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, down("Conv2d_1a_3x3", 320, 3)}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: 192, kernel: kernel(1, 7)},
				{name: "Conv2d_0c_7x1", outputs: 192, kernel: kernel(7, 1)}, down("Conv2d_1a_3x3", 192, 3)}),
			b.chain([]step{down("MaxPool_1a_3x3", 0, 3)}),
		)
		b.inceptionV3C("Mixed_7b", "Conv2d_0b_3x1")
		b.inceptionV3C("Mixed_7c", "Conv2d_0c_3x1")
	})
}

// inceptionV3A is a 35×35 block: 1×1, 5×5, 3×3 twice, pooled.
func (b *builder) inceptionV3A(name string, pooled int, first, second string) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}}),
		b.chain([]step{{name: first, outputs: 48, kernel: kernel(1)}, {name: second, outputs: 64, kernel: kernel(5)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 64, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 96, kernel: kernel(3)},
			{name: "Conv2d_0c_3x3", outputs: 96, kernel: kernel(3)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: pooled, kernel: kernel(1)}}),
	)
}

// inceptionV3B is a 17×17 block: 1×1, 7×7 in two parts, 7×7 twice in four,
// pooled.
func (b *builder) inceptionV3B(name string, inner int) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 192, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: inner, kernel: kernel(1)}, {name: "Conv2d_0b_1x7", outputs: inner, kernel: kernel(1, 7)},
			{name: "Conv2d_0c_7x1", outputs: 192, kernel: kernel(7, 1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: inner, kernel: kernel(1)}, {name: "Conv2d_0b_7x1", outputs: inner, kernel: kernel(7, 1)},
			{name: "Conv2d_0c_1x7", outputs: inner, kernel: kernel(1, 7)}, {name: "Conv2d_0d_7x1", outputs: inner, kernel: kernel(7, 1)},
			{name: "Conv2d_0e_1x7", outputs: 192, kernel: kernel(1, 7)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 192, kernel: kernel(1)}}),
	)
}

// inceptionV3C is an 8×8 block, with 3×3 in two parts side by side.
func (b *builder) inceptionV3C(name, third string) {
	b.mixed(name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 320, kernel: kernel(1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 384, kernel: kernel(1)}},
			fork{{name: "Conv2d_0b_1x3", outputs: 384, kernel: kernel(1, 3)}, {name: third, outputs: 384, kernel: kernel(3, 1)}}),
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: 448, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: 384, kernel: kernel(3)}},
			fork{{name: "Conv2d_0c_1x3", outputs: 384, kernel: kernel(1, 3)}, {name: "Conv2d_0d_3x1", outputs: 384, kernel: kernel(3, 1)}}),
		b.chain([]step{{name: "AvgPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: 192, kernel: kernel(1)}}),
	)
}

// inceptionV3Aux is the auxiliary head, beside the net.
func (b *builder) inceptionV3Aux() {
	if !on(b.c.CreateAuxLogits) || b.c.NumClasses == 0 {
		return
	}
	net := b.x
	b.x = b.end["Mixed_6e"]
	b.scope("AuxLogits", func() {
		b.avgPool("AvgPool_1a_5x5", kernel(5), 3, slim.Valid)
		b.conv("Conv2d_1b_1x1", b.depth(128), kernel(1))
		k := b.window(5)
		b.conv(fmt.Sprintf("Conv2d_2a_%dx%d", k[0], k[1]), b.depth(768), k, slim.Args{Padding: slim.Valid, WeightsInitializer: trunc(0.01)})
		b.conv("Conv2d_2b_1x1", b.c.NumClasses, kernel(1), plain(), slim.Args{WeightsInitializer: trunc(0.001)})
		b.squeeze("SpatialSqueeze")
	})
	b.mark("AuxLogits")
	b.x = net
}
