package picture

import (
	"fmt"
	"image"
	"image/color"
)

// Decode decodes a picture and turns it as its EXIF data says. Errors are
// Head's and the decoders'; what is left of a file that ends early is an error
// too.
func Decode(b []byte) (Rows, error) {
	h, f, err := head(b)
	if err != nil {
		return nil, err
	}
	rows, err := f.decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if height, width := rows.size(); height != h.Height || width != h.Width {
		return nil, fmt.Errorf("%s: it has %d×%d pixels, its header says %d×%d", f.name, width, height, h.Width, h.Height)
	}
	return turned(&decoded{byteRows: rows}, orientation(b, f.name)), nil
}

// Image is any image as rows: alpha is dropped, 16 bits keep the upper 8.
func Image(img image.Image) Rows { return &decoded{byteRows: rowsOf(img)} }

// rowsOf knows the images that the decoders make; others are slow.
func rowsOf(img image.Image) byteRows {
	switch m := img.(type) {
	case *image.YCbCr:
		return ofYCbCr(m)
	case *image.NYCbCrA:
		return ofYCbCr(&m.YCbCr)
	case *image.Gray:
		return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 1}
	case *image.Gray16:
		return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 2}
	case *image.NRGBA:
		return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 4, green: 1, blue: 2}
	case *image.RGBA:
		if m.Opaque() {
			return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 4, green: 1, blue: 2}
		}
	case *image.NRGBA64:
		return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 8, green: 2, blue: 4}
	case *image.RGBA64:
		if m.Opaque() {
			return &packed{pix: m.Pix, stride: m.Stride, rect: m.Rect, step: 8, green: 2, blue: 4}
		}
	case *image.Paletted:
		return newPaletted(m)
	}
	return &colours{img}
}

// packed has the bytes of a pixel side by side: red first, green and blue at
// their places.
type packed struct {
	pix               []byte
	stride            int
	rect              image.Rectangle
	step, green, blue int
}

func (p *packed) size() (height, width int) { return p.rect.Dy(), p.rect.Dx() }

func (p *packed) bytes(dst []byte, y, from, to int) {
	row := p.pix[y*p.stride+from*p.step:]
	for i := range to - from {
		px := row[i*p.step:]
		d := dst[i*3 : i*3+3 : i*3+3]
		d[0], d[1], d[2] = px[0], px[p.green], px[p.blue]
	}
}

// paletted looks colours up.
type paletted struct {
	m      *image.Paletted
	colour [256][3]byte
}

func newPaletted(m *image.Paletted) *paletted {
	p := &paletted{m: m}
	for i, c := range m.Palette {
		p.colour[i] = plain(c)
	}
	return p
}

func (p *paletted) size() (height, width int) { return p.m.Rect.Dy(), p.m.Rect.Dx() }

func (p *paletted) bytes(dst []byte, y, from, to int) {
	row := p.m.Pix[y*p.m.Stride:]
	for i := range to - from {
		copy(dst[i*3:], p.colour[row[from+i]][:])
	}
}

// plain is a colour without its alpha, which TensorFlow drops.
func plain(c color.Color) [3]byte {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	return [3]byte{n.R, n.G, n.B}
}

// colours is any other image.
type colours struct{ m image.Image }

func (p *colours) size() (height, width int) { return p.m.Bounds().Dy(), p.m.Bounds().Dx() }

func (p *colours) bytes(dst []byte, y, from, to int) {
	at := p.m.Bounds().Min
	for i := range to - from {
		c := plain(p.m.At(at.X+from+i, at.Y+y))
		copy(dst[i*3:], c[:])
	}
}

// placed is a picture on a screen that it need not fill, which is black: the
// first of a GIF or of an animated WebP.
type placed struct {
	byteRows
	height, width, top, left int
}

// onScreen places a picture, if it does not fill the screen.
func onScreen(p byteRows, height, width, top, left int) byteRows {
	if h, w := p.size(); h == height && w == width && top == 0 && left == 0 {
		return p
	}
	return &placed{p, height, width, top, left}
}

func (p *placed) size() (height, width int) { return p.height, p.width }

func (p *placed) bytes(dst []byte, y, from, to int) {
	clear(dst[:3*(to-from)])
	h, w := p.byteRows.size()
	first, last := max(from, p.left), min(to, p.left+w)
	if y < p.top || y >= p.top+h || first >= last {
		return
	}
	p.byteRows.bytes(dst[3*(first-from):], y-p.top, first-p.left, last-p.left)
}
