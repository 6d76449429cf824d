package train

import (
	"fmt"
	"math"
	"time"

	"graft/stdlib/charts"
)

// StepRecord is what happened in one step.
type StepRecord struct {
	Step         int     // the global step after it: the first is 1
	Epoch        int     // of this Run, from 0
	Loss         float64 // before the step
	Accuracy     float64 // on the step's batch, before the step; NaN where Logits are no part of Loss
	LearningRate float64
	GradientNorm float64 // the length of all gradients together, before clipping
	Seconds      float64 // that the step took, its data included
}

// EvaluationRecord is one evaluation on the held-out examples.
type EvaluationRecord struct {
	Step     int     // the global step
	Epoch    int     // as in StepRecord
	Loss     float64 // on the held-out examples
	Accuracy float64 // NaN without Logits
	// TrainLoss and TrainAccuracy are means over the steps since the
	// evaluation before, while the net was still learning.
	TrainLoss, TrainAccuracy float64
	Seconds                  float64 // that the evaluation took
}

// History is what a Run did. It shows itself as a chart, and String is its
// summary.
type History struct {
	Title       string
	Steps       []StepRecord
	Evaluations []EvaluationRecord
	// Warnings say what is probably wrong, with figures; Notes what else is
	// worth knowing.
	Warnings, Notes []string
	// Stopped is why training ended before its last step; "" if it did not.
	Stopped string

	byAccuracy bool
	recipe     recipe
}

// Best is the best evaluation: of the lowest loss or, with ByAccuracy, of the
// highest accuracy, the first of equal ones; nil without any.
func (h *History) Best() *EvaluationRecord {
	var best *EvaluationRecord
	for i := range h.Evaluations {
		if e := &h.Evaluations[i]; best == nil || h.better(*e, *best) {
			best = e
		}
	}
	return best
}

// better compares evaluations; NaN is never better.
func (h *History) better(a, b EvaluationRecord) bool {
	if h.byAccuracy {
		return a.Accuracy > b.Accuracy || math.IsNaN(b.Accuracy) && !math.IsNaN(a.Accuracy)
	}
	return a.Loss < b.Loss || math.IsNaN(b.Loss) && !math.IsNaN(a.Loss)
}

// Last is the last evaluation, nil without any.
func (h *History) Last() *EvaluationRecord {
	if len(h.Evaluations) == 0 {
		return nil
	}
	return &h.Evaluations[len(h.Evaluations)-1]
}

// Seconds is the time that the steps took in all, evaluations not included.
func (h *History) Seconds() float64 {
	sum := 0.0
	for _, s := range h.Steps {
		sum += s.Seconds
	}
	return sum
}

// Chart draws the run: loss, accuracy and, if it changed, the learning rate.
// More than 2000 steps are thinned out.
func (h *History) Chart() (*charts.Training, error) {
	t := charts.NewTraining(h.Title)
	thin := len(h.Steps)/2000 + 1
	for i, s := range h.Steps {
		if i%thin == 0 || i == len(h.Steps)-1 {
			t.AddLoss(s.Step, s.Loss)
			t.AddLearningRate(s.Step, s.LearningRate)
		}
	}
	for _, e := range h.Evaluations {
		if err := addEvaluation(t, e); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func addEvaluation(t *charts.Training, e EvaluationRecord) error {
	t.AddHeldOutLoss(e.Step, e.Loss)
	return t.AddAccuracy(e.Step, e.TrainAccuracy, e.Accuracy)
}

// MIME shows the chart.
func (h *History) MIME() map[string]string {
	t, err := h.Chart()
	if err != nil {
		return map[string]string{"text/plain": err.Error()}
	}
	out := t.MIME()
	out["text/plain"] = h.String()
	return out
}

// String is the run in a few lines.
func (h *History) String() string {
	n := len(h.Steps)
	if n == 0 {
		return h.Title + ": no steps"
	}
	first, last := h.Steps[0], h.Steps[n-1]
	s := fmt.Sprintf("%s: %d steps (%s a step), loss %.4g → %.4g", h.Title, n, span(h.Seconds()/float64(n)), first.Loss, last.Loss)
	if e := h.Last(); e != nil {
		s += "; held out: " + describeEvaluation(*e)
		if b := h.Best(); b.Step != e.Step {
			s += fmt.Sprintf(", best %s after step %d", describeEvaluation(*b), b.Step)
		}
	}
	if h.Stopped != "" {
		s += "\nstopped: " + h.Stopped
	}
	for _, n := range h.Notes {
		s += "\n" + n
	}
	for _, w := range h.Warnings {
		s += "\nwarning: " + w
	}
	return s
}

func describeEvaluation(e EvaluationRecord) string {
	if math.IsNaN(e.Accuracy) {
		return fmt.Sprintf("loss %.4g", e.Loss)
	}
	return fmt.Sprintf("loss %.4g, accuracy %.1f %%", e.Loss, 100*e.Accuracy)
}

// span writes seconds with a unit that fits.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", seconds)
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", 1e3*seconds)
	}
	return fmt.Sprintf("%.2g ms", 1e3*seconds)
}

// Compare draws runs over each other, each by its Title: held-out loss and
// accuracy or, of runs without evaluations, the loss of their steps. Errors:
// no runs, a nil one.
func Compare(runs ...*History) (*charts.Panels, error) {
	loss := &charts.Curves{XLabel: "step", YLabel: "loss"}
	accuracy := &charts.Curves{XLabel: "step", YLabel: "accuracy", Percent: true}
	seen, measured := map[string]int{}, false
	for i, h := range runs {
		if h == nil {
			return nil, fmt.Errorf("train: compare: run %d is nil", i)
		}
		name := h.Title
		if seen[h.Title]++; seen[h.Title] > 1 {
			name = fmt.Sprintf("%s (%d)", name, seen[h.Title])
		}
		for _, e := range h.Evaluations {
			loss.Add(name, float64(e.Step), e.Loss)
			if !math.IsNaN(e.Accuracy) {
				accuracy.Add(name, float64(e.Step), e.Accuracy)
				measured = true
			}
		}
		if len(h.Evaluations) == 0 {
			for _, s := range h.Steps {
				loss.Add(name, float64(s.Step), s.Loss)
			}
		}
	}
	if measured {
		return charts.NewPanels("runs compared", loss, accuracy)
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("train: compare: no runs")
	}
	return charts.NewPanels("runs compared", loss)
}
