package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// Resnet50V2 builds ResNet-50 with normalisation before each convolution (He
// et al., arXiv:1603.05027; TF-Slim's resnet_v2_50). images are [batch,
// height, width, channels], float32 in [-1, 1] for the published checkpoints;
// the rest is as in Resnet50V1.
//
// The head is resnet_v2_50/logits. Defaults: WeightDecay 0.0001,
// BatchNormDecay 0.997. Errors are Build's.
func Resnet50V2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v2_50", images, c)
}

// Resnet101V2 is Resnet50V2 with 101 layers (resnet_v2_101).
func Resnet101V2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v2_101", images, c)
}

// Resnet152V2 is Resnet50V2 with 152 layers (resnet_v2_152).
func Resnet152V2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v2_152", images, c)
}

// Resnet200V2 is Resnet50V2 with 200 layers (resnet_v2_200).
func Resnet200V2(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v2_200", images, c)
}

// bottleneckV2 normalises before each convolution (figure 1b).
func (b *builder) bottleneckV2(u ResnetUnit, rate int) {
	b.numbered("bottleneck_v2", func() {
		in, channels := b.x, b.channels()
		before := b.from(in, func() { b.normalise("preact", slim.Args{Activation: slim.ReLU}) })
		x := in
		if channels != u.Depth {
			x = before
		}
		shortcut := b.from(x, func() {
			if channels == u.Depth {
				b.subsample("shortcut", u.Stride)
			} else {
				b.conv("shortcut", u.Depth, kernel(1), plain(), slim.Args{Stride: u.Stride})
			}
		})
		residual := b.from(before, func() {
			b.conv("conv1", u.DepthBottleneck, kernel(1))
			b.convSame("conv2", u.DepthBottleneck, 3, u.Stride, rate)
			b.conv("conv3", u.Depth, kernel(1), plain())
		})
		b.add(shortcut, residual)
		b.mark(b.s.Path())
	})
}
