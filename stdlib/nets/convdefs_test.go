package nets

import (
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

func small(t *testing.T, size int) *graph.Node {
	t.Helper()
	return ok[*graph.Node](t)(graph.New().Placeholder("images", graph.Float32, 1, size, size, 3))
}

// What a layer does not have, or what cannot be, is an error that names it.
func TestConvDefsRefuses(t *testing.T) {
	conv := ConvOp{Op: OpConv2D, NumOutputs: 8}
	for _, c := range []struct {
		name, want string
		o          ConvOp
	}{
		{"mobilenet_v2", `has no Op ""`, ConvOp{NumOutputs: 8}},
		{"mobilenet_v2", "NumOutputs is 0", ConvOp{Op: OpConv2D}},
		{"mobilenet_v2", "conv2d has no Expansion; it has Op, Stride, NumOutputs", ConvOp{Op: OpConv2D, NumOutputs: 8, Expansion: 2}},
		{"mobilenet_v2", "KernelSize is [3 3 3]", ConvOp{Op: OpConv2D, NumOutputs: 8, KernelSize: kernel(3, 3, 3)}},
		{"mobilenet_v2", "KernelSize is []", ConvOp{Op: OpConv2D, NumOutputs: 8, KernelSize: []int{}}},
		{"mobilenet_v2", "DepthwiseLocation is inside", ConvOp{Op: OpExpandedConv, NumOutputs: 8, DepthwiseLocation: "inside"}},
		{"mobilenet_v2", "ExpansionSize and Expansion are both given", ConvOp{Op: OpExpandedConv, NumOutputs: 8, ExpansionSize: 8, Expansion: 2}},
		{"mobilenet_v2", "must be multiples of SplitDivisibleBy", ConvOp{Op: OpExpandedConv, NumOutputs: 33, FixedOutputs: true, SplitProjection: 2}},
		{"mobilenet_v3_large", "Func is nil", ConvOp{Op: OpFunc}},
		{"mobilenet_v3_large", "returns neither a node nor an error", ConvOp{Op: OpFunc,
			Func: func(graph.Scope, *graph.Node, ConvOp, int) (*graph.Node, error) { return nil, nil }}},
		{"mobilenet_v1", `has no Op "expanded_conv"`, ConvOp{Op: OpExpandedConv, NumOutputs: 8}},
		{"mobilenet_v1", "split_separable_conv2d has no Scope", ConvOp{Op: OpDepthSepConv, NumOutputs: 8, Scope: "x"}},
	} {
		_, _, err := Build(c.name, small(t, 32), Config{NumClasses: 3, ConvDefs: &ConvDefs{Spec: []ConvOp{conv, c.o}}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s with %+v: got %v, want %q", c.name, c.o, err, c.want)
		}
	}
	for _, c := range []struct {
		name, want string
		c          Config
	}{
		{"mobilenet_v2", "has no layers", Config{ConvDefs: &ConvDefs{}}},
		{"mobilenet_v1", "Defaults or Overrides", Config{ConvDefs: &ConvDefs{Spec: []ConvOp{conv}, Defaults: []LayerArgs{{}}}}},
		{"vgg_16", "has no ConvDefs", Config{ConvDefs: &ConvDefs{Spec: []ConvOp{conv}}}},
		{"mobilenet_v2", "nothing is normalised by groups", Config{Groups: 4}},
		{"mobilenet_v1", "one of them says it", Config{UseBatchNorm: slim.False, Normalizer: slim.LayerNormalizer}},
		{"mobilenet_v2", "UseGroupNorm takes the place", Config{UseGroupNorm: true, ConvDefs: &ConvDefs{Spec: []ConvOp{conv}, Defaults: []LayerArgs{{}}}}},
		{"mobilenet_v1", "Stddev is -1", Config{Stddev: -1}},
		{"resnet_v2_50", "has no UseBoundedActivations", Config{UseBoundedActivations: true}},
	} {
		if _, _, err := Build(c.name, small(t, 32), c.c); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := LookupConvDefs("V4"); err == nil || !strings.Contains(err.Error(), "MOBILENETV1_CONV_DEFS, V2_DEF") {
		t.Errorf("V4: %v", err)
	}
}

// Defaults and Overrides are arg scopes around the layers, as conv_defs' are.
func TestConvDefsDefaults(t *testing.T) {
	names := func(d ConvDefs) (out []string) {
		d.Spec = []ConvOp{{Op: OpConv2D, NumOutputs: 8}, {Op: OpExpandedConv, NumOutputs: 8}}
		x := small(t, 32)
		if _, _, err := MobilenetV2(x, Config{ConvDefs: &d}); err != nil {
			t.Fatal(err)
		}
		for _, v := range ok[[]*graph.Variable](t)(x.Graph().Collection(graph.ModelVariables, "")) {
			out = append(out, strings.TrimPrefix(v.Name(), "MobilenetV2/"))
		}
		return out
	}
	plain := []LayerArgs{{[]slim.Layer{slim.LayerConv2D, slim.LayerSeparableConv2D}, slim.Args{Normalizer: slim.NoNormalizer}}}
	want := []string{"Conv/weights", "Conv/biases", "expanded_conv/expand/weights", "expanded_conv/expand/biases",
		"expanded_conv/depthwise/depthwise_weights", "expanded_conv/depthwise/biases", "expanded_conv/project/weights", "expanded_conv/project/biases"}
	if got := names(ConvDefs{Defaults: plain}); !slices.Equal(got, want) {
		t.Errorf("Defaults without normalisation make %v", got)
	}
	inside := LayerArgs{[]slim.Layer{LayerExpandedConv}, slim.Args{Normalizer: slim.NoNormalizer}}
	if got := names(ConvDefs{Overrides: append(plain, inside)}); !slices.Equal(got, want) {
		t.Errorf("Overrides without normalisation make %v", got)
	}
	inside.Args.Activation = slim.Elu
	if _, _, err := MobilenetV2(small(t, 32), Config{ConvDefs: &ConvDefs{Spec: []ConvOp{{Op: OpConv2D, NumOutputs: 8}}, Overrides: []LayerArgs{inside}}}); err == nil ||
		!strings.Contains(err.Error(), "expanded_conv has a Normalizer and no other") {
		t.Errorf("an activation of expanded_conv: %v", err)
	}
	if got := names(ConvDefs{}); !slices.Contains(got, "Conv/BatchNorm/gamma") {
		t.Errorf("the net's own defaults make %v", got)
	}
	// The head is outside of them.
	x := small(t, 32)
	over := []LayerArgs{{[]slim.Layer{slim.LayerConv2D}, slim.Args{NoBiases: slim.True}}}
	if _, _, err := MobilenetV2(x, Config{NumClasses: 3, ConvDefs: &ConvDefs{Spec: []ConvOp{{Op: OpConv2D, NumOutputs: 8}}, Overrides: over}}); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Graph().Variable("MobilenetV2/Logits/Conv2d_1c_1x1/biases"); err != nil {
		t.Error(err)
	}
	// TF-Slim's batch_norm has no gamma unless the defaults say so.
	if got := names(ConvDefs{Defaults: []LayerArgs{}}); slices.Contains(got, "Conv/BatchNorm/gamma") || !slices.Contains(got, "Conv/BatchNorm/beta") {
		t.Errorf("empty defaults make %v", got)
	}
}

// Layers that are functions get what DepthMultiplier and OutputStride leave.
func TestConvDefsFunc(t *testing.T) {
	var got []int
	layer := ConvOp{Op: OpFunc, NumOutputs: 16, Stride: 2, Func: func(s graph.Scope, x *graph.Node, o ConvOp, rate int) (*graph.Node, error) {
		got = append(got, o.NumOutputs, o.Stride, rate)
		return slim.Conv2D(s, x, o.NumOutputs, []int{3, 3}, slim.Args{Stride: o.Stride, Rate: rate})
	}}
	_, end, err := MobilenetV2(small(t, 32), Config{NumClasses: 3, DepthMultiplier: 2, OutputStride: 4,
		ConvDefs: &ConvDefs{Spec: []ConvOp{layer, layer, layer, layer}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{32, 2, 1, 32, 2, 1, 32, 1, 1, 32, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("the layers got %v, want %v", got, want)
	}
	if s := end["layer_4"].Shape(); s[1] != 8 || s[3] != 32 {
		t.Errorf("layer_4 is %v", s)
	}
}

func TestBlocksRefuse(t *testing.T) {
	block := BottleneckBlock("block1", 4, 2, 2)
	if len(block.Units) != 2 || block.Units[0] != (ResnetUnit{16, 4, 1}) || block.Units[1] != (ResnetUnit{16, 4, 2}) {
		t.Errorf("got %+v", block)
	}
	for _, c := range []struct {
		want   string
		blocks []ResnetBlock
		c      Config
	}{
		{"there are no blocks", nil, Config{}},
		{`block 0 ("b") has no units`, []ResnetBlock{{Scope: "b"}}, Config{}},
		{"Depth and DepthBottleneck must be at least 1", []ResnetBlock{BottleneckBlock("b", 0, 1, 1)}, Config{}},
		{"has no DepthMultiplier", []ResnetBlock{block}, Config{DepthMultiplier: 2}},
		{"returns neither a node nor an error", []ResnetBlock{{Units: []ResnetUnit{{}},
			UnitFn: func(graph.Scope, *graph.Node, ResnetUnit, int) (*graph.Node, error) { return nil, nil }}}, Config{}},
	} {
		for _, build := range []func(*graph.Node, []ResnetBlock, Config) (*graph.Node, EndPoints, error){ResnetV1, ResnetV2} {
			if _, _, err := build(small(t, 32), c.blocks, c.c); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		}
	}
}
