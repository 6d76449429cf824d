package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// InceptionV1 builds GoogLeNet with batch normalisation (Szegedy et al.,
// arXiv:1409.4842, table 1; TF-Slim's inception_v1). images are [batch,
// height, width, channels], float32 in [-1, 1], of 224×224; smaller ones need
// GlobalPool. The logits are [batch, NumClasses].
//
// End points: Conv2d_1a_7x7, MaxPool_2a_3x3, …, Mixed_3b, …, Mixed_5c,
// AvgPool_0a_7x7 or global_pool, Logits, Predictions. The head is
// InceptionV1/Logits. Defaults: KeepProb 0.8, WeightDecay 0.00004,
// BatchNormDecay 0.9997. Errors are Build's.
func InceptionV1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("inception_v1", images, c)
}

// inceptionV1Blocks are the outputs of the branches: 1×1; reduced, 3×3;
// reduced, 5×5 (here 3×3); pooled. A block without outputs is a pool.
func inceptionV1Blocks() []inceptionV1Block {
	return []inceptionV1Block{
		{"Mixed_3b", 64, 96, 128, 16, 32, 32},
		{"Mixed_3c", 128, 128, 192, 32, 96, 64},
		{name: "MaxPool_4a_3x3"},
		{"Mixed_4b", 192, 96, 208, 16, 48, 64},
		{"Mixed_4c", 160, 112, 224, 24, 64, 64},
		{"Mixed_4d", 128, 128, 256, 24, 64, 64},
		{"Mixed_4e", 112, 144, 288, 32, 64, 64},
		{"Mixed_4f", 256, 160, 320, 32, 128, 128},
		{name: "MaxPool_5a_2x2"},
		{"Mixed_5b", 256, 160, 320, 32, 128, 128},
		{"Mixed_5c", 384, 192, 384, 48, 128, 128},
	}
}

type inceptionV1Block struct {
	name                       string
	b0, b1a, b1b, b2a, b2b, b3 int
}

func (b *builder) inceptionV1() {
	b.body(func() {
		b.args(slim.Args{WeightsInitializer: trunc(0.01)}, slim.LayerConv2D)
		b.args(slim.Args{Stride: 1, Padding: slim.Same}, slim.LayerConv2D, slim.LayerMaxPool2D)
		b.inceptionV1Body()
	})
	b.head(func() {
		b.logits(poolHead{pool: "AvgPool_0a_7x7", point: "AvgPool_0a_7x7", global: "global_pool", size: 7, whole: true,
			dropout: "Dropout_0b", logits: "Conv2d_0c_1x1", inside: true})
	})
}

func (b *builder) inceptionV1Body() {
	if on(b.c.IncludeRootBlock) {
		b.stem(
			step{name: "Conv2d_1a_7x7", outputs: 64, kernel: kernel(7), stride: 2},
			step{name: "MaxPool_2a_3x3", kernel: kernel(3), stride: 2},
			step{name: "Conv2d_2b_1x1", outputs: 64, kernel: kernel(1)},
			step{name: "Conv2d_2c_3x3", outputs: 192, kernel: kernel(3)},
			step{name: "MaxPool_3a_3x3", kernel: kernel(3), stride: 2},
		)
	}
	for _, m := range inceptionV1Blocks() {
		if m.b0 == 0 {
			b.stem(step{name: m.name, kernel: kernel(int(m.name[len(m.name)-1] - '0')), stride: 2})
			continue
		}
		last := "Conv2d_0b_3x3"
		if m.name == "Mixed_5b" {
			last = "Conv2d_0a_3x3" // so in TF-Slim and its checkpoints
		}
		b.mixed(m.name,
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: m.b0, kernel: kernel(1)}}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: m.b1a, kernel: kernel(1)}, {name: "Conv2d_0b_3x3", outputs: m.b1b, kernel: kernel(3)}}),
			b.chain([]step{{name: "Conv2d_0a_1x1", outputs: m.b2a, kernel: kernel(1)}, {name: last, outputs: m.b2b, kernel: kernel(3)}}),
			b.chain([]step{{name: "MaxPool_0a_3x3", kernel: kernel(3)}, {name: "Conv2d_0b_1x1", outputs: m.b3, kernel: kernel(1)}}),
		)
	}
}
