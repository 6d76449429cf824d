package charts

import (
	"strings"
	"testing"
)

func TestPanels(t *testing.T) {
	a, b := &Curves{XLabel: "step", YLabel: "loss"}, &Curves{XLabel: "step", YLabel: "accuracy", Percent: true}
	a.Add("one", 1, 2)
	a.Add("two", 1, 3)
	b.Add("one", 1, 0.5)
	p, err := NewPanels("both", a, b)
	if err != nil {
		t.Fatal(err)
	}
	want := "both\n  loss, one: 2 at 1\n  loss, two: 3 at 1\n  accuracy, one: 50.0% at 1"
	if p.String() != want {
		t.Errorf("got\n%s\nwant\n%s", p, want)
	}
	if m := p.MIME(); len(m["image/png"]) < 1000 || m["text/plain"] != want {
		t.Error("no picture")
	}
	if _, err := NewPanels("none"); err == nil {
		t.Error("no error for no charts")
	}
	if _, err := NewPanels("nil", a, nil); err == nil || !strings.Contains(err.Error(), "nil chart") {
		t.Error(err)
	}
}

// The learning rate is drawn if it changes.
func TestTrainingRate(t *testing.T) {
	tr := NewTraining("run")
	for step := range 3 {
		tr.AddLoss(step, 1)
		tr.AddLearningRate(step, 0.5)
	}
	if s := tr.String(); strings.Contains(s, "learning rate") {
		t.Error(s)
	}
	tr.AddHeldOutLoss(2, 4)
	tr.AddLearningRate(3, 0.25)
	if s := tr.String(); !strings.Contains(s, "learning rate: 4 points, first 0.5 at 0, last 0.25 at 3") || !strings.Contains(s, "held out: 4 at 2") {
		t.Error(s)
	}
}
