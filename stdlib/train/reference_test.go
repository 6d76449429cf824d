package train

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
)

// refDir is the folder of reference data.
func refDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GRAFT_REF")
	if dir == "" {
		dir = "../../../shared/ref"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("there is no reference data in %s; set GRAFT_REF", dir)
	}
	return dir
}

// trajectories is optimizers.json with its arrays.
type trajectories struct {
	arrays *ckpt.Reader
	Cases  []trajectory
}

type trajectory struct {
	Case, Optimizer, About string
	Args                   map[string]any
	Steps                  json.RawMessage
	Variables              []string
	NumUpdates             any `json:"num_updates"`
}

func readTrajectories(t *testing.T) *trajectories {
	t.Helper()
	dir := refDir(t)
	all := &trajectories{}
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(filepath.Join(dir, "optimizers.json"))), all); err != nil {
		t.Fatal(err)
	}
	all.arrays = ok[*ckpt.Reader](t)(ckpt.Open(filepath.Join(dir, "optimizers.npz")))
	t.Cleanup(func() { all.arrays.Close() })
	return all
}

// get reads an array.
func (all *trajectories) get(t *testing.T, name string) *graph.Tensor {
	t.Helper()
	return ok[*graph.Tensor](t)(graph.FromCheckpoint(ok[*ckpt.Tensor](t)(all.arrays.Tensor(name))))
}

func (all *trajectories) floats(t *testing.T, name string) []float32 {
	t.Helper()
	return floatsOf(t, all.get(t, name))
}

func floatsOf(t *testing.T, x *graph.Tensor) []float32 {
	t.Helper()
	switch d := x.Data().(type) {
	case []float32:
		return d
	case float32:
		return []float32{d}
	case []int64:
		return []float32{float32(d[0])}
	case int64:
		return []float32{float32(d)}
	}
	t.Fatalf("%v is no float", x.Dtype())
	return nil
}

// near compares to 1e-5 of the largest; sums in another order make differences
// of 1e-6.
func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	nearTo(t, 1e-5, what, got, want)
}

func nearTo(t *testing.T, tolerance float64, what string, got, want []float32) {
	t.Helper()
	largest := 0.0
	for _, w := range want {
		largest = max(largest, math.Abs(float64(w)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tolerance*largest+1e-9) && !(math.IsNaN(float64(got[i])) && math.IsNaN(float64(want[i]))) {
			t.Errorf("%s[%d] is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

// number is an argument, or its default.
func (c trajectory) number(name string, otherwise float64) float64 {
	if x, ok := c.Args[name].(float64); ok {
		return x
	}
	return otherwise
}

// optimizer makes the optimizer of a case, nil for one that we have not.
func (c trajectory) optimizer() *Optimizer {
	rate := c.number("learning_rate", 0)
	l1, l2 := c.number("l1_regularization_strength", 0), c.number("l2_regularization_strength", 0)
	first := c.number("initial_accumulator_value", 0)
	make := map[string]func() *Optimizer{
		"GradientDescentOptimizer": func() *Optimizer { return GradientDescent(rate) },
		"MomentumOptimizer": func() *Optimizer {
			return MomentumWith(MomentumOptions{LearningRate: rate, Momentum: c.number("momentum", 0), UseNesterov: c.Args["use_nesterov"] == true})
		},
		"AdamOptimizer": func() *Optimizer {
			return AdamWith(AdamOptions{LearningRate: rate, Beta1: c.number("beta1", 0), Beta2: c.number("beta2", 0), Epsilon: c.number("epsilon", 0)})
		},
		"RMSPropOptimizer": func() *Optimizer {
			return RMSPropWith(RMSPropOptions{LearningRate: rate, Decay: c.number("decay", 0), Momentum: c.number("momentum", 0),
				Epsilon: c.number("epsilon", 0), Centered: c.Args["centered"] == true})
		},
		"AdagradOptimizer": func() *Optimizer {
			return AdagradWith(AdagradOptions{LearningRate: rate, InitialAccumulatorValue: first})
		},
		"AdadeltaOptimizer": func() *Optimizer {
			return AdadeltaWith(AdadeltaOptions{LearningRate: rate, Rho: c.number("rho", 0), Epsilon: c.number("epsilon", 0)})
		},
		"FtrlOptimizer": func() *Optimizer {
			return FtrlWith(FtrlOptions{LearningRate: rate, LearningRatePower: c.number("learning_rate_power", 0), InitialAccumulatorValue: first,
				L1RegularizationStrength: l1, L2RegularizationStrength: l2,
				L2ShrinkageRegularizationRate: c.number("l2_shrinkage_regularization_strength", 0)})
		},
		"ProximalGradientDescentOptimizer": func() *Optimizer {
			return ProximalGradientDescent(ProximalOptions{LearningRate: rate, L1RegularizationStrength: l1, L2RegularizationStrength: l2})
		},
		"ProximalAdagradOptimizer": func() *Optimizer {
			return ProximalAdagrad(ProximalOptions{LearningRate: rate, L1RegularizationStrength: l1, L2RegularizationStrength: l2})
		},
		"AdagradDAOptimizer": func() *Optimizer {
			return AdagradDA(AdagradDAOptions{LearningRate: rate, L1RegularizationStrength: l1, L2RegularizationStrength: l2})
		},
	}[c.Optimizer]
	if make == nil {
		return nil
	}
	return make()
}

// toyNet is the net of optimizers.json with its loss.
type toyNet struct {
	g    *graph.Graph
	x, y *graph.Node
	loss *graph.Node
	step *graph.Variable
}

func newToyNet(t *testing.T) *toyNet {
	t.Helper()
	n := &toyNet{g: graph.New()}
	n.x = ok[*graph.Node](t)(n.g.Placeholder("x", graph.Float32, 6, 7, 7, 2))
	n.y = ok[*graph.Node](t)(n.g.Placeholder("y", graph.Float32, 6, 3))
	s := n.g.Scope()
	h := ok[*graph.Node](t)(slim.Conv2D(s, n.x, 4, []int{3, 3}, slim.Args{Scope: "conv1", Stride: 2, Normalizer: slim.BatchNormalizer,
		NormalizerArgs: &slim.Args{Decay: 0.9, Scale: slim.True}, WeightsRegularizer: slim.L2(0.01)}))
	h = ok[*graph.Node](t)(slim.Flatten(s, h))
	h = ok[*graph.Node](t)(slim.FullyConnected(s, h, 3, slim.Args{Scope: "logits", Activation: slim.Linear}))
	ok[*graph.Node](t)(losses.MeanSquaredError(losses.Regression{Predictions: h, Labels: n.y}))
	n.loss = ok[*graph.Node](t)(losses.TotalLoss(n.g, true))
	n.step = ok[*graph.Variable](t)(graph.GetOrCreateGlobalStep(s))
	return n
}

// build adds the training of a case, and says whether it knows it.
func (n *toyNet) build(c trajectory) (graph.Fetch, error) {
	name := strings.TrimPrefix(c.Case, "net/")
	head, err := n.g.Collection(graph.TrainableVariables, "logits")
	if err != nil {
		return nil, err
	}
	all, err := n.g.NodeCollection(graph.UpdateOps, "")
	if err != nil {
		return nil, err
	}
	trainOps := map[string]TrainOpOptions{
		"create_train_op":                  {},
		"create_train_op-multipliers":      {GradientMultipliers: map[string]float64{"logits/weights": 10, "conv1/weights": 0.1, "logits/biases": 0}},
		"create_train_op-clip":             {ClipGradientNorm: 0.05},
		"create_train_op-multipliers-clip": {ClipGradientNorm: 0.05, GradientMultipliers: map[string]float64{"logits/weights": 10}},
		"create_train_op-no-updates":       {UpdateOps: []*graph.Node{}},
		"create_train_op-head":             {VariablesToTrain: head, UpdateOps: all},
		"create_train_op-momentum-decay":   {},
	}
	if opt, known := trainOps[name]; known {
		o := GradientDescent(0.1)
		if name == "create_train_op-momentum-decay" {
			o = Momentum(0.1, 0.9).Schedule(ExponentialDecay{DecaySteps: 5, DecayRate: 0.5, Staircase: true})
		}
		return CreateTrainOp(n.loss, o, opt)
	}
	opt := MinimizeOptions{GlobalStep: n.step, NoUpdateOps: name == "no-update-ops"}
	if kind, is := strings.CutPrefix(name, "optimize_loss-"); is {
		return n.optimizeLoss(kind, c, opt)
	}
	o := c.optimizer()
	if name == "no-update-ops" {
		o = GradientDescent(0.1)
	}
	if o == nil {
		return nil, nil
	}
	return o.MinimizeWith(n.loss, opt)
}

// optimizeLoss is tf_slim.optimize_loss, which clips by the global norm.
func (n *toyNet) optimizeLoss(kind string, c trajectory, opt MinimizeOptions) (graph.Fetch, error) {
	rate := c.number("learning_rate", 0.1)
	o := GradientDescent(rate)
	switch kind {
	case "Adam":
		o = Adam(rate)
	case "Momentum":
		o = Momentum(rate, 0.9)
	case "decay":
		o = o.Schedule(ExponentialDecay{DecaySteps: 5, DecayRate: 0.5})
	case "SGD", "clip", "multipliers":
	default:
		return nil, nil
	}
	opt.ClipGlobalNorm = c.number("clip_gradients", 0)
	if m, ok := c.Args["gradient_multipliers"].(map[string]any); ok {
		opt.GradientMultipliers = map[string]float64{}
		for k, x := range m { // it knows variables as name:0, and ignores others
			if name, known := strings.CutSuffix(k, ":0"); known {
				opt.GradientMultipliers[name] = x.(float64)
			}
		}
		if len(opt.GradientMultipliers) == 0 {
			opt.GradientMultipliers = nil
		}
	}
	scope, err := n.g.Scope().Open("OptimizeLoss")
	if err != nil {
		return nil, err
	}
	return o.In(scope).MinimizeWith(n.loss, opt)
}

// TestReferenceNets trains the little net of optimizers.json with everything
// that TensorFlow trained it with; slots are known by TensorFlow's names.
func TestReferenceNets(t *testing.T) {
	all := readTrajectories(t)
	ran := 0
	for _, c := range all.Cases {
		if strings.HasPrefix(c.Case, "net/") {
			ran++
			t.Run(c.Case, func(t *testing.T) { all.net(t, c) })
		}
	}
	t.Logf("%d nets trained", ran)
}

func (all *trajectories) net(t *testing.T, c trajectory) {
	n := newToyNet(t)
	step, err := n.build(c)
	if err != nil {
		t.Fatal(err)
	}
	if step == nil {
		t.Fatalf("the test does not know how to train it: %s", c.About)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(n.g))
	for _, name := range all.arrays.Names() {
		if v, is := strings.CutPrefix(name, "net/start/"); is {
			if err := sess.Assign(ok[*graph.Variable](t)(n.g.Variable(v)), all.get(t, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	feeds := graph.Feeds{n.x: all.get(t, "net/x"), n.y: all.get(t, "net/y")}
	want := all.floats(t, c.Case+"/loss")
	got := make([]float32, len(want))
	peak := map[string]float64{} // the largest value of each slot on its way
	for i := range want {
		out := ok[[]*graph.Tensor](t)(sess.Run(feeds, n.loss, step))
		got[i] = float32(ok[float64](t)(graph.Item(out[0])))
		for _, v := range ok[[]*graph.Variable](t)(n.g.Collection(graph.OptimizerVariables, "")) {
			for _, x := range floatsOf(t, ok[*graph.Tensor](t)(sess.Value(v))) {
				peak[v.Name()] = max(peak[v.Name()], math.Abs(float64(x)))
			}
		}
	}
	near(t, "loss", got, want)
	for _, name := range c.Variables {
		if name == "OptimizeLoss/learning_rate" { // a variable of optimize_loss alone
			continue
		}
		v := ok[*graph.Variable](t)(n.g.Variable(name))
		// A slot that sums gradients goes towards 0 as the net learns and keeps
		// the roundings of what it was: it is compared with its largest value.
		// TensorFlow's own, with the pictures of the batch in another order,
		// differ by up to 1.1e-4 of what is left at the end.
		end := all.floats(t, c.Case+"/end/"+name)
		tolerance, left := 1e-5, 0.0
		for _, w := range end {
			left = max(left, math.Abs(float64(w)))
		}
		if p := peak[name]; p > left && left > 0 {
			tolerance *= p / left
		}
		nearTo(t, tolerance, name, floatsOf(t, ok[*graph.Tensor](t)(sess.Value(v))), end)
	}
}

// schedule makes the schedule of a case, nil for one that the test does not
// know.
func (c trajectory) schedule() Schedule {
	rate, steps := c.number("learning_rate", 0), int(c.number("decay_steps", 0))
	by, stairs := c.number("decay_rate", 0), c.Args["staircase"] == true
	kind, _, _ := strings.Cut(strings.TrimPrefix(c.Case, "schedule/"), "-")
	if strings.Contains(c.Case, "-restarts") || strings.Contains(c.Case, "-cosine") || strings.Contains(c.Case, "-exp") || strings.Contains(c.Case, "-time") {
		kind = strings.Join(strings.Split(strings.TrimPrefix(c.Case, "schedule/"), "-")[:2], "-")
	}
	switch kind {
	case "exponential":
		return ExponentialDecay{rate, steps, by, stairs}
	case "natural-exp":
		return NaturalExpDecay{rate, steps, by, stairs}
	case "inverse-time":
		return InverseTimeDecay{rate, steps, by, stairs}
	case "polynomial":
		return PolynomialDecay{rate, steps, c.number("end_learning_rate", 0), c.number("power", 0), c.Args["cycle"] == true}
	case "cosine":
		return CosineDecay{rate, steps, c.number("alpha", 0)}
	case "cosine-restarts":
		return CosineDecayRestarts{rate, int(c.number("first_decay_steps", 0)), c.number("t_mul", 0), c.number("m_mul", 0), c.number("alpha", 0)}
	case "linear-cosine":
		return LinearCosineDecay{rate, steps, c.number("num_periods", 0), c.number("alpha", 0), c.number("beta", 0)}
	case "piecewise":
		p := PiecewiseConstant{}
		for _, b := range c.Args["boundaries"].([]any) {
			p.Boundaries = append(p.Boundaries, int(b.(float64)))
		}
		for _, v := range c.Args["values"].([]any) {
			p.Values = append(p.Values, v.(float64))
		}
		return p
	}
	return nil
}

func TestReferenceSchedules(t *testing.T) {
	all := readTrajectories(t)
	ran := 0
	for _, c := range all.Cases {
		if !strings.HasPrefix(c.Case, "schedule/") {
			continue
		}
		ran++
		t.Run(c.Case, func(t *testing.T) {
			s := c.schedule()
			if s == nil {
				t.Fatal("the test does not know this schedule")
			}
			var steps []int
			if err := json.Unmarshal(c.Steps, &steps); err != nil {
				t.Fatal(err)
			}
			var want []float64
			for _, x := range all.floats(t, c.Case) {
				want = append(want, float64(x))
			}
			compareRates(t, s, steps, want)
		})
	}
	t.Logf("%d schedules", ran)
}

// TestReferenceClipping runs the cases that clip whole tensors by norms.
func TestReferenceClipping(t *testing.T) {
	all := readTrajectories(t)
	ran, left := 0, []string{}
	for _, c := range all.Cases {
		name, is := strings.CutPrefix(c.Case, "clip/")
		if !is {
			continue
		}
		global := strings.HasPrefix(name, "global_norm")
		if !global && name != "norm-1" && name != "norm-100" || name == "global_norm-inf" || name == "global_norm-nan" {
			left = append(left, name) // other inputs, or clipping that optimizers do not do
			continue
		}
		ran++
		t.Run(c.Case, func(t *testing.T) { all.clip(t, c, global) })
	}
	t.Logf("%d cases of clipping, without %s", ran, strings.Join(left, ", "))
}

func (all *trajectories) clip(t *testing.T, c trajectory, global bool) {
	g := graph.New()
	var pairs []GradientAndVariable
	for i := range 3 {
		in := all.get(t, fmt.Sprintf("clip/t%d", i))
		v := ok[*graph.Variable](t)(g.Scope().GetVariable(fmt.Sprintf("v%d", i), graph.VariableOptions{Shape: in.Shape(), Initializer: graph.Zeros()}))
		pairs = append(pairs, GradientAndVariable{ok[*graph.Node](t)(g.Constant("", in)), v})
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	norm := c.number("clip_norm", 1)
	clipped, err := ClipGradientNorms(pairs, norm)
	var length *graph.Node
	if global {
		clipped, length, err = ClipByGlobalNorm(pairs, norm)
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(c.Case, "-value") {
		near(t, "length", floatsOf(t, ok[[]*graph.Tensor](t)(sess.Run(nil, length))[0]), all.floats(t, c.Case+"/y0"))
		return
	}
	for i, p := range clipped {
		out := ok[[]*graph.Tensor](t)(sess.Run(nil, p.Gradient))
		near(t, fmt.Sprintf("gradient %d", i), floatsOf(t, out[0]), all.floats(t, fmt.Sprintf("%s/y%d", c.Case, i)))
	}
}

// TestReferenceAverages looks at the averages of a variable; those of other
// tensors are not ours.
func TestReferenceAverages(t *testing.T) {
	all := readTrajectories(t)
	ran := 0
	for _, c := range all.Cases {
		if strings.HasPrefix(c.Case, "ema/") {
			ran++
			t.Run(c.Case, func(t *testing.T) { all.average(t, c) })
		}
	}
	t.Logf("%d averages", ran)
}

func (all *trajectories) average(t *testing.T, c trajectory) {
	g := graph.New()
	first := all.get(t, c.Case+"/w0")
	w := ok[*graph.Variable](t)(g.Scope().GetVariable("net/w", graph.VariableOptions{Shape: first.Shape()}))
	e := &ExponentialMovingAverage{Decay: c.number("decay", 0)}
	step := ok[*graph.Variable](t)(graph.GetOrCreateGlobalStep(g.Scope()))
	if c.NumUpdates != nil {
		e.NumUpdates = step
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	if err := sess.Assign(w, first); err != nil {
		t.Fatal(err)
	}
	op := ok[*graph.Operation](t)(e.Apply(w))
	ok[*graph.Tensor](t)(sess.Value(e.Average(w))) // its first value is that of w now
	values, want := all.floats(t, c.Case+"/values"), all.floats(t, c.Case+"/shadow_of_w")
	var got []float32
	for i := 0; i < len(values); i += 3 {
		if err := sess.Assign(w, ok[*graph.Tensor](t)(graph.FromFloat32s(values[i:i+3], 3))); err != nil {
			t.Fatal(err)
		}
		ok[[]*graph.Tensor](t)(sess.Run(nil, op))
		if err := sess.Assign(step, ok[*graph.Tensor](t)(graph.FromInt64s([]int64{int64(i/3 + 1)}))); err != nil {
			t.Fatal(err)
		}
		got = append(got, floatsOf(t, ok[*graph.Tensor](t)(sess.Value(e.Average(w))))...)
	}
	near(t, "average", got, want)
}
