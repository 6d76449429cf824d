package train

import (
	"fmt"
	"time"

	"graft/stdlib/charts"
	"graft/stdlib/display"
	"graft/stdlib/host"
)

// view shows a run while it goes on. A nil one shows nothing. That a cell was
// stopped, which is all that showing can fail by, its next step says.
type view struct {
	bar   *display.Progress
	chart *charts.Training // nil without a session, which would print each drawing
	h     *History
	began time.Time
	from  int // steps done before
	told  int // warnings shown
}

func newView(o Options, h *History, done int) *view {
	if o.Quiet {
		return nil
	}
	v := &view{h: h, began: time.Now(), from: done}
	v.bar = display.NewProgress(o.Steps, o.Title)
	v.bar.Begin(done)
	if host.Render("") == nil {
		return v
	}
	if chart, err := h.Chart(); err == nil {
		v.chart = chart
	}
	return v
}

// step shows a step; done is how many there were.
func (v *view) step(rec StepRecord, done int) {
	if v == nil {
		return
	}
	each := time.Since(v.began).Seconds() / float64(done-v.from)
	v.bar.Say(fmt.Sprintf("%s a step, loss %.4g", span(each), rec.Loss))
	v.bar.Set(done)
	v.warn()
	if v.chart != nil {
		v.chart.AddLoss(rec.Step, rec.Loss)
		v.chart.AddLearningRate(rec.Step, rec.LearningRate)
		_ = v.chart.Refresh()
	}
}

func (v *view) evaluation(rec EvaluationRecord) {
	if v == nil {
		return
	}
	v.warn()
	if v.chart != nil {
		if addEvaluation(v.chart, rec) == nil {
			_ = v.chart.Refresh()
		}
	}
}

// warn shows the warnings that are new.
func (v *view) warn() {
	for ; v.told < len(v.h.Warnings); v.told++ {
		_, _ = display.Show(display.Text("warning: " + v.h.Warnings[v.told]))
	}
}

// finish shows the last state.
func (v *view) finish(err error) {
	if v == nil {
		return
	}
	v.warn()
	text := ""
	switch last := v.h.Last(); {
	case v.h.Stopped != "":
		text = "stopped " + v.h.Stopped
	case last != nil:
		text = "held out: " + describeEvaluation(*last)
	case len(v.h.Steps) > 0:
		text = fmt.Sprintf("loss %.4g", v.h.Steps[len(v.h.Steps)-1].Loss)
	}
	v.bar.Done(text)
	for _, n := range v.h.Notes {
		_, _ = display.Show(display.Text(n))
	}
}

func (v *view) close() {
	if v != nil && v.chart != nil {
		_ = v.chart.Close()
	}
}
