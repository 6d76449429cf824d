package preprocessing

import (
	"math/rand/v2"

	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/picture"
)

// inceptionEval: the central part of the picture, resized, in [-1, 1].
func inceptionEval(x picture.Rows, o task) (*picture.Floats, error) {
	x = greyed(x, o)
	if !o.WholeImage {
		x = centralCrop(x, o.CentralFraction)
	}
	return picture.ResizePart(x, ops.Resize{Method: ops.Bilinear, Size: [2]int{o.Height, o.Width}},
		picture.Part{Height: o.Height, Width: o.Width, Into: o.into, Minus: 0.5, Times: 2}) // [-1, 1]
}

// inceptionTrain: a random part of the picture, resized whatever its shape,
// mirrored or not, its colours distorted, in [-1, 1].
func inceptionTrain(x picture.Rows, o task, r *rand.Rand) (*picture.Floats, error) {
	if !o.WholeImage {
		b := boundingBoxOptions(BoundingBoxOptions{})
		h, w, _ := x.Shape()
		box := sampleBox(h, w, o.BoundingBoxes, b, r)
		x = picture.Crop(x, box.top, box.left, box.height, box.width)
	}
	ways := []ops.Method{ops.Bilinear, ops.Nearest, ops.Bicubic, ops.Area} // tf.image.ResizeMethod
	if !o.AllDistortions {
		ways = ways[:1]
	}
	out, err := o.resize(x, ways[r.IntN(len(ways))])
	if err != nil {
		return nil, err
	}
	if r.Float32() < 0.5 {
		flipLeftRight(out.Pix, out.Width, out.Channels)
	}
	orders := 1
	if o.AllDistortions {
		orders = 4
	}
	if err := distort(out, r.IntN(orders), !o.AllDistortions, r); err != nil {
		return nil, err
	}
	if o.UseGrayscale {
		out = picture.Whole(&grey{Rows: out})
	}
	toSigned(out.Pix)
	return out, nil
}

func (o task) resize(x picture.Rows, m ops.Method) (*picture.Floats, error) {
	return picture.ResizePart(x, ops.Resize{Method: m, Size: [2]int{o.Height, o.Width}},
		picture.Part{Height: o.Height, Width: o.Width, Into: o.into})
}

// toSigned maps [0, 1] to [-1, 1].
func toSigned(pix []float32) {
	for i, v := range pix {
		pix[i] = (v - 0.5) * 2
	}
}

// distortions are distort_color's orders: b brightness, s saturation, h hue, c
// contrast.
var distortions = map[bool][4]string{
	true:  {"bs", "sb", "sb", "sb"},
	false: {"bshc", "sbch", "chbs", "hscb"},
}

// distort changes colours at random, in [0, 1].
func distort(p *picture.Floats, order int, fast bool, r *rand.Rand) error {
	for _, step := range distortions[fast][order] {
		switch step {
		case 'b':
			adjustBrightness(p.Pix, between(r, -32.0/255, 32.0/255))
		case 's':
			if err := adjustSaturation(p, between(r, 0.5, 1.5)); err != nil {
				return err
			}
		case 'h':
			if err := adjustHue(p, between(r, -0.2, 0.2)); err != nil {
				return err
			}
		case 'c':
			adjustContrast(p, between(r, 0.5, 1.5))
		}
	}
	for i, v := range p.Pix {
		p.Pix[i] = max(0, min(v, 1))
	}
	return nil
}

func between(r *rand.Rand, low, high float32) float32 { return low + r.Float32()*(high-low) }
