package data

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gorgonia.org/tensor"

	"graft/ckpt/nearby"
	"graft/stdlib/graph"
)

// Dataset is labelled pictures in memory.
type Dataset struct {
	// Images are [count, height, width, channels], float32 in [0, 255] as
	// read; see Scale.
	Images *graph.Tensor
	// Labels are [count], int64, each in [0, len(Classes)).
	Labels *graph.Tensor
	// Classes are the names of the labels.
	Classes []string
}

// OpenIDX reads pictures and labels of the MNIST family, compressed with gzip
// or not, and the classes' names, one a line. Errors: files that are not
// IDX, another number of labels than of pictures, a label without a name.
func OpenIDX(images, labels, classes string) (*Dataset, error) {
	shape, pixels, err := readIDX(images)
	if err != nil {
		return nil, err
	}
	if len(shape) != 3 {
		return nil, fmt.Errorf("data: %s has shape %v, [count height width] is wanted", images, shape)
	}
	labelShape, marks, err := readIDX(labels)
	if err != nil {
		return nil, err
	}
	if len(labelShape) != 1 || labelShape[0] != shape[0] {
		return nil, fmt.Errorf("data: %s has shape %v, [%d] is wanted: one label for each picture of %s", labels, labelShape, shape[0], images)
	}
	text, err := os.ReadFile(classes)
	if err != nil {
		return nil, fmt.Errorf("data: %w", nearby.Explain(err))
	}
	d := &Dataset{Classes: strings.Split(strings.TrimSpace(string(text)), "\n")}
	values := make([]float32, len(pixels))
	for i, p := range pixels {
		values[i] = float32(p)
	}
	if d.Images, err = graph.FromFloat32s(values, shape[0], shape[1], shape[2], 1); err != nil {
		return nil, err
	}
	numbers := make([]int64, len(marks))
	for i, m := range marks {
		if int(m) >= len(d.Classes) {
			return nil, fmt.Errorf("data: %s: label %d of picture %d has no name in %s, which has %d", labels, m, i, classes, len(d.Classes))
		}
		numbers[i] = int64(m)
	}
	d.Labels, err = graph.FromInt64s(numbers, shape[0])
	return d, err
}

// Len is the number of pictures.
func (d *Dataset) Len() int { return len(d.labels()) }

// LabelInts are the labels as ints, [count].
func (d *Dataset) LabelInts() []int {
	out := make([]int, d.Len())
	for i, l := range d.labels() {
		out[i] = int(l)
	}
	return out
}

// LabelNames are the names of the labels, one for each picture.
func (d *Dataset) LabelNames() []string {
	out := make([]string, d.Len())
	for i, l := range d.labels() {
		if out[i] = fmt.Sprint(l); l >= 0 && l < int64(len(d.Classes)) {
			out[i] = d.Classes[l]
		}
	}
	return out
}

// check says what is wrong with a dataset that was put together by hand.
func (d *Dataset) check() error {
	switch {
	case d == nil:
		return errors.New("data: the dataset is nil")
	case d.Images == nil || d.Images.Dims() != 4 || d.Images.Dtype() != tensor.Float32:
		return fmt.Errorf("data: a dataset's Images are %s; float32 [count height width channels] is wanted", described(d.Images))
	case d.Labels == nil || d.Labels.Dims() != 1 || d.Labels.Dtype() != tensor.Int64 || d.Labels.Shape()[0] != d.Images.Shape()[0]:
		return fmt.Errorf("data: a dataset's Labels are %s; int64 [%d] is wanted, one for each picture", described(d.Labels), d.Images.Shape()[0])
	}
	return nil
}

func described(t *graph.Tensor) string {
	if t == nil {
		return "nil"
	}
	return fmt.Sprintf("%v %v", t.Dtype(), []int(t.Shape()))
}

// labels are the labels, none of a dataset that has none.
func (d *Dataset) labels() []int64 {
	if d == nil || d.Labels == nil || d.Labels.MemSize() == 0 {
		return nil
	}
	labels, _ := d.Labels.Data().([]int64)
	return labels
}

func (d *Dataset) pixels() []float32 {
	if d.Images == nil || d.Images.MemSize() == 0 {
		return nil
	}
	pixels, _ := d.Images.Data().([]float32)
	return pixels
}

// size is the number of values of one picture.
func (d *Dataset) size() int {
	n := 1
	for _, s := range d.Images.Shape()[1:] {
		n *= s
	}
	return n
}

// Scale returns the dataset with pixels of [0, 255] mapped to [-1, 1], as
// TF-Slim's Inception preprocessing does: (x/255 - 0.5)·2.
func (d *Dataset) Scale() (*Dataset, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	values := make([]float32, len(d.pixels()))
	for i, p := range d.pixels() {
		values[i] = (p/255 - 0.5) * 2
	}
	images, err := graph.FromFloat32s(values, d.Images.Shape()...)
	if err != nil {
		return nil, err
	}
	return &Dataset{images, d.Labels, d.Classes}, nil
}

// Take returns the pictures at the given places, each in [0, Len()); another
// place is an error.
func (d *Dataset) Take(places ...int) (*Dataset, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	n := d.size()
	values, labels := make([]float32, 0, n*len(places)), make([]int64, 0, len(places))
	for _, p := range places {
		if p < 0 || p >= d.Len() {
			return nil, fmt.Errorf("data: there is no picture %d, the dataset has %d", p, d.Len())
		}
		values = append(values, d.pixels()[p*n:(p+1)*n]...)
		labels = append(labels, d.labels()[p])
	}
	images, err := graph.FromFloat32s(values, append([]int{len(places)}, d.Images.Shape()[1:]...)...)
	if err != nil {
		return nil, err
	}
	marks, err := graph.FromInt64s(labels, len(places))
	return &Dataset{images, marks, d.Classes}, err
}

// Split cuts the dataset into two parts, the first with about share of each
// class, share in (0, 1): a class of at least two has pictures in both. Which
// ones, seed decides. Their order stays.
func (d *Dataset) Split(share float64, seed uint64) (first, rest *Dataset, err error) {
	if err := d.check(); err != nil {
		return nil, nil, err
	}
	a, b, err := split(d.LabelInts(), len(d.Classes), share, seed)
	if err != nil {
		return nil, nil, err
	}
	if first, err = d.Take(a...); err != nil {
		return nil, nil, err
	}
	rest, err = d.Take(b...)
	return first, rest, err
}

// Batches cuts the dataset into batches of size pictures, the last one
// smaller, in an order that seed shuffles. A size below 1 is an error.
func (d *Dataset) Batches(size int, seed uint64) ([]*Dataset, error) {
	order, err := Order(d.Len(), EpochOptions{BatchSize: size, Shuffle: true, Seed: seed})
	if err != nil {
		return nil, err
	}
	var out []*Dataset
	for _, places := range order {
		b, err := d.Take(places...)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// Counts is the number of pictures of each class.
func (d *Dataset) Counts() []int {
	return counts(d.LabelInts(), len(d.Classes))
}

// String describes the dataset: 300 pictures [28 28 1] of 3 classes: …
func (d *Dataset) String() string {
	parts := make([]string, len(d.Classes))
	for i, n := range d.Counts() {
		parts[i] = fmt.Sprintf("%d %s", n, d.Classes[i])
	}
	if err := d.check(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d pictures %v of %d classes: %s", d.Len(), []int(d.Images.Shape()[1:]), len(d.Classes), strings.Join(parts, ", "))
}
