package graph

import (
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"graft/stdlib/internal/ops"
)

// Tensor is a dense n-dimensional array (gorgonia.org/tensor): what runs are
// fed with and return. Elements are in row-major order.
type Tensor = tensor.Dense

// FromFloat32s makes a float32 tensor over values, which it shares. Another
// number of values than the shape has elements is an error.
func FromFloat32s(values []float32, shape ...int) (*Tensor, error) {
	return fromSlice(values, len(values), shape)
}

// FromInt64s makes an int64 tensor over values, which it shares. Another
// number of values than the shape has elements is an error.
func FromInt64s(values []int64, shape ...int) (*Tensor, error) {
	return fromSlice(values, len(values), shape)
}

// FromFloat64s makes a float64 tensor over values, which it shares. Another
// number of values than the shape has elements is an error.
func FromFloat64s(values []float64, shape ...int) (*Tensor, error) {
	return fromSlice(values, len(values), shape)
}

func fromSlice(values any, n int, shape []int) (*Tensor, error) {
	want := ops.Size(shape)
	for i, d := range shape {
		if d < 0 {
			return nil, fmt.Errorf("graph: axis %d of shape %v is negative", i, shape)
		}
	}
	if n != want {
		return nil, fmt.Errorf("graph: %d values given, shape %v has %d elements; the sizes stand behind the values", n, shape, want)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(values)), nil
}

// Item is the one element of a tensor, such as a loss, as a float64. A tensor
// with more or fewer elements is an error.
func Item(t *Tensor) (float64, error) {
	v, err := toValue(t)
	if err != nil {
		return 0, fmt.Errorf("graph: item: %w", err)
	}
	if v.Len() != 1 {
		return 0, fmt.Errorf("graph: item: the tensor has shape %s, one element is wanted", ops.ShapeString(v.Shape))
	}
	return number(v), nil
}

// Ints are the elements of an int32 or int64 tensor, such as predicted
// classes, in row-major order. Another dtype is an error.
func Ints(t *Tensor) ([]int, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: ints: %w", err)
	}
	if v.DType != Int32 && v.DType != Int64 {
		return nil, fmt.Errorf("graph: ints: the tensor is %v, int32 or int64 is wanted", v.Spec())
	}
	out := make([]int, 0, v.Len())
	for _, x := range v.I32 {
		out = append(out, int(x))
	}
	for _, x := range v.I64 {
		out = append(out, int(x))
	}
	return out, nil
}

// Fit is a tensor's elements in another dtype and shape, in row-major order.
// Floats become integers by dropping what follows the point. Another number of
// elements than the shape has is an error.
func Fit(t *Tensor, dtype DType, shape ...int) (*Tensor, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: fit: %w", err)
	}
	if ops.Size(shape) != v.Len() {
		return nil, fmt.Errorf("graph: cannot reshape array of size %d into shape %s", v.Len(), ops.ShapeString(shape))
	}
	out, err := ops.NewValue(ops.Spec{DType: dtype, Shape: shape})
	if err != nil {
		return nil, fmt.Errorf("graph: fit: %w", err)
	}
	i := -1
	fill(out, func() float64 { i++; return element(v, i) })
	return toTensor(out), nil
}

// toValue gives the engine's view of a tensor. It shares the elements unless
// the tensor is a view that must be copied into row-major order.
func toValue(t *Tensor) (*ops.Value, error) {
	if t == nil {
		return nil, fmt.Errorf("the tensor is nil")
	}
	if t.Dtype().Type == nil || t.MemSize() == 0 {
		return emptyValue(t)
	}
	if t.RequiresIterator() || t.DataOrder().IsColMajor() {
		t = t.Materialize().(*tensor.Dense)
	}
	v := &ops.Value{Shape: slices.Clone([]int(t.Shape()))}
	n := ops.Size(v.Shape)
	switch data := t.Data().(type) {
	case []float32:
		v.DType, v.F32 = Float32, data
	case []float64:
		v.DType, v.F64 = Float64, data
	case []int32:
		v.DType, v.I32 = Int32, data
	case []int64:
		v.DType, v.I64 = Int64, data
	case []bool:
		v.DType, v.Bool = Bool, data
	// A tensor without axes holds its element itself.
	case float32:
		v.DType, v.F32 = Float32, []float32{data}
	case float64:
		v.DType, v.F64 = Float64, []float64{data}
	case int32:
		v.DType, v.I32 = Int32, []int32{data}
	case int64:
		v.DType, v.I64 = Int64, []int64{data}
	case bool:
		v.DType, v.Bool = Bool, []bool{data}
	default:
		return nil, fmt.Errorf("graphs do not compute in %v; they do in float32, float64, int32, int64 and bool", t.Dtype())
	}
	if got := elements(v); got != n {
		return nil, fmt.Errorf("the tensor of shape %v holds %d elements", v.Shape, got)
	}
	return v, nil
}

// emptyValue is a tensor without elements, of which gorgonia cannot give the
// slice: a batch of none.
func emptyValue(t *Tensor) (*ops.Value, error) {
	dtype, ok := map[tensor.Dtype]DType{tensor.Float32: Float32, tensor.Float64: Float64, tensor.Int32: Int32, tensor.Int64: Int64, tensor.Bool: Bool}[t.Dtype()]
	if shape := []int(t.Shape()); ok && len(shape) > 0 && ops.Size(shape) == 0 {
		return ops.NewValue(ops.Spec{DType: dtype, Shape: slices.Clone(shape)})
	}
	return nil, fmt.Errorf("the tensor has no elements: make one with graph.FromFloat32s or tensor.New")
}

func elements(v *ops.Value) int {
	return len(v.F32) + len(v.F64) + len(v.I32) + len(v.I64) + len(v.Bool)
}

func cloneValue(v *ops.Value) *ops.Value {
	return &ops.Value{DType: v.DType, Shape: slices.Clone(v.Shape), F32: slices.Clone(v.F32), F64: slices.Clone(v.F64),
		I32: slices.Clone(v.I32), I64: slices.Clone(v.I64), Bool: slices.Clone(v.Bool)}
}

// toTensor makes a tensor over v's elements.
func toTensor(v *ops.Value) *Tensor {
	var backing any
	switch v.DType {
	case Float32:
		backing = v.F32
	case Float64:
		backing = v.F64
	case Int32:
		backing = v.I32
	case Int64:
		backing = v.I64
	default:
		backing = v.Bool
	}
	if len(v.Shape) == 0 {
		return tensor.New(tensor.FromScalar(scalarOf(v)))
	}
	return tensor.New(tensor.WithShape(v.Shape...), tensor.WithBacking(backing))
}

func scalarOf(v *ops.Value) any {
	switch v.DType {
	case Float32:
		return v.F32[0]
	case Float64:
		return v.F64[0]
	case Int32:
		return v.I32[0]
	case Int64:
		return v.I64[0]
	default:
		return v.Bool[0]
	}
}
