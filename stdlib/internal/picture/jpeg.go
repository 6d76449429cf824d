package picture

import (
	"image"

	"graft/stdlib/internal/picture/jpeg"
	"graft/stdlib/internal/picture/pixels"
)

func configJPEG(b []byte) (image.Config, error) {
	h, err := jpeg.ReadHeader(b)
	return image.Config{Width: h.Width, Height: h.Height}, err
}

func decodeJPEG(b []byte) (byteRows, error) {
	m, err := jpeg.Decode(b)
	if err != nil {
		return nil, err
	}
	c := m.Components
	switch m.Colour {
	case jpeg.Grey:
		return &packed{pix: c[0].Pix, stride: c[0].Stride, rect: image.Rect(0, 0, m.Width, m.Height), step: 1}, nil
	case jpeg.YCbCr:
		return newYCC(m.Height, m.Width, c), nil
	case jpeg.RGB:
		return &rgb{m.Height, m.Width, newSampled(c)}, nil
	}
	k := &inks{height: m.Height, width: m.Width, planes: newSampled(c), inverted: m.Adobe}
	if m.Colour == jpeg.YCCK {
		k.ycc = newYCC(m.Height, m.Width, c)
	}
	return k, nil
}

// ofYCbCr is the planes of the image package, as those of a JPEG.
func ofYCbCr(m *image.YCbCr) *ycc {
	across, down := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		across = 2
	case image.YCbCrSubsampleRatio420:
		across, down = 2, 2
	case image.YCbCrSubsampleRatio440:
		down = 2
	case image.YCbCrSubsampleRatio411:
		across = 4
	case image.YCbCrSubsampleRatio410:
		across, down = 4, 2
	}
	height, width, at := m.Rect.Dy(), m.Rect.Dx(), m.Rect.Min
	plane := func(pix []byte, stride, across, down int) jpeg.Plane {
		return jpeg.Plane{Pix: pix, Stride: stride, Height: (height + down - 1) / down, Width: (width + across - 1) / across, Across: across, Down: down}
	}
	y, c := m.YOffset(at.X, at.Y), m.COffset(at.X, at.Y)
	return newYCC(height, width, []jpeg.Plane{
		plane(m.Y[y:], m.YStride, 1, 1), plane(m.Cb[c:], m.CStride, across, down), plane(m.Cr[c:], m.CStride, across, down)})
}

// ycc makes rows of luma and chroma as libjpeg-turbo does (jdcolor.c).
type ycc struct {
	height, width int
	y, cb, cr     *sampled
}

func newYCC(height, width int, planes []jpeg.Plane) *ycc {
	p := newSampled(planes[:3])
	return &ycc{height, width, p[0], p[1], p[2]}
}

func (p *ycc) size() (height, width int) { return p.height, p.width }

func (p *ycc) bytes(dst []byte, y, from, to int) {
	luma := p.y.row(y, from, to)
	cb, cr := p.cb.row(y, from, to), p.cr.row(y, from, to)
	cb, cr, dst = cb[:len(luma)], cr[:len(luma)], dst[:len(luma)*3]
	for i, l := range luma {
		d := dst[i*3 : i*3+3 : i*3+3]
		d[0], d[1], d[2] = pixels.RGB(l, cb[i], cr[i])
	}
}

// floats is bytes times a number.
func (p *ycc) floats(dst []float32, y, from, to int, by float32) {
	pixels.Use().Colours(dst, p.y.row(y, from, to), p.cb.row(y, from, to), p.cr.row(y, from, to), by)
}

// rgb is a JPEG whose components are the colours.
type rgb struct {
	height, width int
	planes        []*sampled
}

func (p *rgb) size() (height, width int) { return p.height, p.width }

func (p *rgb) bytes(dst []byte, y, from, to int) {
	for c, plane := range p.planes {
		for i, x := range plane.row(y, from, to) {
			dst[3*i+c] = x
		}
	}
}

// inks is a JPEG of cyan, magenta, yellow and black, which TensorFlow makes
// red, green and blue (core/lib/jpeg/jpeg_mem.cc): what is left of the light,
// twice. With Adobe's marker the components are what is left.
type inks struct {
	height, width int
	planes        []*sampled
	ycc           *ycc // of the first three, nil if they are inks
	inverted      bool
}

func (p *inks) size() (height, width int) { return p.height, p.width }

func (p *inks) bytes(dst []byte, y, from, to int) {
	if p.ycc != nil {
		p.ycc.bytes(dst, y, from, to)
		for i := range dst[:3*(to-from)] { // libjpeg takes the colours for inks' complements
			dst[i] = 255 - dst[i]
		}
	} else {
		(&rgb{p.height, p.width, p.planes[:3]}).bytes(dst, y, from, to)
	}
	for i, k := range p.planes[3].row(y, from, to) {
		for c := range dst[3*i : 3*i+3] {
			x, k := int(dst[3*i+c]), int(k)
			if !p.inverted {
				x, k = 255-x, 255-k
			}
			dst[3*i+c] = byte(x * k / 255)
		}
	}
}
