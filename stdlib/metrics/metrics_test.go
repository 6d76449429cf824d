package metrics

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/stdlib/graph"
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

// golden is what TensorFlow's streaming metrics gave (testdata/README.md).
type golden struct {
	Names   []string
	Batches []struct {
		P, B, W []float32
		L       []int64
		Update  map[string]float64
	}
	Value map[string]float64
}

func read(t *testing.T) (g golden) {
	data := ok[[]byte](t)(os.ReadFile(filepath.Join("testdata", "metrics.json")))
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// inputs are the placeholders that the goldens were made with.
type inputs struct{ p, l, b, w, classes, first, positive, label *graph.Node }

func newInputs(t *testing.T, g *graph.Graph) (in inputs) {
	in.p = ok[*graph.Node](t)(g.Placeholder("p", graph.Float32, graph.Unknown, 4))
	in.l = ok[*graph.Node](t)(g.Placeholder("l", graph.Int64, graph.Unknown))
	in.b = ok[*graph.Node](t)(g.Placeholder("b", graph.Float32, graph.Unknown))
	in.w = ok[*graph.Node](t)(g.Placeholder("w", graph.Float32, graph.Unknown))
	in.first = ok[*graph.Node](t)(g.Placeholder("first", graph.Float32, graph.Unknown))
	in.positive = ok[*graph.Node](t)(g.Placeholder("positive", graph.Bool, graph.Unknown))
	in.label = ok[*graph.Node](t)(g.Placeholder("label", graph.Bool, graph.Unknown))
	in.classes = ok[*graph.Node](t)(Predictions(in.p))
	return in
}

func (in inputs) metrics(t *testing.T) map[string]*Metric {
	m := ok[*Metric](t)
	w := Options{Weights: in.w}
	return map[string]*Metric{
		"mean": m(StreamingMean(in.b, w)), "accuracy": m(StreamingAccuracy(in.classes, in.l, w)), "recall_at_2": m(StreamingRecallAtK(in.p, in.l, 2, Options{})),
		"mae": m(StreamingMeanAbsoluteError(in.first, in.b, w)), "mse": m(StreamingMeanSquaredError(in.first, in.b, Options{})),
		"rmse": m(StreamingRootMeanSquaredError(in.first, in.b, w)), "precision": m(StreamingPrecision(in.positive, in.label, w)),
		"recall": m(StreamingRecall(in.positive, in.label, Options{})), "tp": m(StreamingTruePositives(in.positive, in.label, w)),
		"fn": m(StreamingFalseNegatives(in.positive, in.label, Options{})), "fp": m(StreamingFalsePositives(in.positive, in.label, Options{})),
		"tn": m(StreamingTrueNegatives(in.positive, in.label, w)), "auc": m(StreamingAUC(in.first, in.label, AUCOptions{Options: w})),
		"auc_pr":   m(StreamingAUC(in.first, in.label, AUCOptions{Thresholds: 11, PrecisionRecall: true})),
		"mean_iou": m(StreamingMeanIOU(in.classes, in.l, 4, w)), "mean_per_class": m(StreamingMeanPerClassAccuracy(in.classes, in.l, 4, Options{})),
	}
}

func TestStreamingMetricsAreTensorFlows(t *testing.T) {
	want, g := read(t), graph.New()
	in := newInputs(t, g)
	all := in.metrics(t)
	values, updates, err := AggregateMetricMap(all)
	if err != nil {
		t.Fatal(err)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for i, b := range want.Batches {
		n := len(b.L)
		first, positive, label := make([]float32, n), make([]float32, n), make([]float32, n)
		for k := range n {
			first[k] = b.P[4*k]
			if first[k] > 0.3 {
				positive[k] = 1
			}
			if b.L[k] == 0 {
				label[k] = 1
			}
		}
		f32 := func(x []float32, shape ...int) *graph.Tensor {
			return ok[*graph.Tensor](t)(graph.FromFloat32s(x, shape...))
		}
		flag := func(x []float32) *graph.Tensor { return ok[*graph.Tensor](t)(graph.Fit(f32(x, n), graph.Bool, n)) }
		feeds := graph.Feeds{in.p: f32(b.P, n, 4), in.l: ok[*graph.Tensor](t)(graph.FromInt64s(b.L, n)), in.b: f32(b.B, n), in.w: f32(b.W, n),
			in.first: f32(first, n), in.positive: flag(positive), in.label: flag(label)}
		for name, u := range updates {
			got := ok[float64](t)(sess.Float(feeds, u))
			if w, known := b.Update[name]; known && math.Abs(got-w) > 2e-6 {
				t.Errorf("batch %d: %s is %g, TensorFlow's %g", i, name, got, w)
			}
		}
	}
	for name, v := range values {
		if got := ok[float64](t)(sess.Float(nil, v)); math.Abs(got-want.Value[name]) > 2e-6 {
			t.Errorf("%s is %g, TensorFlow's %g", name, got, want.Value[name])
		}
	}
	m := all["mean"]
	if err := m.Reset(sess); err != nil {
		t.Fatal(err)
	}
	if got := ok[float64](t)(sess.Float(nil, m.Value)); got != 0 {
		t.Errorf("after Reset the mean is %g", got)
	}
}

// The variables have TensorFlow's names and are local ones only.
func TestNamesAreTensorFlows(t *testing.T) {
	g := graph.New()
	in := newInputs(t, g)
	ok[*Metric](t)(StreamingPrecision(in.positive, in.label, Options{}))
	ok[*Metric](t)(StreamingMean(in.b, Options{}))
	ok[*Metric](t)(StreamingMeanIOU(in.classes, in.l, 4, Options{}))
	ok[*Metric](t)(StreamingMean(in.b, Options{}))
	var names []string
	for _, v := range ok[[]*graph.Variable](t)(g.Collection(graph.LocalVariables, "")) {
		names = append(names, v.Name())
	}
	if got, want := strings.Join(names, " "), "precision/true_positives/count precision/false_positives/count mean/total mean/count mean_iou/total_confusion_matrix mean_1/total mean_1/count"; got != want {
		t.Errorf("local variables %s, TensorFlow's are %s", got, want)
	}
	if all := ok[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, "")); len(all) != 0 {
		t.Errorf("global variables %v", all)
	}
}

func TestConfusionMatrix(t *testing.T) {
	g := graph.New()
	labels := ok[*graph.Node](t)(g.Constant("l", ok[*graph.Tensor](t)(graph.FromInt64s([]int64{0, 1, 1, 2}, 4))))
	predicted := ok[*graph.Node](t)(g.Constant("p", ok[*graph.Tensor](t)(graph.FromInt64s([]int64{0, 1, 2, 2}, 4))))
	m := ok[*graph.Node](t)(ConfusionMatrix(labels, predicted, 3, nil))
	got := ok[[]*graph.Tensor](t)(ok[*graph.Session](t)(graph.NewSession(g)).Run(nil, m))[0].Data().([]float32)
	for i, w := range []float32{1, 0, 0, 0, 1, 1, 0, 0, 1} { // by hand
		if got[i] != w {
			t.Fatalf("confusion matrix %v", got)
		}
	}
}

func TestBadInput(t *testing.T) {
	g, other := graph.New(), graph.New()
	p := ok[*graph.Node](t)(g.Placeholder("p", graph.Float32, graph.Unknown, 4))
	l := ok[*graph.Node](t)(g.Placeholder("l", graph.Int64, graph.Unknown))
	x := ok[*graph.Node](t)(other.Placeholder("x", graph.Float32, 3))
	for name, f := range map[string]func() (*Metric, error){
		"nil":             func() (*Metric, error) { return StreamingMean(nil, Options{}) },
		"shapes":          func() (*Metric, error) { return StreamingAccuracy(p, l, Options{}) },
		"graphs":          func() (*Metric, error) { return StreamingMeanSquaredError(p, x, Options{}) },
		"k":               func() (*Metric, error) { return StreamingRecallAtK(p, l, 0, Options{}) },
		"classes":         func() (*Metric, error) { return StreamingMeanIOU(l, l, 0, Options{}) },
		"negative":        func() (*Metric, error) { return StreamingMeanPerClassAccuracy(l, l, -3, Options{}) },
		"thresholds":      func() (*Metric, error) { return StreamingAUC(l, l, AUCOptions{Thresholds: 1}) },
		"weights":         func() (*Metric, error) { return StreamingMean(l, Options{Weights: p}) },
		"name":            func() (*Metric, error) { return StreamingMean(l, Options{Name: "a b"}) },
		"nil predictions": func() (*Metric, error) { return StreamingPrecision(nil, l, Options{}) },
	} {
		if m, err := f(); err == nil {
			t.Errorf("%s: no error, %v", name, m)
		}
	}
	if _, _, err := AggregateMetricMap(map[string]*Metric{"a": nil}); err == nil {
		t.Error("a nil metric is aggregated")
	}
}
