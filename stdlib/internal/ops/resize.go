package ops

import (
	"errors"
	"fmt"
	"math"
)

// Method is how Resize finds an element between others.
type Method string

// The methods, by TensorFlow's names.
const (
	Bilinear Method = "ResizeBilinear"
	Nearest  Method = "ResizeNearestNeighbor"
	Bicubic  Method = "ResizeBicubic"
	Area     Method = "ResizeArea"
)

// Resize makes images [batch, height, width, channels] of another Size, height
// and width. Without AlignCorners and HalfPixel pixel i lies at i·in/out, as
// in TensorFlow 1.
type Resize struct {
	Method       Method
	Size         [2]int
	AlignCorners bool // the corners' centres stay where they are; not with HalfPixel
	HalfPixel    bool // pixels are squares, the centre of pixel i lies at i+½; not with Area
}

// ResizeGrad is the gradient of Resize; its inputs are something of x's shape
// and the output's gradient.
type ResizeGrad Resize

// Name implements Kernel.
func (k Resize) Name() string { return string(k.Method) }

// Name implements Kernel.
func (k ResizeGrad) Name() string { return string(k.Method) + "Grad" }

// Infer implements Kernel.
func (k Resize) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "images"); err != nil {
		return Spec{}, err
	}
	if err := rank("images", in[0], 4, imageAxes); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(float(in...), k.check(in[0].Shape)); err != nil {
		return Spec{}, err
	}
	s := in[0].Shape
	return made(in[0].DType, []int{s[0], k.Size[0], k.Size[1], s[3]})
}

func (k Resize) check(in []int) error {
	switch k.Method {
	case Bilinear, Nearest, Bicubic, Area:
	default:
		return fmt.Errorf("no way to resize is called %q", string(k.Method))
	}
	if k.HalfPixel && (k.AlignCorners || k.Method == Area) {
		return errors.New("half pixel centers go neither with align corners nor with ResizeArea")
	}
	for i, axis := range []string{"height", "width"} {
		if n := k.Size[i]; n < 1 || n > maxWindow {
			return fmt.Errorf("%s: a size of %d is not in 1 … %d", axis, n, maxWindow)
		}
		if in[i+1] == 0 {
			return fmt.Errorf("%s: the images are empty", axis)
		}
	}
	return nil
}

// Infer implements Kernel.
func (k ResizeGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "images", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Resize(k).Infer(in[:1])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), checkDout(in[1].Shape, s))
}

// share is a pixel's part in another.
type share struct {
	at int
	by float64
}

// shares lists, for each index along an axis of out, its parts of the in.
func (k Resize) shares(in, out int) [][]share {
	scale := float64(in) / float64(out)
	if k.AlignCorners && out > 1 {
		scale = float64(in-1) / float64(out-1)
	}
	scale = float64(float32(scale)) // as TensorFlow computes it
	half := 0.0
	if k.HalfPixel {
		half = 0.5
	}
	list := make([][]share, out)
	for o := range list {
		x := float64(float32((float64(o)+half)*scale - half))
		switch k.Method {
		case Bilinear:
			list[o] = linearShares(x, in)
		case Nearest:
			list[o] = []share{{k.nearest(float64(float32((float64(o)+half)*scale)), in), 1}}
		case Bicubic:
			list[o] = k.cubicShares(x, in)
		case Area:
			list[o] = areaShares(float64(o)*scale, float64(o+1)*scale, in)
		}
	}
	return list
}

func linearShares(x float64, in int) []share {
	low := int(math.Floor(x))
	by := x - math.Floor(x)
	return []share{{max(low, 0), 1 - by}, {max(0, min(low+1, in-1)), by}}
}

func (k Resize) nearest(x float64, in int) int {
	if k.AlignCorners {
		return min(int(math.Round(x)), in-1)
	}
	return max(0, min(int(math.Floor(x)), in-1))
}

// cubicShares are the weights of Keys' cubic. TensorFlow looks them up in a
// table of 1024 steps; its half pixel form takes a = -½ and leaves out what
// lies outside, the other takes a = -¾ and repeats the edge.
func (k Resize) cubicShares(x float64, in int) []share {
	a := -0.75
	if k.HalfPixel {
		a = -0.5
	}
	low := int(math.Floor(x))
	const steps = 1024
	frac := math.Round((x-math.Floor(x))*steps) / steps
	var s []share
	sum := 0.0
	for i := -1; i <= 2; i++ {
		w := keys(a, math.Abs(float64(i)-frac))
		at := low + i
		if k.HalfPixel && (at < 0 || at >= in) {
			continue
		}
		sum += w
		s = append(s, share{max(0, min(at, in-1)), w})
	}
	if k.HalfPixel && sum != 0 {
		for i := range s {
			s[i].by /= sum
		}
	}
	return s
}

func keys(a, d float64) float64 {
	switch {
	case d <= 1:
		return ((a+2)*d-(a+3))*d*d + 1
	case d < 2:
		return ((a*d-5*a)*d+8*a)*d - 4*a
	}
	return 0
}

// areaShares are how much of from … to each pixel covers.
func areaShares(from, to float64, in int) []share {
	if to <= from { // one pixel, aligned with itself
		return []share{{max(0, min(int(from), in-1)), 1}}
	}
	var s []share
	for i := int(math.Floor(from)); float64(i) < to; i++ {
		part := min(to, float64(i+1)) - max(from, float64(i))
		s = append(s, share{max(0, min(i, in-1)), part / (to - from)})
	}
	return s
}

// turnShares lists for each index of in which of out have a part of it.
func turnShares(list [][]share, in int) [][]share {
	back := make([][]share, in)
	for o, shares := range list {
		for _, s := range shares {
			back[s.at] = append(back[s.at], share{o, s.by})
		}
	}
	return back
}

// Run implements Kernel.
func (k Resize) Run(c *Ctx, out *Value, in []*Value) error {
	h, w := k.shares(in[0].Shape[1], k.Size[0]), k.shares(in[0].Shape[2], k.Size[1])
	return pick(out.DType, mix[float32], mix[float64])(c, out, in[0], h, w)
}

// Run implements Kernel.
func (k ResizeGrad) Run(c *Ctx, out *Value, in []*Value) error {
	r := Resize(k)
	h, w := r.shares(out.Shape[1], k.Size[0]), r.shares(out.Shape[2], k.Size[1])
	return pick(out.DType, mix[float32], mix[float64])(c, out, in[1], turnShares(h, out.Shape[1]), turnShares(w, out.Shape[2]))
}

// mix sums the shares of rows and columns.
func mix[T Float](c *Ctx, out, in *Value, h, w [][]share) error {
	y, x := Elems[T](out), Elems[T](in)
	oh, ow, n := out.Shape[1], out.Shape[2], out.Shape[3]
	ih, iw := in.Shape[1], in.Shape[2]
	return c.Ranges(out.Shape[0]*oh, max(1, planeWork/max(1, ow*n*4)), func(from, to int) {
		sum := make([]float64, n)
		for r := from; r < to; r++ {
			for o := range ow {
				clear(sum)
				for _, sh := range h[r%oh] {
					for _, sw := range w[o] {
						at := ((r/oh*ih+sh.at)*iw + sw.at) * n
						by := sh.by * sw.by
						for i, v := range x[at:][:n] {
							sum[i] += float64(v) * by
						}
					}
				}
				for i, s := range sum {
					y[(r*ow+o)*n+i] = T(s)
				}
			}
		}
	})
}

// Grad implements Differentiable.
func (k Resize) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(ResizeGrad(k), in[0], dout) })
	return g.done()
}
