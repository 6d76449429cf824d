package train

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"graft/stdlib/data"
	"graft/stdlib/graph"
)

// feeder gives the examples of each step of a Run, from any step on.
type feeder struct {
	o      Options
	named  bool // by name: the net remembers what it makes of them
	plain  bool // an example is the same each time
	labels []int
	seen   *fingerprints

	number int // of the epoch
	pass   data.Epoch
	order  [][]int // of a named epoch, what is left
	at     int     // the step that comes next
}

// batch is some examples: pictures or names of them, and their classes.
type batch struct {
	images any // *graph.Tensor or *graph.Examples
	labels []int
	places []int
	mix    []float32 // the part of each example in its mixture, nil for none
	others []int     // the classes of what is mixed in
}

// newFeeder looks whether examples can be fed by name.
func newFeeder(o Options, frozen bool, seen *fingerprints) (*feeder, error) {
	f := &feeder{o: o, labels: o.Train.LabelInts(), seen: seen, number: -1}
	if len(f.labels) != o.Train.Len() {
		return nil, fmt.Errorf("train: run: Train has %d examples and %d labels", o.Train.Len(), len(f.labels))
	}
	x, err := o.Train.Examples(0)
	f.plain = x != nil
	f.named = f.plain && frozen && o.MixUp == 0
	return f, err
}

// next gives the examples of step k of the Run, from 0.
func (f *feeder) next(k int) (*batch, error) {
	n := f.o.stepsPerEpoch()
	if k != f.at || k/n != f.number {
		if err := f.open(k/n, k%n); err != nil {
			return nil, err
		}
	}
	f.at = k + 1
	if f.named {
		places := f.order[0]
		f.order = f.order[1:]
		x, err := f.o.Train.Examples(places...)
		if err != nil {
			return nil, err
		}
		return f.batch(f.seen.watch(x, places), places), nil
	}
	b, err := f.pass.Next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("train: run: epoch %d of Train ended after %d of %d batches", f.number, k%n, n)
	}
	if err != nil {
		return nil, err
	}
	if f.seen != nil && (f.plain || f.seen.files) {
		f.seen.note(b.Images, b.Places, true)
	}
	out := f.batch(b.Images, b.Places)
	return out, f.mixUp(out, k)
}

func (f *feeder) batch(images any, places []int) *batch {
	b := &batch{images: images, places: places}
	for _, p := range places {
		b.labels = append(b.labels, f.labels[p])
	}
	return b
}

// open begins an epoch behind its first batches.
func (f *feeder) open(number, skip int) (err error) {
	f.close()
	f.number = number
	o := data.EpochOptions{BatchSize: f.o.BatchSize, Shuffle: !f.o.InOrder, Seed: f.o.Seed, Number: number, Skip: skip, DropRemainder: f.o.DropRemainder}
	if f.named {
		f.order, err = data.Order(f.o.Train.Len(), o)
	} else {
		f.pass, err = f.o.Train.Epoch(o)
	}
	return err
}

func (f *feeder) close() {
	if f.pass != nil {
		_ = f.pass.Close() // what it was working ahead for is not wanted
		f.pass = nil
	}
}

// mixUp mixes each example with another one of its batch.
func (f *feeder) mixUp(b *batch, k int) error {
	if f.o.MixUp == 0 {
		return nil
	}
	images, ok := b.images.(*graph.Tensor)
	if !ok || images.Dtype().Name() != "float32" {
		return fmt.Errorf("train: run: MixUp of examples of %v: float32 is wanted", images.Dtype())
	}
	source := rand.NewPCG(f.o.Seed^0x6d69787570, uint64(k))
	beta := distuv.Beta{Alpha: f.o.MixUp, Beta: f.o.MixUp, Src: source}
	pixels := images.Data().([]float32)
	n := len(b.labels)
	size := len(pixels) / n
	mixed := make([]float32, len(pixels))
	for i, j := range rand.New(source).Perm(n) {
		part := float32(beta.Rand())
		b.mix, b.others = append(b.mix, part), append(b.others, b.labels[j])
		for p := range size {
			mixed[i*size+p] = part*pixels[i*size+p] + (1-part)*pixels[j*size+p]
		}
	}
	var err error
	b.images, err = graph.FromFloat32s(mixed, images.Shape()...)
	return err
}

// pieces cuts a batch into smaller ones.
func (b *batch) pieces(size int) ([]*batch, error) {
	if size == 0 || len(b.labels) <= size {
		return []*batch{b}, nil
	}
	var out []*batch
	for from := 0; from < len(b.labels); from += size {
		to := min(from+size, len(b.labels))
		p := &batch{labels: b.labels[from:to], places: b.places[from:to]}
		if b.mix != nil {
			p.mix, p.others = b.mix[from:to], b.others[from:to]
		}
		switch x := b.images.(type) {
		case *graph.Examples:
			p.images = part(x, from, to)
		case *graph.Tensor:
			all, ok := x.Data().([]float32)
			if !ok {
				return nil, fmt.Errorf("train: run: SmallBatch of examples of %v: float32 is wanted", x.Dtype())
			}
			row := len(all) / len(b.labels)
			t, err := graph.FromFloat32s(all[from*row:to*row], append([]int{to - from}, x.Shape()[1:]...)...)
			if err != nil {
				return nil, err
			}
			p.images = t
		}
		out = append(out, p)
	}
	return out, nil
}

// part is some of named examples.
func part(x *graph.Examples, from, to int) *graph.Examples {
	return &graph.Examples{Source: x.Source, Keys: x.Keys[from:to], Make: func(places []int) (*graph.Tensor, error) {
		moved := make([]int, len(places))
		for i, p := range places {
			moved[i] = p + from
		}
		return x.Make(moved)
	}}
}

// feeds are a batch's feeds.
func (o Options) feeds(b *batch) graph.Feeds {
	feeds := graph.Feeds{o.Images: b.images}
	for n, x := range o.Feeds {
		feeds[n] = x
	}
	if !o.soft() {
		feeds[o.Labels] = b.labels
		return feeds
	}
	rows, classes := make([][]float32, len(b.labels)), o.classes()
	for i, label := range b.labels {
		rows[i] = make([]float32, classes)
		if b.mix == nil {
			rows[i][label] = 1
			continue
		}
		rows[i][label] += b.mix[i]
		rows[i][b.others[i]] += 1 - b.mix[i]
	}
	feeds[o.Labels] = rows
	return feeds
}
