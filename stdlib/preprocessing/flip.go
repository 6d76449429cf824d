package preprocessing

import (
	"fmt"
	"math/rand/v2"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// FlipLeftRight mirrors a picture (tf.image.flip_left_right), in its dtype.
func FlipLeftRight(image *graph.Tensor) (*graph.Tensor, error) {
	return moved("flip left right", image, false, func(y, x, h, w int) (int, int) { return y, w - 1 - x })
}

// FlipUpDown turns a picture upside down (tf.image.flip_up_down), in its
// dtype.
func FlipUpDown(image *graph.Tensor) (*graph.Tensor, error) {
	return moved("flip up down", image, false, func(y, x, h, w int) (int, int) { return h - 1 - y, x })
}

// Transpose makes rows columns (tf.image.transpose_image), in its dtype.
func Transpose(image *graph.Tensor) (*graph.Tensor, error) {
	return moved("transpose", image, true, func(y, x, h, w int) (int, int) { return x, y })
}

// Rot90 turns a picture by k quarters against the clock (tf.image.rot90), in
// its dtype.
func Rot90(image *graph.Tensor, k int) (*graph.Tensor, error) {
	k = (k%4 + 4) % 4
	return moved("rot90", image, k%2 == 1, func(y, x, h, w int) (int, int) {
		switch k {
		case 1:
			return x, w - 1 - y
		case 2:
			return h - 1 - y, w - 1 - x
		case 3:
			return h - 1 - x, y
		}
		return y, x
	})
}

// RandomFlipLeftRight mirrors a picture or not, one as likely as the other
// (tf.image.random_flip_left_right).
func RandomFlipLeftRight(image *graph.Tensor, r *rand.Rand) (*graph.Tensor, error) {
	return perhaps("random flip left right", image, r, FlipLeftRight)
}

// RandomFlipUpDown turns a picture upside down or not
// (tf.image.random_flip_up_down).
func RandomFlipUpDown(image *graph.Tensor, r *rand.Rand) (*graph.Tensor, error) {
	return perhaps("random flip up down", image, r, FlipUpDown)
}

func perhaps(what string, image *graph.Tensor, r *rand.Rand, f func(*graph.Tensor) (*graph.Tensor, error)) (*graph.Tensor, error) {
	if r == nil {
		return nil, fmt.Errorf("preprocessing: %s: the generator is nil; preprocessing.Random makes one", what)
	}
	if r.Float32() < 0.5 {
		return f(image)
	}
	if _, err := rowsOf(image); err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	return image, nil
}

// moved makes a picture of another's pixels: from says where one at y, x comes
// from.
func moved(what string, image *graph.Tensor, turn bool, from func(y, x, h, w int) (int, int)) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	h, w, c := x.Shape()
	oh, ow := h, w
	if turn {
		oh, ow = w, h
	}
	switch x := x.(type) {
	case *picture.Bytes:
		out := &picture.Bytes{Pix: make([]byte, len(x.Pix)), Height: oh, Width: ow, Channels: c}
		for i := range oh * ow {
			fy, fx := from(i/ow, i%ow, h, w)
			copy(out.Pix[i*c:(i+1)*c], x.Pix[(fy*w+fx)*c:])
		}
		return bytesTensor(out), nil
	case *picture.Floats:
		out := &picture.Floats{Pix: make([]float32, len(x.Pix)), Height: oh, Width: ow, Channels: c}
		for i := range oh * ow {
			fy, fx := from(i/ow, i%ow, h, w)
			copy(out.Pix[i*c:(i+1)*c], x.Pix[(fy*w+fx)*c:])
		}
		return tensorOf(out)
	}
	return nil, fmt.Errorf("preprocessing: %s: %T", what, x)
}

// flipLeftRight mirrors rows of w pixels in place.
func flipLeftRight(pix []float32, w, c int) {
	for at := 0; at+w*c <= len(pix); at += w * c {
		row := pix[at : at+w*c]
		for i, j := 0, w-1; i < j; i, j = i+1, j-1 {
			for k := range c {
				row[i*c+k], row[j*c+k] = row[j*c+k], row[i*c+k]
			}
		}
	}
}
