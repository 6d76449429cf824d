package ops

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"graft/ckpt/tensors"
)

// OneHot puts a last axis of Depth after those of its input, int32 or int64:
// On at the index, Off elsewhere, and everywhere for an index out of range.
type OneHot struct {
	Depth   int
	On, Off float64
	DType   tensors.DType // Float32 or Float64; 0 means Float32
}

// Name implements Kernel.
func (OneHot) Name() string { return "OneHot" }

// Infer implements Kernel.
func (k OneHot) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "indices"); err != nil {
		return Spec{}, err
	}
	if k.Depth < 0 || k.Depth > maxIndex {
		return Spec{}, fmt.Errorf("depth %d is not in 0 … %d", k.Depth, maxIndex)
	}
	out, err := made(max(k.DType, tensors.Float32), append(slices.Clone(in[0].Shape), k.Depth))
	return out, errors.Join(err, integer("indices", in[0]), float(out))
}

// Run implements Kernel.
func (k OneHot) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, oneHot[float32], oneHot[float64])(c, k, out, in[0])
}

func oneHot[T Float](c *Ctx, k OneHot, out, in *Value) error {
	y := Elems[T](out)
	return c.Ranges(in.Len(), elementGrain/max(1, k.Depth), func(from, to int) {
		fill(y[from*k.Depth:to*k.Depth], T(k.Off))
		for i := from; i < to; i++ {
			if l := at(in, i); l >= 0 && l < k.Depth {
				y[i*k.Depth+l] = T(k.On)
			}
		}
	})
}

// at reads an integer of either type; those that do not fit in an int are -1.
func at(v *Value, i int) int {
	if v.DType == tensors.Int32 {
		return int(v.I32[i])
	}
	if l := v.I64[i]; int64(int(l)) == l {
		return int(l)
	}
	return -1
}

// ArgMax is the index, int64, of the first of the largest elements along Axis,
// which may count from the end. A NaN is larger than any number.
type ArgMax struct{ Axis int }

// Name implements Kernel.
func (ArgMax) Name() string { return "ArgMax" }

// Infer implements Kernel.
func (k ArgMax) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	axis, err := axisOf(k.Axis, len(in[0].Shape))
	if err != nil {
		return Spec{}, err
	}
	if in[0].Shape[axis] == 0 {
		return Spec{}, fmt.Errorf("axis %d of shape %s is empty, it has no largest element", axis, ShapeString(in[0].Shape))
	}
	return Spec{tensors.Int64, slices.Delete(slices.Clone(in[0].Shape), axis, axis+1)}, float(in...)
}

// Run implements Kernel.
func (k ArgMax) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(in[0].DType, argMax[float32], argMax[float64])(c, k, out, in[0])
}

func argMax[T Float](c *Ctx, k ArgMax, out, in *Value) error {
	axis, err := axisOf(k.Axis, len(in.Shape))
	if err != nil {
		return err
	}
	x, n := Elems[T](in), in.Shape[axis]
	inner := product(in.Shape[axis+1:])
	return c.Ranges(len(out.I64), elementGrain/n, func(from, to int) {
		for o := from; o < to; o++ {
			at := o/inner*n*inner + o%inner
			best := 0
			for i := 1; i < n; i++ {
				v, b := x[at+i*inner], x[at+best*inner]
				if b == b && !(v <= b) {
					best = i
				}
			}
			out.I64[o] = int64(best)
		}
	})
}

// InTopK tells of each row of predictions [batch, classes] whether the element
// at its target, int32 or int64 [batch], is among the K largest. Elements
// equal to the K-th are too, as in TensorFlow; a target out of range is not,
// nor is one in a row where it or a rival is not finite.
type InTopK struct{ K int }

// Name implements Kernel.
func (InTopK) Name() string { return "InTopKV2" }

// Infer implements Kernel.
func (k InTopK) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "predictions", "targets"); err != nil {
		return Spec{}, err
	}
	s, err := sparseLabels(in[0], in[1])
	s.DType = tensors.Bool
	return s, errors.Join(err, float(in[0]))
}

// Run implements Kernel.
func (k InTopK) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(in[0].DType, inTopK[float32], inTopK[float64])(c, k, out, in)
}

func inTopK[T Float](c *Ctx, k InTopK, out *Value, in []*Value) error {
	x, classes := Elems[T](in[0]), in[0].Shape[1]
	return c.Ranges(len(out.Bool), elementGrain/max(1, classes), func(from, to int) {
		for i := from; i < to; i++ {
			row := x[i*classes:][:classes]
			target := at(in[1], i)
			out.Bool[i] = target >= 0 && target < classes && amongLargest(row, row[target], k.K)
		}
	})
}

func amongLargest[T Float](row []T, v T, k int) bool {
	larger := 0
	if v-v != 0 {
		return false
	}
	for _, w := range row {
		if w-w != 0 {
			return false
		}
		if w > v {
			larger++
		}
	}
	return larger < k
}

// TopK is the K largest elements of the last axis, in falling order.
type TopK struct{ K int }

// TopKIndices is where TopK found them, int32; the lower index is first among
// equals.
type TopKIndices TopK

// Name implements Kernel.
func (TopK) Name() string { return "TopKV2" }

// Name implements Kernel.
func (TopKIndices) Name() string { return "TopKV2Indices" }

// Infer implements Kernel.
func (k TopK) Infer(in []Spec) (Spec, error) {
	s, err := lastAxis(in, "x")
	if err != nil {
		return Spec{}, err
	}
	last := len(s.Shape) - 1
	if n := s.Shape[last]; k.K < 0 || n != Unknown && k.K > n {
		return Spec{}, fmt.Errorf("the %d largest of %d", k.K, n)
	}
	s.Shape[last] = k.K
	return made(s.DType, s.Shape)
}

// Infer implements Kernel.
func (k TopKIndices) Infer(in []Spec) (Spec, error) {
	s, err := TopK(k).Infer(in)
	s.DType = tensors.Int32
	return s, err
}

// Run implements Kernel.
func (k TopK) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, topK[float32], topK[float64])(c, k.K, out, in[0])
}

// Run implements Kernel.
func (k TopKIndices) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(in[0].DType, topK[float32], topK[float64])(c, k.K, out, in[0])
}

func topK[T Float](c *Ctx, k int, out, in *Value) error {
	x := Elems[T](in)
	return eachRow(c, in.Shape, func(at, n int) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(x[at+b], x[at+a]) })
		for i, j := range order[:k] {
			if out.DType == tensors.Int32 {
				out.I32[at/n*k+i] = int32(j)
			} else {
				Elems[T](out)[at/n*k+i] = x[at+j]
			}
		}
	})
}

// Grad implements Differentiable.
func (k TopK) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(TopKGrad{}, in[0], g.op(TopKIndices(k), in[0]), dout) })
	return g.done()
}

// TopKGrad is the gradient of TopK; its inputs are x, TopKIndices and the
// output's gradient.
type TopKGrad struct{}

// Name implements Kernel.
func (TopKGrad) Name() string { return "TopKV2Grad" }

// Infer implements Kernel.
func (TopKGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "indices", "gradient"); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(float(in[0], in[2]), checkDout(in[2].Shape, in[1])); err != nil {
		return Spec{}, err
	}
	if in[1].DType != tensors.Int32 || len(in[0].Shape) == 0 || len(in[1].Shape) != len(in[0].Shape) {
		return Spec{}, fmt.Errorf("indices are %v for x %v", in[1], in[0])
	}
	last := len(in[0].Shape) - 1
	_, err := same("x and indices", in[0].Shape[:last], in[1].Shape[:last])
	return like(in[0]), err
}

// Run implements Kernel.
func (TopKGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, topKGrad[float32], topKGrad[float64])(c, out, in)
}

func topKGrad[T Float](c *Ctx, out *Value, in []*Value) error {
	dx, dy := Elems[T](out), Elems[T](in[2])
	clear(dx)
	k := in[1].Shape[len(in[1].Shape)-1]
	n := out.Shape[len(out.Shape)-1]
	for i, j := range in[1].I32 {
		if j < 0 || int(j) >= n {
			return fmt.Errorf("index %d is not in 0 … %d", j, n-1)
		}
		dx[i/k*n+int(j)] = dy[i]
	}
	return c.err()
}

// Gather takes rows of x, of axis 0, by indices of any shape, int32 or int64.
type Gather struct{}

// GatherGrad adds rows of the gradient, its third input, where Gather took
// them from; its first inputs are x, for the shape, and indices.
type GatherGrad struct{}

// Name implements Kernel.
func (Gather) Name() string { return "GatherV2" }

// Name implements Kernel.
func (GatherGrad) Name() string { return "GatherGrad" }

// Infer implements Kernel.
func (Gather) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "indices"); err != nil {
		return Spec{}, err
	}
	if len(in[0].Shape) == 0 {
		return Spec{}, errors.New("x is a scalar, it has no rows")
	}
	if err := errors.Join(float(in[0]), integer("indices", in[1])); err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, append(slices.Clone(in[1].Shape), in[0].Shape[1:]...))
}

// Infer implements Kernel.
func (GatherGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "indices", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Gather{}.Infer(in[:2])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in[0], in[2]), checkDout(in[2].Shape, s))
}

// Run implements Kernel.
func (Gather) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, gather[float32], gather[float64])(c, out, in[0], in[1], false)
}

// Run implements Kernel.
func (GatherGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, gather[float32], gather[float64])(c, in[2], out, in[1], true)
}

func gather[T Float](c *Ctx, rows, x, indices *Value, back bool) error {
	y, t := Elems[T](rows), Elems[T](x)
	n := product(x.Shape[1:])
	if back {
		clear(t)
	}
	for i := range indices.Len() {
		j := at(indices, i)
		if j < 0 || j >= x.Shape[0] {
			return fmt.Errorf("index %d, number %d of the indices, is not in 0 … %d", j, i, x.Shape[0]-1)
		}
		from, to := t[j*n:][:n], y[i*n:][:n]
		if !back {
			copy(to, from)
			continue
		}
		for k := range from {
			from[k] += to[k]
		}
	}
	return c.err()
}

// Grad implements Differentiable.
func (Gather) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(GatherGrad{}, in[0], in[1], dout) })
	return g.done()
}
