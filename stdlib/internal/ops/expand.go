package ops

import (
	"errors"
	"slices"

	"graft/stdlib/internal/kern"
)

// FusedExpandDepthwiseConv2D is a convolution of 1×1 windows whose result only
// a depthwise convolution reads, as in MobileNet's blocks. The result lies in
// a near cache, some rows of some channels at a time, and never in memory: it
// is the largest of such a block, and there is no time to hide its way there
// and back behind so few products. The inputs are x, the filter and, if there
// is one, the bias of the first, and the filter and bias of the second.
type FusedExpandDepthwiseConv2D struct {
	Expand    FusedConv2D
	Depthwise FusedDepthwiseConv2D
}

// Name implements Kernel.
func (FusedExpandDepthwiseConv2D) Name() string { return "_FusedExpandDepthwiseConv2D" }

// split divides the inputs, or what belongs to them, between the two. The
// place of the second's first input is free.
func split[T any](k FusedExpandDepthwiseConv2D, in []T) (expand, depthwise []T) {
	n := 2
	if k.Expand.Bias {
		n = 3
	}
	n = min(n, len(in))
	return in[:n:n], append(make([]T, 1), in[n:]...)
}

// Infer implements Kernel.
func (k FusedExpandDepthwiseConv2D) Infer(in []Spec) (Spec, error) {
	expand, depthwise := split(k, in)
	between, err := k.Expand.Infer(expand)
	if err != nil {
		return Spec{}, err
	}
	if !k.Expand.Pointwise(expand[1].Shape) || k.Depthwise.Residual {
		return Spec{}, errors.New("only windows of 1×1 without strides go with it, and no residuals")
	}
	depthwise[0] = between
	out, err := k.Depthwise.Infer(depthwise)
	if err == nil && depthwise[1].Shape[3] != 1 {
		err = errors.New("only a multiplier of 1 goes with it")
	}
	return out, err
}

// Pointwise reports whether each pixel of the result comes from one of x, and
// nothing is added to it but a bias.
func (k FusedConv2D) Pointwise(filter []int) bool {
	return !k.Residual && len(filter) == 4 && filter[0] == 1 && filter[1] == 1 &&
		k.Strides[0] <= 1 && k.Strides[1] <= 1 && k.Pads == [4]int{}
}

// FLOPs counts two for each multiplication with its addition, of both.
func (k FusedExpandDepthwiseConv2D) FLOPs(in []*Value, out *Value) float64 {
	expand, depthwise := split(k, in)
	x, window := expand[0].Shape, depthwise[1].Shape
	return 2 * (float64(x[0]*x[1]*x[2])*float64(expand[1].Len()) + float64(out.Len())*float64(window[0]*window[1]))
}

// Run implements Kernel.
func (k FusedExpandDepthwiseConv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, expandDepthwise[float32], expandDepthwise[float64])(c, k, out, in)
}

// expansion is a run.
type expansion[T Float] struct {
	c          *Ctx
	s          *kern.Set[T]
	from, to   conv  // the first convolution and the second
	plan       *plan // of pixels
	x, y       []T
	filter     packed[T]
	taps       []T // of the second
	end1, end2 kern.End[T]
}

// group is some panels of the first filter, side by side.
type group struct {
	panels       []kern.Panel
	first, width int          // channels
	segs         [][]kern.Seg // of each class of the plan, in what is between
}

const (
	// groupWidth is the channels of a group at least, where there are so many:
	// a line of a cache and more.
	groupWidth = 80
	// stripElements is the elements of the result between the two that are
	// there at a time, about: a part of a near cache.
	stripElements = 1 << 16
)

func expandDepthwise[T Float](c *Ctx, k FusedExpandDepthwiseConv2D, out *Value, in []*Value) error {
	expand, depthwise := split(k, in)
	from, err := k.Expand.geometry(expand[0].Shape, expand[1].Shape)
	if err != nil {
		return err
	}
	to, err := k.Depthwise.geometry([]int{from.n, from.h.out, from.w.out, from.out}, depthwise[1].Shape)
	if err != nil {
		return err
	}
	if from.whole() { // is a product of matrices, whose sums are taken in another order
		return k.apart(c, from, out, expand, depthwise)
	}
	e := &expansion[T]{
		c: c, s: kern.Use[T](), from: from, to: to, plan: c.plan(to.pixels(), false, true),
		x: Elems[T](expand[0]), y: Elems[T](out), taps: Elems[T](depthwise[1]),
		end1: ending[T](k.Expand.Ending, nil, expand), end2: ending[T](k.Depthwise.Ending, nil, depthwise),
	}
	m := matrix[T]{b: Elems[T](expand[1]), rows: from.in, cols: from.out}
	if e.filter, err = m.pack(c, e.s, from.n*from.h.out*from.w.out, expand[1].Memo); err != nil || len(e.y) == 0 {
		return err
	}
	groups := e.groups()
	rows := chunkRows(to.h.out, 1, evenly(c, from.n))
	strips := (to.h.out + rows - 1) / rows
	return c.For(from.n*strips*len(groups), func(part int) {
		strip := part / len(groups) % strips * rows
		e.strip(part/len(groups)/strips, groups[part%len(groups)], strip, min(to.h.out, strip+rows))
	})
}

// evenly is into how many strips each of so many images is cut, so that all
// workers get as many: no more, for a strip computes the rows at its edges once
// more.
func evenly(c *Ctx, images int) int {
	n := 1
	for images*n%c.Pool.Workers() != 0 {
		n++
	}
	return n
}

// apart runs the two one after the other.
func (k FusedExpandDepthwiseConv2D) apart(c *Ctx, from conv, out *Value, expand, depthwise []*Value) error {
	between, err := NewValue(Spec{DType: out.DType, Shape: []int{from.n, from.h.out, from.w.out, from.out}})
	if err != nil {
		return err
	}
	depthwise[0] = between
	if err := k.Expand.Run(c, between, expand); err != nil {
		return err
	}
	return k.Depthwise.Run(c, out, depthwise)
}

func (e *expansion[T]) groups() (list []group) {
	for from, at := 0, 0; at < len(e.filter.panels); from = at {
		g := group{first: e.filter.panels[at].First}
		for ; at < len(e.filter.panels) && g.width < groupWidth; at++ {
			g.width += e.filter.panels[at].Cols
		}
		g.panels = e.filter.panels[from:at]
		for i := range e.plan.classes {
			g.segs = append(g.segs, e.segs(&e.plan.classes[i], g.width))
		}
		list = append(list, g)
	}
	return list
}

// strip computes output rows from … to-1 of a group's channels of an image.
// What is between goes into memory for some rows, of which those that the next
// output rows see too move to the front.
func (e *expansion[T]) strip(img int, g group, from, to int) {
	h, row := e.to.h, e.to.w.in*g.width
	reach := (h.size-1)*h.dilation + 1
	room := max(reach, stripElements/max(1, row))
	between, back := lendElements[T](e.c, room*row)
	defer back()
	low, high := 0, 0 // the rows that are there
	for from < to && e.c.err() == nil {
		first := min(max(0, from*h.stride-h.before), h.in)
		bottom := func(o int) int { return min(max(first, o*h.stride-h.before+reach), h.in) }
		last := from + 1
		for last < to && bottom(last)-first <= room {
			last++
		}
		if first < high {
			copy(between, between[(first-low)*row:(high-low)*row])
		} else {
			high = first
		}
		low = first
		e.expand(img, g, between[(high-low)*row:], high, bottom(last-1))
		high = max(high, bottom(last-1))
		e.depthwise(img, g, between, low, from, last)
		from = last
	}
}

// expand computes rows from … to-1 of what is between.
func (e *expansion[T]) expand(img int, g group, between []T, from, to int) {
	pixels, first := (to-from)*e.from.w.out, (img*e.from.h.in+from)*e.from.w.in
	var segs []kern.Seg
	if e.from.in > 0 {
		segs = []kern.Seg{{K: e.from.in}}
	}
	rows := e.c.lend(batchOf(e.from.in))
	defer e.c.giveBack(rows)
	for at := 0; at < pixels; at += len(rows.A) {
		n := min(len(rows.A), pixels-at)
		rows.A, rows.C = rows.A[:n], rows.C[:n]
		for i := range n {
			rows.A[i], rows.C[i] = (first+at+i)*e.from.in, (at+i)*g.width
		}
		for _, p := range g.panels {
			e.s.Tiles(between[p.First-g.first:], e.x, *rows, 1, segs, e.filter.b[p.At:], p.Ld, p.Cols, 0, e.end1.Of(p))
		}
	}
}

// depthwise computes output rows from … to-1, from what is between, of which
// row low is the first.
func (e *expansion[T]) depthwise(img int, g group, between []T, low, from, to int) {
	wide := e.from.out
	skip := (img*e.to.h.in + low) * e.to.w.in
	rows := e.c.lend(rowBatch)
	defer e.c.giveBack(rows)
	for i := range e.plan.classes {
		cl := &e.plan.classes[i]
		above, _ := slices.BinarySearch(cl.h.dst, from)
		below, _ := slices.BinarySearch(cl.h.dst, to)
		nh, nw := len(cl.h.dst), len(cl.w.dst)
		b := block{cl, (img*nh + above) * nw, (img*nh + below) * nw}
		for at := b.from; at < b.to; at += len(rows.A) {
			e.plan.rows(b, at, rowBatch, rows)
			for r, a := range rows.A {
				rows.A[r], rows.C[r] = (a-skip)*g.width, rows.C[r]*wide
			}
			e.s.Planes(e.y[g.first:], between, *rows, 0, g.segs[i], e.taps[g.first:], wide, g.width, e.end2.Of(g.panels[0]))
		}
	}
}

// pixels is the geometry of one channel: places in it are pixels.
func (g conv) pixels() conv {
	g.in, g.out = 1, 1
	return g
}

// segs is a class's taps in what is between.
func (e *expansion[T]) segs(cl *class, width int) []kern.Seg {
	segs := slices.Clone(cl.segs)
	for i := range segs {
		segs[i].A *= width
	}
	return segs
}
