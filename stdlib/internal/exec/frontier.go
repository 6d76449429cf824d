package exec

import (
	"slices"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
)

// Frontier are the nodes where the part of the computation ends that is the
// same for an example whenever it comes: it depends on fed examples, row by
// row, and on values that the run does not change, and on nothing random. The
// rest of the plan may be computed from these nodes alone.
//
// Only nodes behind a convolution or a product are given: what is cheaper to
// compute than to remember is not worth it.
func (p *Plan) Frontier() []*ops.Node { return p.frontier }

// FrontierShape is the shape of a node of the frontier.
func (p *Plan) FrontierShape(i int) []int { return p.frontierShapes[i] }

// Upstream are the leaves that the frontier depends on.
func (p *Plan) Upstream() []*ops.Node { return p.upstream }

// part says what a value depends on.
type part int

const (
	other  part = iota // on other examples of the batch, on what changes, on chance
	fixed              // only on values that stay as they are
	byRow              // row i on row i of what is fed, and on fixed values
	costly             // byRow, behind a convolution or a product
)

// findFrontier sorts the plan's values into parts. It comes before anything is
// fused, since what is fused has no node of its own.
func (b *planner) findFrontier() {
	parts := map[*ops.Node]part{}
	batch := -1
	for _, n := range b.leaves {
		shape := b.specs[n].Shape
		switch {
		case b.stable[n] && !b.written[n]:
			parts[n] = fixed
		case !b.stable[n] && len(shape) > 0 && (batch < 0 || shape[0] == batch):
			parts[n], batch = byRow, shape[0]
		}
	}
	if batch < 1 {
		return
	}
	b.batch = batch
	used := map[*ops.Node]bool{} // by something that is not byRow
	for _, s := range b.steps {
		parts[s.node] = b.partOf(s, parts, batch)
		for _, a := range s.args {
			used[a.node] = used[a.node] || parts[s.node] < byRow
		}
	}
	for _, s := range b.steps {
		ends := used[s.node] || b.fetched[s.node]
		if !b.Changes() {
			// Without training everything is frozen; what training has found
			// serves here too.
			ends = b.opt.Remembered != nil && b.opt.Remembered(s.node)
		}
		if parts[s.node] == costly && ends && b.specs[s.node].DType == tensors.Float32 {
			b.frontier = append(b.frontier, s.node)
			b.frontierShapes = append(b.frontierShapes, b.specs[s.node].Shape)
		}
	}
	b.findUpstream()
	b.byRows = !b.Changes()
	for n := range b.fetched {
		b.byRows = b.byRows && parts[n] >= byRow
	}
}

// findUpstream lists the leaves above the frontier.
func (b *planner) findUpstream() {
	needed := map[*ops.Node]bool{}
	for _, n := range b.frontier {
		needed[n] = true
	}
	for i := len(b.steps) - 1; i >= 0 && len(needed) > 0; i-- {
		if s := b.steps[i]; needed[s.node] {
			for _, a := range s.args {
				needed[a.node] = true
			}
		}
	}
	for _, n := range b.leaves {
		if needed[n] {
			b.upstream = append(b.upstream, n)
		}
	}
}

func (b *planner) partOf(s step, parts map[*ops.Node]part, batch int) part {
	if _, chance := s.kernel.(ops.Stochastic); chance || s.writes >= 0 {
		return other
	}
	most := fixed
	for _, a := range s.args {
		if parts[a.node] == other {
			return other
		}
		most = max(most, parts[a.node])
	}
	if most == fixed {
		return fixed
	}
	shape := b.specs[s.node].Shape
	if len(shape) == 0 || shape[0] != batch || !b.rowwise(s, parts) {
		return other
	}
	switch s.kernel.(type) {
	case ops.Conv2D, ops.DepthwiseConv2D, ops.MatMul:
		return costly
	}
	return most
}

// rowwise reports whether row i of a step's result depends on row i of its
// byRow inputs alone. What it does not know is not.
func (b *planner) rowwise(s step, parts map[*ops.Node]part) bool {
	// from says which inputs must be byRow, and that all others must be fixed.
	from := func(n int) bool {
		for i, a := range s.args {
			if (parts[a.node] >= byRow) != (i < n) {
				return false
			}
		}
		return true
	}
	shape := b.specs[s.args[0].node].Shape
	switch k := s.kernel.(type) {
	case ops.Unary, ops.Affine, ops.Identity, ops.StopGradient, ops.Cast, ops.Conv2D, ops.DepthwiseConv2D, ops.BiasAdd, ops.BatchNorm, ops.LRN, ops.Resize, ops.Pad:
		return from(1)
	case ops.MaxPool, ops.AvgPool:
		return from(1)
	case ops.MatMul:
		return !k.TransposeA && from(1)
	case ops.Softmax, ops.LogSoftmax:
		return len(shape) > 1 && from(1)
	case ops.AddN:
		return from(len(s.args))
	case ops.Concat:
		return k.Axis > 0 && from(len(s.args))
	case ops.Reduce:
		return !k.Axes.Has(0) && from(1)
	case ops.ArgMax:
		return k.Axis != 0 && k.Axis != -len(shape) && from(1)
	case ops.Squeeze:
		return shape[0] > 1 && from(1)
	case ops.Reshape:
		// The first axis stays the batch, and elements their order; with any
		// other number of rows too, unless it is the rows' length that gives way.
		sizes, _ := k.Shape.Slice()
		return (sizes[0] == ops.Unknown || !slices.Contains(sizes, ops.Unknown)) && from(1)
	case ops.Binary:
		return b.rowwiseSum(s, parts)
	}
	return false
}

// rowwiseSum is rowwise for functions that broadcast: an input without rows
// must be the same for all of them.
func (b *planner) rowwiseSum(s step, parts map[*ops.Node]part) bool {
	rank := len(b.specs[s.node].Shape)
	for _, a := range s.args {
		shape := b.specs[a.node].Shape
		rows := len(shape) == rank && shape[0] > 1
		if rows != (parts[a.node] >= byRow) {
			return false
		}
	}
	return true
}
