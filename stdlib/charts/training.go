package charts

import (
	"fmt"
	"math"
	"time"
)

// Training is the picture of a training run: the loss above, the accuracy
// below, one picture that is redrawn as values come.
type Training struct {
	title          string
	loss, accuracy Curves
	live           *Live
	now            func() time.Time
}

// NewTraining makes the picture of a run. It appears with its first value.
func NewTraining(title string) *Training {
	return &Training{
		title:    title,
		loss:     Curves{XLabel: "step", YLabel: "loss", Smooth: 0.9, latest: true},
		accuracy: Curves{XLabel: "step", YLabel: "accuracy", Percent: true, latest: true},
		now:      time.Now,
	}
}

// Loss adds the loss of a step. A loss that is not finite is left out of the
// curve and reported below the title: the run has diverged. It fails when the
// cell was interrupted.
func (t *Training) Loss(step int, value float64) error {
	t.loss.Add("loss", float64(step), value)
	return t.refresh()
}

// Accuracy adds accuracies, as fractions from 0 to 1, on what the run trains
// on and on what was held out; NaN stands for one that was not measured. It
// fails for numbers outside of 0 to 1, and when the cell was interrupted.
func (t *Training) Accuracy(step int, train, heldOut float64) error {
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
	return t.refresh()
}

func (t *Training) refresh() error {
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

// panels leaves out the one that has no values.
func (t *Training) panels() []Curves {
	loss := t.loss
	if len(loss.lines) > 0 && len(loss.lines[0].xs) < 20 {
		loss.Smooth = 0 // a few values are no noise
	}
	switch {
	case len(t.accuracy.lines) == 0:
		return []Curves{loss}
	case len(loss.lines) == 0:
		return []Curves{t.accuracy}
	}
	return []Curves{loss, t.accuracy}
}
