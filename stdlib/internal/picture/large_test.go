package picture

import (
	"bytes"
	"image"
	"image/jpeg"
	"runtime"
	"testing"
)

// A photo of 40 megapixels is made small with its planes in memory and little
// else: 1.5 bytes a pixel.
func TestLargePhoto(t *testing.T) {
	img := image.NewYCbCr(image.Rect(0, 0, 7300, 5500), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i / 7300)
	}
	var file bytes.Buffer
	if err := jpeg.Encode(&file, img, nil); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := ok[*Floats](t)(Resize(ok[Rows](t)(Decode(file.Bytes())), resizing(224, 224)))
	runtime.ReadMemStats(&after)
	if n, limit := after.TotalAlloc-before.TotalAlloc, uint64(7300*5500*3/2+4<<20); n > limit {
		t.Errorf("%d bytes were allocated, at most %d are allowed", n, limit)
	}
	if len(p.Pix) != 224*224*3 {
		t.Error(len(p.Pix))
	}
}
