package data

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func records(t testing.TB, path string) (out [][]byte) {
	t.Helper()
	r := ok[*RecordReader](t)(OpenRecords(path))
	defer r.Close()
	for {
		b, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
}

// TensorFlow's files are read, and what is written is the same to the byte.
func TestRecordsOfTensorFlow(t *testing.T) {
	plain := records(t, "testdata/plain.tfrecord")
	for _, name := range []string{"gzip", "zlib"} {
		if got := records(t, "testdata/"+name+".tfrecord"); !slices.EqualFunc(got, plain, bytes.Equal) {
			t.Errorf("%s holds other records", name)
		}
	}
	path := filepath.Join(t.TempDir(), "out")
	for _, c := range []Compression{NoCompression, GZIP, ZLIB} {
		w := ok[*RecordWriter](t)(CreateRecords(path, c))
		for _, b := range plain {
			e := ok[Example](t)(DecodeExample(b))
			again := ok[[]byte](t)(e.Encode())
			if !bytes.Equal(again, b) {
				t.Errorf("%v is written as other bytes", e)
			}
			if err := w.Write(again); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := records(t, path); !slices.EqualFunc(got, plain, bytes.Equal) {
			t.Errorf("%q: other records come back", c)
		}
		if c == NoCompression && !bytes.Equal(ok[[]byte](t)(os.ReadFile(path)), ok[[]byte](t)(os.ReadFile("testdata/plain.tfrecord"))) {
			t.Error("the file is not TensorFlow's")
		}
	}
	e := ok[Example](t)(DecodeExample(plain[5]))
	if !slices.Equal(e["more"].Floats, []float32{1.5, -2, 3e38}) || !slices.Equal(e["many"].Ints, []int64{-1, 0, 1 << 40}) || len(e["empty"].Bytes) != 1 {
		t.Errorf("features %v", e)
	}
}

// Numbers may be unpacked: old writers did that.
func TestExampleUnpacked(t *testing.T) {
	ints := []byte{0x1a, 4, 0x08, 7, 0x08, 9}
	entry := append([]byte{0x0a, 1, 'x', 0x12, byte(len(ints))}, ints...)
	features := append([]byte{0x0a, byte(len(entry))}, entry...)
	e := ok[Example](t)(DecodeExample(append([]byte{0x0a, byte(len(features))}, features...)))
	if !slices.Equal(e["x"].Ints, []int64{7, 9}) {
		t.Error(e)
	}
}

func TestRecordsDamaged(t *testing.T) {
	whole := ok[[]byte](t)(os.ReadFile("testdata/plain.tfrecord"))
	for _, c := range []struct {
		name, want string
		edit       func(b []byte) []byte
	}{
		{"data", "the checksum of its data", func(b []byte) []byte { b[20] ^= 1; return b }},
		{"second length", "record 1", func(b []byte) []byte { b[len(records(t, "testdata/plain.tfrecord")[0])+16] ^= 1; return b }},
		{"cut in data", "record 0 at byte 0: its length is", func(b []byte) []byte { return b[:40] }},
		{"cut in length", "ends within its length", func(b []byte) []byte { return b[:5] }},
		{"no record", "the checksum of its length", func(b []byte) []byte { return []byte("this is no TFRecord") }},
	} {
		path := write(t, "damaged", c.edit(bytes.Clone(whole)))
		r := ok[*RecordReader](t)(OpenRecords(path))
		var err error
		for err == nil {
			_, err = r.Next()
		}
		if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		r.Close()
	}
	packed := ok[[]byte](t)(os.ReadFile("testdata/gzip.tfrecord"))
	if _, err := TFRecords(write(t, "cut", packed[:len(packed)-9]), RecordOptions{}); err == nil {
		t.Error("a packed file that is cut")
	}
}

func TestTFRecords(t *testing.T) {
	for _, name := range []string{"plain", "gzip", "zlib"} {
		s := ok[*Pictures](t)(TFRecords("testdata/"+name+".tfrecord", RecordOptions{}))
		if got := s.String(); got != "6 pictures of 2 classes: 3 cat, 3 dog" {
			t.Errorf("%s: %s", name, got)
		}
		d := ok[*Dataset](t)(s.Dataset())
		for i := range 6 {
			if px := d.pixels()[i*36:][:4]; px[0] != float32(i) || px[3] != float32(40*i) {
				t.Errorf("%s: picture %d begins with %v", name, i, px)
			}
		}
		if ok[any](t)(two(s, 0, 5)) == ok[any](t)(two(s, 1, 5)) {
			t.Error("two records have one name")
		}
	}
	_, err := TFRecords("testdata/plain.tfrecord", RecordOptions{LabelKey: "label"})
	if err == nil || !strings.Contains(err.Error(), "its features are image/class/label") {
		t.Errorf("got %v", err)
	}
	if _, err := TFRecords("testdata/plain.tfrecord", RecordOptions{LabelsOffset: 1}); err == nil || !strings.Contains(err.Error(), "-1") {
		t.Errorf("got %v", err)
	}
}

// A folder goes to records and comes back: the same files, labels and names.
func TestWriteTFRecords(t *testing.T) {
	s := ok[*Pictures](t)(Folder(folder(t))).Shuffle(1)
	dir := t.TempDir()
	if err := s.WriteTFRecords(dir, "colours_train", WriteOptions{Shards: 3, Compression: GZIP}); err != nil {
		t.Fatal(err)
	}
	back := ok[*Pictures](t)(TFRecords(filepath.Join(dir, "colours_train_*-of-00003.tfrecord"), RecordOptions{}))
	if !slices.Equal(back.LabelInts(), s.LabelInts()) || !slices.Equal(back.ClassNames(), s.ClassNames()) {
		t.Errorf("%v %v, want %v %v", back.LabelInts(), back.ClassNames(), s.LabelInts(), s.ClassNames())
	}
	for i := range s.from {
		if !bytes.Equal(ok[[]byte](t)(encodedOf(s.from[i])), ok[[]byte](t)(encodedOf(back.from[i]))) {
			t.Errorf("picture %d is another file", i)
		}
	}
	if text := string(ok[[]byte](t)(os.ReadFile(filepath.Join(dir, "labels.txt")))); text != "0:blue\n1:green\n" {
		t.Error(text)
	}
}

func FuzzRecords(f *testing.F) {
	for _, name := range []string{"plain", "gzip", "zlib"} {
		f.Add(ok[[]byte](f)(os.ReadFile("testdata/" + name + ".tfrecord")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newRecords(bytes.NewReader(b))
		if err != nil {
			return
		}
		if r.packed == NoCompression {
			r.limit = int64(len(b))
		}
		for err == nil {
			var record []byte
			if record, err = r.Next(); err == nil {
				_, _ = DecodeExample(record)
			}
		}
	})
}

func FuzzExample(f *testing.F) {
	for _, b := range records(f, "testdata/plain.tfrecord") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeExample(b)
		if err != nil {
			return
		}
		for name, v := range e {
			if v.Bytes != nil && (v.Floats != nil || v.Ints != nil) || v.Floats != nil && v.Ints != nil {
				delete(e, name) // a message that says one kind after the other
			}
		}
		again, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeExample(again)
		if err != nil || len(back) != len(e) {
			t.Errorf("%v comes back as %v, %v", e, back, err)
		}
	})
}
