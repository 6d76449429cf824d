package preprocessing

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/picture"
)

// ResizeMethod is how a pixel is found between others.
type ResizeMethod string

// The methods of tf.image.ResizeMethod.
const (
	Bilinear        ResizeMethod = "bilinear"
	NearestNeighbor ResizeMethod = "nearest"
	Bicubic         ResizeMethod = "bicubic"
	Area            ResizeMethod = "area"
)

// ResizeOptions are the arguments of tf.image.resize_images and
// resize_bilinear.
type ResizeOptions struct {
	// Method is Bilinear by default.
	Method ResizeMethod
	// AlignCorners keeps the centres of the corner pixels where they are.
	AlignCorners bool
	// HalfPixelCenters has the centre of pixel i at i+½, as TensorFlow 2 does,
	// instead of at i. Not with AlignCorners, nor with Area.
	HalfPixelCenters bool
}

// Resize makes a picture of height × width as TensorFlow 1's resize operations
// do: no smoothing when it gets smaller, but with Area. The result is float32
// in the picture's range. Errors: a size outside of 1 … 16384, an empty
// picture, options that do not go together.
func Resize(image *graph.Tensor, height, width int, o ResizeOptions) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: resize: %w", err)
	}
	methods := map[ResizeMethod]ops.Method{"": ops.Bilinear, Bilinear: ops.Bilinear, NearestNeighbor: ops.Nearest, Bicubic: ops.Bicubic, Area: ops.Area}
	m, ok := methods[o.Method]
	if !ok {
		return nil, fmt.Errorf("preprocessing: resize: there is no method %q; there are bilinear, nearest, bicubic, area", string(o.Method))
	}
	if height < 1 || height > maxSide || width < 1 || width > maxSide {
		return nil, fmt.Errorf("preprocessing: resize: a size of %d×%d, 1 … %d are wanted", height, width, maxSide)
	}
	out, err := picture.Resize(x, ops.Resize{Method: m, Size: [2]int{height, width}, AlignCorners: o.AlignCorners, HalfPixel: o.HalfPixelCenters})
	if err != nil {
		return nil, fmt.Errorf("preprocessing: resize: %w", err)
	}
	return tensorOf(out)
}
