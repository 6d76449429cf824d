package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/png"
	"io"

	"golang.org/x/image/bmp"

	"graft/stdlib/internal/picture/jpeg"
)

// MaxBytes is the most that decoding one picture may take: 170 megapixels of
// progressive JPEG whose colours have half the resolution, 512 of baseline.
const MaxBytes = 768 << 20

// format is how one kind of file is told and read.
type format struct {
	name   string
	magic  string // ? is any byte
	config func(b []byte) (image.Config, error)
	decode func(b []byte) (byteRows, error)
	// packing is the most pixels that a byte of such a file can hold.
	packing int
}

// formats are told by how files begin, whatever their names say.
func formats() []format {
	return []format{
		{"JPEG", "\xff\xd8", configJPEG, decodeJPEG, 1 << 10},
		{"PNG", "\x89PNG\r\n\x1a\n", from(png.DecodeConfig), decodePNG, 16 << 10},
		{"GIF", "GIF8?a", from(gif.DecodeConfig), decodeGIF, 1 << 12},
		{"BMP", "BM", from(bmp.DecodeConfig), decodeBMP, 8},
		{"WebP", "RIFF????WEBPVP8", configWebP, decodeWebP, 1 << 20},
	}
}

func from[T any](read func(io.Reader) (T, error)) func([]byte) (T, error) {
	return func(b []byte) (T, error) { return read(bytes.NewReader(b)) }
}

func decodePNG(b []byte) (byteRows, error) { return rows(png.Decode(bytes.NewReader(b))) }

func decodeBMP(b []byte) (byteRows, error) { return rows(bmp.Decode(bytes.NewReader(b))) }

// decodeGIF decodes the first picture, which need not fill the screen.
func decodeGIF(b []byte) (byteRows, error) {
	screen, err := gif.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	img, err := gif.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	at := img.Bounds().Min
	return onScreen(rowsOf(img), screen.Height, screen.Width, at.Y, at.X), nil
}

func rows(img image.Image, err error) (byteRows, error) {
	if err != nil {
		return nil, err
	}
	return rowsOf(img), nil
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
	for _, o := range others() {
		if matches(b, o.magic) {
			return format{}, fmt.Errorf("it is %s; JPEG, PNG, GIF, BMP and WebP can be read", o.name)
		}
	}
	return format{}, fmt.Errorf("it begins with %q; JPEG, PNG, GIF, BMP and WebP can be read", b[:min(len(b), 8)])
}

// others are files that are met where pictures are expected.
func others() []struct{ magic, name string } {
	return []struct{ magic, name string }{
		{"????ftyphei", "an HEIC photo, as iPhones take them: export it as JPEG"},
		{"????ftypmif1", "an HEIC photo, as iPhones take them: export it as JPEG"},
		{"????ftypavif", "an AVIF picture: export it as JPEG"},
		{"????ftyp", "a film"},
		{"II*\x00", "a TIFF picture: export it as PNG"},
		{"MM\x00*", "a TIFF picture: export it as PNG"},
		{"version https://git-lfs", "a pointer of Git LFS: the picture itself was not downloaded (git lfs pull)"},
		{"<!DOCTYPE", "a web page: the download went wrong"},
		{"<html", "a web page: the download went wrong"},
		{"<svg", "an SVG drawing"},
		{"<?xml", "an XML file"},
		{"%PDF", "a PDF document"},
		{"PK\x03\x04", "a ZIP archive"},
		{"\x1f\x8b", "a gzip archive"},
	}
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
	c, err := f.config(b)
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
// progressive ones their coefficients of 2 bytes; the others' images.
func bytesPerPixel(b []byte, format string) int {
	switch format {
	case "JPEG":
		h, _ := jpeg.ReadHeader(b)
		across, down := h.Largest()
		planes, full := 0, max(1, across*down)
		for _, c := range h.Planes {
			planes += c.H * c.V
		}
		if h.Progressive {
			planes *= 3
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
