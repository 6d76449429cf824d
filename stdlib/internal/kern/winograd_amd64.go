//go:build !purego

package kern

// The assembly is called by its name, not through a variable, so that the
// compiler knows that what is between the passes may stay on the stack.

// tileKind tells the four kinds of assembly apart.
type tileKind struct {
	f     Winograd
	lanes int // float32 of a vector
}

// tileKindFor is the kind that runs on n channels, of which it does the first.
func tileKindFor[T Float](f Winograd, dst []T, n int) (k tileKind, first int) {
	if whole(dst) == 0 {
		return k, 0
	}
	k = tileKind{f, 8}
	if chosen().Name == "avx512" {
		k.lanes = 16
	}
	return k, n - n%k.lanes
}

// betweenRoom is for the largest tile after the first pass.
type betweenRoom [maxIn * maxIn * 16]float32

// fastTileIn does the first channels.
func fastTileIn[T Float](f Winograd, dst []T, xi int, src []T, row, column, n int) int {
	k, n := tileKindFor(f, dst, n)
	if n == 0 {
		return 0
	}
	var between betweenRoom
	side := f.In()
	to, from := first(dst, (f.All()-1)*xi+n), first(src, (side-1)*(row+column)+n)
	switch k {
	case tileKind{F4x4, 16}:
		winogradIn4AVX512(to, side*xi, xi, from, row, column, n, &between[0])
	case tileKind{F4x4, 8}:
		winogradIn4AVX2(to, side*xi, xi, from, row, column, n, &between[0])
	case tileKind{F2x2, 16}:
		winogradIn2AVX512(to, side*xi, xi, from, row, column, n, &between[0])
	default:
		winogradIn2AVX2(to, side*xi, xi, from, row, column, n, &between[0])
	}
	return n
}

// fastTileOut does the first channels.
func fastTileOut[T Float](f Winograd, dst []T, row, column int, src []T, xi, n int, end End[T]) int {
	k, n := tileKindFor(f, dst, n)
	if n == 0 {
		return 0
	}
	var between betweenRoom
	side := f.In()
	to, from, bias := first(dst, (f.Out()-1)*(row+column)+n), first(src, (f.All()-1)*xi+n), first(end.Bias, n)
	low, high := float32(end.Low), float32(end.High)
	switch k {
	case tileKind{F4x4, 16}:
		winogradOut4AVX512(to, row, column, from, side*xi, xi, n, &between[0], bias, low, high)
	case tileKind{F4x4, 8}:
		winogradOut4AVX2(to, row, column, from, side*xi, xi, n, &between[0], bias, low, high)
	case tileKind{F2x2, 16}:
		winogradOut2AVX512(to, row, column, from, side*xi, xi, n, &between[0], bias, low, high)
	default:
		winogradOut2AVX2(to, row, column, from, side*xi, xi, n, &between[0], bias, low, high)
	}
	return n
}

// fastTileFilter does the first elements.
func fastTileFilter[T Float](f Winograd, dst []T, xi int, src []T, step, n int) int {
	k, n := tileKindFor(f, dst, n)
	if n == 0 {
		return 0
	}
	var between betweenRoom
	side := f.In()
	to, from := first(dst, (f.All()-1)*xi+n), first(src, 8*step+n)
	switch k {
	case tileKind{F4x4, 16}:
		winogradFilter4AVX512(to, side*xi, xi, from, 3*step, step, n, &between[0])
	case tileKind{F4x4, 8}:
		winogradFilter4AVX2(to, side*xi, xi, from, 3*step, step, n, &between[0])
	case tileKind{F2x2, 16}:
		winogradFilter2AVX512(to, side*xi, xi, from, 3*step, step, n, &between[0])
	default:
		winogradFilter2AVX2(to, side*xi, xi, from, 3*step, step, n, &between[0])
	}
	return n
}
