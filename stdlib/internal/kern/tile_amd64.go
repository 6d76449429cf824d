//go:build !purego

package kern

import (
	"math"
	"unsafe"
)

// tileArgs is what the assembly takes; the fields' order is that of
// .ci/gen/kern/tiles.go. The list that rowsA begins is full.
type tileArgs struct {
	a, c         unsafe.Pointer
	rowsA, rowsC unsafe.Pointer
	rows         int
	segs         unsafe.Pointer
	segCount     int
	b            unsafe.Pointer
	ldb, step    int    // in bytes
	mask         uint64 // AVX-512: one bit a column
	add          int
	next         [2]uintptr // of the rows; the assembly's own
	segsLeft     int        // the assembly's own
	ahead        int        // from b to what is wanted next, in bytes
	asking       int        // tiles that ask for it; the assembly counts
	turn         int        // the assembly's own
	start        float32    // of what is not a sum
	bias         unsafe.Pointer
	clamp        int
	low, high    float32
}

// vectorSet is a Set in assembly: of each function one for panels of 1, 2 …
// vectors.
type vectorSet struct {
	lanes, most int  // float32 of a vector; vectors of a panel
	masked      bool // the last vector need not be full: AVX-512
}

// tiles, planes and largest call the assembly by its name, not by a table, so
// that the compiler knows that args may stay on the stack.
func (v *vectorSet) tiles(vectors int, args *byte) {
	switch {
	case v.masked && vectors == 1:
		tiles16AVX512(args)
	case v.masked && vectors == 2:
		tiles32AVX512(args)
	case v.masked && vectors == 3:
		tiles48AVX512(args)
	case v.masked:
		tiles64AVX512(args)
	case vectors == 1:
		tiles8AVX2(args)
	default:
		tiles16AVX2(args)
	}
}

func (v *vectorSet) planes(vectors int, args *byte) {
	switch {
	case v.masked && vectors == 1:
		planes16AVX512(args)
	case v.masked && vectors == 2:
		planes32AVX512(args)
	case v.masked && vectors == 3:
		planes48AVX512(args)
	case v.masked:
		planes64AVX512(args)
	case vectors == 1:
		planes8AVX2(args)
	default:
		planes16AVX2(args)
	}
}

func (v *vectorSet) largest(vectors int, args *byte) {
	switch {
	case v.masked && vectors == 1:
		largest16AVX512(args)
	case v.masked && vectors == 2:
		largest32AVX512(args)
	case v.masked && vectors == 3:
		largest48AVX512(args)
	case v.masked:
		largest64AVX512(args)
	case vectors == 1:
		largest8AVX2(args)
	default:
		largest16AVX2(args)
	}
}

const asmRows = 6

// askingTiles is how many tiles ask for what is wanted next: two would do, if
// memory kept up.
const askingTiles = 4

func avx512Set() *Set[float32] {
	v := vectorSet{lanes: 16, most: 4, masked: true}
	return &Set[float32]{Name: "avx512", Rows: asmRows, Cols: 64, Quantum: 16, Direct: true, Tiles: v.runTiles, Row: v.runRow, Wide: 384, Planes: v.runPlanes, Largest: v.runLargest}
}

func avx2Set() *Set[float32] {
	v := vectorSet{lanes: 8, most: 2}
	return &Set[float32]{Name: "avx2", Rows: asmRows, Cols: 16, Quantum: 8, Direct: true, Tiles: v.runTiles, Row: v.runRow, Wide: 96, Planes: v.runPlanes, Largest: v.runLargest}
}

// full pads the rows of a with copies of the last to whole tiles, behind the
// last if there is room.
func (r Rows) full() Rows {
	if n := len(r.A); n%asmRows != 0 {
		whole := n + asmRows - n%asmRows
		if cap(r.A) < whole {
			r.A = append(make([]int, 0, whole), r.A...)
		}
		r.A = r.A[:whole]
		for i := n; i < whole; i++ {
			if r.A[i] != r.A[n-1] {
				r.A[i] = r.A[n-1]
			}
		}
	}
	return r
}

// args describes a call; rows are full, n of them are to be stored.
func args(c, a []float32, rows Rows, n, step int, segs []Seg, b []float32, ldb, cols int, end End[float32]) tileArgs {
	t := tileArgs{
		a: unsafe.Pointer(unsafe.SliceData(a)), c: unsafe.Pointer(unsafe.SliceData(c)),
		rowsA: unsafe.Pointer(unsafe.SliceData(rows.A)), rowsC: unsafe.Pointer(unsafe.SliceData(rows.C)), rows: n,
		segs: unsafe.Pointer(unsafe.SliceData(segs)), segCount: len(segs),
		b: unsafe.Pointer(unsafe.SliceData(b)), ldb: 4 * ldb, step: 4 * step,
		mask: ^uint64(0) >> (64 - cols),
	}
	switch {
	case end.Add:
		t.add = 1
	case end.Residual:
		t.add = 2
	}
	if end.Bias != nil {
		t.bias = unsafe.Pointer(unsafe.SliceData(end.Bias[:cols]))
	}
	if end.Clamp {
		t.clamp, t.low, t.high = 1, end.Low, end.High
	}
	return t
}

// runTiles is Set.Tiles.
func (v *vectorSet) runTiles(c, a []float32, rows Rows, step int, segs []Seg, b []float32, ldb, cols, ahead int, end End[float32]) {
	n := len(rows.A)
	if n == 0 {
		return
	}
	vectors := (cols + v.lanes - 1) / v.lanes
	if cols < 1 || vectors > v.most {
		panic("kern: a panel of that many columns does not fit")
	}
	check(c, a, rows, step, segs, 1, cols)
	checkPanel(b, segs, ldb, vectors*v.lanes)
	if !v.masked && cols%v.lanes != 0 {
		v.aside(c, a, rows, step, segs, b, ldb, cols, end)
		return
	}
	t := args(c, a, rows.full(), n, step, segs, b, ldb, cols, end)
	if ahead != 0 && n > asmRows {
		t.ahead, t.asking = 4*ahead, askingTiles
	}
	v.tiles(vectors, (*byte)(unsafe.Pointer(&t)))
}

// runRow is Set.Row.
func (v *vectorSet) runRow(c, a []float32, step int, b []float32, ldb, k int, add bool) {
	if k < 1 {
		panic("kern: an empty sum")
	}
	run, wide, adds := row96AVX2, 96, 0
	if v.masked {
		run, wide = row384AVX512, 384
	}
	if add {
		adds = 1
	}
	_, _, _ = c[wide-1], a[(k-1)*step], b[(k-1)*ldb+wide-1]
	run(&c[0], &a[0], 4*step, &b[0], 4*ldb, k, adds)
}

// runPlanes is Set.Planes.
func (v *vectorSet) runPlanes(c, a []float32, rows Rows, step int, segs []Seg, b []float32, ldb, cols int, end End[float32]) {
	n := len(rows.A)
	if n == 0 || cols == 0 {
		return
	}
	check(c, a, rows, step, segs, cols, cols)
	checkPanel(b, segs, ldb, cols)
	full := rows.full()
	done := v.eachVectors(cols, func(vectors, first, width int) {
		t := args(c[first:], a[first:], full, n, step, segs, b[first:], ldb, width, end.From(first))
		v.planes(vectors, (*byte)(unsafe.Pointer(&t)))
	})
	if done < cols {
		planes(c[done:], a[done:], rows, step, segs, b[done:], ldb, cols-done, end.From(done))
	}
}

// runLargest is Set.Largest.
func (v *vectorSet) runLargest(c, a []float32, rows Rows, segs []Seg, cols int) {
	n := len(rows.A)
	if n == 0 || cols == 0 {
		return
	}
	check(c, a, rows, 1, segs, cols, cols)
	full := rows.full()
	done := v.eachVectors(cols, func(vectors, first, width int) {
		t := args(c[first:], a[first:], full, n, 0, segs, nil, 0, width, End[float32]{})
		t.start = float32(math.Inf(-1))
		v.largest(vectors, (*byte)(unsafe.Pointer(&t)))
	})
	if done < cols {
		largest(c[done:], a[done:], rows, segs, cols-done)
	}
}

// eachVectors cuts columns into pieces of some vectors, and returns how many
// columns there are in them: without masks those of a last vector are left.
func (v *vectorSet) eachVectors(cols int, f func(vectors, first, width int)) int {
	units := cols / v.lanes
	if v.masked {
		units = (cols + v.lanes - 1) / v.lanes
	}
	pieces := (units + v.most - 1) / v.most
	for i := range pieces {
		from, to := i*units/pieces, (i+1)*units/pieces
		f(to-from, from*v.lanes, min(to*v.lanes, cols)-from*v.lanes)
	}
	return min(units*v.lanes, cols)
}

// aside computes a panel whose last vector is not full into memory of its
// own, from which the columns that there are go to c.
func (v *vectorSet) aside(c, a []float32, rows Rows, step int, segs []Seg, b []float32, ldb, cols int, end End[float32]) {
	var sums [asmRows * 16]float32
	var at [asmRows]int
	wide := (cols + v.lanes - 1) / v.lanes * v.lanes
	for i := range at {
		at[i] = i * wide
	}
	for i := 0; i < len(rows.A); i += asmRows {
		m := min(asmRows, len(rows.A)-i)
		v.runTiles(sums[:], a, Rows{A: rows.A[i:][:m], C: at[:m]}, step, segs, b, ldb, wide, 0, End[float32]{})
		for j := range m {
			Store(c[rows.C[i+j]:][:cols], sums[at[j]:][:cols], end)
		}
	}
}

// check panics where the assembly would read outside of a or write outside of
// c, of which it reads wideA and writes wideC elements a row.
func check(c, a []float32, rows Rows, step int, segs []Seg, wideA, wideC int) {
	if len(rows.C) < len(rows.A) {
		panic("kern: fewer rows of c than of a")
	}
	low, high := rows.span(rows.A)
	first, last := rows.span(rows.C[:len(rows.A)])
	_, _ = c[first], c[last+wideC-1]
	for _, s := range segs {
		if s.K < 1 {
			panic("kern: an empty segment")
		}
		_, _ = a[low+s.A], a[high+s.A+(s.K-1)*step+wideA-1]
	}
}

// span is the smallest and the largest of some numbers, found in two halves
// at once: to look at the rows takes a tenth of the time of a short sum.
func (r Rows) span(x []int) (low, high int) {
	if r.Ascending {
		return x[0], x[len(x)-1]
	}
	low, high = x[0], x[0]
	half := len(x) / 2
	low2, high2 := x[half], x[half]
	a, b := x[:half], x[half:][:half]
	for i, v := range a {
		low, high = min(low, v), max(high, v)
		low2, high2 = min(low2, b[i]), max(high2, b[i])
	}
	last := x[len(x)-1]
	return min(low, low2, last), max(high, high2, last)
}

// checkPanel is check for b.
func checkPanel(b []float32, segs []Seg, ldb, wide int) {
	for _, s := range segs {
		_, _ = b[s.B*ldb], b[(s.B+s.K-1)*ldb+wide-1]
	}
}
