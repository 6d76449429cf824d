package graph

import (
	"encoding/binary"
	"fmt"
	"math"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
)

// FromCheckpoint makes a tensor of a checkpoint's, with a copy of the values
// (Session.RestoreView takes them without). shape may be another than the
// checkpoint's with as many elements; without it, that one is taken.
// Errors: dtypes that graphs do not compute in, another number of elements.
func FromCheckpoint(t *tensors.Tensor, shape ...int) (*Tensor, error) {
	if t == nil {
		return nil, fmt.Errorf("graph: the checkpoint's tensor is nil")
	}
	if shape == nil {
		shape = t.Shape
	}
	n, ok := tensors.Elements(shape)
	if !ok || n != (tensors.Info{Shape: t.Shape}).Elements() {
		return nil, fmt.Errorf("graph: tensor %q has shape %v in the checkpoint, which does not fill shape %v", t.Name, t.Shape, shape)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	v, err := ops.NewValue(ops.Spec{DType: t.DType, Shape: shape})
	if err != nil {
		return nil, fmt.Errorf("graph: tensor %q: graphs do not compute in %v", t.Name, t.DType)
	}
	decode(v, t.Data)
	return toTensor(v), nil
}

// FromCheckpointAs is FromCheckpoint with the elements in another dtype.
// Floats become integers by dropping what follows the point. Errors are those
// of FromCheckpoint, and a tensor of texts.
func FromCheckpointAs(t *tensors.Tensor, dtype DType, shape ...int) (*Tensor, error) {
	if t == nil || t.DType == dtype {
		return FromCheckpoint(t, shape...)
	}
	if shape == nil {
		shape = t.Shape
	}
	if n, ok := tensors.Elements(shape); !ok || n != t.Elements() {
		return nil, fmt.Errorf("graph: tensor %q has shape %v in the checkpoint, which does not fill shape %v", t.Name, t.Shape, shape)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	at, ok := t.Numbers()
	if !ok {
		return nil, fmt.Errorf("graph: tensor %q: %v cannot become %v", t.Name, t.DType, dtype)
	}
	v, err := ops.NewValue(ops.Spec{DType: dtype, Shape: shape})
	if err != nil {
		return nil, fmt.Errorf("graph: tensor %q: graphs do not compute in %v", t.Name, dtype)
	}
	i := -1
	fill(v, func() float64 { i++; return real(at(i)) })
	return toTensor(v), nil
}

func decode(v *ops.Value, data []byte) {
	le := binary.LittleEndian
	for i := range v.F32 {
		v.F32[i] = math.Float32frombits(le.Uint32(data[4*i:]))
	}
	for i := range v.F64 {
		v.F64[i] = math.Float64frombits(le.Uint64(data[8*i:]))
	}
	for i := range v.I32 {
		v.I32[i] = int32(le.Uint32(data[4*i:]))
	}
	for i := range v.I64 {
		v.I64[i] = int64(le.Uint64(data[8*i:]))
	}
	for i := range v.Bool {
		v.Bool[i] = data[i] != 0
	}
}

// ToCheckpoint makes a checkpoint's tensor of t under a name.
func ToCheckpoint(name string, t *Tensor) (*tensors.Tensor, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: tensor %q: %w", name, err)
	}
	out := &tensors.Tensor{Name: name, DType: v.DType, Shape: v.Shape, Data: make([]byte, 0, v.Len()*v.DType.Size())}
	le := binary.LittleEndian
	for _, x := range v.F32 {
		out.Data = le.AppendUint32(out.Data, math.Float32bits(x))
	}
	for _, x := range v.F64 {
		out.Data = le.AppendUint64(out.Data, math.Float64bits(x))
	}
	for _, x := range v.I32 {
		out.Data = le.AppendUint32(out.Data, uint32(x))
	}
	for _, x := range v.I64 {
		out.Data = le.AppendUint64(out.Data, uint64(x))
	}
	for _, x := range v.Bool {
		b := byte(0)
		if x {
			b = 1
		}
		out.Data = append(out.Data, b)
	}
	return out, out.Check()
}
