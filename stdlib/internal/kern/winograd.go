package kern

import "math"

// Winograd's F(4×4, 3×3): sixteen outputs of a 3×3 convolution from a tile of
// six by six inputs, by 36 products instead of 144. Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks" (2015), §4.3. The rounding
// error is some ten times that of the sum.

// The sides of a tile of inputs and of one of outputs.
const (
	TileIn  = 6
	TileOut = 4
	TileAll = TileIn * TileIn // the products
)

// transformIn is Bᵀ·d.
func transformIn[T Float](d [6]T) [6]T {
	s, t := d[4]-4*d[2], d[3]-4*d[1]
	u, v := d[4]-d[2], 2*(d[3]-d[1])
	return [6]T{4*d[0] - 5*d[2] + d[4], s + t, s - t, u + v, u - v, 4*d[1] - 5*d[3] + d[5]}
}

// transformOut is Aᵀ·m.
func transformOut[T Float](m [6]T) [4]T {
	p, q := m[1]+m[2], m[1]-m[2]
	s, t := m[3]+m[4], m[3]-m[4]
	return [4]T{m[0] + p + s, q + 2*t, p + 4*s, q + 8*t + m[5]}
}

// transformFilter is G·g.
func transformFilter[T Float](g [3]T) [6]T {
	s, t := g[0]+g[2], g[0]/24+g[2]/6
	return [6]T{g[0] / 4, -(s + g[1]) / 6, -(s - g[1]) / 6, t + g[1]/12, t - g[1]/12, g[2]}
}

// WinogradIn transforms n channels of the tile whose element (i, j) begins at
// src[i·row+j·column]; product (i, j) begins at dst[(i·6+j)·xi].
func WinogradIn[T Float](dst []T, xi int, src []T, row, column, n int) {
	for c := fastWinogradIn(dst, xi, src, row, column, n); c < n; c++ {
		var between [6][6]T
		for j := range 6 {
			var d [6]T
			for i := range d {
				d[i] = src[i*row+j*column+c]
			}
			for i, v := range transformIn(d) {
				between[i][j] = v
			}
		}
		for i := range between {
			for j, v := range transformIn(between[i]) {
				dst[(i*6+j)*xi+c] = v
			}
		}
	}
}

// WinogradOut transforms n channels of products, of which (i, j) begins at
// src[(i·6+j)·xi], to four by four outputs, of which (i, j) begins at
// dst[i·row+j·column]. There is a bias, and the end does not add.
func WinogradOut[T Float](dst []T, row, column int, src []T, xi, n int, end End[T]) {
	if !end.Clamp {
		end.Clamp, end.Low, end.High = true, T(math.Inf(-1)), T(math.Inf(1))
	}
	for c := fastWinogradOut(dst, row, column, src, xi, n, end); c < n; c++ {
		var between [4][6]T
		for j := range 6 {
			var m [6]T
			for i := range m {
				m[i] = src[(i*6+j)*xi+c]
			}
			for i, v := range transformOut(m) {
				between[i][j] = v
			}
		}
		for i := range between {
			for j, v := range transformOut(between[i]) {
				dst[i*row+j*column+c] = min(max(v+end.Bias[c], end.Low), end.High)
			}
		}
	}
}

// WinogradFilter transforms n elements of the nine of a filter, that are step
// apart in src, to the products' factors, xi apart in dst.
func WinogradFilter[T Float](dst []T, xi int, src []T, step, n int) {
	for c := fastWinogradFilter(dst, xi, src, step, n); c < n; c++ {
		var between [6][3]T
		for j := range 3 {
			for i, v := range transformFilter([3]T{src[j*step+c], src[(3+j)*step+c], src[(6+j)*step+c]}) {
				between[i][j] = v
			}
		}
		for i := range between {
			for j, v := range transformFilter(between[i]) {
				dst[(i*6+j)*xi+c] = v
			}
		}
	}
}
