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

// MaxRows is the most rows that a tile of any Set has.
const MaxRows = 8

// Seg is a run of a sum over k: K products of the elements from A on in a row
// of a (relative to where the row begins) with the rows from B on of b.
type Seg struct{ A, B, K int }

// Rows says where the rows of a tile begin: row i < N at A[i] in a and at C[i]
// in c. They need not be evenly spaced, so that a tile may hold any pixels.
type Rows struct {
	N    int
	A, C [MaxRows]int
}

// Set is the loops that run on this processor, in one element type.
//
// Tile computes c[C[i]+j] for i < Rows.N and j < cols: the sum over segs and
// k of a[A[i]+seg.A+k·step] · b[(seg.B+k)·ldb+j], added to what is there if
// add is true. b's rows have Cols readable elements even where cols is less.
type Set[T Float] struct {
	Name string
	Rows int // rows of a tile, at most MaxRows
	Cols int // columns of a tile: the width of a packed panel
	Tile func(c, a []T, rows *Rows, step int, segs []Seg, b []T, ldb, cols int, add bool)
}

// Use returns the loops for T.
func Use[T Float]() *Set[T] {
	return &Set[T]{Name: "portable", Rows: 4, Cols: 4, Tile: tile[T]}
}

// Panels is the length of b packed: its columns rounded up to whole panels.
func (s *Set[T]) Panels(rows, cols int) int {
	return rows * ((cols + s.Cols - 1) / s.Cols) * s.Cols
}

// Pack copies rows from … to-1 of b, where b(r, c) = src[(r-from)·rowStep+
// c·colStep], into dst: panels of Cols columns one after the other, each with
// all its rows. Columns past the last are zero. all is the rows of b.
func (s *Set[T]) Pack(dst []T, all, from, to, cols int, src []T, rowStep, colStep int) {
	for first := 0; first < cols; first += s.Cols {
		n := min(s.Cols, cols-first)
		panel := dst[first*all:][:all*s.Cols]
		for r := from; r < to; r++ {
			row := panel[r*s.Cols:][:s.Cols]
			in := src[(r-from)*rowStep+first*colStep:]
			if colStep == 1 {
				copy(row, in[:n])
			} else {
				for c := range row[:n] {
					row[c] = in[c*colStep]
				}
			}
			clear(row[n:])
		}
	}
}
