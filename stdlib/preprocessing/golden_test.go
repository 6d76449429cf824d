package preprocessing

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"graft/stdlib/graph"
)

type goldenCase struct {
	Op    string
	Args  []float64
	DType string
	Shape []int
	Want  []float64
}

// operations are the functions of this package by name.
func operations() map[string]func(x *graph.Tensor, a []float64) (*graph.Tensor, error) {
	type op = func(x *graph.Tensor, a []float64) (*graph.Tensor, error)
	plain := func(f func(*graph.Tensor) (*graph.Tensor, error)) op {
		return func(x *graph.Tensor, _ []float64) (*graph.Tensor, error) { return f(x) }
	}
	number := func(f func(*graph.Tensor, float64) (*graph.Tensor, error)) op {
		return func(x *graph.Tensor, a []float64) (*graph.Tensor, error) { return f(x, a[0]) }
	}
	return map[string]op{
		"AdjustBrightness": number(AdjustBrightness), "AdjustContrast": number(AdjustContrast),
		"AdjustSaturation": number(AdjustSaturation), "AdjustHue": number(AdjustHue), "CentralCrop": number(CentralCrop),
		"RGBToGrayscale": plain(RGBToGrayscale), "RGBToHSV": plain(RGBToHSV), "HSVToRGB": plain(HSVToRGB), "ConvertToUint8": plain(ConvertToUint8), "PerImageStandardization": plain(PerImageStandardization), "ConvertImageDType": plain(ConvertImageDType),
		"FlipLeftRight": plain(FlipLeftRight), "FlipUpDown": plain(FlipUpDown), "Transpose": plain(Transpose),
		"CropToBoundingBox": func(x *graph.Tensor, a []float64) (*graph.Tensor, error) {
			return CropToBoundingBox(x, int(a[0]), int(a[1]), int(a[2]), int(a[3]))
		},
		"PadToBoundingBox": func(x *graph.Tensor, a []float64) (*graph.Tensor, error) {
			return PadToBoundingBox(x, int(a[0]), int(a[1]), int(a[2]), int(a[3]))
		},
		"ResizeWithCropOrPad": func(x *graph.Tensor, a []float64) (*graph.Tensor, error) {
			return ResizeWithCropOrPad(x, int(a[0]), int(a[1]))
		},
	}
}

func TestOperations(t *testing.T) {
	var g struct {
		Picture struct {
			Float32 []float32
			Uint8   []int
			Shape   []int
		}
		Cases []goldenCase
	}
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile("testdata/goldens.json")), &g); err != nil {
		t.Fatal(err)
	}
	bytes := make([]uint8, len(g.Picture.Uint8))
	for i, v := range g.Picture.Uint8 {
		bytes[i] = uint8(v)
	}
	before := slices.Clone(g.Picture.Float32)
	for _, c := range g.Cases {
		x := ok[*graph.Tensor](t)(graph.FromFloat32s(g.Picture.Float32, g.Picture.Shape...))
		if c.DType == "uint8" {
			x = tensor.New(tensor.WithShape(g.Picture.Shape...), tensor.WithBacking(bytes))
		}
		y, err := operations()[c.Op](x, c.Args)
		if err != nil {
			t.Errorf("%s %v of %s: %v", c.Op, c.Args, c.DType, err)
			continue
		}
		got := numbersOf(y)
		if !slices.Equal([]int(y.Shape()), c.Shape) || len(got) != len(c.Want) {
			t.Errorf("%s %v of %s: shape %v, want %v", c.Op, c.Args, c.DType, y.Shape(), c.Shape)
			continue
		}
		worst := 0.0
		for i, w := range c.Want {
			worst = max(worst, math.Abs(got[i]-w))
		}
		if worst > 2e-6 { // a few roundings of float32
			t.Errorf("%s %v of %s: differs by %.3g", c.Op, c.Args, c.DType, worst)
		}
	}
	if !slices.Equal(before, g.Picture.Float32) {
		t.Error("an operation changed its picture")
	}
	t.Logf("%d cases", len(g.Cases))
}

func numbersOf(x *graph.Tensor) (out []float64) {
	switch data := x.Data().(type) {
	case []float32:
		for _, v := range data {
			out = append(out, float64(v))
		}
	case []uint8:
		for _, v := range data {
			out = append(out, float64(v))
		}
	}
	return out
}
