package charts

import (
	"errors"
	"fmt"
	"image"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gorgonia.org/tensor"
)

// Embedding shows examples as points in the plane in which their features
// differ most: the first two principal components. Classes that lie apart are
// ones that a linear head can tell apart.
type Embedding struct {
	Title         string
	Width, Height float64 // in pixels of the screen; 0 means 640 × 480

	xs, ys  []float64
	labels  []int
	classes []string
	share   [2]float64 // of the variance, for each axis
}

// NewEmbedding takes features [N, …], float32, of two examples or more, each
// flattened, and the class of each, in [0, len(classes)). It fails for other
// shapes and dtypes, labels out of range, features that are not finite, and
// when no two examples differ.
func NewEmbedding(features *tensor.Dense, labels []int, classes []string) (*Embedding, error) {
	if features == nil || features.Dims() < 2 {
		return nil, fmt.Errorf("charts: an embedding of %s: expected features [N, …]", shapeOf(features))
	}
	n := features.Shape()[0]
	if n < 2 || features.Size() == 0 {
		return nil, fmt.Errorf("charts: an embedding of features of shape %v: expected two examples or more", []int(features.Shape()))
	}
	if len(labels) != n {
		return nil, fmt.Errorf("charts: an embedding: %d labels for %d examples, expected one for each", len(labels), n)
	}
	for i, l := range labels {
		if l < 0 || l >= len(classes) {
			return nil, fmt.Errorf("charts: an embedding: label %d of example %d has no name: there are %d classes", l, i, len(classes))
		}
	}
	all, err := values(features, features.Size())
	if err != nil {
		return nil, err
	}
	for i, v := range all {
		if !finite(float64(v)) {
			return nil, fmt.Errorf("charts: an embedding: a feature of example %d is %v", i/(len(all)/n), v)
		}
	}
	e := &Embedding{labels: append([]int(nil), labels...), classes: append([]string(nil), classes...)}
	return e, e.project(all, n)
}

// project finds the two directions of the largest variance.
func (e *Embedding) project(all []float32, n int) error {
	wide := make([]float64, len(all))
	for i, v := range all {
		wide[i] = float64(v)
	}
	x := mat.NewDense(n, len(all)/n, wide)
	var pc stat.PC
	if !pc.PrincipalComponents(x, nil) {
		return errors.New("charts: an embedding: the principal components cannot be computed")
	}
	total := 0.0
	variances := pc.VarsTo(nil)
	for _, v := range variances {
		total += v
	}
	if !(total > 0) {
		return errors.New("charts: an embedding: all examples have the same features")
	}
	var directions mat.Dense
	pc.VectorsTo(&directions)
	e.xs, e.ys = make([]float64, n), make([]float64, n)
	for k, to := range [][]float64{e.xs, e.ys} {
		if k >= len(variances) {
			break // one feature, or two examples: a line
		}
		e.share[k] = variances[k] / total
		column := directions.ColView(k)
		for i := range n {
			to[i] = mat.Dot(x.RowView(i), column)
		}
		centre(to)
	}
	return nil
}

func centre(vs []float64) {
	mean := 0.0
	for _, v := range vs {
		mean += v / float64(len(vs))
	}
	for i := range vs {
		vs[i] -= mean
	}
}

// MIME draws the points, each class in its colour and shape.
func (e *Embedding) MIME() map[string]string {
	width, height := e.Width, e.Height
	if width == 0 {
		width = 640
	}
	if height == 0 {
		height = 480
	}
	return show(width, height, e.String(), func(c draw.Canvas, _ *image.RGBA) {
		e.paint(draw.Crop(c, 10*px, -16*px, 10*px, -12*px))
	})
}

func (e *Embedding) paint(c draw.Canvas) {
	c = heading(c, e.Title, "")
	c = e.legend(c)
	p := newAxes()
	p.X.Label.Text = fmt.Sprintf("first component, %.0f %% of the variance", 100*e.share[0])
	p.Y.Label.Text = fmt.Sprintf("second component, %.0f %%", 100*e.share[1])
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks{count: 6}, ticks{count: 6}
	p.Add(grid{vertical: true, horizontal: true}, points{e})
	widen(&p.X, 0.05, false)
	widen(&p.Y, 0.05, false)
	p.Draw(c)
}

// shapes tell classes apart without colours; with seven colours, 42 classes
// look different.
func shapes() []draw.GlyphDrawer {
	return []draw.GlyphDrawer{draw.CircleGlyph{}, draw.TriangleGlyph{}, draw.SquareGlyph{}, draw.PlusGlyph{}, draw.CrossGlyph{}, draw.RingGlyph{}}
}

func classGlyph(class int) draw.GlyphStyle {
	all := shapes()
	return draw.GlyphStyle{Color: seriesColor(class), Radius: 3.5 * px, Shape: all[class%len(all)]}
}

// legend writes the classes in rows above the points.
func (e *Embedding) legend(c draw.Canvas) draw.Canvas {
	sty := letters(13, ink(), draw.XLeft, draw.YCenter)
	x, y := c.Min.X, c.Max.Y-9*px
	for i, name := range e.classes {
		name = elide(sty, name, 180*px)
		step := sty.Width(name) + 34*px
		if x+step > c.Max.X && x > c.Min.X {
			x, y = c.Min.X, y-18*px
		}
		c.DrawGlyph(classGlyph(i), vg.Point{X: x + 6*px, Y: y})
		c.FillText(sty, vg.Point{X: x + 16*px, Y: y}, name)
		x += step
	}
	c.Max.Y = y - 16*px
	return c
}

// points is gonum's Plotter of an embedding.
type points struct{ e *Embedding }

// DataRange implements plot.DataRanger.
func (p points) DataRange() (xmin, xmax, ymin, ymax float64) {
	for i, x := range p.e.xs {
		xmin, xmax = min(xmin, x), max(xmax, x)
		ymin, ymax = min(ymin, p.e.ys[i]), max(ymax, p.e.ys[i])
	}
	return xmin, xmax, ymin, ymax
}

// Plot implements plot.Plotter.
func (p points) Plot(c draw.Canvas, at *plot.Plot) {
	toX, toY := at.Transforms(&c)
	for i, x := range p.e.xs {
		c.DrawGlyph(classGlyph(p.e.labels[i]), vg.Point{X: toX(x), Y: toY(p.e.ys[i])})
	}
}

// String says how far apart the classes lie: the share of the shown variance
// that is between their means.
func (e *Embedding) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%d examples of %d classes on their first two principal components, which have %.0f %% and %.0f %% of the variance",
		len(e.xs), len(e.classes), 100*e.share[0], 100*e.share[1])
	n := make([]float64, len(e.classes))
	mx, my := make([]float64, len(e.classes)), make([]float64, len(e.classes))
	total, between := 0.0, 0.0
	for i, l := range e.labels {
		n[l]++
		mx[l] += e.xs[i]
		my[l] += e.ys[i]
		total += e.xs[i]*e.xs[i] + e.ys[i]*e.ys[i]
	}
	for l := range n {
		if n[l] > 0 {
			between += (mx[l]*mx[l] + my[l]*my[l]) / n[l]
		}
	}
	fmt.Fprintf(&out, "; %.0f %% of what is shown lies between the classes", 100*between/max(total, 1e-300))
	return out.String()
}
