package picture

import (
	"bytes"
	"image"
	"image/jpeg"
)

// decodeJPEG decodes with the standard library, whose inverse DCT is accurate;
// the colours' planes stay as they are in the file.
func decodeJPEG(b []byte) (image.Image, error) {
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err == nil {
		return img, nil
	}
	// Four components without Adobe's marker: the library wants it to know
	// what they are, and takes the values as inverted then, as Adobe writes
	// them. Other programs do not invert them.
	marked := adobe(b)
	if len(marked) == len(b) {
		return nil, err
	}
	img, again := jpeg.Decode(bytes.NewReader(marked))
	m, ok := img.(*image.CMYK)
	if again != nil || !ok {
		return nil, err
	}
	for i := range m.Pix {
		m.Pix[i] = 255 - m.Pix[i]
	}
	return m, nil
}

// adobe is a JPEG of four components with Adobe's marker, which says CMYK, if
// it had none.
func adobe(b []byte) []byte {
	four := false
	for _, s := range segments(b) {
		switch {
		case s.marker == 0xee && bytes.HasPrefix(s.data, []byte("Adobe")):
			return b
		case s.marker >= 0xc0 && s.marker <= 0xc2 && len(s.data) > 5:
			four = s.data[5] == 4
		}
	}
	if !four {
		return b
	}
	marker := []byte{0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0}
	return append(append(append([]byte{}, b[:2]...), marker...), b[2:]...)
}

// ycc makes rows of a JPEG's planes as libjpeg-turbo does with "fancy"
// upsampling (jdsample.c, jdcolor.c), TensorFlow's default: a chroma sample
// lies in the middle of its pixels, and each pixel takes ¾ of the nearer and
// ¼ of the further one.
type ycc struct {
	m    *image.YCbCr
	h, v int   // pixels of a chroma sample along a row and a column
	w, n int   // chroma samples in a row and in a column
	sum  []int // of two rows
	cb   []byte
	cr   []byte
}

func newYCC(m *image.YCbCr) *ycc {
	p := &ycc{m: m, h: 1, v: 1}
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		p.h = 2
	case image.YCbCrSubsampleRatio420:
		p.h, p.v = 2, 2
	case image.YCbCrSubsampleRatio440:
		p.v = 2
	case image.YCbCrSubsampleRatio411:
		p.h = 4
	case image.YCbCrSubsampleRatio410:
		p.h, p.v = 4, 2
	}
	height, width := p.size()
	p.w, p.n = (width+p.h-1)/p.h, (height+p.v-1)/p.v
	p.sum = make([]int, p.w)
	p.cb, p.cr = make([]byte, p.w*p.h), make([]byte, p.w*p.h)
	return p
}

func (p *ycc) size() (height, width int) { return p.m.Rect.Dy(), p.m.Rect.Dx() }

func (p *ycc) bytes(dst []byte, y, from, to int) {
	luma := p.m.Y[p.m.YOffset(p.m.Rect.Min.X, p.m.Rect.Min.Y+y):]
	cb, cr := p.upsampled(p.m.Cb, p.cb, y, from, to), p.upsampled(p.m.Cr, p.cr, y, from, to)
	cb, cr, luma, dst = cb[from:to], cr[from:to], luma[from:to], dst[:(to-from)*3]
	for i, l := range luma {
		y, u, v := int32(l), int32(cb[i])-128, int32(cr[i])-128
		d := dst[i*3 : i*3+3 : i*3+3]
		// libjpeg's factors, in 1/65536: 1.402, 0.34414, 0.71414, 1.772.
		d[0] = clamp(y + (91881*v+32768)>>16)
		d[1] = clamp(y + (-22554*u-46802*v+32768)>>16)
		d[2] = clamp(y + (116130*u+32768)>>16)
	}
}

// floats is bytes, of which each is looked up: a colour beyond 0 … 255 has its
// level there, so that nothing is clamped.
func (p *ycc) floats(dst []float32, y, from, to int, t *levels) {
	luma := p.m.Y[p.m.YOffset(p.m.Rect.Min.X, p.m.Rect.Min.Y+y):]
	cb, cr := p.upsampled(p.m.Cb, p.cb, y, from, to), p.upsampled(p.m.Cr, p.cr, y, from, to)
	luma = luma[from:to]
	cb, cr, dst = cb[from:to][:len(luma)], cr[from:to][:len(luma)], dst[:3*len(luma)]
	for i, l := range luma {
		// y+below stays within the table: the mask is for the compiler.
		y, u, v := int32(l)+below, int32(cb[i])-128, int32(cr[i])-128
		d := dst[i*3 : i*3+3 : i*3+3]
		d[0] = t[(y+(91881*v+32768)>>16)&1023]
		d[1] = t[(y+(-22554*u-46802*v+32768)>>16)&1023]
		d[2] = t[(y+(116130*u+32768)>>16)&1023]
	}
}

func clamp(x int32) byte {
	if uint32(x) > 255 {
		if x < 0 {
			return 0
		}
		return 255
	}
	return byte(x)
}

// upsampled makes columns from … to-1 of a chroma plane's row for row y of
// the picture.
func (p *ycc) upsampled(plane, out []byte, y, from, to int) []byte {
	row := func(i int) []byte { return plane[max(0, min(i, p.n-1))*p.m.CStride:][:p.w] }
	at := y / p.v
	near := row(at)
	first, last := max(0, from/p.h-1), min(p.w, (to+p.h-1)/p.h+1)
	// The further row of two lies above for the upper pixel.
	further := row(at - 1 + 2*(y%p.v))
	switch {
	case p.h == 1 && p.v == 1:
		return near
	case p.h == 1 && p.v == 2: // h1v2_fancy_upsample
		bias := 1 + y%2
		for i := first; i < last; i++ {
			out[i] = byte((3*int(near[i]) + int(further[i]) + bias) >> 2)
		}
	case p.h == 2 && p.v == 1 && p.w > 2: // h2v1_fancy_upsample
		triangle1(out, near, first, last)
	case p.h == 2 && p.v == 2 && p.w > 2: // h2v2_fancy_upsample
		for i := first; i < last; i++ {
			p.sum[i] = 3*int(near[i]) + int(further[i])
		}
		triangle2(out, p.sum, first, last)
	default: // int_upsample
		for i := first * p.h; i < last*p.h; i++ {
			out[i] = near[i/p.h]
		}
	}
	return out
}

// triangle1 upsamples samples first … last-1 of a row to two each.
func triangle1(out, in []byte, first, last int) {
	for i := first; i < last; i++ {
		x, before, after := int(in[i]), int(in[max(i-1, 0)]), int(in[min(i+1, len(in)-1)])
		out[2*i] = byte((3*x + before + 1) >> 2)
		out[2*i+1] = byte((3*x + after + 2) >> 2)
	}
}

// triangle2 does the same to sums of two rows, which have weight 4. The pixels
// at an end that is not the row's are not right: they lie outside of what is
// asked for.
func triangle2(out []byte, in []int, first, last int) {
	if first >= last {
		return
	}
	before, x := in[max(first-1, 0)], in[first]
	for i := first; i < last; i++ {
		after := in[min(i+1, len(in)-1)]
		out[2*i] = byte((3*x + before + 8) >> 4)
		out[2*i+1] = byte((3*x + after + 7) >> 4)
		before, x = x, after
	}
}
