package charts

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func floats(n int, f func(i int) float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(f(i))
	}
	return out
}

func dense(values []float32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values))
}

// rings is a picture that looks like something in each channel.
func rings(h, w, c int) *tensor.Dense {
	return dense(floats(h*w*c, func(i int) float64 {
		y, x, k := float64(i/c/w)-float64(h)/2, float64(i/c%w)-float64(w)/2, float64(i%c)
		return math.Sin(math.Hypot(x+2*k, y-k) * (0.3 + 0.2*k))
	}), 1, h, w, c)
}

func exampleActivations(t *testing.T) *Grid {
	t.Helper()
	return must(Activations(rings(14, 14, 40), MapOptions{Columns: 8}))(t)
}

func exampleFilters(t *testing.T) *Grid {
	t.Helper()
	return must(Filters(dense(floats(7*7*3*16, func(i int) float64 { return math.Sin(float64(i * i % 97)) }), 7, 7, 3, 16), MapOptions{}))(t)
}

// A grey photo under its map is the same photo in three equal colours.
func TestOverlayOfGrey(t *testing.T) {
	grey, heat := rings(8, 8, 1), tensor.New(tensor.WithShape(1, 2, 2), tensor.WithBacking([]float32{0, 0.3, 0.6, 1}))
	three := []float32{}
	for _, v := range grey.Data().([]float32) {
		three = append(three, v, v, v)
	}
	colours := tensor.New(tensor.WithShape(1, 8, 8, 3), tensor.WithBacking(three))
	a, b := must(Overlay(grey, heat, OverlayOptions{}))(t), must(Overlay(colours, heat, OverlayOptions{}))(t)
	if a.MIME()["image/png"] != b.MIME()["image/png"] {
		t.Error("the grey photo is drawn otherwise than the same in colours")
	}
}

func exampleOverlay(t *testing.T) *Grid {
	t.Helper()
	heat := dense(floats(49, func(i int) float64 { return math.Exp(-math.Hypot(float64(i/7-2), float64(i%7-4)) / 2) }), 1, 7, 7)
	return must(Overlay(rings(96, 96, 3), heat, OverlayOptions{Caption: "what speaks for \"rings\""}))(t)
}

func exampleEmbedding(t *testing.T) *Embedding {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	labels := make([]int, 90)
	features := make([]float32, 90*12)
	for i := range labels {
		labels[i] = i % 3
		for k := range 12 {
			features[i*12+k] = float32(r.NormFloat64()*0.6 + float64(labels[i]*((k*7)%5-2)))
		}
	}
	e := must(NewEmbedding(dense(features, 90, 12), labels, []string{"daisy", "dandelion", "rose"}))(t)
	e.Title = "features of the frozen layers"
	return e
}

// The text has what the picture shows.
func TestMapsSayWhatTheyShow(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{exampleActivations(t).String(), "40 pictures of 14 × 14 pixels"},
		{exampleActivations(t).String(), "… 8 more pictures"},
		{exampleFilters(t).String(), "16 pictures of 7 × 7 pixels"},
		{exampleOverlay(t).String(), `what speaks for "rings"`},
		{exampleEmbedding(t).String(), "90 examples of 3 classes on their first two principal components"},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s\nlacks %q", c.got, c.want)
		}
	}
}

// The plane of an embedding is that of the two directions in which points were
// spread, whatever directions those are.
func TestEmbeddingFindsThePlane(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	features := make([]float32, 200*6)
	for i := range 200 {
		a, b := r.NormFloat64()*5, r.NormFloat64()*2
		for k, v := range []float64{a + b, a - b, 0, 0, 0, 0} {
			features[i*6+k] = float32(v / math.Sqrt2)
		}
	}
	e := must(NewEmbedding(dense(features, 200, 6), make([]int, 200), []string{"all"}))(t)
	if e.share[0] < 0.8 || math.Abs(e.share[0]+e.share[1]-1) > 1e-6 {
		t.Errorf("shares of the variance %v", e.share)
	}
}

func TestMapsRefuse(t *testing.T) {
	x := rings(4, 4, 3)
	for _, c := range []struct {
		want string
		f    func() error
	}{
		{"the tensor is nil", func() error { _, err := Activations(nil, MapOptions{}); return err }},
		{"expected [H W C]", func() error { _, err := Activations(dense(floats(8, zero), 2, 4), MapOptions{}); return err }},
		{"expected weights [H W in out]", func() error { _, err := Filters(dense(floats(8, zero), 2, 4), MapOptions{}); return err }},
		{"expected 3 (red, green, blue), or 1 (grey)", func() error { _, err := Overlay(rings(4, 4, 2), x, OverlayOptions{}); return err }},
		{"expected [h w]", func() error { _, err := Overlay(x, x, OverlayOptions{}); return err }},
		{"Strength is 2", func() error { _, err := Overlay(x, x, OverlayOptions{Strength: 2}); return err }},
		{"2 labels for 4 examples", func() error {
			_, err := NewEmbedding(dense(floats(8, zero), 4, 2), []int{0, 0}, []string{"a"})
			return err
		}},
		{"all examples have the same features", func() error {
			_, err := NewEmbedding(dense(floats(8, zero), 4, 2), []int{0, 0, 0, 0}, []string{"a"})
			return err
		}},
		{"label 1 of example 3 has no name", func() error {
			_, err := NewEmbedding(dense(floats(8, zero), 4, 2), []int{0, 0, 0, 1}, []string{"a"})
			return err
		}},
		{"the graph of nil", func() error { _, err := Net(nil, NetOptions{}); return err }},
	} {
		if err := c.f(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func zero(int) float64 { return 0 }
