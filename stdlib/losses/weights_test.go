package losses

import (
	"testing"

	"graft/stdlib/graph"
)

func TestClassWeights(t *testing.T) {
	g := graph.New()
	labels, err := g.Placeholder("labels", graph.Int64, -1)
	if err != nil {
		t.Fatal(err)
	}
	soft, err := g.Placeholder("soft", graph.Float32, -1, 3)
	if err != nil {
		t.Fatal(err)
	}
	sess, err := graph.NewSession(g)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		labels *graph.Node
		fed    any
		want   []float32
	}{
		{labels, []int{2, 0, 0, 1}, []float32{8, 0.5, 0.5, 2}},
		{labels, []int{1}, []float32{2}},
		{soft, [][]float32{{0.5, 0.5, 0}, {0, 0, 1}}, []float32{1.25, 8}},
	} {
		w, err := ClassWeights(c.labels, []float64{0.5, 2, 8})
		if err != nil {
			t.Fatal(err)
		}
		out, err := sess.Run(graph.Feeds{c.labels: c.fed}, w)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := out[0].Data().([]float32)
		for i := range c.want {
			if i >= len(got) || got[i] != c.want[i] {
				t.Errorf("weights of %v are %v, want %v", c.fed, out[0].Data(), c.want)
				break
			}
		}
	}
	for _, weights := range [][]float64{nil, {1, -1, 1}} {
		if _, err := ClassWeights(labels, weights); err == nil {
			t.Errorf("no error for %v", weights)
		}
	}
	if _, err := ClassWeights(soft, []float64{1, 2}); err == nil {
		t.Error("no error for two weights of three classes")
	}
}
