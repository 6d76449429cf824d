package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// InceptionV2 builds the Inception with batch normalisation of Ioffe and
// Szegedy (arXiv:1502.03167, figure 5; TF-Slim's inception_v2). images are
// [batch, height, width, channels], float32 in [-1, 1], of 224×224. The logits
// are [batch, NumClasses].
//
// End points: Conv2d_1a_7x7, MaxPool_2a_3x3, …, Mixed_3b, …, Mixed_5c,
// AvgPool_1a or global_pool, PreLogits, Logits, Predictions. The head is
// InceptionV2/Logits. Defaults: KeepProb 0.8, MinDepth 16, WeightDecay
// 0.00004, BatchNormDecay 0.9997. Errors are Build's.
func InceptionV2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("inception_v2", images, c)
}

// inceptionV2Blocks are the outputs of the branches: 1×1; reduced, 3×3;
// reduced, 3×3 twice; pooled by avg or max. A block that halves the map has
// the first branch reduced and 3×3, the second reduced and 3×3 twice.
func inceptionV2Blocks() []inceptionV2Block {
	return []inceptionV2Block{
		{"Mixed_3b", 64, 64, 64, 64, 96, "AvgPool_0a_3x3", 32},
		{"Mixed_3c", 64, 64, 96, 64, 96, "AvgPool_0a_3x3", 64},
		{"Mixed_4a", 0, 128, 160, 64, 96, "", 0},
		{"Mixed_4b", 224, 64, 96, 96, 128, "AvgPool_0a_3x3", 128},
		{"Mixed_4c", 192, 96, 128, 96, 128, "AvgPool_0a_3x3", 128},
		{"Mixed_4d", 160, 128, 160, 128, 160, "AvgPool_0a_3x3", 96},
		{"Mixed_4e", 96, 128, 192, 160, 192, "AvgPool_0a_3x3", 96},
		{"Mixed_5a", 0, 128, 192, 192, 256, "", 0},
		{"Mixed_5b", 352, 192, 320, 160, 224, "AvgPool_0a_3x3", 128},
		{"Mixed_5c", 352, 192, 320, 192, 224, "MaxPool_0a_3x3", 128},
	}
}

type inceptionV2Block struct {
	name         string
	b0, b1a, b1b int
	b2a, b2b     int
	pool         string
	b3           int
}

func (b *builder) inceptionV2() {
	b.body(func() {
		b.args(slim.Args{Stride: 1, Padding: slim.Same}, append(windows(), slim.LayerSeparableConv2D)...)
		if on(b.c.IncludeRootBlock) {
			b.inceptionV2Root()
		}
		for _, m := range inceptionV2Blocks() {
			b.inceptionV2Block(m)
		}
	})
	b.head(func() {
		b.logits(poolHead{pool: "AvgPool_1a_%dx%d", point: "AvgPool_1a", global: "global_pool", size: 7,
			dropout: "Dropout_1b", pre: "PreLogits", logits: "Conv2d_1c_1x1"})
	})
}

func (b *builder) inceptionV2Root() {
	const first = "Conv2d_1a_7x7"
	a := slim.Args{Stride: 2, WeightsInitializer: trunc(1)}
	if on(b.c.UseSeparableConv) {
		// The depthwise convolution must not make more channels than there are
		// outputs.
		a.DepthMultiplier = min(b.depth(64)/3, 8)
		b.separable(first, b.depth(64), kernel(7), a)
	} else {
		b.conv(first, b.depth(64), kernel(7), a)
	}
	b.mark(first)
	b.stem(
		step{name: "MaxPool_2a_3x3", kernel: kernel(3), stride: 2},
		step{name: "Conv2d_2b_1x1", outputs: 64, kernel: kernel(1), stddev: 0.1},
		step{name: "Conv2d_2c_3x3", outputs: 192, kernel: kernel(3)},
		step{name: "MaxPool_3a_3x3", kernel: kernel(3), stride: 2},
	)
}

func (b *builder) inceptionV2Block(m inceptionV2Block) {
	reduced := func(outputs int) step {
		return step{name: "Conv2d_0a_1x1", outputs: outputs, kernel: kernel(1), stddev: 0.09}
	}
	if m.b0 == 0 {
		b.mixed(m.name,
			b.chain([]step{reduced(m.b1a), {name: "Conv2d_1a_3x3", outputs: m.b1b, kernel: kernel(3), stride: 2}}),
			b.chain([]step{reduced(m.b2a), {name: "Conv2d_0b_3x3", outputs: m.b2b, kernel: kernel(3)},
				{name: "Conv2d_1a_3x3", outputs: m.b2b, kernel: kernel(3), stride: 2}}),
			b.chain([]step{{name: "MaxPool_1a_3x3", kernel: kernel(3), stride: 2}}),
		)
		return
	}
	b.mixed(m.name,
		b.chain([]step{{name: "Conv2d_0a_1x1", outputs: m.b0, kernel: kernel(1)}}),
		b.chain([]step{reduced(m.b1a), {name: "Conv2d_0b_3x3", outputs: m.b1b, kernel: kernel(3)}}),
		b.chain([]step{reduced(m.b2a), {name: "Conv2d_0b_3x3", outputs: m.b2b, kernel: kernel(3)},
			{name: "Conv2d_0c_3x3", outputs: m.b2b, kernel: kernel(3)}}),
		b.chain([]step{{name: m.pool, kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: m.b3, kernel: kernel(1), stddev: 0.1}}),
	)
}
