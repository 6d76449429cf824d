package ops

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/par"
)

// TestExpandDepthwise wants what the two kernels give one after the other, to
// the bit, in both element types, on one worker and several.
func TestExpandDepthwise(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for i := range 80 {
		conv, xs, fs := randomConv(r)
		if i%4 == 0 { // pictures of several strips
			xs[1], xs[2] = 20+r.IntN(60), 20+r.IntN(60)
		}
		middle := 1 + r.IntN(150)
		k := FusedExpandDepthwiseConv2D{
			FusedConv2D{Conv2D{}, Ending{Bias: i&1 == 1, Activation: []Unary{"", Relu, Relu6}[i%3]}},
			FusedDepthwiseConv2D{DepthwiseConv2D(conv), Ending{Bias: i&2 == 2, Activation: []Unary{Relu6, "", Relu}[i%3]}},
		}
		in := []*Value{normal(r, xs...), normal(r, 1, 1, xs[3], middle)}
		if k.Expand.Bias {
			in = append(in, normal(r, middle))
		}
		in = append(in, normal(r, fs[0], fs[1], middle, 1))
		if k.Depthwise.Bias {
			in = append(in, normal(r, middle))
		}
		for _, dtype := range []tensors.DType{tensors.Float32, tensors.Float64} {
			t.Run(fmt.Sprint(i, xs, fs, middle, dtype), func(t *testing.T) { checkExpansion(t, k, in, dtype) })
		}
	}
}

func checkExpansion(t *testing.T, k FusedExpandDepthwiseConv2D, in []*Value, dtype tensors.DType) {
	if dtype == tensors.Float32 {
		all := make([]*Value, len(in))
		for i := range in {
			all[i] = as32(in[i])
		}
		in = all
	}
	run := func(workers int, k Kernel, in []*Value) *Value {
		t.Helper()
		specs := make([]Spec, len(in))
		for i, v := range in {
			specs[i] = v.Spec()
		}
		s, err := k.Infer(specs)
		if err != nil {
			t.Fatal(err)
		}
		out, err := NewValue(s)
		if err != nil {
			t.Fatal(err)
		}
		c := &Ctx{Context: context.Background(), Pool: par.New(workers)}
		c.Pool.Start()
		defer c.Pool.Stop()
		c.Begin(1)
		if err := k.Run(c, out, in); err != nil {
			t.Fatal(err)
		}
		return out
	}
	expand, depthwise := split(k, in)
	depthwise[0] = run(1, k.Expand, expand)
	want := run(1, k.Depthwise, depthwise)
	for _, workers := range []int{1, 3} {
		if d := distance(run(workers, k, in), want, 0); d != "" {
			t.Errorf("%d workers: %s", workers, d)
		}
	}
}
