package preprocessing

import (
	"errors"
	"fmt"
	"math"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// RGBToHSV makes hue, saturation and value, each in [0, 1], of a float32
// picture [height, width, 3] of [0, 1] (tf.image.rgb_to_hsv).
func RGBToHSV(image *graph.Tensor) (*graph.Tensor, error) {
	return onFloats("rgb to hsv", image, 3, func(p *picture.Floats) error {
		eachPixel(p, toHSV)
		return nil
	})
}

// HSVToRGB makes red, green and blue of what RGBToHSV makes
// (tf.image.hsv_to_rgb).
func HSVToRGB(image *graph.Tensor) (*graph.Tensor, error) {
	return onFloats("hsv to rgb", image, 3, func(p *picture.Floats) error {
		eachPixel(p, fromHSV)
		return nil
	})
}

func eachPixel(p *picture.Floats, f func(a, b, c float32) (float32, float32, float32)) {
	for i := 0; i+2 < len(p.Pix); i += 3 {
		px := p.Pix[i : i+3 : i+3]
		px[0], px[1], px[2] = f(px[0], px[1], px[2])
	}
}

var errColours = errors.New("the picture is grey; colours are wanted")

func adjustSaturation(p *picture.Floats, factor float32) error {
	if p.Channels != 3 {
		return errColours
	}
	if !(factor >= 0) {
		return fmt.Errorf("a factor is at least 0, %g was given", factor)
	}
	eachPixel(p, func(r, g, b float32) (float32, float32, float32) {
		h, s, v := toHSV(r, g, b)
		return fromHSV(h, max(0, min(s*factor, 1)), v)
	})
	return nil
}

func adjustHue(p *picture.Floats, delta float32) error {
	if p.Channels != 3 {
		return errColours
	}
	if !(delta >= -1 && delta <= 1) {
		return fmt.Errorf("-1 … 1 is wanted, %g was given", delta)
	}
	eachPixel(p, func(r, g, b float32) (float32, float32, float32) {
		h, s, v := toHSV(r, g, b)
		h += delta
		return fromHSV(h-float32(math.Floor(float64(h))), s, v)
	})
	return nil
}

// toHSV is a colour as hue, saturation and value, all in [0, 1) or [0, 1] for
// colours of [0, 1]; hue counts from red over green and blue.
func toHSV(r, g, b float32) (h, s, v float32) {
	v = max(r, g, b)
	span := v - min(r, g, b)
	if v > 0 {
		s = span / v
	}
	switch {
	case span <= 0:
		return 0, s, v
	case r == v:
		h = (g - b) / (6 * span)
	case g == v:
		h = (b-r)/(6*span) + 2.0/6
	default:
		h = (r-g)/(6*span) + 4.0/6
	}
	if h < 0 {
		h++
	}
	return h, s, v
}

func fromHSV(h, s, v float32) (r, g, b float32) {
	c := s * v
	low := v - c
	sixth := h * 6
	// x is the colour between: it rises and falls along two sixths.
	x := c * (1 - abs(sixth-2*float32(math.Floor(float64(sixth)/2))-1))
	switch int(sixth) {
	case 0:
		r, g = c, x
	case 1:
		r, g = x, c
	case 2:
		g, b = c, x
	case 3:
		g, b = x, c
	case 4:
		r, b = x, c
	default:
		r, b = c, x
	}
	return r + low, g + low, b + low
}

func abs(x float32) float32 { return max(x, -x) }
