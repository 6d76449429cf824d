package slim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// layerGolden is what TF-Slim's layers gave (testdata/README.md).
type layerGolden struct {
	Shape    []int
	OutShape []int `json:"out_shape"`
	Out      []float64
	Vars     []string
	Grads    [][]float64
}

// ramp are the values that the goldens were made with.
func ramp(n int, f func(i int) float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(f(i))
	}
	return out
}

type builderOf func(s graph.Scope, x *graph.Node) (*graph.Node, error)

func goldenLayers() map[string]builderOf {
	linear := Args{Activation: Linear}
	with := func(a Args) Args {
		a.Activation = Linear
		return a
	}
	out := map[string]builderOf{
		"conv3d": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv3D(s, x, 3, []int{3, 2, 3}, with(Args{StrideDHW: [3]int{2, 1, 2}}))
		},
		"conv3d_valid": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv3D(s, x, 3, []int{2, 2, 3}, with(Args{Padding: Valid}))
		},
		"conv1d": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv1D(s, x, 3, []int{3}, with(Args{Stride: 2}))
		},
		"conv1d_rate": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv1D(s, x, 3, []int{3}, with(Args{Rate: 2}))
		},
		"transpose": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv2DTranspose(s, x, 3, []int{3, 3}, with(Args{Stride: 2}))
		},
		"transpose_valid": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv2DTranspose(s, x, 3, []int{4, 3}, with(Args{Stride: 2, Padding: Valid}))
		},
		"transpose3d": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv3DTranspose(s, x, 3, []int{3, 3, 2}, with(Args{StrideDHW: [3]int{2, 1, 2}}))
		},
		"transpose3d_valid": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv3DTranspose(s, x, 3, []int{4, 3, 2}, with(Args{StrideDHW: [3]int{2, 2, 1}, Padding: Valid}))
		},
		"transpose3d_sparse": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv3DTranspose(s, x, 2, []int{1, 2, 2}, with(Args{StrideDHW: [3]int{3, 2, 2}}))
		},
		"in_plane": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return Conv2DInPlane(s, x, []int{3, 2}, with(Args{Stride: 2}))
		},
		"separable": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return SeparableConv2D(s, x, 4, []int{3, 3}, with(Args{Stride: 2, DepthMultiplier: 2}))
		},
		"fc3":        func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return FullyConnected(s, x, 4, linear) },
		"layer_norm": func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return LayerNorm(s, x) },
		"layer_norm_begin": func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return LayerNorm(s, x, Args{BeginNormAxis: 2})
		},
		"group_norm":      func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return GroupNorm(s, x, Args{Groups: 2}) },
		"instance_norm":   func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return InstanceNorm(s, x) },
		"spatial_softmax": func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return SpatialSoftmax(s, x) },
		"bias_add":        func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return BiasAdd(s, x, Args{Activation: ReLU}) },
		"unit_norm":       func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return UnitNorm(s, x, 2) },
		"maxout":          func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return Maxout(s, x, 2) },
		"softmax":         func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return Softmax(s, x) },
	}
	for _, p := range []Padding{Same, Valid} {
		out["max_pool3d_"+string(p)] = func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return MaxPool3D(s, x, []int{3, 2, 2}, Args{Stride: 2, Padding: p})
		}
		out["avg_pool3d_"+string(p)] = func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return AvgPool3D(s, x, []int{3, 2, 2}, Args{StrideDHW: [3]int{2, 1, 2}, Padding: p})
		}
	}
	return out
}

// Values and gradients of the layers are TF-Slim's.
func TestLayersAreTensorFlows(t *testing.T) {
	var want map[string]layerGolden
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(filepath.Join("testdata", "layers.json"))), &want); err != nil {
		t.Fatal(err)
	}
	layers := goldenLayers()
	if len(want) != len(layers) {
		t.Errorf("%d layers, %d goldens", len(layers), len(want))
	}
	for name, w := range want {
		t.Run(name, func(t *testing.T) { layerIs(t, layers[name], w) })
	}
}

func layerIs(t *testing.T, build builderOf, want layerGolden) {
	g := graph.New()
	in := make([]int, len(want.Shape))
	copy(in, want.Shape)
	in[0] = graph.Unknown
	x := must[*graph.Node](t)(g.Placeholder("x", graph.Float32, in...))
	out := must[*graph.Node](t)(build(g.Scope(), x))
	vars := must[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, ""))
	if !slices.Equal(names(vars), append([]string{}, want.Vars...)) {
		t.Fatalf("variables %v, TF-Slim's are %v", names(vars), want.Vars)
	}
	sess := must[*graph.Session](t)(graph.NewSession(g))
	for _, v := range vars {
		values := ramp(v.Size(), func(i int) float64 { return float64(float32(i*13%17)/40 + 0.1) })
		if err := sess.Assign(v, must[*graph.Tensor](t)(graph.FromFloat32s(values, v.Shape()...))); err != nil {
			t.Fatal(err)
		}
	}
	feeds := graph.Feeds{x: must[*graph.Tensor](t)(graph.FromFloat32s(ramp(ops.Size(want.Shape), func(i int) float64 { return float64(i*37%101)/50 - 1 }), want.Shape...))}
	got := must[[]*graph.Tensor](t)(sess.Run(feeds, out))[0]
	if !slices.Equal([]int(got.Shape()), want.OutShape) {
		t.Fatalf("the result has shape %v, TF-Slim's %v", got.Shape(), want.OutShape)
	}
	near(t, "result", got, want.Out)
	if len(vars) == 0 {
		return
	}
	share := must[*graph.Node](t)(g.Constant("r", must[*graph.Tensor](t)(graph.FromFloat32s(ramp(len(want.Out), func(i int) float64 { return float64(i%5) / 4 }), want.OutShape...))))
	loss := must[*graph.Node](t)(graph.ReduceSum(must[*graph.Node](t)(graph.Mul(out, share))))
	for i, d := range must[[]*graph.Node](t)(graph.Gradients(loss, vars...)) {
		near(t, "gradient of "+vars[i].Name(), must[[]*graph.Tensor](t)(sess.Run(feeds, d))[0], want.Grads[i])
	}
}

// near compares with float32's tolerance: sums run in another order.
func near(t *testing.T, what string, got *graph.Tensor, want []float64) {
	t.Helper()
	list := must[*graph.Tensor](t)(graph.Fit(got, graph.Float64, len(want))).Data().([]float64)
	most := 0.0
	for _, x := range want {
		most = math.Max(most, math.Abs(x))
	}
	for i, x := range list {
		if math.Abs(x-want[i]) > 2e-5*math.Max(1, most) {
			t.Errorf("%s: element %d is %g, TF-Slim's %g", what, i, x, want[i])
			return
		}
	}
}
