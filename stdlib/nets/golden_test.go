package nets

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// The goldens are TensorFlow's own; testdata/README.md says what they are.
const (
	goldenPath = "testdata/mobilenet_v1_025_fashion_golden"
	fashion    = "../../tutorials/data/first_transfer/mobilenet_v1_025_fashion"
)

func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// golden reads tensors of the golden checkpoint.
type golden struct {
	t *testing.T
	r *ckpt.Reader
}

func openGolden(t *testing.T) golden {
	r := ok[*ckpt.Reader](t)(ckpt.Open(goldenPath))
	t.Cleanup(func() { r.Close() })
	return golden{t, r}
}

func (g golden) tensor(name string) *graph.Tensor {
	g.t.Helper()
	return ok[*graph.Tensor](g.t)(graph.FromCheckpoint(ok[*ckpt.Tensor](g.t)(g.r.Tensor(name))))
}

func (g golden) floats(name string) []float32 {
	g.t.Helper()
	return floats(g.tensor(name))
}

func floats(t *graph.Tensor) []float32 {
	if x, ok := t.Data().(float32); ok {
		return []float32{x}
	}
	return t.Data().([]float32)
}

// near fails unless the largest difference is at most tolerance times the
// largest value.
func (g golden) near(what string, got, want []float32, tolerance float64) {
	g.t.Helper()
	if len(got) != len(want) {
		g.t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	worst, largest := 0.0, 1e-30
	for i := range want {
		worst = math.Max(worst, math.Abs(float64(got[i])-float64(want[i])))
		largest = math.Max(largest, math.Abs(float64(want[i])))
	}
	if !(worst <= tolerance*largest) {
		g.t.Errorf("%s: differs by %.2g of the largest value, at most %g is allowed", what, worst/largest, tolerance)
	}
}

// fixture is the net with its checkpoint's weights and the loss on the goldens'
// pictures.
type fixture struct {
	golden
	g      *graph.Graph
	sess   *graph.Session
	feeds  graph.Feeds
	logits *graph.Node
	end    EndPoints
	loss   *graph.Node
}

func build(t *testing.T, c Config, file string) *fixture {
	f := &fixture{golden: openGolden(t), g: graph.New()}
	images := ok[*graph.Node](t)(f.g.Placeholder("images", graph.Float32, graph.Unknown, 28, 28, 1))
	labels := ok[*graph.Node](t)(f.g.Placeholder("labels", graph.Int64, graph.Unknown))
	c.NumClasses, c.DepthMultiplier = 6, 0.25
	var err error
	if f.logits, f.end, err = MobilenetV1(images, c); err != nil {
		t.Fatal(err)
	}
	f.loss = ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: f.logits, Labels: labels}))
	f.sess = ok[*graph.Session](t)(graph.NewSession(f.g))
	plan := ok[*slim.RestorePlan](t)(slim.PlanRestore(file, ok[*slim.Selection](t)(slim.VariablesToRestore(f.g))))
	if err := plan.Apply(f.sess); err != nil {
		t.Fatal(err)
	}
	f.feeds = graph.Feeds{images: f.tensor("images"), labels: f.tensor("labels")}
	return f
}

func (f *fixture) run(n *graph.Node) []float32 {
	f.t.Helper()
	return floats(ok[[]*graph.Tensor](f.t)(f.sess.Run(f.feeds, n))[0])
}

// Float32 sums in another order differ by some 1e-6 of the largest value; 1e-4
// leaves room for other kernels.
const forwardTolerance, gradientTolerance = 1e-4, 1e-3

func TestLogitsAreTensorFlows(t *testing.T) {
	for _, file := range []string{fashion, fashion + ".v1.ckpt"} {
		f := build(t, Config{}, file)
		f.near("logits", f.run(f.logits), f.floats("logits"), forwardTolerance)
		f.near("loss", f.run(f.loss), f.floats("loss"), forwardTolerance)
		for name, n := range f.end {
			if f.r.Has("end_point/" + name) {
				want := f.floats("end_point/" + name)
				f.near(name, f.run(n)[:len(want)], want, forwardTolerance)
			}
		}
	}
}

func TestGradientsAreTensorFlows(t *testing.T) {
	for _, mode := range []struct {
		name   string
		config Config
	}{{"eval", Config{}}, {"train", Config{IsTraining: true, KeepProb: 1}}} {
		t.Run(mode.name, func(t *testing.T) {
			f := build(t, mode.config, fashion)
			vars := ok[[]*graph.Variable](t)(f.g.Collection(graph.TrainableVariables, ""))
			if len(vars) != 83 {
				t.Fatalf("%d trainable variables, want 83", len(vars))
			}
			grads := ok[[]*graph.Node](t)(graph.Gradients(f.loss, vars...))
			for i, v := range vars {
				f.gradient(mode.name, v.Name(), f.run(grads[i]))
			}
		})
	}
}

// gradient compares all of a small gradient, of a large one the samples and
// the norm.
func (f *fixture) gradient(mode, name string, got []float32) {
	f.t.Helper()
	if f.r.Has(mode + "_grad/" + name) {
		f.near(name, got, f.floats(mode+"_grad/"+name), gradientTolerance)
		return
	}
	want := f.floats(mode + "_grad_samples/" + name)
	samples, norm := make([]float32, len(want)), 0.0
	for i := range samples {
		samples[i] = got[i*(len(got)-1)/(len(samples)-1)]
	}
	for _, x := range got {
		norm += float64(x) * float64(x)
	}
	f.near(name, samples, want, gradientTolerance)
	f.near(name+" norm", []float32{float32(math.Sqrt(norm))}, f.floats(mode+"_grad_norm/"+name), gradientTolerance)
}

func TestTrainingModeIsTensorFlows(t *testing.T) {
	f := build(t, Config{IsTraining: true, KeepProb: 1, BatchNormDecay: 0.9}, fashion)
	f.near("train_logits", f.run(f.logits), f.floats("train_logits"), forwardTolerance)
	updates := ok[[]*graph.Node](t)(f.g.NodeCollection(graph.UpdateOps, ""))
	op := ok[*graph.Operation](t)(graph.Group("updates", updates...))
	ok[[]*graph.Tensor](t)(f.sess.Run(f.feeds, op))
	seen := 0
	for _, name := range f.r.Names() {
		if v, found := strings.CutPrefix(name, "updated/"); found {
			seen++
			value := ok[*graph.Tensor](t)(f.sess.Value(ok[*graph.Variable](t)(f.g.Variable(v))))
			f.near(name, floats(value), f.floats(name), forwardTolerance)
		}
	}
	if seen != 6 {
		t.Errorf("compared %d moving statistics, want 6", seen)
	}
}

func TestHeadOnlyAdamIsTensorFlows(t *testing.T) {
	f := build(t, Config{}, fashion)
	head := ok[[]*graph.Variable](t)(f.g.Collection(graph.TrainableVariables, "MobilenetV1/Logits"))
	step := ok[*graph.Operation](t)(train.Adam(1e-3).Minimize(f.loss, head...))
	var got []float32
	for range 5 {
		out := ok[[]*graph.Tensor](t)(f.sess.Run(f.feeds, f.loss, step))
		got = append(got, floats(out[0])...)
	}
	f.near("adam_loss", append(got, f.run(f.loss)...), f.floats("adam_loss"), forwardTolerance)
	for _, v := range head {
		f.near(v.Name(), floats(ok[*graph.Tensor](t)(f.sess.Value(v))), f.floats("adam/"+v.Name()), forwardTolerance)
	}
	for _, v := range ok[[]*graph.Variable](t)(f.g.Collection(graph.ModelVariables, "")) {
		if o, _ := f.sess.Origin(v); (o == graph.Trained) != strings.HasPrefix(v.Name(), "MobilenetV1/Logits") {
			t.Errorf("%s is %s", v.Name(), o)
		}
	}
}

// A run's numbers do not depend on the number of threads, to the last bit.
func TestThreads(t *testing.T) {
	var first []float32
	for _, threads := range []int{1, 2, 3} {
		f := build(t, Config{IsTraining: true, KeepProb: 1}, fashion)
		f.sess = ok[*graph.Session](t)(graph.NewSessionWith(f.g, graph.SessionOptions{Threads: threads}))
		step := ok[*graph.Operation](t)(train.Momentum(0.01, 0.9).Minimize(f.loss))
		var out []float32
		for range 2 {
			out = append(out, floats(ok[[]*graph.Tensor](t)(f.sess.Run(f.feeds, f.loss, step))[0])...)
		}
		out = append(out, f.run(f.logits)...)
		if first == nil {
			first = out
		}
		for i := range out {
			if math.Float32bits(out[i]) != math.Float32bits(first[i]) {
				t.Fatalf("%d threads: value %d is %g, with one thread %g", threads, i, out[i], first[i])
			}
		}
	}
}

func TestBadInput(t *testing.T) {
	g := graph.New()
	flat := ok[*graph.Node](t)(g.Placeholder("flat", graph.Float32, graph.Unknown, 784))
	free := ok[*graph.Node](t)(g.Placeholder("free", graph.Float32, graph.Unknown, graph.Unknown, graph.Unknown, 1))
	for _, c := range []struct {
		x    *graph.Node
		c    Config
		want string
	}{
		{nil, Config{NumClasses: 3}, "input is nil"},
		{flat, Config{NumClasses: 3}, "flat has shape [-1,784], [batch,height,width,channels] is wanted"},
		{free, Config{NumClasses: -1, Scope: "b"}, "NumClasses is -1"},
		{free, Config{DepthMultiplier: -2, Scope: "c"}, "DepthMultiplier is -2"},
	} {
		_, _, err := MobilenetV1(c.x, c.c)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	f := build(t, Config{}, fashion)
	for n := range f.feeds {
		if n.Name() == "labels" {
			bad := make([]int64, 32)
			bad[7] = 6
			f.feeds[n] = ok[*graph.Tensor](t)(graph.FromInt64s(bad, 32))
		}
	}
	_, err := f.sess.Run(f.feeds, f.loss)
	if err == nil || !strings.Contains(err.Error(), "label value of 6") || !strings.Contains(err.Error(), "[0, 6)") {
		t.Errorf("a label out of range: %v", fmt.Sprint(err))
	}
}

// A head is trained to the same bits with and without remembered features,
// and the features are computed once for each example.
func TestFeaturesAreRemembered(t *testing.T) {
	train1 := func(bytes int64) ([]float32, string) {
		f := build(t, Config{}, fashion)
		f.sess = ok[*graph.Session](t)(graph.NewSessionWith(f.g, graph.SessionOptions{FeatureBytes: bytes}))
		plan := ok[*slim.RestorePlan](t)(slim.PlanRestore(fashion, ok[*slim.Selection](t)(slim.VariablesToRestore(f.g))))
		if err := plan.Apply(f.sess); err != nil {
			t.Fatal(err)
		}
		head := ok[[]*graph.Variable](t)(f.g.Collection(graph.TrainableVariables, "MobilenetV1/Logits"))
		step := ok[*graph.Operation](t)(train.Adam(1e-2).Minimize(f.loss, head...))
		var out []float32
		for i := range 6 {
			feeds := graph.Feeds{}
			for n, v := range f.feeds {
				feeds[n] = rotated(t, v.(*graph.Tensor), i)
			}
			out = append(out, floats(ok[[]*graph.Tensor](t)(f.sess.Run(feeds, f.loss, step))[0])...)
		}
		return append(out, f.run(f.logits)...), f.sess.Features()
	}
	with, said := train1(0)
	without, nothing := train1(-1)
	for i := range with {
		if math.Float32bits(with[i]) != math.Float32bits(without[i]) {
			t.Fatalf("value %d: %g with remembered features, %g without", i, with[i], without[i])
		}
	}
	if !strings.Contains(said, "32 examples of [") || !strings.Contains(said, "32 examples computed, 192 found") {
		t.Error(said)
	}
	if nothing != "no features are remembered" {
		t.Error(nothing)
	}
}

// rotated moves the rows of a tensor by n, so that each batch has another order.
func rotated(t *testing.T, v *graph.Tensor, n int) *graph.Tensor {
	t.Helper()
	switch d := v.Data().(type) {
	case []float32:
		k := n * len(d) / v.Shape()[0]
		return ok[*graph.Tensor](t)(graph.FromFloat32s(append(append([]float32{}, d[k:]...), d[:k]...), v.Shape()...))
	case []int64:
		return ok[*graph.Tensor](t)(graph.FromInt64s(append(append([]int64{}, d[n:]...), d[:n]...), v.Shape()...))
	}
	t.Fatalf("a tensor of %v", v.Dtype())
	return nil
}
