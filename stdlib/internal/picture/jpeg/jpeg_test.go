package jpeg

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Pixels are compared with TensorFlow's in package picture.

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBroken(t *testing.T) {
	whole := read(t, "jpeg_420.jpg")
	restarts := read(t, "jpeg_restart.jpg")
	scan := bytes.Index(whole, []byte{0xff, sos})
	frame := bytes.Index(whole, []byte{0xff, sof0})
	with := func(b []byte, at int, x ...byte) []byte {
		b = bytes.Clone(b)
		copy(b[at:], x)
		return b
	}
	for want, b := range map[string][]byte{
		"the file ends early":           whole[:len(whole)-40],
		"a scan comes before the frame": append(bytes.Clone(whole[:frame]), whole[scan:]...),
		"has no quantisation table":     bytes.ReplaceAll(whole, []byte{0xff, dqt}, []byte{0xff, 0xef}),
		"has no table of codes":         bytes.ReplaceAll(whole, []byte{0xff, dht}, []byte{0xff, 0xef}),
		"samples have 12 bits":          with(whole, frame+4, 12),
		"it has 23×0 pixels":            with(whole, frame+5, 0, 0),
		"arithmetic coding":             with(whole, frame+1, 0xc9),
		"sampling 5×2":                  with(whole, frame+11, 0x52),
		"not in the frame":              with(whole, scan+5, 77),
		"twice":                         with(whole, scan+7, 1),
		"where restart 0 is wanted":     with(restarts, bytes.Index(restarts, []byte{0xff, rst0}), 0xff, rst7),
		"it has no picture":             {0xff, soi, 0xff, eoi},
		"which cannot be":               with(read(t, "jpeg_444_progressive.jpg"), bytes.LastIndex(read(t, "jpeg_444_progressive.jpg"), []byte{0xff, sos})+7, 70),
		"too many of 1 bits":            with(whole, bytes.Index(whole, []byte{0xff, dht})+5, 3, 0, 0, 0),
	} {
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The end marker says nothing of the pixels.
func TestNoEnd(t *testing.T) {
	b := read(t, "jpeg_420.jpg")
	if _, err := Decode(b[:len(b)-2]); err != nil {
		t.Error(err)
	}
	if _, err := Decode(append(bytes.Clone(b), "behind the end"...)); err != nil {
		t.Error(err)
	}
}

// Bits that say that many scans follow make no endless work.
func TestManyScans(t *testing.T) {
	b := read(t, "jpeg_444_progressive.jpg")
	at := bytes.Index(b, []byte{0xff, sos})
	end := at + 2 + bytes.Index(b[at+2:], []byte{0xff, dht})
	scan := b[at:end]
	if _, err := Decode(append(bytes.Clone(b[:at]), bytes.Repeat(scan, maxScans+1)...)); err == nil || !strings.Contains(err.Error(), "more than 1000 scans") {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("../testdata/*.jpg")
	for _, file := range files {
		f.Add(read(f, filepath.Base(file)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ReadHeader(b)
		if err != nil || h.Width*h.Height > 1<<16 {
			return
		}
		m, err := Decode(b)
		if err != nil {
			return
		}
		for i, p := range m.Components {
			if len(p.Pix) < (p.Height-1)*p.Stride+p.Width || p.Width*p.Across < m.Width || p.Height*p.Down < m.Height {
				t.Errorf("component %d: %d bytes for %d×%d", i, len(p.Pix), p.Width, p.Height)
			}
		}
	})
}

// BenchmarkDecode is for comparing with another version of itself.
func BenchmarkDecode(b *testing.B) {
	file := read(b, "jpeg_420.jpg")
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Decode(file); err != nil {
			b.Fatal(err)
		}
	}
}
