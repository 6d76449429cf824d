package ops

import (
	"slices"

	"graft/stdlib/internal/kern"
)

// DepthwiseConv2D slides filter [height, width, in, multiplier] over each
// channel of x [batch, height, width, in] alone; channel c gives the channels
// c·multiplier … of the output.
type DepthwiseConv2D struct {
	Strides   [2]int  // over height and width; 0 means 1
	Dilations [2]int  // 0 means 1
	Padding   Padding // "" means SAME
	Pads      [4]int  // top, bottom, left, right; with EXPLICIT only
}

// DepthwiseConv2DBackpropInput is the gradient with respect to x; its inputs
// are something of x's shape, filter and the gradient of the output.
type DepthwiseConv2DBackpropInput DepthwiseConv2D

// DepthwiseConv2DBackpropFilter is the gradient with respect to filter; its
// inputs are x, something of filter's shape and the gradient of the output.
type DepthwiseConv2DBackpropFilter DepthwiseConv2D

const depthwiseAxes = "height, width, in, multiplier"

// geometry's out is the multiplier.
func (k DepthwiseConv2D) geometry(x, filter []int) (conv, error) {
	return Conv2D(k).geometry(x, filter)
}

// Name implements Kernel. It is that of TensorFlow's operation; the function
// is tf.nn.depthwise_conv2d.
func (DepthwiseConv2D) Name() string { return "DepthwiseConv2dNative" }

// Infer implements Kernel.
func (k DepthwiseConv2D) Infer(in []Spec) (Spec, error) {
	if err := convInputs(in, depthwiseAxes, "x", "filter"); err != nil {
		return Spec{}, err
	}
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	channels := Unknown
	if g.in != Unknown && g.out != Unknown {
		if err := sound([]int{g.in, g.out}); err != nil {
			return Spec{}, err
		}
		channels = g.in * g.out
	}
	return made(in[0].DType, []int{g.n, g.h.out, g.w.out, channels})
}

// Run implements Kernel.
func (k DepthwiseConv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, depthForward[float32], depthForward[float64])(c, k, out, in)
}

// Grad implements Differentiable.
func (k DepthwiseConv2D) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(DepthwiseConv2DBackpropInput(k), in[0], in[1], dout) })
	g.to(1, func() *Node { return g.op(DepthwiseConv2DBackpropFilter(k), in[0], in[1], dout) })
	return g.done()
}

func (k DepthwiseConv2D) inferGrad(in []Spec) error {
	if err := convInputs(in, depthwiseAxes, "x", "filter", "gradient"); err != nil {
		return err
	}
	s, err := k.Infer(in[:2])
	if err != nil {
		return err
	}
	return checkDout(in[2].Shape, s)
}

// Name implements Kernel.
func (DepthwiseConv2DBackpropInput) Name() string { return "DepthwiseConv2dNativeBackpropInput" }

// Infer implements Kernel.
func (k DepthwiseConv2DBackpropInput) Infer(in []Spec) (Spec, error) {
	if err := DepthwiseConv2D(k).inferGrad(in); err != nil {
		return Spec{}, err
	}
	return like(in[0]), nil
}

// Run implements Kernel.
func (k DepthwiseConv2DBackpropInput) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, depthBackInput[float32], depthBackInput[float64])(c, DepthwiseConv2D(k), out, in)
}

// Name implements Kernel.
func (DepthwiseConv2DBackpropFilter) Name() string { return "DepthwiseConv2dNativeBackpropFilter" }

// Infer implements Kernel.
func (k DepthwiseConv2DBackpropFilter) Infer(in []Spec) (Spec, error) {
	if err := DepthwiseConv2D(k).inferGrad(in); err != nil {
		return Spec{}, err
	}
	return like(in[1]), nil
}

// Run implements Kernel.
func (k DepthwiseConv2DBackpropFilter) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, depthBackFilter[float32], depthBackFilter[float64])(c, DepthwiseConv2D(k), out, in)
}

// planeWork is the products of which a part consists at least, where every
// channel is alone.
const planeWork = 1 << 18

func depthForward[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value) error {
	return depthEnding(c, k, out, in, kern.End[T]{})
}

func depthEnding[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value, end kern.End[T]) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	x, filter, y := Elems[T](in[0]), Elems[T](in[1]), Elems[T](out)
	wide := g.in * g.out
	p := c.plan(g, false, true)
	s := kern.Use[T]()
	return p.eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		if g.out == 1 {
			s.Planes(y, x, rows, 0, cl.segs, filter, wide, wide, end)
			return
		}
		pixel := make([]T, wide)
		for i, r := range rows.A {
			clear(pixel)
			for _, seg := range cl.segs {
				kern.MulAdd(pixel, x[r+seg.A:][:g.in], filter[seg.B*wide:][:wide], g.out)
			}
			kern.Store(y[rows.C[i]:][:wide], pixel, end)
		}
	})
}

func depthBackInput[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	dx, filter, dy := Elems[T](out), Elems[T](in[1]), Elems[T](in[2])
	wide := g.in * g.out
	p := c.plan(g, true, true)
	s := kern.Use[T]()
	return p.eachBlock(c, planeWork, func(rows kern.Rows, cl *class) {
		if g.out == 1 {
			s.Planes(dx, dy, rows, 0, cl.segs, filter, wide, wide, kern.End[T]{})
			return
		}
		for i, r := range rows.A {
			pixel := dx[rows.C[i]:][:g.in]
			clear(pixel)
			for _, seg := range cl.segs {
				kern.MulFold(pixel, dy[r+seg.A:][:wide], filter[seg.B*wide:][:wide], g.out)
			}
		}
	})
}

// partials is how many partial sums a sum over pixels is made of. It is
// fixed, so that the result does not depend on the number of workers.
const partials = 32

func depthBackFilter[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	x, dy, dst := Elems[T](in[0]), Elems[T](in[2]), Elems[T](out)
	rows := g.n * g.h.out
	sums := scratch[T](c, min(rows, partials)*len(dst))
	grain := (rows + partials - 1) / partials
	h, w := g.h.forward(), g.w.forward()
	some := max(8, 4*planeWork/max(1, g.w.out*len(dst))) // rows at a time
	err = c.Ranges(rows, grain, func(from, to int) {
		part := sums[from/grain*len(dst):][:len(dst)]
		clear(part)
		for ; from < to && c.err() == nil; from += some {
			for i := range h {
				for j := range w {
					depthSums(&g, part, x, dy, from, min(to, from+some), &h[i], &w[j])
				}
			}
		}
	})
	clear(dst)
	for p := 0; p*grain < rows && len(dst) > 0; p++ {
		kern.Axpy(dst, sums[p*len(dst):][:len(dst)], 1)
	}
	return err
}

// depthSums adds the products of one class's pixels in rows from … to-1 of the
// output, counted over all images. The rows of the sum are its taps.
func depthSums[T Float](g *conv, sum, x, dy []T, from, to int, h, w *axisClass) {
	wide := g.in * g.out
	var taps kern.Rows
	for _, th := range h.taps {
		for _, tw := range w.taps {
			taps.A = append(taps.A, (th.rel*g.w.in+tw.rel)*g.in)
			taps.C = append(taps.C, (th.t*g.w.size+tw.t)*wide)
		}
	}
	var segs []kern.Seg
	for r := from; r < to; r++ {
		img, oh := r/g.h.out, r%g.h.out
		if i, found := slices.BinarySearch(h.dst, oh); found {
			at := ((img*g.h.in+h.base[i])*g.w.in + w.base[0]) * g.in
			segs = append(segs, kern.Seg{A: at, B: r*g.w.out + w.dst[0], K: len(w.dst)})
		}
	}
	step := g.w.stride * g.in
	if g.out == 1 {
		kern.Use[T]().Planes(sum, x, taps, step, segs, dy, wide, wide, kern.End[T]{Add: true})
		return
	}
	for i, r := range taps.A {
		for _, s := range segs {
			for k := range s.K {
				kern.MulAdd(sum[taps.C[i]:][:wide], x[r+s.A+k*step:][:g.in], dy[(s.B+k)*wide:][:wide], g.out)
			}
		}
	}
}
