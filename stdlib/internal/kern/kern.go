// Package kern holds the inner loops of the engine: plain functions over
// slices and sizes, without knowledge of graphs, shapes or workers. They run
// in float32 and, for finite differences, in float64.
package kern

// Float is an element type that the loops run in.
type Float interface{ float32 | float64 }

// Number is an element type of the loops that have no gradient to compute.
type Number interface {
	float32 | float64 | int32 | int64
}

// Seg is a run of a sum over k: K products of the elements from A on in a row
// of a (relative to where the row begins) with the rows from B on of b.
type Seg struct{ A, B, K int }

// Rows says where rows begin, in a and in c. They need not be evenly spaced,
// so that they may stand for any pixels. The memory behind the last of A, as
// far as its capacity goes, is for whoever reads them; several may at once if
// what is there is A's last.
type Rows struct {
	A, C      []int
	Ascending bool // both, so that their ends say which memory they need
}

// End is what is done with a sum before it is stored, in this order.
type End[T Float] struct {
	Add      bool // what is in c is added to it: a part of the sum
	Bias     []T  // if not nil, one a column, is added
	Residual bool // what is in c is added to it, something else; not with Add
	Clamp    bool // it is brought between Low and High; NaN stays
	Low      T
	High     T
}

// From is the end of the columns from first on.
func (e End[T]) From(first int) End[T] {
	if e.Bias != nil {
		e.Bias = e.Bias[first:]
	}
	return e
}

// Of is the end of a panel's columns.
func (e End[T]) Of(p Panel) End[T] { return e.From(p.First) }

// Set is the loops over matrices that run on this processor, in one element
// type.
//
// Tiles computes c[C[i]+j] for all rows i and j < cols: the sum over segs and
// k of a[A[i]+seg.A+k·step] · b[(seg.B+k)·ldb+j], then its End. b's rows have
// cols rounded up to Quantum readable elements. The order in which a sum is
// taken does not depend on the other rows. Where ahead is not 0, there is what
// is wanted after b, so far behind it: memory is asked for it meanwhile.
type Set[T Float] struct {
	Name    string
	Rows    int  // best is a number of rows that this divides
	Cols    int  // most columns, the width of a packed panel
	Quantum int  // by which panels grow
	Direct  bool // a panel is as fast where rows of b are far apart
	Tiles   func(c, a []T, rows Rows, step int, segs []Seg, b []T, ldb, cols, ahead int, end End[T])
	// Row computes c[j] for Wide columns j: the sum over k of a[k·step] ·
	// b[k·ldb+j], in the order of Tiles, and adds what is in c if add. It is for
	// a single row, which leaves nothing to do but to read b, in long pieces.
	// Wide is 0 if there is none.
	Row  func(c, a []T, step int, b []T, ldb, k int, add bool)
	Wide int
	// Planes multiplies column by column: c[C[i]+j] is the sum of
	// a[A[i]+seg.A+k·step+j] · b[(seg.B+k)·ldb+j], for any number of columns.
	Planes func(c, a []T, rows Rows, step int, segs []Seg, b []T, ldb, cols int, end End[T])
	// Largest sets c[C[i]+j] to the largest of a[A[i]+seg.A+j], K being 1, and
	// to the later one of two that are equal or of which one is NaN.
	Largest func(c, a []T, rows Rows, segs []Seg, cols int)
}

// Shift sets y to x with by added to each.
func Shift(y, x []int, by int) {
	x = x[:len(y)]
	for i := fastShift(y, x, by); i < len(y); i++ {
		y[i] = x[i] + by
	}
}

// Panel is some columns of b, in a form that Tiles takes: where they begin in
// what is packed, how far rows are apart, the first column and how many.
type Panel struct{ At, Ld, First, Cols int }

// Panels cuts the columns of b, which has rows rows, into panels of like
// width, and returns the length of b packed.
func (s *Set[T]) Panels(rows, cols int) (p []Panel, size int) {
	n := (cols + s.Cols - 1) / s.Cols
	units := (cols + s.Quantum - 1) / s.Quantum
	for i := range n {
		first, next := i*units/n*s.Quantum, (i+1)*units/n*s.Quantum
		p = append(p, Panel{first * rows, next - first, first, min(next, cols) - first})
	}
	return p, rows * units * s.Quantum
}

// Pack copies rows from … to-1 of the panel's columns of b, where b(r, c) =
// src[(r-from)·rowStep+c·colStep] and one of the steps is 1, to their place in
// dst. Columns past the last are zero.
func Pack[T Float](dst []T, p Panel, from, to int, src []T, rowStep, colStep int) {
	if from >= to {
		return
	}
	src = src[p.First*colStep:]
	if colStep != 1 {
		Transpose(dst[p.At+from*p.Ld:], p.Ld, src, colStep, to-from, p.Cols)
	}
	for r := from; r < to; r++ {
		row := dst[p.At+r*p.Ld:][:p.Ld]
		if colStep == 1 {
			copy(row, src[(r-from)*rowStep:][:p.Cols])
		}
		clear(row[p.Cols:])
	}
}

// Transpose sets dst[r·dstStep+c] to src[c·srcStep+r] for r < rows and c <
// cols, in blocks that fit in registers or a near cache.
func Transpose[T Float](dst []T, dstStep int, src []T, srcStep, rows, cols int) {
	const block = 8
	for r := 0; r < rows; r += block {
		n := min(block, rows-r)
		for c := 0; c < cols; c += block {
			m := min(block, cols-c)
			if n == block && m == block && fastTranspose(dst[r*dstStep+c:], dstStep, src[c*srcStep+r:], srcStep) {
				continue
			}
			for i := r; i < r+n; i++ {
				row := dst[i*dstStep+c:][:m]
				for j := range row {
					row[j] = src[(c+j)*srcStep+i]
				}
			}
		}
	}
}
