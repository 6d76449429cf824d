package charts

import (
	"errors"
	"fmt"
	"image"
	"image/color"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"graft/stdlib/display"
)

// Lengths are in pixels of the screen, which CSS defines as 1/96 inch. A
// picture has scale² pixels of its own for each.
const (
	px    = vg.Inch / 96
	scale = 2
)

// Palette returns the colours of series in their order: blue, vermilion,
// green, purple, orange, sky blue, black. Beyond the seventh they repeat.
func Palette() []color.Color {
	return []color.Color{
		color.RGBA{0x00, 0x72, 0xB2, 0xFF},
		color.RGBA{0xD5, 0x5E, 0x00, 0xFF},
		color.RGBA{0x00, 0x9E, 0x73, 0xFF},
		color.RGBA{0xCC, 0x79, 0xA7, 0xFF},
		color.RGBA{0xE6, 0x9F, 0x00, 0xFF},
		color.RGBA{0x56, 0xB4, 0xE9, 0xFF},
		color.RGBA{0x00, 0x00, 0x00, 0xFF},
	}
}

func seriesColor(i int) color.Color {
	p := Palette()
	return p[i%len(p)]
}

func grey(v uint8) color.Color { return color.RGBA{v, v, v, 0xFF} }

// The greys of a picture: letters, what stands back, axes, grid.
func ink() color.Color      { return grey(0x22) }
func inkSoft() color.Color  { return grey(0x59) }
func axisGrey() color.Color { return grey(0x99) }
func gridGrey() color.Color { return grey(0xE6) }

// mix is a weighted mean of two colours; at 0 it is a, at 1 b.
func mix(a, b color.Color, at float64) color.Color {
	ar, ag, ab, _ := a.RGBA()
	br, bg, bb, _ := b.RGBA()
	blend := func(x, y uint32) uint8 { return uint8((float64(x)*(1-at)+float64(y)*at)/257 + 0.5) }
	return color.RGBA{blend(ar, br), blend(ag, bg), blend(ab, bb), 0xFF}
}

// letters is a text style: size in pixels, aligned as told.
func letters(size float64, c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{
		Color:   c,
		Font:    font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size) * px},
		XAlign:  x,
		YAlign:  y,
		Handler: display.TextHandler(),
	}
}

func bold(s text.Style) text.Style {
	s.Font.Weight = 3 // WeightBold of golang.org/x/image/font
	return s
}

// elide shortens s until it is at most width wide.
func elide(sty text.Style, s string, width vg.Length) string {
	if sty.Width(s) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 1 && sty.Width(string(r)+"…") > width {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}

// show draws a picture of width × height pixels of the screen. What cannot be
// drawn is shown as its text, with the reason.
func show(width, height float64, alt string, paint func(c draw.Canvas, img *image.RGBA)) map[string]string {
	img, err := paintOn(width, height, paint)
	if err == nil {
		var r display.Rich
		if r, err = display.Drawing(img, scale, alt); err == nil {
			return r.MIME()
		}
	}
	return display.Text(fmt.Sprintf("%s\n(the picture cannot be drawn: %v)", alt, err)).MIME()
}

// maxSide bounds a picture, in pixels of the screen.
const maxSide = 8000

// paintOn turns the panics of gonum/plot's drawing into errors.
func paintOn(width, height float64, paint func(c draw.Canvas, img *image.RGBA)) (img *image.RGBA, err error) {
	if !(width >= 1 && height >= 1 && width <= maxSide && height <= maxSide) {
		return nil, fmt.Errorf("charts: a picture of %.0f × %.0f pixels: expected 1 to %d for each side", width, height, maxSide)
	}
	defer func() {
		if r := recover(); r != nil {
			img, err = nil, fmt.Errorf("charts: %v", r)
		}
	}()
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(width)*px, vg.Length(height)*px), vgimg.UseDPI(96*scale))
	img, ok := c.Image().(*image.RGBA)
	if !ok {
		return nil, errors.New("charts: gonum/plot made no RGBA picture")
	}
	paint(draw.New(c), img)
	return img, nil
}
