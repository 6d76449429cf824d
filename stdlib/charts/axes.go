package charts

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// newAxes is gonum's plot with this package's look: grey axes that touch,
// small sans-serif numbers, no title of its own.
func newAxes() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Padding = 0
		a.LineStyle = draw.LineStyle{Color: axisGrey(), Width: px}
		a.Tick.LineStyle = draw.LineStyle{Color: axisGrey(), Width: px}
		a.Tick.Length = 4 * px
		label := a.Tick.Label
		a.Tick.Label = letters(12, inkSoft(), label.XAlign, label.YAlign)
		a.Label.TextStyle = letters(13, ink(), draw.XCenter, a.Label.TextStyle.YAlign)
		a.Label.Padding = 5 * px
	}
	return p
}

// grid draws light lines at the labelled ticks, behind everything.
type grid struct{ vertical, horizontal bool }

// Plot implements plot.Plotter.
func (g grid) Plot(c draw.Canvas, p *plot.Plot) {
	sty := draw.LineStyle{Color: gridGrey(), Width: px}
	toX, toY := p.Transforms(&c)
	if g.vertical {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if x := toX(t.Value); !t.IsMinor() && x > c.Min.X+px && x <= c.Max.X {
				c.StrokeLine2(sty, x, c.Min.Y, x, c.Max.Y)
			}
		}
	}
	if g.horizontal {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if y := toY(t.Value); !t.IsMinor() && y > c.Min.Y+px && y <= c.Max.Y {
				c.StrokeLine2(sty, c.Min.X, y, c.Max.X, y)
			}
		}
	}
}

// widen gives an axis a range that is never empty, with a margin on both
// sides as a fraction of it.
func widen(a *plot.Axis, margin float64, logarithmic bool) {
	if !(a.Min <= a.Max) {
		a.Min, a.Max = 0, 1
		if logarithmic {
			a.Min = 0.1
		}
		return
	}
	if logarithmic {
		factor := math.Pow(a.Max/a.Min, margin)
		if a.Max-a.Min <= 1e-9*a.Max {
			factor = math.Sqrt(10)
		}
		a.Min, a.Max = a.Min/factor, a.Max*factor
		return
	}
	span := (a.Max - a.Min) * margin
	if a.Max-a.Min <= 1e-9*math.Abs(a.Max) {
		span = max(math.Abs(a.Max)*0.05, 1e-6)
		if a.Max == 0 {
			span = 1
		}
	}
	a.Min, a.Max = a.Min-span, a.Max+span
}

// heading draws title and, below it, a line in grey, at the top left, and
// returns what is left of the canvas.
func heading(c draw.Canvas, title, below string) draw.Canvas {
	for _, l := range []struct {
		text string
		size float64
		bold bool
	}{{title, 16, true}, {below, 13, false}} {
		if l.text == "" {
			continue
		}
		sty := letters(l.size, ink(), draw.XLeft, draw.YTop)
		if l.bold {
			sty = bold(sty)
		} else {
			sty.Color = inkSoft()
		}
		c.FillText(sty, vg.Point{X: c.Min.X, Y: c.Max.Y}, elide(sty, l.text, c.Max.X-c.Min.X))
		c.Max.Y -= vg.Length(l.size*1.4) * px
	}
	if title != "" || below != "" {
		c.Max.Y -= 4 * px
	}
	return c
}

// entry is a series in the legend.
type entry struct {
	name string
	look plot.Thumbnailer
}

// head is what stands above a panel, where it hides no data: what y is, read
// without turning the head, and the legend.
type head struct {
	label   string
	entries []entry
}

const (
	headRow   = 20 * px
	headThumb = 20 * px
	headSpace = 6 * px
	headGap   = 18 * px
)

// place calls put for every part with its left end and its row, and returns
// the height of all rows.
func (h head) place(width vg.Length, put func(x vg.Length, row int, e entry)) vg.Length {
	if h.label == "" && len(h.entries) == 0 {
		return 0
	}
	sty := headStyle()
	x, row := vg.Length(0), 0
	if h.label != "" {
		put(x, row, entry{name: elide(sty, h.label, width)})
		x += min(width, sty.Width(h.label)) + headGap
	}
	for _, e := range h.entries {
		e.name = elide(sty, e.name, width-headThumb-headSpace)
		w := headThumb + headSpace + sty.Width(e.name)
		if x > 0 && x+w > width {
			x, row = 0, row+1
		}
		put(x, row, e)
		x += w + headGap
	}
	return vg.Length(row+1)*headRow + 2*px
}

func (h head) height(width vg.Length) vg.Length {
	return h.place(width, func(vg.Length, int, entry) {})
}

// draw writes the rows at the top of the canvas and returns what is below.
func (h head) draw(c draw.Canvas) draw.Canvas {
	sty := headStyle()
	used := h.place(c.Max.X-c.Min.X, func(x vg.Length, row int, e entry) {
		x += c.Min.X
		y := c.Max.Y - vg.Length(row)*headRow - headRow/2
		if e.look == nil {
			label := sty
			label.Color = inkSoft()
			c.FillText(label, vg.Point{X: x, Y: y}, e.name)
			return
		}
		icon := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y - headRow/2}, Max: vg.Point{X: x + headThumb, Y: y + headRow/2 - 3*px},
		}}
		e.look.Thumbnail(&icon)
		c.FillText(sty, vg.Point{X: x + headThumb + headSpace, Y: y}, e.name)
	})
	c.Max.Y -= used
	return c
}

func headStyle() text.Style { return letters(13, ink(), draw.XLeft, draw.YCenter) }
