// Package tensors holds what all checkpoint formats have in common: element
// types, a tensor's description, its values, and the errors of a checkpoint.
// Who only reads checkpoints meets its types as those of package ckpt.
//
//	t, err := tensors.FromFloat32s("conv1/weights", values, 3, 3, 1, 8)
//	half, err := t.Convert(tensors.Float16)
//	part, err := t.Cut(tensors.Slice{{0, 3}, {0, 3}, {0, -1}, {2, 4}}) // 4 filters, from the third
//	values, err = part.Float32s()
//
// # How it hangs together
//
// An Info says what a tensor is, without its values. A Tensor has them too, as
// little-endian bytes in row-major order whatever the file's order is, or as
// Strings. A View has them where they lie in the mapped file, for tensors that
// need not be copied: 411 MB of vgg_16/fc6/weights take no memory until they
// are touched. A Slice is a box within a tensor, one Extent an axis, as
// TensorFlow writes the parts of a partitioned variable: "0,2:-".
//
// Source is for who adds a format that is one file: it opens and maps the
// file, keeps the directory that the format's reader announces with Add, and
// answers Names, Info, Tensor, Slice and View, from several goroutines at once.
// .ci/docs/add-a-checkpoint-format.md goes through it. (V1 and V2 have shards,
// and readers of their own.)
//
// # Errors
//
// Three types, for what callers branch on:
//
//	*FormatError     the path holds something else, by its first bytes; its Hint says what to do
//	*CorruptError    the file is damaged: a checksum, a length, an offset out of range
//	*NotFoundError   there is no tensor of that name; Suggestions are names alike
//
// Conversions say which type a tensor has and which was asked for: none is made
// unasked. Sizes that a file claims are checked against the file before
// anything is allocated by them.
package tensors

import "fmt"

// DType is an element type, numbered as in TensorFlow's types.proto.
type DType uint8

// The element types of TensorFlow's types.proto.
const (
	Float32       DType = 1
	Float64       DType = 2
	Int32         DType = 3
	Uint8         DType = 4
	Int16         DType = 5
	Int8          DType = 6
	String        DType = 7
	Complex64     DType = 8
	Int64         DType = 9
	Bool          DType = 10
	QInt8         DType = 11
	QUint8        DType = 12
	QInt32        DType = 13
	BFloat16      DType = 14
	QInt16        DType = 15
	QUint16       DType = 16
	Uint16        DType = 17
	Complex128    DType = 18
	Float16       DType = 19
	Resource      DType = 20
	Variant       DType = 21
	Uint32        DType = 22
	Uint64        DType = 23
	Float8E5M2    DType = 24
	Float8E4M3FN  DType = 25
	Float8E4M3FNZ DType = 26
	Float8E4M3B11 DType = 27
	Float8E5M2FNZ DType = 28
	Int4          DType = 29
	Uint4         DType = 30
	Int2          DType = 31
	Uint2         DType = 32
)

// dtypes is indexed by DType; word is how many bytes a big-endian file swaps
// at a time, which differs from the size for complex numbers.
var dtypes = [...]struct {
	name       string
	size, word int
}{
	Float32: {"float32", 4, 4}, Float64: {"float64", 8, 8}, Int32: {"int32", 4, 4}, Uint8: {"uint8", 1, 1},
	Int16: {"int16", 2, 2}, Int8: {"int8", 1, 1}, String: {"string", 0, 0}, Complex64: {"complex64", 8, 4},
	Int64: {"int64", 8, 8}, Bool: {"bool", 1, 1}, QInt8: {"qint8", 1, 1}, QUint8: {"quint8", 1, 1},
	QInt32: {"qint32", 4, 4}, BFloat16: {"bfloat16", 2, 2}, QInt16: {"qint16", 2, 2}, QUint16: {"quint16", 2, 2},
	Uint16: {"uint16", 2, 2}, Complex128: {"complex128", 16, 8}, Float16: {"float16", 2, 2}, Resource: {"resource", 0, 0},
	Variant: {"variant", 0, 0}, Uint32: {"uint32", 4, 4}, Uint64: {"uint64", 8, 8}, Float8E5M2: {"float8_e5m2", 1, 1},
	Float8E4M3FN: {"float8_e4m3fn", 1, 1}, Float8E4M3FNZ: {"float8_e4m3fnuz", 1, 1}, Float8E4M3B11: {"float8_e4m3b11fnuz", 1, 1},
	Float8E5M2FNZ: {"float8_e5m2fnuz", 1, 1}, Int4: {"int4", 1, 1}, Uint4: {"uint4", 1, 1}, Int2: {"int2", 1, 1}, Uint2: {"uint2", 1, 1},
}

// Known reports whether d is an element type of the table.
func (d DType) Known() bool { return int(d) < len(dtypes) && dtypes[d].name != "" }

// String is TensorFlow's name of the type, such as float32.
func (d DType) String() string {
	if !d.Known() {
		return fmt.Sprintf("dtype(%d)", uint8(d))
	}
	return dtypes[d].name
}

// Size is the bytes an element takes in a checkpoint; 0 for strings and for
// types that have no plain representation.
func (d DType) Size() int {
	if !d.Known() {
		return 0
	}
	return dtypes[d].size
}

// Word is the bytes that a big-endian file stores in reverse: the size, but
// half of it for complex numbers.
func (d DType) Word() int {
	if !d.Known() {
		return 0
	}
	return dtypes[d].word
}
