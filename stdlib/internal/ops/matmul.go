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
	return matMulEnding(c, k, out, in, kern.End[T]{})
}

func matMulEnding[T Float](c *Ctx, k MatMul, out *Value, in []*Value, end kern.End[T]) error {
	a, b := flip(in[0].Shape, k.TransposeA), flip(in[1].Shape, k.TransposeB)
	g := gemm{m: a[0], n: b[1], k: a[1], row: a[1], step: 1}
	if k.TransposeA {
		g.row, g.step = 1, a[0]
	}
	dst := Elems[T](out)
	if len(dst) == 0 {
		return nil
	}
	if k.TransposeB && 4*g.m < g.n && !end.Residual && end.Bias == nil && !end.Clamp {
		return multiplyTurned(c, g, k.TransposeA, dst, in)
	}
	m := matrix[T]{b: Elems[T](in[1]), rows: g.k, cols: g.n}
	if k.TransposeB {
		m.turned = g.k
	}
	if !end.Residual || g.k <= sumBlock {
		return multiply(c, g, dst, Elems[T](in[0]), m, in[1].Memo, end)
	}
	// The parts of the sum need the place where the residual is.
	sums := scratch[T](c, len(dst))
	if err := multiply(c, g, sums, Elems[T](in[0]), m, in[1].Memo, kern.End[T]{Bias: end.Bias}); err != nil {
		return err
	}
	end.Bias = nil
	return c.Ranges(len(dst), elementGrain, func(from, to int) { kern.Store(dst[from:to], sums[from:to], end) })
}

func multiply[T Float](c *Ctx, g gemm, dst, a []T, m matrix[T], memo *Memo, end kern.End[T]) error {
	s := kern.Use[T]()
	if g.m == 1 && m.turned == 0 && s.Wide > 0 && g.n >= s.Wide && g.n%s.Quantum == 0 && !end.Residual && g.k > 0 {
		return multiplyRow(c, s, g, dst, a, m, end)
	}
	b, err := m.pack(c, s, g.m, memo)
	if err != nil {
		return err
	}
	most := partsFor(c, len(b.panels)) // no more blocks than workers need: each reads a whole panel
	block := max(1, blockWork/max(1, g.k), min(8*blockWork/max(1, g.k), g.m/most))
	block = (block + s.Rows - 1) / s.Rows * s.Rows
	blocks := (g.m + block - 1) / block
	return c.For(blocks*len(b.panels), func(part int) {
		from := part % blocks * block
		multiplyPart(c, s, g, dst, a, b.b, b.panels[part/blocks], b.ahead(part/blocks), from, min(g.m, from+block), end)
	})
}

// multiplyRow multiplies a single row by a matrix as it is stored: wide pieces
// of its rows, and the columns that are left over.
func multiplyRow[T Float](c *Ctx, s *kern.Set[T], g gemm, dst, a []T, m matrix[T], end kern.End[T]) error {
	pieces := g.n / s.Wide
	rest, _ := s.Panels(m.rows, g.n-pieces*s.Wide)
	return c.For(pieces+len(rest), func(part int) {
		if part >= pieces {
			panel := rest[part-pieces]
			panel.First += pieces * s.Wide
			panel.At, panel.Ld = panel.First, m.cols
			multiplyPart(c, s, g, dst, a, m.b, panel, 0, 0, 1, end)
			return
		}
		first := part * s.Wide
		sums := dst[first : first+s.Wide]
		for k := 0; k < g.k && c.err() == nil; k += sumBlock {
			s.Row(sums, a[k*g.step:], g.step, m.b[k*m.cols+first:], m.cols, min(sumBlock, g.k-k), k > 0)
		}
		kern.Store(sums, sums, end.From(first))
	})
}

// multiplyTurned computes a·bᵀ as (b·aᵀ)ᵀ, for an a of few rows: to transpose
// it and the product is less work than to transpose b.
func multiplyTurned[T Float](c *Ctx, g gemm, turnedA bool, dst []T, in []*Value) error {
	m := matrix[T]{b: Elems[T](in[0]), rows: g.k, cols: g.m, turned: g.k}
	if turnedA {
		m.turned = 0
	}
	out := scratch[T](c, g.m*g.n)
	back := gemm{m: g.n, n: g.m, k: g.k, row: g.k, step: 1}
	if err := multiply(c, back, out, Elems[T](in[1]), m, nil, kern.End[T]{}); err != nil {
		return err
	}
	return c.Ranges(g.n, max(8, elementGrain/g.m&^7), func(from, to int) {
		kern.Transpose(dst[from:], g.n, out[from*g.m:], g.m, g.m, to-from)
	})
}

// sumBlock is the k of one pass over rows: so much of a panel stays in a near
// cache, even if its rows are far apart.
const sumBlock = 512

func multiplyPart[T Float](c *Ctx, s *kern.Set[T], g gemm, dst, a, b []T, panel kern.Panel, next, from, to int, end kern.End[T]) {
	rows := c.lend(to - from)
	defer c.giveBack(rows)
	for i := range rows.A {
		rows.A[i], rows.C[i] = (from+i)*g.row, (from+i)*g.n
	}
	for k := 0; c.err() == nil; k += sumBlock {
		var segs []kern.Seg
		if k < g.k {
			segs = []kern.Seg{{A: k * g.step, B: k, K: min(sumBlock, g.k-k)}}
		}
		var now kern.End[T]
		ahead, last := sumBlock*panel.Ld, k+sumBlock >= g.k
		if last {
			ahead = 0
			if next != 0 {
				ahead = next - k*panel.Ld
			}
		}
		if last {
			now = end.Of(panel)
		}
		now.Add = k > 0
		s.Tiles(dst[panel.First:], a, *rows, g.step, segs, b[panel.At:], panel.Ld, panel.Cols, ahead, now)
		if last {
			return
		}
	}
}
