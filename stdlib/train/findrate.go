package train

import (
	"errors"
	"fmt"
	"math"

	"graft/stdlib/charts"
	"graft/stdlib/graph"
)

// RateSearch are the settings of FindRate; zero means the default.
type RateSearch struct {
	Start float64 // the first rate, above 0, default 1e-7
	End   float64 // the last rate, above Start, default 10
	Steps int     // at least 10, default 100
}

// FindRate tries learning rates: it trains for some steps while the rate grows
// by a factor from step to step, until the loss is four times its best (Smith,
// arXiv:1506.01186, section 3.3; fastai's lr_find). Then all variables have
// their values again. o is what Run will be told; its Epochs, Steps, HeldOut,
// Dir and schedule are not used.
//
// Errors are those of Run; settings out of range; context.Canceled when the
// cell is stopped.
func FindRate(o Options, s RateSearch) (*RateCurve, error) {
	s.Start, s.End = or(s.Start, 1e-7), or(s.End, 10)
	if s.Steps == 0 {
		s.Steps = 100
	}
	if !(s.Start > 0 && s.End > s.Start) || math.IsInf(s.End, 1) || s.Steps < 10 {
		return nil, fmt.Errorf("train: find rate: %d steps from %g to %g: at least 10, and rates above 0 that rise are wanted", s.Steps, s.Start, s.End)
	}
	if o.Optimizer == nil || o.Optimizer.byNode {
		return nil, fmt.Errorf("train: find rate: an optimizer is wanted whose rate is no node")
	}
	o.Epochs, o.Steps, o.HeldOut, o.Dir, o.Patience, o.RestoreBest = 0, s.Steps, nil, "", 0, false
	o.Optimizer = o.Optimizer.Schedule(rising(s))
	o.Title, o.Quiet, o.apart = "learning rates", true, true
	c := &RateCurve{}
	o.OnStep = func(r StepRecord) error { return c.add(r) }
	whole, err := o.complete()
	if err != nil {
		return nil, err
	}
	if _, err := whole.nodes(); err != nil { // slots are variables too
		return nil, err
	}
	back, err := snapshot(o.Session)
	if err != nil {
		return nil, err
	}
	_, err = Run(o)
	if err2 := back(); err2 != nil {
		return nil, err2
	}
	var diverged *DivergedError
	if err != nil && !errors.Is(err, errHighLoss{}) && !errors.As(err, &diverged) {
		return nil, err
	}
	if len(c.Rates) < 10 {
		return nil, fmt.Errorf("train: find rate: the loss diverged after %d steps, at the rate %g: begin with a lower one than %g", len(c.Rates), s.Start, s.Start)
	}
	return c, nil
}

// rising is the schedule of a search.
type rising RateSearch

func (s rising) Rate(step int) float64 {
	return s.Start * math.Pow(s.End/s.Start, float64(step)/float64(s.Steps-1))
}

// errHighLoss ends a search.
type errHighLoss struct{}

func (errHighLoss) Error() string { return "the loss is four times its best" }

// snapshot keeps all variables' values, and returns what puts them back.
func snapshot(sess *graph.Session) (back func() error, err error) {
	vars, err := sess.Graph().Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	values := make([]*graph.Tensor, len(vars))
	origins, sources := make([]graph.Origin, len(vars)), make([]string, len(vars))
	for i, v := range vars {
		if values[i], err = sess.Value(v); err != nil {
			return nil, err
		}
		origins[i], sources[i] = sess.Origin(v)
	}
	return func() error {
		for i, v := range vars {
			put := sess.Assign
			switch {
			case origins[i] == graph.Restored:
				put = func(v *graph.Variable, t *graph.Tensor) error { return sess.Restore(v, t, sources[i]) }
			case origins[i] == graph.Fresh:
				put = func(v *graph.Variable, _ *graph.Tensor) error { return sess.Init(v) }
			}
			if origin, _ := sess.Origin(v); origin == origins[i] && origin != graph.Trained {
				continue // it was not trained
			}
			if err := put(v, values[i]); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// RateCurve is the loss over the learning rate. It shows itself as a chart.
type RateCurve struct {
	Rates  []float64
	Losses []float64 // of each step
	Smooth []float64 // their moving means

	mean float64
	best float64
}

// add notes a step, and ends the search when the loss has become high.
func (c *RateCurve) add(r StepRecord) error {
	const weight = 0.9 // of the past; the mean is freed of the bias of its start
	n := float64(len(c.Losses) + 1)
	c.mean = weight*c.mean + (1-weight)*r.Loss
	smooth := c.mean / (1 - math.Pow(weight, n))
	c.Rates, c.Losses, c.Smooth = append(c.Rates, r.LearningRate), append(c.Losses, r.Loss), append(c.Smooth, smooth)
	if n == 1 || smooth < c.best {
		c.best = smooth
	}
	if smooth > 4*c.best && n > 10 {
		return errHighLoss{}
	}
	return nil
}

// Suggestion is a good rate: it lies in the middle of the longest fall of the
// loss, where the net learns fast and nothing has diverged yet. (fastai calls
// its like the valley.) Without a fall it is the first rate.
func (c *RateCurve) Suggestion() float64 {
	// longest[i] is the length of the longest falling series that ends at i.
	longest, end := make([]int, len(c.Smooth)), 0
	for i, x := range c.Smooth {
		longest[i] = 1
		for j, before := range c.Smooth[:i] {
			if x < before {
				longest[i] = max(longest[i], longest[j]+1)
			}
		}
		if longest[i] > longest[end] {
			end = i
		}
	}
	if len(c.Rates) == 0 {
		return 0
	}
	start := max(0, end-longest[end]+1)
	return c.Rates[start+(end-start)/2]
}

// Steepest is the rate at which the loss fell fastest.
func (c *RateCurve) Steepest() float64 {
	best, at := 0.0, 0
	for i := 1; i+1 < len(c.Smooth); i++ {
		slope := (c.Smooth[i+1] - c.Smooth[i-1]) / math.Log(c.Rates[i+1]/c.Rates[i-1])
		if slope < best {
			best, at = slope, i
		}
	}
	if len(c.Rates) == 0 {
		return 0
	}
	return c.Rates[at]
}

// Chart draws the loss over the rate, with the suggestion as a point.
func (c *RateCurve) Chart() *charts.Curves {
	out := &charts.Curves{Title: c.summary(), XLabel: "learning rate", YLabel: "loss", LogX: true}
	suggestion, at := c.Suggestion(), 0
	for i, r := range c.Rates {
		// Beyond twice the first loss there is only the divergence to see.
		if c.Smooth[i] < 2*c.Smooth[0] {
			out.Add("loss", r, c.Smooth[i])
		}
		if r == suggestion {
			at = i
		}
	}
	if len(c.Rates) > 0 {
		out.Add("suggestion", suggestion, c.Smooth[at])
	}
	return out
}

func (c *RateCurve) summary() string {
	return fmt.Sprintf("suggested learning rate %.1g (steepest at %.1g)", c.Suggestion(), c.Steepest())
}

// String is the suggestion.
func (c *RateCurve) String() string { return c.summary() }

// MIME shows the chart.
func (c *RateCurve) MIME() map[string]string {
	out := c.Chart().MIME()
	out["text/plain"] = c.String()
	return out
}
