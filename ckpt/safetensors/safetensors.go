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
	*tensors.Source
	metadata map[string]string
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
func Open(path string) (f *File, err error) {
	f = &File{metadata: map[string]string{}}
	if f.Source, err = tensors.OpenSource("ckpt/safetensors", path, f.read); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) read(s *tensors.Source, file *mapped.File) (tensors.Values, error) {
	h := &header{metadata: f.metadata, entries: map[string]entry{}}
	if err := h.read(file); err != nil {
		return nil, err
	}
	for _, e := range h.entries {
		if err := s.Add(e.info); err != nil {
			return nil, err
		}
	}
	return func(name string) (*tensors.Tensor, bool, error) {
		e := h.entries[name]
		data, err := file.Bytes(e.offset, e.info.Bytes)
		return &tensors.Tensor{Name: name, DType: e.info.DType, Shape: e.info.Shape, Data: data}, file.InPlace(), err
	}, nil
}

// Metadata is the file's own entry of strings.
func (f *File) Metadata() map[string]string { return f.metadata }
