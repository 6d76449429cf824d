package preprocessing

import (
	"fmt"
	"math/rand/v2"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// CropToBoundingBox is height × width pixels of a picture from row top and
// column left on (tf.image.crop_to_bounding_box), in the picture's dtype. A box
// that is not inside the picture is an error.
func CropToBoundingBox(image *graph.Tensor, top, left, height, width int) (*graph.Tensor, error) {
	return placed("crop to bounding box", image, func(h, w int) (placing, error) {
		if top < 0 || left < 0 || height < 1 || width < 1 || top > h-height || left > w-width {
			return placing{}, fmt.Errorf("%d×%d from row %d and column %d on is not inside of %d×%d", height, width, top, left, h, w)
		}
		return placing{height, width, -top, -left}, nil
	})
}

// PadToBoundingBox puts a picture at row top and column left of a black one of
// height × width (tf.image.pad_to_bounding_box). One that does not fit is an
// error.
func PadToBoundingBox(image *graph.Tensor, top, left, height, width int) (*graph.Tensor, error) {
	return placed("pad to bounding box", image, func(h, w int) (placing, error) {
		if top < 0 || left < 0 || height > maxSide || width > maxSide || top > height-h || left > width-w {
			return placing{}, fmt.Errorf("%d×%d at row %d and column %d does not fit %d×%d", h, w, top, left, height, width)
		}
		return placing{height, width, top, left}, nil
	})
}

// ResizeWithCropOrPad is the middle of a picture, or the picture in the middle
// of a black one, along each axis by itself
// (tf.image.resize_image_with_crop_or_pad).
func ResizeWithCropOrPad(image *graph.Tensor, height, width int) (*graph.Tensor, error) {
	return placed("resize with crop or pad", image, func(h, w int) (placing, error) {
		if height < 1 || width < 1 || height > maxSide || width > maxSide {
			return placing{}, fmt.Errorf("a size of %d×%d", height, width)
		}
		return placing{height, width, middle(height, h), middle(width, w)}, nil
	})
}

// CentralCrop is the middle of a picture: fraction, in (0, 1], of its height and
// of its width (tf.image.central_crop).
func CentralCrop(image *graph.Tensor, fraction float64) (*graph.Tensor, error) {
	return placed("central crop", image, func(h, w int) (placing, error) {
		if !(fraction > 0 && fraction <= 1) {
			return placing{}, fmt.Errorf("a fraction of %g, (0, 1] is wanted", fraction)
		}
		top, left := margin(h, fraction), margin(w, fraction)
		return placing{h - 2*top, w - 2*left, -top, -left}, nil
	})
}

// RandomCrop is height × width pixels from anywhere in a picture
// (tf.random_crop). A smaller picture is an error.
func RandomCrop(image *graph.Tensor, height, width int, r *rand.Rand) (*graph.Tensor, error) {
	return placed("random crop", image, func(h, w int) (placing, error) {
		if r == nil {
			return placing{}, fmt.Errorf("the generator is nil; preprocessing.Random makes one")
		}
		if height < 1 || width < 1 || height > h || width > w {
			return placing{}, fmt.Errorf("%d×%d of a picture of %d×%d", height, width, h, w)
		}
		return placing{height, width, -r.IntN(h - height + 1), -r.IntN(w - width + 1)}, nil
	})
}

// placing puts a picture on a black one of height × width, at a row and a
// column that may be outside.
type placing struct{ height, width, top, left int }

func placed(what string, image *graph.Tensor, where func(h, w int) (placing, error)) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	h, w, _ := x.Shape()
	p, err := where(h, w)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	if x, ok := x.(*picture.Bytes); ok {
		pix := make([]byte, p.height*p.width*x.Channels)
		put(pix, x.Pix, p, h, w, x.Channels)
		return bytesTensor(&picture.Bytes{Pix: pix, Height: p.height, Width: p.width, Channels: x.Channels}), nil
	}
	return tensorOf(p.of(x))
}

// of places rows.
func (p placing) of(x picture.Rows) *picture.Floats {
	h, w, c := x.Shape()
	out := &picture.Floats{Pix: make([]float32, p.height*p.width*c), Height: p.height, Width: p.width, Channels: c}
	from, to := max(0, -p.left), min(w, p.width-p.left)
	for y := max(0, -p.top); y < min(h, p.height-p.top) && from < to; y++ {
		x.Row(out.Pix[((y+p.top)*p.width+from+p.left)*c:], y, from, to)
	}
	return out
}

func put(dst, src []byte, p placing, h, w, c int) {
	from, to := max(0, -p.left), min(w, p.width-p.left)
	for y := max(0, -p.top); y < min(h, p.height-p.top) && from < to; y++ {
		copy(dst[((y+p.top)*p.width+from+p.left)*c:], src[(y*w+from)*c:(y*w+to)*c])
	}
}

// cropOrPad is ResizeWithCropOrPad.
func cropOrPad(x picture.Rows, height, width int) *picture.Floats {
	h, w, _ := x.Shape()
	return placing{height, width, middle(height, h), middle(width, w)}.of(x)
}

// middle is where to put n in the middle of size, rounded towards 0.
func middle(size, n int) int { return (size - n) / 2 }

// margin is what a central crop leaves out at each end.
func margin(n int, fraction float64) int { return int((float64(n) - float64(n)*fraction) / 2) }

func centralCrop(x picture.Rows, fraction float64) picture.Rows {
	h, w, _ := x.Shape()
	top, left := margin(h, fraction), margin(w, fraction)
	return picture.Crop(x, top, left, h-2*top, w-2*left)
}
