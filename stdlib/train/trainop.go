package train

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// TrainOpOptions are the settings of CreateTrainOp; zero means the default.
type TrainOpOptions struct {
	// VariablesToTrain are trained. Default, when nil: all trainable ones.
	VariablesToTrain []*graph.Variable
	// GlobalStep is counted up by each step. Default: the graph's, made if
	// there is none.
	GlobalStep *graph.Variable
	// NoGlobalStep counts none (global_step=None).
	NoGlobalStep bool
	// UpdateOps run before the loss. Default, when nil: those of the trained
	// layers in the collection UpdateOps; frozen layers in training mode are an
	// error then.
	UpdateOps []*graph.Node
	// ClipGradientNorm is the largest length of each variable's gradient, each
	// for itself; 0 clips none.
	ClipGradientNorm float64
	// GradientMultipliers multiply the gradients of variables, by name or by
	// scope, before they are clipped; see MultiplyGradients.
	GradientMultipliers map[string]float64
	// IgnoreUnknownMultipliers lets names in GradientMultipliers pass that no
	// trained variable has, as TF-Slim does.
	IgnoreUnknownMultipliers bool
	// NoCheckNumerics lets a loss that is infinite or NaN pass; otherwise it
	// ends the run with an error.
	NoCheckNumerics bool
}

// CreateTrainOp is the node of a training step: a run that fetches it trains
// the variables, and its value is the loss (slim.learning.create_train_op).
//
// Errors are those of Minimize; an empty list of variables, one that is not
// trainable, a multiplier for a name that is not trained, a negative
// ClipGradientNorm; and in a run, a loss that is infinite or NaN.
func CreateTrainOp(loss *graph.Node, o *Optimizer, opt TrainOpOptions) (*graph.Node, error) {
	if loss == nil || o == nil {
		return nil, fmt.Errorf("train: create train op: loss %v and optimizer %v: both are wanted", loss, o)
	}
	g := loss.Graph()
	s := o.scope
	if s.Graph() == nil {
		s = g.Scope()
	}
	if err := opt.check(g); err != nil {
		return nil, err
	}
	if opt.GlobalStep == nil && !opt.NoGlobalStep {
		var err error
		if opt.GlobalStep, err = graph.GetOrCreateGlobalStep(s); err != nil {
			return nil, err
		}
	}
	total, err := opt.before(s, loss)
	if err != nil {
		return nil, err
	}
	pairs, err := o.ComputeGradients(total, opt.VariablesToTrain)
	if err != nil {
		return nil, err
	}
	if pairs, err = opt.change(s, pairs); err != nil {
		return nil, err
	}
	step, err := o.apply(pairs, MinimizeOptions{GlobalStep: opt.GlobalStep, NoUpdateOps: opt.UpdateOps != nil})
	if err != nil {
		return nil, err
	}
	n, err := s.Apply("train_op/control_dependency", ops.After{}, total, step)
	if err != nil {
		return nil, err
	}
	return n, g.AddNodeToCollection(graph.TrainOp, n)
}

// check looks at the variables to train.
func (opt TrainOpOptions) check(g *graph.Graph) error {
	if opt.ClipGradientNorm < 0 {
		return fmt.Errorf("train: create train op: ClipGradientNorm is %g, it must be above 0, or 0 for none", opt.ClipGradientNorm)
	}
	if opt.VariablesToTrain != nil && len(opt.VariablesToTrain) == 0 {
		return fmt.Errorf("train: create train op: VariablesToTrain is empty: No variables to optimize")
	}
	trainable, err := g.Collection(graph.TrainableVariables, "")
	if err != nil {
		return err
	}
	for _, v := range parts(opt.VariablesToTrain) {
		if v == nil || !slices.Contains(trainable, v) {
			return fmt.Errorf("train: create train op: %v of VariablesToTrain is not in the collection %q", v, graph.TrainableVariables)
		}
	}
	return nil
}

// before makes the loss wait for the given updates, and checks it.
func (opt TrainOpOptions) before(s graph.Scope, loss *graph.Node) (n *graph.Node, err error) {
	n = loss
	if len(opt.UpdateOps) > 0 {
		if n, err = s.Apply("update_barrier", ops.After{}, append([]*graph.Node{n}, opt.UpdateOps...)...); err != nil {
			return nil, err
		}
	}
	if opt.NoCheckNumerics {
		return n, nil
	}
	return s.Apply("train_op/CheckNumerics", ops.CheckNumerics{Message: "LossTensor is inf or nan"}, n)
}

// change multiplies the gradients and then clips them.
func (opt TrainOpOptions) change(s graph.Scope, pairs []GradientAndVariable) ([]GradientAndVariable, error) {
	var err error
	if opt.GradientMultipliers != nil {
		if pairs, err = multiplyGradients(s, pairs, opt.GradientMultipliers, opt.IgnoreUnknownMultipliers); err != nil {
			return nil, err
		}
	}
	if opt.ClipGradientNorm > 0 {
		return ClipGradientNorms(pairs, opt.ClipGradientNorm)
	}
	return pairs, nil
}
