// Package picture decodes pictures and hands out their rows one at a time, so
// that one of 40 megapixels is never whole as floats.
//
// What TensorFlow's decoders make is the measure: three channels red, green,
// blue of 0 … 255; grey is repeated, alpha is dropped, 16 bits keep the upper
// 8. JPEG's colours are upsampled as libjpeg does it.
package picture

import (
	"fmt"
	"image"
)

// Rows is a picture whose rows are made when they are asked for. It is for one
// goroutine: an implementation may keep what it needs for the next row.
type Rows interface {
	// Shape is the height, the width and the channels.
	Shape() (height, width, channels int)
	// Row writes columns from … to-1 of row y, channels together, into dst,
	// which has room for them.
	Row(dst []float32, y, from, to int)
}

// Bytes is a picture of bytes in memory, [Height, Width, Channels].
type Bytes struct {
	Pix                     []byte
	Height, Width, Channels int
}

// Shape implements Rows.
func (p *Bytes) Shape() (height, width, channels int) { return p.Height, p.Width, p.Channels }

// Row implements Rows.
func (p *Bytes) Row(dst []float32, y, from, to int) {
	floats(dst, p.Pix[(y*p.Width+from)*p.Channels:(y*p.Width+to)*p.Channels])
}

func floats(dst []float32, src []byte) {
	dst = dst[:len(src)]
	for i, b := range src {
		dst[i] = float32(b)
	}
}

// Floats is a picture in memory, [Height, Width, Channels].
type Floats struct {
	Pix                     []float32
	Height, Width, Channels int
}

// Shape implements Rows.
func (p *Floats) Shape() (height, width, channels int) { return p.Height, p.Width, p.Channels }

// Row implements Rows.
func (p *Floats) Row(dst []float32, y, from, to int) {
	copy(dst, p.Pix[(y*p.Width+from)*p.Channels:(y*p.Width+to)*p.Channels])
}

// Whole makes all rows.
func Whole(r Rows) *Floats {
	if f, ok := r.(*Floats); ok {
		return f
	}
	h, w, c := r.Shape()
	out := &Floats{Pix: make([]float32, h*w*c), Height: h, Width: w, Channels: c}
	for y := range h {
		r.Row(out.Pix[y*w*c:(y+1)*w*c], y, 0, w)
	}
	return out
}

// byteRows is what decoders make: rows of 3 bytes a pixel.
type byteRows interface {
	size() (height, width int)
	bytes(dst []byte, y, from, to int)
}

// decoded makes Rows of what a decoder makes.
type decoded struct {
	byteRows
	held  []byte  // the row that rowBytes made
	plain *levels // of Row
}

func (d *decoded) Shape() (height, width, channels int) {
	height, width = d.size()
	return height, width, 3
}

func (d *decoded) Row(dst []float32, y, from, to int) {
	if d.plain == nil {
		d.plain = newLevels(1)
	}
	d.row(dst, y, from, to, d.plain)
}

// row writes what the levels of a part of a row stand for.
func (d *decoded) row(dst []float32, y, from, to int, l *levels) {
	if p, ok := d.byteRows.(*ycc); ok {
		p.floats(dst, y, from, to, l[1])
		return
	}
	row := d.rowBytes(y, from, to)
	dst = dst[:len(row)]
	for i, b := range row {
		dst[i] = l[b]
	}
}

// levels are what the levels 0 … 255 stand for: multiples of the second.
type levels [256]float32

func newLevels(by float32) *levels {
	l := new(levels)
	for i := range l {
		l[i] = float32(i) * by
	}
	return l
}

// rowBytes is a part of a row, which holds until the next.
func (d *decoded) rowBytes(y, from, to int) []byte {
	if n := (to - from) * 3; cap(d.held) < n {
		d.held = make([]byte, n)
	}
	row := d.held[:(to-from)*3]
	d.bytes(row, y, from, to)
	return row
}

// WholeBytes makes all rows of a picture that was decoded.
func WholeBytes(r Rows) (*Bytes, error) {
	switch r := r.(type) {
	case *Bytes:
		return r, nil
	case *decoded:
		h, w := r.size()
		out := &Bytes{Pix: make([]byte, h*w*3), Height: h, Width: w, Channels: 3}
		for y := range h {
			r.bytes(out.Pix[y*w*3:(y+1)*w*3], y, 0, w)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%T is no picture of bytes", r)
}

// Image is the picture as one of the image package: grey for one channel,
// else red, green and blue.
func (p *Bytes) Image() image.Image {
	rect := image.Rect(0, 0, p.Width, p.Height)
	if p.Channels == 1 {
		return &image.Gray{Pix: p.Pix, Stride: p.Width, Rect: rect}
	}
	out := image.NewNRGBA(rect)
	for i := range p.Height * p.Width {
		px := p.Pix[i*p.Channels:]
		copy(out.Pix[4*i:], []byte{px[0], px[1], px[2], 255})
	}
	return out
}
