package preprocessing

import (
	"fmt"
	"math"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// CropAndResizeOptions are the arguments of tf.image.crop_and_resize.
type CropAndResizeOptions struct {
	// Method is Bilinear, the default, or NearestNeighbor.
	Method ResizeMethod
	// ExtrapolationValue is what lies outside of the picture.
	ExtrapolationValue float64
}

// CropAndResize is a part of a picture made height × width
// (tf.image.crop_and_resize). box is top, left, bottom and right: 0 is the
// centre of the first pixel and 1 that of the last; it may lie outside, and
// bottom before top turns the part over. The result is float32 in the
// picture's range.
func CropAndResize(image *graph.Tensor, box []float64, height, width int, o CropAndResizeOptions) (*graph.Tensor, error) {
	const what = "preprocessing: crop and resize"
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	h, w, c := x.Shape()
	switch {
	case len(box) != 4:
		return nil, fmt.Errorf("%s: a box of %d numbers; top, left, bottom and right are wanted", what, len(box))
	case height < 1 || height > maxSide || width < 1 || width > maxSide || h*w*c == 0:
		return nil, fmt.Errorf("%s: %d×%d of a picture of shape %v", what, height, width, []int(image.Shape()))
	case o.Method != "" && o.Method != Bilinear && o.Method != NearestNeighbor:
		return nil, fmt.Errorf("%s: the method is %q, bilinear or nearest is wanted", what, string(o.Method))
	}
	ys, xs := along(h, height, box[0], box[2]), along(w, width, box[1], box[3])
	out := &picture.Floats{Pix: make([]float32, height*width*c), Height: height, Width: width, Channels: c}
	in := picture.Whole(x)
	for y := range height {
		for x := range width {
			px := out.Pix[(y*width+x)*c:][:c]
			if ys[y] < 0 || ys[y] > float32(h-1) || xs[x] < 0 || xs[x] > float32(w-1) || ys[y] != ys[y] || xs[x] != xs[x] {
				for k := range px {
					px[k] = float32(o.ExtrapolationValue)
				}
				continue
			}
			pick(px, in, ys[y], xs[x], o.Method == NearestNeighbor)
		}
	}
	return tensorOf(out)
}

// along is where n points from … to lie in pixels, in float32 as TensorFlow
// computes it (core/kernels/image/crop_and_resize_op.cc).
func along(size, n int, from, to float64) []float32 {
	out := make([]float32, n)
	a, b, last := float32(from), float32(to), float32(size-1)
	if n == 1 {
		out[0] = float32(0.5 * float32(a+b) * last)
		return out
	}
	step := float32((b-a)*last) / float32(n-1)
	for i := range out {
		out[i] = float32(a*last) + float32(float32(i)*step)
	}
	return out
}

// pick is the value at a point between pixels.
func pick(dst []float32, p *picture.Floats, y, x float32, nearest bool) {
	if nearest {
		copy(dst, p.Pix[(int(math.Round(float64(y)))*p.Width+int(math.Round(float64(x))))*p.Channels:])
		return
	}
	top, left := int(y), int(x)
	bottom, right := min(top+1, p.Height-1), min(left+1, p.Width-1)
	py, px := y-float32(top), x-float32(left)
	for c := range dst {
		at := func(y, x int) float32 { return p.Pix[(y*p.Width+x)*p.Channels+c] }
		upper := at(top, left) + float32((at(top, right)-at(top, left))*px)
		lower := at(bottom, left) + float32((at(bottom, right)-at(bottom, left))*px)
		dst[c] = upper + float32((lower-upper)*py)
	}
}
