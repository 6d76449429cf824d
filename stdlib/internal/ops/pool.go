package ops

import (
	"errors"
	"math"
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
// largest elements of a window. Its inputs are x and the output's gradient.
type MaxPoolGrad MaxPool

// AvgPoolGrad is the gradient of AvgPool; its inputs are something of x's
// shape and the output's gradient.
type AvgPoolGrad MaxPool

func (k MaxPool) geometry(x []int) (g conv, err error) {
	g.n, g.in, g.out = x[0], x[3], x[3]
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
	return like(in[0]), checkDout(in[1].Shape, s)
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
func (k MaxPoolGrad) Infer(in []Spec) (Spec, error) { return MaxPool(k).infer(in, "x", "gradient") }

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
	g.to(0, func() *Node { return g.op(MaxPoolGrad(k), in[0], dout) })
	return g.done()
}

// Grad implements Differentiable.
func (k AvgPool) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(AvgPoolGrad(k), in[0], dout) })
	return g.done()
}

// eachOutput runs f over the output's pixels, with their channels.
func eachOutput[T Float](c *Ctx, g *conv, y []T, f func(pixel []T, r, o int)) error {
	work := g.w.out * g.in * g.h.size * g.w.size
	return c.Ranges(g.n*g.h.out, rowGrain(work), func(from, to int) {
		for r := from; r < to; r++ {
			for o := range g.w.out {
				f(y[(r*g.w.out+o)*g.in:][:g.in], r, o)
			}
		}
	})
}

func maxPool[T Float](c *Ctx, k MaxPool, out, in *Value) error {
	g, err := k.geometry(in.Shape)
	if err != nil {
		return err
	}
	x := Elems[T](in)
	return eachOutput(c, &g, Elems[T](out), func(pixel []T, r, o int) {
		fill(pixel, T(math.Inf(-1)))
		g.eachTap(r, o, func(_, at int) {
			from := x[at:][:len(pixel)]
			for i, v := range from {
				if !(v <= pixel[i]) {
					pixel[i] = v
				}
			}
		})
	})
}

func avgPool[T Float](c *Ctx, k MaxPool, out, in *Value) error {
	g, err := k.geometry(in.Shape)
	if err != nil {
		return err
	}
	x := Elems[T](in)
	return eachOutput(c, &g, Elems[T](out), func(pixel []T, r, o int) {
		clear(pixel)
		n := 0
		g.eachTap(r, o, func(_, at int) {
			n++
			for i, v := range x[at:][:len(pixel)] {
				pixel[i] += v
			}
		})
		by := 1 / T(n)
		for i := range pixel {
			pixel[i] *= by
		}
	})
}

// eachImage runs f over parts that own disjoint pieces of the gradient with
// respect to x: the images, and pieces of their channels if those are few.
func eachImage(c *Ctx, g *conv, f func(img, from, to int)) error {
	pieces := 1
	if g.n < 8 {
		pieces = max(1, min(8, g.in/16))
	}
	return c.For(g.n*pieces, func(part int) {
		p := part % pieces
		f(part/pieces, p*g.in/pieces, (p+1)*g.in/pieces)
	})
}

func maxPoolGrad[T Float](c *Ctx, k MaxPool, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape)
	if err != nil {
		return err
	}
	dx, x, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	size := g.h.in * g.w.in * g.in
	return eachImage(c, &g, func(img, from, to int) {
		clearChannels(dx[img*size:][:size], g.in, from, to)
		best, where := make([]T, to-from), make([]int, to-from)
		for r := img * g.h.out; r < (img+1)*g.h.out && c.err() == nil; r++ {
			for o := range g.w.out {
				fill(where, -1)
				g.eachTap(r, o, func(_, at int) { larger(best, where, x[at+from:at+to], at+from) })
				for i, d := range dy[(r*g.w.out+o)*g.in:][from:to] {
					if where[i] >= 0 {
						dx[where[i]] += d
					}
				}
			}
		}
	})
}

// larger notes those of x that are larger than the best so far.
func larger[T Float](best []T, where []int, x []T, at int) {
	for i, v := range x {
		if where[i] < 0 || !(v <= best[i]) {
			best[i], where[i] = v, at+i
		}
	}
}

func clearChannels[T Float](x []T, channels, from, to int) {
	for i := 0; i < len(x); i += channels {
		clear(x[i+from : i+to])
	}
}

func avgPoolGrad[T Float](c *Ctx, k MaxPool, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape)
	if err != nil {
		return err
	}
	dx, dy := Elems[T](out), Elems[T](in[1])
	size := g.h.in * g.w.in * g.in
	return eachImage(c, &g, func(img, from, to int) {
		clearChannels(dx[img*size:][:size], g.in, from, to)
		for r := img * g.h.out; r < (img+1)*g.h.out && c.err() == nil; r++ {
			for o := range g.w.out {
				n := 0
				g.eachTap(r, o, func(int, int) { n++ })
				d := dy[(r*g.w.out+o)*g.in:][from:to]
				g.eachTap(r, o, func(_, at int) {
					by := 1 / T(n)
					for i, v := range dx[at+from : at+to] {
						dx[at+from+i] = v + d[i]*by
					}
				})
			}
		}
	})
}
