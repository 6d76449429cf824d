package terminal

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"

	"golang.org/x/image/draw"
)

// blockColumns bounds how wide a picture of block characters is.
const blockColumns = 96

// blocks draws a picture with half blocks: each character is two pixels, one
// above the other, in two colours.
func (p *Printer) blocks(raw []byte) error {
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	columns := blockColumns
	if p.Columns > 0 {
		columns = min(columns, p.Columns)
	}
	size := src.Bounds().Size()
	w := min(columns, size.X)
	h := max(2, (size.Y*w/max(1, size.X)+1)/2*2)
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(img, img.Bounds(), src, src.Bounds(), draw.Over, nil)
	var b strings.Builder
	for y := 0; y < h; y += 2 {
		for x := range w {
			b.WriteString(p.colour(38, img.RGBAAt(x, y).R, img.RGBAAt(x, y).G, img.RGBAAt(x, y).B))
			b.WriteString(p.colour(48, img.RGBAAt(x, y+1).R, img.RGBAAt(x, y+1).G, img.RGBAAt(x, y+1).B))
			b.WriteString("▀")
		}
		b.WriteString(off + "\n")
	}
	p.write(b.String())
	return p.save(raw)
}

// colour sets the foreground (38) or the background (48): in 24 bits, or the
// nearest of the 6×6×6 colours that all terminals with 256 have.
func (p *Printer) colour(what int, r, g, b uint8) string {
	if p.TrueColour {
		return fmt.Sprintf("\x1b[%d;2;%d;%d;%dm", what, r, g, b)
	}
	six := func(v uint8) int { return (int(v)*5 + 127) / 255 }
	return fmt.Sprintf("\x1b[%d;5;%dm", what, 16+36*six(r)+6*six(g)+six(b))
}
