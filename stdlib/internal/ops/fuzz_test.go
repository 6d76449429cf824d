package ops

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/kern"
	"graft/stdlib/internal/par"
)

// anyKernel makes a kernel with attributes that are mostly sensible.
func anyKernel(r *rand.Rand) Kernel {
	n := func() int { return []int{-7, -1, 0, 1, 1, 1, 2, 2, 3, 4, 5, 1 << 40}[r.IntN(12)] }
	list := func() Ints {
		l := make([]int, r.IntN(9))
		for i := range l {
			l[i] = n()
		}
		return List(l...)
	}
	conv := Conv2D{[2]int{n(), n()}, [2]int{n(), n()}, []Padding{Same, Valid, Explicit, "", "x"}[r.IntN(5)], [4]int{}}
	if r.IntN(3) == 0 {
		conv.Pads = [4]int{n(), n(), n(), n()}
	}
	pool := MaxPool{[2]int{n(), n()}, [2]int{n(), n()}, conv.Padding}
	axes := []Axes{0, 1, 2, 6, 9, AllAxes, 1 << 60}[r.IntN(7)]
	reduce := Reduce{[]Reducer{Sum, Mean, Max, Min, Prod, "x"}[r.IntN(6)], axes, r.IntN(2) == 0}
	bn := BatchNorm{1e-3, r.IntN(2) == 0, r.IntN(2) == 0}
	resize := Resize{[]Method{Bilinear, Nearest, Bicubic, Area, "x"}[r.IntN(5)], [2]int{n(), n()}, r.IntN(2) == 0, r.IntN(2) == 0}
	pad := Pad{list(), []PadMode{Constant, Reflect, Symmetric, "x"}[r.IntN(4)], 1}
	slice, tile := Slice{list(), list()}, Tile{list()}
	strided := StridedSlice{list(), list(), list(), axes, axes}
	lrn := LRN{n(), 1, 1, 0.5}
	unary := append(append([]unaryRow{}, unaries...), unaryRow{name: "x"})[r.IntN(len(unaries)+1)].name
	pair := append(append([]binaryRow{}, binaries...), binaryRow{name: "x"})[r.IntN(len(binaries)+1)].name
	dtype := tensors.DType(r.IntN(12))
	all := []Kernel{
		conv, Conv2DBackpropInput(conv), Conv2DBackpropFilter(conv), Conv2DTranspose{conv, [2]int{n(), n()}},
		DepthwiseConv2D(conv), DepthwiseConv2DBackpropInput(conv), DepthwiseConv2DBackpropFilter(conv),
		pool, AvgPool(pool), MaxPoolGrad(pool), AvgPoolGrad(pool), BiasAdd{}, BiasAddGrad{}, MatMul{r.IntN(2) == 0, r.IntN(2) == 0},
		unary, UnaryGrad{unary}, pair, pair, SelectGrad{pair, r.IntN(3)}, PowGrad{r.IntN(3)}, SumTo{}, BroadcastLike{}, Affine{2, 1}, AddN{},
		reduce, ReduceGrad(reduce), Spread{axes, true}, Moments{}, MomentsGrad{}, bn, BatchNormGrad(bn), FusedBatchNorm(bn), FusedBatchNormGrad(bn),
		BatchNormSums{1e-3}, Unbias{}, Softmax{}, LogSoftmax{}, SoftmaxGrad{}, SparseSoftmaxCrossEntropyWithLogits{}, SparseSoftmaxCrossEntropyGrad{},
		SoftmaxCrossEntropyWithLogits{}, SoftmaxCrossEntropyGrad{r.IntN(3)}, SigmoidCrossEntropyWithLogits{}, SigmoidCrossEntropyGrad{}, L2Loss{},
		Reshape{Shape: list()}, Reshape{Shape: "x"}, ReshapeLike{}, Squeeze{Axes: axes}, ExpandDims{Axis: n()}, Flatten{}, Identity{}, StopGradient{}, FillLike{1},
		Row{n()}, RowGrad{n()}, Stack{}, slice, LinkGrad{slice}, strided, LinkGrad{strided}, tile, LinkGrad{tile}, pad, LinkGrad{pad}, Concat{n()}, ConcatGrad{n(), n()},
		Transpose{list()}, Cast{dtype}, []Compare{Equal, Less, "x"}[r.IntN(3)], Select{}, OneHot{n(), 1, 0, dtype}, ArgMax{n()}, InTopK{n()}, TopK{n()}, TopKIndices{n()}, TopKGrad{},
		Gather{}, GatherGrad{}, DropoutMask{0.5}, DropoutMask{float64(n())}, lrn, LRNGrad(lrn), LeakyRelu{0.1}, LeakyReluGrad{0.1}, resize, ResizeGrad(resize),
		Assign{}, AssignAdd{}, AssignSub{}, AssignMovingAverage{}, ApplyGradientDescent{}, ApplyMomentum{}, ApplyAdagrad{}, ApplyAdam{}, ApplyRMSProp{},
		ApplyCenteredRMSProp{}, ApplyAdadelta{}, ApplyFtrl{}, ApplyFtrl{Power: 1}, ApplyProximalGradientDescent{}, ApplyProximalAdagrad{}, ApplyAdagradDA{},
	}
	end := Ending{r.IntN(2) == 0, r.IntN(2) == 0, []Unary{"", Relu, Relu6, Exp}[r.IntN(4)]}
	all = append(all, FusedConv2D{conv, end}, FusedDepthwiseConv2D{DepthwiseConv2D(conv), end}, FusedMatMul{MatMul{}, end}, WinogradConv2D{kern.Winograd(r.IntN(2)), conv.Padding, conv.Pads, end},
		FusedExpandDepthwiseConv2D{FusedConv2D{Conv2D{}, Ending{Bias: end.Bias}}, FusedDepthwiseConv2D{DepthwiseConv2D(conv), end}})
	return all[r.IntN(len(all))]
}

// anySpecs makes inputs that often fit one another.
func anySpecs(r *rand.Rand, sizes []int) []Spec {
	in := make([]Spec, r.IntN(8))
	dtype := []tensors.DType{tensors.Float32, tensors.Float32, tensors.Float64, tensors.Int32, tensors.Int64, tensors.Bool, tensors.String}[r.IntN(7)]
	axes := r.IntN(6)
	for i := range in {
		if r.IntN(4) == 0 {
			axes = r.IntN(6)
		}
		in[i] = Spec{dtype, make([]int, axes)}
		if r.IntN(6) == 0 {
			in[i].DType = tensors.Int64
		}
		for a := range in[i].Shape {
			in[i].Shape[a] = sizes[r.IntN(len(sizes))]
			if i > 0 && a < len(in[i-1].Shape) && r.IntN(3) > 0 {
				in[i].Shape[a] = in[i-1].Shape[a]
			}
		}
	}
	return in
}

// FuzzInfer wants errors, not panics, whatever kernel meets whatever inputs;
// and where there is none, the run to agree with what was inferred.
func FuzzInfer(f *testing.F) {
	for i := range uint64(600) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		for range 40 {
			k := anyKernel(r)
			sizes := [][]int{{0, 1, 2, 3}, {1, 2}, {2, 3, Unknown}, {-5, 1 << 62, 7, 1 << 31, Unknown, 1}}[r.IntN(4)]
			in := anySpecs(r, sizes)
			out, err := k.Infer(in)
			if err != nil {
				continue
			}
			if err := sound(out.Shape); err != nil {
				t.Fatalf("%#v of %v: %v", k, in, err)
			}
			if size := total(append(in, out)); size != Unknown && size < 1<<12 {
				runFuzzed(t, r, k, in, out)
			}
			addFuzzed(t, k, in)
		}
	})
}

// total is the elements of all, Unknown if they cannot be allocated.
func total(specs []Spec) int {
	n := 0
	for _, s := range specs {
		d := Size(s.Shape)
		if _, ok := Dtype(s.DType); !ok || d == Unknown {
			return Unknown
		}
		n += d
	}
	return n
}

func runFuzzed(t *testing.T, r *rand.Rand, k Kernel, in []Spec, out Spec) {
	t.Helper()
	var values []*Value
	for _, s := range in {
		v, err := NewValue(s)
		if err != nil {
			t.Fatalf("%#v of %v: %v", k, in, err)
		}
		for i := range v.F32 {
			v.F32[i] = float32(r.NormFloat64())
		}
		for i := range v.I64 {
			v.I64[i] = int64(r.IntN(3) - r.IntN(2))
		}
		values = append(values, v)
	}
	v, err := NewValue(out)
	if err != nil {
		t.Fatalf("%#v of %v: %v", k, in, err)
	}
	_ = k.Run(&Ctx{Context: context.Background(), Pool: par.New(1)}, v, values) // labels may be out of range
}

// addFuzzed builds the node and its gradient.
func addFuzzed(t *testing.T, k Kernel, in []Spec) {
	n := newNet(t)
	var nodes []*Node
	want := make([]bool, len(in))
	for i, s := range in {
		d, ok := Dtype(s.DType)
		if !ok {
			return
		}
		want[i] = float(s) == nil
		if len(s.Shape) == 0 {
			nodes = append(nodes, gorgonia.NewScalar(n.g, d, gorgonia.WithName(string(rune('a'+i)))))
		} else {
			nodes = append(nodes, gorgonia.NewTensor(n.g, d, len(s.Shape), gorgonia.WithShape(s.Shape...), gorgonia.WithName(string(rune('a'+i)))))
		}
	}
	y, err := n.b.Apply(k, nodes...)
	if err != nil {
		t.Fatalf("%#v of %v: %v", k, in, err)
	}
	if _, ok := k.(Differentiable); !ok || float(y.Op().(*Op).Out) != nil {
		return
	}
	if _, err := y.Op().(*Op).Grad(y, y, want); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatalf("gradient of %#v of %v: %v", k, in, err)
	}
}

// TestDropout wants the share of elements that keep_prob says, the same mask
// in the gradient, another one with another seed.
func TestDropout(t *testing.T) {
	n := newNet(t)
	x := n.leaf(f32(make([]float32, 20000), 100, 200))
	fill(n.leaves[x].F32, 1)
	y, err := n.b.Dropout(x, 0.7)
	if err != nil {
		t.Fatal(err)
	}
	dx := n.grad(y, n.leaf(n.leaves[x]), x)[0]
	var last []float32
	for seed := range uint64(3) {
		n.seed = seed
		got, err := n.run(y, dx)
		if err != nil {
			t.Fatal(err)
		}
		kept := 0
		for i, v := range got[0].F32 {
			if v != 0 && v != float32(1/0.7) || v != got[1].F32[i] {
				t.Fatalf("element %d is %v, its gradient %v", i, v, got[1].F32[i])
			}
			if v != 0 {
				kept++
			}
		}
		// σ of the share is √(0.7·0.3/20000) = 0.0032; five of them.
		if share := float64(kept) / 20000; share < 0.684 || share > 0.716 {
			t.Errorf("seed %d keeps %v", seed, share)
		}
		if last != nil && distance(f32(last, 20000), f32(got[0].F32, 20000), 0) == "" {
			t.Errorf("seeds %d and %d give one mask", seed-1, seed)
		}
		last = got[0].F32
	}
}
