package train

import (
	"errors"
	"fmt"

	"graft/stdlib/graph"
)

// DivergedError says where a loss or a gradient first was infinite or NaN. The
// variables are as they were before the step.
type DivergedError struct {
	Step         int     // the global step that was not taken
	What         string  // "the loss" or "the gradient"
	Value        float64 // of the loss, or of the gradients' length
	Layer        string  // the node, variable or placeholder that first was not finite
	Detail       string  // in figures
	LearningRate float64
	Places       []int // where the step's examples stand in Train
}

// Error implements error.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("train: %s is %g in step %d (learning rate %g): %s; the variables are as before the step", e.What, e.Value, e.Step, e.LearningRate, e.Detail)
}

// diagnose finds what first was not finite on the way to the loss and the
// gradients.
func (r *runner) diagnose(bad *notFinite, b *batch, feeds graph.Feeds, rec *StepRecord) error {
	e := &DivergedError{Step: rec.Step, What: bad.what, Value: bad.value, LearningRate: rec.LearningRate, Places: b.places}
	fetches := []graph.Fetch{r.o.Loss}
	for _, p := range r.n.gradients {
		fetches = append(fetches, p.Gradient)
	}
	err := r.o.Session.CheckNumerics(feeds, fetches...)
	var first *graph.NotFiniteError
	switch {
	case errors.As(err, &first):
		e.Layer, e.Detail = first.Node, first.Error()
		if first.Node == r.o.Images.Name() {
			e.Detail += fmt.Sprintf(": it was fed examples %v of Train", b.places)
		}
	case err != nil:
		return r.stopped(err)
	default: // each is finite, and only their sum is not
		e.Layer, e.Detail = bad.what, "each gradient is finite, their length is too large for float32"
	}
	return e
}
