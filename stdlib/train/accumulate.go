package train

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Accumulation is a training step that is made of several small batches, where
// memory does not hold a large one.
//
//	acc, err := train.Adam(1e-3).Accumulate(loss, train.MinimizeOptions{Vars: head})
//	for _, b := range smallBatches {
//		_, err = sess.Run(graph.Feeds{images: b.Images, labels: b.Labels, acc.Weight: b.Len()}, acc.Add)
//	}
//	_, err = sess.Run(nil, acc.Apply)
//
// With a loss that is the mean over its batch, and Weight the number of
// examples in it, the step is that of all examples together. Batch
// normalisation that is trained sees small batches, and its statistics move
// with each.
type Accumulation struct {
	// Weight is how much a small batch counts: a float32 scalar above 0.
	Weight *graph.Node
	// Add adds the gradients of a small batch.
	Add *graph.Operation
	// Apply changes the variables by the mean gradients, and forgets them.
	Apply *graph.Operation

	vars    []*graph.Variable     // what is kept between
	mean    []GradientAndVariable // the gradients that Apply takes
	updates []*graph.Node         // of batch normalisation, which Add runs
}

// Accumulate is MinimizeWith in two operations. What is kept between them are
// local variables, which are in no checkpoint. Errors are those of
// MinimizeWith.
func (o *Optimizer) Accumulate(loss *graph.Node, opt MinimizeOptions) (*Accumulation, error) {
	pairs, err := o.ComputeGradients(loss, opt.Vars)
	if err != nil {
		return nil, err
	}
	a := &Accumulation{}
	b := &accumulation{a: a, g: loss.Graph(), s: loss.Graph().Scope()}
	if err := b.sum(pairs, opt.NoUpdateOps); err != nil {
		return nil, err
	}
	changed, err := opt.change(a.mean)
	if err != nil {
		return nil, err
	}
	opt.NoUpdateOps = true
	step, err := o.apply(changed, opt)
	if err != nil {
		return nil, err
	}
	return a, b.finish(o.title(), step)
}

// accumulation builds an Accumulation.
type accumulation struct {
	a   *Accumulation
	g   *graph.Graph
	s   graph.Scope
	err error
}

func (b *accumulation) do(name string, k ops.Kernel, in ...*graph.Node) (n *graph.Node) {
	if b.err == nil {
		n, b.err = b.s.Apply("accumulate/"+name, k, in...)
	}
	return n
}

// local makes a variable that begins at 0 and is in no checkpoint.
func (b *accumulation) local(name string, d graph.DType, shape []int) (*graph.Node, error) {
	in, err := b.s.OpenDefault(name + "/Accumulated")
	if err != nil {
		return nil, err
	}
	v, err := in.WithPartitioner(nil).WithRegularizer(nil).GetVariable("", graph.VariableOptions{Shape: shape, DType: d,
		Initializer: graph.Zeros(), NotTrainable: true, Collections: []string{graph.LocalVariables}})
	if err != nil {
		return nil, err
	}
	b.a.vars = append(b.a.vars, v)
	return v.Node(), nil
}

// sum makes the sums of gradients, each times its batch's weight.
func (b *accumulation) sum(pairs []GradientAndVariable, noUpdates bool) (err error) {
	if b.a.Weight, err = b.g.Placeholder("accumulate/weight", graph.Float32); err != nil {
		return err
	}
	total, err := b.local("accumulate/weight", graph.Float32, nil)
	if err != nil {
		return err
	}
	adds := []*graph.Node{b.do("AssignAdd", ops.AssignAdd{}, total, b.a.Weight)}
	for _, p := range pairs {
		sum, err := b.local(p.Variable.Name(), p.Variable.DType(), p.Variable.Shape())
		if err != nil {
			return err
		}
		weight, all := b.a.Weight, total
		if d := p.Variable.DType(); d != graph.Float32 {
			weight, all = b.do("Cast", ops.Cast{To: d}, weight), b.do("Cast", ops.Cast{To: d}, all)
		}
		adds = append(adds, b.do("AssignAdd", ops.AssignAdd{}, sum, b.do("mul", ops.Mul, p.Gradient, weight)))
		b.a.mean = append(b.a.mean, GradientAndVariable{b.do("truediv", ops.DivNoNan, sum, all), p.Variable})
	}
	if b.err == nil && !noUpdates {
		if b.a.updates, err = updateOps(b.g, pairs); err != nil {
			return err
		}
		adds = append(adds, b.a.updates...)
	}
	if b.err != nil {
		return fmt.Errorf("train: accumulate: %w", b.err)
	}
	b.a.Add, err = graph.Group("accumulate", adds...)
	return err
}

// finish makes the sums 0 again after the step.
func (b *accumulation) finish(name string, step *graph.Node) error {
	done := []*graph.Node{step}
	for _, v := range b.a.vars {
		done = append(done, b.do("Assign", ops.Assign{}, v.Node(), b.do("zeros_like", ops.FillLike{}, v.Node())))
	}
	if b.err != nil {
		return fmt.Errorf("train: accumulate: %w", b.err)
	}
	var err error
	b.a.Apply, err = graph.Group(name, done...)
	return err
}
