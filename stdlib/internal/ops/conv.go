package ops

import (
	"fmt"
)

// Conv2D slides filter [height, width, in, out] over x [batch, height, width,
// in]. It is a cross-correlation, as everywhere in TensorFlow.
type Conv2D struct {
	Strides   [2]int  // over height and width; 0 means 1
	Dilations [2]int  // 0 means 1
	Padding   Padding // "" means SAME
	Pads      [4]int  // top, bottom, left, right; with EXPLICIT only
}

// Conv2DBackpropInput is the gradient of Conv2D with respect to x; its inputs
// are something of x's shape, filter and the gradient of the output.
type Conv2DBackpropInput Conv2D

// Conv2DBackpropFilter is the gradient of Conv2D with respect to filter; its
// inputs are x, something of filter's shape and the gradient of the output.
type Conv2DBackpropFilter Conv2D

// conv is the geometry of a convolution.
type conv struct {
	n, in, out int // batch, channels
	h, w       window
}

func (k Conv2D) geometry(x, filter []int) (g conv, err error) {
	g.n, g.out = x[0], filter[3]
	if g.in, err = merge("channels of x and of filter", x[3], filter[2]); err != nil {
		return g, err
	}
	if g.h, err = k.Padding.along("height", x[1], filter[0], k.Strides[0], k.Dilations[0], [2]int(k.Pads[:2])); err != nil {
		return g, err
	}
	g.w, err = k.Padding.along("width", x[2], filter[1], k.Strides[1], k.Dilations[1], [2]int(k.Pads[2:]))
	return g, err
}

const (
	imageAxes  = "batch, height, width, channels"
	filterAxes = "height, width, in, out"
)

// Name implements Kernel.
func (Conv2D) Name() string { return "Conv2D" }

// Infer implements Kernel.
func (k Conv2D) Infer(in []Spec) (Spec, error) {
	if err := convInputs(in, filterAxes, "x", "filter"); err != nil {
		return Spec{}, err
	}
	g, err := k.geometry(in[0].Shape, in[1].Shape)
	if err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, []int{g.n, g.h.out, g.w.out, g.out})
}

// convInputs checks x, filter and perhaps a gradient, all of rank 4.
func convInputs(in []Spec, filter string, names ...string) error {
	if err := inputs(in, names...); err != nil {
		return err
	}
	for i, s := range in {
		axes := imageAxes
		if i == 1 {
			axes = filter
		}
		if err := rank(names[i], s, 4, axes); err != nil {
			return err
		}
	}
	return float(in...)
}

// Run implements Kernel.
func (k Conv2D) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, convForward[float32], convForward[float64])(c, k, out, in)
}

// Grad implements Differentiable.
func (k Conv2D) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(Conv2DBackpropInput(k), in[0], in[1], dout) })
	g.to(1, func() *Node { return g.op(Conv2DBackpropFilter(k), in[0], in[1], dout) })
	return g.done()
}

// checkDout checks the gradient of an output against what it should be.
func checkDout(dout []int, want Spec) error {
	_, err := same("the gradient and the output", dout, want.Shape)
	return err
}

// Name implements Kernel.
func (Conv2DBackpropInput) Name() string { return "Conv2DBackpropInput" }

// Infer implements Kernel.
func (k Conv2DBackpropInput) Infer(in []Spec) (Spec, error) {
	if err := convInputs(in, filterAxes, "x", "filter", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Conv2D(k).Infer(in[:2])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), checkDout(in[2].Shape, s)
}

// Run implements Kernel.
func (k Conv2DBackpropInput) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, convBackInput[float32], convBackInput[float64])(c, Conv2D(k), out, in)
}

// Grad implements Differentiable.
func (k Conv2DBackpropInput) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(1, func() *Node { return g.op(Conv2DBackpropFilter(k), dout, in[1], in[2]) })
	g.to(2, func() *Node { return g.op(Conv2D(k), dout, in[1]) })
	return g.done()
}

// Name implements Kernel.
func (Conv2DBackpropFilter) Name() string { return "Conv2DBackpropFilter" }

// Infer implements Kernel.
func (k Conv2DBackpropFilter) Infer(in []Spec) (Spec, error) {
	if err := convInputs(in, filterAxes, "x", "filter", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Conv2D(k).Infer(in[:2])
	if err != nil {
		return Spec{}, err
	}
	return like(in[1]), checkDout(in[2].Shape, s)
}

// Run implements Kernel.
func (k Conv2DBackpropFilter) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, convBackFilter[float32], convBackFilter[float64])(c, Conv2D(k), out, in)
}

// Grad implements Differentiable.
func (k Conv2DBackpropFilter) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(Conv2DBackpropInput(k), in[0], dout, in[2]) })
	g.to(2, func() *Node { return g.op(Conv2D(k), in[0], dout) })
	return g.done()
}

// Conv2DTranspose is the gradient of a Conv2D used as a layer: x [batch,
// height, width, in] with filter [height, width, out, in] gives an image of
// Size, or, where Size is 0, of in·stride with SAME padding and
// in·stride+max(window-stride, 0) with VALID, as slim.conv2d_transpose does.
type Conv2DTranspose struct {
	Conv2D
	Size [2]int
}

// Name implements Kernel. TensorFlow has no operation of this name; its
// graphs say Conv2DBackpropInput.
func (Conv2DTranspose) Name() string { return "Conv2DTranspose" }

// Infer implements Kernel.
func (k Conv2DTranspose) Infer(in []Spec) (Spec, error) {
	if err := convInputs(in, "height, width, out, in", "x", "filter"); err != nil {
		return Spec{}, err
	}
	x, f := in[0].Shape, in[1].Shape
	if _, err := merge("channels of x and of filter", x[3], f[3]); err != nil {
		return Spec{}, err
	}
	out := []int{x[0], 0, 0, f[2]}
	for i, axis := range []string{"height", "width"} {
		d, s := k.Size[i], max(1, k.Strides[i])
		switch {
		case s > maxWindow || f[i] > maxWindow:
			return Spec{}, fmt.Errorf("%s: stride %d or window %d is over %d", axis, s, f[i], maxWindow)
		case d < 0:
			return Spec{}, fmt.Errorf("%s: size %d is negative", axis, d)
		case d == 0 && x[i+1] == Unknown:
			d = Unknown
		case d == 0:
			d = x[i+1] * s
			if k.Padding == Valid {
				d += max(0, f[i]-s)
			}
		}
		out[i+1] = d
	}
	if err := sound(out); err != nil {
		return Spec{}, fmt.Errorf("output: %w", err)
	}
	g, err := k.geometry(out, f)
	if err != nil {
		return Spec{}, err
	}
	if err := checkDout(x, Spec{Shape: []int{g.n, g.h.out, g.w.out, g.out}}); err != nil {
		return Spec{}, fmt.Errorf("an output of %s needs another x: %w", ShapeString(out), err)
	}
	return Spec{in[0].DType, out}, nil
}

// Run implements Kernel.
func (k Conv2DTranspose) Run(c *Ctx, out *Value, in []*Value) error {
	from := []*Value{out, in[1], in[0]}
	return pick(out.DType, convBackInput[float32], convBackInput[float64])(c, k.Conv2D, out, from)
}

// Grad implements Differentiable.
func (k Conv2DTranspose) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(k.Conv2D, dout, in[1]) })
	g.to(1, func() *Node { return g.op(Conv2DBackpropFilter(k.Conv2D), dout, in[1], in[0]) })
	return g.done()
}
