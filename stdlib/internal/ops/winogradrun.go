package ops

import "graft/stdlib/internal/kern"

// What lies between the transforms, in floats, and the factors that a worker
// has to itself: about as much as a near cache holds.
const (
	winogradMemory = 1 << 18
	apartMemory    = 1 << 17
	apartFactors   = 1 << 18
)

// tileGroup is the tiles of which a part of a transform consists at most.
const tileGroup = 8

// minTiles is the tiles of a block at least: to read the factors for fewer
// takes as long as to multiply by them.
const minTiles = 60

// winoBlock is some tiles, transformed, and their products.
type winoBlock[T Float] struct {
	*wino[T]
	from, n int // the first one, and how many
	rows    kern.Rows
	v, m    []T
}

// run computes all tiles, a block at a time. If the factors are few, each
// worker has blocks of its own, so that what lies between the transforms stays
// in its cache; else all work at one block, each with factors of its own.
func (w *wino[T]) run() error {
	tiles, tile := w.g.n*w.th*w.tw, w.f.All()*(w.g.in+w.g.out)
	apart := w.f.All()*w.size <= apartFactors
	if apart {
		w.most = min(max(12, apartMemory/tile/6*6), chunkRows(tiles, 6, partsFor(w.c, 1)))
	} else {
		w.most = max(minTiles, winogradMemory/tile/6*6)
	}
	w.most = min(w.most, tiles)
	w.rows = w.tileRows(w.most)
	if apart {
		return w.c.For((tiles+w.most-1)/w.most, func(part int) {
			memory, back := lendElements[T](w.c, w.most*tile)
			defer back()
			w.blockOf(part*w.most, tiles, memory).alone()
		})
	}
	memory := scratch[T](w.c, w.most*tile)
	for from := 0; from < tiles; from += w.most {
		if err := w.blockOf(from, tiles, memory).together(); err != nil {
			return err
		}
	}
	return nil
}

func (w *wino[T]) blockOf(from, tiles int, memory []T) *winoBlock[T] {
	b := &winoBlock[T]{wino: w, from: from, n: min(tiles-from, w.most), rows: w.rows}
	if b.n < w.most {
		b.rows = w.tileRows(b.n)
	}
	in := w.f.All() * w.most * w.g.in
	b.v, b.m = memory[:in], memory[in:]
	return b
}

// tileRows is n tiles as rows of the factors, and whole tiles of them, since
// several workers read the list.
func (w *wino[T]) tileRows(n int) kern.Rows {
	whole := (n + w.s.Rows - 1) / w.s.Rows * w.s.Rows
	r := kern.Rows{A: make([]int, whole), C: make([]int, whole), Ascending: true}
	for t := range whole {
		r.A[t], r.C[t] = min(t, n-1)*w.g.in, min(t, n-1)*w.g.out
	}
	r.A, r.C = r.A[:n], r.C[:n]
	return r
}

// alone transforms, multiplies and transforms back.
func (b *winoBlock[T]) alone() {
	b.in(0, b.n)
	for part := range b.f.All() * len(b.panels) {
		if b.c.err() != nil {
			return
		}
		b.multiply(part)
	}
	b.out(0, b.n)
}

// together does so with all workers.
func (b *winoBlock[T]) together() error {
	group := min(tileGroup, max(1, b.n/partsFor(b.c, 1)))
	if err := b.c.Ranges(b.n, group, b.in); err != nil {
		return err
	}
	if err := b.c.For(b.f.All()*len(b.panels), b.multiply); err != nil {
		return err
	}
	return b.c.Ranges(b.n, group, b.out)
}

// multiply computes one of the products of all tiles, a panel of it, and asks
// for the factors of the next product.
func (b *winoBlock[T]) multiply(part int) {
	all := b.f.All()
	xi, p := part%all, b.panels[part/all]
	ahead := 0
	if xi+1 < all {
		ahead = b.size
	}
	var segs []kern.Seg
	if b.g.in > 0 {
		segs = []kern.Seg{{K: b.g.in}}
	}
	v, m := b.v[xi*b.most*b.g.in:], b.m[xi*b.most*b.g.out:]
	b.s.Tiles(m[p.First:], v, b.rows, 1, segs, b.u[xi*b.size+p.At:], p.Ld, p.Cols, ahead, kern.End[T]{})
}

func (b *winoBlock[T]) in(from, to int) {
	for t := from; t < to; t++ {
		b.tileIn(t)
	}
}

func (b *winoBlock[T]) out(from, to int) {
	for t := from; t < to; t++ {
		b.tileOut(t)
	}
}

// patch lends memory for a tile.
func (w *wino[T]) patch() *[]T {
	if p, ok := w.patches.Get().(*[]T); ok {
		return p
	}
	p := make([]T, max(w.f.All()*w.g.in, w.f.Out()*w.f.Out()*w.g.out))
	return &p
}

// place is the image, the row and the column of a tile's first output.
func (w *wino[T]) place(tile int) (img, oh, ow int) {
	side := w.f.Out()
	return tile / (w.th * w.tw), tile / w.tw % w.th * side, tile % w.tw * side
}

// tileIn transforms tile t of the block. One that reaches over the image's
// edge is copied to a patch with zeros around.
func (b *winoBlock[T]) tileIn(t int) {
	img, oh, ow := b.place(b.from + t)
	n, width, side := b.g.in, b.g.w.in, b.f.In()
	h, x := oh-b.g.h.before, ow-b.g.w.before
	if n == 0 {
		return
	}
	if h >= 0 && x >= 0 && h+side <= b.g.h.in && x+side <= width {
		kern.TileIn(b.f, b.v[t*n:], b.most*n, b.x[((img*b.g.h.in+h)*width+x)*n:], width*n, n, n)
		return
	}
	lent := b.patch()
	defer b.patches.Put(lent)
	patch := (*lent)[:b.f.All()*n]
	clear(patch)
	left, right := max(0, -x), min(side, width-x)
	for i := max(0, -h); i < min(side, b.g.h.in-h); i++ {
		if left < right {
			copy(patch[(i*side+left)*n:(i*side+right)*n], b.x[((img*b.g.h.in+h+i)*width+x+left)*n:])
		}
	}
	kern.TileIn(b.f, b.v[t*n:], b.most*n, patch, side*n, n, n)
}

// tileOut transforms back tile t of the block. Of one that reaches over the
// output's edge only a part is taken.
func (b *winoBlock[T]) tileOut(t int) {
	img, oh, ow := b.place(b.from + t)
	n, width, side := b.g.out, b.g.w.out, b.f.Out()
	to := b.y[((img*b.g.h.out+oh)*width+ow)*n:]
	rows, columns := min(side, b.g.h.out-oh), min(side, width-ow)
	if rows == side && columns == side {
		kern.TileOut(b.f, to, width*n, n, b.m[t*n:], b.most*n, n, b.end)
		return
	}
	lent := b.patch()
	defer b.patches.Put(lent)
	patch := *lent
	kern.TileOut(b.f, patch, side*n, n, b.m[t*n:], b.most*n, n, b.end)
	for i := range rows {
		copy(to[i*width*n:][:columns*n], patch[i*side*n:])
	}
}
