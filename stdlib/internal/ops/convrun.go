package ops

import "graft/stdlib/internal/kern"

// convForward runs a convolution.
func convForward[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	return convEnding(c, k, out, in, kern.End[T]{})
}

func convEnding[T Float](c *Ctx, k Conv2D, out *Value, in []*Value, end kern.End[T]) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	if g.whole() {
		x, filter, y := g.matrices(in[0], in[1], out)
		return matMulEnding(c, MatMul{}, y, []*Value{x, filter}, end)
	}
	s := kern.Use[T]()
	p := c.plan(g, false, false)
	m := matrix[T]{b: Elems[T](in[1]), rows: g.h.size * g.w.size * g.in, cols: g.out}
	return convTiles(c, s, p, Elems[T](out), Elems[T](in[0]), m, in[1].Memo, end)
}

// convBackInput is the gradient with respect to x: in is x (for its shape
// only), filter and the gradient of the output.
func convBackInput[T Float](c *Ctx, k Conv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	if g.whole() {
		dx, filter, dy := g.matrices(out, in[1], in[2])
		return matMul[T](c, MatMul{TransposeB: true}, dx, []*Value{dy, filter})
	}
	s := kern.Use[T]()
	p := c.plan(g, true, false)
	// Row (tap, out) and column in of the matrix is filter[tap, in, out].
	m := matrix[T]{b: Elems[T](in[1]), rows: g.h.size * g.w.size * g.out, cols: g.in, turned: g.out}
	return convTiles(c, s, p, Elems[T](out), Elems[T](in[2]), m, in[1].Memo, kern.End[T]{})
}

// whole reports that the filter covers the image, as in fully connected
// layers that are written as convolutions.
func (g *conv) whole() bool { return g.h.whole() && g.w.whole() }

func (w window) whole() bool {
	return w.out == 1 && w.before == 0 && w.size == w.in && (w.dilation == 1 || w.size == 1)
}

// matrices are the image, the filter and the output of a filter that covers
// the image.
func (g *conv) matrices(x, filter, y *Value) (a, b, c *Value) {
	all := g.h.in * g.w.in * g.in
	return x.shaped(g.n, all), filter.shaped(all, g.out), y.shaped(g.n, g.out)
}

// shaped is the same elements under another shape.
func (v *Value) shaped(shape ...int) *Value {
	w := *v
	w.Shape = shape
	return &w
}

// matrix is the right side of the products. If turned is not 0 it is stored
// as blocks of turned rows, each block transposed.
type matrix[T Float] struct {
	b          []T
	rows, cols int
	turned     int
}

// packed is a matrix in panels.
type packed[T Float] struct {
	b      []T
	panels []kern.Panel
}

// pack brings a matrix into panels. One whose rows Tiles can read where they
// are is used as it is, unless they are so far apart that each lies in a page
// of its own, and used often; or unless it is too large to be there twice.
// What is packed is kept in memo, if there is one.
func (m matrix[T]) pack(c *Ctx, s *kern.Set[T], uses int, memo *Memo) (packed[T], error) {
	few := memo == nil && uses < 8*s.Rows
	near := few || m.cols <= s.Cols || m.cols <= pageElements || m.rows*m.cols > maxKept
	if m.turned == 0 && m.cols%s.Quantum == 0 && near && s.Direct {
		panels, _ := panelsOf(c, s, m.rows, m.cols, true)
		return packed[T]{m.b, panels}, nil
	}
	panels, size := panelsOf(c, s, m.rows, m.cols, false)
	if memo == nil {
		dst := scratch[T](c, size)
		return packed[T]{dst, panels}, m.packInto(c, dst, panels)
	}
	key := packedKey{s.Name, m.rows, m.cols, m.turned}
	dst, err := remember(memo, key, func() ([]T, error) {
		dst := make([]T, size)
		return dst, m.packInto(c, dst, panels)
	})
	return packed[T]{dst, panels}, err
}

// ahead is how far behind panel i the next one begins, and 0 if there is none.
func (p packed[T]) ahead(i int) int {
	if i+1 >= len(p.panels) {
		return 0
	}
	return p.panels[i+1].At - p.panels[i].At
}

// cutColumns is the panels of a matrix, packed or as it is stored.
type cutColumns struct {
	panels []kern.Panel
	size   int // of it packed
}

type columnsKey struct {
	set        string
	rows, cols int
	direct     bool
}

// panelsOf is Set.Panels, remembered; with direct of a matrix that is used as
// it is stored.
func panelsOf[T Float](c *Ctx, s *kern.Set[T], rows, cols int, direct bool) ([]kern.Panel, int) {
	key := columnsKey{s.Name, rows, cols, direct}
	if p, made := c.columns[key]; made {
		return p.panels, p.size
	}
	panels, size := s.Panels(rows, cols)
	if direct {
		for i := range panels {
			panels[i].At, panels[i].Ld = panels[i].First, cols
		}
	}
	if len(c.columns) >= maxPlans || c.columns == nil {
		c.columns = map[columnsKey]cutColumns{}
	}
	c.columns[key] = cutColumns{panels, size}
	return panels, size
}

// pageElements is the float32 of a page of memory.
const pageElements = 1 << 10

// maxKept is the elements of a matrix up to which it is packed for no better
// reason than speed.
const maxKept = 1 << 23

// packedKey tells apart what is kept of one filter.
type packedKey struct {
	set                string
	rows, cols, turned int
}

func (m matrix[T]) packInto(c *Ctx, dst []T, panels []kern.Panel) error {
	rows := m.turned
	if rows == 0 {
		rows = max(1, elementGrain/max(1, m.cols))
	}
	rowStep, colStep := m.cols, 1
	if m.turned != 0 {
		rowStep, colStep = 1, m.turned
	}
	parts := (m.rows + rows - 1) / rows
	return c.For(parts*len(panels), func(part int) {
		from := part / len(panels) * rows
		kern.Pack(dst, panels[part%len(panels)], from, min(m.rows, from+rows), m.b[from*m.cols:], rowStep, colStep)
	})
}

// rowBatch is the rows that are passed to Tiles at a time.
const rowBatch = 96

// batchOf is the rows for sums of n products that are passed to Tiles at a
// time, fewer if those are long: a call cannot be cancelled.
func batchOf(n int) int {
	return min(rowBatch, max(6, callWork/max(1, n)/6*6))
}

// callWork is the products with each column of one call of Tiles, at most.
const callWork = 1 << 20

// blockWork is the products, times the width of a panel, of which a part
// consists at least.
const blockWork = 1 << 16

// convTiles computes every pixel of a plan. A part is a block of pixels, whose
// source stays in a near cache, times one panel, or several of a small matrix.
func convTiles[T Float](c *Ctx, s *kern.Set[T], p *plan, dst, src []T, m matrix[T], memo *Memo, end kern.End[T]) error {
	if len(dst) == 0 {
		return nil
	}
	pixels := len(dst) / p.dst.c
	b, err := m.pack(c, s, pixels, memo)
	if err != nil {
		return err
	}
	blocks := p.blocks(c, blockWork, len(b.panels))
	return c.For(len(blocks)*len(b.panels), func(part int) {
		panel := b.panels[part/len(blocks)]
		ahead := b.ahead(part / len(blocks))
		bl := blocks[part%len(blocks)]
		most := batchOf(bl.taps * p.src.c)
		rows := c.lend(most)
		defer c.giveBack(rows)
		for from := bl.from; from < bl.to && c.err() == nil; from += len(rows.A) {
			p.rows(bl, from, most, rows)
			s.Tiles(dst[panel.First:], src, *rows, 1, bl.segs, b.b[panel.At:], panel.Ld, panel.Cols, ahead, end.Of(panel))
		}
	})
}
