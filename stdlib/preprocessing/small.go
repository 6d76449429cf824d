package preprocessing

import (
	"fmt"
	"math/rand/v2"

	"graft/stdlib/internal/picture"
)

// cifarPadding is how many black pixels are put around a picture of CIFAR-10
// before a part is cut out of it (cifarnet_preprocessing.py, _PADDING).
const cifarPadding = 4

// lenet: the middle of the picture, or black around it, in [-1, 1). TF-Slim
// gives height for width and width for height.
func lenet(x picture.Rows, o task) (*picture.Floats, error) {
	out := cropOrPad(greyed(x, o), o.Width, o.Height)
	for i, v := range out.Pix {
		out.Pix[i] = (v - 128) / 128
	}
	return out, nil
}

// cifarnetEval: the middle of the picture, or black around it, standardised.
// It is turned like lenet's.
func cifarnetEval(x picture.Rows, o task) (*picture.Floats, error) {
	out := cropOrPad(greyed(x, o), o.Width, o.Height)
	standardize(out.Pix)
	return out, nil
}

// cifarnetTrain: a random part of the picture with black around it, mirrored
// or not, its brightness and contrast changed, standardised.
func cifarnetTrain(x picture.Rows, o task, r *rand.Rand) (*picture.Floats, error) {
	h, w, _ := x.Shape()
	padded := cropOrPad(greyed(x, o), h+2*cifarPadding, w+2*cifarPadding)
	if padded.Height < o.Height || padded.Width < o.Width {
		return nil, fmt.Errorf("with %d pixels around it it is smaller than %d×%d", cifarPadding, o.Height, o.Width)
	}
	top, left := r.IntN(padded.Height-o.Height+1), r.IntN(padded.Width-o.Width+1)
	out := picture.Whole(picture.Crop(padded, top, left, o.Height, o.Width))
	if r.Float32() < 0.5 {
		flipLeftRight(out.Pix, out.Width, out.Channels)
	}
	adjustBrightness(out.Pix, between(r, -63, 63))
	adjustContrast(out, between(r, 0.2, 1.8))
	standardize(out.Pix)
	return out, nil
}
