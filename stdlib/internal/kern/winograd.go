package kern

import "math"

// Winograd is one of Winograd's algorithms for 3×3 convolutions: a tile of
// outputs from one of inputs, whose sides are two longer, by one product for
// each input. Lavin and Gray, "Fast Algorithms for Convolutional Neural
// Networks" (2015), §4.
type Winograd int

const (
	// F4x4 takes 36 products instead of 144. The rounding error is some ten
	// times that of the sum.
	F4x4 Winograd = iota
	// F2x2 takes 16 instead of 36, and has fewer factors to read. The rounding
	// error is about that of the sum.
	F2x2
)

// Out is the side of a tile of outputs.
func (f Winograd) Out() int { return [...]int{4, 2}[f] }

// In is the side of a tile of inputs.
func (f Winograd) In() int { return f.Out() + 2 }

// All is the products.
func (f Winograd) All() int { return f.In() * f.In() }

// maxIn is the side of the largest tile.
const maxIn = 6

// winogradForms are the transforms of columns and rows: those of the inputs,
// Bᵀ·d, of the products, Aᵀ·m, and of the filter, G·g.
type winogradForms[T Float] struct {
	in, out, filter func(d [maxIn]T) [maxIn]T
}

func formsOf[T Float](f Winograd) winogradForms[T] {
	return [...]winogradForms[T]{
		F4x4: {in4[T], out4[T], filter4[T]},
		F2x2: {in2[T], out2[T], filter2[T]},
	}[f]
}

func in4[T Float](d [maxIn]T) [maxIn]T {
	s, t := d[4]-4*d[2], d[3]-4*d[1]
	u, v := d[4]-d[2], 2*(d[3]-d[1])
	return [6]T{4*d[0] - 5*d[2] + d[4], s + t, s - t, u + v, u - v, 4*d[1] - 5*d[3] + d[5]}
}

func out4[T Float](m [maxIn]T) [maxIn]T {
	p, q := m[1]+m[2], m[1]-m[2]
	s, t := m[3]+m[4], m[3]-m[4]
	return [maxIn]T{m[0] + p + s, q + 2*t, p + 4*s, q + 8*t + m[5]}
}

func filter4[T Float](g [maxIn]T) [maxIn]T {
	s, t := g[0]+g[2], g[0]/24+g[2]/6
	return [maxIn]T{g[0] / 4, -(s + g[1]) / 6, -(s - g[1]) / 6, t + g[1]/12, t - g[1]/12, g[2]}
}

func in2[T Float](d [maxIn]T) [maxIn]T {
	return [maxIn]T{d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]}
}

func out2[T Float](m [maxIn]T) [maxIn]T {
	return [maxIn]T{m[0] + m[1] + m[2], m[1] - m[2] - m[3]}
}

func filter2[T Float](g [maxIn]T) [maxIn]T {
	s := g[0] + g[2]
	return [maxIn]T{g[0], (s + g[1]) / 2, (s - g[1]) / 2, g[2]}
}

// apply transforms the columns of a tile of from by from values, then the
// rows, to one of size by size.
func apply[T Float](form func(d [maxIn]T) [maxIn]T, from, size int, get func(i, j int) T, put func(i, j int, v T)) {
	var between [maxIn][maxIn]T
	for j := range from {
		var d [maxIn]T
		for i := range from {
			d[i] = get(i, j)
		}
		for i, v := range form(d) {
			between[i][j] = v
		}
	}
	for i := range size {
		row := form(between[i])
		for j, v := range row[:size] {
			put(i, j, v)
		}
	}
}

// TileIn transforms n channels of the tile whose element (i, j) begins at
// src[i·row+j·column]; product (i, j) begins at dst[(i·In+j)·xi].
func TileIn[T Float](f Winograd, dst []T, xi int, src []T, row, column, n int) {
	side, form := f.In(), formsOf[T](f).in
	for c := fastTileIn(f, dst, xi, src, row, column, n); c < n; c++ {
		apply(form, side, side, func(i, j int) T { return src[i*row+j*column+c] }, func(i, j int, v T) { dst[(i*side+j)*xi+c] = v })
	}
}

// TileOut transforms n channels of products, of which (i, j) begins at
// src[(i·In+j)·xi], to outputs, of which (i, j) begins at dst[i·row+j·column].
// There is a bias, and the end does not add.
func TileOut[T Float](f Winograd, dst []T, row, column int, src []T, xi, n int, end End[T]) {
	if !end.Clamp {
		end.Clamp, end.Low, end.High = true, T(math.Inf(-1)), T(math.Inf(1))
	}
	side, form := f.In(), formsOf[T](f).out
	for c := fastTileOut(f, dst, row, column, src, xi, n, end); c < n; c++ {
		apply(form, side, f.Out(), func(i, j int) T { return src[(i*side+j)*xi+c] }, func(i, j int, v T) {
			dst[i*row+j*column+c] = min(max(v+end.Bias[c], end.Low), end.High)
		})
	}
}

// TileFilter transforms n elements of the nine of a filter, that are step
// apart in src, to the products' factors, xi apart in dst.
func TileFilter[T Float](f Winograd, dst []T, xi int, src []T, step, n int) {
	side, form := f.In(), formsOf[T](f).filter
	for c := fastTileFilter(f, dst, xi, src, step, n); c < n; c++ {
		apply(form, 3, side, func(i, j int) T { return src[(3*i+j)*step+c] }, func(i, j int, v T) { dst[(i*side+j)*xi+c] = v })
	}
}
