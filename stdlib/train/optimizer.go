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
	rate float64
	rule rule
}

// rule is what sets one optimizer apart.
type rule struct {
	name  string
	slots []slot // kept beside each variable
	// powers are scalars kept once for an optimizer, multiplied by themselves
	// at the end of each step.
	powers  []power
	scalars []scalar
	kernel  ops.Kernel // of variable, slots, powers, rate, scalars, gradient
	check   error      // what is wrong with the settings
}

type slot struct {
	name  string // behind the variable's
	first float64
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
	return &Optimizer{rate, rule{name: "GradientDescent", kernel: ops.ApplyGradientDescent{}}}
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
	r := rule{name: "Momentum", slots: []slot{{"Momentum", 0}}, scalars: []scalar{{"momentum", o.Momentum}},
		kernel: ops.ApplyMomentum{Nesterov: o.UseNesterov}}
	if o.Momentum < 0 || o.Momentum >= 1 {
		r.check = fmt.Errorf("momentum %g is not in [0, 1)", o.Momentum)
	}
	return &Optimizer{o.LearningRate, r}
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
	r := rule{name: "Adam", slots: []slot{{"Adam", 0}, {"Adam_1", 0}}}
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
	return &Optimizer{o.LearningRate, r}
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
	given := vars != nil
	if loss == nil {
		return nil, fmt.Errorf("train: minimize: the loss is nil")
	}
	if o.rule.check != nil {
		return nil, fmt.Errorf("train: %s: %w", o.rule.name, o.rule.check)
	}
	if !(o.rate > 0) {
		return nil, fmt.Errorf("train: %s: learning rate %g must be above 0", o.rule.name, o.rate)
	}
	if !given {
		var err error
		if vars, err = loss.Graph().Collection(graph.TrainableVariables, ""); err != nil {
			return nil, err
		}
	}
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
		return nil, fmt.Errorf("train: No gradients provided for any of %s: the loss %s does not depend on them", strings.Join(without, ", "), loss.Name())
	}
	return o.ApplyGradients(pairs...)
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
	if len(pairs) == 0 {
		return nil, fmt.Errorf("train: No variables provided")
	}
	b := &stepBuilder{o: o, g: pairs[0].Variable.Graph()}
	if err := b.begin(); err != nil {
		return nil, err
	}
	seen := map[*graph.Variable]bool{}
	for _, p := range pairs {
		if seen[p.Variable] {
			return nil, fmt.Errorf("train: %s stands twice in the list of variables to train", p.Variable.Name())
		}
		seen[p.Variable] = true
		if !slices.Equal(p.Gradient.Shape(), p.Variable.Shape()) {
			return nil, fmt.Errorf("train: the gradient of %s has shape %v, the variable %v", p.Variable.Name(), p.Gradient.Shape(), p.Variable.Shape())
		}
		if err := b.apply(p); err != nil {
			return nil, err
		}
	}
	if err := b.finish(); err != nil {
		return nil, err
	}
	updates, err := updateOps(b.g, seen)
	if err != nil {
		return nil, err
	}
	return graph.Group(o.rule.name, append(b.done, updates...)...)
}

// stepBuilder builds the operations of one training step.
type stepBuilder struct {
	o      *Optimizer
	g      *graph.Graph
	rates  []*graph.Node // the learning rate, then the scalars
	powers []*graph.Variable
	done   []*graph.Node
}

func (b *stepBuilder) begin() error {
	for _, c := range append([]scalar{{"learning_rate", b.o.rate}}, b.o.rule.scalars...) {
		n, err := b.g.Scalar(b.o.rule.name+"/"+c.name, graph.Float32, c.value)
		if err != nil {
			return err
		}
		b.rates = append(b.rates, n)
	}
	for _, p := range b.o.rule.powers {
		v, err := b.slot(p.name, nil, p.base)
		if err != nil {
			return err
		}
		b.powers = append(b.powers, v)
	}
	return nil
}

// slot makes a variable of the optimizer's; when another optimizer has one of
// that name already, it becomes name_1, as in TensorFlow.
func (b *stepBuilder) slot(name string, shape []int, first float64) (*graph.Variable, error) {
	free := name
	for i := 1; ; i++ {
		if _, err := b.g.Variable(free); err != nil {
			break
		}
		free = fmt.Sprintf("%s_%d", name, i)
	}
	return b.g.Scope().GetVariable(free, graph.VariableOptions{Shape: shape, Initializer: graph.Constants{Value: first},
		NotTrainable: true, Collections: []string{graph.GlobalVariables, graph.OptimizerVariables}})
}

func (b *stepBuilder) apply(p GradientAndVariable) error {
	in := []*graph.Node{p.Variable.Node()}
	for _, s := range b.o.rule.slots {
		v, err := b.slot(p.Variable.Name()+"/"+s.name, p.Variable.Shape(), s.first)
		if err != nil {
			return err
		}
		in = append(in, v.Node())
	}
	for _, v := range b.powers {
		in = append(in, v.Node())
	}
	in = append(append(in, b.rates...), p.Gradient)
	n, err := b.g.Scope().Apply(b.o.rule.name+"/update_"+p.Variable.Name()+"/"+b.o.rule.kernel.Name(), b.o.rule.kernel, in...)
	if err != nil {
		return err
	}
	b.done = append(b.done, n)
	return nil
}

// finish multiplies the powers, after all variables have used them.
func (b *stepBuilder) finish() error {
	for i, v := range b.powers {
		next, err := b.g.Scope().Apply(b.o.rule.name+"/mul", ops.Affine{By: b.o.rule.powers[i].base}, v.Node())
		if err != nil {
			return err
		}
		n, err := b.g.Scope().Apply(b.o.rule.name+"/Assign", ops.Assign{}, v.Node(), next)
		if err != nil {
			return err
		}
		b.done = append(b.done, n)
	}
	return nil
}

// updateOps picks the UpdateOps of layers that are trained. A layer in
// training mode of which nothing is trained is an error: it would normalise by
// each batch's statistics, and its moving ones would drift or stay behind.
func updateOps(g *graph.Graph, trained map[*graph.Variable]bool) ([]*graph.Node, error) {
	all, err := g.NodeCollection(graph.UpdateOps, "")
	if err != nil {
		return nil, err
	}
	scopes := map[string]bool{}
	for v := range trained {
		scopes[layerOf(v.Name())] = true
	}
	var run []*graph.Node
	var frozen []string
	for _, n := range all {
		layer := layerOf(n.Inputs()[0].Name())
		if scopes[layer] {
			run = append(run, n)
		} else if !slices.Contains(frozen, layer) {
			frozen = append(frozen, layer)
		}
	}
	if len(frozen) > 0 {
		return nil, fmt.Errorf("train: %d layers with batch normalisation are frozen, but were built with IsTraining: they would normalise by each batch's statistics (%s); build frozen layers with IsTraining false",
			len(frozen), strings.Join(frozen[:min(3, len(frozen))], ", "))
	}
	return run, nil
}

// layerOf is a variable's layer: its name without the last segment and
// without BatchNorm.
func layerOf(name string) string {
	i := strings.LastIndex(name, "/")
	return strings.TrimSuffix(name[:max(0, i)], "/BatchNorm")
}
