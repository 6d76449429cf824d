package ops

import (
	"context"
	"math/rand/v2"
	"sync"

	"graft/stdlib/internal/kern"
	"graft/stdlib/internal/par"
)

// Ctx is what a kernel has while it runs. It belongs to one run; the pool's
// workers may read it.
type Ctx struct {
	Context context.Context // long loops end when it does
	Pool    *par.Pool
	Seed    uint64 // of this run
	node    uint64
	scratch [][]float32
	used    int
	rows    sync.Pool // of *kern.Rows, of all nodes and runs
	plans   map[planKey]*plan
	columns map[columnsKey]cutColumns
	buffers sync.Pool // of *[]float32
}

// Begin makes the context that of one node's run: its random numbers depend
// on the run's seed and the node, not on the order in which nodes run.
func (c *Ctx) Begin(node uint64) { c.node, c.used = node, 0 }

// Random returns the node's generator of this run. Draw i is the same
// whatever the number of threads, if each part makes its own with its offset.
func (c *Ctx) Random(offset uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, c.node<<32^offset))
}

// Bytes is the memory that is kept for Scratch.
func (c *Ctx) Bytes() (n int64) {
	for _, s := range c.scratch {
		n += int64(4 * cap(s))
	}
	return n
}

// Scratch returns n float32 of undefined value that are free until the node
// has run. It is not for the pool's workers: take it before the loop.
func (c *Ctx) Scratch(n int) []float32 {
	if c.used == len(c.scratch) {
		c.scratch = append(c.scratch, nil)
	}
	if cap(c.scratch[c.used]) < n {
		c.scratch[c.used] = make([]float32, n)
	}
	s := c.scratch[c.used][:n]
	c.used++
	return s
}

// lend returns lists of n rows, of undefined value, to be filled in ascending
// order, with room to fill the last tile; whoever is done gives them back. The pool's workers may ask.
func (c *Ctx) lend(n int) *kern.Rows {
	r, _ := c.rows.Get().(*kern.Rows)
	if r == nil || cap(r.A) < n+rowRoom {
		r = &kern.Rows{A: make([]int, n+rowRoom), C: make([]int, n+rowRoom)}
	}
	r.A, r.C, r.Ascending = r.A[:n], r.C[:n], true
	return r
}

// rowRoom is more than a tile has rows.
const rowRoom = 8

func (c *Ctx) giveBack(r *kern.Rows) { c.rows.Put(r) }

// lendElements returns n elements of undefined value, until back is called.
// The pool's workers may ask.
func lendElements[T Float](c *Ctx, n int) (b []T, back func()) {
	if _, ok := any(*new(T)).(float32); !ok {
		return make([]T, n), func() {}
	}
	lent, _ := c.buffers.Get().(*[]float32)
	if lent == nil || cap(*lent) < n {
		lent = new([]float32)
		*lent = make([]float32, n)
	}
	return any((*lent)[:n]).([]T), func() { c.buffers.Put(lent) }
}
