package train

import (
	"fmt"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// apply makes the node of one step, and notes it in the collection TrainOp.
func (o *Optimizer) apply(pairs []GradientAndVariable, opt MinimizeOptions) (*graph.Node, error) {
	b, err := o.builder(pairs)
	if err != nil {
		return nil, err
	}
	if opt.GlobalStep == nil && (o.schedule != nil || o.rule.counts) {
		if opt.GlobalStep, err = graph.GetOrCreateGlobalStep(b.g.Scope()); err != nil {
			return nil, err
		}
	}
	if err := b.begin(pairs[0].Variable.DType(), opt.GlobalStep); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if err := b.apply(p); err != nil {
			return nil, err
		}
	}
	if err := b.finish(); err != nil {
		return nil, err
	}
	if !opt.NoUpdateOps {
		updates, err := updateOps(b.g, pairs)
		if err != nil {
			return nil, err
		}
		b.done = append(b.done, updates...)
	}
	if opt.GlobalStep != nil {
		if err := b.count(opt.GlobalStep); err != nil {
			return nil, err
		}
	}
	n, err := b.s.Apply(o.title(), ops.After{}, b.done...)
	if err != nil {
		return nil, err
	}
	return n, b.g.AddNodeToCollection(graph.TrainOp, n)
}

// builder checks the pairs of a step.
func (o *Optimizer) builder(pairs []GradientAndVariable) (*stepBuilder, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("train: No variables provided")
	}
	seen := map[*graph.Variable]bool{}
	var vars []*graph.Variable
	for _, p := range pairs {
		switch {
		case p.Gradient == nil || p.Variable == nil:
			return nil, fmt.Errorf("train: gradient %v of variable %v: both are wanted", p.Gradient, p.Variable)
		case p.Variable.Parts() != nil:
			return nil, fmt.Errorf("train: %s is in parts: give the gradients of its parts", p.Variable.Name())
		case seen[p.Variable]:
			return nil, fmt.Errorf("train: %s stands twice in the list of variables to train", p.Variable.Name())
		case p.Variable.Graph() != pairs[0].Variable.Graph():
			return nil, fmt.Errorf("train: %s and %s are of different graphs", p.Variable.Name(), pairs[0].Variable.Name())
		case !slices.Equal(p.Gradient.Shape(), p.Variable.Shape()):
			return nil, fmt.Errorf("train: the gradient of %s has shape %v, the variable %v", p.Variable.Name(), p.Gradient.Shape(), p.Variable.Shape())
		}
		seen[p.Variable], vars = true, append(vars, p.Variable)
	}
	if err := unused("rate multipliers", o.factors, vars); err != nil {
		return nil, err
	}
	b := &stepBuilder{o: o, g: pairs[0].Variable.Graph(), s: o.scope, rates: map[graph.DType][]*graph.Node{}}
	if b.s.Graph() == nil {
		b.s = b.g.Scope()
	}
	if b.s.Graph() != b.g {
		return nil, fmt.Errorf("train: the optimizer's scope is of another graph than %s", pairs[0].Variable.Name())
	}
	return b, nil
}

// stepBuilder builds the operations of one training step.
type stepBuilder struct {
	o      *Optimizer
	g      *graph.Graph
	s      graph.Scope
	rate   *graph.Node                   // the learning rate if it is no constant
	rates  map[graph.DType][]*graph.Node // the learning rate, then the scalars
	powers []*graph.Variable
	step   *graph.Node // the number of the step, for rules that count
	done   []*graph.Node
}

// scalars are the learning rate and the settings in a variable's dtype.
func (b *stepBuilder) scalars(d graph.DType) ([]*graph.Node, error) {
	if b.rates[d] != nil {
		return b.rates[d], nil
	}
	rate, err := b.learningRate(d)
	if err != nil {
		return nil, err
	}
	all := []*graph.Node{rate}
	for _, c := range b.o.rule.scalars {
		n, err := b.g.Scalar(b.o.title()+"/"+c.name, d, c.value)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	b.rates[d] = all
	return all, nil
}

func (b *stepBuilder) learningRate(d graph.DType) (*graph.Node, error) {
	switch {
	case b.rate == nil:
		return b.g.Scalar(b.o.title()+"/learning_rate", d, b.o.rate)
	case b.rate.DType() == d:
		return b.rate, nil
	}
	return b.s.Apply(b.o.title()+"/Cast", ops.Cast{To: d}, b.rate)
}

// rateOf is a variable's own learning rate.
func (b *stepBuilder) rateOf(v *graph.Variable, rate *graph.Node) (*graph.Node, error) {
	by, _ := byScope(b.o.factors, v.Name())
	if by == 1 {
		return rate, nil
	}
	return b.s.Apply(b.o.title()+"/"+v.Name()+"/learning_rate", ops.Affine{By: by}, rate)
}

// begin makes what the optimizer keeps once, in the dtype of its first
// variable, and its learning rate where that is no constant.
func (b *stepBuilder) begin(d graph.DType, step *graph.Variable) (err error) {
	switch {
	case b.o.byNode && b.o.rateNode.Graph() != b.g:
		return fmt.Errorf("train: the learning rate %s is of another graph than the variables", b.o.rateNode.Name())
	case b.o.byNode:
		b.rate = b.o.rateNode
	case b.o.schedule != nil:
		if b.rate, err = LearningRate(b.o.begun(), step); err != nil {
			return err
		}
	}
	if b.o.rule.counts {
		if b.step, err = b.nextStep(step); err != nil {
			return err
		}
	}
	for _, p := range b.o.rule.powers {
		first, err := graph.FromFloat64s([]float64{p.base})
		if err == nil {
			first, err = graph.Fit(first, d)
		}
		if err != nil {
			return err
		}
		v, err := b.s.NewVariable(p.name, first, graph.VariableOptions{NotTrainable: true, Collections: slotKeys()})
		if err != nil {
			return err
		}
		b.powers = append(b.powers, v)
	}
	return nil
}

// nextStep is the global step as an int64, this step included.
func (b *stepBuilder) nextStep(step *graph.Variable) (*graph.Node, error) {
	if err := graph.AssertGlobalStep(step); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	n, err := b.s.Apply(b.o.title()+"/Cast", ops.Cast{To: graph.Int64}, step.Node())
	if err != nil {
		return nil, err
	}
	one, err := b.g.Scalar(b.o.title()+"/one", graph.Int64, 1)
	if err != nil {
		return nil, err
	}
	return b.s.Apply(b.o.title()+"/add", ops.Add, n, one)
}

func slotKeys() []string { return []string{graph.GlobalVariables, graph.OptimizerVariables} }

// slotOf makes a variable that is kept beside another; when one of that name is
// there already, it becomes name_1, as in TensorFlow.
func slotOf(s graph.Scope, v *graph.Variable, name string, init graph.Initializer, keys []string) (*graph.Variable, error) {
	in, err := s.OpenDefault(v.Name() + "/" + name)
	if err != nil {
		return nil, err
	}
	plain := in.WithPartitioner(nil).WithRegularizer(nil)
	out, err := plain.GetVariable("", graph.VariableOptions{Shape: v.Shape(), DType: v.DType(), Initializer: init, NotTrainable: true, Collections: keys})
	if err != nil || v.Slice() == nil {
		return out, err
	}
	whole := *v.Slice()
	whole.FullName += out.Name()[strings.LastIndex(out.Name(), v.Name())+len(v.Name()):]
	return out, out.SetSlice(whole)
}

func (b *stepBuilder) apply(p GradientAndVariable) error {
	in := []*graph.Node{p.Variable.Node()}
	slots := make([]*graph.Node, len(b.o.rule.slots))
	for i, first := range b.o.rule.slots {
		v, err := slotOf(b.s, p.Variable, b.o.title(), graph.Constants{Value: first}, slotKeys())
		if err != nil {
			return err
		}
		if b.o.rule.order != nil {
			i = b.o.rule.order[i]
		}
		slots[i] = v.Node()
	}
	in = append(in, slots...)
	for _, v := range b.powers {
		in = append(in, v.Node())
	}
	rates, err := b.scalars(p.Variable.DType())
	if err != nil {
		return err
	}
	rate, err := b.rateOf(p.Variable, rates[0])
	if err != nil {
		return err
	}
	if err := b.decay(p, rate); err != nil {
		return err
	}
	in = append(append(in, rate), rates[1:]...)
	if b.step != nil {
		in = append(in, b.step)
	}
	in = append(in, p.Gradient)
	n, err := b.s.Apply(b.o.title()+"/update_"+p.Variable.Name()+"/"+b.o.rule.kernel.Name(), b.o.rule.kernel, in...)
	if err != nil {
		return err
	}
	b.done = append(b.done, n)
	return nil
}

// decay takes the decayed part of a variable away, before its step.
func (b *stepBuilder) decay(p GradientAndVariable, rate *graph.Node) error {
	if !b.o.decays(p.Variable) {
		return nil
	}
	n, err := b.s.Apply(b.o.title()+"/decay_"+p.Variable.Name(), ops.ApplyWeightDecay{By: b.o.decay.Decay}, p.Variable.Node(), rate, p.Gradient)
	b.done = append(b.done, n)
	return err
}

// finish multiplies the powers, after all variables have used them.
func (b *stepBuilder) finish() error {
	for i, v := range b.powers {
		next, err := b.s.Apply(b.o.title()+"/mul", ops.Affine{By: b.o.rule.powers[i].base}, v.Node())
		if err != nil {
			return err
		}
		n, err := b.s.Apply(b.o.title()+"/Assign", ops.Assign{}, v.Node(), next)
		if err != nil {
			return err
		}
		b.done = append(b.done, n)
	}
	return nil
}

// count adds one to the global step.
func (b *stepBuilder) count(step *graph.Variable) error {
	if err := graph.AssertGlobalStep(step); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	one, err := b.g.Scalar(b.o.title()+"/value", step.DType(), 1)
	if err != nil {
		return err
	}
	n, err := b.s.Apply(b.o.title()+"/AssignAdd", ops.AssignAdd{}, step.Node(), one)
	if err != nil {
		return err
	}
	b.done = append(b.done, n)
	return nil
}
