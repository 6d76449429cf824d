package picture

import "image"

// vp8 makes rows of the planes of a lossy WebP as libwebp does (src/dsp/
// yuv.h, upsampling.c): luma has the range 16 … 235 of television, where the
// image package takes it for JPEG's 0 … 255, and colours are upsampled with
// weights 9, 3, 3, 1.
type vp8 struct {
	m      *image.YCbCr
	cw, ch int // chroma samples in a row and in a column
}

func newWebP(m *image.YCbCr) *vp8 {
	return &vp8{m, (m.Rect.Dx() + 1) / 2, (m.Rect.Dy() + 1) / 2}
}

func (p *vp8) size() (height, width int) { return p.m.Rect.Dy(), p.m.Rect.Dx() }

func (p *vp8) bytes(dst []byte, y, from, to int) {
	near, far := min(y/2, p.ch-1), max(0, min(y/2-1+2*(y%2), p.ch-1))
	luma := p.m.Y[y*p.m.YStride:]
	for x := from; x < to; x++ {
		nx, fx := x/2, max(0, min(x/2-1+2*(x%2), p.cw-1))
		u, v := p.chroma(p.m.Cb, near, far, nx, fx), p.chroma(p.m.Cr, near, far, nx, fx)
		l, d := int(luma[x])*19077>>8, dst[(x-from)*3:][:3]
		d[0] = clip6(l + v*26149>>8 - 14234)
		d[1] = clip6(l - u*6419>>8 - v*13320>>8 + 8708)
		d[2] = clip6(l + u*33050>>8 - 17685)
	}
}

// chroma mixes four samples as libwebp does: (9a + 3b + 3c + d) / 16, rounded
// in two steps. At an edge two of them are the same, and one step is left.
func (p *vp8) chroma(plane []byte, near, far, nx, fx int) int {
	at := func(y, x int) int { return int(plane[y*p.m.CStride+x]) }
	a, b, c, d := at(near, nx), at(near, fx), at(far, nx), at(far, fx)
	if nx == fx {
		return (3*a + c + 2) >> 2
	}
	// The mean of the four and twice the diagonal that a is not on.
	return ((a+b+c+d+8+2*(b+c))>>3 + a) >> 1
}

// clip6 drops the 6 bits behind the point.
func clip6(x int) byte {
	if x>>14 != 0 {
		if x < 0 {
			return 0
		}
		return 255
	}
	return byte(x >> 6)
}
