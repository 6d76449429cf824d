package kern

// MulAdd adds x[c]·w[c·m+j] to y[c·m+j] for every c and j < m.
func MulAdd[T Float](y, x, w []T, m int) {
	if m == 1 {
		w, y = w[:len(x)], y[:len(x)]
		for c, v := range x {
			y[c] += v * w[c]
		}
		return
	}
	for c, v := range x {
		for j := c * m; j < (c+1)*m; j++ {
			y[j] += v * w[j]
		}
	}
}

// MulFold adds Σ_j x[c·m+j]·w[c·m+j] over j < m to y[c] for every c.
func MulFold[T Float](y, x, w []T, m int) {
	if m == 1 {
		MulAdd(y, x, w, 1)
		return
	}
	for c := range y {
		var s T
		for j := c * m; j < (c+1)*m; j++ {
			s += x[j] * w[j]
		}
		y[c] += s
	}
}
