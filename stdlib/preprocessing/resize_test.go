package preprocessing

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"codeberg.org/sbinet/npyio/npz"
	"gorgonia.org/tensor"

	"graft/stdlib/graph"
)

// resizeCase is a case of ops.json's family resize.
type resizeCase struct {
	Family, Case, Error string
	Inputs              []string
	Args                struct {
		Method          string
		Size            []int
		Align           bool    `json:"align_corners"`
		Half            bool    `json:"half_pixel_centers"`
		CropSize        []int   `json:"crop_size"`
		Outside         float64 `json:"extrapolation_value"`
		BoxInd          []int   `json:"box_ind"`
		CentralFraction float64 `json:"central_fraction"`
		Target          []int
	}
}

// arrays reads an npz.
type arrays struct{ r *npz.Reader }

// read is an array's pictures, [height, width, channels] each.
func (a arrays) read(t *testing.T, name string) (shape []int, pictures []*graph.Tensor) {
	t.Helper()
	h := a.r.Header(name + ".npy")
	if h == nil {
		t.Fatalf("there is no %s", name)
	}
	shape = h.Descr.Shape
	n := shape
	if len(shape) == 4 {
		n = shape[1:]
	}
	size := n[0] * n[1] * n[2]
	if strings.Contains(h.Descr.Type, "u1") {
		var pix []uint8
		if err := a.r.Read(name+".npy", &pix); err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(pix); at += size {
			pictures = append(pictures, tensor.New(tensor.WithShape(n...), tensor.WithBacking(pix[at:at+size])))
		}
		return shape, pictures
	}
	var pix []float32
	if err := a.r.Read(name+".npy", &pix); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(pix); at += size {
		pictures = append(pictures, ok[*graph.Tensor](t)(graph.FromFloat32s(pix[at:at+size], n...)))
	}
	return shape, pictures
}

// run makes a case's pictures.
func (c resizeCase) run(t *testing.T, a arrays, x []*graph.Tensor) []*graph.Tensor {
	t.Helper()
	var f func(x *graph.Tensor) (*graph.Tensor, error)
	name, _, _ := strings.Cut(c.Case, "-")
	constant := map[string][]float64{"adjust_brightness": {0.2}, "adjust_contrast": {1.7}, "adjust_saturation": {0.5}, "adjust_saturation-1.5": {1.5},
		"adjust_hue": {0.1}, "adjust_hue-neg": {-0.2}}[c.Case]
	switch {
	case c.Args.CropSize != nil:
		return c.crops(t, a, x)
	case c.Args.Size != nil || name == "bilinear":
		size := append(slices.Clone(c.Args.Size), 5, 5)
		f = func(x *graph.Tensor) (*graph.Tensor, error) {
			return Resize(x, size[0], size[1], ResizeOptions{Method: ResizeMethod(c.Args.Method), AlignCorners: c.Args.Align, HalfPixelCenters: c.Args.Half})
		}
	case c.Args.CentralFraction > 0:
		f = func(x *graph.Tensor) (*graph.Tensor, error) { return CentralCrop(x, c.Args.CentralFraction) }
	case c.Args.Target != nil:
		f = func(x *graph.Tensor) (*graph.Tensor, error) {
			return ResizeWithCropOrPad(x, c.Args.Target[0], c.Args.Target[1])
		}
	case c.Case == "rot90":
		f = func(x *graph.Tensor) (*graph.Tensor, error) { return Rot90(x, 1) }
	case c.Case == "convert_to_uint8-saturate":
		f = func(x *graph.Tensor) (*graph.Tensor, error) {
			pix := slices.Clone(x.Data().([]float32))
			for i := range pix {
				pix[i] *= 1.5
			}
			return ConvertToUint8(ok[*graph.Tensor](t)(graph.FromFloat32s(pix, x.Shape()...)))
		}
	default:
		op := map[string]string{"per_image_standardization": "PerImageStandardization", "flip_left_right": "FlipLeftRight", "flip_up_down": "FlipUpDown",
			"transpose": "Transpose", "adjust_brightness": "AdjustBrightness", "adjust_contrast": "AdjustContrast", "adjust_saturation": "AdjustSaturation",
			"adjust_hue": "AdjustHue", "rgb_to_grayscale": "RGBToGrayscale", "rgb_to_hsv": "RGBToHSV", "hsv_to_rgb": "HSVToRGB",
			"convert_to_uint8": "ConvertToUint8", "convert_from_uint8": "ConvertImageDType"}[name]
		if operations()[op] == nil {
			return nil
		}
		f = func(x *graph.Tensor) (*graph.Tensor, error) { return operations()[op](x, constant) }
	}
	var out []*graph.Tensor
	for _, p := range x {
		out = append(out, ok[*graph.Tensor](t)(f(p)))
	}
	return out
}

func (c resizeCase) crops(t *testing.T, a arrays, x []*graph.Tensor) (out []*graph.Tensor) {
	var boxes []float32
	if err := a.r.Read(c.Case+"/boxes.npy", &boxes); err != nil {
		t.Fatal(err)
	}
	for i, picture := range c.Args.BoxInd {
		box := make([]float64, 4)
		for k := range box {
			box[k] = float64(boxes[4*i+k])
		}
		out = append(out, ok[*graph.Tensor](t)(CropAndResize(x[picture], box, c.Args.CropSize[0], c.Args.CropSize[1],
			CropAndResizeOptions{Method: ResizeMethod(c.Args.Method), ExtrapolationValue: c.Args.Outside})))
	}
	return out
}

// TestReferenceResize compares with TensorFlow's image operations.
func TestReferenceResize(t *testing.T) {
	var all struct{ Cases []resizeCase }
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(refs(t, "ops.json"))), &all); err != nil {
		t.Fatal(err)
	}
	a := arrays{ok[*npz.Reader](t)(npz.Open(refs(t, "ops/resize.npz")))}
	defer a.r.Close()
	cases := 0
	for _, c := range all.Cases {
		if c.Family != "resize" || c.Error != "" {
			continue
		}
		_, x := a.read(t, c.Case+"/"+c.Inputs[0])
		got := c.run(t, a, x)
		if got == nil {
			t.Logf("%s is not of this package", c.Case)
			continue
		}
		_, want := a.read(t, c.Case+"/y")
		if len(got) != len(want) {
			t.Errorf("%s: %d pictures, want %d", c.Case, len(got), len(want))
			continue
		}
		for i := range got {
			likeTensorFlow(t, c.Case, got[i], want[i])
		}
		cases++
	}
	t.Logf("%d cases compared with TensorFlow", cases)
}

func likeTensorFlow(t *testing.T, name string, got, want *graph.Tensor) {
	t.Helper()
	if !slices.Equal(got.Shape(), want.Shape()) || got.Dtype() != want.Dtype() && name != "bilinear-uint8" {
		t.Errorf("%s: %v %v, want %v %v", name, got.Dtype(), got.Shape(), want.Dtype(), want.Shape())
		return
	}
	w := numbersOf(want)
	for i, v := range numbersOf(got) {
		if d := math.Abs(v - w[i]); d > 1e-5*max(1, math.Abs(w[i])) {
			t.Errorf("%s: value %d is %g, want %g", name, i, v, w[i])
			return
		}
	}
}
