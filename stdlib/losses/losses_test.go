package losses

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func constant(t *testing.T, g *graph.Graph, values []float32, shape ...int) *graph.Node {
	t.Helper()
	return ok[*graph.Node](t)(g.Constant("c", ok[*graph.Tensor](t)(graph.FromFloat32s(values, shape...))))
}

// golden is what TensorFlow's losses gave (testdata/README.md): by loss,
// weights and reduction.
type golden struct {
	P, Y, Q, W2 []float32
	Losses      map[string][]float64
}

// Every loss with every reduction and shape of weights that TensorFlow takes.
func TestLossesAreTensorFlows(t *testing.T) {
	var want golden
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(filepath.Join("testdata", "losses.json"))), &want); err != nil {
		t.Fatal(err)
	}
	g := graph.New()
	p, y, q := constant(t, g, want.P, 3, 4), constant(t, g, want.Y, 3, 4), constant(t, g, want.Q, 3, 4)
	labels := ok[*graph.Node](t)(g.Constant("l", ok[*graph.Tensor](t)(graph.FromInt64s([]int64{1, 3, 0}, 3))))
	hot := ok[*graph.Node](t)(slim.OneHotEncoding(g.Scope(), labels, 4))
	weights := map[string]*graph.Node{"col": constant(t, g, []float32{0.5, 0, 2}, 3, 1), "full": constant(t, g, want.W2, 3, 4), "vec": constant(t, g, []float32{1, 0, 3}, 3)}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for name, w := range want.Losses {
		part := strings.Split(name, "/")
		o := Options{Weights: weights[part[1]], Reduction: Reduction(part[2])}
		if part[1] == "half" {
			o.Weight = 0.5
		}
		r := func(p *graph.Node) Regression { return Regression{Predictions: p, Labels: y, Options: o} }
		c := func(l *graph.Node, smooth float64) Classification {
			return Classification{Logits: p, Labels: l, LabelSmoothing: smooth, Options: o}
		}
		loss := ok[*graph.Node](t)(map[string]func() (*graph.Node, error){
			"mse":      func() (*graph.Node, error) { return MeanSquaredError(r(p)) },
			"abs":      func() (*graph.Node, error) { return AbsoluteDifference(r(p)) },
			"huber":    func() (*graph.Node, error) { return Huber(r(p), 0.7) },
			"log":      func() (*graph.Node, error) { return Log(r(q), 0) },
			"cosine":   func() (*graph.Node, error) { return CosineDistance(r(q), 1) },
			"pairwise": func() (*graph.Node, error) { return MeanPairwiseSquaredError(r(p)) },
			"hinge":    func() (*graph.Node, error) { return Hinge(c(hot, 0)) },
			"sigmoid":  func() (*graph.Node, error) { return SigmoidCrossEntropy(c(hot, 0.1)) },
			"softmax":  func() (*graph.Node, error) { return SoftmaxCrossEntropy(c(hot, 0.1)) },
			"sparse":   func() (*graph.Node, error) { return SparseSoftmaxCrossEntropy(c(labels, 0)) },
		}[part[0]]())
		out := ok[*graph.Tensor](t)(graph.Fit(ok[[]*graph.Tensor](t)(sess.Run(nil, loss))[0], graph.Float64, len(w)))
		for i, x := range out.Data().([]float64) {
			if math.Abs(x-w[i]) > 3e-6*math.Max(1, math.Abs(w[i])) { // float32, sums in another order
				t.Errorf("%s: element %d is %g, TensorFlow's %g", name, i, x, w[i])
				break
			}
		}
	}
	if n := len(want.Losses); n < 100 {
		t.Errorf("only %d losses were compared", n)
	}
}

// From TF-Slim's losses_test.py: logits 10·I, the labels wrong for each.
func TestSoftmaxOfTheUpstreamTests(t *testing.T) {
	g := graph.New()
	logits := constant(t, g, []float32{10, 0, 0, 0, 10, 0, 0, 0, 10}, 3, 3)
	labels := constant(t, g, []float32{0, 0, 1, 1, 0, 0, 0, 1, 0}, 3, 3)
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for _, c := range []struct {
		weights []float32
		want    float64
	}{{nil, 10}, {[]float32{1.2, 3.4, 5.6}, 34}, {[]float32{1.2, 0, 0}, 12}, {[]float32{0, 0, 0}, 0}} {
		o := Options{}
		if c.weights != nil {
			o.Weights = constant(t, g, c.weights, 3)
		}
		loss := ok[*graph.Node](t)(SoftmaxCrossEntropy(Classification{Logits: logits, Labels: labels, Options: o}))
		if got := ok[float64](t)(sess.Float(nil, loss)); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("weights %v: %g, want %g", c.weights, got, c.want)
		}
	}
	if n := len(ok[[]*graph.Node](t)(GetLosses(g, ""))); n != 4 {
		t.Errorf("%d losses are in the collection, want 4", n)
	}
}

func TestBadInput(t *testing.T) {
	g := graph.New()
	p := ok[*graph.Node](t)(g.Placeholder("p", graph.Float32, 2, 3))
	l := ok[*graph.Node](t)(g.Placeholder("l", graph.Int64, 2))
	x := ok[*graph.Node](t)(graph.New().Placeholder("x", graph.Float32, 2, 3))
	for name, f := range map[string]func() (*graph.Node, error){
		"nil":      func() (*graph.Node, error) { return MeanSquaredError(Regression{}) },
		"shapes":   func() (*graph.Node, error) { return MeanSquaredError(Regression{Predictions: p, Labels: l}) },
		"graphs":   func() (*graph.Node, error) { return MeanSquaredError(Regression{Predictions: p, Labels: x}) },
		"integers": func() (*graph.Node, error) { return MeanSquaredError(Regression{Predictions: l, Labels: l}) },
		"axis":     func() (*graph.Node, error) { return CosineDistance(Regression{Predictions: p, Labels: p}, 2) },
		"delta":    func() (*graph.Node, error) { return Huber(Regression{Predictions: p, Labels: p}, -1) },
		"reduction": func() (*graph.Node, error) {
			return MeanSquaredError(Regression{Predictions: p, Labels: p, Options: Options{Reduction: "x"}})
		},
		"weights": func() (*graph.Node, error) {
			return MeanSquaredError(Regression{Predictions: p, Labels: p, Options: Options{Weights: l}})
		},
		"scope": func() (*graph.Node, error) {
			return MeanSquaredError(Regression{Predictions: p, Labels: p, Scope: "a b"})
		},
		"smoothing": func() (*graph.Node, error) {
			return SoftmaxCrossEntropy(Classification{Logits: p, Labels: p, LabelSmoothing: 2})
		},
		"labels":    func() (*graph.Node, error) { return SparseSoftmaxCrossEntropy(Classification{Logits: p, Labels: p}) },
		"total":     func() (*graph.Node, error) { return TotalLoss(graph.New(), true) },
		"nil graph": func() (*graph.Node, error) { return TotalLoss(nil, true) },
	} {
		if n, err := f(); err == nil {
			t.Errorf("%s: no error, %v", name, n)
		} else if !strings.HasPrefix(err.Error(), "losses: ") && !strings.HasPrefix(err.Error(), "graph: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if AddLoss(nil) == nil || AddLoss(p) == nil {
		t.Error("a bad loss is added")
	}
}
