package train

import (
	"fmt"
	"hash/maphash"
	"unsafe"

	"graft/stdlib/data"
	"graft/stdlib/graph"
)

// fingerprints remember examples, to find those that stand both in what is
// learnt from and in what is held out: by what their files hold where both
// have files, which augmentation does not change, else by a hash of their
// values. A nil one does nothing.
type fingerprints struct {
	files bool
	o     Options
	seed  maphash.Seed
	train map[uint64]int // the place of a training example
	held  map[uint64]int
	told  bool
}

// files are sources that know what their files hold.
type files interface {
	Fingerprints(places ...int) ([]uint64, error)
}

func newFingerprints(o Options) *fingerprints {
	f := &fingerprints{o: o, files: true, seed: maphash.MakeSeed(), train: map[uint64]int{}, held: map[uint64]int{}}
	for _, s := range []data.Source{o.Train, o.HeldOut} {
		of, ok := s.(files)
		if ok {
			first, err := of.Fingerprints(0)
			ok = err == nil && first != nil
		}
		f.files = f.files && ok
	}
	return f
}

// watch notes training examples when they are made.
func (f *fingerprints) watch(x *graph.Examples, places []int) *graph.Examples {
	return f.wrap(x, places, true)
}

// watchHeld notes held-out examples.
func (f *fingerprints) watchHeld(x *graph.Examples, places []int) *graph.Examples {
	return f.wrap(x, places, false)
}

func (f *fingerprints) wrap(x *graph.Examples, at []int, train bool) *graph.Examples {
	if f == nil || x == nil || f.told {
		return x
	}
	out := *x
	out.Make = func(places []int) (*graph.Tensor, error) {
		t, err := x.Make(places)
		if err == nil {
			keys := make([]int, len(places))
			for i, p := range places {
				keys[i] = at[p]
			}
			f.note(t, keys, train)
		}
		return t, err
	}
	return &out
}

// note adds the rows of a tensor.
func (f *fingerprints) note(t *graph.Tensor, places []int, train bool) {
	if f == nil || f.told || t == nil {
		return
	}
	from, into := f.o.HeldOut, f.held
	if train {
		from, into = f.o.Train, f.train
	}
	if f.files {
		keys, err := from.(files).Fingerprints(places...)
		if err != nil {
			return // it was there when the example was made
		}
		for i, key := range keys {
			if _, known := into[key]; !known {
				into[key] = places[i]
			}
		}
		return
	}
	all, ok := t.Data().([]float32)
	if !ok || len(places) == 0 || len(all) < len(places) {
		return
	}
	n := len(all) / len(places)
	for i, p := range places {
		row := all[i*n : (i+1)*n]
		h := maphash.Bytes(f.seed, unsafe.Slice((*byte)(unsafe.Pointer(&row[0])), 4*n))
		if _, known := into[h]; !known {
			into[h] = p
		}
	}
}

// exampleName is what a source's example is called: a file, or its place.
func exampleName(s data.Source, place int) string {
	if files, ok := s.(interface{ Names() []string }); ok {
		return files.Names()[place]
	}
	return fmt.Sprintf("example %d", place)
}

// shared are the held-out examples that were trained on too, as pairs of
// places: held out, train.
func (f *fingerprints) shared() [][2]int {
	var out [][2]int
	if f != nil {
		for h, held := range f.held {
			if train, both := f.train[h]; both {
				out = append(out, [2]int{held, train})
			}
		}
	}
	return out
}
