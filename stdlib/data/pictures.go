package data

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
	"graft/stdlib/preprocessing"
)

// Pictures is a Source of pictures that are decoded and prepared when they are
// asked for: files of a folder, records of a TFRecord, images in memory. It may
// be larger than memory. It does not change; each method returns another.
type Pictures struct {
	from    []origin
	labels  []int
	classes []string
	p       *preprocessing.Preprocessing // nil: pictures as they are
	small   bool                         // thumbnails, when p is nil
	ignored []string
}

// origin is where a picture comes from. Besides these methods it has one of
// encodedOrigin's and tensorOrigin's.
type origin interface {
	// name is what messages call it.
	name() string
	// identity is a source within which equal keys are equal pictures.
	identity() (source any, key uint64, err error)
}

type encodedOrigin interface{ encoded() ([]byte, error) }

type tensorOrigin interface{ tensor() (*graph.Tensor, error) }

// With prepares each picture: for evaluation, or for training, which distorts
// it in another way each time it comes.
//
//	p, err := preprocessing.Get("inception", preprocessing.Options{Height: 224, Width: 224, IsTraining: true})
//	train := flowers.With(p)
//
// Without it pictures are float32 of 0 … 255 as they are, and must all have
// the same size. nil takes a preprocessing away.
func (s *Pictures) With(p *preprocessing.Preprocessing) *Pictures {
	out := *s
	out.p = p
	return &out
}

// Preprocessing is what With was given, else nil.
func (s *Pictures) Preprocessing() *preprocessing.Preprocessing { return s.p }

// Len is the number of pictures.
func (s *Pictures) Len() int { return len(s.from) }

// ClassNames are the names of the labels.
func (s *Pictures) ClassNames() []string { return slices.Clone(s.classes) }

// LabelInts are the labels, [Len()]; no picture is decoded.
func (s *Pictures) LabelInts() []int { return slices.Clone(s.labels) }

// Names are the pictures' names: paths of files, with a record's number for
// TFRecords.
func (s *Pictures) Names() []string {
	out := make([]string, len(s.from))
	for i, f := range s.from {
		out[i] = f.name()
	}
	return out
}

// Ignored are the files of a folder that are no pictures by their names.
func (s *Pictures) Ignored() []string { return slices.Clone(s.ignored) }

// Counts is the number of pictures of each class.
func (s *Pictures) Counts() []int { return counts(s.labels, len(s.classes)) }

// String describes the pictures: 300 pictures of 5 classes: 60 daisy, …
func (s *Pictures) String() string {
	parts := make([]string, len(s.classes))
	for i, n := range s.Counts() {
		parts[i] = fmt.Sprintf("%d %s", n, s.classes[i])
	}
	if n := len(parts); n > 12 {
		parts = append(parts[:10], fmt.Sprintf("… %d more", n-10))
	}
	text := fmt.Sprintf("%d pictures of %d classes: %s", s.Len(), len(s.classes), strings.Join(parts, ", "))
	if s.p != nil {
		text += "; prepared: " + s.p.String()
	}
	switch n := len(s.ignored); {
	case n == 1:
		text += fmt.Sprintf("; one file that is no picture, %s", s.ignored[0])
	case n > 1:
		text += fmt.Sprintf("; %d files that are no pictures, such as %s", n, s.ignored[0])
	}
	return text
}

// take is the pictures at some places.
func (s *Pictures) take(places []int) *Pictures {
	out := &Pictures{classes: s.classes, p: s.p, ignored: s.ignored}
	for _, i := range places {
		out.from, out.labels = append(out.from, s.from[i]), append(out.labels, s.labels[i])
	}
	return out
}

// Take returns the pictures at the given places, each in [0, Len()); another
// place is an error.
func (s *Pictures) Take(places ...int) (*Pictures, error) {
	if err := within(places, s.Len()); err != nil {
		return nil, err
	}
	return s.take(places), nil
}

// Shuffle returns the pictures in an order that seed decides.
func (s *Pictures) Shuffle(seed uint64) *Pictures { return s.take(shuffled(s.Len(), seed)) }

// Split cuts the pictures into two parts, the first with about share of each
// class, share in (0, 1): a class of at least two has pictures in both. Which
// ones, seed decides. Their order stays.
func (s *Pictures) Split(share float64, seed uint64) (first, rest *Pictures, err error) {
	a, b, err := split(s.labels, len(s.classes), share, seed)
	if err != nil {
		return nil, nil, err
	}
	return s.take(a), s.take(b), nil
}

// PerClass returns n pictures of each class, all of one that has fewer. Which
// ones, seed decides. Their order stays.
func (s *Pictures) PerClass(n int, seed uint64) (*Pictures, error) {
	if n < 1 {
		return nil, fmt.Errorf("data: %d pictures of each class: at least 1 is wanted", n)
	}
	return s.take(perClass(s.labels, len(s.classes), n, seed)), nil
}

// Examples are the pictures at the given places as a feed that is known by
// name: by a file's path, size and time and by its preparation, so that
// another Pictures of the same files has the same. nil when they are distorted
// at random. A place out of range and a file that is gone are errors.
func (s *Pictures) Examples(places ...int) (*graph.Examples, error) {
	if err := within(places, s.Len()); err != nil {
		return nil, err
	}
	if s.p != nil && s.p.Random() {
		return nil, nil
	}
	id := preparedSource{}
	if s.p != nil {
		id.preparation = s.p.String()
	}
	keys := make([]uint64, len(places))
	for i, at := range places {
		source, key, err := s.from[at].identity()
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		if i > 0 && source != id.source {
			return nil, nil // pictures of several kinds have no common name
		}
		id.source, keys[i] = source, key
	}
	rows := func(rows []int) (*graph.Tensor, error) {
		wanted := make([]int, len(rows))
		for i, k := range rows {
			wanted[i] = places[k]
		}
		return s.make(wanted)
	}
	return &graph.Examples{Source: id, Keys: keys, Make: rows}, nil
}

// Fingerprints are numbers of what the files at the given places hold, however
// they are called and prepared: equal files have equal ones, others hardly ever
// (64 bits of SHA-256). nil where pictures are in memory, not in files or
// records. A place out of range and a file that is gone are errors.
func (s *Pictures) Fingerprints(places ...int) ([]uint64, error) {
	if err := within(places, s.Len()); err != nil {
		return nil, err
	}
	out := make([]uint64, len(places))
	for i, at := range places {
		from, ok := s.from[at].(encodedOrigin)
		if !ok {
			return nil, nil
		}
		text, err := from.encoded()
		if err != nil {
			return nil, fmt.Errorf("data: %s: %w", s.from[at].name(), err)
		}
		sum := sha256.Sum256(text)
		out[i] = binary.BigEndian.Uint64(sum[:])
	}
	return out, nil
}

// preparedSource is the Source of Examples.
type preparedSource struct {
	source      any
	preparation string
}

// Sample is n of the pictures in memory, prepared, to look at:
//
//	some, err := photos.Sample(16, 1)
//	charts.NewGrid(some.Images, some.LabelNames(), charts.GridOptions{})
//
// Without a preparation they are the middle square of each, 128×128. Which
// ones, seed decides; all if there are not more than n.
func (s *Pictures) Sample(n int, seed uint64) (*Dataset, error) {
	if n < 1 || s.Len() == 0 {
		return nil, fmt.Errorf("data: a sample of %d of %d pictures", n, s.Len())
	}
	some := s.take(shuffled(s.Len(), seed)[:min(n, s.Len())])
	some.small = s.p == nil
	return some.Dataset()
}

// Dataset makes all pictures at once, in memory.
func (s *Pictures) Dataset() (*Dataset, error) {
	if s.Len() == 0 {
		return nil, fmt.Errorf("data: there are no pictures")
	}
	images, err := s.make(all(s.Len()))
	if err != nil {
		return nil, err
	}
	labels, err := graph.FromInt64s(int64s(s.labels), s.Len())
	return &Dataset{Images: images, Labels: labels, Classes: s.ClassNames()}, err
}

// one makes the picture at a place, with the random numbers of its epoch, in
// dst if it fits.
func (s *Pictures) one(place int, r *rand.Rand, b *budget, dst []float32) (*graph.Tensor, error) {
	t, err := s.prepared(s.from[place], r, b, dst)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", s.from[place].name(), err)
	}
	return t, nil
}

func (s *Pictures) prepared(from origin, r *rand.Rand, b *budget, dst []float32) (*graph.Tensor, error) {
	switch from := from.(type) {
	case tensorOrigin:
		t, err := from.tensor()
		if err != nil {
			return nil, err
		}
		if s.p != nil {
			return s.p.Apply(t, r)
		}
		return s.plain(rowsOf(t))
	case encodedOrigin:
		text, err := from.encoded()
		if err != nil {
			return nil, err
		}
		head, err := picture.Head(text)
		if err != nil {
			return nil, err
		}
		if err := b.take(head.Cost); err != nil {
			return nil, err
		}
		defer b.give(head.Cost)
		if s.p != nil {
			return s.p.ApplyEncodedTo(dst, text, r)
		}
		rows, err := picture.Decode(text)
		if err != nil {
			return nil, err
		}
		return s.plain(rows)
	}
	return nil, fmt.Errorf("%T has no picture", from)
}

// plain is a picture as it is, float32 of 0 … 255.
func (s *Pictures) plain(rows picture.Rows) (*graph.Tensor, error) {
	if s.small {
		return small(rows)
	}
	p := picture.Whole(rows)
	return graph.FromFloat32s(p.Pix, p.Height, p.Width, p.Channels)
}

// rowsOf is the picture in a tensor of uint8 or float32.
func rowsOf(t *graph.Tensor) picture.Rows {
	s := t.Shape()
	if pix, ok := t.Data().([]uint8); ok {
		return &picture.Bytes{Pix: pix, Height: s[0], Width: s[1], Channels: s[2]}
	}
	return &picture.Floats{Pix: t.Data().([]float32), Height: s[0], Width: s[1], Channels: s[2]}
}

// all are 0 … n-1.
func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func within(places []int, n int) error {
	for _, p := range places {
		if p < 0 || p >= n {
			return fmt.Errorf("data: there is no picture %d, there are %d", p, n)
		}
	}
	return nil
}

func counts(labels []int, classes int) []int {
	out := make([]int, classes)
	for _, l := range labels {
		if l >= 0 && l < classes { // others are an error where pictures are made
			out[l]++
		}
	}
	return out
}

func int64s(labels []int) []int64 {
	out := make([]int64, len(labels))
	for i, l := range labels {
		out[i] = int64(l)
	}
	return out
}

func shuffled(n int, seed uint64) []int { return rand.New(rand.NewPCG(seed, math.MaxUint64)).Perm(n) }
