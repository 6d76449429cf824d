package data

import (
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/preprocessing"
)

// grey makes n pictures of several classes in memory.
func grey(t testing.TB, labels []int, classes ...string) *Pictures {
	t.Helper()
	images := make([]image.Image, len(labels))
	for i := range images {
		img := image.NewGray(image.Rect(0, 0, 2, 2))
		img.Pix[0] = byte(i)
		images[i] = img
	}
	return ok[*Pictures](t)(Images(images, labels, classes))
}

func TestSplit(t *testing.T) {
	labels := make([]int, 100)
	for i := 80; i < 100; i++ {
		labels[i] = 1
	}
	labels[99] = 2
	s := grey(t, labels, "many", "few", "one")
	a, b, err := s.Split(0.75, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Counts(), []int{60, 14, 1}) || !slices.Equal(b.Counts(), []int{20, 5, 0}) {
		t.Errorf("counts %v %v", a.Counts(), b.Counts())
	}
	again, _, _ := s.Split(0.75, 5)
	other, _, _ := s.Split(0.75, 6)
	if !slices.Equal(a.Names(), again.Names()) || slices.Equal(a.Names(), other.Names()) {
		t.Error("a seed does not decide")
	}
	all := append(a.Names(), b.Names()...)
	slices.Sort(all)
	if len(slices.Compact(all)) != 100 {
		t.Error("a picture is in both parts")
	}
	if _, _, err := s.Split(1, 0); err == nil {
		t.Error("a share of 1")
	}
	if got := ok[*Pictures](t)(s.PerClass(3, 0)).Counts(); !slices.Equal(got, []int{3, 3, 1}) {
		t.Errorf("3 of each: %v", got)
	}
	d := ok[*Dataset](t)(s.Dataset())
	c, e, err := d.Split(0.75, 5)
	if err != nil || !slices.Equal(c.Counts(), a.Counts()) || c.pixels()[0] != float32(ok[*Dataset](t)(a.Dataset()).pixels()[0]) || e.Len() != 25 {
		t.Errorf("a dataset is split otherwise: %v %v", c, err)
	}
}

func TestBalance(t *testing.T) {
	b := Balance(grey(t, []int{0, 0, 0, 1, 0, 0, 0}, "a", "b", "none"))
	// scikit-learn's "balanced" weights, n / (classes · count): 7/12 and 7/2.
	if math.Abs(b.Weights[0]-0.58333333) > 1e-8 || b.Weights[1] != 3.5 || b.Weights[2] != 0 || b.Ratio != 6 || math.Abs(b.Majority-6.0/7) > 1e-12 {
		t.Errorf("%+v", b)
	}
	if s := b.String(); !strings.Contains(s, "none") || !strings.Contains(b.MIME()["text/html"], "<table>") {
		t.Error(s)
	}
}

func TestRepeat(t *testing.T) {
	s := grey(t, []int{0, 0, 0, 0, 0})
	var got []int
	e := ok[Epoch](t)(Repeat(s, EpochOptions{BatchSize: 2, Skip: 1, Shuffle: true, Number: 4}, 2))
	for {
		b, err := e.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Places...)
	}
	_, _, first := epochOf(t, s, EpochOptions{BatchSize: 2, Skip: 1, Shuffle: true, Number: 4})
	_, _, second := epochOf(t, s, EpochOptions{BatchSize: 2, Shuffle: true, Number: 5})
	if want := append(first, second...); !slices.Equal(got, want) {
		t.Errorf("places %v, want %v", got, want)
	}
	forever := ok[Epoch](t)(Repeat(s, EpochOptions{BatchSize: 2}, 0))
	for range 20 {
		ok[*Batch](t)(forever.Next())
	}
	if err := forever.Close(); err != nil {
		t.Fatal(err)
	}
	// Batches that are never full: nothing to repeat.
	none := ok[Epoch](t)(Repeat(s, EpochOptions{BatchSize: 9, DropRemainder: true}, 0))
	if _, err := none.Next(); err != io.EOF {
		t.Errorf("got %v", err)
	}
}

func TestSkipBroken(t *testing.T) {
	dir := folder(t)
	paths := map[string]string{
		filepath.Join(dir, "blue", "empty.png"):   "",
		filepath.Join(dir, "green", "text.gif"):   "not a picture",
		filepath.Join(dir, "green", "large.bmp"):  "BM" + strings.Repeat("\xff", 60),
		filepath.Join(dir, "green", "broken.jpg"): "\xff\xd8\xff\xe0",
	}
	for p, text := range paths {
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := ok[*Pictures](t)(Folder(dir)).With(eval(t, preprocessing.Options{}))
	sound, report, err := s.SkipBroken()
	if err != nil {
		t.Fatal(err)
	}
	if sound.Len() != 10 || report.Checked != 14 || len(report.Names) != 4 {
		t.Errorf("%d are sound; %v", sound.Len(), report)
	}
	for i, name := range report.Names {
		if _, bad := paths[name]; !bad || report.Reasons[i] == "" {
			t.Errorf("%s: %s", name, report.Reasons[i])
		}
	}
	t.Log(report)
	ok[*Dataset](t)(sound.Dataset())
}

// Pictures of the MNIST family are prepared as bytes.
func TestDatasetWith(t *testing.T) {
	d := open(t)
	p := ok[*preprocessing.Preprocessing](t)(preprocessing.Get("lenet", preprocessing.Options{Height: 2, Width: 1}))
	got := ok[*Dataset](t)(d.With(p).Dataset())
	// lenet: (x - 128) / 128, and height for width.
	if !slices.Equal(got.pixels(), []float32{-1, 127.0 / 128, -127.0 / 128, -126.0 / 128, -125.0 / 128, -124.0 / 128}) {
		t.Error(got.pixels())
	}
	if !slices.Equal(got.LabelNames(), []string{"dog", "cat", "dog"}) {
		t.Error(got.LabelNames())
	}
}
