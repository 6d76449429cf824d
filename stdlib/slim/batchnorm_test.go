package slim

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Three batches through each kind of batch normalisation: the results, and
// what the layer then keeps, are TF-Slim's (testdata/README.md).
func TestBatchNormIsTensorFlows(t *testing.T) {
	var want map[string]struct {
		Shape []int
		Y     [][]float64
		Vars  map[string][]float64
	}
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(filepath.Join("testdata", "batchnorm.json"))), &want); err != nil {
		t.Fatal(err)
	}
	renorm, clipped := Args{Renorm: True, RenormDecay: 0.7}, Args{Renorm: True, RenormDecay: 0.7, RenormClipping: map[string]float64{"rmin": 0.9, "rmax": 1.1, "dmax": 0.2}}
	kinds := map[string]Args{"rank4": {}, "unfused": {Fused: False}, "rank2": {}, "rank2_unfused": {Fused: False}, "rank3": {}, "in_place": {UpdatesInPlace: True},
		"zero_debias": {ZeroDebiasMovingMean: True}, "zero_debias_unfused": {ZeroDebiasMovingMean: True, Fused: False}, "weights": {}, "inference": {IsTraining: False},
		"renorm": renorm, "renorm2": renorm, "renorm_clipping": clipped, "renorm_inference": {Renorm: True, IsTraining: False}, "renorm_not_trainable": {Renorm: True, Trainable: False},
		"not_trainable": {Trainable: False}, "not_trainable2": {Trainable: False}}
	adjust := Args{Adjustment: adjustment(3, 3)}
	for name, a := range map[string]Args{"adjustment": {}, "adjustment2": {}, "adjustment_renorm": renorm, "adjustment_inference": {IsTraining: False}, "adjustment_not_trainable": {Trainable: False}} {
		kinds[name] = merge(a, adjust)
	}
	kinds["adjustment_each"] = Args{Adjustment: adjustment(2, 2, 1, 1, 1)}
	kinds["renorm_variance"] = merge(renorm, Args{ParamInitializers: map[string]graph.Initializer{"moving_variance": graph.Constants{Value: 4}}})
	if len(kinds) != len(want) {
		t.Errorf("%d kinds, %d goldens", len(kinds), len(want))
	}
	for name, w := range want {
		t.Run(name, func(t *testing.T) {
			g := graph.New()
			x := must[*graph.Node](t)(g.Placeholder("x", graph.Float32, w.Shape...))
			a := kinds[name]
			a.Decay, a.Scale = 0.8, True
			if name == "weights" {
				a.BatchWeights = must[*graph.Node](t)(g.Constant("w", must[*graph.Tensor](t)(graph.FromFloat32s([]float32{0.2, 0.8, 1.4, 2}, 4))))
			}
			y := must[*graph.Node](t)(BatchNorm(g.Scope(), x, a))
			fetch := []graph.Fetch{y}
			for _, u := range must[[]*graph.Node](t)(g.NodeCollection(graph.UpdateOps, "")) {
				fetch = append(fetch, u)
			}
			sess := must[*graph.Session](t)(graph.NewSession(g))
			for k, out := range w.Y {
				in := ramp(ops.Size(w.Shape), func(i int) float64 { return float64(i*37%101)/50 - 1 + float64(k)*0.3 })
				got := must[[]*graph.Tensor](t)(sess.Run(graph.Feeds{x: must[*graph.Tensor](t)(graph.FromFloat32s(in, w.Shape...))}, fetch...))
				near(t, "result", got[0], out)
			}
			vars := must[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, ""))
			if len(vars) != len(w.Vars) {
				t.Errorf("variables %v", names(vars))
			}
			for _, v := range vars {
				near(t, v.Name(), must[*graph.Tensor](t)(sess.Value(v)), w.Vars[v.Name()])
			}
		})
	}
}

// adjustment scales by 1, 1.1, … and shifts by 0.2, 0.05, …, for n values of
// the given shape.
func adjustment(n int, shape ...int) func(graph.Scope, *graph.Node) (*graph.Node, *graph.Node, error) {
	constant := func(s graph.Scope, name string, f func(i int) float64) (*graph.Node, error) {
		t, err := graph.FromFloat32s(ramp(n, f), shape...)
		if err != nil {
			return nil, err
		}
		return s.Graph().Constant(s.Operations()+"/"+name, t)
	}
	return func(s graph.Scope, x *graph.Node) (scale, bias *graph.Node, err error) {
		if scale, err = constant(s, "scale", func(i int) float64 { return 1 + 0.1*float64(i) }); err != nil {
			return nil, nil, err
		}
		bias, err = constant(s, "bias", func(i int) float64 { return 0.2 - 0.15*float64(i) })
		return scale, bias, err
	}
}

// The example of TF-Slim's own documentation: another scale and bias for each
// batch, the same for each session with that seed.
func TestRandomAdjustment(t *testing.T) {
	g := graph.New()
	x := must[*graph.Node](t)(g.Placeholder("x", graph.Float64, 2, 4, 4, 3))
	random := func(s graph.Scope, x *graph.Node) (scale, bias *graph.Node, err error) {
		if scale, err = s.Random(graph.RandomUniform{Min: 0.93, Max: 1.07}, 3); err != nil {
			return nil, nil, err
		}
		bias, err = s.Random(graph.RandomUniform{Min: -0.1, Max: 0.1}, 3)
		return scale, bias, err
	}
	y := must[*graph.Node](t)(BatchNorm(g.Scope(), x, Args{Adjustment: random, Center: False}))
	mean := must[*graph.Node](t)(graph.ReduceMean(y, 0, 1, 2))
	in := make([]float64, 96)
	for i := range in {
		in[i] = float64(i * i % 17)
	}
	feed := graph.Feeds{x: must[*graph.Tensor](t)(graph.FromFloat64s(in, 2, 4, 4, 3))}
	var sessions [2][2][]float64
	for i := range sessions {
		sess := must[*graph.Session](t)(graph.NewSession(g))
		for run := range sessions[i] {
			sessions[i][run] = must[[]*graph.Tensor](t)(sess.Run(feed, mean))[0].Data().([]float64)
		}
	}
	if !slices.Equal(sessions[0][0], sessions[1][0]) || slices.Equal(sessions[0][0], sessions[0][1]) {
		t.Errorf("biases of two sessions' two runs: %v; the same in both sessions and others in each run are wanted", sessions)
	}
	for _, bias := range slices.Concat(sessions[0][:]...) {
		if math.Abs(bias) > 0.1+1e-9 {
			t.Errorf("bias %v", bias)
		}
	}
}

func TestAdjustmentRefused(t *testing.T) {
	wide := adjustment(4, 4)
	for want, a := range map[string]Args{
		"Adjustment does nothing with": {Adjustment: adjustment(3, 3), UpdatesInPlace: True},
		"what broadcasts to":           {Adjustment: wide},
		"a constant 1 or 0 is wanted": {Adjustment: func(graph.Scope, *graph.Node) (*graph.Node, *graph.Node, error) {
			return nil, nil, nil
		}},
	} {
		g := graph.New()
		x := must[*graph.Node](t)(g.Placeholder("x", graph.Float32, 2, 4, 4, 3))
		if _, err := BatchNorm(g.Scope(), x, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
