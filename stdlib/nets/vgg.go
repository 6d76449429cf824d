package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// VGG16 builds the 16-layer net of Simonyan and Zisserman (arXiv:1409.1556,
// table 1, D; TF-Slim's vgg_16). images are [batch, height, width, channels],
// float32, RGB in 0 … 255 less the means (123.68, 116.78, 103.94), of 224×224;
// larger ones give a map of logits, which GlobalPool or SpatialSqueeze False
// make use of. The logits are [batch, NumClasses].
//
// End points are the layers by their scopes, such as vgg_16/conv1/conv1_1 and
// vgg_16/pool1. The head is vgg_16/fc8. Defaults: KeepProb 0.5, WeightDecay
// 0.0005. Errors are Build's.
func VGG16(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("vgg_16", images, c)
}

// VGG19 is VGG16 with 19 layers (table 1, E; vgg_19).
func VGG19(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("vgg_19", images, c)
}

// VGGA is VGG16 with 11 layers (table 1, A; vgg_a).
func VGGA(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("vgg_a", images, c)
}

// vggs are the nets by how often each of the five blocks repeats its
// convolution.
func vggs() []spec {
	row := func(name string, repeats ...int) spec {
		return spec{
			Net: Net{Name: name, ImageSize: 224, Channels: 3, NumClasses: 1000, LabelsOffset: 1, Preprocessing: "vgg",
				HeadScopes: []string{name + "/fc8/"}},
			defaults:  Config{Scope: name, KeepProb: 0.5, WeightDecay: 0.0005, FCConvPadding: slim.Valid},
			takes:     []string{"KeepProb", "SpatialSqueeze", "GlobalPool", "FCConvPadding"},
			arguments: (*builder).vggArgs,
			build:     func(b *builder) { b.vgg(repeats) },
		}
	}
	return []spec{
		row("vgg_16", 2, 2, 3, 3, 3),
		row("vgg_19", 2, 2, 4, 4, 4),
		row("vgg_a", 1, 1, 2, 2, 2),
	}
}

// vggArgs is vgg_arg_scope, and overfeat_arg_scope.
func (b *builder) vggArgs() {
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D, slim.LayerFullyConnected)
}

func (b *builder) vgg(repeats []int) {
	b.convs, b.pools = true, true
	for i, outputs := range []int{64, 128, 256, 512, 512} {
		block := fmt.Sprintf("conv%d", i+1)
		b.scope(block, func() {
			for j := range repeats[i] {
				b.conv(fmt.Sprintf("%s_%d", block, j+1), outputs, kernel(3))
			}
		})
		b.maxPool(fmt.Sprintf("pool%d", i+1), 2, 2)
	}
	b.conv("fc6", 4096, kernel(7), slim.Args{Padding: b.c.FCConvPadding})
	b.dropout("dropout6")
	b.conv("fc7", 4096, kernel(1))
	b.fc8()
}

// fc8 is the head of the nets whose fully connected layers are convolutions.
func (b *builder) fc8() {
	b.convs = false
	if b.c.GlobalPool == slim.True {
		b.globalPool("global_pool", true)
		b.mark("global_pool")
	}
	if b.c.NumClasses == 0 {
		return
	}
	b.dropout("dropout7")
	b.conv("fc8", b.c.NumClasses, kernel(1), slim.Args{Activation: slim.Linear, BiasesInitializer: graph.Zeros()})
	b.squeeze("fc8/squeezed")
	b.mark(b.s.Join("fc8"))
}
