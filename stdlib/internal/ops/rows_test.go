package ops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"graft/stdlib/internal/par"
)

// TestRowsAscend wants what the loops over rows rely on, which look at the ends
// of the lists alone to know which memory they need: both ascend, but for the
// sources of pixels that see nothing but padding, from which nothing is read.
func TestRowsAscend(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	c := &Ctx{Pool: par.New(1)}
	for range 4000 {
		k, x, f := randomConv(r)
		if r.IntN(3) == 0 { // padding that reaches further than the image
			k.Padding, k.Pads = Explicit, [4]int{r.IntN(9), r.IntN(9), r.IntN(9), r.IntN(9)}
		}
		g, err := k.geometry(x, []int{f[0], f[1], x[3], 1 + r.IntN(3)})
		if err != nil {
			continue // a window that does not fit
		}
		for i := range 4 {
			p := c.plan(g, i%2 == 1, i/2 == 1)
			for _, b := range p.blocks(c, 1<<10, 1) {
				rows := c.lend(rowBatch)
				for from := b.from; from < b.to; from += len(rows.A) {
					p.rows(b, from, rowBatch, rows)
					if !rows.Ascending || len(b.segs) > 0 && !slices.IsSorted(rows.A) || !slices.IsSorted(rows.C) {
						t.Fatalf("x %v, filter %v, %+v: %v, %v", x, f, k, rows.A, rows.C)
					}
				}
				c.giveBack(rows)
			}
		}
	}
}
