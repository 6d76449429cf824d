package charts

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line is a series of a plot. It draws as fast for a million points as for a
// thousand, because it is drawn while a network trains.
type line struct {
	name   string
	xs, ys []float64
}

// stroke is how a line is drawn: gonum's Plotter.
type stroke struct {
	xs, ys []float64
	color  color.Color
	width  vg.Length
	dots   vg.Length // radius of a dot on each point, or 0
	usable func(x, y float64) bool
}

// DataRange implements plot.DataRanger over the points that can be drawn.
func (s stroke) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymin, ymax = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i, x := range s.xs {
		if y := s.ys[i]; s.usable(x, y) {
			xmin, xmax = min(xmin, x), max(xmax, x)
			ymin, ymax = min(ymin, y), max(ymax, y)
		}
	}
	return xmin, xmax, ymin, ymax
}

// Plot implements plot.Plotter. Points that cannot be drawn leave a gap.
func (s stroke) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var run []vg.Point
	flush := func() {
		run = thin(run)
		strokeRun(&c, draw.LineStyle{Color: s.color, Width: s.width}, run)
		if s.dots > 0 || len(run) == 1 {
			glyph := draw.GlyphStyle{Color: s.color, Radius: max(s.dots, s.width), Shape: draw.CircleGlyph{}}
			for _, pt := range run {
				c.DrawGlyphNoClip(glyph, pt)
			}
		}
		run = run[:0]
	}
	for i, x := range s.xs {
		if s.usable(x, s.ys[i]) {
			// The rasterizer walks every row to a point, and never ends at NaN.
			if pt := (vg.Point{X: toX(x), Y: toY(s.ys[i])}); c.Contains(pt) {
				run = append(run, pt)
				continue
			}
		}
		if len(run) > 0 {
			flush()
		}
	}
	if len(run) > 0 {
		flush()
	}
}

// Thumbnail implements plot.Thumbnailer.
func (s stroke) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(draw.LineStyle{Color: s.color, Width: s.width}, c.Min.X, y, c.Max.X, y)
}

// thin keeps, of the neighbours that fall into one column of pixels, the
// first, the lowest, the highest and the last: the line looks the same.
func thin(pts []vg.Point) []vg.Point {
	const column = px / 2
	if len(pts) < 1000 {
		return pts
	}
	var out []vg.Point
	for i := 0; i < len(pts); {
		j, low, high := i, i, i
		for j+1 < len(pts) && math.Floor(float64(pts[j+1].X/column)) == math.Floor(float64(pts[i].X/column)) {
			j++
			if pts[j].Y < pts[low].Y {
				low = j
			}
			if pts[j].Y > pts[high].Y {
				high = j
			}
		}
		last := -1
		for _, k := range []int{i, min(low, high), max(low, high), j} {
			if k > last {
				out, last = append(out, pts[k]), k
			}
		}
		i = j + 1
	}
	return out
}

// strokeRun draws in pieces, since the rasterizer's time grows with the square
// of what lies on one row of pixels. Pieces share a segment, so that the
// corner between them is drawn.
func strokeRun(c *draw.Canvas, sty draw.LineStyle, pts []vg.Point) {
	const piece = 64
	for i := 0; i+1 < len(pts); i += piece - 2 {
		c.StrokeLines(sty, pts[i:min(i+piece, len(pts))])
	}
}
