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

// rowGrain is how many rows of work multiplications each make a part.
func rowGrain(work int) int { return max(1, 1<<17/max(1, work)) }

func depthForward[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	x, filter, y := Elems[T](in[0]), Elems[T](in[1]), Elems[T](out)
	wide := g.in * g.out
	return c.Ranges(g.n*g.h.out, rowGrain(g.w.out*wide*g.h.size*g.w.size), func(from, to int) {
		for r := from; r < to; r++ {
			for o := range g.w.out {
				pixel := y[(r*g.w.out+o)*wide:][:wide]
				clear(pixel)
				g.eachTap(r, o, func(tap, at int) {
					kern.MulAdd(pixel, x[at:][:g.in], filter[tap*wide:][:wide], g.out)
				})
			}
		}
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

func depthBackInput[T Float](c *Ctx, k DepthwiseConv2D, out *Value, in []*Value) error {
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return err
	}
	dx, filter, dy := Elems[T](out), Elems[T](in[1]), Elems[T](in[2])
	wide := g.in * g.out
	h, w := expand(g.h.in, g.h.backward()), expand(g.w.in, g.w.backward())
	return c.Ranges(g.n*g.h.in, rowGrain(g.w.in*wide*g.h.size*g.w.size), func(from, to int) {
		for r := from; r < to; r++ {
			img, ih := r/g.h.in, r%g.h.in
			for iw := range g.w.in {
				pixel := dx[(r*g.w.in+iw)*g.in:][:g.in]
				clear(pixel)
				for _, th := range h[ih] {
					for _, tw := range w[iw] {
						at := ((img*g.h.out+th.rel)*g.w.out + tw.rel) * wide
						kern.MulFold(pixel, dy[at:][:wide], filter[(th.t*g.w.size+tw.t)*wide:][:wide], g.out)
					}
				}
			}
		}
	})
}

// expand lists the taps of each of n positions, with their place in the source.
func expand(n int, classes []axisClass) [][]tap {
	out := make([][]tap, n)
	for _, c := range classes {
		for i, pos := range c.dst {
			taps := slices.Clone(c.taps)
			for j := range taps {
				taps[j].rel += c.base[i]
			}
			out[pos] = taps
		}
	}
	return out
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
	wide, rows := g.in*g.out, g.n*g.h.out
	sums := scratch[T](c, min(rows, partials)*len(dst))
	grain := (rows + partials - 1) / partials
	err = c.Ranges(rows, grain, func(from, to int) {
		part := sums[from/grain*len(dst):][:len(dst)]
		clear(part)
		for r := from; r < to; r++ {
			for o := range g.w.out {
				from := dy[(r*g.w.out+o)*wide:][:wide]
				g.eachTap(r, o, func(tap, at int) {
					kern.MulAdd(part[tap*wide:][:wide], x[at:][:g.in], from, g.out)
				})
			}
		}
	})
	clear(dst)
	for p := 0; p*grain < rows && len(dst) > 0; p++ {
		kern.Axpy(dst, sums[p*len(dst):][:len(dst)], 1)
	}
	return err
}
