package tensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Info describes a tensor without its values.
type Info struct {
	Name   string
	DType  DType
	Shape  []int   // one size an axis, nil for a scalar
	Bytes  int64   // of the values as stored; for strings what the file says
	Slices []Slice // how a partitioned variable is cut, nil for a whole one
}

// Elements is the number of elements.
func (i Info) Elements() int64 { n, _ := Elements(i.Shape); return n }

// Slice is a box within a tensor.
type Slice []Extent

// Extent is one axis of a Slice; Length -1 is the whole axis.
type Extent struct{ Start, Length int64 }

// String writes a slice as TensorFlow's Saver does, such as "0,2:-".
func (s Slice) String() string {
	parts := make([]string, len(s))
	for i, e := range s {
		parts[i] = "-"
		if e.Length >= 0 {
			parts[i] = fmt.Sprintf("%d,%d", e.Start, e.Length)
		}
	}
	return strings.Join(parts, ":")
}

// Tensor is a tensor's description and its values, in row-major order.
type Tensor struct {
	Name    string
	DType   DType
	Shape   []int
	Data    []byte   // little-endian elements; nil for strings
	Strings [][]byte // the elements of a String tensor
}

// New makes a tensor of zeros, or of empty strings.
func New(i Info) *Tensor {
	t := &Tensor{Name: i.Name, DType: i.DType, Shape: i.Shape}
	if n := i.Elements(); i.DType == String {
		t.Strings = make([][]byte, n)
	} else {
		t.Data = make([]byte, n*int64(i.DType.Size()))
	}
	return t
}

// Elements is the number of elements.
func (t *Tensor) Elements() int64 { n, _ := Elements(t.Shape); return n }

// Info describes the tensor; Bytes is what its values take in memory, each
// string with the four bytes of its length.
func (t *Tensor) Info() Info {
	i := Info{Name: t.Name, DType: t.DType, Shape: t.Shape, Bytes: int64(len(t.Data))}
	for _, s := range t.Strings {
		i.Bytes += 4 + int64(len(s))
	}
	return i
}

// WriteTo writes the values as manifests and checksums of them take them:
// little-endian in row-major order, each string as its length in four bytes
// and its own bytes.
func (t *Tensor) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(t.Data)
	total := int64(n)
	for _, s := range t.Strings {
		if err != nil {
			break
		}
		if uint64(len(s)) > math.MaxUint32 {
			return total, fmt.Errorf("ckpt: tensor %q: a string has %d bytes, whose length does not fit 4 bytes", t.Name, len(s))
		}
		n, err = w.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s...))
		total += int64(n)
	}
	return total, err
}

// MaxRank is TensorFlow's bound on the number of axes.
const MaxRank = 254

// Elements multiplies the sizes of shape; ok is false for a negative size, a
// rank above MaxRank or a product that overflows.
func Elements(shape []int) (n int64, ok bool) {
	if len(shape) > MaxRank {
		return 0, false
	}
	n, empty := int64(1), false
	for _, d := range shape {
		if d < 0 {
			return 0, false
		}
		if d == 0 {
			empty = true
			continue
		}
		if n > math.MaxInt64/16/int64(d) {
			return 0, false
		}
		n *= int64(d)
	}
	if empty {
		n = 0
	}
	return n, true
}

// Check says whether Data or Strings has the length that DType and Shape ask for.
func (t *Tensor) Check() error {
	if t == nil {
		return errors.New("ckpt: the tensor is nil")
	}
	n, ok := Elements(t.Shape)
	if !ok {
		return fmt.Errorf("ckpt: tensor %q: shape %v is not a shape", t.Name, t.Shape)
	}
	if t.DType == String {
		if int64(len(t.Strings)) != n {
			return fmt.Errorf("ckpt: tensor %q: %d strings given, shape %v wants %d", t.Name, len(t.Strings), t.Shape, n)
		}
		return nil
	}
	size := t.DType.Size()
	if size == 0 {
		return fmt.Errorf("ckpt: tensor %q: %v has no plain representation", t.Name, t.DType)
	}
	if int64(len(t.Data)) != n*int64(size) {
		return fmt.Errorf("ckpt: tensor %q: %d bytes given, %v of shape %v wants %d", t.Name, len(t.Data), t.DType, t.Shape, n*int64(size))
	}
	return nil
}

func (t *Tensor) want(d DType) error {
	if t.DType != d {
		return fmt.Errorf("ckpt: tensor %q holds %v, %v was asked for", t.Name, t.DType, d)
	}
	return nil
}

// Float32s decodes a float32 tensor; any other dtype is an error.
func (t *Tensor) Float32s() ([]float32, error) {
	if err := t.want(Float32); err != nil {
		return nil, err
	}
	out := make([]float32, len(t.Data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return out, nil
}

// Float64s decodes a float64 tensor; any other dtype is an error.
func (t *Tensor) Float64s() ([]float64, error) {
	if err := t.want(Float64); err != nil {
		return nil, err
	}
	out := make([]float64, len(t.Data)/8)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
	}
	return out, nil
}

// Int64s decodes an int64 tensor; any other dtype is an error.
func (t *Tensor) Int64s() ([]int64, error) {
	if err := t.want(Int64); err != nil {
		return nil, err
	}
	out := make([]int64, len(t.Data)/8)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(t.Data[8*i:]))
	}
	return out, nil
}

// Int32s decodes an int32 tensor; any other dtype is an error.
func (t *Tensor) Int32s() ([]int32, error) {
	if err := t.want(Int32); err != nil {
		return nil, err
	}
	out := make([]int32, len(t.Data)/4)
	for i := range out {
		out[i] = int32(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return out, nil
}

// FromFloat32s makes a float32 tensor of shape; too many or too few values
// are an error.
func FromFloat32s(name string, values []float32, shape ...int) (*Tensor, error) {
	t := &Tensor{Name: name, DType: Float32, Shape: shape, Data: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t, t.Check()
}

// FromInt64s makes an int64 tensor of shape; too many or too few values are
// an error.
func FromInt64s(name string, values []int64, shape ...int) (*Tensor, error) {
	t := &Tensor{Name: name, DType: Int64, Shape: shape, Data: make([]byte, 0, 8*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint64(t.Data, uint64(v))
	}
	return t, t.Check()
}
