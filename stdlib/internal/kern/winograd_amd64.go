//go:build !purego

package kern

// The assembly is called by its name, not through a variable, so that the
// compiler knows that what is between the passes may stay on the stack.

// winogradLanes is the float32 of a vector.
func winogradLanes() int {
	if chosen().Name == "avx512" {
		return 16
	}
	return 8
}

// fastWinogradIn does the first channels.
func fastWinogradIn[T Float](dst []T, xi int, src []T, row, column, n int) int {
	if n = wholeOf(dst, n); n == 0 {
		return 0
	}
	var between [TileAll * 16]float32
	to, from := first(dst, (TileAll-1)*xi+n), first(src, 5*(row+column)+n)
	if winogradLanes() == 16 {
		winogradInAVX512(to, 6*xi, xi, from, row, column, n, &between[0])
	} else {
		winogradInAVX2(to, 6*xi, xi, from, row, column, n, &between[0])
	}
	return n
}

// wholeOf is the channels in whole vectors, 0 if vectors are not for T.
func wholeOf[T Float](dst []T, n int) int {
	if whole(dst) == 0 {
		return 0
	}
	return n - n%winogradLanes()
}

// fastWinogradOut does the first channels.
func fastWinogradOut[T Float](dst []T, row, column int, src []T, xi, n int, end End[T]) int {
	if n = wholeOf(dst, n); n == 0 {
		return 0
	}
	var between [TileOut * TileIn * 16]float32
	to, from, bias := first(dst, 3*(row+column)+n), first(src, (TileAll-1)*xi+n), first(end.Bias, n)
	if winogradLanes() == 16 {
		winogradOutAVX512(to, row, column, from, 6*xi, xi, n, &between[0], bias, float32(end.Low), float32(end.High))
	} else {
		winogradOutAVX2(to, row, column, from, 6*xi, xi, n, &between[0], bias, float32(end.Low), float32(end.High))
	}
	return n
}

// fastWinogradFilter does the first elements.
func fastWinogradFilter[T Float](dst []T, xi int, src []T, step, n int) int {
	if n = wholeOf(dst, n); n == 0 {
		return 0
	}
	var between [TileAll * 16]float32
	to, from := first(dst, (TileAll-1)*xi+n), first(src, 8*step+n)
	if winogradLanes() == 16 {
		winogradFilterAVX512(to, 6*xi, xi, from, 3*step, step, n, &between[0])
	} else {
		winogradFilterAVX2(to, 6*xi, xi, from, 3*step, step, n, &between[0])
	}
	return n
}
