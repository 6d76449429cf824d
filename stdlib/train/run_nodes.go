package train

import (
	"fmt"
	"slices"
	"strings"

	"graft/ckpt/tensors"
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// runNodes are what Run adds to a graph, once for a loss, its variables and an
// optimizer: another rate needs no other nodes, since it is fed.
type runNodes struct {
	rate       *graph.Node // fed; nil where the optimizer's is a node
	loss       *graph.Node // fails when it is not finite
	norm       *graph.Node // of all gradients, fails likewise
	step       *graph.Operation
	sum        *Accumulation // with SmallBatch, instead of step
	gradients  []GradientAndVariable
	updates    []*graph.Node // of batch normalisation, which the step runs
	globalStep *graph.Variable
	batch      bool // Logits are part of Loss: the batch's accuracy is at hand
	frozen     bool // there is a part that is the same for an example each time
}

// nodesKey is what runNodes are kept under.
type nodesKey struct {
	loss, images, logits *graph.Node
	rest                 string
}

// describe is what a step depends on, without the learning rate.
func (o Options) describe() string {
	p := o.Optimizer
	names := make([]string, len(o.Vars))
	for i, v := range o.Vars {
		if v != nil {
			names[i] = v.Name()
		}
	}
	if o.Vars == nil {
		names = []string{"all"}
	}
	rate := ""
	if p.byNode {
		rate = p.rateNode.Name()
	}
	m := o.Minimize
	return fmt.Sprintf("%s by %s %T%+v %s %v %v %s; %v; %v %v %g %g; accumulates %v", o.Loss.Name(), p.title(), p.rule.kernel, p.rule.kernel,
		p.scopePath(), p.decay, p.factors, rate, names, m.NoUpdateOps, m.GradientMultipliers, m.ClipGradientNorm, m.ClipGlobalNorm, o.SmallBatch > 0)
}

// nodes finds or makes the nodes.
func (o Options) nodes() (*runNodes, error) {
	key := nodesKey{o.Loss, o.Images, o.Logits, o.describe()}
	if n, ok := o.Session.Kept(key).(*runNodes); ok {
		return n, nil
	}
	n, err := o.build()
	if err != nil {
		if strings.HasPrefix(err.Error(), "train: ") {
			return nil, err // Optimizer's own
		}
		return nil, fmt.Errorf("train: run: %w", err)
	}
	o.Session.Keep(key, n)
	return n, nil
}

// build adds the nodes of a step.
func (o Options) build() (n *runNodes, err error) {
	if err := o.Optimizer.check(); err != nil {
		return nil, err
	}
	n = &runNodes{}
	g := o.Loss.Graph()
	p := o.Optimizer
	if !p.byNode {
		if n.rate, err = g.Placeholder("train/learning_rate", graph.Float32); err != nil {
			return nil, err
		}
		p = p.RateFrom(n.rate)
	}
	if n.globalStep, err = graph.GetOrCreateGlobalStep(g.Scope()); err != nil {
		return nil, err
	}
	if n.loss, err = g.Scope().Apply("train/CheckNumerics", &finite{"the loss"}, o.Loss); err != nil {
		return nil, err
	}
	opt := o.Minimize
	opt.Vars, opt.GlobalStep = o.Vars, n.globalStep
	if o.SmallBatch > 0 {
		if n.sum, err = p.Accumulate(o.Loss, opt); err != nil {
			return nil, err
		}
		n.gradients, n.updates = n.sum.mean, n.sum.updates
	} else if err := n.minimize(p, o.Loss, opt); err != nil {
		return nil, err
	}
	if n.norm, err = globalNorm(n.gradients); err != nil {
		return nil, err
	}
	n.batch = o.Logits != nil && graph.Upstream(o.Loss)(o.Logits)
	n.frozen = frozenPart(o.Loss, o.Images, n.gradients)
	return n, nil
}

// minimize is Optimizer.MinimizeWith that keeps the gradients.
func (n *runNodes) minimize(p *Optimizer, loss *graph.Node, opt MinimizeOptions) (err error) {
	if n.gradients, err = p.ComputeGradients(loss, opt.Vars); err != nil {
		return err
	}
	if !opt.NoUpdateOps {
		if n.updates, err = updateOps(loss.Graph(), n.gradients); err != nil {
			return err
		}
	}
	changed, err := opt.change(n.gradients)
	if err != nil {
		return err
	}
	step, err := p.apply(changed, opt)
	if err != nil {
		return err
	}
	n.step, err = graph.Group(p.title(), step)
	return err
}

// globalNorm is the length of all gradients together, which must be finite.
func globalNorm(pairs []GradientAndVariable) (*graph.Node, error) {
	s := pairs[0].Gradient.Graph().Scope()
	c := &clip{s: s}
	var halves []*graph.Node
	for _, p := range pairs {
		half := c.do("train/L2Loss", ops.L2Loss{}, p.Gradient)
		if p.Gradient.DType() != graph.Float32 {
			half = c.do("train/Cast", ops.Cast{To: graph.Float32}, half)
		}
		halves = append(halves, half)
	}
	norm := c.do("train/Sqrt", ops.Sqrt, c.do("train/mul", ops.Affine{By: 2}, c.do("train/AddN", ops.AddN{}, halves...)))
	return c.do("train/global_norm", &finite{"the gradient"}, norm), c.err
}

// frozenPart reports whether a part of the net is the same for an example each
// time it comes: a convolution or a product that examples pass before anything
// that is trained, random, or of the batch as a whole.
func frozenPart(loss, images *graph.Node, trained []GradientAndVariable) bool {
	changes := map[*graph.Node]bool{}
	for _, p := range trained {
		changes[p.Variable.Node()] = true
	}
	const unknown, apart, frozen, changing = 0, 1, 2, 3 // of what an example makes
	kinds, found := map[*graph.Node]int{images: frozen}, false
	var visit func(n *graph.Node) int
	visit = func(n *graph.Node) int {
		if k := kinds[n]; k != unknown {
			return k
		}
		kind := apart
		for _, in := range n.Inputs() {
			kind = max(kind, visit(in))
		}
		if op := n.Op(); changes[n] || op == "Moments" || strings.Contains(op, "Drop") {
			kind = changing
		} else if kind == frozen && slices.Contains([]string{"Conv2D", "DepthwiseConv2dNative", "DepthwiseConv2D", "MatMul"}, op) {
			found = true
		}
		kinds[n] = kind
		return kind
	}
	visit(loss)
	return found
}

// finite passes a scalar on that is neither infinite nor NaN.
type finite struct{ what string }

// notFinite is its error.
type notFinite struct {
	what  string
	value float64
}

func (e *notFinite) Error() string { return fmt.Sprintf("%s is %g", e.what, e.value) }

// Name implements ops.Kernel.
func (k *finite) Name() string { return "CheckNumerics" }

// Infer implements ops.Kernel.
func (k *finite) Infer(in []ops.Spec) (ops.Spec, error) {
	if len(in) != 1 || len(in[0].Shape) != 0 || in[0].DType != tensors.Float32 && in[0].DType != tensors.Float64 {
		return ops.Spec{}, fmt.Errorf("%s must be a float scalar, it is %v", k.what, in)
	}
	return in[0], nil
}

// Run implements ops.Kernel.
func (k *finite) Run(_ *ops.Ctx, out *ops.Value, in []*ops.Value) error {
	x := 0.0
	if in[0].DType == tensors.Float32 {
		out.F32[0] = in[0].F32[0]
		x = float64(out.F32[0])
	} else {
		out.F64[0] = in[0].F64[0]
		x = out.F64[0]
	}
	if x-x != 0 {
		return &notFinite{k.what, x}
	}
	return nil
}

// scopePath is where the optimizer keeps its slots.
func (o *Optimizer) scopePath() string {
	if o.scope.Graph() == nil {
		return ""
	}
	return o.scope.Path()
}
