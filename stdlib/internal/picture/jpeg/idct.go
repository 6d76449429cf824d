package jpeg

import (
	"encoding/binary"
	"fmt"

	"graft/stdlib/internal/picture/pixels"
)

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
	x    [64]int16
	more bool // than the first coefficient
}

// set puts a coefficient that is not the first. Products overflow as in
// libjpeg-turbo.
func (b *block) set(at uint8, x int32) {
	b.x[at&63] = int16(x)
	b.more = true
}

// put writes the block's pixels and empties it.
func (b *block) put(loops *pixels.Loops, dst []byte, stride int) {
	if b.more {
		loops.Inverse(dst, stride, &b.x)
		*b = block{}
		return
	}
	// All pixels are the same: what the transform makes of its first value, 5
	// bits behind the point.
	v := uint64(max(0, min(int32(b.x[0])>>5+128, 255))) * 0x0101010101010101
	for r := range 8 {
		binary.LittleEndian.PutUint64(dst[r*stride:], v)
	}
	b.x[0] = 0
}
