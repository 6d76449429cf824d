package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// AlexnetV2 builds the net of Krizhevsky's "One weird trick"
// (arXiv:1404.5997), without its normalisation across channels (TF-Slim's
// alexnet_v2). images are [batch, height, width, channels], float32, of
// 224×224; the rest is as in VGG16.
//
// The head is alexnet_v2/fc8. Defaults: KeepProb 0.5, WeightDecay 0.0005.
func AlexnetV2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("alexnet_v2", images, c)
}

// alexnetArgs is alexnet_v2_arg_scope.
func (b *builder) alexnetArgs() {
	b.args(slim.Args{WeightsRegularizer: b.l2(), BiasesInitializer: graph.Constants{Value: 0.1}}, slim.LayerConv2D, slim.LayerFullyConnected)
}

func (b *builder) alexnet() {
	b.convs, b.pools = true, true
	b.conv("conv1", 64, kernel(11), slim.Args{Stride: 4, Padding: slim.Valid})
	b.maxPool("pool1", 3, 2)
	b.conv("conv2", 192, kernel(5))
	b.maxPool("pool2", 3, 2)
	b.conv("conv3", 384, kernel(3))
	b.conv("conv4", 384, kernel(3))
	b.conv("conv5", 256, kernel(3))
	b.maxPool("pool5", 3, 2)
	b.args(slim.Args{WeightsInitializer: trunc(0.005)}, slim.LayerConv2D)
	b.conv("fc6", 4096, kernel(5), slim.Args{Padding: slim.Valid})
	b.dropout("dropout6")
	b.conv("fc7", 4096, kernel(1))
	b.fc8()
}

// Overfeat builds the fast net of Sermanet et al. (arXiv:1312.6229; TF-Slim's
// overfeat). images are [batch, height, width, channels], float32, of 231×231;
// the rest is as in VGG16.
//
// The head is overfeat/fc8. Defaults: KeepProb 0.5, WeightDecay 0.0005.
func Overfeat(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("overfeat", images, c)
}

func (b *builder) overfeat() {
	b.convs, b.pools = true, true
	b.conv("conv1", 64, kernel(11), slim.Args{Stride: 4, Padding: slim.Valid})
	b.maxPool("pool1", 2, 2)
	b.conv("conv2", 256, kernel(5), slim.Args{Padding: slim.Valid})
	b.maxPool("pool2", 2, 2)
	b.conv("conv3", 512, kernel(3))
	b.conv("conv4", 1024, kernel(3))
	b.conv("conv5", 1024, kernel(3))
	b.maxPool("pool5", 2, 2)
	b.args(slim.Args{WeightsInitializer: trunc(0.005), BiasesInitializer: graph.Constants{Value: 0.1}}, slim.LayerConv2D)
	b.conv("fc6", 3072, kernel(6), slim.Args{Padding: slim.Valid})
	b.dropout("dropout6")
	b.conv("fc7", 4096, kernel(1))
	b.fc8()
}
