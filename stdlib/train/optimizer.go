package train

import (
	"fmt"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Optimizer changes variables so that a loss becomes smaller.
type Optimizer struct {
	rate  float64
	rule  rule
	name  string // of slots and operations; "" is the rule's
	scope graph.Scope

	schedule Schedule
	rateNode *graph.Node
	byNode   bool // the rate is rateNode
	factors  map[string]float64
	decay    WeightDecayOptions
}

// Named is the optimizer with another name for its slots and operations.
func (o *Optimizer) Named(name string) *Optimizer {
	out := *o
	out.name = name
	return &out
}

// In is the optimizer that puts what it keeps into a scope. As in TensorFlow
// the scope stands before a variable's whole name: net/net/w/Adam.
func (o *Optimizer) In(s graph.Scope) *Optimizer {
	out := *o
	out.scope = s
	return &out
}

func (o *Optimizer) title() string {
	if o.name != "" {
		return o.name
	}
	return o.rule.name
}

// rule is what sets one optimizer apart.
type rule struct {
	name  string
	slots []float64 // kept beside each variable: what each begins with
	// order is the kernel's order of the slots; nil: as they are made.
	order []int
	// powers are scalars kept once for an optimizer, multiplied by themselves
	// at the end of each step.
	powers  []power
	scalars []scalar
	counts  bool       // the kernel takes the number of the step, from 1
	kernel  ops.Kernel // of variable, slots, powers, rate, scalars, step, gradient
	check   error      // what is wrong with the settings
}

type power struct {
	name string
	base float64
}

// scalar is a setting that the kernel takes as an input.
type scalar struct {
	name  string
	value float64
}

// GradientDescent subtracts rate times the gradient
// (tf.train.GradientDescentOptimizer). rate is above 0.
func GradientDescent(rate float64) *Optimizer {
	return &Optimizer{rate: rate, rule: rule{name: "GradientDescent", kernel: ops.ApplyGradientDescent{}}}
}

// MomentumOptions are the settings of MomentumWith.
type MomentumOptions struct {
	LearningRate float64 // above 0
	Momentum     float64 // in [0, 1)
	UseNesterov  bool    // Sutskever et al. 2013
}

// Momentum is gradient descent along a decaying sum of gradients
// (tf.train.MomentumOptimizer). It keeps the slot Momentum, which begins at 0.
func Momentum(rate, momentum float64) *Optimizer {
	return MomentumWith(MomentumOptions{LearningRate: rate, Momentum: momentum})
}

// MomentumWith is Momentum with all its settings.
func MomentumWith(o MomentumOptions) *Optimizer {
	r := rule{name: "Momentum", slots: []float64{0}, scalars: []scalar{{"momentum", o.Momentum}},
		kernel: ops.ApplyMomentum{Nesterov: o.UseNesterov}}
	if o.Momentum < 0 || o.Momentum >= 1 {
		r.check = fmt.Errorf("momentum %g is not in [0, 1)", o.Momentum)
	}
	return &Optimizer{rate: o.LearningRate, rule: r}
}

// AdamOptions are the settings of AdamWith; zero means the default.
type AdamOptions struct {
	LearningRate float64 // default 0.001
	Beta1        float64 // in (0, 1), default 0.9
	Beta2        float64 // in (0, 1), default 0.999
	Epsilon      float64 // default 1e-8, added as "epsilon hat" of the paper's section 2
}

// Adam scales each step by running moments of the gradient (Kingma and Ba,
// arXiv:1412.6980; tf.train.AdamOptimizer). It keeps the slots Adam and
// Adam_1 and the scalars beta1_power and beta2_power.
func Adam(rate float64) *Optimizer { return AdamWith(AdamOptions{LearningRate: rate}) }

// AdamWith is Adam with all its settings.
func AdamWith(o AdamOptions) *Optimizer {
	r := rule{name: "Adam", slots: []float64{0, 0}}
	for _, d := range []struct {
		at    *float64
		value float64
	}{{&o.LearningRate, 1e-3}, {&o.Beta1, 0.9}, {&o.Beta2, 0.999}, {&o.Epsilon, 1e-8}} {
		if *d.at == 0 {
			*d.at = d.value
		}
	}
	if o.Beta1 < 0 || o.Beta1 >= 1 || o.Beta2 < 0 || o.Beta2 >= 1 || o.Epsilon < 0 {
		r.check = fmt.Errorf("beta1 %g and beta2 %g must be in (0, 1), epsilon %g above 0", o.Beta1, o.Beta2, o.Epsilon)
	}
	r.powers = []power{{"beta1_power", o.Beta1}, {"beta2_power", o.Beta2}}
	r.kernel = ops.ApplyAdam{Beta1: o.Beta1, Beta2: o.Beta2, Epsilon: o.Epsilon}
	return &Optimizer{rate: o.LearningRate, rule: r}
}

// Minimize adds the operation of one training step: the gradients of loss
// with respect to vars, and the change of vars by them. Without vars, those
// of TrainableVariables are trained that affect the loss.
//
// Batch normalisation of layers that are trained updates its moving
// statistics in the same step, which TensorFlow leaves to be remembered (its
// UPDATE_OPS).
//
// Errors: an empty list of variables (a scope that matched nothing must not
// train everything), a variable that does not affect the loss, a loss that is
// not a scalar, batch normalisation that works in training mode though none
// of its layer's variables is trained, settings out of range.
func (o *Optimizer) Minimize(loss *graph.Node, vars ...*graph.Variable) (*graph.Operation, error) {
	return o.MinimizeWith(loss, MinimizeOptions{Vars: vars})
}

// MinimizeOptions are the settings of MinimizeWith.
type MinimizeOptions struct {
	// Vars are trained. Default, when nil: all of TrainableVariables that
	// affect the loss.
	Vars []*graph.Variable
	// GlobalStep is counted up by each step. Default: none.
	GlobalStep *graph.Variable
	// NoUpdateOps leaves the moving statistics of batch normalisation as they
	// are, as TensorFlow's minimize does, and asks nothing of frozen layers.
	NoUpdateOps bool
	// GradientMultipliers multiply the gradients of the variables in some
	// scopes, as MultiplyGradients does.
	GradientMultipliers map[string]float64
	// ClipGradientNorm is the largest length of each variable's gradient; see
	// ClipGradientNorms. Default, when 0: none.
	ClipGradientNorm float64
	// ClipGlobalNorm is the largest length of all gradients together; see
	// ClipByGlobalNorm. Default, when 0: none.
	ClipGlobalNorm float64
}

// change multiplies the gradients, then clips them.
func (opt MinimizeOptions) change(pairs []GradientAndVariable) (_ []GradientAndVariable, err error) {
	if opt.ClipGradientNorm < 0 || opt.ClipGlobalNorm < 0 {
		return nil, fmt.Errorf("train: minimize: ClipGradientNorm %g and ClipGlobalNorm %g must be above 0, or 0 for none", opt.ClipGradientNorm, opt.ClipGlobalNorm)
	}
	if opt.GradientMultipliers != nil {
		pairs, err = MultiplyGradients(pairs, opt.GradientMultipliers)
	}
	if err == nil && opt.ClipGradientNorm > 0 {
		pairs, err = ClipGradientNorms(pairs, opt.ClipGradientNorm)
	}
	if err == nil && opt.ClipGlobalNorm > 0 {
		pairs, _, err = ClipByGlobalNorm(pairs, opt.ClipGlobalNorm)
	}
	return pairs, err
}

// MinimizeWith is Minimize with all its settings. A global step that is no
// integer scalar is an error.
func (o *Optimizer) MinimizeWith(loss *graph.Node, opt MinimizeOptions) (*graph.Operation, error) {
	pairs, err := o.ComputeGradients(loss, opt.Vars)
	if err != nil {
		return nil, err
	}
	if pairs, err = opt.change(pairs); err != nil {
		return nil, err
	}
	n, err := o.apply(pairs, opt)
	if err != nil {
		return nil, err
	}
	return graph.Group(o.title(), n)
}

// ComputeGradients pairs variables with the gradients of the loss
// (tf.train.Optimizer.compute_gradients). vars nil means all of
// TrainableVariables that affect the loss. Errors are those of Minimize.
func (o *Optimizer) ComputeGradients(loss *graph.Node, vars []*graph.Variable) ([]GradientAndVariable, error) {
	given := vars != nil
	if loss == nil {
		return nil, fmt.Errorf("train: minimize: the loss is nil")
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if !given {
		var err error
		if vars, err = loss.Graph().Collection(graph.TrainableVariables, ""); err != nil {
			return nil, err
		}
	}
	vars = parts(vars)
	if len(vars) == 0 {
		return nil, fmt.Errorf("train: No variables to optimize: the list is empty; look at Graph.Collection(graph.TrainableVariables, \"\")")
	}
	grads, err := graph.Gradients(loss, vars...)
	if err != nil {
		return nil, err
	}
	var pairs []GradientAndVariable
	var without []string
	for i, v := range vars {
		if grads[i] != nil {
			pairs = append(pairs, GradientAndVariable{grads[i], v})
		} else {
			without = append(without, v.Name())
		}
	}
	if len(pairs) == 0 || given && len(without) > 0 {
		return nil, fmt.Errorf("train: No gradients provided for any variable of %s: the loss %s does not depend on them", someOf(without), loss.Name())
	}
	return pairs, nil
}

// check looks at the settings.
func (o *Optimizer) check() error {
	if o.rule.check != nil {
		return fmt.Errorf("train: %s: %w", o.rule.name, o.rule.check)
	}
	if err := o.checkRate(); err != nil {
		return fmt.Errorf("train: %s: %w", o.rule.name, err)
	}
	return o.checkDecay()
}

// parts puts the parts of variables in their place.
func parts(vars []*graph.Variable) []*graph.Variable {
	out := make([]*graph.Variable, 0, len(vars))
	for _, v := range vars {
		if v != nil && v.Parts() != nil {
			out = append(out, v.Parts()...)
		} else {
			out = append(out, v)
		}
	}
	return out
}

// GradientAndVariable is a variable and the gradient to change it by.
type GradientAndVariable struct {
	Gradient *graph.Node // of the variable's shape
	Variable *graph.Variable
}

// ApplyGradients adds the operation that changes variables by the given
// gradients, which may have been clipped or scaled before
// (tf.train.Optimizer.apply_gradients). An empty list, a variable that stands
// in it twice and a gradient of another shape are errors.
func (o *Optimizer) ApplyGradients(pairs ...GradientAndVariable) (*graph.Operation, error) {
	n, err := o.apply(pairs, MinimizeOptions{})
	if err != nil {
		return nil, err
	}
	return graph.Group(o.title(), n)
}

// updateOps picks the UpdateOps of layers that are trained. Of those that are
// not, the layers that the gradients do not go through are none of this
// step's business; any other is an error: it would normalise by each batch's
// statistics, and its moving ones would drift or stay behind.
func updateOps(g *graph.Graph, pairs []GradientAndVariable) ([]*graph.Node, error) {
	all, err := g.NodeCollection(graph.UpdateOps, "")
	if err != nil {
		return nil, err
	}
	trained := map[string]bool{}
	var gradients []*graph.Node
	for _, p := range pairs {
		trained[layerOf(p.Variable.Name())] = true
		gradients = append(gradients, p.Gradient)
	}
	moving, err := g.NodeCollection(graph.BatchNormStatistics, "")
	if err != nil {
		return nil, err
	}
	upstream := graph.Upstream(gradients...)
	var run []*graph.Node
	var frozen []string
	for _, n := range all {
		layer := layerOf(n.Inputs()[0].Name())
		if trained[layer] || slices.Contains(moving, n) && upstream(statistics(n)) {
			run = append(run, n)
		} else if upstream(statistics(n)) && !slices.Contains(frozen, layer) {
			frozen = append(frozen, layer)
		}
	}
	if len(frozen) > 0 {
		return nil, fmt.Errorf("train: %d layers with batch normalisation are frozen, but were built with IsTraining: they would normalise by each batch's statistics (%s); build frozen layers with IsTraining false, or say what their batch normalisation is to do, in nets.Config.BatchNorm or slim.Args.BatchNormModes",
			len(frozen), strings.Join(frozen[:min(3, len(frozen))], ", "))
	}
	return run, nil
}

// someOf lists a few names.
func someOf(names []string) string {
	if n := len(names); n > 5 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n-3)
	}
	return strings.Join(names, ", ")
}

// statistics is the node of the batch's own statistics that an update is made
// of, nil when there is none.
func statistics(update *graph.Node) *graph.Node {
	for n := update; ; {
		in := n.Inputs()
		switch {
		case n.Op() == "Moments":
			return n
		case len(in) == 0:
			return nil
		case n == update && len(in) > 1:
			n = in[1] // what the variable is moved to
		default:
			n = in[0]
		}
	}
}

// layerOf is a variable's layer: its name without the last segment and
// without BatchNorm.
func layerOf(name string) string {
	i := strings.LastIndex(name, "/")
	return strings.TrimSuffix(name[:max(0, i)], "/BatchNorm")
}
