package ops

import (
	"errors"
	"fmt"
	"sync"

	"graft/stdlib/internal/kern"
)

// WinogradConv2D is a Conv2D of 3×3 windows, without strides and dilations,
// by Winograd's F(4×4, 3×3): a quarter of the multiplications, at a rounding
// error some ten times as large (1e-4 of the largest element, about). The
// planner takes it for filters that stay as they are, since to transform them
// costs as much as a convolution; what is transformed is kept in the filter's
// Memo. Its Ending may not have a Residual.
type WinogradConv2D struct {
	Padding Padding
	Pads    [4]int
	Ending
}

func (k WinogradConv2D) conv() Conv2D { return Conv2D{Padding: k.Padding, Pads: k.Pads} }

// Name implements Kernel.
func (WinogradConv2D) Name() string { return "_WinogradConv2D" }

// Infer implements Kernel.
func (k WinogradConv2D) Infer(in []Spec) (Spec, error) {
	s, err := k.Ending.infer(k.conv(), in)
	if err != nil {
		return Spec{}, err
	}
	if f := in[1].Shape; f[0] != 3 || f[1] != 3 {
		return Spec{}, fmt.Errorf("filter has shape %s, wanted a window of 3 by 3", ShapeString(f))
	}
	if k.Residual {
		return Spec{}, errors.New("a residual does not go with it")
	}
	return s, nil
}

// Run implements Kernel.
func (k WinogradConv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, winograd[float32], winograd[float64])(c, k, out, in)
}

// wino is a run: tiles are counted over all images.
type wino[T Float] struct {
	c       *Ctx
	s       *kern.Set[T]
	g       conv
	x, y, u []T
	panels  []kern.Panel
	size    int // of the factors of one product
	th, tw  int // tiles of an image
	block   int // tiles at a time
	v, m    []T // their transforms, and the products
	end     kern.End[T]
	rows    kern.Rows // of a block: its tiles
	patches sync.Pool // of *[]T, tiles at the edges
}

func winograd[T Float](c *Ctx, k WinogradConv2D, out *Value, in []*Value) error {
	g, err := k.conv().geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	w := &wino[T]{c: c, s: kern.Use[T](), g: g, x: Elems[T](in[0]), y: Elems[T](out), end: ending[T](k.Ending, out, in)}
	if len(w.y) == 0 {
		return nil
	}
	if w.end.Bias == nil {
		w.end.Bias = scratch[T](c, g.out)
		clear(w.end.Bias)
	}
	w.panels, w.size = w.s.Panels(g.in, g.out)
	if w.u, err = w.factors(in[1]); err != nil {
		return err
	}
	w.th, w.tw = (g.h.out+3)/kern.TileOut, (g.w.out+3)/kern.TileOut
	tiles := g.n * w.th * w.tw
	w.block = min(tiles, max(60, winogradMemory/(kern.TileAll*(g.in+g.out))/6*6))
	for t := range w.block {
		w.rows.A, w.rows.C = append(w.rows.A, t*g.in), append(w.rows.C, t*g.out)
	}
	w.v, w.m = scratch[T](c, kern.TileAll*w.block*g.in), scratch[T](c, kern.TileAll*w.block*g.out)
	for from := 0; from < tiles; from += w.block {
		if err := w.run(from, min(tiles, from+w.block)); err != nil {
			return err
		}
	}
	return nil
}

// winogradMemory is the floats of what lies between the transforms: about the
// near caches of two processors.
const winogradMemory = 1 << 18

// factors transforms the filter, or remembers it.
func (w *wino[T]) factors(filter *Value) ([]T, error) {
	f := Elems[T](filter)
	make36 := func(u []T) error {
		return w.c.Ranges(w.g.in, max(1, elementGrain/8/max(1, w.g.out)), func(from, to int) {
			for i := from; i < to; i++ {
				for _, p := range w.panels {
					row := u[p.At+i*p.Ld:]
					kern.WinogradFilter(row, w.size, f[i*w.g.out+p.First:], w.g.in*w.g.out, p.Cols)
					for xi := range kern.TileAll {
						clear(row[xi*w.size:][p.Cols:p.Ld])
					}
				}
			}
		})
	}
	if filter.Memo == nil {
		u := scratch[T](w.c, kern.TileAll*w.size)
		return u, make36(u)
	}
	return remember(filter.Memo, winogradKey{w.s.Name, w.g.in, w.g.out}, func() ([]T, error) {
		u := make([]T, kern.TileAll*w.size)
		return u, make36(u)
	})
}

type winogradKey struct {
	set     string
	in, out int
}

// tileGroup is the tiles of which a part of a transform consists at most.
const tileGroup = 8

// run computes tiles from … to-1: transforms, multiplies, transforms back.
func (w *wino[T]) run(from, to int) error {
	n := to - from
	group := min(tileGroup, max(1, n/partsFor(w.c, 1)))
	err := w.c.Ranges(n, group, func(a, b int) {
		for t := a; t < b; t++ {
			w.in(from+t, t)
		}
	})
	if err != nil {
		return err
	}
	err = w.c.For(kern.TileAll*len(w.panels), func(part int) {
		xi, p := part%kern.TileAll, w.panels[part/kern.TileAll]
		rows := kern.Rows{A: w.rows.A[:n:n], C: w.rows.C[:n]}
		v, m := w.v[xi*w.block*w.g.in:], w.m[xi*w.block*w.g.out:]
		ahead := 0
		if step := w.c.Pool.Workers(); xi+step < kern.TileAll {
			ahead = step * w.size
		}
		var segs []kern.Seg
		if w.g.in > 0 {
			segs = []kern.Seg{{K: w.g.in}}
		}
		w.s.Tiles(m[p.First:], v, rows, 1, segs, w.u[xi*w.size+p.At:], p.Ld, p.Cols, ahead, kern.End[T]{})
	})
	if err != nil {
		return err
	}
	return w.c.Ranges(n, group, func(a, b int) {
		for t := a; t < b; t++ {
			w.out(from+t, t)
		}
	})
}

// patch lends memory for a tile.
func (w *wino[T]) patch() *[]T {
	if p, ok := w.patches.Get().(*[]T); ok {
		return p
	}
	p := make([]T, max(kern.TileAll*w.g.in, kern.TileOut*kern.TileOut*w.g.out))
	return &p
}

// place is the image, the row and the column of a tile's first output.
func (w *wino[T]) place(tile int) (img, oh, ow int) {
	return tile / (w.th * w.tw), tile / w.tw % w.th * kern.TileOut, tile % w.tw * kern.TileOut
}

// in transforms tile, number t of the block. A tile that reaches over the
// image's edge is copied to a patch with zeros around.
func (w *wino[T]) in(tile, t int) {
	img, oh, ow := w.place(tile)
	n, width := w.g.in, w.g.w.in
	h, x := oh-w.g.h.before, ow-w.g.w.before
	if n == 0 {
		return
	}
	if h >= 0 && x >= 0 && h+kern.TileIn <= w.g.h.in && x+kern.TileIn <= width {
		kern.WinogradIn(w.v[t*n:], w.block*n, w.x[((img*w.g.h.in+h)*width+x)*n:], width*n, n, n)
		return
	}
	lent := w.patch()
	defer w.patches.Put(lent)
	patch := (*lent)[:kern.TileAll*n]
	clear(patch)
	left, right := max(0, -x), min(kern.TileIn, width-x)
	for i := max(0, -h); i < min(kern.TileIn, w.g.h.in-h); i++ {
		if left < right {
			copy(patch[(i*kern.TileIn+left)*n:(i*kern.TileIn+right)*n], w.x[((img*w.g.h.in+h+i)*width+x+left)*n:])
		}
	}
	kern.WinogradIn(w.v[t*n:], w.block*n, patch, kern.TileIn*n, n, n)
}

// out transforms back tile, number t of the block. Of a tile that reaches over
// the output's edge only a part is taken.
func (w *wino[T]) out(tile, t int) {
	img, oh, ow := w.place(tile)
	n, width := w.g.out, w.g.w.out
	to := w.y[((img*w.g.h.out+oh)*width+ow)*n:]
	rows, columns := min(kern.TileOut, w.g.h.out-oh), min(kern.TileOut, width-ow)
	if rows == kern.TileOut && columns == kern.TileOut {
		kern.WinogradOut(to, width*n, n, w.m[t*n:], w.block*n, n, w.end)
		return
	}
	lent := w.patch()
	defer w.patches.Put(lent)
	patch := *lent
	kern.WinogradOut(patch, kern.TileOut*n, n, w.m[t*n:], w.block*n, n, w.end)
	for i := range rows {
		copy(to[i*width*n:][:columns*n], patch[i*kern.TileOut*n:])
	}
}
