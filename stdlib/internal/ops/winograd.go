package ops

import (
	"errors"
	"fmt"
	"sync"

	"graft/stdlib/internal/kern"
)

// WinogradConv2D is a Conv2D of 3×3 windows, without strides and dilations,
// by one of Winograd's algorithms: with F4x4 a quarter of the multiplications,
// at a rounding error some ten times as large (1e-4 of the largest element,
// about), with F2x2 less than half of them. The planner takes it for filters
// that stay as they are, since to transform them costs as much as a
// convolution; what is transformed is kept in the filter's Memo. Its Ending may
// not have a Residual.
type WinogradConv2D struct {
	Tile    kern.Winograd
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
	f       kern.Winograd
	c       *Ctx
	s       *kern.Set[T]
	g       conv
	x, y, u []T
	panels  []kern.Panel
	size    int // of the factors of one product
	th, tw  int // tiles of an image
	end     kern.End[T]
	most    int       // tiles of a block
	rows    kern.Rows // of a whole block: its tiles
	patches sync.Pool // of *[]T, tiles at the edges
}

func winograd[T Float](c *Ctx, k WinogradConv2D, out *Value, in []*Value) error {
	g, err := k.conv().geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	w := &wino[T]{f: k.Tile, c: c, s: kern.Use[T](), g: g, x: Elems[T](in[0]), y: Elems[T](out), end: ending[T](k.Ending, out, in)}
	if len(w.y) == 0 {
		return nil
	}
	if w.end.Bias == nil {
		w.end.Bias = scratch[T](c, g.out)
		clear(w.end.Bias)
	}
	w.panels, w.size = panelsOf(c, w.s, g.in, g.out, false)
	if w.u, err = w.factors(in[1]); err != nil {
		return err
	}
	side := w.f.Out()
	w.th, w.tw = (g.h.out+side-1)/side, (g.w.out+side-1)/side
	return w.run()
}

// factors transforms the filter, or remembers it.
func (w *wino[T]) factors(filter *Value) ([]T, error) {
	f := Elems[T](filter)
	transform := func(u []T) error {
		return w.c.Ranges(w.g.in, max(1, elementGrain/8/max(1, w.g.out)), func(from, to int) {
			for i := from; i < to; i++ {
				for _, p := range w.panels {
					row := u[p.At+i*p.Ld:]
					kern.TileFilter(w.f, row, w.size, f[i*w.g.out+p.First:], w.g.in*w.g.out, p.Cols)
					for xi := range w.f.All() {
						clear(row[xi*w.size:][p.Cols:p.Ld])
					}
				}
			}
		})
	}
	if filter.Memo == nil {
		u := scratch[T](w.c, w.f.All()*w.size)
		return u, transform(u)
	}
	return remember(filter.Memo, winogradKey{w.f, w.s.Name, w.g.in, w.g.out}, func() ([]T, error) {
		u := make([]T, w.f.All()*w.size)
		return u, transform(u)
	})
}

type winogradKey struct {
	f       kern.Winograd
	set     string
	in, out int
}
