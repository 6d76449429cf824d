package data

import (
	"fmt"
	"io"
	"math/rand/v2"

	"graft/stdlib/graph"
)

// Source is labelled examples that can be gone through in batches, again and
// again: a Dataset in memory, pictures on disk. What trains and evaluates
// takes one.
type Source interface {
	// Len is the number of examples.
	Len() int
	// ClassNames are the names of the labels.
	ClassNames() []string
	// LabelInts are the labels as ints, [Len()]; no picture is decoded.
	LabelInts() []int
	// Epoch goes once through the examples. Errors: options out of range.
	Epoch(o EpochOptions) (Epoch, error)
	// Examples are the examples at the given places as a feed that is known
	// by name; nil when they differ each time they are made, as augmented ones
	// do. A place out of range is an error.
	Examples(places ...int) (*graph.Examples, error)
}

// EpochOptions say how to go through a Source.
type EpochOptions struct {
	// BatchSize is the number of examples in a batch, at least 1; the last batch
	// has what remains.
	BatchSize int
	// Shuffle goes in an order of its own, by Seed and Number.
	Shuffle bool
	// Seed of the order and of augmentation. Equal seeds and numbers give equal
	// batches, on any number of processors.
	Seed uint64
	// Number counts the epochs from 0: each has its own order and augmentation.
	Number int
	// Skip is the number of batches to leave out at the beginning, to go on
	// where an earlier run ended.
	Skip int
	// DropRemainder leaves out a last batch that is smaller.
	DropRemainder bool
}

// Epoch is one pass over a Source.
type Epoch interface {
	// Next is the next batch, io.EOF after the last. Errors name the example
	// that could not be made.
	Next() (*Batch, error)
	// Close ends the work ahead; Next is then an error.
	Close() error
}

// Batch is some examples of a Source.
type Batch struct {
	Images *graph.Tensor // [batch, height, width, channels], float32
	Labels *graph.Tensor // [batch], int64
	Places []int         // [batch], where the examples stand in their Source
}

// Order is the places of one pass over n examples, cut into batches as o says:
// every Source goes in this order. A BatchSize below 1 and a negative Number
// or Skip are errors.
func Order(n int, o EpochOptions) ([][]int, error) {
	if n < 0 {
		return nil, fmt.Errorf("data: an order of %d examples", n)
	}
	if o.BatchSize < 1 || o.Number < 0 || o.Skip < 0 {
		return nil, fmt.Errorf("data: batches of %d examples in epoch %d without the first %d: at least 1, 0 and 0 are wanted", o.BatchSize, o.Number, o.Skip)
	}
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	if o.Shuffle {
		places = rand.New(rand.NewPCG(o.Seed, uint64(o.Number))).Perm(n)
	}
	var out [][]int
	for len(places) > 0 {
		size := min(o.BatchSize, len(places))
		if size < o.BatchSize && o.DropRemainder {
			break
		}
		out, places = append(out, places[:size]), places[size:]
	}
	return out[min(o.Skip, len(out)):], nil
}

// ClassNames are the names of the labels.
func (d *Dataset) ClassNames() []string { return d.Classes }

// Epoch goes once through the dataset.
func (d *Dataset) Epoch(o EpochOptions) (Epoch, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	order, err := Order(d.Len(), o)
	return &pass{d: d, order: order}, err
}

// Examples are the pictures at the given places, known by their dataset and
// place: its pixels must not be changed once it trains.
func (d *Dataset) Examples(places ...int) (*graph.Examples, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	keys := make([]uint64, len(places))
	for i, p := range places {
		if p < 0 || p >= d.Len() {
			return nil, fmt.Errorf("data: there is no picture %d, the dataset has %d", p, d.Len())
		}
		keys[i] = uint64(p)
	}
	rows := func(at []int) (*graph.Tensor, error) {
		wanted := make([]int, len(at))
		for i, k := range at {
			wanted[i] = places[k]
		}
		part, err := d.Take(wanted...)
		if err != nil {
			return nil, err
		}
		return part.Images, nil
	}
	return &graph.Examples{Source: d, Keys: keys, Make: rows}, nil
}

// pass is an Epoch of a Dataset.
type pass struct {
	d      *Dataset
	order  [][]int
	closed bool
}

func (p *pass) Next() (*Batch, error) {
	if p.closed {
		return nil, fmt.Errorf("data: the epoch is closed")
	}
	if len(p.order) == 0 {
		return nil, io.EOF
	}
	places := p.order[0]
	part, err := p.d.Take(places...)
	if err != nil {
		return nil, err
	}
	p.order = p.order[1:]
	return &Batch{part.Images, part.Labels, places}, nil
}

func (p *pass) Close() error { p.closed = true; return nil }
