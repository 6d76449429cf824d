package graph

import (
	"math/rand/v2"
	"slices"
	"testing"

	"graft/stdlib/internal/ops"
)

// A large batch is run in parts, to the bit as its pictures come in small
// ones, in less memory; what looks at several pictures is run whole.
func TestBatchInParts(t *testing.T) {
	g := New()
	s := g.Scope()
	x := ok[*Node](t)(g.Placeholder("x", Float32, Unknown, 64, 64, 8))
	y := x
	for range 3 {
		w := ok[*Variable](t)(s.GetVariable(g.UniqueName("w"), VariableOptions{Shape: []int{3, 3, y.Shape()[3], 32}}))
		y = ok[*Node](t)(Relu(ok[*Node](t)(s.Apply("conv", ops.Conv2D{}, y, w.Node()))))
	}
	mean := ok[*Node](t)(ReduceMean(y, 1, 2))
	class := ok[*Node](t)(s.Apply("class", ops.ArgMax{Axis: 1}, mean))
	total := ok[*Node](t)(ReduceSum(mean))
	const size = 64 * 64 * 8
	pictures := make([]float32, 17*size)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range pictures {
		pictures[i] = r.Float32()
	}
	batch := func(from, to int) *Tensor {
		return ok[*Tensor](t)(FromFloat32s(pictures[from*size:to*size], to-from, 64, 64, 8))
	}
	sess := ok[*Session](t)(NewSession(g))
	got := ok[[]*Tensor](t)(sess.Run(Feeds{x: batch(0, 17)}, mean, class, x))
	if m := sess.Memory(); m.Results > 12<<20 {
		t.Errorf("%d bytes of results: the batch was not run in parts", m.Results)
	}
	var want []float32
	var classes []int64
	for _, p := range [][2]int{{0, 3}, {3, 5}, {5, 9}, {9, 17}} {
		small := ok[*Session](t)(NewSession(g))
		out := ok[[]*Tensor](t)(small.Run(Feeds{x: batch(p[0], p[1])}, mean, class))
		want = append(want, out[0].Data().([]float32)...)
		classes = append(classes, out[1].Data().([]int64)...)
	}
	if !slices.Equal(got[0].Data().([]float32), want) || !slices.Equal(got[1].Data().([]int64), classes) || !slices.Equal(got[2].Data().([]float32), pictures) {
		t.Error("another result than of small batches")
	}
	sum := 0.0
	for _, v := range want {
		sum += float64(v)
	}
	if all := ok[float64](t)(sess.Float(Feeds{x: batch(0, 17)}, total)); all < sum*0.9999 || all > sum*1.0001 {
		t.Errorf("the sum of all is %g, want %g", all, sum)
	}
}
