package ops

import "graft/stdlib/internal/kern"

// walk goes over the elements of an output together with those of operands
// that are broadcast to it, a row at a time. Axes along which all go on
// evenly are taken as one.
type walk struct {
	dims    []int // of the output, without the row
	strides [][2]int
	row     int    // elements of a row
	step    [2]int // of the operands within a row: 1 or 0
}

func newWalk(out []int, operands ...[]int) walk {
	var w walk
	var dims []int
	var strides [][2]int
	run := [2]int{1, 1}
	for i := range out { // from the last axis
		d := axisFromEnd(out, i)
		var s [2]int
		for j, o := range operands {
			if size := axisFromEnd(o, i); size != 1 {
				s[j] = run[j]
				run[j] *= size
			}
		}
		if d == 1 {
			continue
		}
		if n := len(dims); n > 0 {
			l := strides[n-1]
			if s[0] == l[0]*dims[n-1] && s[1] == l[1]*dims[n-1] {
				dims[n-1] *= d
				continue
			}
		}
		dims, strides = append(dims, d), append(strides, s)
	}
	w.row = 1
	if len(dims) > 0 {
		w.row, w.step = dims[0], strides[0]
		w.dims, w.strides = dims[1:], strides[1:]
	}
	return w
}

// walkBuffer is the elements that operand may fill.
const walkBuffer = 1 << 10

// walkRows calls f with where pieces of rows begin, in the output and in both
// operands; pieces have at most walkBuffer elements if an operand stands still.
func walkRows[T kern.Number](c *Ctx, w walk, f func(at [3]int, n int, buf []T)) error {
	rows := product(w.dims)
	piece := w.row
	if w.step != [2]int{1, 1} {
		piece = min(piece, walkBuffer)
	} else {
		piece = min(piece, elementGrain)
	}
	if rows == 0 || piece == 0 {
		return nil
	}
	pieces := (w.row + piece - 1) / piece
	return c.Ranges(rows*pieces, elementGrain/piece, func(from, to int) {
		buf := make([]T, min(piece, walkBuffer))
		for i := from; i < to; i++ {
			row, first := i/pieces, i%pieces*piece
			at := w.at(row)
			n := min(piece, w.row-first)
			f([3]int{row*w.row + first, at[0] + first*w.step[0], at[1] + first*w.step[1]}, n, buf)
		}
	})
}

func (w *walk) at(row int) (at [2]int) {
	for i, d := range w.dims {
		x := row % d
		row /= d
		at[0] += x * w.strides[i][0]
		at[1] += x * w.strides[i][1]
	}
	return at
}
