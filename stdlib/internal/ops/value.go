package ops

import (
	"fmt"
	"slices"

	"graft/ckpt/tensors"
)

// Unknown is the size of an axis that only a run knows, such as the batch.
const Unknown = -1

// Spec is what is known of a node before it is computed.
type Spec struct {
	DType tensors.DType
	Shape []int // one size an axis, Unknown where only a run knows; nil for a scalar
}

// String writes a spec as float32[-1,28,28,1].
func (s Spec) String() string { return s.DType.String() + ShapeString(s.Shape) }

// ShapeString writes a shape as [-1,28,28,1].
func ShapeString(shape []int) string {
	b := []byte{'['}
	for i, d := range shape {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, d)
	}
	return string(append(b, ']'))
}

// Size multiplies the sizes of a shape; it is Unknown when one of them is.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		if d == Unknown {
			return Unknown
		}
		n *= d
	}
	return n
}

// Fits reports whether a run's shape is one that want, which may have Unknown
// axes, stands for.
func Fits(shape, want []int) bool {
	return slices.EqualFunc(shape, want, func(a, b int) bool { return a == b || b == Unknown })
}

// Number is an element type that kernels compute in.
type Number interface {
	float32 | float64 | int32 | int64
}

// Float is an element type that gradients flow through.
type Float interface{ float32 | float64 }

// Value is a tensor while the graph runs: a dtype, a shape and the elements
// in row-major order, in the one slice that the dtype names.
type Value struct {
	DType tensors.DType
	Shape []int
	F32   []float32
	F64   []float64
	I32   []int32
	I64   []int64
	Bool  []bool

	// Memo, if not nil, keeps what kernels derive from the elements; the owner
	// clears it when they change.
	Memo *Memo
}

// NewValue allocates a value of zeros. Only the dtypes of Value's slices can
// be computed with; others are an error.
func NewValue(s Spec) (*Value, error) {
	n := Size(s.Shape)
	if n < 0 {
		return nil, fmt.Errorf("ops: shape %v has an axis of unknown size", s.Shape)
	}
	v := &Value{DType: s.DType, Shape: slices.Clone(s.Shape)}
	switch s.DType {
	case tensors.Float32:
		v.F32 = make([]float32, n)
	case tensors.Float64:
		v.F64 = make([]float64, n)
	case tensors.Int32:
		v.I32 = make([]int32, n)
	case tensors.Int64:
		v.I64 = make([]int64, n)
	case tensors.Bool:
		v.Bool = make([]bool, n)
	default:
		return nil, fmt.Errorf("ops: the engine does not compute in %v", s.DType)
	}
	return v, nil
}

// Spec describes the value.
func (v *Value) Spec() Spec { return Spec{v.DType, v.Shape} }

// Len is the number of elements.
func (v *Value) Len() int { return Size(v.Shape) }

// Elems returns the elements as a slice of T, nil when the value has another
// dtype.
func Elems[T Number](v *Value) []T {
	var s any
	switch any(T(0)).(type) {
	case float32:
		s = v.F32
	case float64:
		s = v.F64
	case int32:
		s = v.I32
	default:
		s = v.I64
	}
	return s.([]T)
}
