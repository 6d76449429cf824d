package slim

import (
	"encoding/json"
	"os"
	"path/filepath"
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
