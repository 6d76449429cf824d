package kern

import "math"

// Every loop of this file has slices of one length.

// Add sets y to a+b.
func Add[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopAdd, y, a, b); i < len(y); i++ {
		y[i] = a[i] + b[i]
	}
}

// Sub sets y to a-b.
func Sub[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopSub, y, a, b); i < len(y); i++ {
		y[i] = a[i] - b[i]
	}
}

// Mul sets y to a·b.
func Mul[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopMul, y, a, b); i < len(y); i++ {
		y[i] = a[i] * b[i]
	}
}

// Div sets y to a/b.
func Div[T Float](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopDiv, y, a, b); i < len(y); i++ {
		y[i] = a[i] / b[i]
	}
}

// DivNoNan sets y to a/b, or to 0 where b is 0.
func DivNoNan[T Float](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		if b[i] == 0 {
			y[i] = 0
		} else {
			y[i] = a[i] / b[i]
		}
	}
}

// Max sets y to the larger of a and b; a NaN on either side stays.
func Max[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopMax, y, a, b); i < len(y); i++ {
		y[i] = max(a[i], b[i])
	}
}

// Min sets y to the smaller of a and b; a NaN on either side stays.
func Min[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := fast3(loopMin, y, a, b); i < len(y); i++ {
		y[i] = min(a[i], b[i])
	}
}

// SquaredDifference sets y to (a-b)².
func SquaredDifference[T Number](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		d := a[i] - b[i]
		y[i] = d * d
	}
}

// Pow sets y to a to the power of b.
func Pow[T Float](y, a, b []T) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] = T(math.Pow(float64(a[i]), float64(b[i])))
	}
}

// Affine sets y to x·by + plus.
func Affine[T Float](y, x []T, by, plus T) {
	x = x[:len(y)]
	for i := fastAffine(y, x, by, plus); i < len(y); i++ {
		y[i] = x[i]*by + plus
	}
}

// Axpy adds x·by to y.
func Axpy[T Float](y, x []T, by T) {
	x = x[:len(y)]
	for i := fastAxpy(y, x, by); i < len(y); i++ {
		y[i] += x[i] * by
	}
}

// Relu sets y to x where it is over 0, else to 0; NaN stays.
func Relu[T Float](y, x []T) {
	x = x[:len(y)]
	for i := fast2(loopRelu, y, x); i < len(y); i++ {
		y[i] = max(x[i], 0)
	}
}

// ReluGrad sets dx to dy where y is over 0, else to 0.
func ReluGrad[T Float](dx, y, dy []T) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	for i := fast3(loopReluGrad, dx, y, dy); i < len(dx); i++ {
		if y[i] > 0 {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}

// Relu6 sets y to x between 0 and 6; NaN stays.
func Relu6[T Float](y, x []T) {
	x = x[:len(y)]
	for i := fast2(loopRelu6, y, x); i < len(y); i++ {
		y[i] = min(max(x[i], 0), 6)
	}
}

// Relu6Grad sets dx to dy where y is over 0 and under 6, else to 0.
func Relu6Grad[T Float](dx, y, dy []T) {
	y, dy = y[:len(dx)], dy[:len(dx)]
	for i := fast3(loopRelu6Grad, dx, y, dy); i < len(dx); i++ {
		if y[i] > 0 && y[i] < 6 {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}

// Normalize sets y to x·scale + shift, of which there is one a channel.
func Normalize[T Float](y, x, scale, shift []T) {
	n := len(scale)
	shift = shift[:n]
	for i := fastNormalize(y, x, scale, shift); i+n <= len(y); i += n {
		to, from := y[i:][:n], x[i:][:n]
		for c, s := range scale {
			to[c] = from[c]*s + shift[c]
		}
	}
}

// Sum adds the elements in float64.
func Sum[T Float](x []T) float64 {
	var a, b, c, d float64
	for len(x) >= 4 {
		a += float64(x[0])
		b += float64(x[1])
		c += float64(x[2])
		d += float64(x[3])
		x = x[4:]
	}
	for _, v := range x {
		a += float64(v)
	}
	return (a + b) + (c + d)
}

// Dot adds the products in float64.
func Dot[T Float](x, y []T) float64 {
	y = y[:len(x)]
	s, i := fastDot(x, y)
	for ; i < len(x); i++ {
		s += float64(x[i]) * float64(y[i])
	}
	return s
}

// AddTo adds x to the sums y.
func AddTo[T Float](y []float64, x []T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += float64(x[i])
	}
}

// PowGrad is the derivative of a to the power of b, with respect to a if to
// is 0, else to b.
func PowGrad(a, b float64, to int) float64 {
	if to == 0 {
		return b * math.Pow(a, b-1)
	}
	if a <= 0 {
		return 0
	}
	return math.Pow(a, b) * math.Log(a)
}

// ColumnSums adds rows of len(sum) elements to sum.
func ColumnSums[T Float](sum []float64, x []T) {
	n := len(sum)
	if done := fastColumns(loopSums, sum, nil, x, nil, nil, n); done < n {
		for i := 0; i+n <= len(x); i += n {
			AddTo(sum[done:], x[i+done:i+n])
		}
	}
}

// ColumnMoments adds the distances of rows of len(sum) elements from shift,
// and their squares.
func ColumnMoments[T Float](sum, squares []float64, x, shift []T) {
	n := len(sum)
	done := fastColumns(loopMoments, sum, squares, x, shift, nil, n)
	if done == n {
		return
	}
	for i := 0; i+n <= len(x); i += n {
		for j := done; j < n; j++ {
			d := float64(x[i+j]) - float64(shift[j])
			sum[j] += d
			squares[j] += d * d
		}
	}
}

// ColumnCentered adds rows of (x - mean)·dy to products and of dy to sum.
func ColumnCentered[T Float](products, sum []float64, x, mean, dy []T) {
	n := len(sum)
	done := fastColumns(loopCentered, products, sum, x, mean, dy, n)
	if done == n {
		return
	}
	for i := 0; i+n <= len(x); i += n {
		for j := done; j < n; j++ {
			d := float64(dy[i+j])
			products[j] += (float64(x[i+j]) - float64(mean[j])) * d
			sum[j] += d
		}
	}
}

// Combine sets rows of y to p·a + q·b + d, of which there is one a column.
func Combine[T Float](y, p, q, a, b, d []T) {
	n := len(a)
	b, d = b[:n], d[:n]
	for i := fastCombine(y, p, q, a, b, d); i+n <= len(y); i += n {
		to, u, v := y[i:][:n], p[i:][:n], q[i:][:n]
		for j := range to {
			to[j] = u[j]*a[j] + v[j]*b[j] + d[j]
		}
	}
}
