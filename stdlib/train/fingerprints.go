package train

import (
	"hash/maphash"
	"unsafe"

	"graft/stdlib/graph"
)

// fingerprints remember examples by a hash of their values, to find those that
// stand both in what is learnt from and in what is held out. A nil one does
// nothing.
type fingerprints struct {
	seed  maphash.Seed
	train map[uint64]int // the place of a training example
	held  map[uint64]int
	told  bool
}

func newFingerprints() *fingerprints {
	return &fingerprints{seed: maphash.MakeSeed(), train: map[uint64]int{}, held: map[uint64]int{}}
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
	into := f.held
	if train {
		into = f.train
	}
	out := *x
	out.Make = func(places []int) (*graph.Tensor, error) {
		t, err := x.Make(places)
		if err == nil {
			keys := make([]int, len(places))
			for i, p := range places {
				keys[i] = at[p]
			}
			f.note(t, keys, into)
		}
		return t, err
	}
	return &out
}

// note adds the rows of a tensor.
func (f *fingerprints) note(t *graph.Tensor, places []int, into map[uint64]int) {
	if f == nil || f.told || t == nil {
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
