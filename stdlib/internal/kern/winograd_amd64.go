//go:build !purego

package kern

// fastWinogradIn does the first channels.
func fastWinogradIn[T Float](dst []T, xi int, src []T, row, column, n int) int {
	f, lanes := winogradInAVX2, 8
	if vectors() && chosen().Name == "avx512" {
		f, lanes = winogradInAVX512, 16
	}
	if n -= n % lanes; n == 0 || whole(dst) == 0 {
		return 0
	}
	var between [TileAll * 16]float32
	f(first(dst, (TileAll-1)*xi+n), 6*xi, xi, first(src, 5*(row+column)+n), row, column, n, &between[0])
	return n
}

// fastWinogradOut does the first channels.
func fastWinogradOut[T Float](dst []T, row, column int, src []T, xi, n int, end End[T]) int {
	f, lanes := winogradOutAVX2, 8
	if vectors() && chosen().Name == "avx512" {
		f, lanes = winogradOutAVX512, 16
	}
	if n -= n % lanes; n == 0 || whole(dst) == 0 {
		return 0
	}
	var between [TileOut * TileIn * 16]float32
	f(first(dst, 3*(row+column)+n), row, column, first(src, (TileAll-1)*xi+n), 6*xi, xi, n, &between[0], first(end.Bias, n), float32(end.Low), float32(end.High))
	return n
}

// fastWinogradFilter does the first elements.
func fastWinogradFilter[T Float](dst []T, xi int, src []T, step, n int) int {
	f, lanes := winogradFilterAVX2, 8
	if vectors() && chosen().Name == "avx512" {
		f, lanes = winogradFilterAVX512, 16
	}
	if n -= n % lanes; n == 0 || whole(dst) == 0 {
		return 0
	}
	var between [TileAll * 16]float32
	f(first(dst, (TileAll-1)*xi+n), 6*xi, xi, first(src, 8*step+n), 3*step, step, n, &between[0])
	return n
}
