package install

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// The logo is a shoot grafted onto a stem, on a disc: coordinates in a square
// of side 64.
type stroke struct {
	x1, y1, x2, y2, width float64
	color                 color.RGBA
}

func strokes() []stroke {
	disc := color.RGBA{0x00, 0x6d, 0x8f, 0xff}
	stem := color.RGBA{0xf2, 0xf7, 0xf5, 0xff}
	shoot := color.RGBA{0x7f, 0xe0, 0x8a, 0xff}
	return []stroke{
		{32, 32, 32, 32, 64, disc}, // a stroke without length is a disc
		{28, 52, 28, 14, 7, stem},
		{28, 38, 42, 24, 7, shoot},
		{44, 21, 44, 21, 14, shoot},
	}
}

// covers is whether a point lies on the stroke, whose ends are round.
func (s stroke) covers(x, y float64) bool {
	dx, dy := s.x2-s.x1, s.y2-s.y1
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(1, max(0, ((x-s.x1)*dx+(y-s.y1)*dy)/l))
	}
	return math.Hypot(x-s.x1-t*dx, y-s.y1-t*dy) <= s.width/2
}

// logoPNG draws the logo, each pixel from 8 × 8 samples.
func logoPNG(size int) ([]byte, error) {
	const grid = 8
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			var r, g, b, n int
			for i := range grid * grid {
				x := (float64(px) + (float64(i%grid)+0.5)/grid) * 64 / float64(size)
				y := (float64(py) + (float64(i/grid)+0.5)/grid) * 64 / float64(size)
				if c, ok := colorAt(x, y); ok {
					r, g, b, n = r+int(c.R), g+int(c.G), b+int(c.B), n+1
				}
			}
			if n > 0 {
				img.SetNRGBA(px, py, color.NRGBA{uint8(r / n), uint8(g / n), uint8(b / n), uint8(n * 255 / (grid * grid))})
			}
		}
	}
	var buf bytes.Buffer
	err := png.Encode(&buf, img)
	return buf.Bytes(), err
}

func colorAt(x, y float64) (c color.RGBA, ok bool) {
	for _, s := range strokes() {
		if s.covers(x, y) {
			c, ok = s.color, true
		}
	}
	return c, ok
}

func logoSVG() string {
	var b bytes.Buffer
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" stroke-linecap="round">` + "\n")
	for _, s := range strokes() {
		fmt.Fprintf(&b, ` <line x1="%g" y1="%g" x2="%g" y2="%g" stroke="#%02x%02x%02x" stroke-width="%g"/>`+"\n",
			s.x1, s.y1, s.x2, s.y2, s.color.R, s.color.G, s.color.B, s.width)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
