package nets

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// mobilenets are the MobileNets, with the multipliers that have names.
func mobilenets() []spec {
	return []spec{
		mobilenetV1Spec("mobilenet_v1", 1),
		mobilenetV1Spec("mobilenet_v1_075", 0.75),
		mobilenetV1Spec("mobilenet_v1_050", 0.5),
		mobilenetV1Spec("mobilenet_v1_025", 0.25),
		mobilenetV2Spec("mobilenet_v2", 1, false),
		mobilenetV2Spec("mobilenet_v2_140", 1.4, false),
		mobilenetV2Spec("mobilenet_v2_035", 0.35, true),
		mobilenetV3Spec("mobilenet_v3_large", "MobilenetV3", mobilenetV3Large()),
		mobilenetV3Spec("mobilenet_v3_small", "MobilenetV3", mobilenetV3Small()),
		mobilenetV3Spec("mobilenet_v3_large_minimalistic", "MobilenetV3", minimalistic(mobilenetV3Large())),
		mobilenetV3Spec("mobilenet_v3_small_minimalistic", "MobilenetV3", minimalistic(mobilenetV3Small())),
		mobilenetV3Spec("mobilenet_edgetpu", "MobilenetEdgeTPU", mobilenetEdgeTPU()),
		func() spec {
			s := mobilenetV3Spec("mobilenet_edgetpu_075", "MobilenetEdgeTPU", mobilenetEdgeTPU())
			s.defaults.DepthMultiplier, s.defaults.FinegrainClassificationMode = 0.75, true
			return s
		}(),
	}
}

// inverted are the MobileNets V2 and V3.
type inverted struct {
	layers     []ConvOp
	activation slim.Activation // of the layers that say nothing
	unscaled   bool            // FinegrainClassificationMode holds for any DepthMultiplier, not for those below 1 only
}

// spec is a row of the zoo's table.
func (n inverted) spec(name, scope string, takes ...string) spec {
	return spec{
		Net: Net{Name: name, ImageSize: 224, Channels: 3, NumClasses: 1001, Preprocessing: "inception",
			HeadScopes: []string{scope + "/Logits/"}},
		defaults: Config{Scope: scope, KeepProb: 0.8, DepthMultiplier: 1, MinDepth: 8, DivisibleBy: 8, WeightDecay: 0.00004,
			BatchNormDecay: 0.997, BatchNormEpsilon: 0.001, Stddev: 0.09},
		takes: append([]string{"KeepProb", "PredictionFn", "BaseOnly", "FinalEndpoint", "OutputStride", "UseExplicitPadding", "DepthMultiplier",
			"FinegrainClassificationMode", "ConvDefs", "UseGroupNorm", "Groups", "UseReduceMeanForPooling", "Stddev", "BatchNormDecay"}, takes...),
		headAnywhere: true,
		convOpFields: convOpFields,
		arguments:    (*builder).invertedArgs,
		build:        func(b *builder) { b.inverted(n) },
	}
}

// inverted is mobilenet.mobilenet_base and the head.
func (b *builder) inverted(n inverted) {
	if b.c.ConvDefs != nil {
		n.layers = b.c.ConvDefs.Spec
	}
	if s := b.c.OutputStride; s > 1 && s%2 != 0 {
		b.fail("OutputStride is %d, it must be 1 or a multiple of 2", s)
	}
	here := func(s graph.Scope) (graph.Scope, error) { return s, nil }
	b.within(here, func() { // the head is outside of the layers' defaults
		b.convDefsArgs(n)
		d := &dilation{most: b.c.OutputStride, stride: 1, rate: 1}
		for i, o := range n.layers {
			o.Stride = max(1, o.Stride)
			o.NumOutputs = b.outputs(o, i == len(n.layers)-1, n.unscaled)
			stride, rate := d.skip(o.Stride)
			b.convOp(o, stride, rate, fmt.Sprintf("layer_%d", i+1))
		}
	})
	b.head(b.invertedHead)
}

// outputs is a layer's number of channels as DepthMultiplier and its options
// leave it.
func (b *builder) outputs(o ConvOp, last, unscaled bool) int {
	fine := last && b.c.FinegrainClassificationMode
	switch {
	case o.FixedOutputs, o.NumOutputs == 0, fine && unscaled:
		return o.NumOutputs
	case fine && b.c.DepthMultiplier < 1:
		return divisible(float64(o.NumOutputs), b.c.DivisibleBy, b.c.MinDepth)
	}
	return divisible(float64(o.NumOutputs)*b.c.DepthMultiplier, b.c.DivisibleBy, b.c.MinDepth)
}

// invertedArgs is mobilenet.training_scope.
func (b *builder) invertedArgs() {
	var weights graph.Initializer = slim.Xavier()
	if b.c.Stddev > 0 {
		weights = trunc(b.c.Stddev)
	}
	b.args(slim.Args{WeightsInitializer: weights, Normalizer: slim.BatchNormalizer},
		slim.LayerConv2D, slim.LayerFullyConnected, slim.LayerSeparableConv2D)
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D)
	b.args(slim.Args{KeepProb: b.c.KeepProb}, slim.LayerDropout)
	b.batchNorm()
}

// convDefsArgs are the defaults and overrides of conv_defs.
func (b *builder) convDefsArgs(n inverted) {
	layers := []slim.Layer{slim.LayerConv2D, slim.LayerFullyConnected, slim.LayerSeparableConv2D}
	defs := b.c.ConvDefs
	if defs == nil {
		defs = &ConvDefs{}
	}
	b.inner = map[slim.Layer]slim.Normalizer{LayerExpandedConv: slim.NoNormalizer, LayerDepthSepConv: slim.NoNormalizer}
	switch {
	case b.c.UseGroupNorm:
		b.args(slim.Args{Normalizer: slim.GroupNormalizer, Activation: n.activation}, layers...)
		b.args(slim.Args{Groups: cmp.Or(b.c.Groups, 8)}, slim.LayerGroupNorm)
		b.inner[LayerExpandedConv] = slim.GroupNormalizer
	case defs.Defaults == nil:
		b.args(slim.Args{Activation: n.activation}, layers...)
		b.args(slim.Args{Scale: slim.True}, slim.LayerBatchNorm)
		b.inner[LayerExpandedConv] = slim.BatchNormalizer
	}
	b.layerArgs(defs.Defaults)
	b.args(slim.Args{Activation: b.c.Activation}, layers...)
	b.layerArgs(defs.Overrides)
	if b.c.UseExplicitPadding {
		b.args(slim.Args{Padding: slim.Valid}, slim.LayerConv2D, slim.LayerSeparableConv2D)
	}
}

// layerArgs gives arguments to layers.
func (b *builder) layerArgs(list []LayerArgs) {
	for _, d := range list {
		var layers []slim.Layer
		for _, l := range d.Layers {
			if _, is := b.inner[l]; !is {
				layers = append(layers, l)
				continue
			}
			if only := (slim.Args{Normalizer: d.Args.Normalizer}); !reflect.DeepEqual(d.Args, only) {
				b.fail("ConvDefs: %s has a Normalizer and no other argument", l)
			}
			b.inner[l] = cmp.Or(d.Args.Normalizer, b.inner[l])
		}
		if len(layers) == len(d.Layers) || len(layers) > 0 {
			b.args(d.Args, layers...)
		}
	}
}

// skip is next for nets that are left larger where OutputStride cannot be
// reached.
func (d *dilation) skip(s int) (stride, rate int) {
	if d.most != 0 && d.stride == d.most {
		rate = d.rate
		d.rate *= s
		return 1, rate
	}
	d.stride *= s
	return s, 1
}

// convOp is a layer with what OutputStride leaves of its stride.
func (b *builder) convOp(o ConvOp, stride, rate int, point string) {
	own := o.Stride
	o.Stride = stride
	if len(o.KernelSize) > 0 && !slices.ContainsFunc(o.KernelSize, func(k int) bool { return k != 1 }) {
		rate = 1
	}
	explicit := b.c.UseExplicitPadding
	if explicit && o.KernelSize != nil {
		b.pad(o.KernelSize[0], rate)
		explicit = false
	}
	switch o.Op {
	case OpConv2D:
		size := o.KernelSize
		if size == nil {
			size = kernel(3)
			b.explicitPad(3, rate)
		}
		b.conv(o.Scope, o.NumOutputs, size, slim.Args{Stride: stride, Rate: rate, Padding: o.Padding, Normalizer: o.Normalizer}, b.activated(o.Activation))
	case OpDepthSepConv:
		b.depthSep(o, rate)
	case OpExpandedConv:
		e := &expanded{builder: b, o: o, own: own, rate: rate, explicit: explicit, point: point}
		if o.Scope != "" {
			b.scope(o.Scope, e.build)
		} else {
			b.numbered("expanded_conv", e.build)
		}
	case OpReduceTo1x1:
		b.reduceTo1x1(o, rate, point)
	case OpFunc:
		b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return o.Func(s, x, o, rate) })
		if b.err == nil && b.x == nil {
			b.fail("Func of %s returns neither a node nor an error", point)
		}
	}
	b.mark(point)
}

// depthSep is conv_blocks.split_separable_conv2d.
func (b *builder) depthSep(o ConvOp, rate int) {
	o.Normalizer = cmp.Or(o.Normalizer, b.inner[LayerDepthSepConv])
	build := func(prefix string) {
		a := slim.Args{Stride: o.Stride, Rate: rate, Normalizer: o.Normalizer, Padding: slim.Same}
		if b.c.UseExplicitPadding {
			b.pad(3, rate)
			a.Padding = slim.Valid
		}
		b.separable(prefix+"depthwise", 0, kernel(3), a)
		b.conv(prefix+"pointwise", o.NumOutputs, kernel(1), slim.Args{Normalizer: o.Normalizer})
	}
	if o.Scope != "" {
		build(o.Scope + "_")
		return
	}
	b.numbered("separable", func() { build("") })
}

// reduceTo1x1 averages over the whole map if it is square.
func (b *builder) reduceTo1x1(o ConvOp, rate int, point string) {
	if !b.idle() && (rate > 1 || b.c.UseExplicitPadding) {
		b.fail("%s averages over the whole map, which is not for OutputStride nor UseExplicitPadding, as in TF-Slim; set FinalEndpoint to a layer before it", point)
		return
	}
	size := kernel(7)
	if s := b.shape(); s[1] == s[2] && s[1] != graph.Unknown {
		size = kernel(s[1])
	}
	b.avgPool(o.Scope, size, o.Stride, slim.Valid)
}

// invertedHead is the head of mobilenet.mobilenet.
func (b *builder) invertedHead() {
	b.scope("Logits", func() {
		if b.c.UseReduceMeanForPooling {
			b.globalPool("ReduceMean", true)
		} else {
			b.poolMap("AvgPool2D")
		}
		b.mark("global_pool")
		if b.c.NumClasses == 0 {
			return
		}
		b.dropout("Dropout")
		b.conv("Conv2d_1c_1x1", b.c.NumClasses, kernel(1), plain())
		b.squeeze("output")
	})
	if b.c.NumClasses > 0 {
		b.mark("Logits")
		b.predictions("Predictions", "Predictions")
	}
}
