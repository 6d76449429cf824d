package slim_test

import (
	"path/filepath"
	"testing"

	"graft/ckpt"
	"graft/ckpt/tensors"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// wide is the size of the shared layer's weights: wide rows of 1024, 4 kB each.
const wide = 8192

// dense is a graph of one layer without an activation, and its restore plan
// from path.
func dense(t *testing.T, path string) (g *graph.Graph, x, y *graph.Node, plan *slim.RestorePlan) {
	t.Helper()
	g = graph.New()
	x = ok[*graph.Node](t)(g.Placeholder("x", graph.Float32, graph.Unknown, wide))
	y = ok[*graph.Node](t)(slim.FullyConnected(g.Scope(), x, 1024, slim.Args{Scope: "fc", Activation: slim.Linear}))
	plan = ok[*slim.RestorePlan](t)(slim.PlanRestore(path, ok[*slim.Selection](t)(slim.VariablesToRestore(g))))
	return g, x, y, plan
}

// saved writes the layer's checkpoint: weights of 0.5 behind a byte that makes
// them lie anywhere but at a multiple of four, as nothing in the format forbids.
func saved(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dense.ckpt")
	values := make([]float32, wide*1024)
	for i := range values {
		values[i] = 0.5
	}
	w := ok[*ckpt.Writer](t)(ckpt.Create(path))
	for _, x := range []*ckpt.Tensor{
		{Name: "a", DType: ckpt.Uint8, Shape: []int{1}, Data: []byte{1}},
		ok[*ckpt.Tensor](t)(tensors.FromFloat32s("fc/weights", values, wide, 1024)),
		ok[*ckpt.Tensor](t)(tensors.FromFloat32s("fc/biases", make([]float32, 1024), 1024)),
	} {
		if err := w.Add(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// Restored values are used where they lie in the file, and training one
// session changes neither the file nor another session.
func TestTrainingLeavesCheckpointAlone(t *testing.T) {
	path := saved(t)
	g, x, y, plan := dense(t, path)
	target := ok[*graph.Node](t)(g.Scalar("", graph.Float32, 1))
	loss := ok[*graph.Node](t)(graph.Mul(ok[*graph.Node](t)(graph.ReduceSum(y)), target))
	step := ok[*graph.Operation](t)(train.GradientDescent(0.25).Minimize(loss))
	ones := make([]float32, wide)
	for i := range ones {
		ones[i] = 1
	}
	feed := graph.Feeds{x: ok[*graph.Tensor](t)(graph.FromFloat32s(ones, 1, wide))}
	var sessions []*graph.Session
	for range 2 {
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		if err := plan.Apply(sess); err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, sess)
	}
	ok[[]*graph.Tensor](t)(sessions[0].Run(feed, step))
	weights := ok[*graph.Variable](t)(g.Variable("fc/weights"))
	for i, want := range []float32{0.25, 0.5} { // w - 0.25·1, and what was restored
		got := ok[*graph.Tensor](t)(sessions[i].Value(weights)).Data().([]float32)
		if got[0] != want || got[len(got)-1] != want {
			t.Errorf("session %d has %v … %v, want %v", i, got[0], got[len(got)-1], want)
		}
	}
	if origin, from := sessions[0].Origin(weights); origin != graph.Trained || from == "" {
		t.Errorf("origin is %v of %q", origin, from)
	}
	r := ok[*ckpt.Reader](t)(ckpt.Open(path))
	defer r.Close()
	if err := r.Verify(nil); err != nil {
		t.Error(err)
	}
}
