package kern

// portable is the Set in plain Go.
func portable[T Float]() *Set[T] {
	return &Set[T]{Name: "portable", Rows: 2, Cols: 4, Quantum: 4, Tiles: tiles[T], Planes: planes[T], Largest: largest[T]}
}

// tiles takes two rows and four columns at a time, whose sums fit in
// registers.
func tiles[T Float](c, a []T, rows Rows, step int, segs []Seg, b []T, ldb, cols, _ int, end End[T]) {
	n := len(rows.A)
	i := 0
	for ; i+2 <= n; i += 2 {
		s0, s1 := twoRows(a, rows.A[i], rows.A[i+1], step, segs, b, ldb)
		Store(c[rows.C[i]:][:cols], s0[:cols], end)
		Store(c[rows.C[i+1]:][:cols], s1[:cols], end)
	}
	if i < n {
		s := oneRow(a, rows.A[i], step, segs, b, ldb)
		Store(c[rows.C[i]:][:cols], s[:cols], end)
	}
}

// Store finishes the sums s and writes them to c.
func Store[T Float](c, s []T, end End[T]) {
	for j, v := range s {
		if end.Add {
			v += c[j]
		}
		if end.Bias != nil {
			v += end.Bias[j]
		}
		if end.Residual {
			v += c[j]
		}
		if end.Clamp {
			v = min(max(v, end.Low), end.High)
		}
		c[j] = v
	}
}

func twoRows[T Float](a []T, r0, r1, step int, segs []Seg, b []T, ldb int) (s0, s1 [4]T) {
	var s00, s01, s02, s03, s10, s11, s12, s13 T
	for _, seg := range segs {
		bb := b[seg.B*ldb:]
		if step == 1 && ldb == 4 {
			x0 := a[r0+seg.A:][:seg.K]
			x1 := a[r1+seg.A:][:len(x0)]
			bb = bb[:4*len(x0)]
			for k, v0 := range x0 {
				v1 := x1[k]
				w := (*[4]T)(bb)
				bb = bb[4:]
				s00 += v0 * w[0]
				s10 += v1 * w[0]
				s01 += v0 * w[1]
				s11 += v1 * w[1]
				s02 += v0 * w[2]
				s12 += v1 * w[2]
				s03 += v0 * w[3]
				s13 += v1 * w[3]
			}
			continue
		}
		x0, x1 := a[r0+seg.A:], a[r1+seg.A:]
		for k := range seg.K {
			v0, v1 := x0[k*step], x1[k*step]
			w := (*[4]T)(bb[k*ldb:])
			s00 += v0 * w[0]
			s10 += v1 * w[0]
			s01 += v0 * w[1]
			s11 += v1 * w[1]
			s02 += v0 * w[2]
			s12 += v1 * w[2]
			s03 += v0 * w[3]
			s13 += v1 * w[3]
		}
	}
	return [4]T{s00, s01, s02, s03}, [4]T{s10, s11, s12, s13}
}

func oneRow[T Float](a []T, r, step int, segs []Seg, b []T, ldb int) [4]T {
	var s0, s1, s2, s3 T
	for _, seg := range segs {
		x, bb := a[r+seg.A:], b[seg.B*ldb:]
		for k := range seg.K {
			v := x[k*step]
			w := (*[4]T)(bb[k*ldb:])
			s0 += v * w[0]
			s1 += v * w[1]
			s2 += v * w[2]
			s3 += v * w[3]
		}
	}
	return [4]T{s0, s1, s2, s3}
}
