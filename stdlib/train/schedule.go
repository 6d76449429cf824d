package train

import (
	"fmt"
	"math"
	"reflect"

	"graft/ckpt/tensors"
	"graft/stdlib/charts"
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Schedule is a learning rate that depends on the step: ExponentialDecay and
// its like, or a type of one's own.
//
//	train.Adam(1e-3).Schedule(train.CosineDecay{DecaySteps: 1000})
type Schedule interface {
	// Rate is the learning rate of a step, which counts from 0; it must be
	// finite and at least 0. It must not use a session.
	Rate(step int) float64
}

// planned is a Schedule of this package.
type planned interface {
	Schedule
	// from is the schedule with a rate to begin with, if it has none itself.
	from(rate float64) Schedule
	check() error
}

// Schedule is the optimizer with a learning rate that depends on the global
// step, which is made if the graph has none, and counted by each step. The
// rate that the optimizer was made with is where a schedule begins whose
// LearningRate is 0; any other schedule replaces it.
func (o *Optimizer) Schedule(s Schedule) *Optimizer {
	out := *o
	out.schedule, out.rateNode = s, nil
	return &out
}

// RateFrom is the optimizer with a learning rate that is a node: a placeholder
// that each run feeds, a variable, or what LearningRate gives. It must be a
// float32 or float64 scalar.
func (o *Optimizer) RateFrom(rate *graph.Node) *Optimizer {
	out := *o
	out.schedule, out.rateNode, out.byNode = nil, rate, true
	return &out
}

// RateAt is the learning rate of a step, which counts from 0. An optimizer
// whose rate is a node does not know it: NaN.
func (o *Optimizer) RateAt(step int) float64 {
	switch s := o.begun(); {
	case o.byNode:
		return math.NaN()
	case s != nil:
		return s.Rate(step)
	}
	return o.rate
}

// begun is the optimizer's schedule with the rate it begins with, nil without
// one.
func (o *Optimizer) begun() Schedule {
	if p, ok := o.schedule.(planned); ok {
		return p.from(o.rate)
	}
	return o.schedule
}

// checkRate looks at the learning rate's settings.
func (o *Optimizer) checkRate() error {
	switch p, ours := o.schedule.(planned); {
	case o.byNode && o.rateNode == nil:
		return fmt.Errorf("the learning rate is a nil node")
	case o.byNode:
		if n := o.rateNode; len(n.Shape()) != 0 || n.DType() != graph.Float32 && n.DType() != graph.Float64 {
			return fmt.Errorf("learning rate %v: a float scalar is wanted", n)
		}
		return nil
	case ours:
		if err := p.check(); err != nil {
			return err
		}
		if !(o.rate > 0) && !reflect.DeepEqual(p.from(1), p.from(2)) {
			return fmt.Errorf("neither the optimizer nor its schedule %T has a learning rate above 0", p)
		}
		return rateError(o.begun().Rate(0), 0)
	case o.schedule == nil && !(o.rate > 0):
		return fmt.Errorf("learning rate %g must be above 0", o.rate)
	}
	return nil
}

// rateError is what is wrong with a rate, nil if nothing.
func rateError(rate float64, step int) error {
	if !(rate >= 0) || math.IsInf(rate, 1) {
		return fmt.Errorf("learning rate %g of step %d: a finite number of at least 0 is wanted", rate, step)
	}
	return nil
}

// LearningRate is a node with the schedule's rate at the global step: a
// float32 scalar (what tf.train.exponential_decay and its like return).
// Errors: a nil schedule, settings out of range, a step that is no integer
// scalar; in a run, a rate that is negative or not finite.
func LearningRate(s Schedule, globalStep *graph.Variable) (*graph.Node, error) {
	if s == nil {
		return nil, fmt.Errorf("train: learning rate: the schedule is nil")
	}
	if p, ok := s.(planned); ok {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("train: learning rate: %w", err)
		}
	}
	if err := graph.AssertGlobalStep(globalStep); err != nil {
		return nil, fmt.Errorf("train: learning rate: %w", err)
	}
	return globalStep.Graph().Scope().Apply("learning_rate", &rateKernel{s}, globalStep.Node())
}

// rateKernel computes the rate of a step.
type rateKernel struct{ s Schedule }

// Name implements ops.Kernel.
func (k *rateKernel) Name() string { return "LearningRate" }

// Infer implements ops.Kernel.
func (k *rateKernel) Infer(in []ops.Spec) (ops.Spec, error) {
	if len(in) != 1 || len(in[0].Shape) != 0 {
		return ops.Spec{}, fmt.Errorf("the global step is wanted, an integer scalar")
	}
	return ops.Spec{DType: tensors.Float32}, nil
}

// Run implements ops.Kernel.
func (k *rateKernel) Run(_ *ops.Ctx, out *ops.Value, in []*ops.Value) error {
	step := 0
	if in[0].DType == tensors.Int32 {
		step = int(in[0].I32[0])
	} else {
		step = int(in[0].I64[0])
	}
	rate := k.s.Rate(step)
	out.F32[0] = float32(rate)
	return rateError(rate, step)
}

// PlotSchedule is a chart of a schedule over its first steps. Errors: a nil
// schedule, fewer than 1 step.
func PlotSchedule(s Schedule, steps int) (*charts.Curves, error) {
	if s == nil || steps < 1 {
		return nil, fmt.Errorf("train: plot of %v over %d steps: a schedule and at least 1 step are wanted", s, steps)
	}
	c := &charts.Curves{Title: fmt.Sprintf("%T", s), XLabel: "step", YLabel: "learning rate"}
	for i := range 200 {
		if step := i * (steps - 1) / 199; i == 0 || steps >= 200 || step > (i-1)*(steps-1)/199 {
			c.Add("", float64(step), s.Rate(step))
		}
	}
	return c, nil
}
