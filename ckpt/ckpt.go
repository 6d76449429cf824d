// Package ckpt opens, lists, reads and writes TensorFlow checkpoints.
//
//	r, err := ckpt.Open("vgg_16.ckpt")           // V1, V2, a folder, any file of a set
//	fmt.Println(r.Names())
//	t, err := r.Tensor("vgg_16/fc8/weights")     // checksums verified
//	values, err := t.Float32s()
//
//	w, err := ckpt.Create("out/model.ckpt-1")    // V2, as TensorFlow writes it
//	err = w.Add(t)
//	err = w.Close()                              // now, and not before, it is there
//
// The formats have packages of their own: tensorbundle (V2) and tensorslice
// (V1). A Reader may be used by several goroutines at once, a Writer by one.
package ckpt

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"graft/ckpt/tensorbundle"
	"graft/ckpt/tensors"
	"graft/ckpt/tensorslice"
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
	Tensor(name string) (*Tensor, error)
	Files() []string
	Close() error
}

// Reader is an open checkpoint.
type Reader struct {
	path string
	kind string
	f    format
}

// Open opens the checkpoint at path: the prefix of a V2 set or any file of
// it, a V1 file or pattern, a folder with a `checkpoint` file, or a
// SavedModel's folder. Errors: os.ErrNotExist (wrapped) when nothing is
// there, *FormatError for another kind of file, *CorruptError for a damaged
// one.
func Open(path string) (*Reader, error) {
	prefix, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if tensorbundle.Exists(prefix) {
		b, err := tensorbundle.Open(prefix)
		if err != nil {
			return nil, explain(prefix+".index", err)
		}
		return &Reader{prefix, "V2", b}, nil
	}
	c, err := tensorslice.Open(prefix)
	if errors.Is(err, os.ErrNotExist) {
		return nil, missing(path, prefix)
	}
	if err != nil {
		return nil, explain(prefix, err)
	}
	return &Reader{prefix, "V1", c}, nil
}

// Create starts a V2 checkpoint at prefix; see Writer.
func Create(prefix string) (*Writer, error) { return tensorbundle.Create(prefix) }

// Path is the prefix of a V2 checkpoint, the file or pattern of a V1 one.
func (r *Reader) Path() string { return r.path }

// Format is "V1" or "V2".
func (r *Reader) Format() string { return r.kind }

// Files are the paths of the checkpoint's files.
func (r *Reader) Files() []string { return r.f.Files() }

// Names lists the tensors, sorted by bytes.
func (r *Reader) Names() []string { return r.f.Names() }

// Has reports whether there is a tensor of that name.
func (r *Reader) Has(name string) bool { _, ok := r.f.Info(name); return ok }

// Info describes a tensor; an absent name is a *NotFoundError.
func (r *Reader) Info(name string) (TensorInfo, error) {
	info, ok := r.f.Info(name)
	if !ok {
		return info, r.notFound(name)
	}
	return info, nil
}

// Tensor reads a tensor and verifies its checksums. An absent name is a
// *NotFoundError with the names that come closest, damage a *CorruptError.
func (r *Reader) Tensor(name string) (*Tensor, error) {
	if !r.Has(name) {
		return nil, r.notFound(name)
	}
	return r.f.Tensor(name)
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

// Close closes the files. Tensors that were read stay valid.
func (r *Reader) Close() error { return r.f.Close() }

func (r *Reader) notFound(name string) error {
	return &NotFoundError{Name: name, Path: r.path, Suggestions: closest(name, r.Names(), 3)}
}

// closest picks the names that share the last segment with name, or contain
// it, those with the most segments in common first.
func closest(name string, names []string, most int) []string {
	var found []string
	for _, n := range names {
		if n != "" && (path.Base(n) == path.Base(name) || strings.Contains(n, name)) && common(n, name) > 0 {
			found = append(found, n)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(common(b, name), common(a, name)) })
	return found[:min(most, len(found))]
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

func missing(given, prefix string) error {
	at := ""
	if given != prefix {
		at = fmt.Sprintf(" (looked for %s)", prefix)
	}
	return fmt.Errorf("ckpt: there is no checkpoint at %s%s: a V2 one has files %s.index and %s.data-…, a V1 one is a single file: %w",
		given, at, prefix, prefix, os.ErrNotExist)
}
