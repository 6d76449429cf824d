package charts

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HistogramChart shows how values are distributed.
type HistogramChart struct {
	Title, Label  string  // Label says what the values are
	Bins          int     // default 0: as many as the data asks for
	Width, Height float64 // in pixels of the screen; 0 means 640 × 320

	values []float64
	lost   int // values that are not finite
}

// Histogram makes a histogram of values. Those that are not finite are left
// out and counted below the title. It fails when no value is finite.
func Histogram(values []float64, title string) (*HistogramChart, error) {
	h := &HistogramChart{Title: title}
	for _, v := range values {
		if finite(v) {
			h.values = append(h.values, v)
		} else {
			h.lost++
		}
	}
	if len(h.values) == 0 {
		return nil, fmt.Errorf("charts: Histogram: none of %d values is a finite number", len(values))
	}
	return h, nil
}

// MIME draws the histogram; its text gives mean, standard deviation and range.
func (h *HistogramChart) MIME() map[string]string {
	width, height := h.Width, h.Height
	if width == 0 {
		width = 640
	}
	if height == 0 {
		height = 320
	}
	return show(width, height, h.String(), func(c draw.Canvas, _ *image.RGBA) {
		h.paint(draw.Crop(c, 10*px, -16*px, 10*px, -12*px))
	})
}

func (h *HistogramChart) paint(c draw.Canvas) {
	c = heading(c, h.Title, h.summary())
	p := newAxes()
	p.X.Label.Text = h.Label
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{count: 8}, ticks{count: 5, whole: true}
	b := h.bins()
	p.Add(grid{horizontal: true}, b)
	p.Y.Max *= 1.05
	p.Draw(c)
}

func (h *HistogramChart) summary() string {
	mean, deviation, low, high := moments(h.values)
	s := fmt.Sprintf("%d values from %.3g to %.3g, mean %.3g, standard deviation %.3g", len(h.values), low, high, mean, deviation)
	if h.lost > 0 {
		s += fmt.Sprintf("; %d not finite", h.lost)
	}
	return s
}

// String is the histogram in words.
func (h *HistogramChart) String() string {
	title := h.Title
	if title == "" {
		title = "histogram"
	}
	return title + ": " + h.summary()
}

func (h *HistogramChart) bins() bins {
	_, _, low, high := moments(h.values)
	n := h.Bins
	if n <= 0 {
		n = binCount(h.values)
	}
	n = min(n, 500)
	if high == low {
		low, high = low-0.5, high+0.5
	}
	b := bins{edges: make([]float64, n+1), counts: make([]int, n)}
	for i := range b.edges {
		b.edges[i] = low + (high-low)*float64(i)/float64(n)
	}
	for _, v := range h.values {
		i := int((v - low) / (high - low) * float64(n))
		b.counts[max(0, min(i, n-1))]++
	}
	return b
}

// bins draws a histogram: gonum's Plotter.
type bins struct {
	edges  []float64
	counts []int
}

// DataRange implements plot.DataRanger.
func (b bins) DataRange() (xmin, xmax, ymin, ymax float64) {
	for _, n := range b.counts {
		ymax = max(ymax, float64(n))
	}
	return b.edges[0], b.edges[len(b.edges)-1], 0, ymax
}

// Plot implements plot.Plotter. Bars of more than 3 pixels are parted by one.
func (b bins) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for i, n := range b.counts {
		left, right := toX(b.edges[i]), toX(b.edges[i+1])
		if right-left > 3*px {
			right -= px
		}
		if n > 0 {
			c.FillPolygon(seriesColor(0), []vg.Point{{X: left, Y: c.Min.Y}, {X: right, Y: c.Min.Y}, {X: right, Y: toY(float64(n))}, {X: left, Y: toY(float64(n))}})
		}
	}
}

func moments(vs []float64) (mean, deviation, low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range vs {
		mean += v / float64(len(vs))
		low, high = min(low, v), max(high, v)
	}
	for _, v := range vs {
		deviation += (v - mean) * (v - mean) / float64(len(vs))
	}
	return mean, math.Sqrt(deviation), low, high
}
