package charts

import (
	"fmt"
	"image"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves is a chart of named series over one x axis. The zero value is ready
// for Add, which one goroutine at a time may call.
type Curves struct {
	Title, XLabel, YLabel string
	LogX, LogY            bool    // logarithmic axes; values that are not above 0 are left out
	Percent               bool    // y is a fraction, written as a percentage
	Smooth                float64 // 0 to below 1: weight of the past in a moving mean drawn over the pale series; default 0, none
	Width, Height         int     // in pixels of the screen; 0 means 640 × 400

	lines  []*line
	latest bool // write the newest values into the legend
}

// Lines makes Curves of one or more series of y values, named y1, y2 and so on
// (a single one has no name), over the same xs; nil xs means 0, 1, 2 and so on.
// It fails when a series is not as long as xs, or there is none.
func Lines(xs []float64, ys ...[]float64) (*Curves, error) {
	if len(ys) == 0 {
		return nil, fmt.Errorf("charts: Lines of no y values: expected one or more series")
	}
	c := &Curves{}
	for k, series := range ys {
		if xs != nil && len(series) != len(xs) {
			return nil, fmt.Errorf("charts: Lines: series %d has %d values, expected %d, one for each x", k+1, len(series), len(xs))
		}
		name := ""
		if len(ys) > 1 {
			name = fmt.Sprintf("y%d", k+1)
		}
		for i, y := range series {
			x := float64(i)
			if xs != nil {
				x = xs[i]
			}
			c.Add(name, x, y)
		}
	}
	return c, nil
}

// Add appends a point to a series, which its first point creates. A value that
// is not finite leaves a gap, and the text below the title says how many.
func (c *Curves) Add(series string, x, y float64) {
	var l *line
	for _, old := range c.lines {
		if old.name == series {
			l = old
		}
	}
	if l == nil {
		l = &line{name: series}
		c.lines = append(c.lines, l)
	}
	l.xs, l.ys = append(l.xs, x), append(l.ys, y)
}

// MIME draws the chart; its text names each series with its range.
func (c Curves) MIME() map[string]string { return panels(c.Title, c.Width, c.Height, []Curves{c}) }

// String is the chart in words.
func (c Curves) String() string { return describe(c.Title, []Curves{c}) }

// panels draws charts below each other, over one x axis.
func panels(title string, width, height int, cs []Curves) map[string]string {
	if width == 0 {
		width = 640
	}
	if height == 0 {
		height = 400 + 130*(len(cs)-1)
	}
	return show(float64(width), float64(height), describe(title, cs), func(c draw.Canvas, _ *image.RGBA) {
		paintPanels(draw.Crop(c, 10*px, -16*px, 10*px, -12*px), title, cs)
	})
}

func paintPanels(c draw.Canvas, title string, cs []Curves) {
	c = heading(c, title, notice(cs))
	rows := make([][]*plot.Plot, len(cs))
	heads := make([]head, len(cs))
	low, high := math.Inf(1), math.Inf(-1)
	above := vg.Length(0)
	for i := range cs {
		var p *plot.Plot
		p, heads[i] = cs[i].axes(i < len(cs)-1)
		low, high = min(low, p.X.Min), max(high, p.X.Max)
		above = max(above, heads[i].height(c.Max.X-c.Min.X))
		rows[i] = []*plot.Plot{p}
	}
	for i := range rows {
		p := rows[i][0]
		p.X.Min, p.X.Max = low, high
		widen(&p.X, 0, cs[i].LogX)
		if t, ok := p.X.Tick.Marker.(ticks); ok {
			t.reach(&p.X)
		}
	}
	tiles := draw.Tiles{Rows: len(cs), Cols: 1, PadY: above + 8*px}
	for i, canvases := range plot.Align(rows, tiles, draw.Crop(c, 0, 0, 0, -above)) {
		top := draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
			Min: vg.Point{X: c.Min.X, Y: canvases[0].Max.Y}, Max: vg.Point{X: c.Max.X, Y: canvases[0].Max.Y + above},
		}}
		heads[i].draw(top)
		rows[i][0].Draw(canvases[0])
	}
}

// axes puts the series of one panel on axes.
func (c *Curves) axes(silent bool) (*plot.Plot, head) {
	p := newAxes()
	p.X.Tick.Marker = ticks{count: 8, whole: c.whole(), silent: silent}
	p.Y.Tick.Marker = ticks{count: 8, percent: c.Percent}
	if c.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{silent: silent}
	}
	if c.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	if !silent {
		p.X.Label.Text = c.XLabel
	}
	p.Add(grid{vertical: true, horizontal: true})
	h := head{label: c.YLabel}
	for i, l := range c.lines {
		bright := stroke{xs: l.xs, ys: l.ys, color: seriesColor(i), width: 2 * px, usable: c.usable}
		if len(l.xs) <= 40 {
			bright.dots = 3 * px
		}
		if c.Smooth > 0 && c.Smooth < 1 && len(l.xs) > 2 {
			pale := bright
			pale.color, pale.width, pale.dots = mix(bright.color, grey(255), 0.68), px, 0
			p.Add(pale)
			bright.ys, bright.dots = smooth(l.ys, c.Smooth), 0
		}
		p.Add(bright)
		switch {
		case len(c.lines) == 1 && (l.name == "" || l.name == c.YLabel):
			h.label += c.last(l)
		default:
			h.entries = append(h.entries, entry{l.name + c.last(l), bright})
		}
	}
	widen(&p.Y, 0.05, c.LogY)
	return p, h
}

// whole is true if every x is a whole number, as steps are.
func (c *Curves) whole() bool {
	for _, l := range c.lines {
		for _, x := range l.xs {
			if x != math.Trunc(x) {
				return false
			}
		}
	}
	return true
}

func (c *Curves) usable(x, y float64) bool {
	return finite(x) && finite(y) && (!c.LogX || x > 0) && (!c.LogY || y > 0)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// last is a series' newest value, for the legend.
func (c *Curves) last(l *line) string {
	if !c.latest {
		return ""
	}
	return "  " + c.number(l.ys[len(l.ys)-1])
}

func (c *Curves) number(v float64) string {
	if c.Percent && finite(v) {
		return fmt.Sprintf("%.1f%%", 100*v)
	}
	return fmt.Sprintf("%.4g", v)
}

// smooth is the exponential moving mean with the weight of the past, freed of
// the bias of its start (Kingma and Ba, "Adam", 2014, §3): what TensorBoard
// and fastai draw.
func smooth(ys []float64, weight float64) []float64 {
	out := make([]float64, len(ys))
	mean, correction := 0.0, 1.0
	for i, y := range ys {
		if !finite(y) {
			out[i] = y
			continue
		}
		mean = weight*mean + (1-weight)*y
		correction *= weight
		out[i] = mean / (1 - correction)
	}
	return out
}

// notice says what is not drawn.
func notice(cs []Curves) string {
	var parts []string
	for i := range cs {
		for _, l := range cs[i].lines {
			if n, at := cs[i].lost(l); n > 0 {
				parts = append(parts, fmt.Sprintf("%s: %d of %d values cannot be drawn, the first (%v) at %v", nameOf(l, i), n, len(l.xs), l.ys[at], l.xs[at]))
			}
		}
	}
	return strings.Join(parts, "; ")
}

func (c *Curves) lost(l *line) (n, first int) {
	for i := len(l.xs) - 1; i >= 0; i-- {
		if !c.usable(l.xs[i], l.ys[i]) {
			n, first = n+1, i
		}
	}
	return n, first
}

func nameOf(l *line, i int) string {
	if l.name != "" {
		return l.name
	}
	return "y"
}

// describe is the chart in words: one line for each series.
func describe(title string, cs []Curves) string {
	if title == "" {
		title = "curves"
	}
	out := []string{title}
	for i := range cs {
		c := &cs[i]
		for _, l := range c.lines {
			out = append(out, "  "+c.describeLine(l, i))
		}
	}
	if len(out) == 1 {
		return title + ": no points"
	}
	if s := notice(cs); s != "" {
		out = append(out, "  "+s)
	}
	return strings.Join(out, "\n")
}

func (c *Curves) describeLine(l *line, i int) string {
	low, high := -1, -1
	for k, y := range l.ys {
		if !c.usable(l.xs[k], y) {
			continue
		}
		if low < 0 || y < l.ys[low] {
			low = k
		}
		if high < 0 || y > l.ys[high] {
			high = k
		}
	}
	name := nameOf(l, i)
	if c.YLabel != "" && c.YLabel != name {
		name = c.YLabel + ", " + name
	}
	n := len(l.xs)
	if low < 0 {
		return fmt.Sprintf("%s: %d points, none of which can be drawn", name, n)
	}
	if n == 1 {
		return fmt.Sprintf("%s: %s at %.6g", name, c.number(l.ys[0]), l.xs[0])
	}
	return fmt.Sprintf("%s: %d points, first %s at %.6g, last %s at %.6g, lowest %s at %.6g, highest %s at %.6g", name, n,
		c.number(l.ys[0]), l.xs[0], c.number(l.ys[n-1]), l.xs[n-1], c.number(l.ys[low]), l.xs[low], c.number(l.ys[high]), l.xs[high])
}
