package ops

import "graft/stdlib/internal/kern"

// convBackFilterFew is convBackFilter for images of few channels, such as
// pictures: those of one tap would not fill a tile, so that the rows are the
// channels of all taps that a class of outputs sees, and each class adds its
// outputs.
func convBackFilterFew[T Float](c *Ctx, s *kern.Set[T], g *conv, dst, x []T, b packed[T]) error {
	h, w := g.h.forward(), g.w.forward()
	rows := g.h.size * g.w.size * g.in
	chunk := chunkRows(rows, s.Rows, partsFor(c, len(b.panels)))
	chunks := (rows + chunk - 1) / chunk
	clear(dst)
	return c.For(chunks*len(b.panels), func(part int) {
		panel, from := b.panels[part%len(b.panels)], part/len(b.panels)*chunk
		to := min(rows, from+chunk)
		for i := range h {
			for j := range w {
				classSums(c, s, g, dst[panel.First:], x, b.b[panel.At:], panel, from, to, &h[i], &w[j])
			}
		}
	})
}

// fewBlock is the pixels of which a block of the sum consists at least.
const fewBlock = 512

// classSums adds the outputs of one class to rows from … to-1 of the filter's
// gradient.
func classSums[T Float](c *Ctx, s *kern.Set[T], g *conv, dst, x, b []T, panel kern.Panel, from, to int, h, w *axisClass) {
	var rows kern.Rows
	for _, th := range h.taps {
		for _, tw := range w.taps {
			for ch := range g.in {
				if row := (th.t*g.w.size+tw.t)*g.in + ch; row >= from && row < to {
					rows.A = append(rows.A, (th.rel*g.w.in+tw.rel)*g.in+ch)
					rows.C = append(rows.C, row*g.out)
				}
			}
		}
	}
	step := g.w.stride * g.in
	segs := make([]kern.Seg, 0, fewBlock)
	have := 0
	flush := func() {
		if c.err() == nil {
			s.Tiles(dst, x, rows, step, segs, b, panel.Ld, panel.Cols, 0, kern.End[T]{Add: true})
		}
		segs, have = segs[:0], 0
	}
	for img := range g.n {
		for i, oh := range h.dst {
			at := ((img*g.h.in+h.base[i])*g.w.in + w.base[0]) * g.in
			segs = append(segs, kern.Seg{A: at, B: (img*g.h.out+oh)*g.w.out + w.dst[0], K: len(w.dst)})
			if have += len(w.dst); have >= fewBlock {
				flush()
			}
		}
	}
	if have > 0 {
		flush()
	}
}
