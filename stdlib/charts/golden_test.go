package charts

import (
	"bytes"
	"encoding/base64"
	"flag"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"
)

var update = flag.Bool("update", false, "write the pictures that were looked at anew")

// The pictures in testdata were looked at; a new one is to be looked at before
// it is stored.
func TestPicturesLookAsTheyDid(t *testing.T) {
	for name, p := range map[string]Picture{
		"training":  exampleTraining(t),
		"finder":    exampleFinder(),
		"confusion": exampleConfusion(t),
		"grid":      exampleGrid(t),
		"bars":      exampleBars(t),
		"histogram": exampleHistogram(t),

		"activations": exampleActivations(t),
		"filters":     exampleFilters(t),
		"overlay":     exampleOverlay(t),
		"embedding":   exampleEmbedding(t),
	} {
		got := picture(t, p)
		path := filepath.Join("testdata", name+".png")
		if *update {
			b, err := base64.StdEncoding.DecodeString(p.MIME()["image/png"])
			if err == nil {
				err = os.WriteFile(path, b, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if d := difference(t, name, got, want); d > 0.5 {
			t.Errorf("%s differs by %.2f of 255 on average; run with -update and look at it", name, d)
		}
	}
}

func picture(t *testing.T, p Picture) image.Image {
	t.Helper()
	m := p.MIME()
	b, err := base64.StdEncoding.DecodeString(m["image/png"])
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%v: %s", err, m["text/plain"])
	}
	return img
}

// difference is the mean over all pixels and channels. It is not 0 everywhere:
// processors that fuse multiplication and addition soften edges differently.
func difference(t *testing.T, name string, a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		t.Errorf("%s: %v, want %v", name, a.Bounds(), b.Bounds())
		return 0
	}
	sum := 0.0
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			for _, d := range []float64{float64(ar) - float64(br), float64(ag) - float64(bg), float64(ab) - float64(bb)} {
				sum += math.Abs(d) / 257
			}
		}
	}
	return sum / float64(3*a.Bounds().Dx()*a.Bounds().Dy())
}

func random() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func exampleTraining(tb testing.TB) *Training {
	r, tr := random(), NewTraining("Fine-tuning the head of VGG-16")
	for i := range 1000 {
		tr.loss.Add("loss", float64(i), 2.3*math.Exp(-float64(i)/200)+0.25+0.12*r.NormFloat64()*math.Exp(-float64(i)/700))
		if i%50 == 49 {
			tr.accuracy.Add("train", float64(i), 0.95-0.8*math.Exp(-float64(i)/200))
			tr.accuracy.Add("held out", float64(i), 0.88-0.75*math.Exp(-float64(i)/180))
		}
	}
	return tr
}

func exampleFinder() *Curves {
	c := &Curves{Title: "Learning rate finder", XLabel: "learning rate", YLabel: "loss", LogX: true}
	for i := range 100 {
		x := math.Pow(10, -6+float64(i)/20)
		c.Add("loss", x, 2.3-1.5/(1+math.Exp(-(math.Log10(x)+3)*3))+math.Exp(math.Log10(x)*4+4))
	}
	return c
}

func fashion() []string {
	return []string{"T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
}

func exampleConfusion(t *testing.T) *ConfusionMatrix {
	r := random()
	var labels, predictions []int
	for range 1000 {
		label := r.IntN(10)
		as := label
		if r.IntN(100) < 12 {
			as = []int{label, 6, 0, 4}[r.IntN(4)]
		}
		labels, predictions = append(labels, label), append(predictions, as)
	}
	m, err := NewConfusion(fashion(), labels, predictions)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func exampleGrid(t *testing.T) *Grid {
	pix := make([]float32, 12*28*28)
	for i := range pix {
		x, y, n := i%28, i/28%28, i/784
		if math.Hypot(float64(x-14), float64(y-14)) < 6+float64(n)/2 {
			pix[i] = float32(0.3 + 0.6*math.Abs(math.Sin(float64(x*n)/9)))
		}
	}
	captions, wrong := make([]string, 12), make([]bool, 12)
	for i := range captions {
		captions[i] = fashion()[i%10] + " 93 %"
	}
	wrong[3], captions[3] = true, "Shirt 51 %\ntrue: Dress"
	wrong[7], captions[7] = true, "Ankle boot 77 %\ntrue: Sneaker"
	g, err := NewGrid(tensor.New(tensor.WithShape(12, 28, 28, 1), tensor.WithBacking(pix)), captions, GridOptions{Wrong: wrong})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func exampleBars(t *testing.T) *BarChart {
	b, err := Bars([]string{"random trunk", "TF-Slim's trunk, frozen", "TF-Slim's trunk, fine-tuned"}, []float64{0.712, 0.853, 0.901}, "Accuracy on held-out pictures")
	if err != nil {
		t.Fatal(err)
	}
	b.Percent = true
	return b
}

func exampleHistogram(t *testing.T) *HistogramChart {
	r, vs := random(), make([]float64, 5000)
	for i := range vs {
		vs[i] = r.NormFloat64() * 0.05
	}
	vs[0] = math.NaN()
	h, err := Histogram(vs, "Weights of vgg_16/fc8")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func BenchmarkTraining(b *testing.B) {
	t := exampleTraining(b)
	for b.Loop() {
		t.MIME()
	}
}

func BenchmarkMillionPoints(b *testing.B) {
	r, c := random(), &Curves{Smooth: 0.99}
	for i := range 1_000_000 {
		c.Add("loss", float64(i), r.NormFloat64())
	}
	for b.Loop() {
		c.MIME()
	}
}
