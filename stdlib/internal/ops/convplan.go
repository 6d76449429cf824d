package ops

import "graft/stdlib/internal/kern"

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

// classify groups positions 0 … n-1 by the key that at gives, from which taps
// makes their taps; at gives what these are relative to, too.
func classify[K comparable](n int, at func(pos int) (key K, base int), taps func(K) []tap) []axisClass {
	var out []axisClass
	index := map[K]int{}
	for pos := range n {
		key, base := at(pos)
		i, found := index[key]
		if !found {
			i = len(out)
			index[key] = i
			out = append(out, axisClass{taps: taps(key)})
		}
		out[i].dst = append(out[i].dst, pos)
		out[i].base = append(out[i].base, base)
	}
	return out
}

// forward is the classes of the outputs of a convolution: the key is the
// range of taps.
func (w window) forward() []axisClass {
	return classify(w.out, func(o int) ([2]int, int) {
		from, to := w.taps(o)
		return [2]int{from, to}, o*w.stride - w.before
	}, func(key [2]int) (taps []tap) {
		for t := key[0]; t < key[1]; t++ {
			taps = append(taps, tap{t, t * w.dilation})
		}
		return taps
	})
}

// backward is the classes of the inputs, in the gradient: the key is the
// distance to the output at or before, and the outputs that there are around,
// as far as the window reaches.
func (w window) backward() []axisClass {
	reach := (w.size-1)*w.dilation/w.stride + 1
	return classify(w.in, func(i int) ([3]int, int) {
		at := i + w.before
		base := at / w.stride
		return [3]int{at % w.stride, min(base, reach), min(w.out-1-base, 0)}, base
	}, func(key [3]int) (taps []tap) {
		for t := range w.size {
			d := key[0] - t*w.dilation // from the output at base
			if rel := d / w.stride; d%w.stride == 0 && rel >= -key[1] && rel <= key[2] {
				taps = append(taps, tap{t, rel})
			}
		}
		return taps
	})
}

// side is one of the two images: its sizes.
type side struct{ h, w, c int }

// class is the pixels of a class and their sum.
type class struct {
	h, w  *axisClass
	segs  []kern.Seg
	count int // pixels, of all images
	taps  int // the length of the sum

	srcAt, dstAt []int // where its columns begin, in a row of either image
}

// plan is all classes of a convolution.
type plan struct {
	src, dst side
	classes  []class
	cuts     map[blockCut][]block // made before
}

// blockCut is how a plan is cut into blocks.
type blockCut struct{ work, parts, workers int }

// planKey is what a plan follows from.
type planKey struct {
	conv
	back, planes bool
}

// plan returns the plan of a convolution, or of its gradient with respect to
// the image, that sums over the channels of the source too or, if planes,
// treats each channel alone, and gives each some channels, multiplied, in the
// destination. In a small net to make it takes as long as to run it.
func (c *Ctx) plan(g conv, back, planes bool) *plan {
	key := planKey{g, back, planes}
	if p := c.plans[key]; p != nil {
		return p
	}
	if len(c.plans) >= maxPlans || c.plans == nil {
		c.plans = map[planKey]*plan{}
	}
	in, out := side{g.h.in, g.w.in, g.in}, side{g.h.out, g.w.out, g.out}
	if planes {
		out.c = g.in * g.out
	}
	var p *plan
	if back {
		p = newPlan(g.n, out, in, g.h.backward(), g.w.backward(), g.w.size, planes)
	} else {
		p = newPlan(g.n, in, out, g.h.forward(), g.w.forward(), g.w.size, planes)
	}
	c.plans[key] = p
	return p
}

// maxPlans bounds what is kept of batches and pictures of ever new sizes.
const maxPlans = 512

// newPlan sums over the channels of the source too, or, if planes, treats
// each channel alone.
func newPlan(n int, src, dst side, h, w []axisClass, filterW int, planes bool) *plan {
	p := &plan{src: src, dst: dst}
	for i := range h {
		for j := range w {
			c := class{h: &h[i], w: &w[j], count: n * len(h[i].dst) * len(w[j].dst), taps: len(h[i].taps) * len(w[j].taps)}
			for _, th := range h[i].taps {
				for _, tw := range w[j].taps {
					at, tap := (th.rel*src.w+tw.rel)*src.c, th.t*filterW+tw.t
					if planes {
						c.segs = append(c.segs, kern.Seg{A: at, B: tap, K: 1})
					} else {
						c.segs = join(c.segs, kern.Seg{A: at, B: tap * src.c, K: src.c}, 1)
					}
				}
			}
			if c.count == 0 {
				continue
			}
			for x := range w[j].dst {
				c.srcAt, c.dstAt = append(c.srcAt, w[j].base[x]*src.c), append(c.dstAt, w[j].dst[x]*dst.c)
			}
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

// block is some pixels of a class.
type block struct {
	*class
	from, to int
}

// minBlock is the pixels of a block at least, of which all are whole tiles.
const minBlock = 24

// blocks cuts the classes into blocks of like size, of about work products
// with each column at most, and into as many as workers need, if each is
// computed as so many parts.
func (p *plan) blocks(c *Ctx, work, parts int) []block {
	key := blockCut{work, parts, c.Pool.Workers()}
	list, made := p.cuts[key]
	if !made {
		list = p.newBlocks(c, work, parts)
		if p.cuts == nil {
			p.cuts = map[blockCut][]block{}
		}
		p.cuts[key] = list
	}
	return list
}

func (p *plan) newBlocks(c *Ctx, work, parts int) (list []block) {
	all, want := 0, partsFor(c, parts)
	for i := range p.classes {
		all += p.classes[i].count
	}
	for i := range p.classes {
		cl := &p.classes[i]
		most := max(rowBatch, work/max(1, cl.taps*p.src.c))
		most = min(most, max(minBlock, (all+want-1)/want))
		size := chunkRows(cl.count, 6, (cl.count+most-1)/most)
		for from := 0; from < cl.count; from += size {
			list = append(list, block{cl, from, min(cl.count, from+size)})
		}
	}
	return list
}

// rows sets where the pixels of a block begin, from pixel from on, of most
// pixels at most.
func (p *plan) rows(b block, from, most int, rows *kern.Rows) {
	n := min(most, b.to-from)
	rows.A, rows.C = rows.A[:n], rows.C[:n]
	nw, nh := len(b.w.dst), len(b.h.dst)
	x, y := from%nw, from/nw%nh
	img := from / (nw * nh)
	for r := 0; r < n; {
		src := (img*p.src.h + b.h.base[y]) * p.src.w * p.src.c
		dst := (img*p.dst.h + b.h.dst[y]) * p.dst.w * p.dst.c
		run := min(n-r, nw-x)
		kern.Shift(rows.A[r:r+run], b.srcAt[x:], src)
		kern.Shift(rows.C[r:r+run], b.dstAt[x:], dst)
		r, x = r+run, 0
		if y++; y == nh {
			y, img = 0, img+1
		}
	}
}

// eachBlock runs f over all pixels, some rows of one class at a time.
func (p *plan) eachBlock(c *Ctx, work int, f func(rows kern.Rows, cl *class)) error {
	blocks := p.blocks(c, work, 1)
	return c.For(len(blocks), func(part int) {
		rows := c.lend(rowBatch)
		defer c.giveBack(rows)
		for b, from := blocks[part], blocks[part].from; from < b.to && c.err() == nil; from += len(rows.A) {
			p.rows(b, from, rowBatch, rows)
			f(*rows, b.class)
		}
	})
}
