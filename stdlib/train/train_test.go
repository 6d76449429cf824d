package train

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
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

func wants(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, one with %q is wanted", texts)
	}
	for _, s := range texts {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q lacks %q", err, s)
		}
	}
}

func variable(t *testing.T, g *graph.Graph, name string, first float64) *graph.Variable {
	t.Helper()
	return ok[*graph.Variable](t)(g.Scope().GetVariable(name, graph.VariableOptions{Initializer: graph.Constants{Value: first}}))
}

// The values after three steps of w = 1 with a gradient of 0.1 are those of
// TensorFlow's equations; the same for all is the loss 0.1·w.
func TestTrajectories(t *testing.T) {
	for _, c := range []struct {
		o    *Optimizer
		want []float64
	}{
		{GradientDescent(0.01), []float64{0.999, 0.998, 0.997}},
		{Momentum(0.01, 0.9), []float64{0.999, 0.9971, 0.99439}},
		{MomentumWith(MomentumOptions{LearningRate: 0.01, Momentum: 0.9, UseNesterov: true}), []float64{0.9981, 0.99539, 0.991951}},
		{Adam(0), []float64{0.999000003, 0.998000005, 0.997000007}},
	} {
		g := graph.New()
		w := variable(t, g, "w", 1)
		loss := ok[*graph.Node](t)(graph.Mul(w.Node(), ok[*graph.Node](t)(g.Scalar("", graph.Float32, 0.1))))
		step := ok[*graph.Operation](t)(c.o.Minimize(loss, w))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		for i, want := range c.want {
			ok[[]*graph.Tensor](t)(sess.Run(nil, step))
			got := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(w))))
			if math.Abs(got-want) > 3e-7 {
				t.Errorf("%s: %.9f after step %d, want %.9f", step.Name(), got, i+1, want)
			}
		}
	}
}

func TestSlotNames(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 1)
	for range 2 {
		ok[*graph.Operation](t)(Adam(0.1).Minimize(w.Node(), w))
	}
	for _, name := range []string{"w/Adam", "w/Adam_1", "beta1_power", "beta2_power", "beta1_power_1", "beta2_power_1"} {
		ok[*graph.Variable](t)(g.Variable(name))
	}
}

func TestMinimizeRefuses(t *testing.T) {
	g := graph.New()
	w, other := variable(t, g, "w", 1), variable(t, g, "other", 1)
	_, err := Adam(0.1).Minimize(w.Node(), []*graph.Variable{}...)
	wants(t, err, "No variables to optimize")
	_, err = Adam(0.1).Minimize(w.Node(), w, other)
	wants(t, err, "No gradients provided", "other", "the loss w does not depend")
	_, err = Adam(0.1).Minimize(w.Node(), w, w)
	wants(t, err, "w stands twice")
	_, err = GradientDescent(-1).Minimize(w.Node(), w)
	wants(t, err, "learning rate -1 must be above 0")
	_, err = Momentum(0.1, 1).Minimize(w.Node(), w)
	wants(t, err, "momentum 1 is not in [0, 1)")
	_, err = Adam(0.1).Minimize(nil)
	wants(t, err, "the loss is nil")
	// Without a list, what the loss does not depend on is left alone.
	ok[*graph.Operation](t)(Adam(0.1).Minimize(w.Node()))
}

func TestSaver(t *testing.T) {
	g := graph.New()
	w := variable(t, g, "w", 1)
	step := ok[*graph.Operation](t)(Adam(0.1).Minimize(w.Node(), w))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	saver := ok[*Saver](t)(NewSaver(g))
	saver.MaxToKeep = 2
	dir := t.TempDir()
	for i := range 3 {
		ok[[]*graph.Tensor](t)(sess.Run(nil, step))
		path := ok[string](t)(saver.Save(sess, filepath.Join(dir, "model.ckpt"), i))
		if latest := ok[string](t)(LatestCheckpoint(dir)); latest != path {
			t.Errorf("the latest checkpoint is %s, want %s", latest, path)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "model.ckpt-0.index")); !os.IsNotExist(err) {
		t.Errorf("the oldest checkpoint is still there: %v", err)
	}
	// Resuming goes on as if nothing had happened: the slots are saved too.
	latest := ok[string](t)(LatestCheckpoint(dir))
	again := ok[*graph.Session](t)(graph.NewSession(g))
	if err := saver.Restore(again, latest); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		ok[[]*graph.Tensor](t)(sess.Run(nil, step))
		ok[[]*graph.Tensor](t)(again.Run(nil, step))
	}
	a, b := ok[*graph.Tensor](t)(sess.Value(w)), ok[*graph.Tensor](t)(again.Value(w))
	if ok[float64](t)(graph.Item(a)) != ok[float64](t)(graph.Item(b)) {
		t.Errorf("resumed %v, went on %v", b, a)
	}
}

func TestSaverRefuses(t *testing.T) {
	g := graph.New()
	_, err := NewSaver(g)
	wants(t, err, "No variables to save")
	w := variable(t, g, "w", 1)
	saver := ok[*Saver](t)(NewSaver(g))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	_, err = saver.Save(sess, filepath.Join(t.TempDir(), "no", "model"), 1)
	wants(t, err, "Parent directory of", "doesn't exist")
	wants(t, saver.Restore(sess, filepath.Join(t.TempDir(), "nothing")), "there is no checkpoint at")
	prefix := filepath.Join(t.TempDir(), "other")
	wr := ok[*ckpt.Writer](t)(ckpt.Create(prefix))
	if err := wr.Add(ok[*ckpt.Tensor](t)(graph.ToCheckpoint("w", ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{1, 2}, 2))))); err != nil {
		t.Fatal(err)
	}
	if err := wr.Close(); err != nil {
		t.Fatal(err)
	}
	wants(t, saver.Restore(sess, prefix), "w: float32 [] here, float32 [2] in the checkpoint", prefix)
	if o, _ := sess.Origin(w); o != graph.Fresh {
		t.Errorf("w is %s", o)
	}
}
