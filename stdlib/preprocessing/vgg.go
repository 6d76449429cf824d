package preprocessing

import (
	"fmt"
	"math"
	"math/rand/v2"

	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/picture"
)

// vggMeans are the means of ImageNet's red, green and blue that VGG's authors
// subtract (vgg_preprocessing.py).
var vggMeans = [3]float32{123.68, 116.78, 103.94}

// vggEval: the shorter side ResizeSideMin long, the middle of that, less the
// means.
func vggEval(x picture.Rows, o task) (*picture.Floats, error) {
	h, w := smallestSizeAtLeast(x, o.ResizeSideMin)
	return vggCrop(x, o, h, w, (h-o.Height)/2, (w-o.Width)/2)
}

// vggTrain: the shorter side of a random length, a random part of that,
// mirrored or not, less the means.
func vggTrain(x picture.Rows, o task, r *rand.Rand) (*picture.Floats, error) {
	h, w := smallestSizeAtLeast(x, o.ResizeSideMin+r.IntN(o.ResizeSideMax-o.ResizeSideMin+1))
	top, left := r.IntN(max(1, h-o.Height+1)), r.IntN(max(1, w-o.Width+1))
	mirror := r.Float32() < 0.5
	out, err := vggCrop(x, o, h, w, top, left)
	if err == nil && mirror {
		flipLeftRight(out.Pix, out.Width, out.Channels)
	}
	return out, err
}

// smallestSizeAtLeast is the size with a shorter side of side, in float32 and
// rounded to even as TensorFlow does.
func smallestSizeAtLeast(x picture.Rows, side int) (height, width int) {
	h, w, _ := x.Shape()
	scale := float32(side) / float32(min(h, w))
	round := func(n int) int { return max(1, int(math.RoundToEven(float64(float32(n)*scale)))) }
	return round(h), round(w)
}

// vggCrop makes the part of a resized picture that is wanted.
func vggCrop(x picture.Rows, o task, h, w, top, left int) (*picture.Floats, error) {
	if _, _, c := x.Shape(); c != 3 {
		return nil, fmt.Errorf("it has %d channel, 3 are wanted: there are three means", c)
	}
	if o.Height > h || o.Width > w {
		return nil, fmt.Errorf("resized to %d×%d it is smaller than the crop of %d×%d; ResizeSideMin is %d", h, w, o.Height, o.Width, o.ResizeSideMin)
	}
	if h > maxSide || w > maxSide {
		return nil, fmt.Errorf("resized it would have %d×%d pixels", h, w)
	}
	return picture.ResizePart(x, ops.Resize{Method: ops.Bilinear, Size: [2]int{h, w}},
		picture.Part{Top: top, Left: left, Height: o.Height, Width: o.Width, Into: o.into, Finish: subtractMeans})
}

func subtractMeans(pix []float32) {
	for i := 0; i < len(pix); i += 3 {
		for c, mean := range vggMeans {
			pix[i+c] -= mean
		}
	}
}
