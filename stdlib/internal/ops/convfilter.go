package ops

import "graft/stdlib/internal/kern"

// convBackFilter is the gradient with respect to filter: in is x, filter (for
// its shape only) and the gradient of the output. Row (tap, in) of the result
// is the sum over pixels of x's channel in, where the tap saw it, times the
// gradient's row.
//
// The sum goes over blocks of pixels; what a block needs of both images stays
// in a near cache while all taps and channels of a part add it to theirs. How
// the filter is cut into parts changes no sum.
func convBackFilter[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	if g.whole() {
		x, df, dy := g.matrices(in[0], out, in[2])
		return matMul[T](c, MatMul{TransposeA: true}, df, []*Value{x, dy})
	}
	s := kern.Use[T]()
	dst, x := Elems[T](out), Elems[T](in[0])
	pixels := g.n * g.h.out * g.w.out
	if len(dst) == 0 {
		return nil
	}
	if pixels == 0 {
		clear(dst)
		return nil
	}
	taps := g.h.size * g.w.size
	b, err := matrix[T]{b: Elems[T](in[2]), rows: pixels, cols: g.out}.pack(c, s, taps*g.in, nil)
	if err != nil {
		return err
	}
	if g.in < 2*s.Rows && taps > 1 {
		return convBackFilterFew(c, s, &g, dst, x, b)
	}
	f := filterGrad[T]{c: c, s: s, g: &g, dst: dst, x: x, b: b}
	groups := min(taps, partsFor(c, len(b.panels)))
	chunk := min(filterChannels, chunkRows(g.in, s.Rows, partsFor(c, groups*len(b.panels))))
	chunks := (g.in + chunk - 1) / chunk
	return c.For(groups*chunks*len(b.panels), func(part int) {
		panel, rest := b.panels[part%len(b.panels)], part/len(b.panels)
		group, from := rest/chunks, rest%chunks*chunk
		f.part(panel, group*taps/groups, (group+1)*taps/groups, from, min(g.in, from+chunk))
	})
}

// partsFor is into how many parts each of so many is cut for the workers: into
// enough for one that is late to be helped, and so that all workers get as
// many, if that can be had for up to twice as many.
func partsFor(c *Ctx, parts int) int {
	w := c.Pool.Workers()
	if w == 1 {
		return 1
	}
	best, least := 0, 0.0
	first := (4*w + parts - 1) / parts
	for n := first; n <= 2*first; n++ {
		idle := float64((parts*n+w-1)/w*w)/float64(parts*n) - 1
		if best == 0 || idle < least {
			best, least = n, idle
		}
	}
	return best
}

// chunkRows cuts n rows into so many chunks of whole tiles.
func chunkRows(n, tile, want int) int {
	chunk := (n + want - 1) / want
	return (chunk + tile - 1) / tile * tile
}

// filterGrad is a run of convBackFilter.
type filterGrad[T Float] struct {
	c      *Ctx
	s      *kern.Set[T]
	g      *conv
	dst, x []T
	b      packed[T]
}

// A part has so many channels at most, in whole tiles, and a block so many
// elements of both images: what is in a near cache. Of that, rows that are far
// apart get the less the farther they are, since they fall on the same lines.
const (
	filterChannels = 126
	filterBlock    = 1 << 17
	filterLeast    = 96
)

// part adds up the channels from … to-1 of the taps t0 … t1-1, for one panel.
func (f *filterGrad[T]) part(panel kern.Panel, t0, t1, from, to int) {
	g := f.g
	step := g.w.stride * g.in
	rows := f.c.lend(to - from)
	defer f.c.giveBack(rows)
	lines := g.n * g.h.out // rows of the output, of all images
	pixels := min(filterBlock/(min(g.in, filterChannels)+panel.Cols), max(filterLeast, filterBlock/panel.Ld))
	block := max(1, pixels/max(1, g.w.out))
	added := make([]bool, t1-t0) // something, by each tap
	var segs []kern.Seg
	for l := 0; l < lines; l += block {
		for tap := t0; tap < t1 && f.c.err() == nil; tap++ {
			segs = g.tapSegs(segs[:0], tap, l, min(lines, l+block), step)
			if len(segs) == 0 {
				continue
			}
			for i := range rows.A {
				rows.A[i], rows.C[i] = from+i, (tap*g.in+from+i)*g.out
			}
			f.s.Tiles(f.dst[panel.First:], f.x, *rows, step, segs, f.b.b[panel.At:], panel.Ld, panel.Cols, 0, kern.End[T]{Add: added[tap-t0]})
			added[tap-t0] = true
		}
	}
	for tap := t0; tap < t1; tap++ {
		for ch := from; ch < to && !added[tap-t0]; ch++ { // it sees nothing but padding
			clear(f.dst[(tap*g.in+ch)*g.out+panel.First:][:panel.Cols])
		}
	}
}

// tapSegs lists what tap sees from the rows l0 … l1-1 of the output.
func (g *conv) tapSegs(segs []kern.Seg, tap, l0, l1, step int) []kern.Seg {
	th, tw := tap/g.w.size, tap%g.w.size
	h0, h1 := g.h.outs(th)
	w0, w1 := g.w.outs(tw)
	if w0 == w1 {
		return segs
	}
	iw := w0*g.w.stride - g.w.before + tw*g.w.dilation
	for l := l0; l < l1; l++ {
		img, oh := l/g.h.out, l%g.h.out
		if oh < h0 || oh >= h1 {
			continue
		}
		ih := oh*g.h.stride - g.h.before + th*g.h.dilation
		segs = join(segs, kern.Seg{A: ((img*g.h.in+ih)*g.w.in + iw) * g.in, B: l*g.w.out + w0, K: w1 - w0}, step)
	}
	return segs
}
