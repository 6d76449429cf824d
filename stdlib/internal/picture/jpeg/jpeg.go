// Package jpeg decodes JPEG files to TensorFlow's last bit.
//
// tf.io.decode_jpeg takes libjpeg-turbo's fast inverse DCT unless it is told
// another (core/kernels/image/decode_image_op.cc: "sacrificing image quality
// for speed"). The standard library's is accurate, and its coefficients cannot
// be had: two thirds of a photo's values differ from TensorFlow's, by up to 6
// levels of 255. Besides it reads the bits of a scan one code at a time, which
// takes twice as long.
//
// Read are baseline, extended and progressive files (ITU T.81) of 8 bits with
// Huffman codes, of one, three or four components in any sampling that is a
// whole ratio.
package jpeg

import (
	"errors"
	"fmt"

	"graft/stdlib/internal/picture/pixels"
)

// Colour is what the components are.
type Colour int

// The kinds of colours.
const (
	Grey  Colour = iota
	YCbCr        // luma and two differences of colour
	RGB
	CMYK
	YCCK // the first three of CMYK as luma and differences
)

// Header is what a file says of its picture before its first scan.
type Header struct {
	Height, Width int
	Progressive   bool
	Colour        Colour
	// Adobe says that Adobe's marker is there, with which inks are inverted: 0
	// is all of it.
	Adobe  bool
	Planes []Sampling
}

// Sampling is how many samples of a component a unit of the file holds, along
// a row and a column, 1 … 4.
type Sampling struct{ H, V int }

// Largest is the samples of a component that has one for each pixel.
func (h Header) Largest() (across, down int) {
	for _, s := range h.Planes {
		across, down = max(across, s.H), max(down, s.V)
	}
	return across, down
}

// Image is a picture, a plane a component.
type Image struct {
	Header
	Components []Plane
}

// Plane is the samples of a component: Height rows of Width, Stride apart.
// There is one for Across × Down pixels.
type Plane struct {
	Pix           []byte
	Stride        int
	Height, Width int
	Across, Down  int
}

// ReadHeader reads a file up to its first scan.
func ReadHeader(b []byte) (Header, error) {
	d := &decoder{b: b}
	err := d.segments()
	if err == nil && d.components == nil {
		err = errNoFrame
	}
	return d.Header, err
}

// Decode decodes a file. A file that ends in a scan is an error.
func Decode(b []byte) (*Image, error) {
	d := &decoder{b: b, loops: pixels.Use()}
	for {
		if err := d.segments(); err != nil {
			return nil, err
		}
		if d.done {
			return d.image()
		}
		if err := d.scan(); err != nil {
			return nil, err
		}
	}
}

// maxScans is beyond what any encoder writes; each may visit every block.
const maxScans = 1000

// decoder is a file that is being read.
type decoder struct {
	Header
	b     []byte
	at    int
	done  bool // the end was reached, or all that a baseline file has
	scans int

	jfif       bool
	transform  byte // Adobe's
	components []component
	quants     [4]*quant
	dc, ac     [4]*huffman
	restart    int // units between restarts, 0 for none
	bits       bits
	eob        int // blocks that a progressive scan says nothing more of
	block      block
	loops      *pixels.Loops
}

// component is one that is being decoded.
type component struct {
	id, quant byte
	Sampling
	Plane
	across, down int     // blocks that the samples fill
	row          int     // blocks in a row of the file's units
	q            *quant  // latched at its first scan
	coefficients []int16 // of a progressive file, 64 a block
	predicted    int32
	dc, ac       *huffman
}

var (
	errShort   = errors.New("the file ends early")
	errNoFrame = errors.New("a scan comes before the frame")
)

// image is the picture when all scans are read.
func (d *decoder) image() (*Image, error) {
	out := &Image{Header: d.Header}
	for i := range d.components {
		c := &d.components[i]
		if c.q == nil {
			return nil, fmt.Errorf("component %d of %d has no scan", i+1, len(d.components))
		}
		if d.Progressive {
			d.reconstruct(c)
		}
		out.Components = append(out.Components, c.Plane)
	}
	return out, nil
}
