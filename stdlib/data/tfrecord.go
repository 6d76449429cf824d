package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gorgonia.org/tensor"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
)

// RecordOptions say which features of tf.Examples are pictures and labels.
// Their zero value is what TF-Slim's datasets have.
type RecordOptions struct {
	ImageKey  string // the encoded picture; default image/encoded
	FormatKey string // jpeg, png or raw; default image/format
	LabelKey  string // the label, an integer; default image/class/label
	TextKey   string // the label's name, if there are no Classes; default image/class/text
	// Classes are the names of the labels. Default: those of a file labels.txt
	// beside the records, else TextKey's, else the labels as they are.
	Classes []string
	// LabelsOffset is taken from each label (labels_offset).
	LabelsOffset int
}

// TFRecords is the pictures of TFRecord files of tf.Examples, such as
// "flowers_train_*.tfrecord": pattern is a file or a pattern of
// path/filepath.Match. All records are read once, to check them and to know
// their labels; then each when it is asked for. Of files that are packed the
// encoded pictures stay in memory, 2 GB at most.
//
// Errors: no file, a checksum that is wrong, a record without a picture or a
// label, a label without a name.
func TFRecords(pattern string, o RecordOptions) (*Pictures, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", pattern, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("data: there is no file %s", pattern)
	}
	for _, d := range []struct {
		key   *string
		value string
	}{{&o.ImageKey, "image/encoded"}, {&o.FormatKey, "image/format"}, {&o.LabelKey, "image/class/label"}, {&o.TextKey, "image/class/text"}} {
		if *d.key == "" {
			*d.key = d.value
		}
	}
	x := &recordIndex{o: o, texts: map[int]string{}, s: &Pictures{}}
	for _, path := range paths {
		if err := x.file(path); err != nil {
			return nil, err
		}
	}
	if x.s.Len() == 0 {
		return nil, fmt.Errorf("data: %s has no records", pattern)
	}
	if x.s.classes, err = x.names(filepath.Join(filepath.Dir(paths[0]), "labels.txt")); err != nil {
		return nil, err
	}
	return x.s, x.s.check()
}

// recordIndex learns what is in files.
type recordIndex struct {
	o     RecordOptions
	s     *Pictures
	texts map[int]string
	held  int // bytes in memory
}

const maxHeld = 2 << 30

func (x *recordIndex) file(path string) error {
	r, err := OpenRecords(path)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		at, number := r.at, r.number
		b, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		p := record{path: path, number: number, at: at, size: len(b), o: x.o}
		if err := x.add(p, b, r.Compression() != NoCompression); err != nil {
			return fmt.Errorf("data: %s: record %d: %w", path, number, err)
		}
	}
}

func (x *recordIndex) add(p record, b []byte, hold bool) error {
	e, err := DecodeExample(b)
	if err != nil {
		return err
	}
	label, err := e.int(x.o.LabelKey)
	if err != nil {
		return err
	}
	label -= x.o.LabelsOffset
	if text := e[x.o.TextKey].Bytes; len(text) == 1 {
		x.texts[label] = string(text[0])
	}
	image, err := e.bytes(x.o.ImageKey)
	if err != nil {
		return err
	}
	if hold {
		if x.held += len(b); x.held > maxHeld {
			return fmt.Errorf("more than %d MB of pictures are in packed files; unpack them", maxHeld>>20)
		}
		p.held = b
	}
	var from origin = encodedRecord{p}
	if format := e[x.o.FormatKey].Bytes; len(format) == 1 && strings.EqualFold(string(format[0]), "raw") {
		if _, err := rawPicture(e, image); err != nil {
			return err
		}
		from = rawRecord{p}
	}
	x.s.from, x.s.labels = append(x.s.from, from), append(x.s.labels, label)
	return nil
}

// names are the classes: given, from labels.txt, from the records, or the
// numbers.
func (x *recordIndex) names(labelsFile string) ([]string, error) {
	if x.o.Classes != nil {
		return slices.Clone(x.o.Classes), nil
	}
	if _, err := os.Stat(labelsFile); err == nil {
		return ReadLabels(labelsFile)
	}
	if least := slices.Min(x.s.labels); least < 0 {
		return nil, fmt.Errorf("data: a label is %d, less than 0; LabelsOffset is %d", least, x.o.LabelsOffset)
	}
	most := slices.Max(x.s.labels)
	if most >= maxClasses {
		return nil, fmt.Errorf("data: a label is %d, which is beyond reason", most)
	}
	classes := make([]string, most+1)
	for i := range classes {
		if classes[i] = strconv.Itoa(i); x.texts[i] != "" {
			classes[i] = x.texts[i]
		}
	}
	return classes, nil
}

// maxClasses bounds what a label may be.
const maxClasses = 1 << 20

func (e Example) int(key string) (int, error) {
	v := e[key].Ints
	if len(v) != 1 || int64(int(v[0])) != v[0] {
		return 0, fmt.Errorf("feature %q has %d integers, one is wanted; its features are %s", key, len(v), e.keys())
	}
	return int(v[0]), nil
}

func (e Example) bytes(key string) ([]byte, error) {
	v := e[key].Bytes
	if len(v) != 1 {
		return nil, fmt.Errorf("feature %q has %d byte strings, one is wanted; its features are %s", key, len(v), e.keys())
	}
	return v[0], nil
}

func (e Example) keys() string {
	var out []string
	for k := range e {
		out = append(out, k)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// record is a picture in a TFRecord file.
type record struct {
	path   string
	number int
	at     int64
	size   int
	held   []byte // of packed files
	o      RecordOptions
}

func (r record) name() string { return fmt.Sprintf("%s record %d", r.path, r.number) }

// recordSource is the source of pictures in records.
type recordSource struct{}

func (r record) identity() (source any, key uint64, err error) {
	_, key, err = file(r.path).identity()
	return recordSource{}, hash(fmt.Sprintf("%d\x00%d", key, r.at)), err
}

// example reads the record again.
func (r record) example() (Example, error) {
	b := r.held
	if b == nil {
		f, err := os.Open(r.path)
		if err != nil {
			return nil, reason(err)
		}
		defer f.Close()
		b = make([]byte, r.size+16)
		if _, err := f.ReadAt(b, r.at); err != nil {
			return nil, reason(err)
		}
		if binary.LittleEndian.Uint64(b) != uint64(r.size) {
			return nil, fmt.Errorf("the file has changed since it was opened")
		}
		sum := b[12+r.size:]
		b = b[12 : 12+r.size]
		if err := checked(b, sum, "its data"); err != nil {
			return nil, err
		}
	}
	return DecodeExample(b)
}

// encodedRecord has an encoded picture.
type encodedRecord struct{ record }

func (r encodedRecord) encoded() ([]byte, error) {
	e, err := r.example()
	if err != nil {
		return nil, err
	}
	return e.bytes(r.o.ImageKey)
}

// rawRecord has its pixels: height × width × channels bytes.
type rawRecord struct{ record }

func (r rawRecord) tensor() (*graph.Tensor, error) {
	e, err := r.example()
	if err != nil {
		return nil, err
	}
	b, err := e.bytes(r.o.ImageKey)
	if err != nil {
		return nil, err
	}
	return rawPicture(e, b)
}

func rawPicture(e Example, pix []byte) (*graph.Tensor, error) {
	h, err := e.int("image/height")
	if err != nil {
		return nil, err
	}
	w, err := e.int("image/width")
	if err != nil {
		return nil, err
	}
	for _, c := range []int{1, 3} {
		if h > 0 && w > 0 && len(pix)%h == 0 && len(pix)/h == w*c {
			return tensor.New(tensor.WithShape(h, w, c), tensor.WithBacking(slices.Clone(pix))), nil
		}
	}
	return nil, fmt.Errorf("a raw picture of %d×%d has %d bytes", h, w, len(pix))
}

// WriteOptions say how TFRecord files are written.
type WriteOptions struct {
	Shards      int // files; default 1
	Compression Compression
}

// WriteTFRecords writes the pictures, as they are and not prepared, to
// dir/name_00000-of-00005.tfrecord and so on, and their classes to
// dir/labels.txt, as TF-Slim's download_and_convert_data.py does: tf.Examples
// with image/encoded, image/format, image/class/label, image/height and
// image/width, and image/class/text. Pictures in memory become PNG. Shuffle
// them first; TF-Slim does.
func (s *Pictures) WriteTFRecords(dir, name string, o WriteOptions) error {
	o.Shards = max(1, o.Shards)
	if o.Shards > max(1, s.Len()) {
		return fmt.Errorf("data: %d files for %d pictures", o.Shards, s.Len())
	}
	for shard := range o.Shards {
		path := filepath.Join(dir, fmt.Sprintf("%s_%05d-of-%05d.tfrecord", name, shard, o.Shards))
		if err := s.writeShard(path, shard*s.Len()/o.Shards, (shard+1)*s.Len()/o.Shards, o.Compression); err != nil {
			return err
		}
	}
	return WriteLabels(filepath.Join(dir, "labels.txt"), s.classes)
}

func (s *Pictures) writeShard(path string, from, to int, c Compression) error {
	w, err := CreateRecords(path, c)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		b, err := s.example(i)
		if err == nil {
			err = w.Write(b)
		}
		if err != nil {
			_ = w.Close()
			return fmt.Errorf("data: %s: %s: %w", path, s.from[i].name(), err)
		}
	}
	return w.Close()
}

// example is a picture as TF-Slim's image_to_tfexample makes it.
func (s *Pictures) example(i int) ([]byte, error) {
	b, err := encodedOf(s.from[i])
	if err != nil {
		return nil, err
	}
	head, err := picture.Head(b)
	if err != nil {
		return nil, err
	}
	format := strings.ToLower(head.Format)
	if format == "jpeg" {
		format = "jpg" // TF-Slim's word
	}
	return Example{
		"image/encoded":     {Bytes: [][]byte{b}},
		"image/format":      {Bytes: [][]byte{[]byte(format)}},
		"image/class/label": {Ints: []int64{int64(s.labels[i])}},
		"image/class/text":  {Bytes: [][]byte{[]byte(s.classes[s.labels[i]])}},
		"image/height":      {Ints: []int64{int64(head.Height)}},
		"image/width":       {Ints: []int64{int64(head.Width)}},
	}.Encode()
}

// encodedOf is a picture's file; one that has none becomes a PNG.
func encodedOf(from origin) ([]byte, error) {
	if e, ok := from.(encodedOrigin); ok {
		return e.encoded()
	}
	t, err := from.(tensorOrigin).tensor()
	if err != nil {
		return nil, err
	}
	p, ok := rowsOf(t).(*picture.Bytes)
	if !ok {
		return nil, fmt.Errorf("its values are no whole numbers of 0 … 255, which a PNG holds")
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p.Image()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
