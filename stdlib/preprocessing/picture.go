package preprocessing

import (
	"fmt"
	"os"

	"gorgonia.org/tensor"

	"graft/ckpt/nearby"
	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// DecodeImage decodes a picture: JPEG (baseline and progressive, grey, YCbCr,
// CMYK, YCCK), PNG, GIF (the first picture), BMP or WebP, told by its bytes
// (tf.image.decode_image with channels=3). It is turned upright as its EXIF
// data says, which TensorFlow does not do; else JPEG, PNG, GIF and BMP have
// the pixels that TensorFlow 2.15 makes by its defaults, to the last bit. The
// result is [height, width, 3], uint8: grey is repeated, alpha is dropped, 16
// bits keep the upper 8.
//
// Memory is bounded: a picture whose decoding takes more than 768 MB is an
// error, before anything is decoded. JPEG takes 1.5 bytes a pixel (4:2:0), or
// 4.5 if it is progressive, and the result 3 more: 180 MB and 300 MB for 40
// megapixels.
//
// Errors: another format, a file that is broken or ends early.
func DecodeImage(b []byte) (*graph.Tensor, error) {
	t, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %w", err)
	}
	return t, nil
}

// ReadImage decodes the picture in a file, as DecodeImage does. Errors name
// the file.
func ReadImage(path string) (*graph.Tensor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %w", nearby.Explain(err))
	}
	t, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %s: %w", path, err)
	}
	return t, nil
}

func decode(b []byte) (*graph.Tensor, error) {
	x, err := picture.Decode(b)
	if err != nil {
		return nil, err
	}
	p, err := picture.WholeBytes(x)
	if err != nil {
		return nil, err
	}
	return bytesTensor(p), nil
}

// ConvertImageDType makes float32 of [0, 1] of a uint8 picture, by 1/255
// (tf.image.convert_image_dtype). A float32 picture is returned as it is.
func ConvertImageDType(image *graph.Tensor) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %w", err)
	}
	if _, ok := x.(*picture.Floats); ok {
		return image, nil
	}
	return tensorOf(picture.Whole(&picture.Scaled{Rows: x, By: 1.0 / 255}))
}

// ConvertToUint8 makes uint8 of 0 … 255 of a float32 picture of [0, 1], what lies
// outside at the ends (tf.image.convert_image_dtype with saturate). A uint8
// picture is returned as it is.
func ConvertToUint8(image *graph.Tensor) (*graph.Tensor, error) {
	x, err := rowsOf(image)
	if err != nil {
		return nil, fmt.Errorf("preprocessing: %w", err)
	}
	f, ok := x.(*picture.Floats)
	if !ok {
		return image, nil
	}
	out := &picture.Bytes{Pix: make([]byte, len(f.Pix)), Height: f.Height, Width: f.Width, Channels: f.Channels}
	for i, v := range f.Pix {
		if v > 0 { // NaN is 0
			out.Pix[i] = byte(min(v*255.5, 255))
		}
	}
	return bytesTensor(out), nil
}

// rowsOf is a tensor's picture.
func rowsOf(t *graph.Tensor) (picture.Rows, error) {
	if t == nil {
		return nil, fmt.Errorf("the picture is nil")
	}
	s := t.Shape()
	if len(s) != 3 {
		return nil, fmt.Errorf("the picture has shape %v, [height width channels] is wanted", []int(s))
	}
	if s[0]*s[1]*s[2] == 0 {
		return nil, fmt.Errorf("the picture has shape %v: there is nothing in it", []int(s))
	}
	if t.RequiresIterator() || t.DataOrder().IsColMajor() {
		t = t.Materialize().(*tensor.Dense)
	}
	switch pix := t.Data().(type) {
	case []uint8:
		return &picture.Bytes{Pix: pix, Height: s[0], Width: s[1], Channels: s[2]}, nil
	case []float32:
		return &picture.Floats{Pix: pix, Height: s[0], Width: s[1], Channels: s[2]}, nil
	}
	return nil, fmt.Errorf("the picture is of %v, uint8 or float32 is wanted", t.Dtype())
}

func tensorOf(p *picture.Floats) (*graph.Tensor, error) {
	return graph.FromFloat32s(p.Pix, p.Height, p.Width, p.Channels)
}

func bytesTensor(p *picture.Bytes) *graph.Tensor {
	return tensor.New(tensor.WithShape(p.Height, p.Width, p.Channels), tensor.WithBacking(p.Pix))
}

// unit refuses what cannot be of [0, 1]. Some ways of resizing pass the ends a
// little.
func unit(pix []float32) error {
	for _, v := range pix {
		if v > 2 || v < -1 {
			return fmt.Errorf("the float32 picture has a value of %g; float32 pictures are of [0, 1] here, uint8 ones of 0 … 255", v)
		}
	}
	return nil
}
