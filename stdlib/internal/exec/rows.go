package exec

import "graft/stdlib/internal/ops"

// A large batch is run some rows at a time where that is the same to the bit
// and faster: what lies between the operations then stays in the processor's
// caches instead of going through memory, and takes less of it.

// nearBytes is what results may take to be called near: a good part of the
// last cache of a laptop.
const nearBytes = 8 << 20

// leastRows are run at a time: an axis of one has a meaning of its own, which
// the batch's has not.
const leastRows = 2

// Rows is how many rows of the batch are best run at a time, 0 for all of
// them: New makes the plan of a part, from feeds of so many rows.
func (p *Plan) Rows() int { return p.rows }

// Batch is the rows of what is fed.
func (p *Plan) Batch() int { return p.batch }

// Fetches is the number of values that are fetched.
func (p *Plan) Fetches() int { return len(p.fetch) }

// Fetched is what run gives of a fetch.
func (p *Plan) Fetched(i int) ops.Spec { return p.fetchSpecs[i] }

// chooseRows weighs what is written and read of results against the weights,
// which each part reads again.
func (b *planner) chooseRows() int {
	if !b.byRows || b.batch < 2*leastRows || b.Bytes() <= nearBytes {
		return 0
	}
	rows := max(leastRows, b.batch*nearBytes/b.Bytes())
	parts := (b.batch + rows - 1) / rows
	results, weights := 0, 0
	for _, s := range b.steps {
		results += bytes(b.specs[s.node])
		for _, a := range s.args {
			if b.frozen(a) {
				weights += weightBytes(s, b.specOf(a))
			}
		}
	}
	// A result is written, which reads it first, and read.
	if rows >= b.batch || weights*(parts-1) > 3*results {
		return 0
	}
	return rows
}

func bytes(s ops.Spec) int { return ops.Size(s.Shape) * s.DType.Size() }

// weightBytes is what a step reads of a weight: Winograd's algorithms have 36
// or 16 factors for the nine of a filter.
func weightBytes(s step, w ops.Spec) int {
	if k, is := s.kernel.(ops.WinogradConv2D); is && len(w.Shape) == 4 {
		return bytes(w) / 9 * k.Tile.All()
	}
	return bytes(w)
}
