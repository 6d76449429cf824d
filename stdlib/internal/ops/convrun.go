package ops

import "graft/stdlib/internal/kern"

// convForward runs a convolution.
func convForward[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	s := kern.Use[T]()
	p := newPlan(g.n, s.Rows, side{g.h.in, g.w.in, g.in}, side{g.h.out, g.w.out, g.out}, g.h.forward(), g.w.forward(), g.w.size)
	m := matrix[T]{b: Elems[T](in[1]), rows: g.h.size * g.w.size * g.in, cols: g.out}
	return convTiles(c, s, p, Elems[T](out), Elems[T](in[0]), m)
}

// convBackInput is the gradient with respect to x: in is x (for its shape
// only), filter and the gradient of the output.
func convBackInput[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	s := kern.Use[T]()
	p := newPlan(g.n, s.Rows, side{g.h.out, g.w.out, g.out}, side{g.h.in, g.w.in, g.in}, g.h.backward(), g.w.backward(), g.w.size)
	// Row (tap, out) and column in of the matrix is filter[tap, in, out].
	m := matrix[T]{b: Elems[T](in[1]), rows: g.h.size * g.w.size * g.out, cols: g.in, turned: g.out}
	return convTiles(c, s, p, Elems[T](out), Elems[T](in[2]), m)
}

// matrix is the right side of the products. If turned is not 0 it is stored
// as blocks of turned rows, each block transposed.
type matrix[T Float] struct {
	b          []T
	rows, cols int
	turned     int
}

// packed is a matrix in panels: panel p begins at p·step, its rows are ld apart.
type packed[T Float] struct {
	b              []T
	step, ld, cols int
	width, panels  int
}

// pack brings a matrix into panels; one that is used few times and lies well
// is used as it is.
func (m matrix[T]) pack(c *Ctx, s *kern.Set[T], uses int) (packed[T], error) {
	panels := (m.cols + s.Cols - 1) / s.Cols
	if m.turned == 0 && m.cols%s.Cols == 0 && (panels == 1 || uses < 8) {
		return packed[T]{m.b, s.Cols, m.cols, m.cols, s.Cols, panels}, nil
	}
	dst := scratch[T](c, s.Panels(m.rows, m.cols))
	block := m.turned
	if block == 0 {
		block = max(1, elementGrain/max(1, m.cols))
	}
	err := c.Ranges(m.rows, block, func(from, to int) {
		if m.turned == 0 {
			s.Pack(dst, m.rows, from, to, m.cols, m.b[from*m.cols:], m.cols, 1)
		} else {
			s.Pack(dst, m.rows, from, to, m.cols, m.b[from*m.cols:], 1, m.turned)
		}
	})
	return packed[T]{dst, s.Cols * m.rows, s.Cols, m.cols, s.Cols, panels}, err
}

// panel is the columns of panel i: where they begin, and how many.
func (p *packed[T]) panel(i int) (b []T, cols int) {
	return p.b[i*p.step:], min(p.width, p.cols-i*p.width)
}

// convTiles computes every tile of a plan. A part is some tiles, whose source
// stays in a near cache, times all the panels.
func convTiles[T Float](c *Ctx, s *kern.Set[T], p *plan, dst, src []T, m matrix[T]) error {
	if len(dst) == 0 {
		return nil
	}
	if m.rows == 0 {
		clear(dst)
		return nil
	}
	b, err := m.pack(c, s, p.tiles)
	if err != nil {
		return err
	}
	block, group := convBlocks(p, &b, m.rows)
	blocks, groups := (p.tiles+block-1)/block, (b.panels+group-1)/group
	return c.For(blocks*groups, func(part int) {
		first, panel := part%blocks*block, part/blocks*group
		convPart(s, p, dst, src, &b, [2]int{first, min(p.tiles, first+block)}, [2]int{panel, min(b.panels, panel+group)})
	})
}

func convPart[T Float](s *kern.Set[T], p *plan, dst, src []T, b *packed[T], tiles, panels [2]int) {
	var rows kern.Rows
	for i := panels[0]; i < panels[1]; i++ {
		bb, cols := b.panel(i)
		for t := tiles[0]; t < tiles[1]; t++ {
			segs := p.tile(t, &rows)
			s.Tile(dst[i*b.width:], src, &rows, 1, segs, bb, b.ld, cols, false)
		}
	}
}

// convBlocks chooses the tiles and the panels of a part: about a million
// multiplications, so that the parts outnumber the workers, and as many tiles
// as the cache holds beside a panel.
func convBlocks[T Float](p *plan, b *packed[T], k int) (tiles, panels int) {
	const work = 1 << 20
	one := max(1, p.rows*k*b.width)
	tiles = min(p.tiles, max(1, 4*work/one))
	return tiles, min(b.panels, max(1, work/(one*tiles)))
}

// filterBlock is the pixels of which a block of the sum of a filter's
// gradient consists, so that the gradient's rows stay in a near cache.
const filterBlock = 512

// convBackFilter is the gradient with respect to filter: in is x, filter (for
// its shape only) and the gradient of the output. Row (tap, in) of the result
// is the sum over pixels of x's channel in, where the tap saw it, times the
// gradient's row.
func convBackFilter[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
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
	rows := taps * ((g.in + s.Rows - 1) / s.Rows)
	b, err := matrix[T]{b: Elems[T](in[2]), rows: pixels, cols: g.out}.pack(c, s, rows)
	if err != nil {
		return err
	}
	chunk := chunkRows(g.in, s.Rows, b.panels*taps)
	chunks := (g.in + chunk - 1) / chunk
	return c.For(taps*chunks*b.panels, func(part int) {
		panel, row := part%b.panels, part/b.panels
		tap, from := row/chunks, row%chunks*chunk
		filterPart(s, &g, dst, x, &b, panel, tap, from, min(g.in, from+chunk))
	})
}

// chunkRows cuts n rows into chunks of whole tiles such that there are enough
// parts when each chunk comes others times.
func chunkRows(n, tile, others int) int {
	want := max(1, 64/max(1, others))
	chunk := (n + want - 1) / want
	return max(tile, (chunk+tile-1)/tile*tile)
}

// filterPart computes the channels from … to-1 of one tap and panel.
func filterPart[T Float](s *kern.Set[T], g *conv, dst, x []T, b *packed[T], panel, tap, from, to int) {
	bb, cols := b.panel(panel)
	step := g.w.stride * g.in
	var rows kern.Rows
	add := false
	g.tapSegs(tap, step, func(segs []kern.Seg) {
		for r := from; r < to; r += s.Rows {
			rows.N = min(s.Rows, to-r)
			for i := range rows.N {
				rows.A[i] = r + i
				rows.C[i] = (tap*g.in+r+i)*g.out + panel*b.width
			}
			s.Tile(dst, x, &rows, step, segs, bb, b.ld, cols, add)
		}
		add = true
	})
}

// tapSegs calls f with the pixels that tap sees, in blocks.
func (g *conv) tapSegs(tap, step int, f func([]kern.Seg)) {
	th, tw := tap/g.w.size, tap%g.w.size
	h0, h1 := g.h.outs(th)
	w0, w1 := g.w.outs(tw)
	var segs []kern.Seg
	have := 0
	for img := range g.n {
		for oh := h0; oh < h1; oh++ {
			ih := oh*g.h.stride - g.h.before + th*g.h.dilation
			iw := w0*g.w.stride - g.w.before + tw*g.w.dilation
			s := kern.Seg{A: ((img*g.h.in+ih)*g.w.in + iw) * g.in, B: (img*g.h.out+oh)*g.w.out + w0, K: w1 - w0}
			for s.K > 0 {
				take := s
				take.K = min(s.K, filterBlock-have)
				segs = join(segs, take, step)
				have += take.K
				s = kern.Seg{A: s.A + take.K*step, B: s.B + take.K, K: s.K - take.K}
				if have == filterBlock {
					f(segs)
					segs, have = segs[:0], 0
				}
			}
		}
	}
	if have > 0 || len(segs) == 0 {
		f(segs)
	}
}
