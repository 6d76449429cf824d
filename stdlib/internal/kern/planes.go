package kern

import "math"

// planes is Set.Planes in plain Go.
func planes[T Float](c, a []T, rows Rows, step int, segs []Seg, b []T, ldb, cols int, end End[T]) {
	sum := make([]T, cols)
	for i, r := range rows.A {
		clear(sum)
		for _, s := range segs {
			for k := range s.K {
				MulAdd(sum, a[r+s.A+k*step:][:cols], b[(s.B+k)*ldb:][:cols], 1)
			}
		}
		Store(c[rows.C[i]:][:cols], sum, end)
	}
}

// largest is Set.Largest in plain Go.
func largest[T Float](c, a []T, rows Rows, segs []Seg, cols int) {
	for i, r := range rows.A {
		to := c[rows.C[i]:][:cols]
		for j := range to {
			to[j] = T(math.Inf(-1))
		}
		for _, s := range segs {
			for j, v := range a[r+s.A:][:cols] {
				if !(v < to[j]) {
					to[j] = v
				}
			}
		}
	}
}

// FirstEqual adds dy[j] to dx[p+j] for the first p of places where x[p+j] is
// y[j]; the gradient of a largest element.
func FirstEqual[T Float](dx, x, y, dy []T, places []int) {
	for j := fastFirstEqual(dx, x, y, dy, places); j < len(y); j++ {
		for _, p := range places {
			if x[p+j] == y[j] {
				dx[p+j] += dy[j]
				break
			}
		}
	}
}
