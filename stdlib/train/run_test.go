package train

import (
	"math/rand/v2"
	"testing"

	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
)

// blobs are points around a centre for each class: easy to learn.
func blobs(t *testing.T, n, classes int, seed uint64) *data.Dataset {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var x []float32
	var y []int64
	names := make([]string, classes)
	for i := range n {
		c := i % classes
		names[c] = string(rune('a' + c))
		for k := range 8 {
			v := float32(r.NormFloat64())
			if k%classes == c {
				v += 3
			}
			x = append(x, v)
		}
		y = append(y, int64(c))
	}
	return &data.Dataset{Images: ok[*graph.Tensor](t)(graph.FromFloat32s(x, n, 2, 4, 1)), Labels: ok[*graph.Tensor](t)(graph.FromInt64s(y, n)), Classes: names}
}

// little is a net of a trunk and a head.
type little struct {
	g                            *graph.Graph
	images, labels, logits, loss *graph.Node
	sess                         *graph.Session
	head                         []*graph.Variable
}

func newLittle(t *testing.T, classes int, training bool) *little {
	t.Helper()
	n := &little{g: graph.New()}
	n.g.SetSeed(7)
	n.images = ok[*graph.Node](t)(n.g.Placeholder("images", graph.Float32, -1, 2, 4, 1))
	n.labels = ok[*graph.Node](t)(n.g.Placeholder("labels", graph.Int64, -1))
	s := n.g.Scope()
	h := ok[*graph.Node](t)(slim.Conv2D(s, n.images, 6, []int{2, 2}, slim.Args{Scope: "net/conv", Normalizer: slim.BatchNormalizer,
		NormalizerArgs: &slim.Args{IsTraining: slim.Of(training), Decay: 0.5, Scale: slim.True}}))
	h = ok[*graph.Node](t)(slim.Flatten(s, h))
	if training {
		h = ok[*graph.Node](t)(slim.Dropout(s, h, slim.Args{KeepProb: 0.8}))
	}
	n.logits = ok[*graph.Node](t)(slim.FullyConnected(s, h, classes, slim.Args{Scope: "net/logits", Activation: slim.Linear}))
	n.loss = ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: n.logits, Labels: n.labels}))
	n.sess = ok[*graph.Session](t)(graph.NewSession(n.g))
	n.head = ok[[]*graph.Variable](t)(n.g.Collection(graph.TrainableVariables, "net/logits"))
	return n
}

func (n *little) options(t *testing.T) Options {
	t.Helper()
	return Options{Session: n.sess, Images: n.images, Labels: n.labels, Loss: n.loss, Logits: n.logits, Optimizer: Adam(0.05), Vars: n.head,
		Train: blobs(t, 60, 3, 1), HeldOut: blobs(t, 30, 3, 2), BatchSize: 16, Epochs: 5, Seed: 3, Quiet: true}
}

func TestRun(t *testing.T) {
	n := newLittle(t, 3, false)
	h := ok[*History](t)(Run(n.options(t)))
	if len(h.Steps) != 20 || len(h.Evaluations) != 5 {
		t.Fatalf("%d steps and %d evaluations, want 20 and 5", len(h.Steps), len(h.Evaluations))
	}
	if last := h.Last(); last.Accuracy < 0.9 || last.Step != 20 {
		t.Errorf("held out: %+v", *last)
	}
	t.Log(h)
}
