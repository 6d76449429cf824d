package train

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/metrics"
)

func (n *little) phases(t *testing.T) []Options {
	t.Helper()
	head := n.options(t)
	head.Epochs = 2
	return []Options{head, {Optimizer: Momentum(0.01, 0.9), Epochs: 3}}
}

func TestFineTune(t *testing.T) {
	whole := newLittle(t, 3, false)
	conv := ok[*graph.Variable](t)(whole.g.Variable("net/conv/weights"))
	before := fmt.Sprint(values(t, whole.sess, conv))
	var frozen string
	phases := whole.phases(t)
	phases[0].OnStep = func(r StepRecord) error {
		if r.Step == 8 {
			frozen = fmt.Sprint(values(t, whole.sess, conv))
		}
		return nil
	}
	h := ok[*History](t)(FineTune(phases...))
	if len(h.Steps) != 8+12 || h.Steps[19].Step != 20 || h.Steps[8].LearningRate != 0.01 || h.Steps[7].LearningRate != 0.05 {
		t.Fatalf("%d steps: %v", len(h.Steps), h.Steps)
	}
	if frozen != before || fmt.Sprint(values(t, whole.sess, conv)) == before {
		t.Error("the trunk was trained with the head, or never")
	}
	want := everything(t, whole, h)
	for _, stop := range []int{3, 8, 13} {
		here := newLittle(t, 3, false)
		phases := here.phases(t)
		stopPhases(t, phases, stop)
		if got := everything(t, here, ok[*History](t)(FineTune(here.phases(t)...))); got != want {
			t.Fatalf("stopped after step %d, in the same session:\n%s", stop, firstDifference(got, want))
		}
		dir := t.TempDir()
		phases = newLittle(t, 3, false).phases(t)
		phases[0].Dir = dir
		stopPhases(t, phases, stop)
		other := newLittle(t, 3, false)
		phases = other.phases(t)
		phases[0].Dir = dir
		if got := everything(t, other, ok[*History](t)(FineTune(phases...))); got != want {
			t.Fatalf("stopped after step %d, from the folder:\n%s", stop, firstDifference(got, want))
		}
	}
	_, err := FineTune()
	wants(t, err, "no phases")
	phases = newLittle(t, 3, false).phases(t)
	phases[1].Vars = []*graph.Variable{}
	_, err = FineTune(phases...)
	wants(t, err, "phase 2", "No variables to optimize")
}

func stopPhases(t *testing.T, phases []Options, step int) {
	t.Helper()
	stop := errors.New("enough")
	phases[0].OnStep = func(r StepRecord) error {
		if r.Step == step {
			return stop
		}
		return nil
	}
	if _, err := FineTune(phases...); !errors.Is(err, stop) {
		t.Fatal(err)
	}
}

func TestGradualUnfreezing(t *testing.T) {
	n := newLittle(t, 3, false)
	o := n.options(t)
	o.Epochs = 1
	phases := ok[[]Options](t)(GradualUnfreezing(o, "net/logits", "net/conv"))
	if len(phases) != 2 || len(phases[0].Vars) != 2 || len(phases[1].Vars) != 5 {
		t.Fatalf("%d phases", len(phases))
	}
	h := ok[*History](t)(FineTune(phases...))
	if len(h.Steps) != 8 {
		t.Errorf("%d steps", len(h.Steps))
	}
	_, err := GradualUnfreezing(o, "net/nothing")
	wants(t, err, "net/nothing")
}

func TestFindRate(t *testing.T) {
	n := newLittle(t, 3, false)
	o := n.options(t)
	o.Optimizer = GradientDescent(1)
	before := everything(t, n, &History{})
	c := ok[*RateCurve](t)(FindRate(o, RateSearch{Start: 1e-4, End: 1e4}))
	after := everything(t, n, &History{})
	if !strings.HasPrefix(after, before) && !strings.Contains(after, "global_step 0") {
		t.Error("the variables are not as before")
	}
	for _, v := range n.head {
		if origin, _ := n.sess.Origin(v); origin != graph.Fresh {
			t.Errorf("%s is %s", v.Name(), origin)
		}
	}
	// Rates below 1e-2 learn next to nothing here in a step, those above 30
	// diverge.
	if s := c.Suggestion(); s < 1e-2 || s > 30 || len(c.Rates) == 100 {
		t.Errorf("suggestion %g after %d steps", s, len(c.Rates))
	}
	if !strings.Contains(c.String(), "suggested learning rate") {
		t.Error(c)
	}
	o.Epochs = 5
	if h := ok[*History](t)(Run(o)); len(h.Steps) != 20 || h.Steps[0].Step != 1 {
		t.Errorf("Run after FindRate: %d steps", len(h.Steps))
	}
	// And FindRate after Run, which leaves the run where it was.
	trained := everything(t, n, &History{})
	if c := ok[*RateCurve](t)(FindRate(o, RateSearch{Start: 1e-4, End: 1e4})); len(c.Rates) < 20 {
		t.Errorf("%d rates tried", len(c.Rates))
	}
	if everything(t, n, &History{}) != trained {
		t.Error("FindRate changed what was trained")
	}
	if h := ok[*History](t)(Run(o)); len(h.Steps) != 20 {
		t.Errorf("Run went on to %d steps", len(h.Steps))
	}
	_, err := FindRate(o, RateSearch{Start: 1, End: 0.5})
	wants(t, err, "rates above 0 that rise")
}

// A curve that falls between 1e-3 and 1e-1 and rises then.
func TestSuggestion(t *testing.T) {
	c := &RateCurve{}
	for i := range 100 {
		rate := math.Pow(10, -6+8*float64(i)/99)
		loss := 1.0
		switch x := math.Log10(rate); {
		case x > -1:
			loss = 0.2 + (x+1)*(x+1)
		case x > -3:
			loss = 1 - 0.4*(x+3)
		}
		c.Rates, c.Smooth = append(c.Rates, rate), append(c.Smooth, loss)
	}
	if s := c.Suggestion(); s < 1e-3 || s > 1e-1 {
		t.Errorf("suggestion %g", s)
	}
	if s := c.Steepest(); s < 9e-4 || s > 1.1e-1 {
		t.Errorf("steepest %g", s)
	}
}

func TestMixUp(t *testing.T) {
	n := newLittle(t, 3, false)
	soft := ok[*graph.Node](t)(n.g.Placeholder("soft", graph.Float32, -1, 3))
	loss := ok[*graph.Node](t)(losses.SoftmaxCrossEntropy(losses.Classification{Logits: n.logits, Labels: soft, LabelSmoothing: 0.1}))
	run := func(seed uint64, mix float64) *History {
		if err := n.sess.Init(append(ok[[]*graph.Variable](t)(n.g.Collection(graph.GlobalVariables, "")), []*graph.Variable{}...)...); err != nil {
			t.Fatal(err)
		}
		o := n.options(t)
		o.Labels, o.Loss, o.MixUp, o.Seed, o.Vars = soft, loss, mix, seed, nil
		return ok[*History](t)(Run(o))
	}
	a, b, plain := run(1, 0.3), run(1, 0.3), run(1, 0)
	same := true
	for i := range a.Steps {
		if a.Steps[i].Loss != b.Steps[i].Loss {
			t.Fatalf("step %d has loss %g and %g with one seed", i, a.Steps[i].Loss, b.Steps[i].Loss)
		}
		same = same && a.Steps[i].Loss == plain.Steps[i].Loss
	}
	if same {
		t.Error("mixup changes nothing")
	}
	if last := a.Last(); last.Accuracy < 0.8 {
		t.Errorf("held out accuracy %g", last.Accuracy)
	}
	// The parts of a mixture are those of its label.
	o := n.options(t)
	o.Labels, o.Loss, o.MixUp = soft, loss, 0.3
	o = ok[Options](t)(o.complete())
	f := ok[*feeder](t)(newFeeder(o, false, nil))
	mixed := ok[*batch](t)(f.next(0))
	for i, row := range o.feeds(mixed)[soft].([][]float32) {
		sum := row[0] + row[1] + row[2]
		if math.Abs(float64(sum-1)) > 1e-6 || row[mixed.labels[i]] < mixed.mix[i]-1e-6 {
			t.Errorf("example %d of class %d mixed by %g with class %d has label %v", i, mixed.labels[i], mixed.mix[i], mixed.others[i], row)
		}
	}
}

func TestEvaluateRefuses(t *testing.T) {
	n := newLittle(t, 3, false)
	o := EvaluateOptions{Session: n.sess, Images: n.images, Logits: n.logits, Source: shifted(t), Quiet: true}
	_, err := Evaluate(o)
	wants(t, err, "shifted by one")
	o.Logits = n.loss
	_, err = Evaluate(o)
	wants(t, err, "[batch,classes] with known classes")
	_, err = Evaluate(EvaluateOptions{})
	wants(t, err, "all wanted")
	o.Logits, o.Source = n.logits, blobs(t, 30, 3, 1)
	if e := ok[*metrics.Evaluation](t)(Evaluate(o)); e.Len() != 30 || e.Probabilities.Shape()[1] != 3 {
		t.Error(e)
	}
}
