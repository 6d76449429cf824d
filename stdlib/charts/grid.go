package charts

import (
	"errors"
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// GridOptions say how pictures are laid out; the zero value looks right.
type GridOptions struct {
	Columns   int     // pictures in a row; default: as many as fit 900 pixels of the screen, 10 at most
	Scale     float64 // pixels of the screen for one of a picture; default: such that the longer side takes about 96, or 160 if it has more than 64
	Low, High float64 // values drawn black and white; default, when both are 0: 0 to 1, 0 to 255 or -1 to 1 if all values lie there, else their own range
	Wrong     []bool  // pictures to mark: a thick frame, a cross in a corner, a bold caption
	Max       int     // pictures to show; default 100, less than 0 all
}

// Grid is a set of pictures with captions.
type Grid struct {
	n, h, w, c int
	pix        []float32 // [N, H, W, C], the shown ones
	left       int       // pictures that are not shown
	captions   []string
	opt        GridOptions
}

// NewGrid takes pictures [N, H, W, C], float32, with C 1 for grey and 3 for
// red, green and blue, and a caption for each; nil captions mean none. It
// keeps a copy of what is shown. It fails for other shapes and dtypes, and for
// captions and marks that are not N.
func NewGrid(images *tensor.Dense, captions []string, opt GridOptions) (*Grid, error) {
	if images == nil {
		return nil, errors.New("charts: a grid of no pictures: the tensor is nil")
	}
	s := images.Shape()
	if len(s) != 4 || s[3] != 1 && s[3] != 3 {
		return nil, fmt.Errorf("charts: a grid of pictures of shape %v: expected [N H W C] with C 1 (grey) or 3 (red, green, blue)", []int(s))
	}
	if s[0] == 0 || s[1] == 0 || s[2] == 0 {
		return nil, fmt.Errorf("charts: a grid of pictures of shape %v has nothing to show", []int(s))
	}
	if captions != nil && len(captions) != s[0] {
		return nil, fmt.Errorf("charts: %d captions for %d pictures: expected one for each", len(captions), s[0])
	}
	if opt.Wrong != nil && len(opt.Wrong) != s[0] {
		return nil, fmt.Errorf("charts: GridOptions.Wrong has %d marks for %d pictures: expected one for each", len(opt.Wrong), s[0])
	}
	if err := opt.check(); err != nil {
		return nil, err
	}
	g := &Grid{n: s[0], h: s[1], w: s[2], c: s[3], captions: captions, opt: opt}
	if limit := opt.limit(); limit >= 0 && g.n > limit {
		g.left, g.n = g.n-limit, limit
	}
	pix, err := values(images, g.n*g.h*g.w*g.c)
	if err != nil {
		return nil, err
	}
	g.pix = pix
	if g.opt.Low == 0 && g.opt.High == 0 {
		g.opt.Low, g.opt.High = valueRange(pix)
	}
	return g, nil
}

func (o GridOptions) limit() int {
	if o.Max == 0 {
		return 100
	}
	return o.Max
}

func (o GridOptions) check() error {
	for _, v := range []struct {
		name  string
		value float64
	}{{"Scale", o.Scale}, {"Low", o.Low}, {"High", o.High}} {
		if !finite(v.value) {
			return fmt.Errorf("charts: GridOptions.%s is %v: expected a finite number", v.name, v.value)
		}
	}
	switch {
	case o.Columns < 0:
		return fmt.Errorf("charts: GridOptions.Columns is %d: expected 1 or more, or 0 for as many as fit", o.Columns)
	case o.Scale < 0:
		return fmt.Errorf("charts: GridOptions.Scale is %v: expected more than 0, or 0 for one that fits", o.Scale)
	case o.Low > o.High || o.Low == o.High && o.Low != 0:
		return fmt.Errorf("charts: GridOptions.Low %v is not below High %v", o.Low, o.High)
	}
	return nil
}

// values copies the first n values, in the order of the axes.
func values(t *tensor.Dense, n int) ([]float32, error) {
	if t.Dtype() != tensor.Float32 {
		return nil, fmt.Errorf("charts: a grid of pictures of dtype %v: expected float32", t.Dtype())
	}
	if t.RequiresIterator() || !t.DataOrder().IsRowMajor() || t.DataOrder().IsTransposed() {
		whole, ok := t.Materialize().(*tensor.Dense)
		if !ok {
			return nil, fmt.Errorf("charts: a grid of pictures: a view of type %T cannot be read", t.Materialize())
		}
		t = whole
	}
	data, ok := t.Data().([]float32)
	if !ok || len(data) < n {
		return nil, fmt.Errorf("charts: a grid of pictures of shape %v holds %d values, expected %d", []int(t.Shape()), len(data), n)
	}
	return append([]float32(nil), data[:n]...), nil
}

// valueRange guesses what is black and what is white.
func valueRange(pix []float32) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range pix {
		if f := float64(v); finite(f) {
			low, high = min(low, f), max(high, f)
		}
	}
	switch {
	case low > high: // not one finite value
		return 0, 1
	case low >= 0 && high <= 1:
		return 0, 1
	case low >= -1 && high <= 1:
		return -1, 1
	case low >= 0 && high <= 255:
		return 0, 255
	case low == high:
		return low - 1, high + 1
	}
	return low, high
}
