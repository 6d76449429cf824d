package exec

import (
	"fmt"
	"math"

	"graft/stdlib/internal/ops"
)

// derivation is a value that is computed from leaves whenever one of them has
// changed: a filter with batch normalisation folded in, and its bias.
type derivation struct {
	spec   ops.Spec
	from   []*ops.Node
	leaves []int // their places in the plan
	kept   *kept
	make   func(out *ops.Value, from []*ops.Value)
}

// Cache keeps derived values, and the memory of results, for all plans of one
// session; it is used by one run at a time. The zero value is empty.
type Cache struct {
	entries map[string]*kept
	arena   []float32
}

// memory is the first size floats of the arena, which grows if it must.
func (c *Cache) memory(size int) []float32 {
	if len(c.arena) < size {
		c.arena = nil // the collector may have it before the larger one is there
		c.arena = make([]float32, size)
	}
	return c.arena[:size]
}

// Bytes is what is held: of results in between, and of derived values with
// what kernels keep of those.
func (c *Cache) Bytes() (results, derived int64) {
	for _, k := range c.entries {
		if k.value != nil {
			derived += int64(4*len(k.value.F32) + k.value.Memo.Bytes())
		}
	}
	return int64(4 * len(c.arena)), derived
}

// kept is a derived value and the versions it was made of.
type kept struct {
	versions []uint64
	value    *ops.Value
}

func (c *Cache) entry(key string) *kept {
	if c.entries == nil {
		c.entries = map[string]*kept{}
	}
	if c.entries[key] == nil {
		c.entries[key] = &kept{}
	}
	return c.entries[key]
}

// current returns the value, made anew if a version differs.
func (d *derivation) current(leaves []*ops.Value, versions []uint64) (*ops.Value, error) {
	if d.fresh(versions) {
		return d.kept.value, nil
	}
	now := make([]uint64, len(d.leaves))
	from := make([]*ops.Value, len(d.leaves))
	for i, k := range d.leaves {
		now[i], from[i] = versions[k], leaves[k]
	}
	v, err := ops.NewValue(d.spec)
	if err != nil {
		return nil, err
	}
	d.make(v, from)
	v.Memo = new(ops.Memo)
	d.kept.value, d.kept.versions = v, now
	return v, nil
}

// fresh reports that what is kept was made of these versions.
func (d *derivation) fresh(versions []uint64) bool {
	if d.kept.value == nil {
		return false
	}
	for i, k := range d.leaves {
		if d.kept.versions[i] != versions[k] {
			return false
		}
	}
	return true
}

// fold derives the filter and the bias of a convolution that is followed by
// batch normalisation: with f = gamma/√(variance + ε), filter·f and
// beta - mean·f. norm are mean, variance, gamma if Scale, beta if Center. A
// depthwise filter has multiplier outputs for each channel, others have 0.
func (b *planner) fold(conv step, norm []arg, k ops.BatchNorm, multiplier int) (filter, bias *derivation) {
	w := conv.args[1].node
	from := []*ops.Node{w}
	key := fmt.Sprintf("%d %v", w.ID(), k)
	for _, a := range norm {
		from = append(from, a.node)
		key += fmt.Sprint(" ", a.node.ID())
	}
	shape := b.specs[w].Shape
	outputs := shape[3]
	if multiplier > 0 {
		outputs = shape[2] * multiplier
	}
	filter = &derivation{spec: b.specs[w], from: from, kept: b.opt.Cache.entry("filter " + key)}
	filter.make = func(out *ops.Value, v []*ops.Value) {
		f := factors(v[1:], k)
		for i, x := range v[0].F32 {
			out.F32[i] = float32(float64(x) * f[i%outputs])
		}
	}
	bias = &derivation{spec: ops.Spec{DType: b.specs[w].DType, Shape: []int{outputs}}, from: from, kept: b.opt.Cache.entry("bias " + key)}
	bias.make = func(out *ops.Value, v []*ops.Value) {
		f := factors(v[1:], k)
		for i := range out.F32 {
			out.F32[i] = float32(-float64(v[1].F32[i]) * f[i])
			if k.Center {
				out.F32[i] = float32(float64(v[len(v)-1].F32[i]) - float64(v[1].F32[i])*f[i])
			}
		}
	}
	return filter, bias
}

// factors are gamma/√(variance + ε) of each channel.
func factors(norm []*ops.Value, k ops.BatchNorm) []float64 {
	f := make([]float64, len(norm[1].F32))
	for i, v := range norm[1].F32 {
		f[i] = 1 / math.Sqrt(float64(v)+k.Epsilon)
		if k.Scale {
			f[i] *= float64(norm[2].F32[i])
		}
	}
	return f
}
