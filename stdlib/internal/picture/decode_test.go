package picture

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func ok[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// golden is what another program makes of a picture.
type golden struct {
	Shape  [3]int
	Pixels string
}

func (g golden) bytes(t *testing.T) []byte {
	t.Helper()
	packed := ok[[]byte](t)(base64.StdEncoding.DecodeString(g.Pixels))
	return ok[[]byte](t)(io.ReadAll(ok[io.ReadCloser](t)(zlib.NewReader(bytes.NewReader(packed)))))
}

func goldens(t *testing.T, name string) (out map[string]golden) {
	t.Helper()
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile(filepath.Join("testdata", name))), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestDecode compares with Pillow and TensorFlow. Pillow's libjpeg takes the
// accurate inverse DCT, TensorFlow's the fast one, as we do: it differs by some
// levels.
func TestDecode(t *testing.T) {
	for _, by := range []string{"pillow.json", "tensorflow.json"} {
		all := goldens(t, by)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if by == "pillow.json" && (strings.HasPrefix(name, "jpeg_cmyk") || name == "png_16.png") {
				continue // Pillow mixes inks in another way than TensorFlow, and clips 16 bits
			}
			if by == "tensorflow.json" && strings.HasPrefix(name, "exif") && name != "exif_1.jpg" {
				continue // TensorFlow does not turn pictures
			}
			want := all[name]
			p := ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(ok[[]byte](t)(os.ReadFile(filepath.Join("testdata", name)))))))
			if got := [3]int{p.Height, p.Width, p.Channels}; got != want.Shape {
				t.Errorf("%s: shape %v, %s has %v", name, got, by, want.Shape)
				continue
			}
			worst, sum, pix := 0, 0, want.bytes(t)
			for i := range pix {
				d := max(int(pix[i])-int(p.Pix[i]), int(p.Pix[i])-int(pix[i]))
				worst, sum = max(worst, d), sum+d
			}
			limit, mean := 0, float64(sum)/float64(len(pix))
			if by == "pillow.json" && strings.HasSuffix(name, ".jpg") {
				limit = 6
			}
			if worst > limit || mean > float64(limit)/4 {
				t.Errorf("%s: differs from %s by up to %d, %.3f on average", name, by, worst, mean)
			}
		}
	}
}

// pictures are the pictures in testdata.
func pictures(t *testing.T) (out []string) {
	t.Helper()
	for _, file := range ok[[]string](t)(filepath.Glob("testdata/*.*")) {
		if !slices.Contains([]string{".py", ".c", ".json"}, filepath.Ext(file)) {
			out = append(out, file)
		}
	}
	return out
}

func TestTruncated(t *testing.T) {
	for _, file := range pictures(t) {
		b := ok[[]byte](t)(os.ReadFile(file))
		for _, n := range []int{0, 1, 7, len(b) / 4, len(b) / 2} {
			if _, err := Decode(b[:n]); err == nil {
				t.Errorf("%s decodes with %d of its %d bytes", file, n, len(b))
			}
		}
	}
}

// A file may say it is as large as it likes: it is refused before anything is
// allocated for it.
func TestHostileSizes(t *testing.T) {
	jpg := ok[[]byte](t)(os.ReadFile("testdata/jpeg_420.jpg"))
	at := bytes.Index(jpg, []byte{0xff, 0xc0}) + 5
	copy(jpg[at:], []byte{0xff, 0xff, 0xff, 0xff})
	png := ok[[]byte](t)(os.ReadFile("testdata/png_rgb.png"))
	copy(png[16:], []byte{0, 0, 0x80, 0, 0, 0, 0x80, 0})
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
	gif := ok[[]byte](t)(os.ReadFile("testdata/gif.gif"))
	copy(gif[6:], []byte{0xff, 0xff, 0xff, 0xff})
	bmp := ok[[]byte](t)(os.ReadFile("testdata/bmp_24.bmp"))
	copy(bmp[18:], []byte{0, 0x40, 0, 0, 0, 0x40, 0, 0})
	for name, b := range map[string][]byte{"JPEG": jpg, "PNG": png, "GIF": gif, "BMP": bmp} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(b)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "it says it has") {
			t.Errorf("%s: got %v", name, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
}

func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.*")
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := Head(b); err != nil || h.Width*h.Height > 1<<16 {
			return // large ones are slow and no other
		}
		r, err := Decode(b)
		if err != nil {
			return
		}
		h, w, c := r.Shape()
		if p := Whole(r); len(p.Pix) != h*w*c {
			t.Errorf("%d×%d×%d have %d values", h, w, c, len(p.Pix))
		}
		small, err := Resize(Crop(r, h/3, w/3, h-h/3, w-w/3), resizing(2, 3))
		if err != nil || len(small.Pix) != 2*3*c {
			t.Errorf("%v %v", fmt.Sprint(small), err)
		}
	})
}

// FuzzEXIF damages the data that says how a picture is turned.
func FuzzEXIF(f *testing.F) {
	for _, name := range []string{"exif_3.jpg", "exif_6.png", "exif_8.webp"} {
		f.Add(ok[[]byte](f)(os.ReadFile("testdata/" + name)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n := orientation(b, Format(b)); n < 1 || n > 8 {
			t.Errorf("orientation %d", n)
		}
	})
}

// Rows of a picture that was decoded are its bytes, to the last bit, scaled or
// not: colours that lie beyond 0 … 255 are clamped.
func TestRowsAreTheBytes(t *testing.T) {
	for _, file := range pictures(t) {
		text := ok[[]byte](t)(os.ReadFile(file))
		want := ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(text))))
		for _, by := range []float32{1, 1.0 / 255} {
			rows := ok[Rows](t)(Decode(text))
			if by != 1 {
				rows = &Scaled{Rows: rows, By: by}
			}
			for i, got := range Whole(rows).Pix {
				if w := float32(want.Pix[i]) * by; math.Float32bits(got) != math.Float32bits(w) {
					t.Fatalf("%s: value %d is %v, want %v", file, i, got, w)
				}
			}
		}
	}
	// The extremes, which no test picture has.
	m := image.NewYCbCr(image.Rect(0, 0, 256, 9), image.YCbCrSubsampleRatio444)
	for i := range m.Y {
		m.Y[i], m.Cb[i], m.Cr[i] = byte(i), []byte{0, 255, 128}[i/256%3], []byte{0, 255, 128}[i/256/3]
	}
	rows := &decoded{byteRows: ofYCbCr(m)}
	want := ok[*Bytes](t)(WholeBytes(rows))
	for i, got := range Whole(rows).Pix {
		if got != float32(want.Pix[i]) {
			t.Fatalf("value %d is %v, want %d", i, got, want.Pix[i])
		}
	}
}

// TestReferencePhotos compares photos with TensorFlow's, to the last bit.
func TestReferencePhotos(t *testing.T) {
	var want map[string]string
	if err := json.Unmarshal(ok[[]byte](t)(os.ReadFile("testdata/photos.json")), &want); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, root := range []string{os.Getenv("GRAFT_SHARED"), filepath.Dir(os.Getenv("GRAFT_REF")), "../../../../shared"} {
		if _, err := os.Stat(filepath.Join(root, "assets/flowers/val")); root == "" || n > 0 || err != nil {
			continue
		}
		for name, want := range want {
			b, err := os.ReadFile(filepath.Join(root, "assets/flowers/val", name))
			if err != nil {
				continue
			}
			n++
			p := ok[*Bytes](t)(WholeBytes(ok[Rows](t)(Decode(b))))
			if got := fmt.Sprintf("%dx%d %x", p.Width, p.Height, sha256.Sum256(p.Pix)); got != want {
				t.Errorf("%s: pixels %s, TensorFlow has %s", name, got, want)
			}
		}
	}
	if n == 0 {
		t.Skip("there are no flowers; set GRAFT_SHARED")
	}
	t.Logf("%d photos", n)
}
