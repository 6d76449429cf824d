package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// MaxBytes is the most that decoding one picture may take: 96 megapixels of
// progressive JPEG whose colours have half the resolution, 384 of baseline.
const MaxBytes = 768 << 20

// format is how one kind of file is told and read.
type format struct {
	name   string
	magic  string // ? is any byte
	config func(io.Reader) (image.Config, error)
	decode func(b []byte) (image.Image, error)
	// packing is the most pixels that a byte of such a file can hold.
	packing int
}

// formats are told by how files begin, whatever their names say.
func formats() []format {
	return []format{
		{"JPEG", "\xff\xd8", jpeg.DecodeConfig, decodeJPEG, 1 << 10},
		{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, with(png.Decode), 16 << 10},
		{"GIF", "GIF8?a", gif.DecodeConfig, with(gif.Decode), 1 << 12},
		{"BMP", "BM", bmp.DecodeConfig, with(bmp.Decode), 8},
		{"WebP", "RIFF????WEBPVP8", webp.DecodeConfig, with(webp.Decode), 1 << 20},
	}
}

func with(decode func(io.Reader) (image.Image, error)) func([]byte) (image.Image, error) {
	return func(b []byte) (image.Image, error) { return decode(bytes.NewReader(b)) }
}

// Format is the name of a picture's format, "" if it is none of those that can
// be read.
func Format(b []byte) string {
	f, err := formatOf(b)
	if err != nil {
		return ""
	}
	return f.name
}

func formatOf(b []byte) (format, error) {
	for _, f := range formats() {
		if matches(b, f.magic) {
			return f, nil
		}
	}
	if len(b) == 0 {
		return format{}, errors.New("the file is empty")
	}
	return format{}, fmt.Errorf("it begins with %q; JPEG, PNG, GIF, BMP and WebP can be read", b[:min(len(b), 8)])
}

func matches(b []byte, magic string) bool {
	if len(b) < len(magic) {
		return false
	}
	for i := range magic {
		if magic[i] != '?' && magic[i] != b[i] {
			return false
		}
	}
	return true
}

// Header is what a picture says of itself before it is decoded.
type Header struct {
	Format        string
	Height, Width int // as stored, before it is turned
	Cost          int // bytes that decoding takes
}

// Head reads a picture's header. Errors: none of the formats, a size that is
// beyond reason or that so few bytes cannot hold.
func Head(b []byte) (Header, error) {
	h, _, err := head(b)
	return h, err
}

func head(b []byte) (Header, format, error) {
	f, err := formatOf(b)
	if err != nil {
		return Header{}, f, err
	}
	c, err := f.config(bytes.NewReader(b))
	if err != nil && f.name == "JPEG" {
		c, err = f.config(bytes.NewReader(adobe(b)))
	}
	if err != nil {
		return Header{}, f, fmt.Errorf("%s: %w", f.name, err)
	}
	h := Header{Format: f.name, Height: c.Height, Width: c.Width}
	if c.Height < 1 || c.Width < 1 {
		return h, f, fmt.Errorf("%s: it has %d×%d pixels", f.name, c.Width, c.Height)
	}
	if c.Width > MaxBytes/c.Height {
		return h, f, fmt.Errorf("%s: it says it has %d×%d pixels, which is beyond reason", f.name, c.Width, c.Height)
	}
	pixels := c.Width * c.Height
	h.Cost = pixels * bytesPerPixel(b, f.name)
	if orientation(b, f.name) > 1 {
		h.Cost += 3 * pixels
	}
	if h.Cost > MaxBytes {
		return h, f, fmt.Errorf("%s: it says it has %d×%d pixels: decoding takes %d MB, at most %d MB are allowed",
			f.name, c.Width, c.Height, h.Cost>>20, MaxBytes>>20)
	}
	if pixels/f.packing > len(b) {
		return h, f, fmt.Errorf("%s: it says it has %d×%d pixels, which its %d bytes cannot hold", f.name, c.Width, c.Height, len(b))
	}
	return h, f, nil
}

// bytesPerPixel is what decoding takes, at most: JPEG's planes, and for
// progressive ones their coefficients of 4 bytes; the others' images.
func bytesPerPixel(b []byte, format string) int {
	switch format {
	case "JPEG":
		f := frame(b)
		planes := 0
		for _, c := range f.sampling {
			planes += c
		}
		full := max(1, f.largest)
		if f.progressive {
			return max(1, (5*planes+full-1)/full)
		}
		return max(1, (planes+full-1)/full)
	case "PNG":
		if len(b) > 25 { // the header has the depth and the kind of colour
			depth, colour := int(b[24]), b[25]
			samples := map[byte]int{0: 1, 2: 4, 3: 1, 4: 4, 6: 4}[colour]
			return max(1, samples*depth/8)
		}
	case "GIF":
		return 4 // what does not fill its screen is put on one
	}
	return 4
}

// jpegFrame is what the frame header (ITU T.81, B.2.2) says of the planes.
type jpegFrame struct {
	progressive bool
	sampling    []int // samples of each component in a unit
	largest     int   // samples of a component that has one for each pixel
}

// frame finds a JPEG's frame header; its zero value if there is none.
func frame(b []byte) (f jpegFrame) {
	for _, s := range segments(b) {
		if s.marker < 0xc0 || s.marker > 0xc2 || len(s.data) < 6 {
			continue
		}
		f.progressive = s.marker == 0xc2
		h, v := 1, 1
		for i := 6; i+2 < len(s.data) && len(f.sampling) < 4; i += 3 {
			sh, sv := int(s.data[i+1]>>4), int(s.data[i+1]&15)
			h, v = max(h, sh), max(v, sv)
			f.sampling = append(f.sampling, sh*sv)
		}
		f.largest = h * v
		return f
	}
	return f
}

type segment struct {
	marker byte
	at     int // of the marker's 0xff
	data   []byte
}

// segments are a JPEG's segments up to its first scan.
func segments(b []byte) (out []segment) {
	for i := 2; i+4 <= len(b) && b[i] == 0xff; {
		marker := b[i+1]
		if marker == 0xff { // a fill byte
			i++
			continue
		}
		n := int(binary.BigEndian.Uint16(b[i+2:]))
		if marker == 0xda || n < 2 || i+2+n > len(b) {
			return out
		}
		out = append(out, segment{marker, i, b[i+4 : i+2+n]})
		i += 2 + n
	}
	return out
}
