package ops

import (
	"errors"
	"math"

	"graft/stdlib/internal/kern"
)

// SoftmaxCrossEntropyWithLogits gives the loss [batch] of logits and labels
// [batch, classes], whose rows are distributions.
type SoftmaxCrossEntropyWithLogits struct{}

// SoftmaxCrossEntropyGrad is the gradient with respect to input To, logits or
// labels; its inputs are logits, labels and the gradient of the loss. As in
// TensorFlow that with respect to logits takes the labels to sum to 1.
type SoftmaxCrossEntropyGrad struct{ To int }

// Name implements Kernel.
func (SoftmaxCrossEntropyWithLogits) Name() string { return "SoftmaxCrossEntropyWithLogits" }

// Name implements Kernel.
func (SoftmaxCrossEntropyGrad) Name() string { return "SoftmaxCrossEntropyGrad" }

// Infer implements Kernel.
func (SoftmaxCrossEntropyWithLogits) Infer(in []Spec) (Spec, error) {
	s, err := allSame(in, "logits", "labels")
	if err != nil {
		return Spec{}, err
	}
	if err := rank("logits", s, 2, "batch, classes"); err != nil {
		return Spec{}, err
	}
	return Spec{s.DType, s.Shape[:1]}, nil
}

// Infer implements Kernel.
func (k SoftmaxCrossEntropyGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "logits", "labels", "gradient"); err != nil {
		return Spec{}, err
	}
	if k.To < 0 || k.To > 1 {
		return Spec{}, errors.New("the gradient is with respect to input 0 or 1")
	}
	s, err := SoftmaxCrossEntropyWithLogits{}.Infer(in[:2])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), checkDout(in[2].Shape, s))
}

// Run implements Kernel.
func (SoftmaxCrossEntropyWithLogits) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, crossEntropy[float32], crossEntropy[float64])(c, out, in)
}

// Run implements Kernel.
func (k SoftmaxCrossEntropyGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, crossEntropyGrad[float32], crossEntropyGrad[float64])(c, k, out, in)
}

func crossEntropy[T Float](c *Ctx, out *Value, in []*Value) error {
	y, x, labels := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	if in[0].Shape[1] == 0 {
		clear(y)
	}
	e := scratch[T](c, len(x))
	return eachRow(c, in[0].Shape, func(at, n int) {
		largest, sum := softmaxRow(e[at:][:n], x[at:][:n])
		log, loss := math.Log(sum), 0.0
		for i := at; i < at+n; i++ {
			loss += float64(labels[i]) * (log - (float64(x[i]) - largest))
		}
		y[at/n] = T(loss)
	})
}

func crossEntropyGrad[T Float](c *Ctx, k SoftmaxCrossEntropyGrad, out *Value, in []*Value) error {
	d, x, labels, dl := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	return eachRow(c, in[0].Shape, func(at, n int) {
		row := d[at:][:n]
		largest, sum := softmaxRow(row, x[at:][:n])
		log := math.Log(sum)
		for i := range row {
			if k.To == 0 {
				row[i] = (T(float64(row[i])/sum) - labels[at+i]) * dl[at/n]
			} else {
				row[i] = T(log-(float64(x[at+i])-largest)) * dl[at/n]
			}
		}
	})
}

// Grad implements Differentiable.
func (SoftmaxCrossEntropyWithLogits) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	for i := range in {
		g.to(i, func() *Node { return g.op(SoftmaxCrossEntropyGrad{i}, in[0], in[1], dout) })
	}
	return g.done()
}

// SigmoidCrossEntropyWithLogits is max(x, 0) - x·z + log(1+exp(-|x|)) of
// logits x and labels z of one shape.
type SigmoidCrossEntropyWithLogits struct{}

// SigmoidCrossEntropyGrad multiplies its third input, the gradient of the
// loss, by sigmoid(x) - z.
type SigmoidCrossEntropyGrad struct{}

// Name implements Kernel. In TensorFlow it is a function, logistic_loss.
func (SigmoidCrossEntropyWithLogits) Name() string { return "SigmoidCrossEntropyWithLogits" }

// Name implements Kernel.
func (SigmoidCrossEntropyGrad) Name() string { return "SigmoidCrossEntropyGrad" }

// Infer implements Kernel.
func (SigmoidCrossEntropyWithLogits) Infer(in []Spec) (Spec, error) {
	return allSame(in, "logits", "labels")
}

// Infer implements Kernel.
func (SigmoidCrossEntropyGrad) Infer(in []Spec) (Spec, error) {
	return allSame(in, "logits", "labels", "gradient")
}

// Run implements Kernel.
func (SigmoidCrossEntropyWithLogits) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, sigmoidCrossEntropy[float32], sigmoidCrossEntropy[float64])(c, out, in)
}

// Run implements Kernel.
func (SigmoidCrossEntropyGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, sigmoidCrossEntropyGrad[float32], sigmoidCrossEntropyGrad[float64])(c, out, in)
}

func sigmoidCrossEntropy[T Float](c *Ctx, out *Value, in []*Value) error {
	y, x, z := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	return c.Ranges(len(y), elementGrain/8, func(from, to int) {
		for i := from; i < to; i++ {
			v := float64(x[i])
			y[i] = T(softplus(v) - v*float64(z[i]))
		}
	})
}

func sigmoidCrossEntropyGrad[T Float](c *Ctx, out *Value, in []*Value) error {
	y, x, z, d := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	return c.Ranges(len(y), elementGrain/8, func(from, to int) {
		for i := from; i < to; i++ {
			y[i] = (T(sigmoid(float64(x[i]))) - z[i]) * d[i]
		}
	})
}

// Grad implements Differentiable.
func (SigmoidCrossEntropyWithLogits) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(SigmoidCrossEntropyGrad{}, in[0], in[1], dout) })
	g.to(1, func() *Node { return g.op(Neg, g.op(Mul, in[0], dout)) })
	return g.done()
}

// L2Loss is half the sum of the squares of all elements.
type L2Loss struct{}

// Name implements Kernel.
func (L2Loss) Name() string { return "L2Loss" }

// Infer implements Kernel.
func (L2Loss) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	return Spec{DType: in[0].DType}, float(in...)
}

// Run implements Kernel.
func (L2Loss) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, l2Loss[float32], l2Loss[float64])(c, out, in[0])
}

func l2Loss[T Float](c *Ctx, out, in *Value) error {
	x := Elems[T](in)
	s, err := sumAll(c, len(x), func(from, to int) float64 { return kern.Dot(x[from:to], x[from:to]) })
	Elems[T](out)[0] = T(s / 2)
	return err
}

// Grad implements Differentiable.
func (L2Loss) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(Mul, in[0], dout) })
	return g.done()
}
