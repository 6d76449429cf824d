package train

import (
	"math"
	"testing"

	"graft/stdlib/graph"
)

// fixed makes a variable whose gradient is fed.
func fixed(t *testing.T, g *graph.Graph, name string, shape ...int) (*graph.Variable, *graph.Node) {
	t.Helper()
	v := ok[*graph.Variable](t)(g.Scope().GetVariable(name, graph.VariableOptions{Shape: append([]int{}, shape...), Initializer: graph.Ones()}))
	return v, ok[*graph.Node](t)(g.Placeholder("gradient_"+name, graph.Float32, shape...))
}

func values(t *testing.T, sess *graph.Session, v *graph.Variable) []float32 {
	t.Helper()
	x := ok[*graph.Tensor](t)(sess.Value(v))
	if len(v.Shape()) == 0 {
		return []float32{float32(ok[float64](t)(graph.Item(x)))}
	}
	return x.Data().([]float32)
}

// PyTorch's and Keras's AdamW differ by where epsilon stands, which with 1e-8
// does not show in float32.
func TestAdamW(t *testing.T) {
	all := readGolden(t)
	for name, c := range map[string]decayed{"Keras": all.Keras, "PyTorch": all.Torch} {
		g := graph.New()
		w, d := fixed(t, g, "w", 2, 3)
		step := ok[*graph.Operation](t)(AdamW(c.Rate, c.Decay).ApplyGradients(GradientAndVariable{d, w}))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		start := ok[*graph.Tensor](t)(graph.FromFloat32s(append(append([]float32{}, c.Start[0]...), c.Start[1]...), 2, 3))
		if err := sess.Assign(w, start); err != nil {
			t.Fatal(err)
		}
		for i := range c.Grads {
			ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{d: c.Grads[i]}, step))
			for k, got := range values(t, sess, w) {
				if want := c.After[i][k/3][k%3]; math.Abs(float64(got-want)) > 1e-5*math.Abs(float64(want))+1e-6 {
					t.Errorf("%s: element %d is %g after step %d, want %g", name, k, got, i, want)
				}
			}
		}
		for _, slot := range []string{"w/AdamW", "w/AdamW_1", "beta1_power"} {
			ok[*graph.Variable](t)(g.Variable(slot))
		}
	}
}

// With a gradient of zero only decay is left: w -= rate·decay·w.
func TestWeightDecaySkipsNormsAndBiases(t *testing.T) {
	for _, skip := range []bool{false, true} {
		g := graph.New()
		w, dw := fixed(t, g, "layer/weights", 2, 2)
		b, db := fixed(t, g, "layer/biases", 2)
		o := GradientDescent(0.5).WeightDecay(WeightDecayOptions{Decay: 0.25, SkipNormsAndBiases: skip})
		step := ok[*graph.Operation](t)(o.ApplyGradients(GradientAndVariable{dw, w}, GradientAndVariable{db, b}))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{dw: [][]float32{{0, 0}, {0, 0}}, db: []float32{0, 0}}, step))
		wantB := float32(0.875)
		if skip {
			wantB = 1
		}
		if values(t, sess, w)[3] != 0.875 || values(t, sess, b)[1] != wantB {
			t.Errorf("skip %v: weights %v, biases %v", skip, values(t, sess, w), values(t, sess, b))
		}
	}
}

func TestRateMultipliers(t *testing.T) {
	g := graph.New()
	var pairs []GradientAndVariable
	feeds := graph.Feeds{}
	var vars []*graph.Variable
	for _, name := range []string{"net/conv1/weights", "net/conv10/weights", "net/logits/weights", "net/logits/biases"} {
		v, d := fixed(t, g, name)
		pairs, vars = append(pairs, GradientAndVariable{d, v}), append(vars, v)
		feeds[d] = 1.0
	}
	o := GradientDescent(1).RateMultipliers(map[string]float64{"net": 0.5, "net/conv1": 0.25, "net/logits/biases": 0})
	step := ok[*graph.Operation](t)(o.ApplyGradients(pairs...))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	ok[[]*graph.Tensor](t)(sess.Run(feeds, step))
	for i, want := range []float32{0.75, 0.5, 0.5, 1} {
		if got := values(t, sess, vars[i])[0]; got != want {
			t.Errorf("%s is %g, want %g", vars[i].Name(), got, want)
		}
	}
	_, err := GradientDescent(1).RateMultipliers(map[string]float64{"net/conv": 2}).ApplyGradients(pairs...)
	wants(t, err, "rate multipliers for [net/conv]", "none of the 4 trained variables")
	_, err = GradientDescent(1).RateMultipliers(map[string]float64{"net": -2}).ApplyGradients(pairs...)
	wants(t, err, "the rate multiplier of net is -2")
	_, err = AdamW(1, -1).ApplyGradients(pairs...)
	wants(t, err, "weight decay -1 must be at least 0")

	rates := ok[map[string]float64](t)(LayerRates(2, vars...))
	for scope, want := range map[string]float64{"net/logits": 1, "net/conv10": 0.5, "net/conv1": 0.25} {
		if rates[scope] != want {
			t.Errorf("layer %s has rate %g, want %g", scope, rates[scope], want)
		}
	}
	_, err = LayerRates(0.5, vars...)
	wants(t, err, "at least 1 are wanted")
}

func TestClipByGlobalNorm(t *testing.T) {
	c := readGolden(t).Clip
	g := graph.New()
	x, dx := fixed(t, g, "x", 2)
	y, dy := fixed(t, g, "y", 1)
	pairs, length, err := ClipByGlobalNorm([]GradientAndVariable{{dx, x}, {dy, y}}, c.Norm)
	if err != nil {
		t.Fatal(err)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	out := ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{dx: []float32{3, -4}, dy: []float32{12}}, pairs[0].Gradient, pairs[1].Gradient, length))
	if got := ok[float64](t)(graph.Item(out[2])); got != c.Length {
		t.Errorf("length %g, want %g", got, c.Length)
	}
	for i, want := range [][]float64{c.X, c.Y} {
		for k, w := range want {
			if got := out[i].Data().([]float32)[k]; math.Abs(float64(got)-w) > 1e-6 {
				t.Errorf("gradient %d[%d] is %g, want %g", i, k, got, w)
			}
		}
	}
	_, _, err = ClipByGlobalNorm(pairs, 0)
	wants(t, err, "0 is not above 0")
	_, _, err = ClipByGlobalNorm(nil, 1)
	wants(t, err, "there are no gradients")
	_, err = GradientDescent(1).MinimizeWith(x.Node(), MinimizeOptions{ClipGlobalNorm: -1, Vars: []*graph.Variable{x}})
	wants(t, err, "not a scalar")
}
