package train

import (
	"fmt"
	"math"

	"graft/stdlib/graph"
)

// DivergedError says where a loss or a gradient first was infinite or NaN. The
// variables are as they were before the step.
type DivergedError struct {
	Step         int     // the global step that was not taken
	What         string  // "the loss" or "the gradient"
	Value        float64 // of the loss, or of the gradients' length
	Layer        string  // the node, variable or example that first was not finite
	Detail       string  // in figures
	LearningRate float64
}

// Error implements error.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("train: %s is %g in step %d (learning rate %g): %s %s; the variables are as before the step", e.What, e.Value, e.Step, e.LearningRate, e.Layer, e.Detail)
}

// diagnose finds what first was not finite: the variables, the examples, then
// the nodes between them and the loss in their order, then the gradients from
// the loss back.
func (r *runner) diagnose(bad *notFinite, b *batch, feeds graph.Feeds, rec *StepRecord) error {
	e := &DivergedError{Step: rec.Step, What: bad.what, Value: bad.value, LearningRate: rec.LearningRate}
	e.Layer, e.Detail = "no layer", "was found that made it"
	for _, find := range []func(*batch, graph.Feeds, int) (string, string, error){r.badVariable, r.badExample, r.badNode, r.badGradient} {
		layer, detail, err := find(b, feeds, rec.Step-1)
		if err != nil {
			return r.stopped(err)
		}
		if layer != "" {
			e.Layer, e.Detail = layer, detail
			return e
		}
	}
	return e
}

// notFiniteIn counts the values that are not finite, and describes them.
func notFiniteIn(t *graph.Tensor) (n int, detail string) {
	at, all, what := -1, 0, 0.0
	look := func(i int, x float64) {
		all++
		if x-x != 0 {
			if n++; at < 0 {
				at, what = i, x
			}
		}
	}
	switch d := t.Data().(type) {
	case []float32:
		for i, x := range d {
			look(i, float64(x))
		}
	case []float64:
		for i, x := range d {
			look(i, x)
		}
	case float32:
		look(0, float64(d))
	case float64:
		look(0, d)
	}
	return n, fmt.Sprintf("%d of %d values are not finite, the first is %g", n, all, what)
}

func (r *runner) badVariable(*batch, graph.Feeds, int) (string, string, error) {
	all, err := r.o.Session.Graph().Collection(graph.GlobalVariables, "")
	if err != nil {
		return "", "", err
	}
	upstream := graph.Upstream(r.o.Loss)
	for _, v := range all {
		if !upstream(v.Node()) {
			continue
		}
		t, err := r.o.Session.Value(v)
		if err != nil {
			return "", "", err
		}
		if n, detail := notFiniteIn(t); n > 0 {
			return "variable " + v.Name(), "was so before the step: " + detail, nil
		}
	}
	return "", "", nil
}

func (r *runner) badExample(b *batch, _ graph.Feeds, _ int) (string, string, error) {
	t, ok := b.images.(*graph.Tensor)
	if x, named := b.images.(*graph.Examples); named {
		all := make([]int, len(x.Keys))
		for i := range all {
			all[i] = i
		}
		var err error
		if t, err = x.Make(all); err != nil {
			return "", "", err
		}
		ok = true
	}
	if !ok {
		return "", "", nil
	}
	if n, detail := notFiniteIn(t); n > 0 {
		return fmt.Sprintf("an example in %v of Train", b.places), "has them: " + detail, nil
	}
	return "", "", nil
}

// badNode runs the nodes before the loss, one by one.
func (r *runner) badNode(_ *batch, feeds graph.Feeds, global int) (string, string, error) {
	upstream := graph.Upstream(r.o.Loss)
	var before float64 // the largest value of the node before
	for _, n := range inOrder(r.o.Loss) {
		if d := n.DType(); !upstream(n) || len(n.Inputs()) == 0 || d != graph.Float32 && d != graph.Float64 {
			continue
		}
		r.o.Session.SetRuns(uint64(global) * runsPerStep)
		out, err := r.o.Session.Run(feeds, n)
		if err != nil {
			return "", "", err
		}
		if bad, detail := notFiniteIn(out[0]); bad > 0 {
			return fmt.Sprintf("%s (%s)", n.Name(), n.Op()), fmt.Sprintf("made it: %s; the largest value before it is %.3g", detail, before), nil
		}
		before = largest(out[0])
	}
	return "", "", nil
}

// inOrder are the nodes that one is computed from, inputs first, and it.
func inOrder(of *graph.Node) (out []*graph.Node) {
	seen := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, in := range n.Inputs() {
			visit(in)
		}
		out = append(out, n)
	}
	visit(of)
	return out
}

func largest(t *graph.Tensor) (most float64) {
	switch d := t.Data().(type) {
	case []float32:
		for _, x := range d {
			most = max(most, math.Abs(float64(x)))
		}
	case []float64:
		for _, x := range d {
			most = max(most, math.Abs(x))
		}
	}
	return most
}

// badGradient looks at the gradients from the loss back: the last variables
// come first.
func (r *runner) badGradient(_ *batch, feeds graph.Feeds, global int) (string, string, error) {
	for i := len(r.n.gradients) - 1; i >= 0; i-- {
		p := r.n.gradients[i]
		r.o.Session.SetRuns(uint64(global) * runsPerStep)
		out, err := r.o.Session.Run(feeds, p.Gradient)
		if err != nil {
			return "", "", err
		}
		if bad, detail := notFiniteIn(out[0]); bad > 0 {
			return "the gradient of " + p.Variable.Name(), "is the first on the way back: " + detail, nil
		}
	}
	return "", "", nil
}
