package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// resnets are the nets by how many units each of the four blocks has.
func resnets() []spec {
	var out []spec
	for _, n := range []struct{ depth, b2, b3 int }{{50, 4, 6}, {101, 4, 23}, {152, 8, 36}, {200, 24, 36}} {
		units := []int{3, n.b2, n.b3, 3}
		v1 := resnetV1Spec(fmt.Sprintf("resnet_v1_%d", n.depth), units)
		v1.NumClasses, v1.LabelsOffset, v1.Preprocessing = 1000, 1, "vgg"
		v2 := resnetV2Spec(fmt.Sprintf("resnet_v2_%d", n.depth), units)
		v2.NumClasses, v2.Preprocessing = 1001, "inception"
		out = append(out, v1, v2)
	}
	return out
}

func resnetV1Spec(name string, units []int) spec {
	s := resnetSpec(name)
	s.takes = append(s.takes, "StoreNonStridedActivations", "UseBoundedActivations", "DepthMultiplier", "MinDepth")
	s.build = func(b *builder) { b.resnet((*builder).bottleneckV1, b.bottlenecks(units), false) }
	return s
}

func resnetV2Spec(name string, units []int) spec {
	s := resnetSpec(name)
	s.build = func(b *builder) { b.resnet((*builder).bottleneckV2, b.bottlenecks(units), true) }
	return s
}

func resnetSpec(name string) spec {
	return spec{
		Net: Net{Name: name, ImageSize: 224, Channels: 3, HeadScopes: []string{name + "/logits/"}},
		defaults: Config{Scope: name, GlobalPool: slim.True, DepthMultiplier: 1, MinDepth: 8, WeightDecay: 0.0001,
			BatchNormDecay: 0.997, BatchNormEpsilon: 0.00001, BatchNormScale: slim.True},
		takes: []string{"SpatialSqueeze", "GlobalPool", "OutputStride", "IncludeRootBlock", "Activation",
			"UseBatchNorm", "BatchNormDecay", "BatchNormEpsilon", "BatchNormScale", "BatchNormUpdatesCollections", "BatchNormUpdatesInPlace"},
		arguments: (*builder).resnetArgs,
	}
}

// bottlenecks are the four blocks of the published nets.
func (b *builder) bottlenecks(units []int) []ResnetBlock {
	var out []ResnetBlock
	for i, n := range units {
		stride := 2
		if i == len(units)-1 {
			stride = 1
		}
		out = append(out, BottleneckBlock(fmt.Sprintf("block%d", i+1), b.depth(64<<i), n, stride))
	}
	return out
}

// bottleneck is a residual unit: 1×1 to u.DepthBottleneck channels, 3×3, 1×1
// to u.Depth.
type bottleneck func(b *builder, u ResnetUnit, rate int)

// resnetArgs is resnet_arg_scope.
func (b *builder) resnetArgs() {
	b.args(slim.Args{WeightsRegularizer: b.l2(), WeightsInitializer: graph.VarianceScaling{}, Normalizer: b.normalizer(),
		Activation: b.c.Activation}, slim.LayerConv2D)
	b.args(slim.Args{Padding: slim.Same}, slim.LayerMaxPool2D)
	b.batchNorm()
}

// resnet is a net of blocks.
func (b *builder) resnet(unit bottleneck, blocks []ResnetBlock, v2 bool) {
	b.convs = true
	d := &dilation{most: b.c.OutputStride, stride: 1, rate: 1}
	if on(b.c.IncludeRootBlock) {
		d.stride = 4
		if d.most%4 != 0 {
			b.fail("OutputStride is %d, it must be a multiple of 4", d.most)
		}
		root := slim.Args{}
		if v2 {
			root = plain() // the first unit begins with both
		}
		b.convSame("conv1", 64, 7, 2, 1, root)
		b.maxPool("pool1", 3, 2)
	}
	for _, block := range blocks {
		stack := func() { b.resnetBlock(unit, block, d) }
		if block.Scope == "" {
			b.numbered("block", stack)
		} else {
			b.scope(block.Scope, stack)
		}
	}
	d.reached(b)
	if v2 {
		b.normalise("postnorm", slim.Args{Activation: slim.ReLU})
	}
	b.convs = false
	b.resnetHead()
}

func (b *builder) resnetBlock(unit bottleneck, block ResnetBlock, d *dilation) {
	after := 1
	for i, u := range block.Units {
		own := max(1, u.Stride)
		if i == len(block.Units)-1 && b.c.StoreNonStridedActivations {
			own, after = 1, own
		}
		var rate int
		u.Stride, rate = d.next(b, own)
		b.scope(fmt.Sprintf("unit_%d", i+1), func() {
			if block.UnitFn == nil {
				unit(b, u, rate)
				return
			}
			b.unitFn(block.UnitFn, u, rate)
		})
	}
	b.mark(b.s.Path())
	if after, _ = d.next(b, after); after > 1 {
		b.subsample("MaxPool2D", after)
	}
}

// unitFn builds a caller's unit, whose convolutions are end points.
func (b *builder) unitFn(f func(graph.Scope, *graph.Node, ResnetUnit, int) (*graph.Node, error), u ResnetUnit, rate int) {
	key := b.c.Scope + "/_end_points" // TF-Slim's
	b.with(slim.Args{OutputsCollections: []string{key}}, []slim.Layer{slim.LayerConv2D}, func() {
		before, err := b.s.Graph().NodeCollection(key, "")
		if err != nil {
			b.err = err
			return
		}
		b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return f(s, x, u, rate) })
		if b.err == nil && b.x == nil {
			b.fail("UnitFn of %s returns neither a node nor an error", b.s.Path())
			return
		}
		after, err := b.s.Graph().NodeCollection(key, "")
		if err != nil {
			b.err = err
			return
		}
		top := b.x
		for _, x := range after[len(before):] {
			b.x = x
			for _, name := range x.Aliases() {
				b.mark(name)
			}
		}
		b.x = top
	})
}

func (b *builder) resnetHead() {
	if on(b.c.GlobalPool) {
		b.globalPool("pool5", true)
		b.mark("global_pool")
	}
	if b.c.NumClasses == 0 {
		return
	}
	b.conv("logits", b.c.NumClasses, kernel(1), plain())
	b.mark(b.s.Join("logits"))
	if on(b.c.SpatialSqueeze) {
		b.squeeze("SpatialSqueeze")
		b.mark(b.s.Join("spatial_squeeze"))
	}
	b.predictions("predictions", "predictions")
}

// dilation keeps a net's stride at most, if that is not 0: from there on
// layers are dilated by the strides that they leave out.
type dilation struct{ most, stride, rate int }

// next is the stride and the dilation of the next layer, whose stride would
// be s.
func (d *dilation) next(b *builder, s int) (stride, rate int) {
	if d.most != 0 && d.stride == d.most {
		rate = d.rate
		d.rate *= s
		return 1, rate
	}
	if d.stride *= s; d.most != 0 && d.stride > d.most {
		b.fail("OutputStride %d cannot be reached", d.most)
	}
	return s, 1
}

// reached checks that the net got as small as was asked for.
func (d *dilation) reached(b *builder) {
	if d.most != 0 && d.stride != d.most {
		b.fail("OutputStride %d cannot be reached, the net's stride is %d", d.most, d.stride)
	}
}

// convSame is Conv2DSame, and an end point.
func (b *builder) convSame(name string, outputs, size, stride, rate int, more ...slim.Args) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return Conv2DSame(s, x, outputs, size, stride, append(more, slim.Args{Rate: rate, Scope: name})...)
	})
	b.mark(b.s.Join(name))
}

// subsample is Subsample.
func (b *builder) subsample(scope string, stride int) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return Subsample(s, x, stride, scope) })
}

// add adds what two branches left.
func (b *builder) add(left, right *graph.Node) {
	b.x = left
	b.op("add", ops.Add, right)
}
