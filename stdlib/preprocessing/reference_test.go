package preprocessing

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/stdlib/graph"
)

func ok[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// described is what TensorFlow's result is like.
type described struct {
	Shape               []int
	DType               string
	SHA256              string
	Mean, Std, Min, Max []float64
	Idx                 []int
	Val, Full           []float64
	Error, Message      string
	Module              string
	Args                struct {
		Height        int
		Width         int
		OutputHeight  int  `json:"output_height"`
		OutputWidth   int  `json:"output_width"`
		ResizeSideMin int  `json:"resize_side_min"`
		IsTraining    bool `json:"is_training"`
		CropImage     *bool
		Crop          *bool `json:"crop_image"`
		UseGrayscale  bool  `json:"use_grayscale"`
	}
	VsDefault struct {
		Mean float64
		Max  int
	} `json:"vs_default"`
}

// pictureCase is one picture of the folder nets/preprocessing.
type pictureCase struct {
	Image, Format         string
	Decode, Preprocessing map[string]described
}

// refs is the folder of reference data, and what lies beside it.
func refs(t testing.TB, name string) string {
	t.Helper()
	ref := os.Getenv("GRAFT_REF")
	if ref == "" {
		ref = "../../../shared/ref"
	}
	path := filepath.Join(ref, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("there is no %s; set GRAFT_REF", path)
	}
	return path
}

func shared(ref, name string) string {
	if s := os.Getenv("GRAFT_SHARED"); s != "" {
		return filepath.Join(s, name)
	}
	for dir := filepath.Clean(ref); ; dir = filepath.Dir(dir) {
		if path := filepath.Join(dir, name); dir == "/" || dir == "." || exists(path) {
			return path
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestReferencePreprocessing compares with TF-Slim's preprocessing of photos,
// and the decoders with TensorFlow's.
func TestReferencePreprocessing(t *testing.T) {
	dir := refs(t, "nets/preprocessing")
	files := ok[[]string](t)(filepath.Glob(filepath.Join(dir, "*.json")))
	cases, equal := 0, 0
	for _, file := range files {
		var c pictureCase
		if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(file)), &c); err != nil {
			t.Fatal(file, err)
		}
		path := shared(dir, filepath.Join("assets", c.Image))
		if !exists(path) {
			t.Logf("%s: the picture is not there", c.Image)
			continue
		}
		image := ok[*graph.Tensor](t)(ReadImage(path))
		if got := sha(image); got != c.Decode["default"].SHA256 {
			t.Errorf("%s: the pixels are not TensorFlow's", c.Image)
			continue
		}
		for name, want := range c.Preprocessing {
			cases++
			if want.prepares(t, c.Image+" "+name, image) {
				equal++
			}
		}
	}
	t.Logf("%d pictures prepared as TF-Slim does, %d of them equal to the last bit", cases, equal)
}

// prepares runs one preprocessing; it reports whether all bits are equal.
func (d described) prepares(t *testing.T, name string, image *graph.Tensor) bool {
	t.Helper()
	o := Options{Height: d.Args.Height + d.Args.OutputHeight, Width: d.Args.Width + d.Args.OutputWidth,
		ResizeSideMin: d.Args.ResizeSideMin, UseGrayscale: d.Args.UseGrayscale, WholeImage: d.Args.Crop != nil && !*d.Args.Crop}
	p := ok[*Preprocessing](t)(Get(d.Module, o))
	got, err := p.Apply(image, nil)
	if d.Error != "" {
		if err == nil || !strings.Contains(err.Error(), "smaller") {
			t.Errorf("%s: got %v, TF-Slim says %s", name, err, d.Message)
		}
		return true
	}
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return false
	}
	d.compare(t, name, got, 2e-6)
	return sha(got) == d.SHA256
}

// compare compares what is known of a result. tolerance is for values of 1.
func (d described) compare(t *testing.T, name string, got *graph.Tensor, tolerance float64) {
	t.Helper()
	for i, n := range d.Shape {
		if got.Shape()[i] != n {
			t.Errorf("%s: shape %v, want %v", name, got.Shape(), d.Shape)
			return
		}
	}
	x := got.Data().([]float32)
	worst := 0.0
	near := func(got float32, want float64) {
		worst = max(worst, math.Abs(float64(got)-want)/max(1, math.Abs(want)))
	}
	for k, i := range d.Idx {
		near(x[i], d.Val[k])
	}
	for i, v := range d.Full {
		near(x[i], v)
	}
	channels := d.Shape[2]
	for c := range channels {
		sum, low, high := 0.0, float32(math.Inf(1)), float32(math.Inf(-1))
		for i := c; i < len(x); i += channels {
			sum, low, high = sum+float64(x[i]), min(low, x[i]), max(high, x[i])
		}
		near(low, d.Min[c])
		near(high, d.Max[c])
		near(float32(sum/float64(len(x)/channels)), d.Mean[c])
	}
	if worst > tolerance {
		t.Errorf("%s: values differ by %.2g, at most %.2g is allowed", name, worst, tolerance)
	}
}

// sha is the hash of a tensor's bytes, little-endian.
func sha(x *graph.Tensor) string {
	h := sha256.New()
	switch data := x.Data().(type) {
	case []uint8:
		_, _ = h.Write(data)
	case []float32:
		_ = binary.Write(h, binary.LittleEndian, data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
