package ops

import (
	"graft/stdlib/internal/kern"
)

// MatMul multiplies a [rows, k] by b [k, columns], of which either may be
// given transposed.
type MatMul struct{ TransposeA, TransposeB bool }

// Name implements Kernel.
func (MatMul) Name() string { return "MatMul" }

// Infer implements Kernel.
func (k MatMul) Infer(in []Spec) (Spec, error) {
	if err := inputs(in, "a", "b"); err != nil {
		return Spec{}, err
	}
	if err := rank("a", in[0], 2, "rows, columns"); err != nil {
		return Spec{}, err
	}
	if err := rank("b", in[1], 2, "rows, columns"); err != nil {
		return Spec{}, err
	}
	if err := float(in...); err != nil {
		return Spec{}, err
	}
	a, b := flip(in[0].Shape, k.TransposeA), flip(in[1].Shape, k.TransposeB)
	if _, err := merge("the axis that a and b are summed over", a[1], b[0]); err != nil {
		return Spec{}, err
	}
	return made(in[0].DType, []int{a[0], b[1]})
}

func flip(shape []int, t bool) [2]int {
	if t {
		return [2]int{shape[1], shape[0]}
	}
	return [2]int{shape[0], shape[1]}
}

// Grad implements Differentiable.
func (k MatMul) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	g := gradients(b, want)
	g.to(0, func() *Node {
		if k.TransposeA {
			return g.op(MatMul{TransposeA: k.TransposeB, TransposeB: true}, in[1], dout)
		}
		return g.op(MatMul{TransposeB: !k.TransposeB}, dout, in[1])
	})
	g.to(1, func() *Node {
		if k.TransposeB {
			return g.op(MatMul{TransposeA: true, TransposeB: k.TransposeA}, dout, in[0])
		}
		return g.op(MatMul{TransposeA: !k.TransposeA}, in[0], dout)
	})
	return g.done()
}

// Run implements Kernel.
func (k MatMul) Run(c *Ctx, out *Value, in []*Value) error {
	return pick(out.DType, matMul[float32], matMul[float64])(c, k, out, in)
}

// gemm is one multiplication of matrices: sizes and how a is stored.
type gemm struct{ m, n, k, row, step int }

func matMul[T Float](c *Ctx, k MatMul, out *Value, in []*Value) error {
	a, b := flip(in[0].Shape, k.TransposeA), flip(in[1].Shape, k.TransposeB)
	g := gemm{m: a[0], n: b[1], k: a[1], row: a[1], step: 1}
	if k.TransposeA {
		g.row, g.step = 1, a[0]
	}
	dst := Elems[T](out)
	if len(dst) == 0 {
		return nil
	}
	if g.k == 0 {
		clear(dst)
		return nil
	}
	m := matrix[T]{b: Elems[T](in[1]), rows: g.k, cols: g.n}
	if k.TransposeB {
		m.turned = g.k
	}
	return multiply(c, g, dst, Elems[T](in[0]), m)
}

func multiply[T Float](c *Ctx, g gemm, dst, a []T, m matrix[T]) error {
	s := kern.Use[T]()
	tiles := (g.m + s.Rows - 1) / s.Rows
	b, err := m.pack(c, s, tiles)
	if err != nil {
		return err
	}
	block := min(tiles, max(1, 1<<22/max(1, s.Rows*g.k*b.width)))
	blocks := (tiles + block - 1) / block
	return c.For(blocks*b.panels, func(part int) {
		panel, from := part/blocks, part%blocks*block
		multiplyPart(s, g, dst, a, &b, panel, from*s.Rows, min(g.m, (from+block)*s.Rows))
	})
}

// sumBlock is the k of one pass over a tile: so much of a panel stays in a
// near cache.
const sumBlock = 2048

func multiplyPart[T Float](s *kern.Set[T], g gemm, dst, a []T, b *packed[T], panel, from, to int) {
	bb, cols := b.panel(panel)
	var rows kern.Rows
	seg := make([]kern.Seg, 1)
	for k := 0; k < g.k; k += sumBlock {
		seg[0] = kern.Seg{A: k * g.step, B: k, K: min(sumBlock, g.k-k)}
		for r := from; r < to; r += s.Rows {
			rows.N = min(s.Rows, to-r)
			for i := range rows.N {
				rows.A[i], rows.C[i] = (r+i)*g.row, (r+i)*g.n+panel*b.width
			}
			s.Tile(dst, a, &rows, g.step, seg, bb, b.ld, cols, k > 0)
		}
	}
}
