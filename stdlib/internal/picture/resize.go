package picture

import (
	"context"
	"math"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/picture/pixels"
)

// Window is a part of a picture.
type Window struct {
	Rows
	Top, Left, Height, Width int
}

// Crop is a part of a picture, without what lies outside of it.
func Crop(r Rows, top, left, height, width int) Rows {
	if w, ok := r.(*Window); ok {
		return &Window{w.Rows, w.Top + top, w.Left + left, height, width}
	}
	return &Window{r, top, left, height, width}
}

// Shape implements Rows.
func (w *Window) Shape() (height, width, channels int) {
	_, _, channels = w.Rows.Shape()
	return w.Height, w.Width, channels
}

// Row implements Rows.
func (w *Window) Row(dst []float32, y, from, to int) {
	w.Rows.Row(dst, w.Top+y, w.Left+from, w.Left+to)
}

// Scaled multiplies a picture's values.
type Scaled struct {
	Rows
	By float32

	levels *levels
}

// Row implements Rows.
func (s *Scaled) Row(dst []float32, y, from, to int) {
	if d, ok := s.Rows.(*decoded); ok {
		if s.levels == nil {
			s.levels = newLevels(s.By)
		}
		d.row(dst, y, from, to, s.levels)
		return
	}
	s.Rows.Row(dst, y, from, to)
	_, _, c := s.Shape()
	dst = dst[:(to-from)*c]
	for i := range dst {
		dst[i] *= s.By
	}
}

// Resize makes a picture of another size as TensorFlow's resize operations do.
func Resize(r Rows, k ops.Resize) (*Floats, error) {
	return ResizePart(r, k, Part{Height: k.Size[0], Width: k.Size[1]})
}

// Part is what is made of a resized picture: Height × Width pixels from Top and
// Left on, which lie within its size.
type Part struct {
	Top, Left, Height, Width int
	// Into is where the pixels are made if they fit it.
	Into []float32
	// Minus is taken from each value, and the rest multiplied by Times, 0 for 1.
	Minus, Times float32
	// Finish changes each row then, nil for as it is.
	Finish func(row []float32)
}

// ResizePart is Resize, of which only a part is made. Bilinear, which
// everything uses, has a way of its own: it takes the rows as they come and
// keeps two.
func ResizePart(r Rows, k ops.Resize, part Part) (*Floats, error) {
	h, w, c := r.Shape()
	if part.Times == 0 {
		part.Times = 1
	}
	spec := ops.Spec{DType: tensors.Float32, Shape: []int{1, h, w, c}}
	out, err := k.Infer([]ops.Spec{spec})
	if err != nil {
		return nil, err
	}
	if k.Method == ops.Bilinear {
		ys, xs := taps(h, k.Size[0], k.AlignCorners, k.HalfPixel), taps(w, k.Size[1], k.AlignCorners, k.HalfPixel)
		return bilinear(r, ys[part.Top:part.Top+part.Height], xs[part.Left:part.Left+part.Width], part), nil
	}
	x := &ops.Value{DType: tensors.Float32, Shape: spec.Shape, F32: Whole(r).Pix}
	y, err := ops.NewValue(out)
	if err != nil {
		return nil, err
	}
	err = k.Run(&ops.Ctx{Context: context.Background()}, y, []*ops.Value{x})
	all := &Floats{Pix: y.F32, Height: k.Size[0], Width: k.Size[1], Channels: c}
	made := Whole(Crop(all, part.Top, part.Left, part.Height, part.Width))
	for i, v := range made.Pix {
		made.Pix[i] = (v - part.Minus) * part.Times
	}
	if part.Finish != nil {
		part.Finish(made.Pix)
	}
	return made, err
}

// tap is where a value lies between two others.
type tap struct {
	low, high int
	part      float32 // of high
}

// taps are those of an axis, in float32 as TensorFlow computes them
// (core/kernels/image/resize_bilinear_op.cc, image_resizer_state.h).
func taps(in, out int, alignCorners, halfPixel bool) []tap {
	scale := float32(in) / float32(out)
	if alignCorners && out > 1 {
		scale = float32(in-1) / float32(out-1)
	}
	list := make([]tap, out)
	for i := range list {
		x := float32(i) * scale
		if halfPixel {
			x = float32(float32(float32(i)+0.5)*scale) - 0.5
		}
		low := float32(math.Floor(float64(x)))
		list[i] = tap{max(int(low), 0), min(int(math.Ceil(float64(x))), in-1), x - low}
		list[i].low = min(list[i].low, in-1)
	}
	return list
}

// bilinear mixes along rows first, then rows with each other, as TensorFlow
// does.
func bilinear(r Rows, ys, xs []tap, part Part) *Floats {
	_, _, c := r.Shape()
	out := &Floats{Pix: part.Into, Height: len(ys), Width: len(xs), Channels: c}
	if len(part.Into) != len(ys)*len(xs)*c {
		out.Pix = make([]float32, len(ys)*len(xs)*c)
	}
	if len(out.Pix) == 0 {
		return out
	}
	from, to := xs[0].low, xs[len(xs)-1].high+1
	n, row := out.Width*c, make([]float32, (to-from)*c)
	at := make([]tap, len(xs)) // within row
	for i, t := range xs {
		at[i] = tap{(t.low - from) * c, (t.high - from) * c, t.part}
	}
	// The two rows that were made last; -1 is none.
	made, rows := [2]int{-1, -1}, [2][]float32{make([]float32, n), make([]float32, n)}
	mixed := func(y, keep int) []float32 {
		for i := range made {
			if made[i] == y {
				return rows[i]
			}
		}
		i := 0
		if made[0] == keep {
			i = 1
		}
		r.Row(row, y, from, to)
		mixRow(rows[i], row, at, c)
		made[i] = y
		return rows[i]
	}
	loops := pixels.Use()
	for y, t := range ys {
		low, high := mixed(t.low, t.high), mixed(t.high, t.low)
		loops.Mix(out.Pix[y*n:(y+1)*n], low, high, t.part, part.Minus, part.Times)
		if part.Finish != nil {
			part.Finish(out.Pix[y*n : (y+1)*n])
		}
	}
	return out
}

func mixRow(dst, src []float32, at []tap, c int) {
	if c == 3 {
		mixRow3(dst, src, at)
		return
	}
	for i, t := range at {
		for k := range c {
			a, b := src[t.low+k], src[t.high+k]
			dst[i*c+k] = a + float32((b-a)*t.part)
		}
	}
}

func mixRow3(dst, src []float32, at []tap) {
	for i, t := range at {
		a, b, d := (*[3]float32)(src[t.low:]), (*[3]float32)(src[t.high:]), (*[3]float32)(dst[i*3:])
		d[0] = a[0] + float32((b[0]-a[0])*t.part)
		d[1] = a[1] + float32((b[1]-a[1])*t.part)
		d[2] = a[2] + float32((b[2]-a[2])*t.part)
	}
}
