package nets

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/preprocessing"
	"graft/stdlib/train"
)

// photoLogits is what TensorFlow makes of a photo.
type photoLogits struct {
	Top5 []struct {
		Index int
		Label string
		Prob  float64
	}
	Logits []float64
}

// TestReferenceOpen classifies photos from their files to names.
func TestReferenceOpen(t *testing.T) {
	shared := os.Getenv("GRAFT_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files := ok[[]string](t)(filepath.Glob(filepath.Join(shared, "checkpoints/imagenet/*/expected.json")))
	if len(files) == 0 {
		t.Skipf("there are no checkpoints in %s/checkpoints/imagenet; set GRAFT_SHARED", shared)
	}
	for _, file := range files {
		var want struct {
			Net    struct{ Checkpoint string }
			Photos map[string]map[string]photoLogits
		}
		if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(file)), &want); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(file)
		net := ok[*Classifier](t)(Open(filepath.Base(dir), filepath.Join(dir, want.Net.Checkpoint)))
		t.Logf("\n%v", net)
		for name, how := range want.Photos {
			w := how["slim_eval"]
			path := filepath.Join(shared, "assets/imagenet", name)
			w.compare(t, net, path, 1e-4, 5)
		}
	}
}

// compare wants logits within tolerance and the first same names.
func (w photoLogits) compare(t *testing.T, net *Classifier, path string, tolerance float64, same int) {
	t.Helper()
	photo := ok[*graph.Tensor](t)(preprocessing.ReadImage(path))
	top := ok[*Predictions](t)(net.Top(photo, 5))
	logits := ok[*graph.Tensor](t)(net.Run(photo)).Data().([]float32)
	worst := 0.0
	for i, l := range w.Logits {
		worst = max(worst, math.Abs(float64(logits[i])-l))
	}
	if worst > tolerance || len(w.Logits) != len(logits) {
		t.Errorf("%s: logits differ by %.3g, at most %.3g is allowed", path, worst, tolerance)
	}
	shared := 0
	for i, p := range w.Top5 {
		if slices.Contains(top.Classes, p.Index) {
			shared++
		}
		if i < same && (top.Names[i] != p.Label || tolerance < 1e-3 && math.Abs(top.Probabilities[i]-p.Prob) > 1e-5) {
			t.Errorf("%s: number %d is %s (%.4f), TensorFlow says %s (%.4f)", path, i+1, top.Names[i], top.Probabilities[i], p.Label, p.Prob)
		}
	}
	t.Logf("%s: logits differ by %.2g, %d of the top 5 are TensorFlow's; %s, %.1f %%", filepath.Base(path), worst, shared, top.Name(), 100*top.Probabilities[0])
}

// saved makes a checkpoint of a net.
func saved(t *testing.T, name string, c Config, size int) string {
	t.Helper()
	n := ok[Net](t)(Lookup(name))
	g := graph.New()
	g.SetSeed(1)
	x := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, -1, size, size, n.Channels))
	if _, _, err := n.Build(x, c); err != nil {
		t.Fatal(err)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	if err := sess.Init(); err != nil {
		t.Fatal(err)
	}
	saver := ok[*train.Saver](t)(train.NewSaver(g))
	return ok[string](t)(saver.Save(sess, filepath.Join(t.TempDir(), "model.ckpt"), 0))
}

// The checkpoint says how many classes there are, and a file beside it what
// they are called.
func TestOpenOtherClasses(t *testing.T) {
	path := saved(t, "mobilenet_v1", Config{NumClasses: 3, DepthMultiplier: 0.25}, 64)
	net := ok[*Classifier](t)(Open("mobilenet_v1_0.25_64", path))
	if !slices.Equal(net.Labels, []string{"0", "1", "2"}) || net.Net.ImageSize != 64 {
		t.Errorf("labels %v, images of %d", net.Labels, net.Net.ImageSize)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "labels.txt"), []byte("0:cat\n1:dog\n2:<owl>\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	net = ok[*Classifier](t)(Open("mobilenet_v1_0.25_64", path))
	photo := ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, 30*20*3), 30, 20, 3))
	top := ok[*Predictions](t)(net.Top(photo, 9))
	if len(top.Names) != 3 || !strings.Contains(top.String(), "<owl>") {
		t.Error(top)
	}
	if h := top.MIME()["text/html"]; !strings.Contains(h, "&lt;owl&gt;") || !strings.Contains(h, "data:image/png;base64,") {
		t.Error(h)
	}
	// A narrow MobileNet V2 with the widest's last layer.
	path = saved(t, "mobilenet_v2", Config{NumClasses: 2, DepthMultiplier: 0.5, FinegrainClassificationMode: true}, 32)
	ok[*Classifier](t)(Open("mobilenet_v2_0.5_32", path))
	// Grey pictures, and colours made grey.
	path = saved(t, "lenet", Config{NumClasses: 10}, 28)
	ok[*Predictions](t)(ok[*Classifier](t)(Open("lenet", path)).Top(photo, 1))
}

func TestOpenRefuses(t *testing.T) {
	path := saved(t, "lenet", Config{NumClasses: 10}, 28)
	for _, c := range []struct {
		name, path, want string
		o                OpenOptions
	}{
		{"vgg", path, "there are vgg_16", OpenOptions{}},
		{"alexnet_v2", path, "has no preprocessing", OpenOptions{}},
		{"cifarnet", path, "CifarNet", OpenOptions{}},
		{"lenet", filepath.Join(filepath.Dir(path), "nowhere"), "nowhere", OpenOptions{}},
		{"lenet", path, "3 labels are given, the checkpoint has 10 classes", OpenOptions{Labels: []string{"a", "b", "c"}}},
		{"lenet", path, "there is no \"x\"", OpenOptions{Preprocessing: "x"}},
	} {
		if _, err := OpenWith(c.name, c.path, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	net := ok[*Classifier](t)(Open("lenet", path))
	if _, err := net.Top(nil, 1); err == nil {
		t.Error("a photo that is nil")
	}
	if _, err := net.Run(); err == nil {
		t.Error("no photos")
	}
}

func TestImageNetLabels(t *testing.T) {
	all := ImageNetLabels()
	if len(all) != 1001 || all[0] != "background" || all[1] != "tench, Tinca tinca" || all[1000] != "toilet tissue, toilet paper, bathroom tissue" {
		t.Errorf("%d labels from %q to %q", len(all), all[0], all[len(all)-1])
	}
	for _, name := range Names() {
		n := ok[Net](t)(Lookup(name))
		switch labels := n.Labels(); {
		case n.NumClasses == 1001 && (len(labels) != 1001 || labels[1] != all[1]),
			n.NumClasses == 1000 && (len(labels) != 1000 || labels[0] != all[1]),
			n.NumClasses < 1000 && labels != nil:
			t.Errorf("%s has %d classes and %d labels", name, n.NumClasses, len(labels))
		}
	}
}
