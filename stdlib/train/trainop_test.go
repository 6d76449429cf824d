package train

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"graft/stdlib/graph"
)

// The values after three steps of w = 1 with a gradient of 0.1 are those of
// TensorFlow's equations; slots and other cases are compared with TensorFlow
// itself in package slim's reference cases.
func TestOptimizersByTheEquations(t *testing.T) {
	for _, c := range []struct {
		name string
		o    *Optimizer
		want float64
	}{
		{"rmsprop", RMSProp(0.01), 0.996667639},
		{"rmsprop of TF-Slim's scripts", RMSPropWith(RMSPropOptions{LearningRate: 0.01, Momentum: 0.9, Epsilon: 1}), 0.995863048},
		{"adagrad", Adagrad(0.01), 0.991324634},
		{"adadelta", Adadelta(1), 0.998643125},
		{"ftrl", Ftrl(0.01), 0.037862045},
	} {
		g := graph.New()
		w := variable(t, g, "w", 1)
		loss := ok[*graph.Node](t)(graph.Mul(w.Node(), ok[*graph.Node](t)(g.Scalar("", graph.Float32, 0.1))))
		step := ok[*graph.Operation](t)(c.o.Minimize(loss, w))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		for range 3 {
			ok[[]*graph.Tensor](t)(sess.Run(nil, step))
		}
		if got := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(w)))); math.Abs(got-c.want) > 2e-6 {
			t.Errorf("%s: w is %.9f, want %.9f", c.name, got, c.want)
		}
	}
}

func TestSettingsOutOfRange(t *testing.T) {
	for _, o := range []*Optimizer{RMSPropWith(RMSPropOptions{LearningRate: 1, Decay: 2}), AdagradWith(AdagradOptions{LearningRate: 1, InitialAccumulatorValue: -1}),
		AdadeltaWith(AdadeltaOptions{Rho: -1}), FtrlWith(FtrlOptions{LearningRate: 1, LearningRatePower: 1}), Ftrl(math.NaN()),
		ProximalGradientDescent(ProximalOptions{LearningRate: 1, L1RegularizationStrength: -1}), ProximalAdagrad(ProximalOptions{})} {
		g := graph.New()
		w := variable(t, g, "w", 1)
		if _, err := o.Minimize(w.Node(), w); err == nil {
			t.Errorf("%s takes bad settings", o.title())
		}
	}
}

func TestTrainOpIsTheLoss(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 3)
	loss := ok[*graph.Node](t)(graph.Square(w.Node()))
	step := ok[*graph.Node](t)(CreateTrainOp(loss, GradientDescent(0.25), TrainOpOptions{}))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for i, want := range []float64{9, 2.25, 0.5625} { // w is halved each time
		if got := ok[float64](t)(sess.Float(nil, step)); got != want {
			t.Errorf("step %d: loss %g, want %g", i, got, want)
		}
	}
	if n := ok[float64](t)(sess.Float(nil, ok[*graph.Variable](t)(graph.GetGlobalStep(g)).Node())); n != 3 {
		t.Errorf("global step %g", n)
	}
}

func TestTrainOpRefuses(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 3)
	loss := ok[*graph.Node](t)(graph.Log(ok[*graph.Node](t)(graph.Sub(w.Node(), w.Node()))))
	step := ok[*graph.Node](t)(CreateTrainOp(loss, GradientDescent(0.25), TrainOpOptions{}))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	_, err := sess.Run(nil, step)
	wants(t, err, "LossTensor is inf or nan")
	if v := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(w)))); v != 3 {
		t.Errorf("w is %g after a step that failed", v)
	}
	_, err = CreateTrainOp(loss, GradientDescent(1), TrainOpOptions{GradientMultipliers: map[string]float64{"v": 2}})
	wants(t, err, "gradient multipliers for [v]", "none of the 1 trained variables")
	_, err = CreateTrainOp(loss, GradientDescent(1), TrainOpOptions{VariablesToTrain: []*graph.Variable{}})
	wants(t, err, "VariablesToTrain is empty")
	_, err = CreateTrainOp(nil, nil, TrainOpOptions{})
	wants(t, err, "both are wanted")
}

// A variable in parts is trained, saved as one tensor, and restored into
// another cut.
func TestPartsAreTrainedAndSaved(t *testing.T) {
	build := func(parts int) (*graph.Graph, *graph.Variable) {
		g := graph.New()
		return g, ok[*graph.Variable](t)(g.Scope().GetVariable("w", graph.VariableOptions{Shape: []int{5, 2}, Partitioner: graph.FixedSizePartitioner(parts, 0)}))
	}
	g, w := build(2)
	loss := ok[*graph.Node](t)(graph.ReduceSum(ok[*graph.Node](t)(graph.Square(w.Node()))))
	step := ok[*graph.Operation](t)(Adam(0.1).Minimize(loss, w))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	ok[[]*graph.Tensor](t)(sess.Run(nil, step))
	saver := ok[*Saver](t)(NewSaver(g))
	if got := strings.Join(saver.Names(), " "); got != "beta1_power beta2_power w w w/Adam w/Adam w/Adam_1 w/Adam_1" {
		t.Errorf("it is saved as %s", got)
	}
	path := ok[string](t)(saver.Save(sess, filepath.Join(t.TempDir(), "m"), 1))
	h, v := build(3)
	other := ok[*graph.Session](t)(graph.NewSession(h))
	if err := ok[*Saver](t)(NewSaver(h, v)).Restore(other, path); err != nil {
		t.Fatal(err)
	}
	a, b := ok[*graph.Tensor](t)(sess.Value(w)).Data().([]float32), ok[*graph.Tensor](t)(other.Value(v)).Data().([]float32)
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("element %d is %g, it was saved as %g", i, b[i], a[i])
		}
	}
}

func TestMovingAverage(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 1)
	e := &ExponentialMovingAverage{Decay: 0.9}
	move := ok[*graph.Operation](t)(e.Apply(w))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	ok[*graph.Tensor](t)(sess.Value(e.Average(w))) // it begins with w's value, 1
	if err := sess.Assign(w, ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{11}))); err != nil {
		t.Fatal(err)
	}
	ok[[]*graph.Tensor](t)(sess.Run(nil, move))
	if got := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(e.Average(w))))); math.Abs(got-2) > 1e-6 { // 0.9·1 + 0.1·11
		t.Errorf("the average is %g, want 2", got)
	}
	m := ok[map[string][]*graph.Variable](t)(e.VariablesToRestore(g))
	if len(m) != 1 || m["w/ExponentialMovingAverage"][0] != w {
		t.Errorf("to restore: %v", m)
	}
	_, err := e.Apply(w)
	wants(t, err, "Moving average already computed for: w")
	_, err = (&ExponentialMovingAverage{Decay: 1}).Apply(w)
	wants(t, err, "decay 1 is not in (0, 1)")
}

func TestClipping(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 3)
	d := ok[*graph.Node](t)(g.Constant("d", ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{6}))))
	pairs := ok[[]GradientAndVariable](t)(ClipGradientNorms([]GradientAndVariable{{Gradient: d, Variable: w}}, 2))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	if got := ok[float64](t)(sess.Float(nil, pairs[0].Gradient)); got != 2 {
		t.Errorf("clipped to %g, want 2", got)
	}
	_, err := ClipGradientNorms(pairs, -1)
	wants(t, err, "is not above 0")
	_, err = MultiplyGradients(nil, nil)
	wants(t, err, "`gradient_multipliers` is empty")
}
