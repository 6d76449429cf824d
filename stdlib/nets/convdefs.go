package nets

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// ConvDefs are the layers of a MobileNet's body (conv_defs), to give to
// Config.ConvDefs for another body than the published one:
//
//	defs, err := nets.LookupConvDefs("V3_LARGE")
//	defs.Spec[16].NumOutputs = 480
//	logits, endPoints, err := nets.MobilenetV3Large(images, nets.Config{NumClasses: 5, ConvDefs: defs})
type ConvDefs struct {
	// Spec are the layers, first to last.
	Spec []ConvOp
	// Defaults are arguments for the layers inside of the body's, in place of
	// the net's own: batch normalisation with gamma, ReLU6 in V2, ReLU in V3
	// (defaults). V1 has none. Default: the net's own; a list that is empty, not
	// nil, leaves TF-Slim's: then nothing normalises inside of OpExpandedConv,
	// whose normalisation is that of LayerExpandedConv and no convolution's.
	// OpDepthSepConv is normalised only where it or LayerDepthSepConv says so.
	Defaults []LayerArgs
	// Overrides come over Defaults (overrides). V1 has none.
	Overrides []LayerArgs
}

// Layers of LayerArgs that slim does not have. Each has a Normalizer.
const (
	LayerExpandedConv slim.Layer = "expanded_conv"          // OpExpandedConv
	LayerDepthSepConv slim.Layer = "split_separable_conv2d" // OpDepthSepConv
)

// LayerArgs are arguments of layers, as slim.ArgScope takes them, and of
// LayerExpandedConv and LayerDepthSepConv.
type LayerArgs struct {
	Layers []slim.Layer
	Args   slim.Args
}

// ConvOpKind is what a layer of a MobileNet's body is.
type ConvOpKind string

// The layers of MobileNets.
const (
	// OpConv2D is a convolution (slim.conv2d; Conv of V1).
	OpConv2D ConvOpKind = "conv2d"
	// OpDepthSepConv is a depthwise convolution and one of 1×1, each
	// normalised and activated (DepthSepConv of V1; split_separable_conv2d).
	OpDepthSepConv ConvOpKind = "split_separable_conv2d"
	// OpExpandedConv is an inverted residual: 1×1 to more channels, depthwise,
	// 1×1 to fewer (expanded_conv).
	OpExpandedConv ConvOpKind = "expanded_conv"
	// OpReduceTo1x1 is an average over the whole map if that is square, else
	// over 7×7 (reduce_to_1x1).
	OpReduceTo1x1 ConvOpKind = "reduce_to_1x1"
	// OpFunc is ConvOp.Func.
	OpFunc ConvOpKind = "func"
)

// ConvOp is a layer of a MobileNet's body (op; Conv and DepthSepConv of V1). A
// field that its Op does not have is an error.
type ConvOp struct {
	Op ConvOpKind
	// NumOutputs is the number of channels, before DepthMultiplier.
	NumOutputs int
	// FixedOutputs keeps NumOutputs whatever DepthMultiplier (multiplier_func).
	FixedOutputs bool
	// KernelSize is the height and width of the window, or one number for
	// both. Default: 3. In the body with UseExplicitPadding TF-Slim pads
	// before a layer that has it, and inside of one that has not.
	KernelSize []int
	// Stride of the window, at least 1. Default: 1.
	Stride int
	// Scope names the layer. Default: Conv, expanded_conv, …, made unique.
	Scope string
	// Activation follows OpConv2D (activation_fn), and the convolutions inside
	// of OpExpandedConv (inner_activation_fn). Default: that of Defaults.
	Activation slim.Activation
	// Normalizer follows the convolutions (normalizer_fn). Default: that of
	// Defaults, there of LayerExpandedConv and LayerDepthSepConv for those.
	Normalizer slim.Normalizer
	// Padding of OpConv2D, or of the depthwise convolution of OpExpandedConv.
	// Default: slim.Same.
	Padding slim.Padding

	// Expansion is how many times the input's channels the inside of
	// OpExpandedConv has, a multiple of ExpansionDivisibleBy
	// (expand_input_by_factor); one that is not more is left out. Defaults: 6, 8.
	Expansion            float64
	ExpansionDivisibleBy int
	// ExpansionSize is a number of channels instead (expansion_size).
	ExpansionSize int
	// ExpansionKernelSize expands by a convolution of this size with the
	// layer's stride, instead of 1×1 (expansion_fn of mbv3_fused). It is not
	// dilated, and OutputStride does not hold it back.
	ExpansionKernelSize []int
	// ExpansionTransform is put on what the depthwise convolution leaves
	// (expansion_transform). Default: none.
	ExpansionTransform func(s graph.Scope, expansion, input *graph.Node) (*graph.Node, error)
	// SqueezeExcite is V3's ExpansionTransform: it weighs the channels by
	// their means over the map, through a quarter as many.
	SqueezeExcite bool
	// DepthwiseLocation is where the depthwise convolution is: "expansion",
	// "input", "output" or "none" (depthwise_location). Default: "expansion".
	DepthwiseLocation string
	// DepthwiseChannelMultiplier is its number of outputs for each channel.
	// Default: 1.
	DepthwiseChannelMultiplier int
	// DepthwiseActivation follows it in place of Activation.
	DepthwiseActivation slim.Activation
	// ProjectActivation follows the last convolution. Default: slim.Linear.
	ProjectActivation slim.Activation
	// SplitExpansion and SplitProjection are in how many groups of channels
	// the 1×1 convolutions are, each a multiple of SplitDivisibleBy; one
	// convolution where that would leave fewer. Defaults: 1, 1, 8.
	SplitExpansion, SplitProjection, SplitDivisibleBy int
	// NoResidual does not add the input, which else is added where stride and
	// channels allow (residual=False).
	NoResidual bool
	// Residual adds the input in another way (a function as residual).
	Residual func(s graph.Scope, input, output *graph.Node) (*graph.Node, error)

	// Func is the layer of OpFunc: o is the ConvOp with NumOutputs scaled and
	// the Stride that OutputStride leaves, rate the dilation.
	Func func(s graph.Scope, x *graph.Node, o ConvOp, rate int) (*graph.Node, error)
}

// convOpFields are what the kinds of layers have besides Op and Stride.
func convOpFields(k ConvOpKind) []string {
	fields := map[ConvOpKind][]string{
		OpConv2D:       {"NumOutputs", "FixedOutputs", "KernelSize", "Scope", "Activation", "Normalizer", "Padding"},
		OpDepthSepConv: {"NumOutputs", "FixedOutputs", "Scope", "Normalizer"},
		OpExpandedConv: {"NumOutputs", "FixedOutputs", "KernelSize", "Scope", "Activation", "Normalizer", "Padding", "Expansion",
			"ExpansionDivisibleBy", "ExpansionSize", "ExpansionKernelSize", "ExpansionTransform", "SqueezeExcite", "DepthwiseLocation",
			"DepthwiseChannelMultiplier", "DepthwiseActivation", "ProjectActivation", "SplitExpansion", "SplitProjection",
			"SplitDivisibleBy", "NoResidual", "Residual"},
		OpReduceTo1x1: {"Scope"},
		OpFunc:        {"NumOutputs", "FixedOutputs", "KernelSize", "Scope", "Activation", "Normalizer", "Padding", "Func"},
	}
	return fields[k]
}

// convOpFieldsV1 are what the layers of MobileNet V1 have.
func convOpFieldsV1(k ConvOpKind) []string {
	if k == OpConv2D || k == OpDepthSepConv {
		return []string{"NumOutputs", "KernelSize"}
	}
	return nil
}

// check refuses what layers do not have and what is out of range.
func (d *ConvDefs) check(n *spec) error {
	if len(d.Spec) == 0 {
		return fmt.Errorf("ConvDefs has no layers")
	}
	if !n.headAnywhere && (d.Defaults != nil || d.Overrides != nil) {
		return fmt.Errorf("ConvDefs has Defaults or Overrides, which MobileNet V1 has not")
	}
	for i, o := range d.Spec {
		if err := o.check(n.convOpFields(o.Op)); err != nil {
			return fmt.Errorf("ConvDefs: layer %d: %w", i, err)
		}
	}
	return nil
}

func (o ConvOp) check(has []string) error {
	if has == nil {
		return fmt.Errorf("the net has no Op %q", o.Op)
	}
	has = append([]string{"Op", "Stride"}, has...)
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(has, name) {
			return fmt.Errorf("%s has no %s; it has %s", o.Op, name, strings.Join(has, ", "))
		}
	}
	window := func(size []int) bool {
		return size != nil && len(size) != 1 && len(size) != 2 || slices.ContainsFunc(size, func(k int) bool { return k < 1 })
	}
	for _, r := range []struct {
		name string
		bad  bool
		got  any
		want string
	}{
		{"NumOutputs", o.NumOutputs < 0 || o.NumOutputs == 0 && slices.Contains(has, "NumOutputs") && o.Op != OpFunc, o.NumOutputs, "at least 1"},
		{"Stride", o.Stride < 0, o.Stride, "at least 1"},
		{"KernelSize", window(o.KernelSize), o.KernelSize, "one or two numbers, at least 1"},
		{"ExpansionKernelSize", window(o.ExpansionKernelSize), o.ExpansionKernelSize, "one or two numbers, at least 1"},
		{"Expansion", !(o.Expansion >= 0) || o.Expansion > 1e6, o.Expansion, "above 0, at most 1e6"},
		{"ExpansionDivisibleBy", o.ExpansionDivisibleBy < 0, o.ExpansionDivisibleBy, "at least 1"},
		{"ExpansionSize", o.ExpansionSize < 0, o.ExpansionSize, "at least 1"},
		{"DepthwiseChannelMultiplier", o.DepthwiseChannelMultiplier < 0, o.DepthwiseChannelMultiplier, "at least 1"},
		{"DepthwiseLocation", !slices.Contains([]string{"", "expansion", "input", "output", "none"}, o.DepthwiseLocation), o.DepthwiseLocation, "expansion, input, output or none"},
		{"SplitExpansion", o.SplitExpansion < 0, o.SplitExpansion, "at least 1"},
		{"SplitProjection", o.SplitProjection < 0, o.SplitProjection, "at least 1"},
		{"SplitDivisibleBy", o.SplitDivisibleBy < 0, o.SplitDivisibleBy, "at least 1"},
		{"Func", o.Op == OpFunc && o.Func == nil, "nil", "a function"},
	} {
		if r.bad {
			return fmt.Errorf("%s is %v, it must be %s", r.name, r.got, r.want)
		}
	}
	return o.checkPairs()
}

// checkPairs refuses fields that exclude each other.
func (o ConvOp) checkPairs() error {
	for _, p := range []struct {
		one, other    string
		first, second bool
	}{
		{"ExpansionSize", "Expansion", o.ExpansionSize != 0, o.Expansion != 0 || o.ExpansionDivisibleBy != 0},
		{"ExpansionKernelSize", "SplitExpansion", o.ExpansionKernelSize != nil, o.SplitExpansion > 1},
		{"ExpansionTransform", "SqueezeExcite", o.ExpansionTransform != nil, o.SqueezeExcite},
		{"Residual", "NoResidual", o.Residual != nil, o.NoResidual},
	} {
		if p.first && p.second {
			return fmt.Errorf("%s and %s are both given", p.one, p.other)
		}
	}
	return nil
}

// convDefs are TF-Slim's definitions by their names there.
func convDefs() map[string]func() []ConvOp {
	return map[string]func() []ConvOp{
		"MOBILENETV1_CONV_DEFS": mobilenetV1Layers,
		"V2_DEF":                mobilenetV2Layers,
		"V3_LARGE":              mobilenetV3Large,
		"V3_LARGE_MINIMALISTIC": func() []ConvOp { return minimalistic(mobilenetV3Large()) },
		"V3_LARGE_DETECTION":    func() []ConvOp { return narrowed(mobilenetV3Large(), 13, 16) },
		"V3_SMALL":              mobilenetV3Small,
		"V3_SMALL_MINIMALISTIC": func() []ConvOp { return minimalistic(mobilenetV3Small()) },
		"V3_SMALL_DETECTION":    func() []ConvOp { return narrowed(mobilenetV3Small(), 9, 12) },
		"V3_EDGETPU":            mobilenetEdgeTPU,
	}
}

// LookupConvDefs is a new copy of one of TF-Slim's definitions by its name
// there: MOBILENETV1_CONV_DEFS, V2_DEF, V3_LARGE, V3_LARGE_MINIMALISTIC,
// V3_LARGE_DETECTION, V3_SMALL, V3_SMALL_MINIMALISTIC, V3_SMALL_DETECTION or
// V3_EDGETPU. Another name is an error that lists these.
func LookupConvDefs(name string) (*ConvDefs, error) {
	layers := convDefs()[name]
	if layers == nil {
		return nil, fmt.Errorf("nets: there are no ConvDefs %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(convDefs())), ", "))
	}
	return &ConvDefs{Spec: layers()}, nil
}
