package nets

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// imageNet is what TensorFlow makes of a formula with a MobileNet trained on
// ImageNet.
type imageNet struct {
	Net struct {
		Kind       string
		Multiplier float64 `json:"depth_multiplier"`
		Size       int
		Classes    int
		Checkpoint string
	}
	Formula, Plain struct {
		Top5    []struct{ Index int }
		AvgPool []float64 `json:"avgpool_first16"`
		Logits  []float64
	}
	FromPlain json.RawMessage `json:"formula_restored_from_plain_names"`
}

// TestReferenceImageNet restores real checkpoints, of both formats, and from
// the names of moving averages where there are some.
func TestReferenceImageNet(t *testing.T) {
	shared := os.Getenv("GRAFT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files := ok[[]string](t)(filepath.Glob(filepath.Join(shared, "checkpoints/imagenet/*/expected.json")))
	if len(files) == 0 {
		t.Skipf("there are no checkpoints in %s/checkpoints/imagenet; set GRAFT_SHARED", shared)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		var want imageNet
		if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(file)), &want); err != nil {
			t.Fatal(err)
		}
		if want.FromPlain != nil {
			if err := json.Unmarshal(want.FromPlain, &want.Plain); err != nil {
				t.Fatal(err)
			}
		}
		name := filepath.Base(dir)
		t.Run(name, func(t *testing.T) { want.run(t, filepath.Join(dir, want.Net.Checkpoint)) })
		if v1 := filepath.Join(dir, "v1", want.Net.Checkpoint); exists(v1) {
			t.Run(name+"/v1", func(t *testing.T) { want.run(t, v1) })
		}
	}
}

func (w *imageNet) run(t *testing.T, checkpoint string) {
	r := ok[*ckpt.Reader](t)(ckpt.Open(checkpoint))
	defer r.Close()
	const average = "/ExponentialMovingAverage"
	averaged := slices.ContainsFunc(r.Names(), func(n string) bool { return filepath.Base(n) == average[1:] })
	if averaged {
		w.compare(t, r, "", w.Plain.Logits, w.Plain.AvgPool)
		w.compare(t, r, average, w.Formula.Logits, w.Formula.AvgPool)
	} else {
		w.compare(t, r, "", w.Formula.Logits, w.Formula.AvgPool)
	}
}

// compare builds the net, gives it the tensors of the variables' names and a
// suffix, and runs it on the formula.
func (w *imageNet) compare(t *testing.T, r *ckpt.Reader, suffix string, logits, pool []float64) {
	t.Helper()
	g, size := graph.New(), w.Net.Size
	images := ok[*graph.Node](t)(g.Placeholder("input", graph.Float32, 1, size, size, 3))
	out, end, err := Build(w.Net.Kind, images, Config{NumClasses: w.Net.Classes, DepthMultiplier: w.Net.Multiplier})
	if err != nil {
		t.Fatal(err)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	vars := ok[[]*graph.Variable](t)(slim.GetModelVariables(g, "", ""))
	for _, v := range vars {
		x := ok[*ckpt.Tensor](t)(r.Tensor(v.Name() + suffix))
		if err := sess.Assign(v, ok[*graph.Tensor](t)(graph.FromCheckpoint(x))); err != nil {
			t.Fatal(err)
		}
	}
	input := make([]float32, size*size*3)
	for i := range input {
		input[i] = float32(float64(uint32(uint64(i)*2654435761))/(1<<31) - 1)
	}
	feeds := graph.Feeds{images: ok[*graph.Tensor](t)(graph.FromFloat32s(input, 1, size, size, 3))}
	pooled := end["AvgPool_1a"]
	if pooled == nil {
		pooled = end["global_pool"]
	}
	got := ok[[]*graph.Tensor](t)(sess.Run(feeds, out, pooled))
	// TensorFlow's own kernels differ by 1e-5 in a logit.
	near(t, "logits", floats(got[0]), logits, 5e-5)
	near(t, "pool", floats(got[1]), pool, 5e-5)
	if w.Formula.Top5[0].Index != slices.Index(floats(got[0]), slices.Max(floats(got[0]))) {
		t.Errorf("the first of the top 5 is not %d", w.Formula.Top5[0].Index)
	}
	t.Logf("%d variables%s restored", len(vars), suffix)
}

func near(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	worst := 0.0
	for i, w := range want {
		worst = math.Max(worst, math.Abs(float64(got[i])-w))
	}
	if !(worst <= tolerance) || len(want) == 0 {
		t.Errorf("%s: differ by %.2g, at most %.2g is allowed", what, worst, tolerance)
	}
}
