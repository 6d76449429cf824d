package train

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"graft/stdlib/graph"
)

// golden is what TensorFlow and PyTorch make of schedules and weight decay;
// testdata/make_golden.py made it.
type golden struct {
	Steps     []int
	Schedules map[string]ratesOf
	OneCycle  map[string]ratesOf `json:"one_cycle"`
	Keras     decayed            `json:"adamw_keras"`
	Torch     decayed            `json:"adamw_torch"`
	Clip      struct {
		Norm, Length float64
		X, Y         []float64
	}
}

type ratesOf struct {
	Args  json.RawMessage
	Steps []int
	Rates []float64
}

type decayed struct {
	Rate, Decay  float64
	Start        [][]float32
	Grads, After [][][]float32
}

func readGolden(t *testing.T) golden {
	t.Helper()
	var g golden
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile("testdata/golden.json")), &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// warmCosine is Keras's CosineDecay with a warm-up, in our terms.
type warmCosine struct {
	Steps  int
	Start  float64
	Cosine CosineDecay
}

// parse reads a schedule's settings, which have the names of its fields.
func parse[S Schedule](t *testing.T, args json.RawMessage) Schedule {
	var s S
	if err := json.Unmarshal(args, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchedules(t *testing.T) {
	all := readGolden(t)
	kinds := map[string]func(*testing.T, json.RawMessage) Schedule{
		"exponential": parse[ExponentialDecay], "exponential-staircase": parse[ExponentialDecay],
		"natural-exp": parse[NaturalExpDecay], "natural-exp-staircase": parse[NaturalExpDecay],
		"inverse-time": parse[InverseTimeDecay], "inverse-time-staircase": parse[InverseTimeDecay],
		"piecewise": parse[PiecewiseConstant], "polynomial": parse[PolynomialDecay], "polynomial-power": parse[PolynomialDecay],
		"polynomial-cycle": parse[PolynomialDecay], "polynomial-to-zero": parse[PolynomialDecay], "cosine": parse[CosineDecay],
		"cosine-restarts": parse[CosineDecayRestarts], "cosine-restarts-lower": parse[CosineDecayRestarts],
		"cosine-restarts-equal": parse[CosineDecayRestarts], "linear-cosine": parse[LinearCosineDecay],
		"linear-cosine-more": parse[LinearCosineDecay], "noisy-linear-cosine-silent": parse[NoisyLinearCosineDecay],
		"one-cycle": parse[OneCycle], "one-cycle-other": parse[OneCycle],
		"warm-up-cosine": func(t *testing.T, args json.RawMessage) Schedule {
			var w warmCosine
			if err := json.Unmarshal(args, &w); err != nil {
				t.Fatal(err)
			}
			return WarmUp{Steps: w.Steps, Start: w.Start, Then: w.Cosine}
		},
	}
	for _, set := range []map[string]ratesOf{all.Schedules, all.OneCycle} {
		for name, want := range set {
			make := kinds[name]
			if make == nil {
				t.Errorf("golden.json has %s, the test has not", name)
				continue
			}
			steps := want.Steps
			if steps == nil {
				steps = all.Steps
			}
			t.Run(name, func(t *testing.T) { compareRates(t, make(t, want.Args), steps, want.Rates) })
		}
	}
}

// compareRates looks at a schedule's plain values and at its node's.
func compareRates(t *testing.T, s Schedule, steps []int, want []float64) {
	t.Helper()
	g := graph.New()
	step := ok[*graph.Variable](t)(graph.GetOrCreateGlobalStep(g.Scope()))
	node := ok[*graph.Node](t)(LearningRate(s, step))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for i, k := range steps {
		fed := ok[float64](t)(sess.Float(graph.Feeds{step.Node(): k}, node))
		for what, got := range map[string]float64{"plain": s.Rate(k), "node": fed} {
			// TensorFlow computes in float32, a cosine near its zero with an
			// error of 1e-8 of the first rate.
			if math.Abs(got-want[i]) > 1e-5*math.Abs(want[i])+2e-8 {
				t.Errorf("%s: %.9g at step %d, want %.9g", what, got, k, want[i])
			}
		}
	}
}

func TestNoiseOfASchedule(t *testing.T) {
	silent := LinearCosineDecay{LearningRate: 1, DecaySteps: 1000}
	var sum, squares float64
	const n = 4000
	for seed := range uint64(n) {
		// At step 0 of a rate of 1 and Beta 0.001: 1 + noise + 0.001.
		d := NoisyLinearCosineDecay{LearningRate: 1, DecaySteps: 1000, InitialVariance: 0.04, Seed: seed}
		x := d.Rate(3) - silent.Rate(3)
		if d.Rate(3)-silent.Rate(3) != x {
			t.Fatal("a step's noise is not always the same")
		}
		sum, squares = sum+x, squares+x*x
	}
	want := 0.04 / math.Pow(4, 0.55)
	// Five standard deviations of the estimates.
	if mean := sum / n; math.Abs(mean) > 5*math.Sqrt(want/n) {
		t.Errorf("the noise has mean %g", mean)
	}
	if v := squares / n; math.Abs(v-want) > 5*want*math.Sqrt(2.0/n) {
		t.Errorf("the noise has variance %g, want %g", v, want)
	}
}

// own is a schedule of the user's.
type own func(step int) float64

func (f own) Rate(step int) float64 { return f(step) }

// The rates that a scheduled optimizer takes are those of the schedule, at the
// global step that it makes and counts by itself.
func TestOptimizerSchedule(t *testing.T) {
	rates := []float64{0.5, 0.25, 2}
	for _, o := range []*Optimizer{
		GradientDescent(0).Schedule(own(func(step int) float64 { return rates[step] })),
		GradientDescent(0).Schedule(PiecewiseConstant{Boundaries: []int{0, 1}, Values: rates}),
	} {
		g := graph.New()
		w := variable(t, g, "w", 10)
		step := ok[*graph.Operation](t)(o.Minimize(w.Node(), w))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		want := 10.0
		for i := range rates {
			ok[[]*graph.Tensor](t)(sess.Run(nil, step))
			want -= rates[i]
			if got := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(w)))); got != want {
				t.Errorf("after step %d w is %g, want %g", i, got, want)
			}
			if o.RateAt(i) != rates[i] {
				t.Errorf("RateAt(%d) is %g", i, o.RateAt(i))
			}
		}
		if n := ok[*graph.Variable](t)(graph.GetGlobalStep(g)); n == nil {
			t.Error("there is no global step")
		}
	}
}

func TestScheduleBeginsAtTheOptimizersRate(t *testing.T) {
	o := Adam(0.5).Schedule(WarmUp{Steps: 10, Then: CosineDecay{DecaySteps: 10}})
	for step, want := range map[int]float64{0: 0, 5: 0.25, 10: 0.5, 15: 0.25, 20: 0, 30: 0} {
		if got := o.RateAt(step); math.Abs(got-want) > 1e-12 {
			t.Errorf("rate %g at step %d, want %g", got, step, want)
		}
	}
	if got := Adam(0.5).Schedule(WarmUp{Steps: 4}).RateAt(9); got != 0.5 {
		t.Errorf("after the warm-up the rate is %g", got)
	}
}

func TestRateFromANode(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 10)
	rate := ok[*graph.Node](t)(g.Placeholder("rate", graph.Float64))
	step := ok[*graph.Operation](t)(GradientDescent(0).RateFrom(rate).Minimize(w.Node(), w))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	for _, r := range []float64{3, 4} {
		ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{rate: r}, step))
	}
	if got := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(w)))); got != 3 {
		t.Errorf("w is %g, want 3", got)
	}
}

func TestSchedulesRefuse(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 1)
	for want, s := range map[string]Schedule{
		"CosineDecay: DecaySteps is 0, at least 1": CosineDecay{},
		"DecayRate is 0, it must be above 0":       ExponentialDecay{DecaySteps: 5},
		"learning rate is -1, at least 0":          CosineDecay{LearningRate: -1, DecaySteps: 5},
		"should be 1 less than the length":         PiecewiseConstant{Values: []float64{1, 2}},
		"do not rise":                              PiecewiseConstant{Boundaries: []int{5, 5}, Values: []float64{1, 2, 3}},
		"neither the optimizer nor its schedule":   WarmUp{Steps: 3},
		"TMul 0.5 must be at least 1":              CosineDecayRestarts{FirstDecaySteps: 5, TMul: 0.5},
		"PctStart 2 must be in (0, 1)":             OneCycle{TotalSteps: 5, PctStart: 2},
		"OneCycle: TotalSteps-1 is 0":              OneCycle{TotalSteps: 1},
		"WarmUp: Steps is 0":                       WarmUp{Then: CosineDecay{DecaySteps: 5}},
		"Power is -1":                              PolynomialDecay{DecaySteps: 5, Power: -1},
		"NaturalExpDecay: DecayRate is -1":         NaturalExpDecay{DecaySteps: 5, DecayRate: -1},
		"InverseTimeDecay: DecayRate is -1":        InverseTimeDecay{DecaySteps: 5, DecayRate: -1},
		"LinearCosineDecay: DecaySteps is -1":      LinearCosineDecay{DecaySteps: -1},
		"Values[0] is -1, it must be at least 0":   PiecewiseConstant{Values: []float64{-1}},
		"NoisyLinearCosineDecay: DecaySteps is 0":  NoisyLinearCosineDecay{},
	} {
		_, err := GradientDescent(0).Schedule(s).Minimize(w.Node(), w)
		wants(t, err, want)
	}
	step := ok[*graph.Operation](t)(GradientDescent(0).Schedule(own(func(int) float64 { return math.NaN() })).Minimize(w.Node(), w))
	_, err := ok[*graph.Session](t)(graph.NewSession(g)).Run(nil, step)
	wants(t, err, "learning rate NaN of step 0")
	_, err = LearningRate(nil, nil)
	wants(t, err, "the schedule is nil")
	_, err = GradientDescent(0).RateFrom(nil).Minimize(w.Node(), w)
	wants(t, err, "the learning rate is a nil node")
	_, err = PlotSchedule(CosineDecay{DecaySteps: 3}, 0)
	wants(t, err, "at least 1 step")
}
