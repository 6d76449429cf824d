package jpeg

import "fmt"

// quant are the factors of a quantisation table as the fast inverse DCT wants
// them, in the order of a block: each times the scale of its row and column, 2
// bits behind the point (jddctmgr.c, JDCT_IFAST).
type quant [64]int16

// scales are those of Arai, Agui and Nakajima: 1, then √2·cos(kπ/16), 14 bits
// behind the point for a row times a column.
func scales() (out [64]int64) {
	one := [8]float64{1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.541196100, 0.275899379}
	for i := range out {
		out[i] = int64(one[i/8]*one[i%8]*(1<<14) + 0.5)
	}
	return out
}

// natural is where the coefficients of the file's zigzag lie in a block. What
// a broken file has beyond 63 lands there, as in libjpeg.
var natural = [80]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
}

func (d *decoder) quantTables(data []byte) error {
	scale := scales()
	for len(data) > 0 {
		wide, to := data[0]>>4, data[0]&15
		size := 64 * (1 + int(wide))
		if wide > 1 || to > 3 || len(data) < 1+size {
			return fmt.Errorf("a quantisation table is broken")
		}
		q := new(quant)
		for i, at := range natural[:64] {
			x := int64(data[1+i*size/64])
			if wide == 1 {
				x = x<<8 | int64(data[2+2*i])
			}
			q[at] = int16((x*scale[at] + 1<<11) >> 12)
		}
		d.quants[to] = q
		data = data[1+size:]
	}
	return nil
}

// block is one that is being decoded: its coefficients times their factors.
type block struct {
	x [64]int32
	// columns has a bit for each column with more than its first coefficient,
	// and firstRow if the first row has more than its first coefficient.
	columns uint16
}

const firstRow = 1 << 8

// set puts a coefficient.
func (b *block) set(at uint8, x int32) {
	b.x[at&63] = x
	b.columns |= touched[at&63]
}

// touched are the bits of a block's columns for each coefficient.
var touched = func() (out [64]uint16) {
	for i := range out {
		out[i] = firstRow
		if i >= 8 {
			out[i] = 1 << (i % 8)
		}
	}
	return out
}()

// The factors of the fast inverse DCT, 8 bits behind the point, as jidctfst.c
// has them, times 2⁶ for mul. 2.613 is 1.613 and 1: it would not fit 16 bits.
const (
	f1082 = 277 << 6
	f1414 = 362 << 6
	f1847 = 473 << 6
	f1613 = 413 << 6
)

// mul multiplies as the vector instructions of libjpeg-turbo do, in 16 bits,
// which overflow for pictures without nuances.
func mul(x, f int32) int32 { return int32(int16(x<<2)) * f >> 16 }

// put writes the block's pixels and empties it.
func (b *block) put(dst []byte, stride int) {
	if b.columns == 0 {
		b.flat(dst, stride)
		return
	}
	x := &b.x
	for c := range 8 {
		if b.columns>>c&1 == 0 {
			for i := 1; i < 8; i++ {
				x[c+8*i] = x[c]
			}
			continue
		}
		x[c], x[c+8], x[c+16], x[c+24], x[c+32], x[c+40], x[c+48], x[c+56] =
			transform(x[c], x[c+8], x[c+16], x[c+24], x[c+32], x[c+40], x[c+48], x[c+56])
	}
	for r := range 8 {
		y := (*[8]int32)(x[8*r:])
		d := (*[8]byte)(dst[r*stride:])
		a, b, c, e, f, g, h, i := transform(y[0], y[1], y[2], y[3], y[4], y[5], y[6], y[7])
		d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7] = level(a), level(b), level(c), level(e), level(f), level(g), level(h), level(i)
	}
	*b = block{}
}

// flat is put for a block of one value.
func (b *block) flat(dst []byte, stride int) {
	v := uint64(level(b.x[0])) * 0x0101010101010101
	for r := range 8 {
		d := (*[8]byte)(dst[r*stride:])
		for i := range d {
			d[i] = byte(v >> (8 * i))
		}
	}
	b.x[0] = 0
}

// level is a pixel of a value with 5 bits behind the point.
func level(x int32) byte {
	v := int32(int16(x))>>5 + 128
	if uint32(v) > 255 {
		return byte(^v >> 31) // 0 below, 255 above
	}
	return byte(v)
}

// transform is the inverse DCT of 8 values without its scales (jidctfst.c).
func transform(a, b, c, d, e, f, g, h int32) (_, _, _, _, _, _, _, _ int32) {
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
	return t0 + t7, t1 + t6, t2 + t5, t3 - t4, t3 + t4, t2 - t5, t1 - t6, t0 - t7
}
