package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// Resnet50V1 builds ResNet-50 (He et al., arXiv:1512.03385, table 1; TF-Slim's
// resnet_v1_50). images are [batch, height, width, channels], float32, RGB in
// 0 … 255 less the means (123.68, 116.78, 103.94), of 224×224. The logits are
// [batch, NumClasses]; with NumClasses 0 the result is [batch, 1, 1, 2048].
//
// For dense predictions leave out GlobalPool and SpatialSqueeze, and set
// OutputStride to 8 or 16 (4, 8, 16 and 32 can be reached): the logits are
// then a map [batch, height', width', NumClasses].
//
// End points are the convolutions, units and blocks by their scopes, such as
// resnet_v1_50/block1/unit_1/bottleneck_v1/conv1 and resnet_v1_50/block1, and
// global_pool, resnet_v1_50/logits, resnet_v1_50/spatial_squeeze, predictions.
// The head is resnet_v1_50/logits. Defaults: WeightDecay 0.0001,
// BatchNormDecay 0.997, MinDepth 8. Errors are Build's.
func Resnet50V1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v1_50", images, c)
}

// Resnet101V1 is Resnet50V1 with 101 layers (resnet_v1_101).
func Resnet101V1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v1_101", images, c)
}

// Resnet152V1 is Resnet50V1 with 152 layers (resnet_v1_152).
func Resnet152V1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v1_152", images, c)
}

// Resnet200V1 is Resnet50V1 with 200 layers (resnet_v1_200).
func Resnet200V1(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("resnet_v1_200", images, c)
}

// bottleneckV1 normalises after each convolution (arXiv:1603.05027, figure
// 1a).
func (b *builder) bottleneckV1(u ResnetUnit, rate int) {
	b.numbered("bottleneck_v1", func() {
		in, channels, bounded := b.x, b.channels(), b.c.UseBoundedActivations
		shortcut := b.from(in, func() {
			a := slim.Args{Stride: u.Stride, Activation: slim.Linear}
			if bounded {
				a.Activation = slim.ReLU6
			}
			if channels == u.Depth {
				b.subsample("shortcut", u.Stride)
			} else {
				b.conv("shortcut", u.Depth, kernel(1), a)
			}
		})
		residual := b.from(in, func() {
			b.conv("conv1", u.DepthBottleneck, kernel(1))
			b.convSame("conv2", u.DepthBottleneck, 3, u.Stride, rate)
			b.conv("conv3", u.Depth, kernel(1), slim.Args{Activation: slim.Linear})
			if bounded {
				b.clip(6)
			}
		})
		b.add(shortcut, residual)
		if bounded {
			b.op("Relu6", ops.Relu6)
		} else {
			b.relu()
		}
		b.mark(b.s.Path())
	})
}
