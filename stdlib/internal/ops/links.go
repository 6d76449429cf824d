package ops

import (
	"slices"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
)

// links says of each index of each axis of an output which indices of the
// same axis of the input it takes: one, or, in a gradient, the sum of several,
// or none, which gives the fill. An axis that is nil is as it was.
//
// Slices, padding, tiling and mirroring are links, and so are their
// gradients, turned around.
type links [][][]int

// sources says of each index of each axis of an output which index of the
// input it takes, -1 for none. An axis that is nil is as it was.
type sources []func(i int) int

// listed is the links of an output's shape.
func (s sources) listed(out []int) links {
	l := make(links, len(s))
	for axis, at := range s {
		if at == nil {
			continue
		}
		l[axis] = make([][]int, out[axis])
		for i := range l[axis] {
			if j := at(i); j >= 0 {
				l[axis][i] = []int{j}
			}
		}
	}
	return l
}

// turned is the links of the gradient: those that had taken each index.
func (l links) turned(in []int) links {
	out := make(links, len(l))
	for axis, list := range l {
		if list == nil {
			continue
		}
		out[axis] = make([][]int, in[axis])
		for i, from := range list {
			for _, j := range from {
				out[axis][j] = append(out[axis][j], i)
			}
		}
	}
	return out
}

// run fills out from in, of any dtype; sums are for floats only.
func (l links) run(c *Ctx, out, in *Value, fillWith float64) error {
	switch out.DType {
	case tensors.Float32:
		return linked(c, l, out.Shape, in.Shape, out.F32, in.F32, float32(fillWith), kern.Add)
	case tensors.Float64:
		return linked(c, l, out.Shape, in.Shape, out.F64, in.F64, fillWith, kern.Add)
	case tensors.Int32:
		return linked(c, l, out.Shape, in.Shape, out.I32, in.I32, int32(fillWith), kern.Add)
	case tensors.Int64:
		return linked(c, l, out.Shape, in.Shape, out.I64, in.I64, int64(fillWith), kern.Add)
	}
	return linked(c, l, out.Shape, in.Shape, out.Bool, in.Bool, fillWith != 0, func(y, a, b []bool) { copy(y, b) })
}

func linked[T any](c *Ctx, l links, outShape, inShape []int, y, x []T, fillWith T, add func(y, a, b []T)) error {
	axes := len(l)
	for axes > 0 && l[axes-1] == nil {
		axes--
	}
	row := product(outShape[axes:])
	if len(y) == 0 {
		return nil
	}
	strides := make([]int, axes)
	for i, s := axes-1, row; i >= 0; i-- {
		strides[i], s = s, s*inShape[i]
	}
	return c.Ranges(len(y)/row, elementGrain/row, func(from, to int) {
		at := []int{}
		for r := from; r < to; r++ {
			at = l.begins(at[:0], outShape[:axes], strides, r)
			dst := y[r*row:][:row]
			if len(at) == 0 {
				fill(dst, fillWith)
				continue
			}
			copy(dst, x[at[0]:])
			for _, a := range at[1:] {
				add(dst, dst, x[a:][:row])
			}
		}
	})
}

// begins appends where the rows begin that output row r takes, in order.
func (l links) begins(at, shape, strides []int, r int) []int {
	at = append(at, 0)
	for axis := len(shape) - 1; axis >= 0; axis-- {
		i := r % shape[axis]
		r /= shape[axis]
		if l[axis] == nil {
			for k := range at {
				at[k] += i * strides[axis]
			}
			continue
		}
		from := l[axis][i]
		if len(from) == 1 {
			for k := range at {
				at[k] += from[0] * strides[axis]
			}
			continue
		}
		had := slices.Clone(at)
		at = at[:0]
		for _, j := range from {
			for _, a := range had {
				at = append(at, a+j*strides[axis])
			}
		}
	}
	return at
}

// linker is a kernel that is links.
type linker interface {
	Kernel
	sources(in []int) (sources, []int, error) // and the output's shape
}

// linkInfer is the Infer of a linker.
func linkInfer(k linker, in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if err := anyType(in[0]); err != nil {
		return Spec{}, err
	}
	_, shape, err := k.sources(in[0].Shape)
	if err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, shape)
}

// linkRun is the Run of a linker.
func linkRun(k linker, c *Ctx, out *Value, in []*Value, fillWith float64) error {
	s, shape, err := k.sources(in[0].Shape)
	if err != nil {
		return err
	}
	return s.listed(shape).run(c, out, in[0], fillWith)
}

// linkGrad is the Grad of a linker.
func linkGrad(k linker, b *Builder, in []*Node, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(LinkGrad{k}, in[0], dout) })
	return g.done()
}

// LinkGrad is the gradient of Pad, StridedSlice, Tile and their like; its
// inputs are something of x's shape and the output's gradient.
type LinkGrad struct{ Of linker }

// Name implements Kernel.
func (k LinkGrad) Name() string { return k.Of.Name() + "Grad" }

// Infer implements Kernel.
func (k LinkGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "gradient"); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	s, err := k.Of.Infer(in[:1])
	if err != nil {
		return Spec{}, err
	}
	return like(in[0]), checkDout(in[1].Shape, s)
}

// Run implements Kernel.
func (k LinkGrad) Run(c *Ctx, out *Value, in []*Value) error {
	s, shape, err := k.Of.sources(in[0].Shape)
	if err != nil {
		return err
	}
	return s.listed(shape).turned(in[0].Shape).run(c, out, in[1], 0)
}
