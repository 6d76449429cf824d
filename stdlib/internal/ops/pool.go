package ops

import (
	"errors"

	"graft/stdlib/internal/kern"
)

// MaxPool is the largest element of each window of x [batch, height, width,
// channels]; padding never is.
type MaxPool struct {
	KSize, Strides [2]int // over height and width; a stride of 0 means 1
	Padding        Padding
}

// AvgPool is the mean of each window of x [batch, height, width, channels];
// padding does not count.
type AvgPool MaxPool

// MaxPoolGrad is the gradient of MaxPool, which goes to the first of the
// largest elements of a window. Its inputs are x, the output and the output's
// gradient.
type MaxPoolGrad MaxPool

// AvgPoolGrad is the gradient of AvgPool; its inputs are something of x's
// shape and the output's gradient.
type AvgPoolGrad MaxPool

func (k MaxPool) geometry(x []int) (g conv, err error) {
	g.n, g.in, g.out = x[0], x[3], 1
	if g.h, err = k.Padding.along("height", x[1], k.KSize[0], k.Strides[0], 1, [2]int{}); err != nil {
		return g, err
	}
	g.w, err = k.Padding.along("width", x[2], k.KSize[1], k.Strides[1], 1, [2]int{})
	return g, err
}

func (k MaxPool) infer(in []Spec, names ...string) (Spec, error) {
	if err := inputs(in, names...); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(rank("x", in[0], 4, imageAxes), float(in...)); err != nil {
		return Spec{}, err
	}
	g, err := k.geometry(in[0].Shape)
	if err != nil {
		return Spec{}, err
	}
	s, err := made(in[0].DType, []int{g.n, g.h.out, g.w.out, g.in})
	if err != nil || len(in) == 1 {
		return s, err
	}
	for _, d := range in[1:] {
		err = errors.Join(err, checkDout(d.Shape, s))
	}
	return like(in[0]), err
}

// Name implements Kernel.
func (MaxPool) Name() string { return "MaxPool" }

// Name implements Kernel.
func (AvgPool) Name() string { return "AvgPool" }

// Name implements Kernel.
func (MaxPoolGrad) Name() string { return "MaxPoolGrad" }

// Name implements Kernel.
func (AvgPoolGrad) Name() string { return "AvgPoolGrad" }

// Infer implements Kernel.
func (k MaxPool) Infer(in []Spec) (Spec, error) { return k.infer(in, "x") }

// Infer implements Kernel.
func (k AvgPool) Infer(in []Spec) (Spec, error) { return MaxPool(k).infer(in, "x") }

// Infer implements Kernel.
func (k MaxPoolGrad) Infer(in []Spec) (Spec, error) {
	return MaxPool(k).infer(in, "x", "y", "gradient")
}

// Infer implements Kernel.
func (k AvgPoolGrad) Infer(in []Spec) (Spec, error) { return MaxPool(k).infer(in, "x", "gradient") }

// Run implements Kernel.
func (k MaxPool) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, maxPool[float32], maxPool[float64])(c, k, out, in[0])
}

// Run implements Kernel.
func (k AvgPool) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, avgPool[float32], avgPool[float64])(c, MaxPool(k), out, in[0])
}

// Run implements Kernel.
func (k MaxPoolGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, maxPoolGrad[float32], maxPoolGrad[float64])(c, MaxPool(k), out, in)
}

// Run implements Kernel.
func (k AvgPoolGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, avgPoolGrad[float32], avgPoolGrad[float64])(c, MaxPool(k), out, in)
}

// Grad implements Differentiable.
func (k MaxPool) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(MaxPoolGrad(k), in[0], out, dout) })
	return g.done()
}

// Grad implements Differentiable.
func (k AvgPool) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(AvgPoolGrad(k), in[0], dout) })
	return g.done()
}

func maxPool[T Float](c *Ctx, k MaxPool, out, in *Value) error {
	g, err := k.geometry(in.Shape)
	if err != nil {
		return err
	}
	y, x, s := Elems[T](out), Elems[T](in), kern.Use[T]()
	return c.plan(g, false, true).eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		s.Largest(y, x, rows, cl.segs, g.in)
	})
}

func avgPool[T Float](c *Ctx, k MaxPool, out, in *Value) error {
	g, err := k.geometry(in.Shape)
	if err != nil {
		return err
	}
	y, x, s := Elems[T](out), Elems[T](in), kern.Use[T]()
	return c.plan(g, false, true).eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		by := make([]T, g.in)
		fill(by, 1/T(cl.taps))
		s.Planes(y, x, rows, 0, cl.segs, by, 0, g.in, kern.End[T]{})
	})
}

// eachImage runs f over parts that own disjoint pieces of the gradient with
// respect to x: the images, and pieces of their channels if those are few.
func eachImage(c *Ctx, g *conv, f func(img, from, to int)) error {
	units, pieces := (g.in+7)/8, 1
	if g.n < 8 {
		pieces = max(1, min(8, units))
	}
	return c.For(g.n*pieces, func(part int) {
		p := part % pieces
		f(part/pieces, min(g.in, p*units/pieces*8), min(g.in, (p+1)*units/pieces*8))
	})
}

func maxPoolGrad[T Float](c *Ctx, k MaxPool, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape)
	if err != nil {
		return err
	}
	dx, x, y, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	size := g.h.in * g.w.in * g.in
	return eachImage(c, &g, func(img, from, to int) {
		clearChannels(dx[img*size:][:size], g.in, from, to)
		places := make([]int, 0, g.h.size*g.w.size)
		for r := img * g.h.out; r < (img+1)*g.h.out && c.err() == nil; r++ {
			for o := range g.w.out {
				places = places[:0]
				g.eachTap(r, o, func(_, at int) { places = append(places, at+from) })
				pixel := (r*g.w.out + o) * g.in
				kern.FirstEqual(dx, x, y[pixel+from:pixel+to], dy[pixel+from:pixel+to], places)
			}
		}
	})
}

func clearChannels[T Float](x []T, channels, from, to int) {
	for i := 0; i < len(x); i += channels {
		clear(x[i+from : i+to])
	}
}

// avgPoolGrad divides the gradient by the elements of each window, then adds
// to each input the windows that it is in.
func avgPoolGrad[T Float](c *Ctx, k MaxPool, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape)
	if err != nil {
		return err
	}
	dx, dy, s := Elems[T](out), Elems[T](in[1]), kern.Use[T]()
	part := scratch[T](c, len(dy))
	err = c.plan(g, false, true).eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		for _, at := range rows.C {
			kern.Affine(part[at:][:g.in], dy[at:][:g.in], 1/T(cl.taps), 0)
		}
	})
	if err != nil {
		return err
	}
	ones := make([]T, g.in)
	fill(ones, 1)
	return c.plan(g, true, true).eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		s.Planes(dx, part, rows, 0, cl.segs, ones, 0, g.in, kern.End[T]{})
	})
}

// eachTap calls f for the taps of output column o in row r (over all images)
// that see an input, with where its channels begin.
func (g *conv) eachTap(r, o int, f func(tap, at int)) {
	img, oh := r/g.h.out, r%g.h.out
	h0, h1 := g.h.taps(oh)
	w0, w1 := g.w.taps(o)
	for th := h0; th < h1; th++ {
		ih := oh*g.h.stride - g.h.before + th*g.h.dilation
		for tw := w0; tw < w1; tw++ {
			iw := o*g.w.stride - g.w.before + tw*g.w.dilation
			f(th*g.w.size+tw, ((img*g.h.in+ih)*g.w.in+iw)*g.in)
		}
	}
}
