// Package safetensors reads and writes the safetensors format of Hugging Face.
//
//	f, err := safetensors.Open("model.safetensors")
//	t, err := f.Tensor("classifier.weight")
//
//	w, err := safetensors.Create("model.safetensors")
//	err = w.Add(t)
//	err = w.Close()
//
// A file is a length, a header and the values:
//
//	u64 n, n bytes of JSON, values
//
// The JSON is an object of the tensors, with an optional entry of strings:
//
//	{"__metadata__": {"format": "pt"},
//	 "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}
//
// Offsets count from the end of the header. The values lie one after the other
// without holes or overlaps, little-endian in row-major order, and fill the
// file. The header begins with '{', may end in spaces, and has at most 100 MB.
// There are no checksums: damage to values goes unnoticed.
//
// A File may be used by several goroutines at once, a Writer by one.
package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"

	"graft/ckpt/internal/mapped"
	"graft/ckpt/tensors"
)

// These constants are part of the format.
const (
	maxHeader   = 100_000_000
	metadataKey = "__metadata__"
)

// dtypes are the element types by their names in the format.
var dtypes = []struct {
	name  string
	dtype tensors.DType
}{
	{"F64", tensors.Float64}, {"F32", tensors.Float32}, {"F16", tensors.Float16}, {"BF16", tensors.BFloat16},
	{"F8_E4M3", tensors.Float8E4M3FN}, {"F8_E5M2", tensors.Float8E5M2},
	{"F8_E4M3FNUZ", tensors.Float8E4M3FNZ}, {"F8_E5M2FNUZ", tensors.Float8E5M2FNZ},
	{"I64", tensors.Int64}, {"I32", tensors.Int32}, {"I16", tensors.Int16}, {"I8", tensors.Int8},
	{"U64", tensors.Uint64}, {"U32", tensors.Uint32}, {"U16", tensors.Uint16}, {"U8", tensors.Uint8},
	{"BOOL", tensors.Bool}, {"C64", tensors.Complex64},
}

// File is an open file.
type File struct {
	path     string
	names    []string
	entries  map[string]entry
	metadata map[string]string

	mu   sync.Mutex
	file *mapped.File // nil when closed
}

// entry is where a tensor lies.
type entry struct {
	info   tensors.Info
	offset int64 // in the file
}

// Is reports whether a file that begins with head looks like one of this
// format, perhaps cut off.
func Is(head []byte) bool {
	if len(head) < 10 || head[8] != '{' || head[9] != '"' && head[9] != '}' && head[9] != ' ' {
		return false
	}
	n := binary.LittleEndian.Uint64(head)
	return n >= 2 && n <= maxHeader
}

// Open reads the header of the file at path. A file that breaks a rule of the
// format is a *tensors.CorruptError.
func Open(path string) (*File, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ckpt/safetensors: %w", err)
	}
	defer runtime.KeepAlive(m)
	f := &File{path: path, entries: map[string]entry{}, metadata: map[string]string{}, file: m}
	if err := mapped.Guard(f.readHeader); err != nil {
		m.Close()
		return nil, &tensors.CorruptError{Path: path, Err: err}
	}
	return f, nil
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Metadata is the file's own entry of strings.
func (f *File) Metadata() map[string]string { return f.metadata }

// Info describes a tensor; ok is false if there is none of that name.
func (f *File) Info(name string) (info tensors.Info, ok bool) {
	e, ok := f.entries[name]
	return e.info, ok
}

// Files is the path of the file.
func (f *File) Files() []string { return []string{f.path} }

// View gives a tensor's values where they lie in the file. An absent name is a
// *tensors.NotFoundError, a closed file os.ErrClosed.
func (f *File) View(name string) (*tensors.View, error) {
	e, ok := f.entries[name]
	if !ok {
		return nil, &tensors.NotFoundError{Name: name, Path: f.path}
	}
	f.mu.Lock()
	file := f.file
	f.mu.Unlock()
	if file == nil {
		return nil, fmt.Errorf("ckpt/safetensors: tensor %q: %s: %w", name, f.path, os.ErrClosed)
	}
	data, err := file.Bytes(e.offset, e.info.Bytes)
	if errors.Is(err, os.ErrClosed) {
		return nil, fmt.Errorf("ckpt/safetensors: tensor %q: %w", name, err)
	}
	if err != nil {
		return nil, &tensors.CorruptError{Path: f.path, Name: name, Err: err}
	}
	t := &tensors.Tensor{Name: name, DType: e.info.DType, Shape: e.info.Shape, Data: data}
	if file.InPlace() {
		return tensors.NewView(t, file), nil
	}
	return tensors.NewView(t, nil), nil
}

// Tensor reads a tensor; see View for the errors.
func (f *File) Tensor(name string) (*tensors.Tensor, error) {
	v, err := f.View(name)
	if err != nil {
		return nil, err
	}
	return v.Tensor()
}

// Slice reads the box at s of a tensor. Errors: those of View, a box that does
// not lie inside.
func (f *File) Slice(name string, s tensors.Slice) (*tensors.Tensor, error) {
	v, err := f.View(name)
	if err != nil {
		return nil, err
	}
	return v.Cut(s)
}

// Close ends reading: later calls for values are errors, views stay good.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}
