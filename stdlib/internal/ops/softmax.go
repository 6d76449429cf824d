package ops

import (
	"fmt"
	"math"

	"graft/ckpt/tensors"
)

// Softmax is over the last axis.
type Softmax struct{}

// LogSoftmax is the logarithm of Softmax, over the last axis.
type LogSoftmax struct{}

// lastAxis is the Infer of kernels over rows of the last axis.
func lastAxis(in []Spec, names ...string) (Spec, error) {
	s, err := allSame(in, names...)
	if err == nil && len(s.Shape) == 0 {
		err = fmt.Errorf("%s is a scalar, wanted at least one axis", names[0])
	}
	return s, err
}

// eachRow runs f over the rows of the last axis.
func eachRow(c *Ctx, shape []int, f func(at, n int)) error {
	n := shape[len(shape)-1]
	if n == 0 {
		return nil
	}
	return c.Ranges(product(shape)/n, elementGrain/8/n, func(from, to int) {
		for r := from; r < to; r++ {
			f(r*n, n)
		}
	})
}

// softmaxRow sets y to the exponentials of x less its largest element, and
// returns that element and the sum. An infinite largest one gives NaN, as in
// TensorFlow.
func softmaxRow[T Float](y, x []T) (largest, sum float64) {
	largest = math.Inf(-1)
	for _, v := range x {
		largest = max(largest, float64(v))
	}
	for i, v := range x {
		e := math.Exp(float64(v) - largest)
		y[i] = T(e)
		sum += e
	}
	return largest, sum
}

// Name implements Kernel.
func (Softmax) Name() string { return "Softmax" }

// Infer implements Kernel.
func (Softmax) Infer(in []Spec) (Spec, error) { return lastAxis(in, "logits") }

// Reuses implements InPlace.
func (Softmax) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (Softmax) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, softmax[float32], softmax[float64])(c, out, in[0])
}

func softmax[T Float](c *Ctx, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	return eachRow(c, out.Shape, func(at, n int) {
		_, sum := softmaxRow(y[at:][:n], x[at:][:n])
		for i := range n {
			y[at+i] = T(float64(y[at+i]) / sum)
		}
	})
}

// Grad implements Differentiable.
func (Softmax) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(SoftmaxGrad{}, out, dout) })
	return g.done()
}

// Name implements Kernel.
func (LogSoftmax) Name() string { return "LogSoftmax" }

// Infer implements Kernel.
func (LogSoftmax) Infer(in []Spec) (Spec, error) { return lastAxis(in, "logits") }

// Run implements Kernel.
func (LogSoftmax) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, logSoftmax[float32], logSoftmax[float64])(c, out, in[0])
}

func logSoftmax[T Float](c *Ctx, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	return eachRow(c, out.Shape, func(at, n int) {
		largest, sum := softmaxRow(y[at:][:n], x[at:][:n])
		log := math.Log(sum)
		for i := range n {
			y[at+i] = T(float64(x[at+i]) - largest - log)
		}
	})
}

// Grad implements Differentiable.
func (LogSoftmax) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(SoftmaxGrad{Log: true}, out, dout) })
	return g.done()
}

// SoftmaxGrad is the gradient of Softmax, or of LogSoftmax; its inputs are
// the output and its gradient.
type SoftmaxGrad struct{ Log bool }

// Name implements Kernel.
func (k SoftmaxGrad) Name() string {
	if k.Log {
		return "LogSoftmaxGrad"
	}
	return "SoftmaxGrad"
}

// Infer implements Kernel.
func (SoftmaxGrad) Infer(in []Spec) (Spec, error) { return lastAxis(in, "softmax", "gradient") }

// Reuses implements InPlace.
func (SoftmaxGrad) Reuses() []int { return []int{1, 0} }

// Run implements Kernel.
func (k SoftmaxGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, softmaxGrad[float32], softmaxGrad[float64])(c, k, out, in)
}

func softmaxGrad[T Float](c *Ctx, k SoftmaxGrad, out *Value, in []*Value) error {
	dx, y, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	return eachRow(c, out.Shape, func(at, n int) {
		var sum float64
		for i := at; i < at+n; i++ {
			if k.Log {
				sum += float64(dy[i])
			} else {
				sum += float64(dy[i]) * float64(y[i])
			}
		}
		for i := at; i < at+n; i++ {
			if d := float64(dy[i]); k.Log {
				dx[i] = T(d - math.Exp(float64(y[i]))*sum)
			} else {
				dx[i] = T((d - sum) * float64(y[i]))
			}
		}
	})
}

// SparseSoftmaxCrossEntropyWithLogits gives the loss [batch] of logits
// [batch, classes] and labels [batch], int32 or int64 from 0 to classes-1.
type SparseSoftmaxCrossEntropyWithLogits struct{}

// Name implements Kernel.
func (SparseSoftmaxCrossEntropyWithLogits) Name() string {
	return "SparseSoftmaxCrossEntropyWithLogits"
}

// Infer implements Kernel.
func (SparseSoftmaxCrossEntropyWithLogits) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "logits", "labels"); err != nil {
		return Spec{}, err
	}
	if err := float(in[0]); err != nil {
		return Spec{}, err
	}
	return sparseLabels(in[0], in[1])
}

func sparseLabels(logits, labels Spec) (Spec, error) {
	if err := rank("logits", logits, 2, "batch, classes"); err != nil {
		return Spec{}, err
	}
	if err := rank("labels", labels, 1, "batch"); err != nil {
		return Spec{}, err
	}
	if err := integer("labels", labels); err != nil {
		return Spec{}, err
	}
	n, err := merge("batch of logits and of labels", logits.Shape[0], labels.Shape[0])
	return Spec{logits.DType, []int{n}}, err
}

// labelsOf reads labels of either type and checks their range. The error has
// TensorFlow's words.
func labelsOf(v *Value, classes int) ([]int, error) {
	out := make([]int, v.Len())
	for i := range out {
		var l int64
		if v.DType == tensors.Int32 {
			l = int64(v.I32[i])
		} else {
			l = v.I64[i]
		}
		if l < 0 || l >= int64(classes) {
			return nil, fmt.Errorf("label %d of %d: Received a label value of %d which is outside the valid range of [0, %d)", i, len(out), l, classes)
		}
		out[i] = int(l)
	}
	return out, nil
}

// Run implements Kernel.
func (SparseSoftmaxCrossEntropyWithLogits) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, sparseCrossEntropy[float32], sparseCrossEntropy[float64])(c, out, in)
}

func sparseCrossEntropy[T Float](c *Ctx, out *Value, in []*Value) error {
	y, x := Elems[T](out), Elems[T](in[0])
	n := in[0].Shape[1]
	labels, err := labelsOf(in[1], n)
	if err != nil {
		return err
	}
	e := scratch[T](c, len(x))
	return eachRow(c, in[0].Shape, func(at, n int) {
		row := x[at:][:n]
		largest, sum := softmaxRow(e[at:][:n], row)
		y[at/n] = T(math.Log(sum) + largest - float64(row[labels[at/n]]))
	})
}

// Grad implements Differentiable.
func (SparseSoftmaxCrossEntropyWithLogits) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(SparseSoftmaxCrossEntropyGrad{}, in[0], in[1], dout) })
	return g.done()
}

// SparseSoftmaxCrossEntropyGrad is the gradient with respect to logits; its
// inputs are logits, labels and the gradient of the loss.
type SparseSoftmaxCrossEntropyGrad struct{}

// Name implements Kernel.
func (SparseSoftmaxCrossEntropyGrad) Name() string { return "SparseSoftmaxCrossEntropyGrad" }

// Infer implements Kernel.
func (SparseSoftmaxCrossEntropyGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "logits", "labels", "gradient"); err != nil {
		return Spec{}, err
	}
	if err := float(in[0], in[2]); err != nil {
		return Spec{}, err
	}
	s, err := sparseLabels(in[0], in[1])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), checkDout(in[2].Shape, s)
}

// Run implements Kernel.
func (SparseSoftmaxCrossEntropyGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, sparseCrossEntropyGrad[float32], sparseCrossEntropyGrad[float64])(c, out, in)
}

func sparseCrossEntropyGrad[T Float](c *Ctx, out *Value, in []*Value) error {
	dx, x, dl := Elems[T](out), Elems[T](in[0]), Elems[T](in[2])
	labels, err := labelsOf(in[1], in[0].Shape[1])
	if err != nil {
		return err
	}
	return eachRow(c, in[0].Shape, func(at, n int) {
		row := dx[at:][:n]
		_, sum := softmaxRow(row, x[at:][:n])
		for i := range row {
			row[i] = T(float64(row[i])/sum) * dl[at/n]
		}
		row[labels[at/n]] -= dl[at/n]
	})
}
