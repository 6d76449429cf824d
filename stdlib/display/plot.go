package display

import (
	"errors"
	"fmt"
	"image"
	"math"
	"reflect"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A plot takes this many pixels of the screen, each of plotScale² of its own.
const (
	plotWidth  = 640
	plotHeight = 400
	plotScale  = 2
	screenDPI  = 96 // CSS's pixel is 1/96 of an inch
)

func renderPlot(p *plot.Plot) map[string]string {
	if p == nil {
		return textOnly("<nil>")
	}
	alt := describePlot(p)
	img, err := drawPlot(p)
	if err != nil {
		return textOnly(fmt.Sprintf("%s (drawing it failed: %v)", alt, err))
	}
	r, err := Drawing(img, plotScale, alt)
	if err != nil {
		return textOnly(fmt.Sprintf("%s (%v)", alt, err))
	}
	return r.MIME()
}

// drawPlot turns the panics of plotters, such as a logarithmic axis over
// values below 0, into errors.
func drawPlot(p *plot.Plot) (img *image.RGBA, err error) {
	for _, v := range []float64{p.X.Min, p.X.Max, p.Y.Min, p.Y.Max} {
		if math.IsNaN(v) {
			return nil, errors.New("an axis begins or ends at NaN") // where the rasterizer never ends
		}
	}
	defer func() {
		if r := recover(); r != nil {
			img, err = nil, fmt.Errorf("%v", r)
		}
	}()
	c := vgimg.NewWith(
		vgimg.UseWH(plotWidth*vg.Inch/screenDPI, plotHeight*vg.Inch/screenDPI),
		vgimg.UseDPI(plotScale*screenDPI),
	)
	// Axes that end at the picture's edge would lose half of their last label.
	const margin = 6
	lettered(p).Draw(draw.Crop(draw.New(c), margin, -margin, margin, -margin))
	img, ok := c.Image().(*image.RGBA)
	if !ok {
		return nil, errors.New("gonum/plot drew no RGBA picture")
	}
	return img, nil
}

// describePlot is the plot in words, for those who do not see it.
func describePlot(p *plot.Plot) string {
	var parts []string
	if p.Title.Text != "" {
		parts = append(parts, p.Title.Text)
	}
	for _, a := range []struct {
		name string
		axis *plot.Axis
	}{{"x", &p.X}, {"y", &p.Y}} {
		s := a.name
		if a.axis.Label.Text != "" {
			s += " " + a.axis.Label.Text
		}
		if a.axis.Min <= a.axis.Max {
			s += fmt.Sprintf(" from %.4g to %.4g", a.axis.Min, a.axis.Max)
		}
		parts = append(parts, s)
	}
	n, names := plotters(p)
	switch {
	case len(names) > 0:
		parts = append(parts, strings.Join(names, ", "))
	case n == 1:
		parts = append(parts, "1 plotter")
	default:
		parts = append(parts, fmt.Sprintf("%d plotters", n))
	}
	return "plot: " + strings.ReplaceAll(strings.Join(parts, "; "), "\n", " ")
}

// plotters reads from gonum's unexported fields how many plotters there are
// and what the legend calls them; should the fields change, that is left out.
func plotters(p *plot.Plot) (n int, names []string) {
	v := reflect.ValueOf(p).Elem()
	if f := v.FieldByName("plotters"); f.IsValid() && f.Kind() == reflect.Slice {
		n = f.Len()
	}
	entries := v.FieldByName("Legend").FieldByName("entries")
	if !entries.IsValid() || entries.Kind() != reflect.Slice {
		return n, nil
	}
	for i := range entries.Len() {
		e := entries.Index(i)
		if e.Kind() != reflect.Struct {
			break
		}
		if text := e.FieldByName("text"); text.IsValid() && text.Kind() == reflect.String {
			names = append(names, text.String())
		}
	}
	return n, names
}
