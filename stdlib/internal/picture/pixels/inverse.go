package pixels

// The factors of the fast inverse DCT, 8 bits behind the point, as jidctfst.c
// has them, times 2⁶ for mul. 2.613 is 1.613 and 1: it would not fit 16 bits.
const (
	f1082 = 277 << 6
	f1414 = 362 << 6
	f1847 = 473 << 6
	f1613 = 413 << 6
)

// mul multiplies as the vector instructions of libjpeg-turbo do.
func mul(x, f int32) int32 { return int32(int16(x<<2)) * f >> 16 }

func inverse(dst []byte, stride int, x *[64]int16) {
	var y [64]int16
	for c := range 8 {
		at := func(i int) int32 { return int32(x[c+8*i]) }
		if x[c+8]|x[c+16]|x[c+24]|x[c+32]|x[c+40]|x[c+48]|x[c+56] == 0 {
			for i := range 8 {
				y[c+8*i] = x[c]
			}
			continue
		}
		for i, v := range transform(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)) {
			y[c+8*i] = int16(v)
		}
	}
	for r := range 8 {
		row, d := (*[8]int16)(y[8*r:]), (*[8]byte)(dst[r*stride:])
		at := func(i int) int32 { return int32(row[i]) }
		for i, v := range transform(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)) {
			d[i] = clamp(int32(int16(v))>>5 + 128)
		}
	}
}

// transform is the inverse DCT of 8 values without its scales.
func transform(a, b, c, d, e, f, g, h int32) [8]int32 {
	// The even part.
	sum, diff, s2 := a+e, a-e, c+g
	d2 := mul(c-g, f1414) - s2
	t0, t3, t1, t2 := sum+s2, sum-s2, diff+d2, diff-d2
	// The odd part.
	z13, z10, z11, z12 := f+d, f-d, b+h, b-h
	t7 := z11 + z13
	z5 := mul(z10+z12, f1847)
	t6 := mul(z10, -f1613) - z10 + z5 - t7
	t5 := mul(z11-z13, f1414) - t6
	t4 := mul(z12, f1082) - z5 + t5
	return [8]int32{t0 + t7, t1 + t6, t2 + t5, t3 - t4, t3 + t4, t2 - t5, t1 - t6, t0 - t7}
}
