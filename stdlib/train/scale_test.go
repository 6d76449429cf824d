package train

import (
	"runtime"
	"testing"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
)

// A hundred thousand examples' features stay within the bound that was set;
// what finds no room there goes to a file, and none is computed twice.
func TestFeaturesStayWithinBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("it computes a hundred thousand features")
	}
	const n, bound = 100_000, 16 << 20
	g := graph.New()
	images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, -1, 1, 1, 2))
	labels := ok[*graph.Node](t)(g.Placeholder("labels", graph.Int64, -1))
	s := g.Scope()
	wide := ok[*graph.Node](t)(slim.Conv2D(s, images, 256, []int{1}, slim.Args{Scope: "trunk"}))
	logits := ok[*graph.Node](t)(slim.FullyConnected(s, ok[*graph.Node](t)(slim.Flatten(s, wide)), 2, slim.Args{Scope: "head", Activation: slim.Linear}))
	loss := ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
	sess := ok[*graph.Session](t)(graph.NewSessionWith(g, graph.SessionOptions{FeatureBytes: bound}))
	pixels, marks := make([]float32, 2*n), make([]int64, n)
	for i := range marks {
		marks[i] = int64(i % 2)
		pixels[2*i], pixels[2*i+1] = float32(i%1000)/1000, float32(marks[i])
	}
	all := &data.Dataset{Images: ok[*graph.Tensor](t)(graph.FromFloat32s(pixels, n, 1, 1, 2)), Labels: ok[*graph.Tensor](t)(graph.FromInt64s(marks, n)), Classes: []string{"a", "b"}}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	h := ok[*History](t)(Run(Options{Session: sess, Images: images, Labels: labels, Loss: loss, Logits: logits, Optimizer: Adam(1e-2), Train: all,
		Vars: ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, "head")), BatchSize: 1000, Epochs: 2, Quiet: true}))
	runtime.GC()
	runtime.ReadMemStats(&after)
	// 100,000 features of 256 floats are 102 MB.
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > bound+(24<<20) {
		t.Errorf("%.0f MB are in use, the bound is %.0f", float64(grown)/1e6, float64(bound)/1e6)
	}
	f := sess.RememberedFeatures()
	if len(f) != 1 || f[0].Examples != n || f[0].Floats != 256 {
		t.Errorf("remembered: %+v", f)
	}
	t.Log(sess.Features())
	if h.Steps[199].Loss > 0.5 {
		t.Errorf("loss %g", h.Steps[199].Loss)
	}
}
