package preprocessing

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"graft/stdlib/graph"
)

// statistics are of some results of something random.
type statistics struct {
	N         int
	Mean, Std []float64
}

// compare compares n results' numbers with those of TensorFlow: two means of
// random numbers may be some standard errors apart.
func (s statistics) compare(t *testing.T, name string, n int, draw func(i int) []float64) {
	t.Helper()
	sum, squares := make([]float64, len(s.Mean)), make([]float64, len(s.Mean))
	for i := range n {
		for k, v := range draw(i) {
			sum[k], squares[k] = sum[k]+v, squares[k]+v*v
		}
	}
	for k := range sum {
		mean := sum[k] / float64(n)
		std := math.Sqrt(max(0, squares[k]/float64(n)-mean*mean))
		err := s.Std[k] * math.Sqrt(1/float64(n)+1/float64(s.N))
		if d := math.Abs(mean - s.Mean[k]); d > 4.5*err+1e-6 {
			t.Errorf("%s: the mean of number %d is %g, TensorFlow's is %g: %.1f standard errors", name, k, mean, s.Mean[k], d/err)
		}
		if d := math.Abs(std - s.Std[k]); d > 0.12*s.Std[k]+1e-6 { // some have long tails
			t.Errorf("%s: the deviation of number %d is %g, TensorFlow's is %g", name, k, std, s.Std[k])
		}
	}
}

// TestStatistics compares what is random with TF-Slim's (testdata/
// make_statistics.py). The seeds are fixed: this passes or fails for good.
func TestStatistics(t *testing.T) {
	var want struct {
		Boxes []struct {
			Height, Width int
			Boxes         [][]float64
			Stats         statistics
		}
		Pictures []struct {
			Name           string
			Height, Width  int
			AllDistortions bool `json:"all_distortions"`
			WholeImage     bool `json:"whole_image"`
			Min            int  `json:"resize_side_min"`
			Max            int  `json:"resize_side_max"`
			Stats          statistics
		}
	}
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile("testdata/statistics.json")), &want); err != nil {
		t.Fatal(err)
	}
	for k, w := range want.Boxes {
		w.Stats.compare(t, "a box", 20000, func(i int) []float64 {
			b := sampleBox(w.Height, w.Width, w.Boxes, boundingBoxOptions(BoundingBoxOptions{}), Random(9, uint64(k), uint64(i)))
			return []float64{float64(b.top), float64(b.left), float64(b.height), float64(b.width), float64(b.area()), float64(b.width) / float64(b.height)}
		})
	}
	image := formula(60, 80)
	for _, w := range want.Pictures {
		p := ok[*Preprocessing](t)(Get(w.Name, Options{Height: w.Height, Width: w.Width, IsTraining: true, AllDistortions: w.AllDistortions,
			WholeImage: w.WholeImage, ResizeSideMin: w.Min, ResizeSideMax: w.Max}))
		w.Stats.compare(t, p.String(), 4000, func(i int) []float64 {
			return describe(ok[*graph.Tensor](t)(p.Apply(image, Random(3, 0, uint64(i)))))
		})
	}
}

// formula is the picture of make_statistics.py.
func formula(h, w int) *graph.Tensor {
	pix := make([]uint8, 0, h*w*3)
	for y := range h {
		for x := range w {
			for c := range 3 {
				pix = append(pix, uint8(x*5+y*3+c*70+x*y%7*9))
			}
		}
	}
	return tensor.New(tensor.WithShape(h, w, 3), tensor.WithBacking(pix))
}

// describe is a result's mean and deviation, the means of red and blue, and how
// far neighbours in a row are apart.
func describe(x *graph.Tensor) []float64 {
	pix, w := x.Data().([]float32), x.Shape()[1]
	n := float64(len(pix))
	var sum, squares, red, blue, step float64
	for i, v := range pix {
		f := float64(v)
		sum, squares = sum+f, squares+f*f
		switch i % 3 {
		case 0:
			red += f
		case 2:
			blue += f
		}
		if i/3%w > 0 {
			step += math.Abs(f - float64(pix[i-3]))
		}
	}
	mean := sum / n
	return []float64{mean, math.Sqrt(max(0, squares/n-mean*mean)), red / (n / 3), blue / (n / 3), step / (n * float64(w-1) / float64(w))}
}
