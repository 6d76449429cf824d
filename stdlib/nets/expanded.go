package nets

import (
	"cmp"
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// expanded builds inverted residuals (conv_blocks.expanded_conv).
type expanded struct {
	*builder
	o        ConvOp
	own      int // stride of the layer, which OutputStride may have taken away
	rate     int
	explicit bool   // padding inside
	point    string // the layer's end point
}

func (e *expanded) build() {
	e.o.Normalizer = cmp.Or(e.o.Normalizer, e.inner[LayerExpandedConv])
	o, in, channels := e.o, e.x, e.channels()
	if o.DepthwiseLocation == "input" {
		e.depthwise(slim.Linear)
	}
	if inner := o.inner(channels); inner > e.channels() {
		e.expand(inner)
		e.output(e.point, "expansion_output")
	}
	if o.DepthwiseLocation == "" || o.DepthwiseLocation == "expansion" {
		e.depthwise(o.DepthwiseActivation)
	}
	switch {
	case o.SqueezeExcite:
		e.squeezeExcite()
	case o.ExpansionTransform != nil:
		e.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return o.ExpansionTransform(s, x, in) })
	}
	e.split("project", o.NumOutputs, o.SplitProjection, e.activated(cmp.Or(o.ProjectActivation, slim.Linear)))
	if o.DepthwiseLocation == "output" {
		e.depthwise(slim.Linear)
	}
	switch {
	case o.Residual != nil:
		e.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return o.Residual(s, in, x) })
	case !o.NoResidual && o.Stride == 1 && e.channels() == channels:
		e.op("add", ops.Add, in)
	}
	e.output(e.point, "output")
}

// inner is the number of channels inside of a layer.
func (o ConvOp) inner(channels int) int {
	if o.ExpansionSize > 0 {
		return o.ExpansionSize
	}
	by := cmp.Or(o.ExpansionDivisibleBy, 8)
	return divisible(float64(channels)*cmp.Or(o.Expansion, 6), by, by)
}

func (e *expanded) expand(outputs int) {
	if size := e.o.ExpansionKernelSize; size != nil {
		e.conv("expand", outputs, size, slim.Args{Stride: e.own, Normalizer: e.o.Normalizer}, e.activated(e.o.Activation))
		return
	}
	e.split("expand", outputs, e.o.SplitExpansion, e.activated(e.o.Activation))
}

func (e *expanded) depthwise(activation slim.Activation) {
	activation = cmp.Or(activation, e.o.Activation)
	size := e.o.KernelSize
	if size == nil {
		size = kernel(3)
	}
	a := slim.Args{Stride: e.o.Stride, Rate: e.rate, Padding: cmp.Or(e.o.Padding, slim.Same), Normalizer: e.o.Normalizer, DepthMultiplier: e.o.DepthwiseChannelMultiplier}
	if e.explicit {
		if a.Padding != slim.Same {
			e.fail("%s has Padding %s: UseExplicitPadding is for SAME", e.point, a.Padding)
		}
		e.pad(size[0], e.rate)
		a.Padding = slim.Valid
	}
	e.separable("depthwise", 0, size, a, e.activated(activation))
	e.output(e.point, "depthwise_output")
}

// split is a 1×1 convolution, in as many groups of channels as ways says
// (conv_blocks.split_conv).
func (e *expanded) split(name string, outputs, ways int, a slim.Args) {
	by := cmp.Or(e.o.SplitDivisibleBy, 8)
	a.Normalizer, a.Stride = e.o.Normalizer, 1
	channels := e.channels()
	if ways <= 1 || min(channels/ways, outputs/ways) < by {
		e.conv(name, outputs, kernel(1), a)
		return
	}
	if channels%by != 0 || outputs%by != 0 {
		e.fail("%s: %d groups of %d and %d channels: both must be multiples of SplitDivisibleBy, %d", e.point, ways, channels, outputs, by)
		return
	}
	in, begin, parts := e.x, 0, []*graph.Node(nil)
	sizes := groups(outputs, ways, by)
	for i, n := range groups(channels, ways, by) {
		part := fmt.Sprintf("%s_part_%d", name, i)
		parts = append(parts, e.from(in, func() {
			e.op("split_"+name, ops.StridedSlice{Begin: ops.List(0, 0, 0, begin), End: ops.List(0, 0, 0, begin+n), Strides: ops.List(1, 1, 1, 1),
				BeginMask: 1<<0 | 1<<1 | 1<<2, EndMask: 1<<0 | 1<<1 | 1<<2})
			e.conv(part, sizes[i], kernel(1), a)
			e.output(e.point, part+"_output")
		}))
		begin += n
	}
	e.concat(parts)
}

// groups splits n into as even parts as multiples of by can be
// (conv_blocks._split_divisible).
func groups(n, ways, by int) []int {
	var out []int
	base, sum := n/ways/by*by, 0
	for i := range ways {
		r := base
		for (sum+r)*ways < n*(i+1) {
			r += by
		}
		out, sum = append(out, r), sum+r
	}
	return out
}

// activated is an activation as the MobileNets name it; "" is that of the arg
// scopes.
func (b *builder) activated(a slim.Activation) slim.Args {
	if a != slim.HardSwish {
		return slim.Args{Activation: a}
	}
	return slim.Args{ActivationFn: func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return s.Apply("hard_swish/mul_1", ops.HardSwish, x)
	}}
}

// output names a layer's inner result, and makes it an end point.
func (b *builder) output(point, name string) {
	b.op(name, ops.Identity{})
	if !b.idle() {
		b.end[point+"/"+name] = b.x
	}
}

// squeezeExcite weighs the channels by their means over the map (Hu et al.,
// arXiv:1709.01507).
func (b *builder) squeezeExcite() {
	b.scope("squeeze_excite", func() {
		in, channels := b.x, b.channels()
		b.poolMap("AvgPool")
		b.conv("", divisible(float64(channels)/4, 8, 8), kernel(1), slim.Args{Normalizer: slim.NoNormalizer, Activation: slim.ReLU})
		b.conv("", channels, kernel(1), plain())
		// The gate is TensorFlow's relu6(x+3)·0.16667, not a sixth.
		b.op("add", ops.Affine{By: 1, Plus: 3})
		b.op("Relu6", ops.Relu6)
		b.op("mul", ops.Affine{By: 0.16667})
		b.op("mul_1", ops.Mul, in)
	})
}

// poolMap is poolAll as an operation, without a scope of its own.
func (b *builder) poolMap(name string) {
	size := b.shape()[1:3]
	if slices.Contains(size, graph.Unknown) {
		b.globalPool(name, true)
		return
	}
	b.op(name, ops.AvgPool{KSize: [2]int(size), Padding: ops.Valid})
}

// divisible rounds a number of channels to a multiple of by, at least least
// and not more than a tenth down.
func divisible(v float64, by, least int) int {
	n := max(least, int(v+float64(by)/2)/by*by)
	if float64(n) < 0.9*v {
		n += by
	}
	return n
}
