package data

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idx writes the format's header by hand: 0, 0, 8, rank, sizes of 4 bytes.
func idx(values []byte, sizes ...byte) []byte {
	b := []byte{0, 0, 8, byte(len(sizes))}
	for _, s := range sizes {
		b = append(b, 0, 0, 0, s)
	}
	return append(b, values...)
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func open(t *testing.T) *Dataset {
	t.Helper()
	images := write(t, "images.gz", zipped(t, idx([]byte{0, 255, 1, 2, 3, 4}, 3, 1, 2)))
	d, err := OpenIDX(images, write(t, "labels", idx([]byte{1, 0, 1}, 3)), write(t, "names", []byte("cat\ndog\n")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenIDX(t *testing.T) {
	d := open(t)
	if got := d.Images.Data().([]float32); !slices.Equal(got, []float32{0, 255, 1, 2, 3, 4}) || d.Len() != 3 {
		t.Errorf("images %v, %d labels", got, d.Len())
	}
	if s := d.String(); s != "3 pictures [1 2 1] of 2 classes: 1 cat, 2 dog" {
		t.Error(s)
	}
	scaled, err := d.Scale()
	if err != nil {
		t.Fatal(err)
	}
	if got := scaled.Images.Data().([]float32); got[0] != -1 || got[1] != 1 {
		t.Errorf("scaled %v", got[:2])
	}
}

func TestBatches(t *testing.T) {
	d := open(t)
	var labels []int
	batches, err := d.Batches(2, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		labels = append(labels, b.LabelInts()...)
		for i := range b.Len() {
			// Each picture keeps its label: the one of class 0 begins with 1.
			if first := b.Images.Data().([]float32)[2*i]; (first == 1) != (b.LabelInts()[i] == 0) {
				t.Errorf("picture that begins with %g has label %d", first, b.LabelInts()[i])
			}
		}
	}
	slices.Sort(labels)
	if len(batches) != 2 || !slices.Equal(labels, []int{0, 1, 1}) {
		t.Errorf("%d batches with labels %v", len(batches), labels)
	}
	if _, err := d.Batches(0, 0); err == nil {
		t.Error("batches of nothing")
	}
	if _, err := d.Take(3); err == nil || !strings.Contains(err.Error(), "no picture 3, the dataset has 3") {
		t.Errorf("got %v", err)
	}
}

func TestRefuses(t *testing.T) {
	images, labels, names := idx([]byte{7, 7}, 2, 1, 1), idx([]byte{0, 1}, 2), []byte("a\nb")
	for _, c := range []struct {
		images, labels, names []byte
		want                  string
	}{
		{[]byte("<html>"), labels, names, "not an IDX file"},
		{images[:6], labels, names, "ends within its header"},
		{append([]byte{0, 0, 13, 1}, 0, 0, 0, 0), labels, names, "IDX type 13"},
		{images[:len(images)-1], labels, names, "wants 2 values, it holds 1"},
		{idx(nil, 0xff, 0xff, 0xff, 0xff, 0xff), labels, names, "sizes"},
		{labels, labels, names, "[count height width] is wanted"},
		{images, idx([]byte{0}, 1), names, "one label for each picture"},
		{images, idx([]byte{0, 2}, 2), names, "label 2 of picture 1 has no name"},
		{zipped(t, images)[:20], labels, names, "unpack"},
	} {
		_, err := OpenIDX(write(t, "i", c.images), write(t, "l", c.labels), write(t, "n", c.names))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := OpenIDX("nowhere", "", ""); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v", err)
	}
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]byte{1, 2}, 2, 1))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add(idx(nil, 255, 255, 255, 255, 255, 255))
	f.Fuzz(func(t *testing.T, text []byte) {
		shape, values, err := decodeIDX(bytes.NewReader(text))
		n := 1
		for _, d := range shape {
			n *= d
		}
		if err == nil && len(values) != n {
			t.Errorf("shape %v holds %d values", shape, len(values))
		}
	})
}
