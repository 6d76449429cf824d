package train

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/data"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/metrics"
	"graft/stdlib/nets"
	"graft/stdlib/slim"
)

// transfer is what TF-Slim did when it fine-tuned a net on five flowers.
type transfer struct {
	dir string
	Net struct {
		Name, Kind, Checkpoint string
		Multiplier             float64 `json:"depth_multiplier"`
		Size                   int
	}
	Data struct {
		Classes    []string
		Train, Val int
	}
	Stage1 struct {
		Recipe struct {
			Rate     float64 `json:"lr"`
			Beta1    float64
			Beta2    float64
			Epsilon  float64
			Restored int `json:"restored_variables"`
		}
		Cached headRun
		Full   headRun `json:"full_forward"`
	} `json:"stage1_head"`
	Stage2 struct {
		Recipe struct{ Rate, Momentum float64 }
		Tiles  fineTuned `json:"on_tiles"`
		Photos fineTuned `json:"on_pictures"`
	} `json:"stage2_all"`
	Seconds struct{ Batch int } `json:"seconds_per_step_of_tensorflow_on_2_shared_cores"`
}

type headRun struct {
	Loss          []float64
	ValAccuracy   float64   `json:"val_accuracy"`
	TrainAccuracy float64   `json:"train_accuracy"`
	Predictions   []int     `json:"val_predictions"`
	Logits        []float64 `json:"val_logits_first"`
	Biases        []float64 `json:"head_biases"`
	Weights       []float64 `json:"head_weights_first10"`
	Checkpoint    string
}

type fineTuned struct {
	Steps        int
	TotalLoss    []float64 `json:"total_loss"`
	CrossEntropy []float64 `json:"cross_entropy"`
	ValAccuracy  float64   `json:"val_accuracy"`
	After        map[string][]float64
}

func readTransfer(t *testing.T) *transfer {
	t.Helper()
	x := &transfer{dir: filepath.Join(refDir(t), "transfer")}
	b, err := os.ReadFile(filepath.Join(x.dir, "expected.json"))
	if os.IsNotExist(err) {
		t.Skipf("there is no %s/expected.json", x.dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, x); err != nil {
		t.Fatal(err)
	}
	var recipe struct {
		Stage2 struct {
			Recipe struct {
				Rate     float64 `json:"lr"`
				Momentum float64
			}
		} `json:"stage2_all"`
	}
	if err := json.Unmarshal(b, &recipe); err != nil {
		t.Fatal(err)
	}
	x.Stage2.Recipe.Rate, x.Stage2.Recipe.Momentum = recipe.Stage2.Recipe.Rate, recipe.Stage2.Recipe.Momentum
	return x
}

// checkpoint is the net's, trained on ImageNet.
func (x *transfer) checkpoint(t *testing.T) string {
	t.Helper()
	for _, root := range []string{os.Getenv("GRAFT_SHARED"), filepath.Dir(refDir(t)), "../../../shared"} {
		path := filepath.Join(root, "checkpoints/imagenet", x.Net.Name, x.Net.Checkpoint)
		if found, _ := filepath.Glob(path + "*"); root != "" && len(found) > 0 {
			return path
		}
	}
	t.Skipf("there is no checkpoint of %s; set GRAFT_SHARED", x.Net.Name)
	return ""
}

// flowerNet is the net with a head of zeros.
type flowerNet struct {
	g                                    *graph.Graph
	images, labels, logits, pooled, loss *graph.Node
	sess                                 *graph.Session
	head                                 []*graph.Variable
}

func (x *transfer) net(t *testing.T, training bool) *flowerNet {
	t.Helper()
	n := &flowerNet{g: graph.New()}
	n.images = ok[*graph.Node](t)(n.g.Placeholder("images", graph.Float32, -1, x.Net.Size, x.Net.Size, 3))
	n.labels = ok[*graph.Node](t)(n.g.Placeholder("labels", graph.Int64, -1))
	logits, points, err := nets.Build(x.Net.Kind, n.images, nets.Config{NumClasses: len(x.Data.Classes), DepthMultiplier: x.Net.Multiplier, IsTraining: training, KeepProb: 1})
	if err != nil {
		t.Fatal(err)
	}
	n.logits = logits
	for _, name := range []string{"AvgPool_1a", "global_pool"} {
		if n.pooled == nil {
			n.pooled = points[name]
		}
	}
	n.loss = ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: n.labels}))
	n.sess = ok[*graph.Session](t)(graph.NewSession(n.g))
	net := ok[nets.Net](t)(nets.Lookup(x.Net.Kind))
	n.head = ok[[]*graph.Variable](t)(n.g.Collection(graph.TrainableVariables, net.HeadScopes[0]))
	return n
}

// restoreTrunk restores all but the head, which becomes zeros.
func (x *transfer) restoreTrunk(t *testing.T, n *flowerNet) {
	t.Helper()
	net := ok[nets.Net](t)(nets.Lookup(x.Net.Kind))
	sel := ok[*slim.Selection](t)(slim.VariablesToRestore(n.g, slim.Exclude(net.HeadScopes...)))
	if want := x.Stage1.Recipe.Restored; want != 0 && len(sel.Variables) != want {
		t.Errorf("%d variables to restore, TF-Slim had %d", len(sel.Variables), want)
	}
	if err := ok[*slim.RestorePlan](t)(slim.PlanRestore(x.checkpoint(t), sel)).Apply(n.sess); err != nil {
		t.Fatal(err)
	}
	for _, v := range n.head {
		size := 1
		for _, d := range v.Shape() {
			size *= d
		}
		if err := n.sess.Assign(v, ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, size), v.Shape()...))); err != nil {
			t.Fatal(err)
		}
	}
}

// classes are those of n pictures, class by class in turn.
func (x *transfer) classes(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i % len(x.Data.Classes))
	}
	return out
}

// features reads recorded features as a source of examples for pooled.
func (x *transfer) features(t *testing.T, file string) *data.Dataset {
	t.Helper()
	r := ok[*ckpt.Reader](t)(ckpt.Open(filepath.Join(x.dir, file)))
	defer r.Close()
	all := ok[*ckpt.Tensor](t)(r.Tensor(r.Names()[0]))
	n := all.Shape[0]
	return &data.Dataset{Images: ok[*graph.Tensor](t)(graph.FromCheckpoint(all, n, 1, 1, all.Shape[1])),
		Labels: ok[*graph.Tensor](t)(graph.FromInt64s(x.classes(n), n)), Classes: x.Data.Classes}
}

// nearLosses compares relative to each value: losses of steps.
func nearLosses(t *testing.T, what string, tolerance float64, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d steps, want %d", what, len(got), len(want))
	}
	worst, at := 0.0, 0
	for i, w := range want {
		if d := math.Abs(got[i]-w) / math.Abs(w); !(d <= worst) {
			worst, at = d, i
		}
	}
	t.Logf("%s: %d steps, differing by %.2g at most, at step %d", what, len(want), worst, at)
	if worst > tolerance {
		t.Errorf("%s: %.7g at step %d, want %.7g: differs by %.2g, at most %.2g is allowed", what, got[at], at, want[at], worst, tolerance)
	}
}

func lossesOf(h *History) []float64 {
	var out []float64
	for _, s := range h.Steps {
		out = append(out, s.Loss)
	}
	return out
}

// TestReferenceTransferHead trains the head on the features that TF-Slim's
// frozen trunk made.
func TestReferenceTransferHead(t *testing.T) {
	x := readTransfer(t)
	n := x.net(t, false)
	x.restoreTrunk(t, n)
	r := x.Stage1.Recipe
	o := Options{Session: n.sess, Images: n.pooled, Labels: n.labels, Loss: n.loss, Logits: n.logits, Vars: n.head,
		Optimizer: AdamWith(AdamOptions{LearningRate: r.Rate, Beta1: r.Beta1, Beta2: r.Beta2, Epsilon: r.Epsilon}),
		Train:     x.features(t, "features_train.npy"), HeldOut: x.features(t, "features_val.npy"),
		BatchSize: x.Seconds.Batch, Steps: len(x.Stage1.Cached.Loss), InOrder: true, Quiet: true}
	h := ok[*History](t)(Run(o))
	want := x.Stage1.Cached
	nearLosses(t, "loss", 1e-3, lossesOf(h), want.Loss)
	e := ok[*metrics.Evaluation](t)(Evaluate(EvaluateOptions{Session: n.sess, Images: n.pooled, Logits: n.logits, Source: o.HeldOut, Quiet: true}))
	if e.Accuracy() != want.ValAccuracy {
		t.Errorf("validation accuracy %.4f, want %.4f", e.Accuracy(), want.ValAccuracy)
	}
	got := e.Predictions
	if !slices.Equal(got, want.Predictions) {
		t.Errorf("other predictions than TF-Slim's")
	}
	for i, v := range n.head {
		w := want.Weights
		if i == 1 {
			w = want.Biases
		}
		// Adam divides the gradients of biases, sums that nearly cancel, by their size.
		nearTo(t, 1e-3, v.Name(), floatsOf(t, ok[*graph.Tensor](t)(n.sess.Value(v)))[:len(w)], narrow(w))
	}
}

func narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i := range x {
		out[i] = float32(x[i])
	}
	return out
}

// tiles are the pictures of tiles.png.
func (x *transfer) tiles(t *testing.T) *data.Dataset {
	t.Helper()
	f := ok[*os.File](t)(os.Open(filepath.Join(x.dir, "tiles.png")))
	defer f.Close()
	img := ok[image.Image](t)(png.Decode(f))
	size, b := x.Net.Size, img.Bounds()
	columns := b.Dx() / size
	n := columns * (b.Dy() / size)
	pixels := make([]float32, 0, n*size*size*3)
	for i := range n {
		for y := range size {
			for at := range size {
				r, g, bl, _ := img.At(b.Min.X+i%columns*size+at, b.Min.Y+i/columns*size+y).RGBA()
				for _, c := range []uint32{r, g, bl} {
					pixels = append(pixels, float32(float64(c>>8)/127.5-1))
				}
			}
		}
	}
	return &data.Dataset{Images: ok[*graph.Tensor](t)(graph.FromFloat32s(pixels, n, size, size, 3)),
		Labels: ok[*graph.Tensor](t)(graph.FromInt64s(x.classes(n), n)), Classes: x.Data.Classes}
}

// TestReferenceTransferAll trains the whole net, batch normalisation included,
// on recorded pictures, from TF-Slim's checkpoint of the head's training.
func TestReferenceTransferAll(t *testing.T) {
	x := readTransfer(t)
	n := x.fineTune(t, x.tiles(t), x.Stage2.Tiles, 1e-3)
	for name, want := range x.Stage2.Tiles.After {
		v := ok[*graph.Variable](t)(n.g.Variable(name))
		// Twelve steps of batch normalisation over batches of 30.
		nearTo(t, 1e-3, name, floatsOf(t, ok[*graph.Tensor](t)(n.sess.Value(v)))[:len(want)], narrow(want))
	}
}

// fineTune is stage 2.
func (x *transfer) fineTune(t *testing.T, source data.Source, want fineTuned, tolerance float64) *flowerNet {
	t.Helper()
	n := x.net(t, true)
	total := ok[*graph.Node](t)(losses.TotalLoss(n.g, true))
	path := filepath.Join(x.dir, x.Stage1.Full.Checkpoint)
	if err := ok[*slim.RestorePlan](t)(slim.PlanRestore(path, ok[*slim.Selection](t)(slim.VariablesToRestore(n.g)))).Apply(n.sess); err != nil {
		t.Fatal(err)
	}
	r := x.Stage2.Recipe
	o := Options{Session: n.sess, Images: n.images, Labels: n.labels, Loss: total, Optimizer: Momentum(r.Rate, r.Momentum),
		Train: source, BatchSize: x.Seconds.Batch, Steps: want.Steps, InOrder: true, Quiet: true}
	h := ok[*History](t)(Run(o))
	nearLosses(t, fmt.Sprintf("total loss (%s)", strings.TrimSpace(o.Optimizer.title())), tolerance, lossesOf(h), want.TotalLoss)
	return n
}
