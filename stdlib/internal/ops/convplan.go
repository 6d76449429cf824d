package ops

import (
	"cmp"
	"slices"

	"graft/stdlib/internal/kern"
)

// A convolution and its gradient with respect to the image both compute, for
// each pixel of a destination, a sum over taps of a source pixel times a
// matrix. Pixels that see the same taps, at the same places relative to them,
// form a class: those inside, those along each edge, those in each corner, and
// with strides in the gradient each residue. All rows of a tile are of one
// class, so that nothing is padded, copied or multiplied by zero.

// axisClass is the positions of one axis that see the same taps.
type axisClass struct {
	taps []tap
	dst  []int // positions in the destination
	base []int // and where their taps are relative to, in the source
}

// tap is one place of the filter along an axis.
type tap struct{ t, rel int }

// classify groups positions 0 … n-1 by what taps returns for them.
func classify(n int, taps func(pos int) (base int, t []tap)) []axisClass {
	var out []axisClass
	for pos := range n {
		base, t := taps(pos)
		i := slices.IndexFunc(out, func(c axisClass) bool { return slices.Equal(c.taps, t) })
		if i < 0 {
			i = len(out)
			out = append(out, axisClass{taps: t})
		}
		out[i].dst = append(out[i].dst, pos)
		out[i].base = append(out[i].base, base)
	}
	return out
}

// forward is the classes of the outputs of a convolution.
func (w window) forward() []axisClass {
	return classify(w.out, func(o int) (int, []tap) {
		from, to := w.taps(o)
		var t []tap
		for i := from; i < to; i++ {
			t = append(t, tap{i, i * w.dilation})
		}
		return o*w.stride - w.before, t
	})
}

// backward is the classes of the inputs, in the gradient.
func (w window) backward() []axisClass {
	return classify(w.in, func(i int) (int, []tap) {
		at := i + w.before
		base := at / w.stride
		var taps []tap
		for t := range w.size {
			d := at - t*w.dilation
			if d >= 0 && d%w.stride == 0 && d/w.stride < w.out {
				taps = append(taps, tap{t, d/w.stride - base})
			}
		}
		return base, taps
	})
}

// side is one of the two images: its sizes.
type side struct{ h, w, c int }

// class is the pixels of a class and their sum.
type class struct {
	h, w  *axisClass
	segs  []kern.Seg
	count int // pixels, of all images
	tiles int // index of its first tile
}

// plan is all classes of a convolution.
type plan struct {
	src, dst side
	classes  []class
	tiles    int
	rows     int // of a tile
}

func newPlan(n, rows int, src, dst side, h, w []axisClass, filterW int) *plan {
	p := &plan{src: src, dst: dst, rows: rows}
	for i := range h {
		for j := range w {
			c := class{h: &h[i], w: &w[j], count: n * len(h[i].dst) * len(w[j].dst)}
			for _, th := range h[i].taps {
				for _, tw := range w[j].taps {
					c.segs = join(c.segs, kern.Seg{A: (th.rel*src.w + tw.rel) * src.c, B: (th.t*filterW + tw.t) * src.c, K: src.c}, 1)
				}
			}
			c.tiles = p.tiles
			p.tiles += (c.count + rows - 1) / rows
			p.classes = append(p.classes, c)
		}
	}
	return p
}

// join appends s, or lengthens the last segment when s continues it; step is
// the distance in a of consecutive k.
func join(segs []kern.Seg, s kern.Seg, step int) []kern.Seg {
	if n := len(segs); n > 0 {
		l := &segs[n-1]
		if l.A+l.K*step == s.A && l.B+l.K == s.B {
			l.K += s.K
			return segs
		}
	}
	return append(segs, s)
}

// tile fills rows with the pixels of tile t and returns its sum.
func (p *plan) tile(t int, rows *kern.Rows) []kern.Seg {
	i, found := slices.BinarySearchFunc(p.classes, t, func(c class, t int) int { return cmp.Compare(c.tiles, t) })
	if !found {
		i--
	}
	for p.classes[i].count == 0 {
		i++ // empty classes share the index of the next tile
	}
	c := &p.classes[i]
	first := (t - c.tiles) * p.rows
	rows.N = min(p.rows, c.count-first)
	nw, nh := len(c.w.dst), len(c.h.dst)
	x, y := first%nw, first/nw%nh
	img := first / (nw * nh)
	for r := range rows.N {
		rows.A[r] = ((img*p.src.h+c.h.base[y])*p.src.w + c.w.base[x]) * p.src.c
		rows.C[r] = ((img*p.dst.h+c.h.dst[y])*p.dst.w + c.w.dst[x]) * p.dst.c
		if x++; x == nw {
			x = 0
			if y++; y == nh {
				y, img = 0, img+1
			}
		}
	}
	return c.segs
}
