package nets

import (
	"math"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// Behind a global mean and one linear layer, Grad-CAM is the class activation
// map of Zhou et al. (arXiv:1512.04150, and section 3.1 of Grad-CAM's paper): the
// channels weighed by the class's weights.
func TestGradCAMIsTheClassActivationMap(t *testing.T) {
	g := graph.New()
	s := g.Scope()
	x := ok[*graph.Node](t)(g.Placeholder("x", graph.Float32, -1, 4, 5, 3))
	layer := ok[*graph.Node](t)(slim.Conv2D(s, x, 6, []int{3}, slim.Args{Scope: "conv"}))
	mean := ok[*graph.Node](t)(graph.ReduceMean(layer, 1, 2))
	logits := ok[*graph.Node](t)(slim.FullyConnected(s, mean, 3, slim.Args{Scope: "fc", Activation: slim.Linear}))
	cam := ok[*GradCAM](t)(NewGradCAM(logits, layer))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	feed := make([]float32, 2*4*5*3)
	for i := range feed {
		feed[i] = float32(math.Sin(float64(i * i)))
	}
	feeds := graph.Feeds{x: ok[*graph.Tensor](t)(graph.FromFloat32s(feed, 2, 4, 5, 3))}
	activations := ok[[]*graph.Tensor](t)(sess.Run(feeds, layer))[0].Data().([]float32)
	weights := ok[*graph.Tensor](t)(sess.Value(ok[*graph.Variable](t)(g.Variable("fc/weights")))).Data().([]float32)
	for class := range 3 {
		want := make([]float32, 2*4*5)
		for i := range want {
			for k := range 6 {
				want[i] += activations[i*6+k] * weights[k*3+class]
			}
			want[i] = max(0, want[i])
		}
		normalise(want[:20])
		normalise(want[20:])
		got := ok[*graph.Tensor](t)(cam.Map(sess, feeds, class)).Data().([]float32)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-5 {
				t.Fatalf("class %d, place %d: %v, want %v", class, i, got[i], want[i])
			}
		}
	}
}

func TestGradCAMRefuses(t *testing.T) {
	g := graph.New()
	x := ok[*graph.Node](t)(g.Placeholder("x", graph.Float32, -1, 4, 4, 3))
	other := ok[*graph.Node](t)(g.Placeholder("other", graph.Float32, -1, 4, 4, 3))
	logits := ok[*graph.Node](t)(graph.ReduceMean(x, 1, 2))
	for _, c := range []struct {
		logits, layer *graph.Node
		want          string
	}{{nil, x, "nil"}, {x, x, "[batch,classes] is wanted"}, {logits, logits, "[batch,height,width,channels] is wanted"}, {logits, other, "does not depend on other"}} {
		if _, err := NewGradCAM(c.logits, c.layer); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	cam := ok[*GradCAM](t)(NewGradCAM(logits, x))
	if _, err := cam.Map(ok[*graph.Session](t)(graph.NewSession(g)), nil, 3); err == nil || !strings.Contains(err.Error(), "class 3, the net has 0 to 2") {
		t.Error(err)
	}
}
