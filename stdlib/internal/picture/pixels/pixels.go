// Package pixels has the loops over pixels that take most of the time of
// reading pictures. Each gives the same bits in vector instructions and in
// plain Go.
package pixels

// Loops are one way of doing them.
type Loops struct {
	Name string

	mix     func(dst, a, b *float32, n int, part, minus, times float32)
	colours func(dst *float32, luma, cb, cr *byte, n int, by float32)
	inverse func(dst *byte, stride int, x *[64]int16)
}

// Use is the best way on this processor, or what GRAFT_KERNELS names, as
// package kern has it.
func Use() *Loops { return chosen() }

// All are those that this processor can do, best first; the last is plain Go.
func All() []*Loops { return append(vectors(), &Loops{Name: "portable"}) }

// Mix sets dst to (a + (b-a)·part - minus)·times, rounded after each step.
func (l *Loops) Mix(dst, a, b []float32, part, minus, times float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	done := 0
	if n := len(dst) &^ 7; n > 0 && l.mix != nil {
		l.mix(&dst[0], &a[0], &b[0], n, part, minus, times)
		done = n
	}
	dst, a, b = dst[done:], a[done:], b[done:]
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = float32((a[i]+float32((b[i]-a[i])*part))-minus) * times
	}
}

// Colours makes red, green and blue of 0 … 255, side by side in dst, of luma
// and chroma, each times by, as libjpeg-turbo does (jdcolor.c).
func (l *Loops) Colours(dst []float32, luma, cb, cr []byte, by float32) {
	cb, cr, dst = cb[:len(luma)], cr[:len(luma)], dst[:3*len(luma)]
	done := 0
	if n := len(luma) &^ 7; n > 0 && l.colours != nil {
		l.colours(&dst[0], &luma[0], &cb[0], &cr[0], n, by)
		done = n
	}
	for i := done; i < len(luma); i++ {
		r, g, b := RGB(luma[i], cb[i], cr[i])
		d := dst[3*i : 3*i+3 : 3*i+3]
		d[0], d[1], d[2] = float32(r)*by, float32(g)*by, float32(b)*by
	}
}

// RGB is a pixel of luma and chroma.
func RGB(luma, cb, cr byte) (r, g, b byte) {
	y, u, v := int32(luma), int32(cb)-128, int32(cr)-128
	// libjpeg's factors, in 1/65536: 1.402, 0.34414, 0.71414, 1.772.
	return clamp(y + (91881*v+32768)>>16), clamp(y + (-22554*u-46802*v+32768)>>16), clamp(y + (116130*u+32768)>>16)
}

func clamp(x int32) byte {
	if uint32(x) > 255 {
		return byte(^x >> 31) // 0 below, 255 above
	}
	return byte(x)
}

// Inverse writes the 8 × 8 pixels of a block of coefficients times their
// factors, in its order, in rows stride apart: libjpeg-turbo's fast inverse
// DCT (jidctfst.c) in the 16 bits of its vector instructions, which overflow
// for pictures without nuances.
func (l *Loops) Inverse(dst []byte, stride int, x *[64]int16) {
	_ = dst[7*stride+7]
	if l.inverse != nil {
		l.inverse(&dst[0], stride, x)
		return
	}
	inverse(dst, stride, x)
}
