package charts

import (
	"errors"
	"fmt"
	"image"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// BarChart compares named values.
type BarChart struct {
	Title, Label  string  // Label says what the values are
	Percent       bool    // values are fractions, written as percentages
	Width, Height float64 // in pixels of the screen; 0: 640, and as high as the bars need

	labels []string
	values []float64
}

// Bars makes a chart with a bar for each value, lying, so that names of any
// length can be read. It fails when there is nothing to draw, when labels and
// values are not of one length, and for a value that is not finite.
func Bars(labels []string, values []float64, title string) (*BarChart, error) {
	if len(values) == 0 {
		return nil, errors.New("charts: Bars of no values")
	}
	if len(labels) != len(values) {
		return nil, fmt.Errorf("charts: Bars: %d labels for %d values, expected one for each", len(labels), len(values))
	}
	for i, v := range values {
		if !finite(v) {
			return nil, fmt.Errorf("charts: Bars: value %d (%q) is %v: expected a finite number", i, labels[i], v)
		}
	}
	return &BarChart{Title: title, labels: append([]string(nil), labels...), values: append([]float64(nil), values...)}, nil
}

const (
	barRow    = 30 // height of a bar with its gap
	mostBars  = 60
	labelSize = 13
)

// shown is how many bars a picture takes.
func (b *BarChart) shown() int { return min(len(b.values), mostBars) }

// MIME draws the chart; its text lists the values.
func (b *BarChart) MIME() map[string]string {
	width, height := b.Width, b.Height
	if width == 0 {
		width = 640
	}
	if height == 0 {
		height = float64(b.shown()*barRow) + 30
		if b.Title != "" {
			height += 28
		}
		if b.Label != "" {
			height += 20
		}
		if len(b.values) > mostBars {
			height += 20
		}
	}
	return show(width, height, b.String(), func(c draw.Canvas, _ *image.RGBA) {
		b.paint(draw.Crop(c, 10*px, -16*px, 10*px, -12*px))
	})
}

func (b *BarChart) paint(c draw.Canvas) {
	below := b.Label
	if n := len(b.values) - mostBars; n > 0 {
		below = strings.TrimPrefix(below+fmt.Sprintf("; the first %d of %d", mostBars, len(b.values)), "; ")
	}
	c = heading(c, b.Title, below)
	name := letters(labelSize, ink(), draw.XRight, draw.YCenter)
	widest, before, after := vg.Length(0), vg.Length(0), vg.Length(0)
	low, high := 0.0, 0.0
	for i, v := range b.values[:b.shown()] {
		widest = max(widest, name.Width(b.labels[i]))
		low, high = min(low, v), max(high, v)
		if w := name.Width(b.number(v)) + 6*px; v < 0 {
			before = max(before, w)
		} else {
			after = max(after, w)
		}
	}
	if high == low {
		high = 1
	}
	widest = min(widest, (c.Max.X-c.Min.X)/3)
	left, right := c.Min.X+widest+8*px+before, c.Max.X-after
	toX := func(v float64) vg.Length { return left + vg.Length((v-low)/(high-low))*(right-left) }
	row := (c.Max.Y - c.Min.Y) / vg.Length(b.shown())
	for i, v := range b.values[:b.shown()] {
		y := c.Max.Y - (vg.Length(i)+0.5)*row
		half := row * 0.36
		c.FillText(name, vg.Point{X: c.Min.X + widest, Y: y}, elide(name, b.labels[i], widest))
		c.FillPolygon(seriesColor(0), []vg.Point{{X: toX(0), Y: y - half}, {X: toX(v), Y: y - half}, {X: toX(v), Y: y + half}, {X: toX(0), Y: y + half}})
		number := name
		number.XAlign = draw.XLeft
		x := toX(v) + 6*px
		if v < 0 {
			number.XAlign, x = draw.XRight, toX(v)-6*px
		}
		number.Color = inkSoft()
		c.FillText(number, vg.Point{X: x, Y: y}, b.number(v))
	}
	c.StrokeLine2(draw.LineStyle{Color: axisGrey(), Width: px}, toX(0), c.Min.Y, toX(0), c.Max.Y)
}

func (b *BarChart) number(v float64) string {
	if b.Percent {
		return fmt.Sprintf("%.1f%%", 100*v)
	}
	return fmt.Sprintf("%.4g", v)
}

// String lists the values.
func (b *BarChart) String() string {
	title := b.Title
	if title == "" {
		title = "bars"
	}
	out := []string{title}
	for i, v := range b.values[:b.shown()] {
		out = append(out, fmt.Sprintf("  %s: %s", b.labels[i], b.number(v)))
	}
	if n := len(b.values) - b.shown(); n > 0 {
		out = append(out, fmt.Sprintf("  … %d more", n))
	}
	return strings.Join(out, "\n")
}
