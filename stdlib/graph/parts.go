package graph

import (
	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/ops"
)

// byRows runs a plan some rows of the batch at a time, and puts the results
// together. They are nil for a graph that cannot be run on a part, as one with
// the batch's size in it.
func (s *Session) byRows(plan *exec.Plan, t targets, in *fed) ([]*ops.Value, error) {
	all := map[*ops.Node]*ops.Value{}
	for _, n := range plan.Leaves() {
		v, err := in.value(n)
		if err != nil {
			return nil, err
		}
		if v != nil {
			all[n] = v
		}
	}
	out := make([]*ops.Value, len(t.nodes))
	batch, parts := plan.Batch(), max(1, plan.Batch()/plan.Rows())
	for i := range parts {
		from, to := i*batch/parts, (i+1)*batch/parts
		some := &fed{values: make(map[*ops.Node]*ops.Value, len(all))}
		for n, v := range all {
			some.values[n] = rowsFrom(v, from, to)
		}
		part, err := s.plan(t, some)
		if err != nil || !fits(part, plan, to-from) {
			return nil, nil // the plan of all rows has none of this trouble
		}
		values, err := s.whole(part, some)
		if err != nil {
			return nil, err
		}
		for k, v := range values {
			if v == nil {
				continue
			}
			if out[k] == nil {
				if out[k], err = ops.NewValue(plan.Fetched(k)); err != nil {
					return nil, err
				}
			}
			copy(valueBytes(rowsFrom(out[k], from, to)), valueBytes(v))
		}
	}
	return out, nil
}

// fits reports whether a part's results are rows of those of the whole.
func fits(part, whole *exec.Plan, rows int) bool {
	for i := range whole.Fetches() {
		a, b := part.Fetched(i), whole.Fetched(i)
		if len(a.Shape) != len(b.Shape) || a.Shape[0] != rows || !ops.Fits(a.Shape[1:], b.Shape[1:]) {
			return false
		}
	}
	return true
}

// rowsFrom are some rows of a value, which they share.
func rowsFrom(v *ops.Value, from, to int) *ops.Value {
	size := ops.Size(v.Shape[1:])
	out := section(v, from*size, to*size)
	out.Shape = append([]int{to - from}, v.Shape[1:]...)
	return out
}
