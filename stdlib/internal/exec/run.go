package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"graft/stdlib/internal/ops"
)

// Run computes the fetched values from those of the leaves, of which versions
// count the changes. The results are the caller's own. A kernel's error, or
// panic, names the node; the variables that were changed before it stay
// changed. An interrupt leaves none half changed: from where all that is left
// is to write variables, it comes too late.
func (p *Plan) Run(c *ops.Ctx, leaves []*ops.Value, versions []uint64) ([]*ops.Value, error) {
	copy(p.values, leaves)
	defer clear(p.values[:len(leaves)]) // do not keep the caller's feeds alive
	for i, d := range p.derived {
		v, err := d.current(leaves, versions)
		if err != nil {
			return nil, err
		}
		p.values[len(leaves)+i] = v
	}
	p.take()
	defer p.release()
	c.Pool.Start()
	defer c.Pool.Stop()
	for i := range p.steps {
		if i == p.commit {
			c.Context = context.WithoutCancel(c.Context)
		}
		if err := c.Context.Err(); err != nil {
			return nil, err
		}
		start := p.begin()
		if err := p.step(c, &p.steps[i]); err != nil {
			return nil, err
		}
		if p.watch != nil {
			if err := p.watch(&p.steps[i], time.Since(start)); err != nil {
				return nil, err
			}
		}
	}
	out := make([]*ops.Value, len(p.fetch))
	for i, k := range p.fetch {
		if k >= 0 {
			out[i] = clone(p.values[k])
		}
	}
	return out, nil
}

// commitment is the step from which on a run only writes variables, and
// computes next to nothing.
func (b *planner) commitment() int {
	for i := len(b.steps) - 1; i >= 0; i-- {
		s := &b.steps[i]
		_, wait := s.kernel.(ops.After)
		if !s.late || s.writes < 0 && !wait && ops.Size(b.specs[s.node].Shape) > 1 {
			return i + 1
		}
	}
	return 0
}

// begin is the time if it is wanted: asking for it is not free.
func (p *Plan) begin() (t time.Time) {
	if p.watch != nil {
		t = time.Now()
	}
	return t
}

func (p *Plan) step(c *ops.Ctx, s *step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %s failed: %v (inputs %v)", p.names(s.node), s.kernel.Name(), r, specs(s.inputs))
		}
	}()
	for i, k := range s.in {
		s.inputs[i] = p.values[k]
	}
	if s.writes >= 0 {
		p.values[s.out] = s.inputs[s.writes]
	}
	c.Begin(uint64(s.node.ID()))
	if err := s.kernel.Run(c, p.values[s.out], s.inputs); err != nil {
		if ctx := c.Context.Err(); ctx != nil && errors.Is(err, ctx) {
			return err
		}
		return fmt.Errorf("%s: %s: %w", p.names(s.node), s.kernel.Name(), err)
	}
	return nil
}

func specs(values []*ops.Value) []ops.Spec {
	var out []ops.Spec
	for _, v := range values {
		out = append(out, v.Spec())
	}
	return out
}

func clone(v *ops.Value) *ops.Value {
	return &ops.Value{DType: v.DType, Shape: slices.Clone(v.Shape), F32: slices.Clone(v.F32), F64: slices.Clone(v.F64),
		I32: slices.Clone(v.I32), I64: slices.Clone(v.I64), Bool: slices.Clone(v.Bool)}
}

// Bytes is the memory of the results in between.
func (p *Plan) Bytes() int { return 4 * p.size }

// Steps is the number of operations.
func (p *Plan) Steps() int { return len(p.steps) }
