package ops

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/par"
)

// gradCase is a kernel, what it is applied to, and which of these inputs have
// a gradient to check; nil: all floats.
type gradCase struct {
	k  Kernel
	in []*Value
	to []int
}

func ints64(shape []int, x ...int64) *Value {
	return &Value{DType: tensors.Int64, Shape: shape, I64: x}
}

// positive is normal, away from 0 on the positive side.
func positiveValue(r *rand.Rand, shape ...int) *Value {
	v := normal(r, shape...)
	for i := range v.F64 {
		v.F64[i] = math.Abs(v.F64[i]) + 0.3
	}
	return v
}

// odd returns random sizes, as windows, strides and images have them.
func randomConv(r *rand.Rand) (Conv2D, []int, []int) {
	for {
		k := Conv2D{Strides: [2]int{1 + r.IntN(3), 1 + r.IntN(3)}, Dilations: [2]int{1 + r.IntN(2), 1 + r.IntN(2)}}
		switch r.IntN(3) {
		case 0:
			k.Padding = Valid
		case 1:
			k.Padding, k.Pads = Explicit, [4]int{r.IntN(3), r.IntN(3), r.IntN(3), r.IntN(3)}
		}
		x := []int{1 + r.IntN(2), 1 + r.IntN(7), 1 + r.IntN(7), 1 + r.IntN(5)}
		f := []int{1 + r.IntN(4), 1 + r.IntN(4), x[3], 1 + r.IntN(6)}
		if _, err := k.Infer([]Spec{{tensors.Float64, x}, {tensors.Float64, f}}); err == nil {
			return k, x, f
		}
	}
}

func convCases(r *rand.Rand) (cases []gradCase) {
	for range 25 {
		k, x, f := randomConv(r)
		s, _ := k.Infer([]Spec{{tensors.Float64, x}, {tensors.Float64, f}})
		dy := normal(r, s.Shape...)
		cases = append(cases,
			gradCase{k: k, in: []*Value{normal(r, x...), normal(r, f...)}},
			gradCase{k: Conv2DBackpropInput(k), in: []*Value{normal(r, x...), normal(r, f...), dy}, to: []int{1, 2}},
			gradCase{k: Conv2DBackpropFilter(k), in: []*Value{normal(r, x...), normal(r, f...), dy}, to: []int{0, 2}},
			gradCase{k: DepthwiseConv2D(k), in: []*Value{normal(r, x...), normal(r, f[0], f[1], f[2], 1+r.IntN(3))}},
		)
		pool := MaxPool{KSize: [2]int{f[0], f[1]}, Strides: k.Strides}
		cases = append(cases, gradCase{k: pool, in: []*Value{normal(r, x...)}}, gradCase{k: AvgPool(pool), in: []*Value{normal(r, x...)}})
		all := []int{x[0], f[0], f[1], x[3]}
		cases = append(cases, gradCase{k: Conv2D{Padding: Valid}, in: []*Value{normal(r, all...), normal(r, f...)}}) // the filter covers the image
		t := Conv2DTranspose{Conv2D: Conv2D{Strides: k.Strides}}
		cases = append(cases, gradCase{k: t, in: []*Value{normal(r, x...), normal(r, f[0], f[1], f[3], f[2])}})
	}
	return cases
}

func elementCases(r *rand.Rand) (cases []gradCase) {
	for _, row := range unaries {
		if row.d != nil {
			x := normal(r, 3, 5)
			if row.name == Log || row.name == Log1p || row.name == Sqrt || row.name == Rsqrt || row.name == Reciprocal {
				x = positiveValue(r, 3, 5)
			}
			cases = append(cases, gradCase{k: row.name, in: []*Value{x}})
		}
	}
	shapes := [][2][]int{{{3, 4}, {3, 4}}, {{3, 4}, {4}}, {{}, {2, 3}}, {{2, 1, 3}, {4, 1}}, {{5, 1}, {1, 4}}, {{2, 3}, {1, 1}}}
	for _, row := range binaries {
		for _, s := range shapes {
			cases = append(cases, gradCase{k: row.name, in: []*Value{positiveValue(r, s[0]...), positiveValue(r, s[1]...)}})
		}
	}
	x := normal(r, 2, 3, 4)
	for _, op := range []Reducer{Sum, Mean, Max, Min, Prod} {
		for _, axes := range []Axes{AllAxes, 0, 1, 2, 4, 3, 5, 6} {
			cases = append(cases, gradCase{k: Reduce{op, axes, axes%2 == 0}, in: []*Value{x}})
		}
	}
	return append(cases,
		gradCase{k: LeakyRelu{0.1}, in: []*Value{x}},
		gradCase{k: Affine{-1.5, 2}, in: []*Value{x}},
		gradCase{k: AddN{}, in: []*Value{normal(r, 3), normal(r, 3), normal(r, 3)}},
		gradCase{k: SumTo{}, in: []*Value{x, normal(r, 3, 1)}, to: []int{0}},
		gradCase{k: BroadcastLike{}, in: []*Value{normal(r, 3, 1), x}, to: []int{0}},
		gradCase{k: Spread{Axes: 2, Mean: true}, in: []*Value{normal(r, 2, 4), x}, to: []int{0}},
		gradCase{k: L2Loss{}, in: []*Value{x}},
		gradCase{k: LRN{1, 1.5, 0.3, 0.75}, in: []*Value{x}},
		gradCase{k: LRN{5, 1, 1, 0.5}, in: []*Value{x}},
		gradCase{k: Softmax{}, in: []*Value{x}},
		gradCase{k: LogSoftmax{}, in: []*Value{x}},
		gradCase{k: SparseSoftmaxCrossEntropyWithLogits{}, in: []*Value{normal(r, 3, 5), ints64([]int{3}, 4, 0, 2)}},
		gradCase{k: SigmoidCrossEntropyWithLogits{}, in: []*Value{x, normal(r, 2, 3, 4)}},
		gradCase{k: Cast{tensors.Float64}, in: []*Value{x}},
		gradCase{k: Select{}, in: []*Value{{DType: tensors.Bool, Shape: []int{3}, Bool: []bool{true, false, true}}, normal(r, 3), normal(r, 3)}},
	)
}

func matrixCases(r *rand.Rand) (cases []gradCase) {
	for i := range 12 {
		m, k, n := 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(11)
		mul := MatMul{i&1 == 1, i&2 == 2}
		a, b := []int{m, k}, []int{k, n}
		if mul.TransposeA {
			a[0], a[1] = a[1], a[0]
		}
		if mul.TransposeB {
			b[0], b[1] = b[1], b[0]
		}
		cases = append(cases, gradCase{k: mul, in: []*Value{normal(r, a...), normal(r, b...)}})
	}
	for _, shape := range [][]int{{7, 3}, {2, 3, 2, 4}} {
		c := shape[len(shape)-1]
		for i := range 4 {
			bn := BatchNorm{0.01, i&1 == 1, i&2 == 2}
			in := []*Value{normal(r, shape...), normal(r, c), positiveValue(r, c)}
			for range i&1 + i>>1 {
				in = append(in, normal(r, c))
			}
			cases = append(cases, gradCase{k: bn, in: in})
		}
		cases = append(cases,
			gradCase{k: Moments{}, in: []*Value{normal(r, shape...)}},
			gradCase{k: BiasAdd{}, in: []*Value{normal(r, shape...), normal(r, c)}},
		)
	}
	x := normal(r, 2, 3, 4)
	return append(cases,
		gradCase{k: Row{1}, in: []*Value{x}},
		gradCase{k: Stack{}, in: []*Value{normal(r, 3), normal(r, 3)}},
		gradCase{k: Concat{1}, in: []*Value{x, normal(r, 2, 1, 4), normal(r, 2, 2, 4)}},
		gradCase{k: Concat{-1}, in: []*Value{x, normal(r, 2, 3, 1)}},
		gradCase{k: Slice{List(0, 1, 2), List(-1, 2, -1)}, in: []*Value{x}},
		gradCase{k: StridedSlice{List(1, 0, 3), List(0, 0, 0), List(-1, 2, -2), 0b10, 0b111}, in: []*Value{x}},
		gradCase{k: Tile{List(2, 1, 3)}, in: []*Value{x}},
		gradCase{k: Pad{Paddings: List(0, 0, 1, 2, 3, 0), Value: 2}, in: []*Value{x}},
		gradCase{k: Pad{Paddings: List(0, 1, 2, 2, 3, 0), Mode: Reflect}, in: []*Value{x}},
		gradCase{k: Pad{Paddings: List(0, 1, 2, 3, 4, 0), Mode: Symmetric}, in: []*Value{x}},
		gradCase{k: Transpose{List(2, 0, 1)}, in: []*Value{x}},
		gradCase{k: Reshape{Shape: List(3, -1)}, in: []*Value{x}},
		gradCase{k: Flatten{}, in: []*Value{x}},
		gradCase{k: ExpandDims{Axis: -1}, in: []*Value{x}},
		gradCase{k: Squeeze{}, in: []*Value{normal(r, 1, 3, 1)}},
		gradCase{k: Identity{}, in: []*Value{x}},
		gradCase{k: Gather{}, in: []*Value{x, ints64([]int{3}, 1, 0, 1)}},
		gradCase{k: TopK{2}, in: []*Value{x}},
		gradCase{k: Resize{Method: Bilinear, Size: [2]int{5, 2}}, in: []*Value{normal(r, 1, 3, 4, 2)}},
		gradCase{k: Resize{Method: Nearest, Size: [2]int{5, 2}, HalfPixel: true}, in: []*Value{normal(r, 1, 3, 4, 2)}},
		gradCase{k: Resize{Method: Bicubic, Size: [2]int{5, 2}, AlignCorners: true}, in: []*Value{normal(r, 2, 3, 4, 2)}},
		gradCase{k: Resize{Method: Area, Size: [2]int{2, 7}}, in: []*Value{normal(r, 1, 3, 4, 2)}},
	)
}

func allGradCases() []gradCase {
	r := rand.New(rand.NewPCG(1, 2))
	return append(append(convCases(r), elementCases(r)...), matrixCases(r)...)
}

// TestGradients compares every gradient with central differences, in float64.
func TestGradients(t *testing.T) {
	for i, c := range allGradCases() {
		t.Run(fmt.Sprintf("%d %s", i, c.k.Name()), func(t *testing.T) {
			n := newNet(t)
			var in []*Node
			for _, v := range c.in {
				in = append(in, n.leaf(v))
			}
			checkGradients(t, n, n.op(c.k, in...), in, c.to)
		})
	}
}

// TestGradientThroughMoments checks FusedBatchNorm, whose gradient includes
// that of the moments, and cross entropy over labels that x does not change.
func TestGradientThroughMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 4 {
		n := newNet(t)
		k := FusedBatchNorm{0.01, i&1 == 1, i&2 == 2}
		x := n.leaf(normal(r, 3, 2, 2, 3))
		in := []*Node{x}
		for range i&1 + i>>1 {
			in = append(in, n.leaf(normal(r, 3)))
		}
		y := n.op(k, append([]*Node{x, n.op(Moments{}, x)}, in[1:]...)...)
		checkGradients(t, n, y, in, nil)
	}
	n := newNet(t)
	x, z := n.leaf(normal(r, 3, 4)), n.leaf(normal(r, 3, 4))
	checkGradients(t, n, n.op(SoftmaxCrossEntropyWithLogits{}, x, n.op(Softmax{}, z)), []*Node{x, z}, nil)
}

func checkGradients(t *testing.T, n *net, y *Node, in []*Node, to []int) {
	t.Helper()
	if to == nil {
		for i, x := range in {
			if n.leaves[x].DType == tensors.Float64 {
				to = append(to, i)
			}
		}
	}
	out, err := n.run(y)
	if err != nil {
		t.Fatal(err)
	}
	r := normal(rand.New(rand.NewPCG(3, 4)), out[0].Shape...)
	var wanted []*Node
	for _, i := range to {
		wanted = append(wanted, in[i])
	}
	loss := func() float64 {
		out, err := n.run(y)
		if err != nil {
			t.Fatal(err)
		}
		s := 0.0
		for i, v := range out[0].F64 {
			s += v * r.F64[i]
		}
		return s
	}
	for j, d := range n.grad(y, n.leaf(r), wanted...) {
		if d == nil {
			t.Errorf("no gradient with respect to input %d", to[j])
			continue
		}
		got, err := n.run(d)
		if err != nil {
			t.Fatal(err)
		}
		want := differences(n.leaves[wanted[j]], loss)
		if diff := distance(got[0], want, 1e-6); diff != "" {
			t.Errorf("with respect to input %d: %s", to[j], diff)
		}
	}
}

// differences is the gradient of loss with respect to x, each element moved
// by h either way; what is lost is of the order h² and ε/h.
func differences(x *Value, loss func() float64) *Value {
	const h = 1e-5
	d := f64(make([]float64, len(x.F64)), x.Shape...)
	for i, v := range x.F64 {
		x.F64[i] = v + h
		up := loss()
		x.F64[i] = v - h
		d.F64[i] = (up - loss()) / (2 * h)
		x.F64[i] = v
	}
	return d
}

// TestPrecisions runs every kernel of the gradient cases, and its gradients,
// in float32 against float64.
func TestPrecisions(t *testing.T) {
	for i, c := range allGradCases() {
		wide, narrow := newNet(t), newNet(t)
		var results [2][]*Value
		for which, n := range []*net{wide, narrow} {
			k := c.k
			var in, to []*Node
			for _, v := range c.in {
				if which == 1 && v.DType == tensors.Float64 {
					v = as32(v)
				}
				in = append(in, n.leaf(v))
				if v.DType == tensors.Float32 || v.DType == tensors.Float64 {
					to = append(to, in[len(in)-1])
				}
			}
			if k == (Cast{tensors.Float64}) {
				continue
			}
			y := n.op(k, in...)
			out, err := n.run(y)
			if err != nil {
				t.Fatal(err)
			}
			r := normal(rand.New(rand.NewPCG(3, 4)), out[0].Shape...)
			if which == 1 {
				r = as32(r)
			}
			for _, d := range n.grad(y, n.leaf(r), to...) {
				if d == nil {
					continue
				}
				g, err := n.run(d)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, g[0])
			}
			results[which] = out
		}
		for j := range results[0] {
			if d := distance(results[1][j], results[0][j], 2e-5); d != "" {
				t.Errorf("%d %s: result %d: %s", i, c.k.Name(), j, d)
			}
		}
	}
}

// TestWorkers runs kernels over sizes that are cut into parts, on one worker
// and on three, and wants the same bits.
func TestWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	image := as32(normal(r, 3, 37, 41, 19))
	dw := DepthwiseConv2D{Strides: [2]int{2, 1}}
	for _, c := range []gradCase{
		{k: Conv2D{Strides: [2]int{2, 1}}, in: []*Value{image, as32(normal(r, 3, 3, 19, 70))}},
		{k: Conv2D{}, in: []*Value{image, as32(normal(r, 1, 1, 19, 33))}},
		{k: dw, in: []*Value{image, as32(normal(r, 3, 3, 19, 1))}},
		{k: MaxPool{KSize: [2]int{3, 3}, Strides: [2]int{2, 2}}, in: []*Value{image}},
		{k: AvgPool{KSize: [2]int{3, 3}, Strides: [2]int{2, 2}}, in: []*Value{image}},
		{k: BiasAdd{}, in: []*Value{image, as32(normal(r, 19))}},
		{k: Moments{}, in: []*Value{image}},
		{k: L2Loss{}, in: []*Value{image}},
		{k: Reduce{Op: Mean, Axes: 6}, in: []*Value{image}},
		{k: Mul, in: []*Value{image, as32(normal(r, 41, 1))}},
		{k: DropoutMask{0.6}, in: []*Value{image}},
		{k: Softmax{}, in: []*Value{image}},
		{k: MatMul{}, in: []*Value{as32(normal(r, 130, 300)), as32(normal(r, 300, 190))}},
	} {
		var one []*Value
		for _, workers := range []int{1, 3} {
			n := newNet(t)
			n.pool, n.seed = par.New(workers), 9
			var in []*Node
			for _, v := range c.in {
				in = append(in, n.leaf(v))
			}
			y := n.op(c.k, in...)
			got, err := n.run(y)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := c.k.(Differentiable); ok {
				dy := as32(normal(rand.New(rand.NewPCG(1, 1)), got[0].Shape...))
				for _, d := range n.grad(y, n.leaf(dy), in...) {
					if d != nil {
						g, err := n.run(d)
						if err != nil {
							t.Fatal(err)
						}
						got = append(got, g[0])
					}
				}
			}
			if workers == 1 {
				one = got
				continue
			}
			for i := range one {
				for j, v := range one[i].F32 {
					if math.Float32bits(v) != math.Float32bits(got[i].F32[j]) {
						t.Fatalf("%s: result %d, element %d is %v with one worker, %v with %d", c.k.Name(), i, j, v, got[i].F32[j], workers)
					}
				}
			}
		}
	}
}

// TestCancel wants kernels to end with the context's error.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for i, c := range allGradCases() {
		var specs []Spec
		for _, v := range c.in {
			specs = append(specs, v.Spec())
		}
		s, err := c.k.Infer(specs)
		if err != nil {
			t.Fatal(err)
		}
		out, err := NewValue(s)
		if err != nil {
			t.Fatal(err)
		}
		run := &Ctx{Context: ctx, Pool: par.New(1)}
		if err := c.k.Run(run, out, c.in); err != context.Canceled {
			t.Errorf("%d %s: %v", i, c.k.Name(), err)
		}
	}
}
