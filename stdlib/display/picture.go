package display

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"reflect"
	"strings"
)

// PNG shows a picture, one pixel on one pixel of the screen; pictures of at
// most 64 pixels on a side are enlarged by whole numbers until they can be
// seen. It fails for nil and for a picture without pixels.
func PNG(img image.Image) (Rich, error) {
	if err := drawable(img); err != nil {
		return Rich{}, err
	}
	size := img.Bounds().Size()
	alt := fmt.Sprintf("picture, %d × %d pixels", size.X, size.Y)
	times := magnification(size)
	if times > 1 {
		alt += fmt.Sprintf(", shown %d times as large", times)
		img = enlarge(img, times)
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return Rich{}, fmt.Errorf("display: encoding a picture of %d × %d pixels: %w", size.X, size.Y, err)
	}
	return picture(buf.Bytes(), alt), nil
}

// PNGBytes shows an encoded picture as it is. It fails when b is not a PNG.
func PNGBytes(b []byte) (Rich, error) {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return Rich{}, fmt.Errorf("display: %d bytes that are not a PNG picture: %w", len(b), err)
	}
	return picture(b, fmt.Sprintf("picture, %d × %d pixels", c.Width, c.Height)), nil
}

// Drawing shows what a program drew, at scale pixels for each pixel of the
// screen (2 is sharp on every screen); alt says in words what is to be seen.
// It is meant for charts: they are stored in 256 colours when that changes
// nothing that an eye can see, which keeps notebooks small.
func Drawing(img *image.RGBA, scale int, alt string) (Rich, error) {
	if img == nil {
		return Rich{}, errors.New("display: the drawing is nil")
	}
	if err := drawable(img); err != nil {
		return Rich{}, err
	}
	if scale < 1 {
		return Rich{}, fmt.Errorf("display: scale %d of a drawing: expected 1 or more pixels for one of the screen", scale)
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&buf, fewColours(img)); err != nil {
		return Rich{}, fmt.Errorf("display: encoding a drawing: %w", err)
	}
	return picture(withDensity(buf.Bytes(), scale), alt), nil
}

// Metadata is what a Jupyter message says beside a bundle: the size at which
// a PNG with more pixels than it covers is shown, and its alternative text.
// It is nil when there is nothing to say.
func Metadata(bundle map[string]string) map[string]any {
	b, err := base64.StdEncoding.DecodeString(bundle[typePNG])
	if err != nil || len(b) == 0 {
		return nil
	}
	m := map[string]any{}
	if alt := bundle[typeText]; alt != "" {
		m["alt"] = alt
	}
	if c, err := png.DecodeConfig(bytes.NewReader(b)); err == nil {
		if scale := density(b); scale > 1 {
			m["width"], m["height"] = c.Width/scale, c.Height/scale
		}
	}
	if len(m) == 0 {
		return nil
	}
	return map[string]any{typePNG: m}
}

func picture(encoded []byte, alt string) Rich {
	return Rich{map[string]string{typeText: alt, typePNG: base64.StdEncoding.EncodeToString(encoded)}}
}

// maxPixels keeps a picture below 1 GB while it is encoded.
const maxPixels = 1 << 28

func drawable(img image.Image) error {
	if v := reflect.ValueOf(img); img == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("display: the picture is nil")
	}
	size := img.Bounds().Size()
	if size.X <= 0 || size.Y <= 0 {
		return fmt.Errorf("display: a picture of %d × %d pixels has nothing to show", size.X, size.Y)
	}
	if size.X > maxPixels/size.Y {
		return fmt.Errorf("display: a picture of %d × %d pixels is too large to show, at most %d pixels in all", size.X, size.Y, maxPixels)
	}
	return nil
}

// magnification makes a thumbnail of a data set (28 pixels, 32 pixels) as
// large as a stamp.
func magnification(size image.Point) int {
	side := max(size.X, size.Y)
	if side > 64 {
		return 1
	}
	return (127 + side) / side
}

// enlarge repeats each pixel, so that the pixels of a small picture stay what
// they are.
func enlarge(img image.Image, times int) *image.NRGBA {
	b := img.Bounds()
	dst := image.NewNRGBA(image.Rect(0, 0, b.Dx()*times, b.Dy()*times))
	for y := range b.Dy() {
		for x := range b.Dx() {
			square := image.Rect(x*times, y*times, (x+1)*times, (y+1)*times)
			draw.Draw(dst, square, image.NewUniform(img.At(b.Min.X+x, b.Min.Y+y)), image.Point{}, draw.Src)
		}
	}
	return dst
}

// perMetre is 96 pixels an inch, CSS's own density, in PNG's unit.
const perMetre = 3780

// withDensity puts a pHYs chunk (PNG, §11.3.4.3) behind the header: a drawing
// at scale 2 has 192 pixels an inch.
func withDensity(b []byte, scale int) []byte {
	const header = 8 + 4 + 4 + 13 + 4 // signature; IHDR's length, type, data, checksum
	if len(b) < header || scale == 1 {
		return b
	}
	data := binary.BigEndian.AppendUint32([]byte("pHYs"), uint32(scale*perMetre))
	data = binary.BigEndian.AppendUint32(data, uint32(scale*perMetre))
	data = append(data, 1) // the unit is the metre
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)-4))
	chunk = append(chunk, data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(data))
	return append(append(append([]byte{}, b[:header]...), chunk...), b[header:]...)
}

// density is the scale that withDensity wrote, 1 without one.
func density(b []byte) int {
	head, _, _ := strings.Cut(string(b[:min(len(b), 256)]), "IDAT")
	i := strings.Index(head, "pHYs")
	if i < 0 || len(head) < i+8 {
		return 1
	}
	return max(1, int(binary.BigEndian.Uint32([]byte(head[i+4:i+8])))/perMetre)
}
