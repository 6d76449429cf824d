package preprocessing

import (
	"image"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"graft/stdlib/graph"
)

// Equal generators give equal results, others do not.
func TestRandomIsSeeded(t *testing.T) {
	x := formula(60, 80)
	for _, name := range Names() {
		p := ok[*Preprocessing](t)(Get(name, Options{Height: 20, Width: 20, IsTraining: true, Seed: 8}))
		a, b := ok[*graph.Tensor](t)(p.Apply(x, Random(1, 2, 3))), ok[*graph.Tensor](t)(p.Apply(x, Random(1, 2, 3)))
		c := ok[*graph.Tensor](t)(p.Apply(x, Random(1, 2, 4)))
		if !slices.Equal(a.Data().([]float32), b.Data().([]float32)) {
			t.Errorf("%s: equal generators give other pictures", name)
		}
		if p.Random() == slices.Equal(a.Data().([]float32), c.Data().([]float32)) {
			t.Errorf("%s: Random is %v", name, p.Random())
		}
		d, e := ok[*graph.Tensor](t)(p.Apply(x, nil)), ok[*graph.Tensor](t)(p.Apply(x, nil))
		if !slices.Equal(d.Data().([]float32), e.Data().([]float32)) {
			t.Errorf("%s: without a generator it is another each time", name)
		}
	}
}

func TestGetRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"mobilenet_v1", Options{Height: 1, Width: 1}, "nets.Lookup(name).Preprocessing"},
		{"inception", Options{Width: 1}, "Height is 0"},
		{"inception", Options{Height: 1, Width: 1 << 20}, "Width is 1048576"},
		{"inception", Options{Height: 1, Width: 1, ResizeSideMin: 256}, "it has no ResizeSideMin; its options are"},
		{"vgg", Options{Height: 1, Width: 1, UseGrayscale: true}, "it has no UseGrayscale"},
		{"vgg", Options{Height: 1, Width: 1, IsTraining: true, ResizeSideMin: 600}, "ResizeSideMax is 512, it must be at least ResizeSideMin"},
		{"inception", Options{Height: 1, Width: 1, CentralFraction: 1.5}, "CentralFraction is 1.5"},
		{"inception", Options{Height: 1, Width: 1, IsTraining: true, BoundingBoxes: [][]float64{{0.5, 0, 0.2, 1}}}, "bounding box 0"},
	} {
		if _, err := Get(c.name, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: got %v, want %q", c.name, c.o, err, c.want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	inception := ok[*Preprocessing](t)(Get("inception", Options{Height: 4, Width: 4}))
	vgg := ok[*Preprocessing](t)(Get("vgg", Options{Height: 300, Width: 4}))
	cifarnet := ok[*Preprocessing](t)(Get("cifarnet", Options{Height: 40, Width: 4, IsTraining: true}))
	bright := ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{255, 0, 0}, 1, 1, 3))
	for _, c := range []struct {
		p    *Preprocessing
		x    *graph.Tensor
		want string
	}{
		{inception, nil, "the picture is nil"},
		{inception, bright, "a value of 255; float32 pictures are of [0, 1] here"},
		{inception, ok[*graph.Tensor](t)(graph.FromFloat32s(nil, 0, 4, 3)), "there is nothing in it"},
		{inception, ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{1}, 1)), "[height width channels] is wanted"},
		{inception, ok[*graph.Tensor](t)(graph.FromInt64s([]int64{1}, 1, 1, 1)), "uint8 or float32 is wanted"},
		{vgg, formula(10, 20), "resized to 256×512 it is smaller than the crop of 300×4"},
		{vgg, tensor.New(tensor.WithShape(4, 4, 1), tensor.WithBacking(make([]uint8, 16))), "3 are wanted: there are three means"},
		{cifarnet, formula(10, 20), "smaller than 40×4"},
	} {
		if _, err := c.p.Apply(c.x, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.p, err, c.want)
		}
	}
	if _, err := inception.ApplyEncoded([]byte("no picture"), nil); err == nil || !strings.Contains(err.Error(), "JPEG, PNG, GIF, BMP and WebP") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadImage("doc.go"); err == nil || !strings.Contains(err.Error(), "doc.go") {
		t.Errorf("got %v", err)
	}
}

// The three ways to give a picture are one.
func TestApplyImage(t *testing.T) {
	x := formula(30, 20)
	img := image.NewNRGBA(image.Rect(0, 0, 20, 30))
	for i := range 600 {
		copy(img.Pix[4*i:], x.Data().([]uint8)[3*i:3*i+3])
		img.Pix[4*i+3] = byte(i) // alpha is dropped
	}
	p := ok[*Preprocessing](t)(Get("inception", Options{Height: 7, Width: 9}))
	a, b := ok[*graph.Tensor](t)(p.Apply(x, nil)), ok[*graph.Tensor](t)(p.ApplyImage(img, nil))
	unit := ok[*graph.Tensor](t)(p.Apply(ok[*graph.Tensor](t)(ConvertImageDType(x)), nil))
	if !slices.Equal(a.Data().([]float32), b.Data().([]float32)) || !slices.Equal(a.Data().([]float32), unit.Data().([]float32)) {
		t.Error("an image, bytes and floats differ")
	}
}
