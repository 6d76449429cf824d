package ops

import "fmt"

// Slice is the part of x that begins at Begin and has Size, one number an
// axis; a size of -1 is all that is left, and the only one that an Unknown
// axis can be checked for when the node is made.
type Slice struct{ Begin, Size Ints }

// Name implements Kernel.
func (Slice) Name() string { return "Slice" }

// Infer implements Kernel.
func (k Slice) Infer(in []Spec) (Spec, error) { return linkInfer(k, in) }

// Run implements Kernel.
func (k Slice) Run(c *Ctx, out *Value, in []*Value) error { return linkRun(k, c, out, in, 0) }

// Grad implements Differentiable.
func (k Slice) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return linkGrad(k, b, in, dout, want)
}

func (k Slice) sources(in []int) (sources, []int, error) {
	begin, err := listOf("begin", k.Begin, len(in))
	if err != nil {
		return nil, nil, err
	}
	size, err := listOf("size", k.Size, len(in))
	if err != nil {
		return nil, nil, err
	}
	l, out := make(sources, len(in)), make([]int, len(in))
	for i, d := range in {
		b, n := begin[i], size[i]
		if b < 0 || n < -1 || d != Unknown && (b > d || n > d-b) {
			return nil, nil, fmt.Errorf("axis %d of size %d: a slice of %d from %d on", i, d, n, b)
		}
		if n == -1 && d == Unknown {
			out[i] = Unknown
			continue
		}
		if n == -1 {
			n = d - b
		}
		if out[i] = n; d != Unknown && (b != 0 || n != d) {
			l[i] = func(j int) int { return b + j }
		}
	}
	return l, out, nil
}

// listOf is a list with one number an axis.
func listOf(what string, l Ints, n int) ([]int, error) {
	v, err := l.slice(what)
	if err == nil && len(v) != n {
		err = fmt.Errorf("%s %v has %d numbers for %d axes", what, v, len(v), n)
	}
	return v, err
}

// StridedSlice is x[begin:end:stride, …] of Python, one of each an axis.
// Axes in BeginMask or EndMask have no begin or no end.
type StridedSlice struct {
	Begin, End, Strides Ints
	BeginMask, EndMask  Axes
}

// Name implements Kernel.
func (StridedSlice) Name() string { return "StridedSlice" }

// Infer implements Kernel.
func (k StridedSlice) Infer(in []Spec) (Spec, error) { return linkInfer(k, in) }

// Run implements Kernel.
func (k StridedSlice) Run(c *Ctx, out *Value, in []*Value) error { return linkRun(k, c, out, in, 0) }

// Grad implements Differentiable.
func (k StridedSlice) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return linkGrad(k, b, in, dout, want)
}

func (k StridedSlice) sources(in []int) (sources, []int, error) {
	var lists [3][]int
	for i, l := range []Ints{k.Begin, k.End, k.Strides} {
		var err error
		if lists[i], err = listOf([]string{"begin", "end", "strides"}[i], l, len(in)); err != nil {
			return nil, nil, err
		}
	}
	l, out := make(sources, len(in)), make([]int, len(in))
	for i, d := range in {
		step := lists[2][i]
		if step == 0 {
			return nil, nil, fmt.Errorf("axis %d: a stride of 0", i)
		}
		all := k.BeginMask.Has(i) && k.EndMask.Has(i)
		if d == Unknown {
			out[i] = Unknown
			continue
		}
		if all && step == 1 {
			out[i] = d
			continue
		}
		begin, n := cut(lists[0][i], lists[1][i], step, d, k.BeginMask.Has(i), k.EndMask.Has(i))
		out[i] = n
		l[i] = func(j int) int { return begin + j*step }
	}
	return l, out, nil
}

// cut is the first index and the number of indices of a Python slice of d.
func cut(begin, end, step, d int, noBegin, noEnd bool) (first, n int) {
	low, high := 0, d // what begin and end may be
	if step < 0 {
		low, high = -1, d-1
	}
	clip := func(v int) int {
		if v < 0 {
			v += d
		}
		return min(max(v, low), high)
	}
	begin, end = clip(begin), clip(end)
	if step > 0 {
		if noBegin {
			begin = low
		}
		if noEnd {
			end = high
		}
		return begin, max(0, (end-begin+step-1)/step)
	}
	if noBegin {
		begin = high
	}
	if noEnd {
		end = low
	}
	return begin, max(0, (begin-end-step-1)/-step)
}

// Tile repeats x Multiples times along each axis.
type Tile struct{ Multiples Ints }

// Name implements Kernel.
func (Tile) Name() string { return "Tile" }

// Infer implements Kernel.
func (k Tile) Infer(in []Spec) (Spec, error) { return linkInfer(k, in) }

// Run implements Kernel.
func (k Tile) Run(c *Ctx, out *Value, in []*Value) error { return linkRun(k, c, out, in, 0) }

// Grad implements Differentiable.
func (k Tile) Grad(b *Builder, in []*Node, _, dout *Node, want []bool) ([]*Node, error) {
	return linkGrad(k, b, in, dout, want)
}

func (k Tile) sources(in []int) (sources, []int, error) {
	times, err := listOf("multiples", k.Multiples, len(in))
	if err != nil {
		return nil, nil, err
	}
	l, out := make(sources, len(in)), make([]int, len(in))
	for i, d := range in {
		if times[i] < 0 || times[i] > maxWindow {
			return nil, nil, fmt.Errorf("axis %d: a multiple of %d", i, times[i])
		}
		if out[i] = d; d != Unknown && times[i] != 1 {
			if out[i] = d * times[i]; out[i] > maxIndex {
				return nil, nil, fmt.Errorf("axis %d would have %d indices, over %d", i, out[i], maxIndex)
			}
			l[i] = func(j int) int { return j % d }
		}
	}
	return l, out, nil
}

// maxIndex bounds the axes for which links are listed.
const maxIndex = 1 << 28
