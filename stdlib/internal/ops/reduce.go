package ops

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"graft/stdlib/internal/kern"
)

// Axes is a set of axes: bit i is axis i.
type Axes uint64

// AllAxes is every axis there is.
const AllAxes = ^Axes(0)

// AxesOf makes the set of some axes, which may count from the end, of a
// tensor with rank axes.
func AxesOf(rank int, axes ...int) (Axes, error) {
	var set Axes
	for _, a := range axes {
		i, err := axisOf(a, rank)
		if err != nil {
			return 0, err
		}
		if i >= 64 {
			return 0, fmt.Errorf("axis %d: a tensor can be reduced along its first 64 axes only", a)
		}
		set |= 1 << i
	}
	return set, nil
}

// Has reports whether axis i is in the set.
func (a Axes) Has(i int) bool { return i < 64 && a>>i&1 == 1 }

// within checks that a shape has the axes, or that they are AllAxes.
func (a Axes) within(shape []int) error {
	if n := len(shape); a != AllAxes && n < 64 && a>>n != 0 {
		return fmt.Errorf("axis %d of a tensor with %d axes", bits.Len64(uint64(a))-1, n)
	}
	return nil
}

// Reducer is how a Reduce makes one element of many.
type Reducer string

// The reducers, by TensorFlow's names. Of no elements Sum is 0, Prod 1, Max
// -Inf, Min Inf and Mean NaN.
const (
	Sum  Reducer = "Sum"
	Mean Reducer = "Mean"
	Max  Reducer = "Max"
	Min  Reducer = "Min"
	Prod Reducer = "Prod"
)

// Reduce makes one element of those along some axes. KeepDims leaves these
// axes, with size 1.
type Reduce struct {
	Op       Reducer
	Axes     Axes
	KeepDims bool
}

// Name implements Kernel.
func (k Reduce) Name() string { return string(k.Op) }

// Infer implements Kernel.
func (k Reduce) Infer(in []Spec) (Spec, error) {
	switch k.Op {
	case Sum, Mean, Max, Min, Prod:
	default:
		return Spec{}, fmt.Errorf("no reducer is called %q", string(k.Op))
	}
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if err := k.Axes.within(in[0].Shape); err != nil {
		return Spec{}, err
	}
	return Spec{in[0].DType, k.reduced(in[0].Shape)}, float(in...)
}

func (k Reduce) reduced(shape []int) []int {
	out := []int{}
	for i, d := range shape {
		switch {
		case !k.Axes.Has(i):
			out = append(out, d)
		case k.KeepDims:
			out = append(out, 1)
		}
	}
	return out
}

// Run implements Kernel.
func (k Reduce) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, reduce[float32], reduce[float64])(c, k, out, in[0])
}

func reduce[T Float](c *Ctx, k Reduce, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	switch k.Op {
	case Sum:
		return reduceSum(c, y, x, in.Shape, k.Axes, 1)
	case Mean:
		return reduceSum(c, y, x, in.Shape, k.Axes, 1/float64(reducedCount(in.Shape, k.Axes)))
	}
	start, f := math.Inf(-1), func(a, b T) T { return max(a, b) }
	switch k.Op {
	case Min:
		start, f = math.Inf(1), func(a, b T) T { return min(a, b) }
	case Prod:
		start, f = 1, func(a, b T) T { return a * b }
	}
	l := newLayout(in.Shape, k.Axes)
	return c.Ranges(l.outs(), max(1, elementGrain/8/max(1, l.ins())), func(from, to int) {
		for o := from; o < to; o++ {
			v := T(start)
			base := l.base(o)
			l.rows(func(at, n, step int) {
				for i := range n {
					if i%planeWork == 0 && c.err() != nil {
						return
					}
					v = f(v, x[base+at+i*step])
				}
			})
			y[o] = v
		}
	})
}

// reducedCount is how many elements make one.
func reducedCount(shape []int, axes Axes) int {
	n := 1
	for i, d := range shape {
		if axes.Has(i) {
			n *= d
		}
	}
	return n
}

// layout is a tensor's axes, those that stay and those that are reduced, with
// neighbours of one kind taken as one, from the last on.
type layout struct {
	kept, gone []extent
}

type extent struct{ size, stride int }

func newLayout(shape []int, axes Axes) layout {
	var l layout
	stride, last := 1, -1
	for i := len(shape) - 1; i >= 0; i-- {
		d := shape[i]
		if d == 1 {
			continue
		}
		list, kind := &l.kept, 0
		if axes.Has(i) {
			list, kind = &l.gone, 1
		}
		if kind == last {
			(*list)[len(*list)-1].size *= d
		} else {
			*list = append(*list, extent{d, stride})
		}
		stride, last = stride*d, kind
	}
	return l
}

func volume(list []extent) int {
	n := 1
	for _, e := range list {
		n *= e.size
	}
	return n
}

func (l *layout) outs() int { return volume(l.kept) }
func (l *layout) ins() int  { return volume(l.gone) }

// base is where the elements of output o begin.
func (l *layout) base(o int) int { return place(l.kept, o) }

func place(list []extent, i int) (at int) {
	for _, e := range list {
		at += i % e.size * e.stride
		i /= e.size
	}
	return at
}

// rows calls f with rows of the reduced elements: where, how many, how far
// apart.
func (l *layout) rows(f func(at, n, step int)) {
	if len(l.gone) == 0 {
		f(0, 1, 1)
		return
	}
	outer := l.gone[1:]
	for i := range volume(outer) {
		f(place(outer, i), l.gone[0].size, l.gone[0].stride)
	}
}

// reduceSum sums in float64 and multiplies by scale.
func reduceSum[T Float](c *Ctx, y, x []T, shape []int, axes Axes, scale float64) error {
	l := newLayout(shape, axes)
	if len(x) == 0 {
		for i := range y {
			y[i] = T(0 * scale)
		}
		return nil
	}
	switch {
	case len(l.gone) == 0:
		return c.Ranges(len(y), elementGrain, func(from, to int) { kern.Affine(y[from:to], x[from:to], T(scale), 0) })
	case len(l.gone) == 1 && l.gone[0].stride == 1 && len(l.kept) == 0:
		s, err := sumAll(c, len(x), func(from, to int) float64 { return kern.Sum(x[from:to]) })
		y[0] = T(s * scale)
		return err
	case len(l.gone) == 1 && len(l.kept) == 1 && l.kept[0].stride == 1:
		return sumColumns(c, y, x, l.kept[0].size, scale)
	}
	inner := 1
	if len(l.kept) > 0 && l.kept[0].stride == 1 {
		inner = l.kept[0].size
	}
	work := max(1, inner*l.ins())
	return c.Ranges(l.outs()/inner, max(1, elementGrain/work), func(from, to int) {
		sum := make([]float64, inner)
		for o := from; o < to; o++ {
			clear(sum)
			base := l.base(o * inner)
			l.rows(func(at, n, step int) {
				if c.err() != nil {
					return
				}
				if step == 1 {
					sum[0] += kern.Sum(x[base+at:][:n])
					return
				}
				for i := range n {
					kern.AddTo(sum, x[base+at+i*step:][:inner])
				}
			})
			for i, s := range sum {
				y[o*inner+i] = T(s * scale)
			}
		}
	})
}

func sumColumns[T Float](c *Ctx, y, x []T, n int, scale float64) error {
	sums, err := columnSums(c, len(x), n, n, func(sum []float64, from, to int) {
		kern.ColumnSums(sum, x[from:to])
	})
	for i := range y {
		y[i] = T(sums[i] * scale)
	}
	return err
}

// sumAll adds f over blocks of n elements that do not depend on the workers.
func sumAll(c *Ctx, n int, f func(from, to int) float64) (float64, error) {
	parts := make([]float64, (n+elementGrain-1)/elementGrain)
	err := c.Ranges(n, elementGrain, func(from, to int) { parts[from/elementGrain] = f(from, to) })
	return kern.Sum(parts), err
}

// Grad implements Differentiable. Equal maxima share the gradient.
func (k Reduce) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node {
		if k.Op == Sum || k.Op == Mean {
			return g.op(Spread{Axes: k.Axes, Mean: k.Op == Mean}, dout, in[0])
		}
		return g.op(ReduceGrad(k), in[0], out, dout)
	})
	return g.done()
}

// Spread repeats x along axes of the shape of its second input, along which x
// was reduced (and may have kept an axis of size 1); Mean divides by how many
// elements share one.
type Spread struct {
	Axes Axes
	Mean bool
}

// Name implements Kernel.
func (Spread) Name() string { return "Spread" }

// Infer implements Kernel.
func (k Spread) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "like"); err != nil {
		return Spec{}, err
	}
	if err := errors.Join(float(in[0]), k.Axes.within(in[1].Shape)); err != nil {
		return Spec{}, err
	}
	r := Reduce{Axes: k.Axes}
	_, err := same("x and what the shape reduces to", in[0].Shape, r.reduced(in[1].Shape))
	if err != nil {
		r.KeepDims = true
		if _, err2 := same("", in[0].Shape, r.reduced(in[1].Shape)); err2 != nil {
			return Spec{}, err
		}
	}
	return Spec{in[0].DType, like(in[1]).Shape}, nil
}

// Run implements Kernel.
func (k Spread) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, spread[float32], spread[float64])(c, k, out, in[0])
}

func spread[T Float](c *Ctx, k Spread, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	by := T(1)
	if k.Mean {
		by = T(1 / float64(reducedCount(out.Shape, k.Axes)))
	}
	shape := Reduce{Axes: k.Axes, KeepDims: true}.reduced(out.Shape)
	w := newWalk(out.Shape, shape, nil)
	return walkRows(c, w, func(at [3]int, n int, buf []T) {
		kern.Affine(y[at[0]:][:n], operand(x, at[1], w.step[0], n, buf), by, 0)
	})
}

// Grad implements Differentiable.
func (k Spread) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	s, err := SpecOf(in[0])
	if err != nil {
		return nil, err
	}
	full, err := SpecOf(in[1])
	if err != nil {
		return nil, err
	}
	r := Reduce{Op: Sum, Axes: k.Axes, KeepDims: len(s.Shape) == len(full.Shape)}
	if k.Mean {
		r.Op = Mean
	}
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(r, dout) })
	return g.done()
}

// ReduceGrad is the gradient of a Reduce with Max, Min or Prod; its inputs
// are x, the output and the output's gradient.
type ReduceGrad Reduce

// Name implements Kernel.
func (k ReduceGrad) Name() string { return string(k.Op) + "Grad" }

// Infer implements Kernel.
func (k ReduceGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "y", "gradient"); err != nil {
		return Spec{}, err
	}
	if k.Op != Max && k.Op != Min && k.Op != Prod {
		return Spec{}, fmt.Errorf("no gradient of reducer %q is computed here", string(k.Op))
	}
	s, err := Reduce(k).Infer(in[:1])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), errors.Join(float(in...), checkDout(in[1].Shape, s), checkDout(in[2].Shape, s))
}

// Run implements Kernel.
func (k ReduceGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, reduceGrad[float32], reduceGrad[float64])(c, k, out, in)
}

func reduceGrad[T Float](c *Ctx, k ReduceGrad, out *Value, in []*Value) error {
	dx, x, y, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1]), Elems[T](in[2])
	l := newLayout(in[0].Shape, k.Axes)
	return c.Ranges(l.outs(), max(1, elementGrain/8/max(1, l.ins())), func(from, to int) {
		for o := from; o < to; o++ {
			if base := l.base(o); k.Op == Prod {
				prodGrad(&l, dx, x, base, dy[o])
			} else {
				shareGrad(&l, dx, x, base, y[o], dy[o])
			}
		}
	})
}

// shareGrad gives the elements that equal y equal shares of dy.
func shareGrad[T Float](l *layout, dx, x []T, base int, y, dy T) {
	equal := 0
	l.rows(func(at, n, step int) {
		for i := range n {
			if x[base+at+i*step] == y {
				equal++
			}
		}
	})
	share := dy / T(equal)
	l.rows(func(at, n, step int) {
		for i := range n {
			j := base + at + i*step
			dx[j] = 0
			if x[j] == y {
				dx[j] = share
			}
		}
	})
}

// prodGrad multiplies dy by the product of all other elements, without
// dividing, as one of them may be 0.
func prodGrad[T Float](l *layout, dx, x []T, base int, dy T) {
	before := dy
	var order []int
	l.rows(func(at, n, step int) {
		for i := range n {
			j := base + at + i*step
			order = append(order, j)
			dx[j] = before
			before *= x[j]
		}
	})
	after := T(1)
	for i := len(order) - 1; i >= 0; i-- {
		dx[order[i]] *= after
		after *= x[order[i]]
	}
}
