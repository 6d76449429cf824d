package exec

import (
	"fmt"
	"math"
	"time"

	"graft/stdlib/internal/ops"
)

// NotFinite says which value of a run was the first that was not finite:
// everything that it was computed from is.
type NotFinite struct {
	Node     string // its name
	Kernel   string // what computed it; "" for what is fed and for a variable
	Spec     ops.Spec
	NaN, Inf int // elements
}

// Error implements error.
func (n *NotFinite) Error() string {
	var what string
	switch {
	case n.Inf == 0:
		what = fmt.Sprintf("%d NaN", n.NaN)
	case n.NaN == 0:
		what = fmt.Sprintf("%d infinite", n.Inf)
	default:
		what = fmt.Sprintf("%d NaN and %d infinite", n.NaN, n.Inf)
	}
	of := fmt.Sprintf("%s elements of %v", what, n.Spec)
	if n.Kernel == "" {
		return fmt.Sprintf("%s has %s", n.Node, of)
	}
	return fmt.Sprintf("%s is the first with %s: %s made them of finite inputs", n.Node, of, n.Kernel)
}

// RunChecked is Run that ends with a NotFinite error at the first value with a
// NaN or infinite element, before any variable is changed.
func (p *Plan) RunChecked(c *ops.Ctx, leaves []*ops.Value, versions []uint64) ([]*ops.Value, error) {
	if err := p.checkLeaves(c, leaves); err != nil {
		return nil, err
	}
	p.watch = func(s *step, _ time.Duration) error { return p.checkStep(c, s) }
	defer func() { p.watch = nil }()
	return p.Run(c, leaves, versions)
}

// Check is RunChecked without the part of the run that changes variables, nor
// what comes after that.
func (p *Plan) Check(c *ops.Ctx, leaves []*ops.Value, versions []uint64) error {
	if err := p.checkLeaves(c, leaves); err != nil {
		return err
	}
	early := 0
	for early < len(p.steps) && !p.steps[early].late {
		early++
	}
	all, fetch := p.steps, p.fetch
	p.steps, p.fetch = all[:early], nil
	p.watch = func(s *step, _ time.Duration) error { return p.checkStep(c, s) }
	defer func() { p.steps, p.fetch, p.watch = all, fetch, nil }()
	_, err := p.Run(c, leaves, versions)
	return err
}

func (p *Plan) checkLeaves(c *ops.Ctx, leaves []*ops.Value) error {
	for i, n := range p.leaves {
		if err := notFinite(c, leaves[i]); err != nil {
			err.Node = p.names(n)
			return err
		}
	}
	return nil
}

func (p *Plan) checkStep(c *ops.Ctx, s *step) error {
	if err := notFinite(c, p.values[s.out]); err != nil {
		err.Node, err.Kernel = p.names(s.node), s.kernel.Name()
		return err
	}
	return nil
}

// notFinite counts what is not finite, nil if there is nothing.
func notFinite(c *ops.Ctx, v *ops.Value) *NotFinite {
	if c.AllFinite(v) {
		return nil
	}
	n := &NotFinite{Spec: v.Spec()}
	count := func(x float64) {
		if math.IsNaN(x) {
			n.NaN++
		} else if math.IsInf(x, 0) {
			n.Inf++
		}
	}
	for _, x := range v.F32 {
		count(float64(x))
	}
	for _, x := range v.F64 {
		count(x)
	}
	return n
}
