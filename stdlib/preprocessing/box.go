package preprocessing

import (
	"fmt"
	"math"
	"math/rand/v2"

	"graft/stdlib/graph"
)

// BoundingBoxOptions are the arguments of
// tf.image.sample_distorted_bounding_box with the defaults of TF-Slim's
// distorted_bounding_box_crop.
type BoundingBoxOptions struct {
	// MinObjectCovered is the share of a bounding box that must be inside, in
	// [0, 1]. Default: 0.1; below 0 means 0.
	MinObjectCovered float64
	// AspectRatioRange of width / height. Default: 0.75 and 1.33.
	AspectRatioRange [2]float64
	// AreaRange is of shares of the picture, in (0, 1]. Default: 0.05 and 1.
	AreaRange [2]float64
	// MaxAttempts before the whole picture is taken. Default: 100.
	MaxAttempts int
}

// DistortedBoundingBoxCrop is a random part of a picture that contains a part
// of a bounding box: each box is top, left, bottom and right in [0, 1] of
// height and width; without boxes it is the whole picture. The result has the
// picture's dtype.
func DistortedBoundingBoxCrop(image *graph.Tensor, boxes [][]float64, o BoundingBoxOptions, r *rand.Rand) (*graph.Tensor, error) {
	const what = "preprocessing: distorted bounding box crop"
	o = boundingBoxOptions(o)
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if err := checkBoxes(boxes); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if r == nil {
		return nil, fmt.Errorf("%s: the generator is nil; preprocessing.Random makes one", what)
	}
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	h, w, _ := x.Shape()
	if h < 1 || w < 1 {
		return nil, fmt.Errorf("%s: a picture of %d×%d", what, h, w)
	}
	b := sampleBox(h, w, boxes, o, r)
	return CropToBoundingBox(image, b.top, b.left, b.height, b.width)
}

func boundingBoxOptions(o BoundingBoxOptions) BoundingBoxOptions {
	if o.MinObjectCovered == 0 {
		o.MinObjectCovered = 0.1
	}
	if o.AspectRatioRange == [2]float64{} {
		o.AspectRatioRange = [2]float64{0.75, 1.33}
	}
	if o.AreaRange == [2]float64{} {
		o.AreaRange = [2]float64{0.05, 1}
	}
	if o.MaxAttempts == 0 {
		o.MaxAttempts = 100
	}
	return o
}

func (o BoundingBoxOptions) check() error {
	a, s := o.AreaRange, o.AspectRatioRange
	switch {
	case !(a[0] > 0 && a[0] <= a[1] && a[1] <= 1):
		return fmt.Errorf("AreaRange is %v, it must be in (0, 1]", a)
	case !(s[0] > 0 && s[0] <= s[1]):
		return fmt.Errorf("AspectRatioRange is %v, it must be above 0", s)
	case !(o.MinObjectCovered <= 1):
		return fmt.Errorf("MinObjectCovered is %v, it must be in [0, 1]", o.MinObjectCovered)
	case o.MaxAttempts < 1:
		return fmt.Errorf("MaxAttempts is %d, it must be at least 1", o.MaxAttempts)
	}
	return nil
}

// box is a part of a picture, in pixels.
type box struct{ top, left, height, width int }

func (b box) area() int { return b.height * b.width }

// shared is the area that two have in common.
func (b box) shared(c box) int {
	h := min(b.top+b.height, c.top+c.height) - max(b.top, c.top)
	w := min(b.left+b.width, c.left+c.width) - max(b.left, c.left)
	return max(0, h) * max(0, w)
}

// sampleBox tries parts of random shape and size at random places until one
// covers enough of a box (core/kernels/image/sample_distorted_bounding_box_op.cc).
func sampleBox(h, w int, boxes [][]float64, o BoundingBoxOptions, r *rand.Rand) box {
	whole := box{0, 0, h, w}
	objects := []box{whole}
	if len(boxes) > 0 {
		objects = nil
	}
	for _, b := range boxes {
		top, left := int(b[0]*float64(h)), int(b[1]*float64(w))
		objects = append(objects, box{top, left, int(b[2]*float64(h)) - top, int(b[3]*float64(w)) - left})
	}
	for range o.MaxAttempts {
		aspect := between(r, float32(o.AspectRatioRange[0]), float32(o.AspectRatioRange[1]))
		c, ok := tryBox(h, w, float32(o.AreaRange[0]), float32(o.AreaRange[1]), aspect, r)
		if !ok {
			continue
		}
		for _, b := range objects {
			if b.area() > 0 && float32(c.shared(b))/float32(b.area()) >= float32(o.MinObjectCovered) {
				return c
			}
		}
	}
	return whole
}

// tryBox draws a height between those that give the least and the greatest
// area, and a place; rounding may leave neither in bounds. As in TensorFlow the
// last row and column that are possible are never drawn.
func tryBox(h, w int, minShare, maxShare, aspect float32, r *rand.Rand) (box, bool) {
	least, most := minShare*float32(w)*float32(h), maxShare*float32(w)*float32(h)
	round := func(x float32) int { return int(math.RoundToEven(float64(x))) }
	root := func(area float32) int { return round(float32(math.Sqrt(float64(area / aspect)))) }
	widthOf := func(height int) int { return round(float32(height) * aspect) }
	height, highest := root(least), root(most)
	if widthOf(highest) > w {
		highest = int((float64(w) + 0.5 - 1e-7) / float64(aspect))
		if widthOf(highest) > w {
			highest--
		}
	}
	highest = min(highest, h)
	height = min(height, highest)
	if height < highest {
		height += r.IntN(highest - height + 1)
	}
	b := box{height: height, width: widthOf(height)}
	if float32(b.area()) < least {
		b.height++
		b.width = widthOf(b.height)
	}
	if float32(b.area()) > most {
		b.height--
		b.width = widthOf(b.height)
	}
	if a := float32(b.area()); a < least || a > most || b.width > w || b.height > h || b.width < 1 || b.height < 1 {
		return box{}, false
	}
	if b.height < h {
		b.top = r.IntN(h - b.height)
	}
	if b.width < w {
		b.left = r.IntN(w - b.width)
	}
	return b, true
}
