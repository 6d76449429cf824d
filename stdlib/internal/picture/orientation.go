package picture

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// orientation is how a picture is to be turned, 1 … 8 as EXIF numbers it
// (Exif 2.32, 4.6.4): 1 is upright; with 5 … 8 its height is its width. EXIF
// data that cannot be read turns nothing.
func orientation(b []byte, format string) int {
	kind, ok := map[string]imagemeta.ImageFormat{"JPEG": imagemeta.JPEG, "PNG": imagemeta.PNG, "WebP": imagemeta.WebP}[format]
	if !ok || !hasEXIF(b, format) {
		return 1
	}
	out := 1
	_ = imagemeta.Decode(imagemeta.Options{
		R: bytes.NewReader(b), ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == "Orientation" && t.Namespace == "IFD0" },
		HandleTag: func(t imagemeta.TagInfo) error {
			if n, ok := t.Value.(uint16); ok && n >= 1 && n <= 8 {
				out = int(n)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return out
}

// hasEXIF says whether it is worth looking.
func hasEXIF(b []byte, format string) bool {
	if format == "JPEG" {
		for _, s := range segments(b) {
			if s.marker == 0xe1 && bytes.HasPrefix(s.data, []byte("Exif\x00")) {
				return true
			}
		}
		return false
	}
	return bytes.Contains(b, []byte(map[string]string{"PNG": "eXIf", "WebP": "EXIF"}[format]))
}

// band is how many rows are turned at a time: neighbours in the result are then
// neighbours in memory.
const band = 16

// turned is a picture turned upright. That takes 3 bytes a pixel more.
func turned(r *decoded, orientation int) Rows {
	if orientation <= 1 {
		return r
	}
	h, w := r.size()
	out := &Bytes{Pix: make([]byte, h*w*3), Height: h, Width: w, Channels: 3}
	if orientation > 4 {
		out.Height, out.Width = w, h
	}
	flip := flips[orientation]
	rows := make([]byte, band*w*3)
	for top := 0; top < h; top += band {
		n := min(band, h-top)
		for y := range n {
			r.bytes(rows[y*w*3:(y+1)*w*3], top+y, 0, w)
		}
		for x := range w {
			for y := range n {
				dx, dy := x, top+y
				if flip.x {
					dx = w - 1 - dx
				}
				if flip.y {
					dy = h - 1 - dy
				}
				if orientation > 4 {
					dx, dy = dy, dx
				}
				copy(out.Pix[(dy*out.Width+dx)*3:][:3], rows[(y*w+x)*3:])
			}
		}
	}
	return out
}

// flips are the axes along which the stored picture is read backwards.
var flips = [9]struct{ x, y bool }{2: {x: true}, 3: {true, true}, 4: {y: true}, 6: {y: true}, 7: {true, true}, 8: {x: true}}
