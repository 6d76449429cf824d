package charts

import (
	"fmt"
	"image/color"
	"math"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// The example of scikit-learn's confusion_matrix, with its
// precision_score and recall_score.
func TestConfusion(t *testing.T) {
	m, err := NewConfusion([]string{"ant", "bird", "cat"}, []int{2, 0, 2, 2, 0, 1}, []int{0, 0, 2, 2, 0, 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int{{2, 0, 0}, {0, 0, 1}, {1, 0, 2}}; !reflect.DeepEqual(m.Counts, want) {
		t.Errorf("%v, want %v", m.Counts, want)
	}
	if m.Accuracy() != 4.0/6 || m.Total() != 6 {
		t.Error(m.Accuracy(), m.Total())
	}
	if got, want := m.PerClass().String(), `class  pictures  precision  recall     F1
ant           2      0.667   1.000  0.800
bird          1          –   0.000  0.000
cat           3      0.667   0.667  0.667`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := m.Mistakes().String(), `class  taken for  pictures  of
bird   cat               1   1
cat    ant               1   3`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wantText(t, m, `confusion matrix, accuracy 66.7 % of 6 pictures
true \ predicted  ant  bird  cat
ant                 2     0    0
bird                0     0    1
cat                 1     0    2`)
	if h := m.HTML().MIME()["text/html"]; strings.Count(h, "<tr>") != 4 || !strings.Contains(h, `<td style="text-align:right;background-color:#0072b2;color:#ffffff">2</td>`) {
		t.Error(h)
	}
}

func TestConfusionErrors(t *testing.T) {
	for _, c := range []struct {
		classes             []string
		labels, predictions []int
		want                string
	}{
		{nil, nil, nil, "no classes"},
		{[]string{"a"}, []int{0}, nil, "1 labels and 0 predictions"},
		{[]string{"a", "b"}, []int{0, 2}, []int{0, 0}, "label 2 of picture 1: expected 0 to 1"},
		{[]string{"a", "b"}, []int{0, 1}, []int{0, -1}, "prediction -1 of picture 1: expected 0 to 1"},
	} {
		if _, err := NewConfusion(c.classes, c.labels, c.predictions); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestConfusionsOfAllSizes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 20, 41, 150, 1000} {
		m := ConfusionMatrix{Classes: make([]string, n)} // put together by hand, without counts
		for i := range m.Classes {
			m.Classes[i] = fmt.Sprint("class ", i)
		}
		if got := m.MIME(); got["image/png"] == "" || m.Accuracy() != 0 {
			t.Errorf("%d classes: %s", n, got["text/plain"])
		}
	}
}

// The bin numbers are len(numpy.histogram_bin_edges(v, "auto"))-1 of NumPy
// 2.4.6, for values of a generator that Python repeats, and for their cubes.
func TestBinsAreNumPys(t *testing.T) {
	for _, c := range []struct{ n, plain, cubed int }{{1, 1, 1}, {2, 2, 2}, {10, 5, 7}, {100, 8, 8}, {1000, 11, 13}, {5000, 17, 21}} {
		vs, cubes := make([]float64, c.n), make([]float64, c.n)
		x := uint64(1)
		for i := range vs {
			x = (x*1103515245 + 12345) % 2147483648
			vs[i] = float64(x) / 2147483648
			cubes[i] = math.Pow(vs[i], 3)
		}
		if a, b := binCount(vs), binCount(cubes); a != c.plain || b != c.cubed {
			t.Errorf("%d values: %d and %d bins, want %d and %d", c.n, a, b, c.plain, c.cubed)
		}
		if c.n == 1000 {
			h, err := Histogram(vs, "")
			if err != nil {
				t.Fatal(err)
			}
			if want := []int{85, 85, 89, 84, 99, 86, 100, 90, 98, 98, 86}; !reflect.DeepEqual(h.bins().counts, want) {
				t.Errorf("%v, want %v", h.bins().counts, want)
			}
			if mean, sd, _, _ := moments(vs); math.Abs(mean-0.5093085543643683) > 1e-12 || math.Abs(sd-0.2851545627380153) > 1e-12 {
				t.Error(mean, sd)
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	h, err := Histogram([]float64{1, 2, 1, math.Inf(1)}, "")
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, h, "histogram: 3 values from 1 to 2, mean 1.33, standard deviation 0.471; 1 not finite")
	for _, vs := range [][]float64{nil, {math.NaN()}} {
		if _, err := Histogram(vs, ""); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("none of %d values", len(vs))) {
			t.Error(err)
		}
	}
	for _, vs := range [][]float64{{0}, {5, 5}, {-1e300, 1e300}, {0, 1e-310}} {
		h, err := Histogram(vs, "")
		if err != nil || h.MIME()["image/png"] == "" {
			t.Errorf("%v: %v, %s", vs, err, h.MIME()["text/plain"])
		}
	}
}

func TestBars(t *testing.T) {
	b, err := Bars([]string{"a", "b"}, []float64{0.5, -0.25}, "")
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, b, "bars\n  a: 0.5\n  b: -0.25")
	for _, c := range []struct {
		labels []string
		values []float64
		want   string
	}{
		{nil, nil, "no values"},
		{[]string{"a"}, []float64{1, 2}, "1 labels for 2 values"},
		{[]string{"a", "b"}, []float64{1, math.NaN()}, `value 1 ("b") is NaN`},
	} {
		if _, err := Bars(c.labels, c.values, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	many, err := Bars(make([]string, 100), make([]float64, 100), "")
	if err != nil {
		t.Fatal(err)
	}
	if m := many.MIME(); m["image/png"] == "" || !strings.HasSuffix(m["text/plain"], "… 40 more") {
		t.Error(m["text/plain"])
	}
}

func pictures(shape []int, pix []float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(pix))
}

func TestGridPixels(t *testing.T) {
	// Two pictures of 1 × 2 pixels, red and green, blue and white.
	rgb := []float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}
	g, err := NewGrid(pictures([]int{2, 1, 2, 3}, rgb), nil, GridOptions{Scale: 10})
	if err != nil {
		t.Fatal(err)
	}
	img := picture(t, g)
	if want := (2*gridMargin + 2*20 + tileGap) * scale; img.Bounds().Dx() != want {
		t.Errorf("%v wide, want %d", img.Bounds(), want)
	}
	for i, want := range []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}} {
		left := (gridMargin + i/2*(20+tileGap) + i%2*10) * scale
		for _, x := range []int{left, left + 10*scale - 1} {
			if got := color.RGBAModel.Convert(img.At(x, gridMargin*scale)); got != want {
				t.Errorf("pixel %d at %d is %v, want %v", i, x, got, want)
			}
		}
	}
}

func TestGridShrinksByMeans(t *testing.T) {
	pix := make([]float32, 4*4)
	for i := range pix {
		pix[i] = float32(i % 2) // stripes
	}
	g, err := NewGrid(pictures([]int{1, 4, 4, 1}, pix), nil, GridOptions{Scale: 0.25, Low: 0, High: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := color.RGBAModel.Convert(picture(t, g).At(gridMargin*scale, gridMargin*scale)); got != (color.RGBA{128, 128, 128, 255}) {
		t.Error(got)
	}
}

func TestGridOfAView(t *testing.T) {
	pix := make([]float32, 3*2*2)
	for i := range pix {
		pix[i] = float32(i)
	}
	whole := pictures([]int{2, 2, 3, 1}, pix)
	if err := whole.T(0, 2, 1, 3); err != nil { // [N W H C] to [N H W C]
		t.Fatal(err)
	}
	g, err := NewGrid(whole, nil, GridOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}; !reflect.DeepEqual(g.pix, want) || g.h != 3 || g.w != 2 {
		t.Errorf("%v of %d × %d, want %v", g.pix, g.h, g.w, want)
	}
	part, err := pictures([]int{3, 2, 2, 1}, pix).Slice(tensor.S(1, 3))
	if err != nil {
		t.Fatal(err)
	}
	if g, err = NewGrid(part.(*tensor.Dense), nil, GridOptions{}); err != nil || g.pix[0] != 4 || len(g.pix) != 8 {
		t.Errorf("%v %v", err, g)
	}
}

func TestValueRange(t *testing.T) {
	for _, c := range []struct {
		pix       []float32
		low, high float64
	}{
		{[]float32{0.2, 0.7}, 0, 1}, {[]float32{-0.2, 0.7}, -1, 1}, {[]float32{0, 200}, 0, 255}, {[]float32{-120, 130}, -120, 130},
		{[]float32{float32(math.NaN())}, 0, 1}, {[]float32{300}, 299, 301},
	} {
		if low, high := valueRange(c.pix); low != c.low || high != c.high {
			t.Errorf("%v: %v to %v, want %v to %v", c.pix, low, high, c.low, c.high)
		}
	}
}

func TestGridText(t *testing.T) {
	g, err := NewGrid(pictures([]int{4, 1, 1, 1}, make([]float32, 4)), []string{"cat", "dog\ntrue: fox", "", "x"}, GridOptions{Wrong: []bool{false, true, false, false}, Max: 3, Columns: 2})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, g, `4 pictures of 1 × 1 pixels, 1 marked as wrong
    0: cat
  ✗ 1: dog, true: fox
  … 1 more picture`)
}

func TestGridErrors(t *testing.T) {
	ok := pictures([]int{1, 2, 2, 1}, make([]float32, 4))
	for _, c := range []struct {
		images   *tensor.Dense
		captions []string
		opt      GridOptions
		want     string
	}{
		{nil, nil, GridOptions{}, "the tensor is nil"},
		{pictures([]int{2, 2}, make([]float32, 4)), nil, GridOptions{}, "shape [2 2]: expected [N H W C]"},
		{pictures([]int{1, 1, 1, 4}, make([]float32, 4)), nil, GridOptions{}, "expected [N H W C] with C 1 (grey) or 3"},
		{tensor.New(tensor.WithShape(1, 2, 2, 1), tensor.Of(tensor.Float64)), nil, GridOptions{}, "dtype float64: expected float32"},
		{ok, []string{"a", "b"}, GridOptions{}, "2 captions for 1 pictures"},
		{ok, nil, GridOptions{Wrong: make([]bool, 3)}, "3 marks for 1 pictures"},
		{ok, nil, GridOptions{Columns: -1}, "Columns is -1"},
		{ok, nil, GridOptions{Scale: -2}, "Scale is -2"},
		{ok, nil, GridOptions{Low: 2, High: 1}, "Low 2 is not below High 1"},
		{ok, nil, GridOptions{High: math.NaN()}, "High is NaN"},
	} {
		if _, err := NewGrid(c.images, c.captions, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	huge, err := NewGrid(ok, nil, GridOptions{Scale: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	if got := huge.MIME(); got["image/png"] != "" || !strings.Contains(got["text/plain"], "cannot be drawn") {
		t.Error(got["text/plain"])
	}
}
