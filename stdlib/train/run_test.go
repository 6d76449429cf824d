package train

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/charts"
	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/host"
	"graft/stdlib/losses"
	"graft/stdlib/metrics"
	"graft/stdlib/preprocessing"
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

// stopping is a host whose cell can be stopped.
type stopping struct {
	ctx context.Context
}

func (s stopping) Context() context.Context         { return s.ctx }
func (stopping) Display(string, host.Bundle)        {}
func (stopping) Update(string, host.Bundle)         {}
func (stopping) Clear(bool)                         {}
func (stopping) Input(string, bool) (string, error) { return "", errors.New("nobody") }
func (stopping) Render(any) host.Bundle             { return host.Bundle{"text/plain": ""} }

// everything is what a run leaves: all variables, and its history without
// times.
func everything(t *testing.T, n *little, h *History) string {
	t.Helper()
	var b strings.Builder
	for _, v := range ok[[]*graph.Variable](t)(n.g.Collection(graph.GlobalVariables, "")) {
		fmt.Fprintln(&b, v.Name(), ok[*graph.Tensor](t)(n.sess.Value(v)).Data())
	}
	for _, s := range h.Steps {
		s.Seconds = 0
		fmt.Fprintf(&b, "%+v\n", s)
	}
	for _, e := range h.Evaluations {
		e.Seconds = 0
		fmt.Fprintf(&b, "%+v\n", e)
	}
	return b.String()
}

// A run that is stopped anywhere and goes on, in the same session or from its
// folder, ends as one that was not.
func TestRunGoesOn(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"dropout and batch norm": func(o *Options) {},
		"schedule": func(o *Options) {
			o.Optimizer = Momentum(0.1, 0.9).Schedule(CosineDecay{DecaySteps: 20})
		},
		"small batches":            func(o *Options) { o.SmallBatch = 5 },
		"drop remainder, in order": func(o *Options) { o.DropRemainder, o.InOrder = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			options := func(n *little) Options {
				o := n.options(t)
				o.Vars = nil
				change(&o)
				return o
			}
			whole := newLittle(t, 3, true)
			want := everything(t, whole, ok[*History](t)(Run(options(whole))))
			for _, stop := range []int{2, 8, 13} {
				here := newLittle(t, 3, true)
				o := options(here)
				stopAfter(t, o, stop)
				if got := everything(t, here, ok[*History](t)(Run(o))); got != want {
					t.Fatalf("stopped after step %d, in the same session:\n%s", stop, firstDifference(got, want))
				}
				dir := t.TempDir()
				o = options(newLittle(t, 3, true))
				o.Dir = dir
				stopAfter(t, o, stop)
				other := newLittle(t, 3, true)
				o = options(other)
				o.Dir = dir
				h := ok[*History](t)(Run(o))
				if got := everything(t, other, h); got != want {
					t.Fatalf("stopped after step %d, from the folder:\n%s", stop, firstDifference(got, want))
				}
				if !slices.ContainsFunc(h.Notes, func(s string) bool { return strings.Contains(s, "went on from") }) {
					t.Errorf("the notes do not say where it went on: %q", h.Notes)
				}
			}
		})
	}
}

// stopAfter runs until a step is done, and is stopped then.
func stopAfter(t *testing.T, o Options, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer host.Install(stopping{ctx})()
	o.OnStep = func(r StepRecord) error {
		if r.Step == step {
			cancel()
		}
		return nil
	}
	h, err := Run(o)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped after step %d: %v", step, err)
	}
	if len(h.Steps) != step || !strings.Contains(h.Stopped, fmt.Sprintf("after step %d of", step)) {
		t.Fatalf("%d steps, stopped %q", len(h.Steps), h.Stopped)
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("got  %.300s\nwant %.300s", g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// One seed gives the same numbers on any number of threads.
func TestRunThreads(t *testing.T) {
	var want string
	for _, threads := range []int{1, 2, 5} {
		n := newLittle(t, 3, true)
		n.sess = ok[*graph.Session](t)(graph.NewSessionWith(n.g, graph.SessionOptions{Threads: threads}))
		o := n.options(t)
		o.Vars = nil
		got := everything(t, n, ok[*History](t)(Run(o)))
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%d threads:\n%s", threads, firstDifference(got, want))
		}
	}
}

// A batch in pieces makes the step of the whole batch.
func TestSmallBatch(t *testing.T) {
	losses := func(small int) []float64 {
		n := newLittle(t, 3, false)
		o := n.options(t)
		o.SmallBatch, o.Optimizer, o.Vars = small, Momentum(0.1, 0.9), nil
		o.Minimize.ClipGlobalNorm = 0.5
		var out []float64
		for _, s := range ok[*History](t)(Run(o)).Steps {
			out = append(out, s.Loss, s.GradientNorm, s.Accuracy)
		}
		return out
	}
	whole, pieces := losses(0), losses(5)
	for i := range whole {
		if d := math.Abs(whole[i] - pieces[i]); !(d <= 2e-5*math.Abs(whole[i])+1e-7) {
			t.Fatalf("value %d is %g in pieces, %g as a whole", i, pieces[i], whole[i])
		}
	}
}

func TestRunSaysWhatIsMissing(t *testing.T) {
	n := newLittle(t, 3, false)
	other := newLittle(t, 3, false)
	for want, change := range map[string]func(*Options){
		"no Session":            func(o *Options) { o.Session = nil },
		"no Optimizer":          func(o *Options) { o.Optimizer = nil },
		"one of both is wanted": func(o *Options) { o.Steps = 5 },
		"learning rate -1":      func(o *Options) { o.Optimizer = Adam(-1) },
		"is of another graph":   func(o *Options) { o.Loss = other.loss },
		"need HeldOut":          func(o *Options) { o.HeldOut, o.Patience = nil, 2 },
		"No variables to opt":   func(o *Options) { o.Vars = []*graph.Variable{} },
		"MixUp mixes labels":    func(o *Options) { o.MixUp = 0.2 },
		"20 of the 60 labels of Train are outside the valid range of [0, 3)": func(o *Options) {
			d := blobs(t, 60, 3, 1)
			for i, l := range d.Labels.Data().([]int64) {
				d.Labels.Data().([]int64)[i] = l + 1
			}
			o.Train = d
		},
		"shifted by one":  func(o *Options) { o.Train = shifted(t) },
		"another content": func(o *Options) { o.OnStep = func(StepRecord) error { return errors.New("another content") } },
	} {
		o := n.options(t)
		change(&o)
		_, err := Run(o)
		wants(t, err, want)
	}
}

func shifted(t *testing.T) *data.Dataset {
	d := blobs(t, 60, 3, 1)
	for i, l := range d.Labels.Data().([]int64) {
		d.Labels.Data().([]int64)[i] = l + 1
	}
	return d
}

func TestRunOfAnotherKind(t *testing.T) {
	dir := t.TempDir()
	options := func() Options {
		o := newLittle(t, 3, true).options(t)
		o.Dir, o.Vars = dir, nil
		return o
	}
	o := options()
	ok[*History](t)(Run(o))
	o = options()
	o.BatchSize = 8
	_, err := Run(o)
	wants(t, err, "was another one", "BatchSize was 16, is 8")
	o.BatchSize, o.Optimizer = 16, AdamWith(AdamOptions{LearningRate: 0.05, Beta1: 0.8})
	_, err = Run(o)
	wants(t, err, "the loss, its variables and the optimizer was")
	// The best is there too, and more epochs go on.
	o = options()
	o.Epochs = 7
	if h := ok[*History](t)(Run(o)); len(h.Steps) != 28 || h.Steps[19].Step != 20 || h.Steps[27].Epoch != 6 {
		t.Errorf("%d steps", len(h.Steps))
	}
	ok[string](t)(LatestCheckpoint(dir + "/best"))
}

func TestRunDiverges(t *testing.T) {
	n := newLittle(t, 3, false)
	o := n.options(t)
	o.Optimizer, o.Vars = GradientDescent(1e30), nil
	_, err := Run(o)
	var diverged *DivergedError
	if !errors.As(err, &diverged) {
		t.Fatal(err)
	}
	wants(t, err, "learning rate 1e+30", "net/")
	if diverged.Step < 2 {
		t.Errorf("step %d", diverged.Step)
	}
	for _, v := range ok[[]*graph.Variable](t)(n.g.Collection(graph.TrainableVariables, "")) {
		if i := slices.IndexFunc(values(t, n.sess, v), func(x float32) bool { return x-x != 0 }); i >= 0 {
			t.Errorf("%s[%d] is not finite", v.Name(), i)
		}
	}
	o = newLittle(t, 3, false).options(t)
	o.Train.(*data.Dataset).Images.Data().([]float32)[17] = float32(math.NaN())
	_, err = Run(o)
	wants(t, err, "images", "was fed examples", "of Train")
}

func TestRunStopsEarly(t *testing.T) {
	n := newLittle(t, 3, false)
	o := n.options(t)
	o.Epochs, o.Patience, o.Optimizer, o.RestoreBest, o.ByAccuracy = 50, 2, Adam(0.3), true, true
	h := ok[*History](t)(Run(o))
	best := h.Best()
	if len(h.Steps) >= 200 || h.Stopped == "" || h.Last().Step != best.Step+2*4 {
		t.Fatalf("%d steps, best after %d: %s", len(h.Steps), best.Step, h.Stopped)
	}
	e := ok[*metrics.Evaluation](t)(Evaluate(EvaluateOptions{Session: n.sess, Images: n.images, Logits: n.logits, Source: o.HeldOut, Quiet: true}))
	if e.Loss != best.Loss || e.Accuracy() != best.Accuracy {
		t.Errorf("the net has loss %g and accuracy %g, the best %g and %g", e.Loss, e.Accuracy(), best.Loss, best.Accuracy)
	}
	if again := ok[*History](t)(Run(o)); len(again.Steps) != len(h.Steps) {
		t.Errorf("%d steps after another Run", len(again.Steps))
	}
}

func TestRunWarns(t *testing.T) {
	n := newLittle(t, 3, true)
	o := n.options(t)
	o.Vars, o.Epochs, o.HeldOut = nil, 2, o.Train
	// A decay of 0.5 is fast enough; one for 1000 steps is not.
	h := ok[*History](t)(Run(o))
	for _, w := range h.Warnings {
		if strings.Contains(w, "its decay is") {
			t.Error(w)
		}
	}
	find := func(h *History, text string) {
		t.Helper()
		if !slices.ContainsFunc(h.Warnings, func(w string) bool { return strings.Contains(w, text) }) {
			t.Errorf("no warning has %q: %q", text, h.Warnings)
		}
	}
	find(h, "60 of 60 held-out examples are in Train too, first example 0, which is example 0 there")
}

// A picture that is held out and learnt from is found whatever its file is
// called and however it is distorted.
func TestRunWarnsOfPicturesInBoth(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, shade uint8) {
		t.Helper()
		img := image.NewGray(image.Rect(0, 0, 16, 16))
		for i := range img.Pix {
			img.Pix[i] = shade + uint8(i)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f := ok[*os.File](t)(os.Create(path))
		defer f.Close()
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		write(fmt.Sprintf("train/a/%d.png", i), uint8(i))
		write(fmt.Sprintf("train/b/%d.png", i), uint8(100+i))
		write(fmt.Sprintf("val/a/%d.png", i), uint8(20+i))
		write(fmt.Sprintf("val/b/%d.png", i), uint8(120+i))
	}
	write("val/b/3.png", 102)
	read := func(part string, training bool) *data.Pictures {
		p := ok[*preprocessing.Preprocessing](t)(preprocessing.Get("inception", preprocessing.Options{Height: 8, Width: 8, IsTraining: training}))
		return ok[*data.Pictures](t)(data.Folder(filepath.Join(dir, part))).With(p)
	}
	g := graph.New()
	images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, -1, 8, 8, 3))
	labels := ok[*graph.Node](t)(g.Placeholder("labels", graph.Int64, -1))
	flat := ok[*graph.Node](t)(slim.Flatten(g.Scope(), images))
	logits := ok[*graph.Node](t)(slim.FullyConnected(g.Scope(), flat, 2, slim.Args{Activation: slim.Linear}))
	loss := ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
	h := ok[*History](t)(Run(Options{Session: ok[*graph.Session](t)(graph.NewSession(g)), Images: images, Labels: labels, Loss: loss, Logits: logits,
		Optimizer: GradientDescent(0.01), Train: read("train", true), HeldOut: read("val", false), Epochs: 1, BatchSize: 4, Quiet: true}))
	want := fmt.Sprintf("1 of 8 held-out examples are in Train too, first %s, which is %s there", filepath.Join(dir, "val/b/3.png"), filepath.Join(dir, "train/b/2.png"))
	if !slices.ContainsFunc(h.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
		t.Errorf("no warning has %q: %q", want, h.Warnings)
	}
}

func TestHistoryFiles(t *testing.T) {
	n := newLittle(t, 3, false)
	h := ok[*History](t)(Run(n.options(t)))
	h.Steps[3].Accuracy = math.NaN()
	dir := t.TempDir()
	if err := h.WriteJSON(dir + "/h.json"); err != nil {
		t.Fatal(err)
	}
	back := ok[*History](t)(ReadHistory(dir + "/h.json"))
	if everything(t, n, back) != everything(t, n, h) || back.recipe != h.recipe || back.Title != h.Title {
		t.Error("the history is not what it was")
	}
	if err := h.WriteCSV(dir + "/h.csv"); err != nil {
		t.Fatal(err)
	}
	rows := ok[[][]string](t)(csv.NewReader(ok[*os.File](t)(os.Open(dir + "/h.csv"))).ReadAll())
	if len(rows) != 21 || rows[0][7] != "held_out_loss" || rows[4][3] != "" || rows[4][8] == "" || rows[5][8] != "" {
		t.Errorf("%d rows: %v", len(rows), rows[:6])
	}
	_, err := ReadHistory(dir + "/h.csv")
	wants(t, err, "read history", "h.csv")
	if p := ok[*charts.Panels](t)(Compare(h, back)); len(p.Charts) != 2 || !strings.Contains(p.String(), "training (2)") {
		t.Error(p)
	}
}
