//go:build !purego

package kern

import (
	"sync"
	"unsafe"
)

// vectors reports that the loops over vectors of AVX2 can run, and that plain
// Go was not asked for.
var vectors = sync.OnceValue(func() bool { return chosen().Name != "portable" })

var loops3 = [...]func(y, a, b *float32, n int){
	loopAdd: addAVX2, loopSub: subAVX2, loopMul: mulAVX2, loopDiv: divAVX2, loopMax: maxAVX2, loopMin: minAVX2,
	loopReluGrad: reluGradAVX2, loopRelu6Grad: relu6GradAVX2,
}

var loops2 = [...]func(y, a *float32, n int){loopRelu: reluAVX2, loopRelu6: relu6AVX2}

// whole is the elements in whole vectors, 0 if vectors are not for T.
func whole[T Number](y []T) int {
	if n := len(y) &^ 7; n > 0 && vectors() {
		if _, ok := any(unsafe.SliceData(y)).(*float32); ok {
			return n
		}
	}
	return 0
}

// first is where a slice of float32, of at least n elements, begins.
func first[T Number](x []T, n int) *float32 {
	return any(unsafe.SliceData(x[:n])).(*float32)
}

func fastShift(y, x []int, by int) int {
	n := len(y) &^ 3
	if n == 0 || !vectors() {
		return 0
	}
	shiftAVX2(&y[0], &x[:n][0], by, n)
	return n
}

func fast3[T Number](loop int, y, a, b []T) int {
	n := whole(y)
	if n > 0 {
		loops3[loop](first(y, n), first(a, n), first(b, n), n)
	}
	return n
}

func fast2[T Number](loop int, y, a []T) int {
	n := whole(y)
	if n > 0 {
		loops2[loop](first(y, n), first(a, n), n)
	}
	return n
}

func fastAffine[T Float](y, x []T, by, plus T) int {
	n := whole(y)
	if n > 0 {
		affineAVX2(first(y, n), first(x, n), n, float32(by), float32(plus))
	}
	return n
}

func fastAxpy[T Float](y, x []T, by T) int {
	n := whole(y)
	if n > 0 {
		axpyAVX2(first(y, n), first(x, n), n, float32(by))
	}
	return n
}

func fastDot[T Float](x, y []T) (float64, int) {
	n := whole(x)
	if n == 0 {
		return 0, 0
	}
	return dotAVX2(first(x, n), first(y, n), n), n
}

// fastNormalize does whole rows.
func fastNormalize[T Float](y, x, scale, shift []T) int {
	cols := len(scale)
	rows := 0
	if cols > 0 && cols%8 == 0 {
		rows = len(y) / cols
	}
	if rows == 0 || whole(scale) == 0 {
		return 0
	}
	n := rows * cols
	normalizeAVX2(first(y, n), first(x, n), first(scale, cols), first(shift, cols), rows, cols)
	return n
}

func fastCombine[T Float](y, p, q, a, b, d []T) int {
	cols := len(a)
	rows := 0
	if cols > 0 && cols%8 == 0 {
		rows = len(y) / cols
	}
	if rows == 0 || whole(a) == 0 {
		return 0
	}
	n := rows * cols
	combineAVX2(first(y, n), first(p, n), first(q, n), first(a, cols), first(b, cols), first(d, cols), rows, cols)
	return n
}

// sumRows is the rows that are added up in float32 before they go to sums in
// float64. Those of wide tensors are fewer, so that the rows that are asked for
// ahead stay in a near cache.
const (
	sumRows     = 64
	sumElements = 1 << 13
)

// fastColumns adds to s and t what one of the loops over columns says of rows
// of cols elements of x, and returns how many columns it did.
func fastColumns[T Float](loop int, s, t []float64, x, c, dy []T, cols int) int {
	n := min(cols, len(x)) &^ 7
	if n == 0 || whole(x) == 0 {
		return 0
	}
	rows := len(x) / cols
	var sums [32]float32
	out := &sums[0]
	some := min(sumRows, max(16, sumElements/cols))
	for row := 0; row < rows; row += some {
		m := min(some, rows-row)
		if next := min(rows-row-m, some) * cols; next > 0 {
			prefetch(first(x[(row+m)*cols:], next), next)
			if loop == loopCentered {
				prefetch(first(dy[(row+m)*cols:], next), next)
			}
		}
		for j := 0; j < n; {
			wide := 16
			if n-j < 16 {
				wide = 8
			}
			at := row*cols + j
			from := first(x[at:], (m-1)*cols+wide)
			switch {
			case loop == loopSums && wide == 16:
				columnSums16AVX2(out, from, m, cols)
			case loop == loopSums:
				columnSums8AVX2(out, from, m, cols)
			case loop == loopMoments && wide == 16:
				columnMoments16AVX2(out, from, first(c[j:], wide), m, cols)
			case loop == loopMoments:
				columnMoments8AVX2(out, from, first(c[j:], wide), m, cols)
			case wide == 16:
				columnCentered16AVX2(out, from, first(dy[at:], (m-1)*cols+wide), first(c[j:], wide), m, cols)
			default:
				columnCentered8AVX2(out, from, first(dy[at:], (m-1)*cols+wide), first(c[j:], wide), m, cols)
			}
			for i := range wide {
				s[j+i] += float64(sums[i])
				if t != nil {
					t[j+i] += float64(sums[wide+i])
				}
			}
			j += wide
		}
	}
	return n
}

func fastMomentum[T Float](w, a, g []T, lr, momentum T) int {
	n := whole(w)
	if n > 0 {
		momentumAVX2(first(w, n), first(a, n), first(g, n), n, float32(lr), float32(momentum))
	}
	return n
}

func fastAdam[T Float](w, m, v, g []T, alpha, rest1, rest2, epsilon T) int {
	n := whole(w)
	if n > 0 {
		adamAVX2(first(w, n), first(m, n), first(v, n), first(g, n), n, float32(alpha), float32(rest1), float32(rest2), float32(epsilon))
	}
	return n
}

func fastRMSProp[T Float](w, ms, mom, g []T, lr, rest, momentum, epsilon T) int {
	n := whole(w)
	if n > 0 {
		rmsPropAVX2(first(w, n), first(ms, n), first(mom, n), first(g, n), n, float32(lr), float32(rest), float32(momentum), float32(epsilon))
	}
	return n
}

// fastTranspose sets dst[i·dstStep+j] to src[j·srcStep+i] for i and j < 8.
func fastTranspose[T Float](dst []T, dstStep int, src []T, srcStep int) bool {
	if !vectors() || whole(dst) == 0 {
		return false
	}
	transpose8AVX2(first(dst, 7*dstStep+8), dstStep, first(src, 7*srcStep+8), srcStep)
	return true
}

// fastFirstEqual does the first columns.
func fastFirstEqual[T Float](dx, x, y, dy []T, places []int) int {
	n := whole(y)
	if n == 0 || len(places) == 0 {
		return 0
	}
	for _, p := range places {
		_, _ = dx[p:][:n], x[p:][:n]
	}
	firstEqualAVX2(first(dx, 0), first(x, 0), first(y, n), first(dy, n), &places[0], len(places), n)
	return n
}

// fastPeak returns the lanes of the vectors that it worked on, 0 for none.
func fastPeak(rounds int) int {
	switch chosen().Name {
	case "avx512":
		peakAVX512(rounds)
		return 16
	case "avx2":
		peakAVX2(rounds)
		return 8
	}
	return 0
}
