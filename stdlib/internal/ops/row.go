package ops

import "fmt"

// Row is row I of x, which has at least one axis.
type Row struct{ I int }

// Name implements Kernel. TensorFlow does it with StridedSlice.
func (Row) Name() string { return "Row" }

// Infer implements Kernel.
func (k Row) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x"); err != nil {
		return Spec{}, err
	}
	if len(in[0].Shape) == 0 {
		return Spec{}, fmt.Errorf("x is a scalar, it has no row %d", k.I)
	}
	if n := in[0].Shape[0]; k.I < 0 || n != Unknown && k.I >= n {
		return Spec{}, fmt.Errorf("row %d of shape %s", k.I, ShapeString(in[0].Shape))
	}
	return Spec{in[0].DType, append([]int{}, in[0].Shape[1:]...)}, float(in...)
}

// Run implements Kernel.
func (k Row) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, row[float32], row[float64])(c, k, out, in[0])
}

func row[T Float](c *Ctx, k Row, out, in *Value) error {
	copy(Elems[T](out), Elems[T](in)[k.I*out.Len():])
	return c.err()
}

// Grad implements Differentiable.
func (k Row) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node { return g.op(RowGrad(k), in[0], dout) })
	return g.done()
}

// RowGrad is 0 but in row I, which is its second input; the shape is that of
// the first.
type RowGrad Row

// Name implements Kernel.
func (RowGrad) Name() string { return "RowGrad" }

// Infer implements Kernel.
func (k RowGrad) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "x", "gradient"); err != nil {
		return Spec{}, err
	}
	s, err := Row(k).Infer(in[:1])
	if err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	return like(in[0]), checkDout(in[1].Shape, s)
}

// Run implements Kernel.
func (k RowGrad) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, rowGrad[float32], rowGrad[float64])(c, k, out, in[1])
}

func rowGrad[T Float](c *Ctx, k RowGrad, out, in *Value) error {
	y := Elems[T](out)
	clear(y)
	copy(y[k.I*in.Len():], Elems[T](in))
	return c.err()
}

// Stack makes one tensor of several of one shape, which become its rows.
type Stack struct{}

// Name implements Kernel. It is TensorFlow's name of tf.stack along axis 0.
func (Stack) Name() string { return "Pack" }

// Infer implements Kernel.
func (Stack) Infer(in []Spec) (Spec, error) {
	s, err := AddN{}.Infer(in)
	if err != nil {
		return Spec{}, err
	}
	return made(s.DType, append([]int{len(in)}, s.Shape...))
}

// Run implements Kernel.
func (Stack) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, stack[float32], stack[float64])(c, out, in)
}

func stack[T Float](c *Ctx, out *Value, in []*Value) error {
	y := Elems[T](out)
	for _, v := range in {
		y = y[copy(y, Elems[T](v)):]
	}
	return c.err()
}

// Grad implements Differentiable.
func (Stack) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	for i := range in {
		g.to(i, func() *Node { return g.op(Row{i}, dout) })
	}
	return g.done()
}
