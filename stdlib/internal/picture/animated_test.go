package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/gif"
	"os"
	"strings"
	"testing"
)

func riffChunk(id string, parts ...[]byte) []byte {
	b := bytes.Join(parts, nil)
	out := append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(b))), b...)
	return append(out, make([]byte, len(b)%2)...)
}

func u24(n int) []byte { return []byte{byte(n), byte(n >> 8), byte(n >> 16)} }

// animation puts the pictures of WebP files on a screen.
func animation(width, height, left, top int, files ...[]byte) []byte {
	body := riffChunk("VP8X", []byte{2, 0, 0, 0}, u24(width-1), u24(height-1))
	body = append(body, riffChunk("ANIM", make([]byte, 6))...)
	for _, f := range files {
		frame := f[12:]
		if bytes.HasPrefix(frame, []byte("VP8X")) {
			frame = frame[18:]
		}
		body = append(body, riffChunk("ANMF", u24(left/2), u24(top/2), u24(22), u24(18), u24(100), []byte{0}, frame)...)
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(body))), append([]byte("WEBP"), body...)...)
}

// The first picture of an animated WebP has the pixels of that picture alone.
func TestAnimatedWebP(t *testing.T) {
	read := func(name string) []byte { return ok[[]byte](t)(os.ReadFile("testdata/" + name)) }
	whole := func(b []byte) *Bytes { return ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(b)))) }
	for _, name := range []string{"webp_lossy.webp", "webp_lossy_alpha.webp", "webp_lossless.webp", "webp_lossless_alpha.webp"} {
		want := whole(read(name))
		got := whole(animation(23, 19, 0, 0, read(name), read("webp_lossless.webp")))
		if !bytes.Equal(got.Pix, want.Pix) {
			t.Errorf("%s: the first of an animation is another", name)
		}
		got = whole(animation(30, 24, 4, 2, read(name)))
		if got.Width != 30 || got.Height != 24 {
			t.Fatalf("%d×%d pixels", got.Width, got.Height)
		}
		for y := range 24 {
			for x := range 30 {
				w := []byte{0, 0, 0}
				if x >= 4 && x < 27 && y >= 2 && y < 21 {
					w = want.Pix[((y-2)*23+x-4)*3:][:3]
				}
				if px := got.Pix[(y*30+x)*3:][:3]; !bytes.Equal(px, w) {
					t.Fatalf("%s: pixel %d, %d is %v, want %v", name, x, y, px, w)
				}
			}
		}
	}
	b := animation(23, 19, 0, 0, read("webp_lossy.webp"))
	for n := range b[:len(b)-1] {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("it decodes with %d of its %d bytes", n, len(b))
		}
	}
}

// A GIF whose first picture lies within its screen has black around it.
func TestSmallGIF(t *testing.T) {
	b := ok[[]byte](t)(os.ReadFile("testdata/gif.gif"))
	want := ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(b))))
	m := ok[*gif.GIF](t)(gif.DecodeAll(bytes.NewReader(b)))
	m.Config.Width, m.Config.Height = want.Width+5, want.Height+4
	m.Image[0].Rect = m.Image[0].Rect.Add(image.Pt(3, 2))
	var file bytes.Buffer
	if err := gif.EncodeAll(&file, m); err != nil {
		t.Fatal(err)
	}
	got := ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(file.Bytes()))))
	for y := range got.Height {
		for x := range got.Width {
			w := []byte{0, 0, 0}
			if x >= 3 && x < 3+want.Width && y >= 2 && y < 2+want.Height {
				w = want.Pix[((y-2)*want.Width+x-3)*3:][:3]
			}
			if px := got.Pix[(y*got.Width+x)*3:][:3]; !bytes.Equal(px, w) {
				t.Fatalf("pixel %d, %d is %v, want %v", x, y, px, w)
			}
		}
	}
}

// What is no picture is called by its name.
func TestOtherFiles(t *testing.T) {
	for b, want := range map[string]string{"\x00\x00\x00\x20ftypheic": "HEIC", "\x00\x00\x00\x20ftypavif": "AVIF", "II*\x00\x08": "TIFF",
		"version https://git-lfs.github.com/spec/v1\n": "git lfs pull", "<!DOCTYPE html>": "web page", "hello": `begins with "hello"`} {
		if _, err := Head([]byte(b)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", b, err, want)
		}
	}
}
