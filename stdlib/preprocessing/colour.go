package preprocessing

import (
	"fmt"
	"math"
	"math/rand/v2"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// AdjustBrightness adds delta to a float32 picture's values
// (tf.image.adjust_brightness). They may leave [0, 1].
func AdjustBrightness(image *graph.Tensor, delta float64) (*graph.Tensor, error) {
	return onFloats("adjust brightness", image, 0, func(p *picture.Floats) error {
		adjustBrightness(p.Pix, float32(delta))
		return nil
	})
}

// AdjustContrast multiplies the distance of a float32 picture's values from
// their channel's mean (tf.image.adjust_contrast).
func AdjustContrast(image *graph.Tensor, factor float64) (*graph.Tensor, error) {
	return onFloats("adjust contrast", image, 0, func(p *picture.Floats) error {
		adjustContrast(p, float32(factor))
		return nil
	})
}

// AdjustSaturation multiplies the saturation, at least 0, of a float32 picture
// [height, width, 3] of [0, 1] in HSV (tf.image.adjust_saturation); it ends at
// 1.
func AdjustSaturation(image *graph.Tensor, factor float64) (*graph.Tensor, error) {
	return onFloats("adjust saturation", image, 3, func(p *picture.Floats) error { return adjustSaturation(p, float32(factor)) })
}

// AdjustHue turns the hue of a float32 picture [height, width, 3] of [0, 1] by
// delta in [-1, 1]: 1 is once around the circle of colours
// (tf.image.adjust_hue).
func AdjustHue(image *graph.Tensor, delta float64) (*graph.Tensor, error) {
	return onFloats("adjust hue", image, 3, func(p *picture.Floats) error { return adjustHue(p, float32(delta)) })
}

// RandomBrightness is AdjustBrightness by [-maxDelta, maxDelta)
// (tf.image.random_brightness). maxDelta must not be negative.
func RandomBrightness(image *graph.Tensor, maxDelta float64, r *rand.Rand) (*graph.Tensor, error) {
	d, err := drawn("random brightness", -maxDelta, maxDelta, r)
	if err != nil {
		return nil, err
	}
	return AdjustBrightness(image, d)
}

// RandomContrast is AdjustContrast by [lower, upper)
// (tf.image.random_contrast), 0 ≤ lower ≤ upper.
func RandomContrast(image *graph.Tensor, lower, upper float64, r *rand.Rand) (*graph.Tensor, error) {
	f, err := drawnFactor("random contrast", lower, upper, r)
	if err != nil {
		return nil, err
	}
	return AdjustContrast(image, f)
}

// RandomSaturation is AdjustSaturation by [lower, upper)
// (tf.image.random_saturation), 0 ≤ lower ≤ upper.
func RandomSaturation(image *graph.Tensor, lower, upper float64, r *rand.Rand) (*graph.Tensor, error) {
	f, err := drawnFactor("random saturation", lower, upper, r)
	if err != nil {
		return nil, err
	}
	return AdjustSaturation(image, f)
}

// RandomHue is AdjustHue by [-maxDelta, maxDelta) (tf.image.random_hue),
// maxDelta in [0, 0.5].
func RandomHue(image *graph.Tensor, maxDelta float64, r *rand.Rand) (*graph.Tensor, error) {
	if maxDelta > 0.5 {
		return nil, fmt.Errorf("preprocessing: random hue: at most 0.5 is wanted, %g was given", maxDelta)
	}
	d, err := drawn("random hue", -maxDelta, maxDelta, r)
	if err != nil {
		return nil, err
	}
	return AdjustHue(image, d)
}

func drawn(what string, low, high float64, r *rand.Rand) (float64, error) {
	switch {
	case r == nil:
		return 0, fmt.Errorf("preprocessing: %s: the generator is nil; preprocessing.Random makes one", what)
	case !(low <= high):
		return 0, fmt.Errorf("preprocessing: %s: %g … %g is no range", what, low, high)
	}
	return float64(between(r, float32(low), float32(high))), nil
}

func drawnFactor(what string, low, high float64, r *rand.Rand) (float64, error) {
	if low < 0 {
		return 0, fmt.Errorf("preprocessing: %s: a factor is at least 0, %g was given", what, low)
	}
	return drawn(what, low, high, r)
}

// RGBToGrayscale makes a picture [height, width, 1] of [height, width, 3]: 0.2989
// red, 0.587 green, 0.114 blue (tf.image.rgb_to_grayscale). The result is
// float32 in the picture's range.
func RGBToGrayscale(image *graph.Tensor) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: rgb to grayscale: %w", err)
	}
	if _, _, c := x.Shape(); c != 3 {
		return nil, fmt.Errorf("preprocessing: rgb to grayscale: the picture has shape %v, 3 channels are wanted", []int(image.Shape()))
	}
	return tensorOf(picture.Whole(&grey{Rows: x}))
}

// PerImageStandardization makes the mean of a picture 0 and its deviation 1,
// over all channels together (tf.image.per_image_standardization):
// (x - mean) / max(deviation, 1/√n) with n values. The result is float32.
func PerImageStandardization(image *graph.Tensor) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: per image standardization: %w", err)
	}
	p := cloned(x)
	standardize(p.Pix)
	return tensorOf(p)
}

// onFloats changes a copy of a float32 picture; channels is what it must have,
// 0 for any.
func onFloats(what string, image *graph.Tensor, channels int, f func(p *picture.Floats) error) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	if _, ok := x.(*picture.Floats); !ok {
		return nil, fmt.Errorf("preprocessing: %s: the picture is of uint8, float32 is wanted; ConvertImageDType makes it", what)
	}
	if _, _, c := x.Shape(); channels != 0 && c != channels {
		return nil, fmt.Errorf("preprocessing: %s: the picture has shape %v, %d channels are wanted", what, []int(image.Shape()), channels)
	}
	p := cloned(x)
	if err := f(p); err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", what, err)
	}
	return tensorOf(p)
}

func cloned(x picture.Rows) *picture.Floats {
	h, w, _ := x.Shape()
	return picture.Whole(picture.Crop(x, 0, 0, h, w))
}

// grey is a picture of three channels as one.
type grey struct {
	picture.Rows
	row []float32
}

func greyed(x picture.Rows, o task) picture.Rows {
	if o.UseGrayscale {
		return &grey{Rows: x}
	}
	return x
}

func (g *grey) Shape() (height, width, channels int) {
	height, width, _ = g.Rows.Shape()
	return height, width, 1
}

func (g *grey) Row(dst []float32, y, from, to int) {
	if n := 3 * (to - from); cap(g.row) < n {
		g.row = make([]float32, n)
	}
	row := g.row[:3*(to-from)]
	g.Rows.Row(row, y, from, to)
	for i := range to - from {
		dst[i] = float32(row[3*i]*0.2989) + float32(row[3*i+1]*0.587) + float32(row[3*i+2]*0.114)
	}
}

func adjustBrightness(pix []float32, delta float32) {
	for i := range pix {
		pix[i] += delta
	}
}

func adjustContrast(p *picture.Floats, factor float32) {
	for c := range p.Channels {
		sum := 0.0
		for i := c; i < len(p.Pix); i += p.Channels {
			sum += float64(p.Pix[i])
		}
		mean := float32(sum / float64(max(1, p.Height*p.Width)))
		for i := c; i < len(p.Pix); i += p.Channels {
			p.Pix[i] = float32((p.Pix[i]-mean)*factor) + mean
		}
	}
}

func standardize(pix []float32) {
	n := float64(max(1, len(pix)))
	sum, squares := 0.0, 0.0
	for _, v := range pix {
		sum += float64(v)
	}
	mean := sum / n
	for _, v := range pix {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	by := max(math.Sqrt(squares/n), 1/math.Sqrt(n))
	for i, v := range pix {
		pix[i] = float32((float64(v) - mean) / by)
	}
}
