package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"graft/stdlib/graph"
)

// watch looks for what goes wrong without an error, and warns with figures.
type watch struct {
	r     *runner
	first map[*graph.Variable]*graph.Tensor // what restored variables began with
	moved bool                              // it has been said
}

// newWatch says what can be said before the first step.
func newWatch(r *runner) (*watch, error) {
	w := &watch{r: r, first: map[*graph.Variable]*graph.Tensor{}}
	for _, p := range r.n.gradients {
		v := p.Variable
		if origin, _ := r.o.Session.Origin(v); origin != graph.Restored || len(v.Shape()) < 2 {
			continue
		}
		t, err := r.o.Session.Value(v)
		if err != nil {
			return nil, err
		}
		w.first[v] = t
	}
	w.random()
	w.classes()
	return w, w.decay()
}

func (w *watch) warn(format string, a ...any) {
	w.r.h.Warnings = note(w.r.h.Warnings, fmt.Sprintf(format, a...))
}

// random says what was to be restored and was not or, where no restore was
// planned, that all that is frozen is random.
func (w *watch) random() {
	sess := w.r.o.Session
	planned := sess.Unrestored()
	for _, text := range planned {
		w.warn("%s", text)
	}
	all, err := sess.Graph().Collection(graph.TrainableVariables, "")
	if err != nil || len(planned) > 0 {
		return
	}
	upstream := graph.Upstream(w.r.o.Loss)
	frozen := slices.DeleteFunc(all, func(v *graph.Variable) bool {
		return !upstream(v.Node()) || slices.ContainsFunc(w.r.n.gradients, func(p GradientAndVariable) bool { return p.Variable == v })
	})
	if len(frozen) == 0 {
		return
	}
	if _, err := sess.Value(frozen[0]); err != nil { // which gives it its initial value, if it had none
		return
	}
	for _, v := range frozen {
		if origin, _ := sess.Origin(v); origin != graph.Fresh {
			return
		}
	}
	w.warn("all of the %d variables that this run does not train (%s is the first) have their initial values, random ones as a rule: was the net to be restored?", len(frozen), frozen[0].Name())
}

// classes compares the labels with the net's classes.
func (w *watch) classes() {
	o := w.r.o
	labels, names, classes := o.Train.LabelInts(), o.Train.ClassNames(), o.classes()
	if classes == 0 {
		return
	}
	if low := slices.Min(labels); low > 0 {
		w.warn("no example of Train has a label below %d: labels are %d to %d of the classes 0 to %d; are they shifted by %d?", low, low, slices.Max(labels), classes-1, low)
	} else if len(names) > 0 && len(names) != classes {
		w.warn("the net has %d classes, the data %d: are labels shifted, or is the net another one's?", classes, len(names))
	}
}

// decay compares the decay of moving statistics with the steps to come.
func (w *watch) decay() error {
	steps := w.r.o.Steps
	for _, n := range w.r.n.updates {
		in := n.Inputs()
		if len(in) != 3 {
			continue
		}
		out, err := w.r.o.Session.Run(nil, in[2])
		if err != nil {
			return err
		}
		d, err := graph.Item(out[0])
		if err != nil {
			return err
		}
		if need := 3 / (1 - d); float64(steps) < math.Floor(need) {
			w.warn("after %d steps %.0f %% of the statistics that batch normalisation began with are left: its decay is %.4g, for %d steps or more; BatchNormDecay %.3g suits %d",
				steps, 100*math.Pow(d, float64(steps)), d, int(math.Round(need/10)*10), max(0.5, 1-3/float64(steps)), steps)
			return nil
		}
	}
	return nil
}

// afterStep says after the first epoch what is remembered of it.
func (w *watch) afterStep(done int) error {
	if r := w.r; r.feeder.named && done == r.o.stepsPerEpoch() {
		for _, f := range r.o.Session.RememberedFeatures() {
			r.h.Notes = note(r.h.Notes, fmt.Sprintf("features computed once: %d × %d floats (%s)", f.Examples, f.Floats, f.Node))
		}
	}
	return nil
}

// afterEvaluation looks at what the evaluation has come by.
func (w *watch) afterEvaluation() {
	if logits := w.r.o.Logits; logits != nil {
		if s := initialStatistics(w.r.o.Session, logits); s != "" {
			w.warn("%s", s)
		}
	}
	w.shared()
	w.movement()
}

func (w *watch) atEnd() { w.movement() }

// shared says which held-out examples were trained on.
func (w *watch) shared() {
	seen := w.r.feeder.seen
	if seen == nil || seen.told || w.r.done() < w.r.o.stepsPerEpoch() {
		return
	}
	if both := seen.shared(); len(both) > 0 {
		slices.SortFunc(both, func(a, b [2]int) int { return a[0] - b[0] })
		w.warn("%d of %d held-out examples are in Train too, first %s, which is %s there; how the net does on them says nothing",
			len(both), w.r.o.HeldOut.Len(), exampleName(w.r.o.HeldOut, both[0][0]), exampleName(w.r.o.Train, both[0][1]))
	}
	seen.told = true // once is enough; what was hashed is not needed any more
	clear(seen.train)
	clear(seen.held)
}

// movement says which restored layers were moved by more than their size.
func (w *watch) movement() {
	if w.moved {
		return
	}
	worst, by, n := "", 1.0, 0
	for v, old := range w.first {
		now, err := w.r.o.Session.Value(v)
		if err != nil {
			return
		}
		if d := distance(old, now); d > 1 {
			n++
			if d > by {
				worst, by = v.Name(), d
			}
		}
	}
	if n > 0 {
		w.moved = true
		w.warn("%d of %d restored layers were moved by more than their size in %d steps, %s by %.3g times: little of what they knew is left; a lower learning rate keeps it",
			n, len(w.first), w.r.done(), worst, by)
	}
}

// distance is the length of b-a by that of a.
func distance(a, b *graph.Tensor) float64 {
	x, okA := a.Data().([]float32)
	y, okB := b.Data().([]float32)
	if !okA || !okB || len(x) != len(y) {
		return 0
	}
	var diff, size float64
	for i := range x {
		d := float64(y[i]) - float64(x[i])
		diff, size = diff+d*d, size+float64(x[i])*float64(x[i])
	}
	if size == 0 {
		return 0
	}
	return math.Sqrt(diff / size)
}

// initialStatistics says which batch normalisations a net has whose statistics
// were never moved nor restored; "" for none.
func initialStatistics(sess *graph.Session, logits *graph.Node) string {
	all, err := sess.Graph().Collection(graph.GlobalVariables, "")
	if err != nil {
		return ""
	}
	upstream := graph.Upstream(logits)
	first, initial, layers := "", 0, 0
	for _, v := range all {
		layer, is := strings.CutSuffix(v.Name(), "/moving_variance")
		if !is || !upstream(v.Node()) {
			continue
		}
		layers++
		mean, err := sess.Graph().Variable(layer + "/moving_mean")
		if err != nil || !all32(sess, v, 1) || !all32(sess, mean, 0) {
			continue
		}
		if initial++; first == "" {
			first = layer
		}
	}
	if initial == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d batch normalisations still have the statistics they began with (mean 0, variance 1), the first is %s: restore them, or train the layers with IsTraining", initial, layers, first)
}

// all32 reports whether all elements of a variable have a value.
func all32(sess *graph.Session, v *graph.Variable, want float32) bool {
	t, err := sess.Value(v)
	if err != nil {
		return false
	}
	d, ok := t.Data().([]float32)
	return ok && !slices.ContainsFunc(d, func(x float32) bool { return x != want })
}
