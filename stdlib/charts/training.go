package charts

import (
	"fmt"
	"math"
	"time"
)

// Training is the picture of a training run: the loss above, the accuracy and
// the learning rate below, one picture that is redrawn as values come.
type Training struct {
	title          string
	loss, accuracy Curves
	rate           Curves
	live           *Live
	now            func() time.Time
}

// NewTraining makes the picture of a run. It appears with its first value.
func NewTraining(title string) *Training {
	return &Training{
		title:    title,
		loss:     Curves{XLabel: "step", YLabel: "loss", Smooth: 0.9, latest: true},
		accuracy: Curves{XLabel: "step", YLabel: "accuracy", Percent: true, latest: true},
		rate:     Curves{XLabel: "step", YLabel: "learning rate", latest: true},
		now:      time.Now,
	}
}

// Loss adds the loss of a step. A loss that is not finite is left out of the
// curve and reported below the title: the run has diverged. It fails when the
// cell was interrupted.
func (t *Training) Loss(step int, value float64) error {
	t.AddLoss(step, value)
	return t.Refresh()
}

// Accuracy adds accuracies, as fractions from 0 to 1, on what the run trains
// on and on what was held out; NaN stands for one that was not measured. It
// fails for numbers outside of 0 to 1, and when the cell was interrupted.
func (t *Training) Accuracy(step int, train, heldOut float64) error {
	if err := t.AddAccuracy(step, train, heldOut); err != nil {
		return err
	}
	return t.Refresh()
}

// AddLoss is Loss without drawing.
func (t *Training) AddLoss(step int, value float64) { t.loss.Add("loss", float64(step), value) }

// AddHeldOutLoss adds the loss on what was held out, without drawing.
func (t *Training) AddHeldOutLoss(step int, value float64) {
	t.loss.Add("held out", float64(step), value)
}

// AddAccuracy is Accuracy without drawing. It fails for numbers outside of 0
// to 1.
func (t *Training) AddAccuracy(step int, train, heldOut float64) error {
	for _, a := range []struct {
		name  string
		value float64
	}{{"train", train}, {"held out", heldOut}} {
		if a.value < 0 || a.value > 1 {
			return fmt.Errorf("charts: %s accuracy %v at step %d: expected a fraction from 0 to 1, or NaN", a.name, a.value, step)
		}
		if !math.IsNaN(a.value) {
			t.accuracy.Add(a.name, float64(step), a.value)
		}
	}
	return nil
}

// AddLearningRate adds the learning rate of a step, without drawing. One that
// stays the same is no curve.
func (t *Training) AddLearningRate(step int, value float64) {
	t.rate.Add("learning rate", float64(step), value)
}

// Refresh redraws the picture, unless that was done a moment ago. It fails when
// the cell was interrupted.
func (t *Training) Refresh() error {
	if t.live != nil {
		return t.live.Refresh()
	}
	live, err := newLive(t, t.now)
	t.live = live
	return err
}

// Close draws the last state. A run without values shows nothing.
func (t *Training) Close() error {
	if t.live == nil {
		return nil
	}
	return t.live.Close()
}

// MIME draws the run as it is now.
func (t *Training) MIME() map[string]string { return panels(t.title, 0, 0, t.panels()) }

// String is the run in words.
func (t *Training) String() string { return describe(t.title, t.panels()) }

// panels leaves out those that have nothing to say.
func (t *Training) panels() []Curves {
	loss := t.loss
	if len(loss.lines) > 0 && len(loss.lines[0].xs) < 20 {
		loss.Smooth = 0 // a few values are no noise
	}
	out := []Curves{loss}
	if len(t.accuracy.lines) > 0 {
		out = append(out, t.accuracy)
	}
	if t.rateChanges() {
		out = append(out, t.rate)
	}
	if len(loss.lines) == 0 && len(out) > 1 {
		return out[1:]
	}
	return out
}

func (t *Training) rateChanges() bool {
	for _, l := range t.rate.lines {
		for _, y := range l.ys {
			if y != l.ys[0] {
				return true
			}
		}
	}
	return false
}
