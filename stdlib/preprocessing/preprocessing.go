package preprocessing

import (
	"fmt"
	"image"
	"math/rand/v2"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// Options are the arguments of TF-Slim's preprocess_image functions. Those
// that a preprocessing does not have are an error when they are given.
type Options struct {
	// Height and Width of the result, in pixels, at least 1 (output_height,
	// output_width). For lenet and cifarnet in evaluation TF-Slim takes one
	// for the other: the result is [Width, Height, …].
	Height, Width int
	// IsTraining distorts at random; lenet does the same either way.
	IsTraining bool
	// UseGrayscale makes one channel of three (use_grayscale). Not for vgg,
	// whose three means want three channels.
	UseGrayscale bool
	// Seed of the random numbers of Apply when it is given none.
	Seed uint64

	// ResizeSideMin is the shorter side of a picture before it is cropped; in
	// training it is drawn from ResizeSideMin … ResizeSideMax. For vgg.
	// Defaults: 256 and 512.
	ResizeSideMin, ResizeSideMax int

	// CentralFraction of a picture's height and width that evaluation looks
	// at, in (0, 1]. For inception. Default: 0.875.
	CentralFraction float64
	// WholeImage does not crop, neither in training nor in evaluation
	// (crop_image=False). For inception.
	WholeImage bool
	// AllDistortions changes hue and contrast too, in one of four orders, and
	// resizes in one of four ways (fast_mode=False). For inception.
	AllDistortions bool
	// BoundingBoxes are where things are, of which crops contain a part: each
	// is top, left, bottom and right in [0, 1] of height and width (bbox). For
	// inception in training. Default: the whole picture.
	BoundingBoxes [][]float64
}

// Preprocessing makes pictures what a net wants. It may be used by several
// goroutines at a time.
type Preprocessing struct {
	name string
	o    Options
	k    kind
}

// task is one picture's preparation.
type task struct {
	Options
	into []float32 // where the result may be made
}

// kind is a row of the table of preprocessings.
type kind struct {
	name     string
	takes    []string // options beyond the common ones
	unit     bool     // works on [0, 1]
	defaults Options
	train    func(x picture.Rows, o task, r *rand.Rand) (*picture.Floats, error)
	eval     func(x picture.Rows, o task) (*picture.Floats, error)
	steady   bool // training is evaluation
}

func kinds() []kind {
	return []kind{
		{name: "inception", takes: []string{"UseGrayscale", "CentralFraction", "WholeImage", "AllDistortions", "BoundingBoxes"},
			unit: true, defaults: Options{CentralFraction: 0.875}, train: inceptionTrain, eval: inceptionEval},
		{name: "vgg", takes: []string{"ResizeSideMin", "ResizeSideMax"},
			defaults: Options{ResizeSideMin: 256, ResizeSideMax: 512}, train: vggTrain, eval: vggEval},
		{name: "lenet", takes: []string{"UseGrayscale"}, eval: lenet, steady: true},
		{name: "cifarnet", takes: []string{"UseGrayscale"}, train: cifarnetTrain, eval: cifarnetEval},
	}
}

// Names are the names of the preprocessings.
func Names() []string {
	var out []string
	for _, k := range kinds() {
		out = append(out, k.name)
	}
	return out
}

// Get is the preprocessing of that name (preprocessing_factory's
// get_preprocessing): "inception", "vgg", "lenet" or "cifarnet". Errors:
// another name, an option it does not have, a value out of range.
func Get(name string, o Options) (*Preprocessing, error) {
	for _, k := range kinds() {
		if k.name != name {
			continue
		}
		o, err := k.configured(o)
		if err != nil {
			return nil, fmt.Errorf("preprocessing: %s: %w", name, err)
		}
		return &Preprocessing{name, o, k}, nil
	}
	return nil, fmt.Errorf("preprocessing: there is no %q; there are %s; which one a net wants is in nets.Lookup(name).Preprocessing",
		name, strings.Join(Names(), ", "))
}

// Name is "inception", "vgg", "lenet" or "cifarnet".
func (p *Preprocessing) Name() string { return p.name }

// Options are the options it was made with, and the defaults of others.
func (p *Preprocessing) Options() Options { return p.o }

// Random says whether it makes another result of the same picture each time.
func (p *Preprocessing) Random() bool { return p.o.IsTraining && !p.k.steady }

// String says all that the result depends on besides the picture: two with the
// same words do the same.
func (p *Preprocessing) String() string {
	o := p.o
	s := fmt.Sprintf("%s %d×%d", p.name, o.Height, o.Width)
	if p.Random() {
		s += fmt.Sprintf(" training, seed %d", o.Seed)
	}
	for _, x := range []struct {
		on   bool
		text string
	}{
		{o.UseGrayscale, "grey"},
		{o.ResizeSideMin > 0 && !p.Random(), fmt.Sprintf("shorter side %d", o.ResizeSideMin)},
		{o.ResizeSideMin > 0 && p.Random(), fmt.Sprintf("shorter side %d … %d", o.ResizeSideMin, o.ResizeSideMax)},
		{o.CentralFraction > 0 && !o.WholeImage && !p.Random(), fmt.Sprintf("central %g", o.CentralFraction)},
		{o.WholeImage, "not cropped"},
		{o.AllDistortions && p.Random(), "all distortions"},
		{o.BoundingBoxes != nil && p.Random(), fmt.Sprintf("boxes %v", o.BoundingBoxes)},
	} {
		if x.on {
			s += ", " + x.text
		}
	}
	return s
}

// Apply prepares a picture [height, width, channels], uint8 of 0 … 255, or
// float32: of [0, 1] for inception, of 0 … 255 for the others. The result is
// float32 [Height, Width, 3], with 1 channel if the picture has 1 or with
// UseGrayscale. r is for training; nil starts anew from Seed, which gives the
// same each time. Errors: a picture of another rank, dtype or range, or
// smaller than what is cut out of it.
func (p *Preprocessing) Apply(image *graph.Tensor, r *rand.Rand) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", p.name, err)
	}
	if f, ok := x.(*picture.Floats); ok && p.k.unit {
		if err := unit(f.Pix); err != nil {
			return nil, fmt.Errorf("preprocessing: %s: %w", p.name, err)
		}
	} else if p.k.unit {
		x = &picture.Scaled{Rows: x, By: 1.0 / 255}
	}
	return p.run(x, r, nil)
}

// ApplyEncoded prepares a picture in a file's bytes, as DecodeImage and Apply
// do; it needs less memory, since the picture is never whole as pixels.
func (p *Preprocessing) ApplyEncoded(b []byte, r *rand.Rand) (*graph.Tensor, error) {
	return p.ApplyEncodedTo(nil, b, r)
}

// ApplyEncodedTo is ApplyEncoded, whose result shares dst if it has as many
// values: a row of a batch is made in its place.
func (p *Preprocessing) ApplyEncodedTo(dst []float32, b []byte, r *rand.Rand) (*graph.Tensor, error) {
	x, err := picture.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %w", err)
	}
	return p.decoded(x, r, dst)
}

// ApplyImage prepares a picture of the image package, without its alpha.
func (p *Preprocessing) ApplyImage(img image.Image, r *rand.Rand) (*graph.Tensor, error) {
	if img == nil {
		return nil, fmt.Errorf("preprocessing: the picture is nil")
	}
	return p.decoded(picture.Image(img), r, nil)
}

func (p *Preprocessing) decoded(x picture.Rows, r *rand.Rand, dst []float32) (*graph.Tensor, error) {
	if p.k.unit {
		x = &picture.Scaled{Rows: x, By: 1.0 / 255}
	}
	return p.run(x, r, dst)
}

func (p *Preprocessing) run(x picture.Rows, r *rand.Rand, dst []float32) (*graph.Tensor, error) {
	h, w, c := x.Shape()
	if h < 1 || w < 1 || c != 1 && c != 3 {
		return nil, fmt.Errorf("preprocessing: %s: a picture of shape [%d,%d,%d]: [height,width,1] or [height,width,3] is wanted", p.name, h, w, c)
	}
	if c == 1 && p.o.UseGrayscale {
		return nil, fmt.Errorf("preprocessing: %s: UseGrayscale, but the picture [%d,%d,1] is grey already", p.name, h, w)
	}
	var out *picture.Floats
	var err error
	o := task{p.o, dst}
	if p.Random() {
		if r == nil {
			r = Random(p.o.Seed, 0, 0)
		}
		out, err = p.k.train(x, o, r)
	} else {
		out, err = p.k.eval(x, o)
	}
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: a picture of %d×%d pixels (height × width): %w", p.name, h, w, err)
	}
	return tensorOf(out)
}

// Random is a generator for one example in one epoch: PCG-DXSM of math/rand/v2,
// whose state is the seed and a mix of the other two. What it draws depends on
// nothing else.
func Random(seed, epoch, example uint64) *rand.Rand {
	// The odd constant of SplitMix64 spreads neighbours.
	return rand.New(rand.NewPCG(seed, (epoch+1)*0x9e3779b97f4a7c15^example))
}
