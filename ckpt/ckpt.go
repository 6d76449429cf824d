// Package ckpt opens, lists, reads and writes TensorFlow's checkpoints and
// their neighbours.
//
//	r, err := ckpt.Open("vgg_16.ckpt")           // whatever it is, by its content
//	fmt.Println(r.Names())
//	t, err := r.Tensor("vgg_16/fc8/weights")     // checksums verified
//	values, err := t.Float32s()
//	v, err := r.View("vgg_16/fc6/weights")       // 411 MB, where they lie in the file
//
//	w, err := ckpt.Create("out/model.ckpt-1")    // V2, as TensorFlow writes it
//	err = w.Add(t)
//	err = w.Close()                              // now, and not before, it is there
//
//	path, err := ckpt.Fetch("inception_v3")      // what TF-Slim published
//
// LatestCheckpoint and GetCheckpointState read the `checkpoint` file of a
// training run, a Keeper writes it and deletes what is over. ListVariables and
// LoadVariable are TensorFlow's. Keras keeps weights in HDF5, which nothing here
// reads: the error of Open has the command that makes an .npz of them.
//
// The formats have packages of their own:
//
//	tensorbundle   TensorFlow V2, also of tf.train.Checkpoint and SavedModel   read, write
//	tensorslice    TensorFlow V1, one file or shards                           read, write
//	safetensors    Hugging Face                                                read, write
//	npz            NumPy, .npz and .npy                                        read, write
//	pytorch        state dicts, .pt and .pth                                   read
//
// A Reader may be used by several goroutines at once, a Writer by one. Files
// are mapped where the system can. A file must not be cut short or written
// over while it is open: readers make an error of it where they touch the
// bytes, but the user of a view ends with a fault. The writers of this package
// never do that: they put new files in the place of old ones, and who has those
// open keeps them.
package ckpt

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"

	"graft/ckpt/tensorbundle"
	"graft/ckpt/tensors"
)

// The types that all formats share; package tensors documents them.
type (
	// Tensor is a name, an element type, a shape and the values.
	Tensor = tensors.Tensor
	// TensorInfo is a Tensor without its values.
	TensorInfo = tensors.Info
	// DType is an element type, numbered as in TensorFlow.
	DType = tensors.DType
	// NotFoundError says that a checkpoint has no tensor of a name.
	NotFoundError = tensors.NotFoundError
	// CorruptError says that a file is damaged, and where.
	CorruptError = tensors.CorruptError
	// FormatError says that a path holds something else than a checkpoint.
	FormatError = tensors.FormatError
	// View is a tensor whose values lie in the mapped file.
	View = tensors.View
	// Slice is a box within a tensor, an Extent an axis.
	Slice = tensors.Slice
	// Extent is a start and a length; length -1 is the whole axis.
	Extent = tensors.Extent
	// Writer writes a V2 checkpoint.
	Writer = tensorbundle.Writer
)

// The element types that models are made of; package tensors has all.
const (
	Float32 = tensors.Float32
	Float64 = tensors.Float64
	Int32   = tensors.Int32
	Int64   = tensors.Int64
	Bool    = tensors.Bool
	Uint8   = tensors.Uint8
	String  = tensors.String
)

// format is what a Reader needs of a checkpoint format.
type format interface {
	Names() []string
	Info(name string) (TensorInfo, bool)
	View(name string) (*View, error)
	Slice(name string, s Slice) (*Tensor, error)
	Files() []string
	Close() error
}

// Reader is an open checkpoint.
type Reader struct {
	path    string
	kind    string
	f       format
	objects func() (*Objects, error)
}

// Create starts a V2 checkpoint at prefix, whose folder must exist; see Writer.
// Over a checkpoint that is there it writes beside its files, under another
// number of shards, so that a crash at any moment leaves one of the two whole.
func Create(prefix string) (*Writer, error) { return tensorbundle.Create(prefix) }

// Path is the prefix of a V2 checkpoint, the file or pattern of a V1 one, the
// file of any other.
func (r *Reader) Path() string { return r.path }

// Format is "V1", "V2", "safetensors", "npz", "npy" or "pytorch".
func (r *Reader) Format() string { return r.kind }

// Files are the paths of the checkpoint's files.
func (r *Reader) Files() []string { return r.f.Files() }

// Names lists the tensors, sorted by bytes.
func (r *Reader) Names() []string { return r.f.Names() }

// key is the name under which the checkpoint has what a caller names: itself,
// or the key of the variable with that full name in an object checkpoint.
func (r *Reader) key(name string) (string, error) {
	if _, ok := r.f.Info(name); ok {
		return name, nil
	}
	o, err := r.objects()
	if err != nil {
		return "", err
	}
	keys := o.keys(name)
	switch {
	case len(keys) > 1:
		return "", fmt.Errorf("ckpt: %s has %d variables whose full name is %q: ask for one of the keys %s", r.path, len(keys), name, strings.Join(keys, ", "))
	case len(keys) == 1:
		if _, ok := r.f.Info(keys[0]); ok {
			return keys[0], nil
		}
	}
	return "", r.notFound(name)
}

// Has reports whether there is a tensor of that name.
func (r *Reader) Has(name string) bool { _, err := r.key(name); return err == nil }

// Info describes a tensor; an absent name is a *NotFoundError. In an object
// checkpoint (tf.train.Checkpoint), a variable's full name, such as
// dense/kernel, stands for its key here and in the other methods.
func (r *Reader) Info(name string) (TensorInfo, error) {
	key, err := r.key(name)
	if err != nil {
		return TensorInfo{}, err
	}
	info, _ := r.f.Info(key)
	return info, nil
}

// Tensor reads a tensor into memory and verifies its checksums, which happens
// once a tensor. An absent name is a *NotFoundError with the names that come
// closest, damage a *CorruptError, a closed reader os.ErrClosed (wrapped).
func (r *Reader) Tensor(name string) (*Tensor, error) {
	v, err := r.View(name)
	if err != nil {
		return nil, err
	}
	t, err := v.Tensor()
	if err != nil {
		return nil, err
	}
	t.Name = name
	return t, nil
}

// View gives a tensor's values where they lie in the mapped file, verified but
// not copied. It stays good after Close. Errors: those of Tensor.
func (r *Reader) View(name string) (*View, error) {
	key, err := r.key(name)
	if err != nil {
		return nil, err
	}
	v, err := r.f.View(key)
	if err != nil {
		return nil, r.explain(err)
	}
	return v, nil
}

// ReadInto copies a tensor's elements to dst, little-endian in row-major
// order. dst must have exactly the tensor's bytes. Strings are an error, as
// are those of Tensor.
func (r *Reader) ReadInto(name string, dst []byte) error {
	v, err := r.View(name)
	if err != nil {
		return err
	}
	return v.ReadInto(dst)
}

// Slice reads the box at s of a tensor, an extent an axis. Of a partitioned
// variable only the parts that overlap it are touched. Errors: those of
// Tensor, a box that does not lie inside.
func (r *Reader) Slice(name string, s Slice) (*Tensor, error) {
	key, err := r.key(name)
	if err != nil {
		return nil, err
	}
	t, err := r.f.Slice(key, s)
	if err != nil {
		return nil, r.explain(err)
	}
	t.Name = name
	return t, nil
}

// Verify reads everything and holds it against its checksums, if the format
// has any. After each tensor it calls progress, which may be nil, with the
// bytes done and the bytes in all. The error joins one *CorruptError for each
// damaged tensor, or is the one that ends all reading.
func (r *Reader) Verify(progress func(done, total int64)) error {
	done, total := int64(0), int64(0)
	names := r.Names()
	for _, name := range names {
		info, _ := r.f.Info(name)
		total += info.Bytes
	}
	var errs []error
	for _, name := range names {
		info, _ := r.f.Info(name)
		if _, err := r.f.View(name); err != nil {
			err = r.explain(err)
			var foreign *FormatError
			if errors.Is(err, os.ErrClosed) || errors.As(err, &foreign) {
				return err // the same for all that follow
			}
			errs = append(errs, err)
		}
		if done += info.Bytes; progress != nil {
			progress(done, total)
		}
	}
	return errors.Join(errs...)
}

// VariableToShapeMap maps each name to its shape (TensorFlow's
// get_variable_to_shape_map).
func (r *Reader) VariableToShapeMap() map[string][]int {
	shapes := map[string][]int{}
	for _, name := range r.Names() {
		info, _ := r.f.Info(name)
		shapes[name] = info.Shape
	}
	return shapes
}

// Close closes the files: reading afterwards is an error. Tensors and views
// that were read stay good.
func (r *Reader) Close() error { return r.f.Close() }

func (r *Reader) notFound(name string) error {
	return &NotFoundError{Name: name, Path: r.path, Suggestions: closest(name, r.Names(), 3)}
}

// closest picks the names that are spelt almost like name, then those that
// share its last segment or contain it, most segments in common first. A
// variable's name in TensorFlow's graph ends in ":0", in a checkpoint never.
func closest(name string, names []string, most int) []string {
	name = strings.TrimSuffix(name, ":0")
	if slices.Contains(names, name) {
		return []string{name}
	}
	var found []string
	likeness := map[string]int{}
	for _, n := range names {
		segments, wrong := common(n, name), typos(n, name)
		switch {
		case n == "":
		case wrong <= fewTypos:
			found, likeness[n] = append(found, n), len(name)-wrong // more than there are segments
		case (path.Base(n) == path.Base(name) || strings.Contains(n, name)) && segments > 0:
			found, likeness[n] = append(found, n), segments
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(likeness[b], likeness[a]) })
	return found[:min(most, len(found))]
}

// fewTypos are as many as one makes in a name.
const fewTypos = 2

// typos counts the letters to put in, take out or change that make b of a;
// more than fewTypos is not told apart.
func typos(a, b string) int {
	if len(a)-len(b) > fewTypos || len(b)-len(a) > fewTypos {
		return fewTypos + 1
	}
	return min(edlib.LevenshteinDistance(a, b), fewTypos+1)
}

func common(a, b string) (n int) {
	segments := strings.Split(b, "/")
	for _, s := range strings.Split(a, "/") {
		if slices.Contains(segments, s) || strings.Contains(s, b) {
			n++
		}
	}
	return n
}
