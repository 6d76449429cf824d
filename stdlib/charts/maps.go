package charts

import (
	"errors"
	"fmt"
	"image/color"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gorgonia.org/tensor"
)

// MapOptions say which of a layer's maps are shown; the zero value shows the
// first 32.
type MapOptions struct {
	Max     int // maps to show; default 32, less than 0 all
	Columns int // maps in a row; default: as many as fit
}

func (o MapOptions) limit(n int) int {
	switch {
	case o.Max == 0:
		return min(n, 32)
	case o.Max < 0:
		return n
	}
	return min(n, o.Max)
}

// Activations shows what each channel of a layer answers to a picture, from
// its smallest value (dark) to its largest (bright), which stand in the
// caption. values are [1, H, W, C] or [H, W, C], float32: what a run returned
// for an end point. It fails for other shapes and dtypes.
func Activations(activations *tensor.Dense, opt MapOptions) (*Grid, error) {
	h, w, c, pix, err := volumeOf(activations, "activations")
	if err != nil {
		return nil, err
	}
	n := opt.limit(c)
	out, captions := make([]float32, 0, n*h*w*3), make([]string, n)
	heat := newHeat()
	for k := range n {
		plane := make([]float32, h*w)
		for i := range plane {
			plane[i] = pix[i*c+k]
		}
		low, high := extent(plane)
		captions[k] = fmt.Sprintf("%d: %.3g to %.3g", k, low, high)
		for _, v := range plane {
			out = append(out, heat.at((v-low)/max(high-low, 1e-30))...)
		}
	}
	return rgbGrid(out, n, h, w, captions, opt, c-n)
}

// Filters shows the filters of a convolution: in colour where it sees red,
// green and blue, otherwise each filter's plane of the first input channel,
// blue below and red above zero. weights are [H, W, in, out], float32. It fails
// for other shapes and dtypes.
func Filters(weights *tensor.Dense, opt MapOptions) (*Grid, error) {
	if weights == nil || weights.Dims() != 4 {
		return nil, fmt.Errorf("charts: filters of %s: expected weights [H W in out]", shapeOf(weights))
	}
	s := weights.Shape()
	h, w, in, n := s[0], s[1], s[2], opt.limit(s[3])
	if h*w*in*s[3] == 0 {
		return nil, fmt.Errorf("charts: filters of shape %v have nothing to show", []int(s))
	}
	all, err := values(weights, h*w*in*s[3])
	if err != nil {
		return nil, err
	}
	out, captions := make([]float32, 0, n*h*w*3), make([]string, n)
	for k := range n {
		most := float32(1e-30)
		for i := k; i < len(all); i += s[3] {
			most = max(most, all[i], -all[i])
		}
		captions[k] = fmt.Sprintf("%d: ±%.2g", k, most)
		for i := range h * w {
			at := func(c int) float32 { return all[(i*in+c)*s[3]+k] / most }
			if in == 3 {
				out = append(out, (at(0)+1)/2, (at(1)+1)/2, (at(2)+1)/2)
			} else {
				out = append(out, signed(at(0))...)
			}
		}
	}
	return rgbGrid(out, n, h, w, captions, opt, s[3]-n)
}

// OverlayOptions say how Overlay draws; the zero value looks right.
type OverlayOptions struct {
	Caption   string  // below the picture with the map
	Strength  float64 // how far the map covers the picture, in (0, 1]; default 0.55
	Low, High float64 // values of the picture drawn black and white; default: as in GridOptions
}

// Overlay shows a picture, and beside it the same picture under a map of heat,
// such as nets.GradCAM makes: bright is 1, what is 0 is left as it is. photo is
// [1, H, W, 3] or [H, W, 3], or with one channel, grey; heat is [1, h, w] or
// [h, w] with values from 0 to 1, and is drawn over the whole picture,
// smoothly. It fails for other shapes and dtypes and a Strength out of range.
func Overlay(photo, heat *tensor.Dense, opt OverlayOptions) (*Grid, error) {
	if opt.Strength == 0 {
		opt.Strength = 0.55
	}
	if !(opt.Strength > 0 && opt.Strength <= 1) {
		return nil, fmt.Errorf("charts: OverlayOptions.Strength is %v: expected more than 0, at most 1", opt.Strength)
	}
	h, w, c, pix, err := volumeOf(photo, "a photo")
	if err != nil {
		return nil, err
	}
	if c != 1 && c != 3 {
		return nil, fmt.Errorf("charts: a photo of %d channels: expected 3 (red, green, blue), or 1 (grey)", c)
	}
	mh, mw, m, err := mapOf(heat)
	if err != nil {
		return nil, err
	}
	if opt.Low == 0 && opt.High == 0 {
		opt.Low, opt.High = valueRange(pix)
	}
	colours := newHeat()
	out := make([]float32, 2*h*w*3)
	for y := range h {
		for x := range w {
			v := between(m, mh, mw, (float64(y)+0.5)/float64(h), (float64(x)+0.5)/float64(w))
			over, cover := colours.at(float32(v)), float32(opt.Strength*min(1, max(0, v)*2))
			for k := range 3 {
				i := (y*w+x)*3 + k
				p := (pix[(y*w+x)*c+min(k, c-1)] - float32(opt.Low)) / float32(opt.High-opt.Low)
				out[i], out[h*w*3+i] = p, p*(1-cover)+over[k]*cover
			}
		}
	}
	return rgbGrid(out, 2, h, w, []string{"", opt.Caption}, MapOptions{}, 0)
}

// between is a map between its values, at a place given as parts of its height
// and width.
func between(m []float32, h, w int, y, x float64) float64 {
	fy, fx := min(max(y*float64(h)-0.5, 0), float64(h-1)), min(max(x*float64(w)-0.5, 0), float64(w-1))
	y0, x0 := int(fy), int(fx)
	y1, x1 := min(y0+1, h-1), min(x0+1, w-1)
	ty, tx := fy-float64(y0), fx-float64(x0)
	at := func(y, x int) float64 { return float64(m[y*w+x]) }
	return (at(y0, x0)*(1-tx)+at(y0, x1)*tx)*(1-ty) + (at(y1, x0)*(1-tx)+at(y1, x1)*tx)*ty
}

// volumeOf are the values of one picture or layer, [H, W, C], also as a batch
// of one.
func volumeOf(t *tensor.Dense, what string) (h, w, c int, pix []float32, err error) {
	if t == nil {
		return 0, 0, 0, nil, errors.New("charts: " + what + ": the tensor is nil")
	}
	s := t.Shape()
	if len(s) == 4 && s[0] == 1 {
		s = s[1:]
	}
	if len(s) != 3 || s.TotalSize() == 0 {
		return 0, 0, 0, nil, fmt.Errorf("charts: %s of shape %v: expected [H W C], or a batch of one", what, []int(t.Shape()))
	}
	pix, err = values(t, s.TotalSize())
	return s[0], s[1], s[2], pix, err
}

func mapOf(t *tensor.Dense) (h, w int, m []float32, err error) {
	if t == nil {
		return 0, 0, nil, errors.New("charts: a map of heat: the tensor is nil")
	}
	s := t.Shape()
	if len(s) == 3 && s[0] == 1 {
		s = s[1:]
	}
	if len(s) != 2 || s.TotalSize() == 0 {
		return 0, 0, nil, fmt.Errorf("charts: a map of heat of shape %v: expected [h w], or a batch of one", []int(t.Shape()))
	}
	m, err = values(t, s.TotalSize())
	return s[0], s[1], m, err
}

func shapeOf(t *tensor.Dense) string {
	if t == nil {
		return "a nil tensor"
	}
	return fmt.Sprintf("a tensor of shape %v", []int(t.Shape()))
}

func extent(values []float32) (low, high float32) {
	low, high = values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// rgbGrid is a grid of n pictures of red, green and blue from 0 to 1, of which
// left more are not shown.
func rgbGrid(pix []float32, n, h, w int, captions []string, opt MapOptions, left int) (*Grid, error) {
	g, err := NewGrid(tensor.New(tensor.WithShape(n, h, w, 3), tensor.WithBacking(pix)), captions, GridOptions{Columns: opt.Columns, Low: 0, High: 1, Max: -1})
	if err != nil {
		return nil, err
	}
	g.left = left
	return g, nil
}

// heat is a map of colours that grows evenly lighter (Moreland, "Why We Use Bad
// Color Maps", 2016), so that it reads in grey and to the colour-blind.
type heat struct{ m palette.ColorMap }

func newHeat() heat {
	m := moreland.ExtendedBlackBody()
	m.SetMin(0)
	m.SetMax(1)
	return heat{m}
}

// at is the colour of v, from 0 to 1; NaN counts as 0.
func (h heat) at(v float32) []float32 {
	if !(v > 0) {
		v = 0
	}
	c, err := h.m.At(float64(min(v, 1)))
	if err != nil { // cannot be: v is in range
		c = color.Black
	}
	r, g, b, _ := c.RGBA()
	return []float32{float32(r) / 0xffff, float32(g) / 0xffff, float32(b) / 0xffff}
}

// signed is the colour of a value from -1 to 1: blue, white, vermilion.
func signed(v float32) []float32 {
	towards := seriesColor(1)
	if v < 0 {
		towards, v = seriesColor(0), -v
	}
	r, g, b, _ := mix(color.White, towards, float64(min(v, 1))).RGBA()
	return []float32{float32(r) / 0xffff, float32(g) / 0xffff, float32(b) / 0xffff}
}
