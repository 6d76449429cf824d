package data

import (
	"fmt"
	"image"
	"math"
	"slices"

	"gorgonia.org/tensor"

	"graft/stdlib/graph"
	"graft/stdlib/internal/picture"
	"graft/stdlib/preprocessing"
)

// Images is pictures in memory, with the label of each in [0, len(classes)).
// nil labels are all 0, nil classes are named "0". Errors: labels that are not
// as many or out of range, a nil or empty image.
func Images(images []image.Image, labels []int, classes []string) (*Pictures, error) {
	s, err := Files(make([]string, len(images)), labels, classes)
	if err != nil {
		return nil, err
	}
	group := new(memory)
	for i, img := range images {
		if img == nil || img.Bounds().Empty() {
			return nil, fmt.Errorf("data: image %d has no pixels", i)
		}
		s.from[i] = inMemory{group, i, img}
	}
	return s, nil
}

// memory is the source of pictures in memory.
type memory struct{ _ byte }

// inMemory is one of them.
type inMemory struct {
	group *memory
	i     int
	img   image.Image
}

func (m inMemory) name() string { return fmt.Sprintf("image %d", m.i) }

func (m inMemory) identity() (source any, key uint64, err error) { return m.group, uint64(m.i), nil }

func (m inMemory) tensor() (*graph.Tensor, error) {
	p, err := picture.WholeBytes(picture.Image(m.img))
	if err != nil {
		return nil, err
	}
	return tensor.New(tensor.WithShape(p.Height, p.Width, p.Channels), tensor.WithBacking(p.Pix)), nil
}

// With prepares each picture of the dataset when it is asked for, as
// Pictures.With does. Pictures of whole numbers 0 … 255 count as bytes; others
// must be what the preprocessing takes of float32.
func (d *Dataset) With(p *preprocessing.Preprocessing) *Pictures {
	s := &Pictures{labels: d.LabelInts(), classes: slices.Clone(d.Classes), p: p}
	bytes := !slices.ContainsFunc(d.pixels(), func(v float32) bool {
		return v < 0 || v > 255 || float64(v) != math.Trunc(float64(v))
	})
	for i := range d.Len() {
		s.from = append(s.from, datasetRow{d, i, bytes})
	}
	return s
}

// datasetRow is a picture of a Dataset.
type datasetRow struct {
	d     *Dataset
	i     int
	bytes bool
}

func (r datasetRow) name() string { return fmt.Sprintf("picture %d", r.i) }

func (r datasetRow) identity() (source any, key uint64, err error) { return r.d, uint64(r.i), nil }

func (r datasetRow) tensor() (*graph.Tensor, error) {
	n, shape := r.d.size(), r.d.Images.Shape()[1:]
	pix := r.d.pixels()[r.i*n : (r.i+1)*n]
	if !r.bytes {
		return graph.FromFloat32s(pix, shape...)
	}
	out := make([]uint8, n)
	for i, v := range pix {
		out[i] = uint8(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(out)), nil
}
