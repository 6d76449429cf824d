package charts

import (
	"fmt"
	"image"
	"image/color"
	imagedraw "image/draw"
	"math"
	"sort"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// MIME draws the matrix: what was recognised in blue, mistakes in vermilion,
// the darker the larger the part of the true class, so that rare classes show
// as well as frequent ones. Its text is the table of counts.
func (m ConfusionMatrix) MIME() map[string]string {
	l := m.layout()
	return show(l.width, l.height, m.String(), func(c draw.Canvas, img *image.RGBA) { m.paint(c, img, l) })
}

type pair struct{ class, as, n int }

// confused lists what was taken for something else, the most frequent first.
func (m ConfusionMatrix) confused() []pair {
	var out []pair
	for i := range m.Classes {
		for j := range m.Classes {
			if n := m.count(i, j); i != j && n > 0 {
				out = append(out, pair{i, j, n})
			}
		}
	}
	sort.SliceStable(out, func(a, b int) bool { return out[a].n > out[b].n })
	return out
}

// colours are those of a cell and of the number in it.
func (m ConfusionMatrix) colours(class, as int) (back, front color.Color) {
	full := seriesColor(0)
	if class != as {
		full = seriesColor(1)
	}
	n := m.count(class, as)
	if n <= 0 {
		return grey(0xF7), grey(0xA8)
	}
	// By the square root, so that a few mistakes are to be seen, and many are more.
	at := 0.02 + 0.98*math.Sqrt(ratio(n, m.pictures(class)))
	if class == as {
		at = 0.12 + 0.88*ratio(n, m.pictures(class))
	}
	back = mix(grey(255), full, min(1, at))
	if brightness(back) < 0.55 {
		return back, grey(255)
	}
	return back, ink()
}

// brightness is perceived, from 0 to 1 (ITU-R BT.601 weights).
func brightness(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	return (0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b)) / 0xFFFF
}

func css(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// confusionLayout holds lengths in pixels of the screen.
type confusionLayout struct {
	cell, left, top, bottom float64
	width, height           float64
	letters                 float64 // size of the names, 0 for none
	numbers, slanted        bool
}

func (m ConfusionMatrix) layout() confusionLayout {
	n := float64(max(1, len(m.Classes)))
	l := confusionLayout{cell: math.Floor(min(52, max(460/n, 26)))}
	if n > 40 {
		l.cell = max(2, math.Floor(1000/n))
	}
	l.numbers = l.cell >= 22
	longest := 0.0
	if l.cell >= 8 {
		l.letters = min(12, l.cell-1)
		sty := letters(l.letters, ink(), draw.XLeft, draw.YCenter)
		for _, class := range m.Classes {
			longest = max(longest, float64(sty.Width(class)/px))
		}
	}
	longest = min(longest, 150)
	l.slanted = longest > l.cell-6
	l.left, l.top = math.Ceil(36+longest+8), 62
	l.bottom = 20 + 8 + 24
	if l.slanted {
		l.bottom = longest*math.Sin(slant) + 16 + 8 + 24
	}
	l.width, l.height = max(l.left+n*l.cell+20, 280), l.top+n*l.cell+l.bottom
	return l
}

// slant is the angle of names that are wider than their column.
const slant = math.Pi / 4

func (m ConfusionMatrix) paint(c draw.Canvas, img *image.RGBA, l confusionLayout) {
	heading(draw.Crop(c, 10*px, -10*px, 0, -10*px), "Confusion matrix", m.summary())
	at := func(x, y float64) vg.Point { return vg.Point{X: vg.Length(x) * px, Y: c.Max.Y - vg.Length(y)*px} }
	gap := 1.0
	if l.cell < 12 {
		gap = 0
	}
	for i := range m.Classes {
		for j := range m.Classes {
			back, front := m.colours(i, j)
			x, y := l.left+float64(j)*l.cell, l.top+float64(i)*l.cell
			// Squares of whole pixels, without the rasterizer: there may be a million.
			square := image.Rect(int(x)*scale, int(y)*scale, int(x+l.cell-gap)*scale, int(y+l.cell-gap)*scale)
			imagedraw.Draw(img, square, image.NewUniform(back), image.Point{}, imagedraw.Src)
			if l.numbers {
				number := fmt.Sprint(m.count(i, j))
				sty := letters(13, front, draw.XCenter, draw.YCenter)
				for size := 12.0; sty.Width(number) > vg.Length(l.cell-4)*px && size > 5; size-- {
					sty = letters(size, front, draw.XCenter, draw.YCenter)
				}
				c.FillText(sty, at(x+l.cell/2, y+l.cell/2), number)
			}
		}
	}
	m.paintNames(c, l, at)
}

func (m ConfusionMatrix) paintNames(c draw.Canvas, l confusionLayout, at func(x, y float64) vg.Point) {
	n := float64(len(m.Classes))
	axis := letters(13, inkSoft(), draw.XCenter, draw.YCenter)
	c.FillText(axis, at(l.left+n*l.cell/2, l.height-16), "predicted")
	axis.Rotation = math.Pi / 2
	c.FillText(axis, at(18, l.top+n*l.cell/2), "true")
	if l.letters == 0 {
		return
	}
	row := letters(l.letters, ink(), draw.XRight, draw.YCenter)
	column := letters(l.letters, ink(), draw.XCenter, draw.YTop)
	if l.slanted {
		column.XAlign, column.YAlign, column.Rotation = draw.XRight, draw.YCenter, slant
	}
	for i, class := range m.Classes {
		name := elide(row, class, 150*px)
		middle := (float64(i) + 0.5) * l.cell
		c.FillText(row, at(l.left-8, l.top+middle), name)
		c.FillText(column, at(l.left+middle, l.top+n*l.cell+6), name)
	}
}
