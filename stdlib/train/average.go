package train

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// ExponentialMovingAverage keeps moving averages of variables beside them
// (tf.train.ExponentialMovingAverage). MobileNets and NASNets are evaluated
// with those.
type ExponentialMovingAverage struct {
	// Decay of the averages, in (0, 1).
	Decay float64
	// NumUpdates, when given, makes averages move faster at first: the decay
	// is then at most (1+n)/(10+n), n its value: a scalar, such as the global
	// step. Default: none.
	NumUpdates *graph.Variable
	// Name is behind a variable's name. Default: ExponentialMovingAverage.
	Name string
	// In is the scope that the averages are made in. Default: the outermost.
	In graph.Scope

	averages map[*graph.Variable]*graph.Variable
}

func (e *ExponentialMovingAverage) name() string {
	if e.Name == "" {
		return "ExponentialMovingAverage"
	}
	return e.Name
}

// Apply makes the averages of vars, which begin with the variables' own
// values, and adds the operation that moves them: average -=
// (1-Decay)·(average-variable). The variables join MovingAverageVariables.
// Errors: a Decay out of range, no variables, one whose average is kept
// already, one that is no float.
func (e *ExponentialMovingAverage) Apply(vars ...*graph.Variable) (*graph.Operation, error) {
	if !(e.Decay > 0 && e.Decay < 1) {
		return nil, fmt.Errorf("train: moving average: decay %g is not in (0, 1)", e.Decay)
	}
	vars = parts(vars)
	if len(vars) == 0 || vars[0] == nil {
		return nil, fmt.Errorf("train: moving average: no variables to average")
	}
	s := e.In
	if s.Graph() == nil {
		s = vars[0].Graph().Scope()
	}
	var updates []*graph.Node
	for _, v := range vars {
		n, err := e.apply(s, v)
		if err != nil {
			return nil, err
		}
		updates = append(updates, n)
	}
	return graph.Group(e.name(), updates...)
}

func (e *ExponentialMovingAverage) apply(s graph.Scope, v *graph.Variable) (*graph.Node, error) {
	switch {
	case v == nil || v.Graph() != s.Graph():
		return nil, fmt.Errorf("train: moving average: %v is not of the scope's graph", v)
	case v.DType() != graph.Float32 && v.DType() != graph.Float64:
		return nil, fmt.Errorf("train: moving average: The variables must be float or double: %v", v)
	case e.averages[v] != nil:
		return nil, fmt.Errorf("train: Moving average already computed for: %s", v.Name())
	}
	first, err := graph.SameAs(v)
	if err != nil {
		return nil, err
	}
	average, err := slotOf(s, v, e.name(), first, slotKeys())
	if err != nil {
		return nil, err
	}
	if !slices.Contains(v.Collections(), graph.MovingAverageVariables) {
		if err := v.Graph().AddToCollection(graph.MovingAverageVariables, v); err != nil {
			return nil, err
		}
	}
	if e.averages == nil {
		e.averages = map[*graph.Variable]*graph.Variable{}
	}
	e.averages[v] = average
	decay, err := e.decay(s, v.DType())
	if err != nil {
		return nil, err
	}
	return s.Apply(e.name()+"/AssignMovingAvg", ops.AssignMovingAverage{}, average.Node(), v.Node(), decay)
}

// decay is the decay of this update, a scalar.
func (e *ExponentialMovingAverage) decay(s graph.Scope, d graph.DType) (*graph.Node, error) {
	most, err := s.Graph().Scalar(e.name()+"/decay", d, e.Decay)
	if err != nil || e.NumUpdates == nil {
		return most, err
	}
	if n := e.NumUpdates; n.Graph() != s.Graph() || len(n.Shape()) != 0 {
		return nil, fmt.Errorf("train: moving average: NumUpdates is %v, a scalar of the same graph is wanted", n)
	}
	n, err := s.Apply(e.name()+"/Cast", ops.Cast{To: d}, e.NumUpdates.Node())
	if err != nil {
		return nil, err
	}
	var terms [2]*graph.Node
	for i, plus := range []float64{1, 10} {
		if terms[i], err = s.Apply(e.name()+"/add", ops.Affine{By: 1, Plus: plus}, n); err != nil {
			return nil, err
		}
	}
	now, err := s.Apply(e.name()+"/truediv", ops.Div, terms[0], terms[1])
	if err != nil {
		return nil, err
	}
	return s.Apply(e.name()+"/Minimum", ops.Minimum, most, now)
}

// Average is the average of a variable, nil when none is kept.
func (e *ExponentialMovingAverage) Average(v *graph.Variable) *graph.Variable { return e.averages[v] }

// AverageName is what the average of a variable is called, kept or not; of
// nil, what stands behind each name.
func (e *ExponentialMovingAverage) AverageName(v *graph.Variable) string {
	if a := e.averages[v]; a != nil {
		return a.Name()
	}
	if v == nil {
		return e.name()
	}
	return v.Name() + "/" + e.name()
}

// VariablesToRestore maps names in a checkpoint to variables, so that each
// variable that was trained or averaged gets its average, and all others
// themselves: slim.SelectAs takes it. A nil graph is an error.
func (e *ExponentialMovingAverage) VariablesToRestore(g *graph.Graph) (map[string][]*graph.Variable, error) {
	if g == nil {
		return nil, fmt.Errorf("train: moving average: the graph is nil")
	}
	out := map[string][]*graph.Variable{}
	averaged := map[*graph.Variable]bool{}
	for _, key := range []string{graph.TrainableVariables, graph.MovingAverageVariables} {
		vars, err := g.Collection(key, "")
		if err != nil {
			return nil, err
		}
		for _, v := range vars {
			out[e.AverageName(v)], averaged[v] = []*graph.Variable{v}, true
		}
	}
	all, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if !averaged[v] && out[v.Name()] == nil {
			out[v.Name()] = []*graph.Variable{v}
		}
	}
	return out, nil
}
