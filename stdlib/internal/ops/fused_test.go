package ops

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"graft/stdlib/internal/kern"
	"graft/stdlib/internal/par"
)

// TestFused wants of each fused kernel what the kernels apart give, to the
// bit: what is fused may depend on what else is fetched.
func TestFused(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for i := range 60 {
		k, xs, fs := randomConv(r)
		xs[3], fs[2] = 1+r.IntN(20), 0
		fs[2] = xs[3]
		fs[3] = 1 + r.IntN(70)
		e := Ending{i&1 == 1, i&2 == 2, []Unary{"", Relu, Relu6}[i%3]}
		wide := fs[3]
		var fused, plain Kernel = FusedConv2D{k, e}, k
		if i%5 == 4 {
			fs[3] = 1 + r.IntN(2)
			wide = xs[3] * fs[3]
			fused, plain = FusedDepthwiseConv2D{DepthwiseConv2D(k), e}, DepthwiseConv2D(k)
		}
		if i%5 == 3 {
			xs, fs, wide = []int{1 + r.IntN(20), 1 + r.IntN(5000)}, nil, 1+r.IntN(40)
			fs = []int{xs[1], wide}
			fused, plain = FusedMatMul{MatMul{}, e}, MatMul{}
		}
		t.Run(fmt.Sprint(i, fused.Name()), func(t *testing.T) {
			n := newNet(t)
			x, f := n.leaf(as32(normal(r, xs...))), n.leaf(as32(normal(r, fs...)))
			y := n.op(plain, x, f)
			s, err := SpecOf(y)
			if err != nil {
				t.Fatal(err)
			}
			in := []*Node{x, f}
			bias, residual := n.leaf(as32(normal(r, wide))), n.leaf(as32(normal(r, s.Shape...)))
			if e.Bias {
				in, y = append(in, bias), n.op(BiasAdd{}, y, bias)
			}
			if e.Residual {
				in, y = append(in, residual), n.op(Add, y, residual)
			}
			if e.Activation != "" {
				y = n.op(e.Activation, y)
			}
			got, err := n.run(n.op(fused, in...), y)
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(got[0], got[1], 0); d != "" {
				t.Error(d)
			}
			if _, ok := fused.(Differentiable); ok {
				t.Error("claims to have a gradient")
			}
		})
	}
}

// TestSingleRow wants of a batch of one what a batch of more gives for it, to
// the last bit: a single row is multiplied in another way.
func TestSingleRow(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 4))
	for i, wide := range []int{16, 384, 1008, 1000, 96, 2 * 384} {
		k := 1 + r.IntN(1200)
		n := newNet(t)
		n.pool = par.New(1 + i%2)
		e := Ending{Bias: i%2 == 0, Activation: []Unary{"", Relu, Relu6}[i%3]}
		rows, f, bias := as32(normal(r, 7, k)), as32(normal(r, k, wide)), as32(normal(r, wide))
		one := f32(rows.F32[:k:k], 1, k)
		in := []*Node{n.leaf(rows), n.leaf(f), n.leaf(bias)}
		if !e.Bias {
			in = in[:2]
		}
		got, err := n.run(n.op(FusedMatMul{MatMul{}, e}, in...), n.op(FusedMatMul{MatMul{}, e}, append([]*Node{n.leaf(one)}, in[1:]...)...))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got[0].F32[:wide], got[1].F32) {
			t.Errorf("%d columns, sums of %d, %+v: one row is not as among others", wide, k, e)
		}
	}
}

// TestMemo wants packed filters to be kept until they are cleared, and the
// same result with and without.
func TestMemo(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	x, f := as32(normal(r, 2, 9, 9, 16)), as32(normal(r, 3, 3, 16, 130))
	c := &Ctx{Context: context.Background(), Pool: par.New(1)}
	run := func() *Value {
		t.Helper()
		k := Conv2D{}
		s, err := k.Infer([]Spec{x.Spec(), f.Spec()})
		if err != nil {
			t.Fatal(err)
		}
		out, err := NewValue(s)
		if err != nil {
			t.Fatal(err)
		}
		c.Begin(1)
		if err := k.Run(c, out, []*Value{x, f}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	without := run()
	f.Memo = new(Memo)
	for range 2 {
		if d := distance(run(), without, 0); d != "" {
			t.Error(d)
		}
	}
	if got, least := f.Memo.Bytes(), 4*len(f.F32); got < least || got > 2*least {
		t.Errorf("keeps %d bytes for a filter of %d", got, least)
	}
	f.F32[0]++
	f.Memo.Clear()
	if f.Memo.Bytes() != 0 {
		t.Error("keeps something after Clear")
	}
	if distance(run(), without, 0) == "" {
		t.Error("an old filter was used")
	}
}

// TestWinograd compares with Conv2D, in float64 to rounding, in float32 to
// what the transforms lose.
func TestWinograd(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 5))
	for i := range 60 {
		x := []int{1 + r.IntN(2), 1 + r.IntN(19), 1 + r.IntN(19), 1 + r.IntN(40)}
		f := []int{3, 3, x[3], 1 + r.IntN(80)}
		k := WinogradConv2D{Tile: kern.Winograd(i / 6 % 2), Ending: Ending{Bias: i&1 == 1, Activation: []Unary{"", Relu, Relu6}[i%3]}}
		switch r.IntN(3) {
		case 0:
			k.Padding, x[1], x[2] = Valid, x[1]+2, x[2]+2
		case 1:
			k.Padding, k.Pads = Explicit, [4]int{r.IntN(3), 2, 1, 1 + r.IntN(2)}
		}
		for _, narrow := range []bool{false, true} {
			n := newNet(t)
			in := []*Value{normal(r, x...), normal(r, f...), normal(r, f[3])}
			tol := 1e-12
			if narrow {
				tol = map[kern.Winograd]float64{kern.F4x4: 5e-5, kern.F2x2: 5e-6}[k.Tile]
				for i := range in {
					in[i] = as32(in[i])
				}
			}
			in[1].Memo = new(Memo)
			nodes := []*Node{n.leaf(in[0]), n.leaf(in[1]), n.leaf(in[2])}
			if !k.Bias {
				nodes = nodes[:2]
			}
			got, err := n.run(n.op(k, nodes...), n.op(FusedConv2D{k.conv(), k.Ending}, nodes...))
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(got[0], got[1], tol); d != "" {
				t.Errorf("%d: x %v, filter %v, %+v: %s", i, x, f, k, d)
			}
		}
	}
}
