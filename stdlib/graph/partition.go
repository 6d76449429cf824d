package graph

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"graft/stdlib/internal/ops"
)

// Partitioner says into how many parts each axis of a variable is cut; one
// number an axis, all but one of them 1.
type Partitioner interface {
	Partitions(shape []int, d DType) ([]int, error)
}

// partitioner is a Partitioner that cuts one axis.
type partitioner struct {
	axis  int
	parts func(shape []int, d DType) int
}

// Partitions implements Partitioner.
func (p partitioner) Partitions(shape []int, d DType) ([]int, error) {
	if p.axis < 0 || p.axis >= len(shape) {
		return nil, fmt.Errorf("graph: Cannot partition variable along axis %d when shape is only %s", p.axis, ops.ShapeString(shape))
	}
	out := make([]int, len(shape))
	for i := range out {
		out[i] = 1
	}
	out[p.axis] = p.parts(shape, d)
	return out, nil
}

// FixedSizePartitioner cuts an axis into n parts, or fewer when it has fewer
// elements (tf.fixed_size_partitioner).
func FixedSizePartitioner(n, axis int) Partitioner {
	return partitioner{axis, func(shape []int, _ DType) int { return min(n, shape[axis]) }}
}

// MinMaxVariablePartitioner cuts an axis into as many parts as there are
// minSliceSize bytes, at most maxPartitions
// (tf.min_max_variable_partitioner). minSliceSize 0 means 256 KiB.
func MinMaxVariablePartitioner(maxPartitions, axis, minSliceSize int) Partitioner {
	if minSliceSize <= 0 {
		minSliceSize = 256 << 10
	}
	return partitioner{axis, func(shape []int, d DType) int {
		bytes := ops.Size(shape) * d.Size()
		return max(1, min(shape[axis], maxPartitions, ceilDiv(bytes, minSliceSize)))
	}}
}

// VariableAxisSizePartitioner cuts an axis so that no part has more than
// maxShardBytes bytes, unless one index alone has
// (tf.variable_axis_size_partitioner).
func VariableAxisSizePartitioner(maxShardBytes, axis int) Partitioner {
	return partitioner{axis, func(shape []int, d DType) int {
		if shape[axis] == 0 {
			return 0
		}
		slice := ops.Size(shape) / shape[axis] * d.Size()
		fit := 1
		if slice > 0 {
			fit = max(1, maxShardBytes/slice)
		}
		return ceilDiv(shape[axis], fit)
	}}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// Slice says which piece of the whole a part is, as checkpoints note it.
type Slice struct {
	FullName  string // of the whole, under which it is saved
	FullShape []int
	Offset    []int // one an axis
	Shape     []int // of the part
}

// String is TensorFlow's spec of a slice, full shape and then offset and size
// of each axis: "4 10 0,2:0,10".
func (s *Slice) String() string {
	if s == nil {
		return ""
	}
	var sizes, cuts []string
	for i, d := range s.FullShape {
		sizes = append(sizes, strconv.Itoa(d))
		cuts = append(cuts, fmt.Sprintf("%d,%d", s.Offset[i], s.Shape[i]))
	}
	return strings.Join(sizes, " ") + " " + strings.Join(cuts, ":")
}

// Parts are the parts of a variable, in order; nil when it is whole.
func (v *Variable) Parts() []*Variable { return slices.Clone(v.parts) }

// Slice says which piece of the whole a part is; nil when v is no part.
func (v *Variable) Slice() *Slice { return v.slice }

// SetSlice makes v known as a part of something that is saved as a whole, as
// optimizers do with what they keep beside a part. A slice that is not of
// v's shape or does not lie within the whole is an error.
func (v *Variable) SetSlice(s Slice) error {
	fits := s.FullName != "" && slices.Equal(s.Shape, v.node.spec.Shape) && len(s.FullShape) == len(s.Shape) && len(s.Offset) == len(s.Shape)
	for i := 0; fits && i < len(s.Shape); i++ {
		fits = s.Offset[i] >= 0 && s.Offset[i]+s.Shape[i] <= s.FullShape[i]
	}
	if !fits {
		return fmt.Errorf("graph: slice %+v does not fit %v", s, v)
	}
	v.slice = &s
	return nil
}

// FullName is the name that v is saved under: the whole's for a part, its own
// for others (slim.get_variable_full_name).
func (v *Variable) FullName() string {
	if v.slice != nil {
		return v.slice.FullName
	}
	return v.name
}

// getParts is GetVariable for a variable in parts.
func (s Scope) getParts(full string, opt VariableOptions) (*Variable, error) {
	counts, err := opt.Partitioner.Partitions(slices.Clone(opt.Shape), opt.DType)
	if err != nil {
		return nil, fmt.Errorf("graph: variable %s: %w", full, err)
	}
	axis, err := cutAxis(full, opt.Shape, counts)
	if err != nil {
		return nil, err
	}
	g, old := s.Graph(), s.Graph().partitioned[full]
	switch {
	case old != nil && s.reuse == NoReuse:
		return nil, fmt.Errorf("graph: Partitioned variable with name %s already exists. Did you mean to set reuse=ReuseAll or reuse=AutoReuse in the Scope?", full)
	case old != nil && !slices.Equal(opt.Shape, old.node.spec.Shape):
		return nil, fmt.Errorf("graph: Trying to reuse partitioned variable %s, but specified shape %s and found shape %s", full, ops.ShapeString(opt.Shape), ops.ShapeString(old.node.spec.Shape))
	case old != nil && old.cuts(axis) != counts[axis]:
		return nil, fmt.Errorf("graph: Trying to reuse partitioned variable %s, but specified partitions %v and found %d partitions", full, counts, len(old.parts))
	case old != nil:
		return old, old.sharable(opt)
	case s.reuse == ReuseAll:
		return nil, fmt.Errorf("graph: PartitionedVariable %s does not exist, or was not created with GetVariable. Did you mean to set reuse=AutoReuse in the Scope?", full)
	case g.stored[full] != nil:
		return nil, fmt.Errorf("graph: A partitioner was provided, but an unpartitioned version of the variable was found: %s. Perhaps a variable of the same name was already created without partitioning?", full)
	}
	v, err := s.makeParts(full, axis, counts[axis], opt)
	if err != nil {
		return nil, err
	}
	g.partitioned[full] = v
	return v, nil
}

// cuts is the number of parts along an axis, 1 when another one is cut.
func (v *Variable) cuts(axis int) int {
	if len(v.parts) > 1 && v.parts[1].slice.Offset[axis] == 0 {
		return 1
	}
	return len(v.parts)
}

// cutAxis is the axis that is cut.
func cutAxis(full string, shape, counts []int) (int, error) {
	if len(counts) != len(shape) {
		return 0, fmt.Errorf("graph: variable %s: Partitioner returned %d numbers %v for the %d axes of shape %v", full, len(counts), counts, len(shape), shape)
	}
	axis, cut := 0, false
	for i, n := range counts {
		switch {
		case n < 1:
			return 0, fmt.Errorf("graph: variable %s: Partitioner returned zero partitions for some axes: %v", full, counts)
		case n > shape[i]:
			return 0, fmt.Errorf("graph: variable %s: Partitioner returned %v, more parts than axis %d of shape %v has elements", full, counts, i, shape)
		case n > 1 && cut:
			return 0, fmt.Errorf("graph: variable %s: Can only slice a variable along one dimension: shape: %v, partitioning: %v", full, shape, counts)
		case n > 1:
			axis, cut = i, true
		}
	}
	return axis, nil
}

// makeParts makes n parts along an axis; the first ones are longer by one
// when the size does not divide.
func (s Scope) makeParts(full string, axis, n int, opt VariableOptions) (*Variable, error) {
	g, size, offset := s.Graph(), opt.Shape[axis], 0
	whole := &Variable{name: full, trainable: !opt.NotTrainable}
	var nodes []*Node
	for i := range n {
		part := opt
		part.Shape = slices.Clone(opt.Shape)
		part.Shape[axis] = size / n
		if i < size%n {
			part.Shape[axis]++
		}
		name := fmt.Sprintf("%s/part_%d", full, i)
		v, err := s.makeVariable(name, part)
		if err != nil {
			return nil, err
		}
		v.slice = &Slice{FullName: full, FullShape: slices.Clone(opt.Shape), Offset: make([]int, len(opt.Shape)), Shape: part.Shape}
		v.slice.Offset[axis], v.cutFromWhole = offset, true
		offset += part.Shape[axis]
		g.stored[name] = v
		if err := s.regularize(v, name, opt.Regularizer); err != nil {
			return nil, err
		}
		whole.parts, nodes = append(whole.parts, v), append(nodes, v.node)
	}
	whole.init, whole.device = opt.Initializer, whole.parts[0].device
	inside := s
	inside.ops = full + "/ConcatPartitions"
	var err error
	whole.node, err = inside.Apply("concat", ops.Concat{Axis: axis}, nodes...)
	return whole, err
}

// block copies a rectangle of the row-major tensor full: out of it into part,
// or, with into, from part into it.
func block(full, part *ops.Value, offset []int, into bool) {
	shape := part.Shape
	if len(shape) == 0 {
		shape, offset, full = []int{1}, []int{0}, &ops.Value{Shape: []int{1}, F32: full.F32, F64: full.F64, I32: full.I32, I64: full.I64, Bool: full.Bool}
	}
	row := shape[len(shape)-1]
	if part.Len() == 0 {
		return
	}
	for r := range part.Len() / row {
		at, rest, stride := offset[len(shape)-1], r, full.Shape[len(shape)-1]
		for axis := len(shape) - 2; axis >= 0; axis-- {
			at += (rest%shape[axis] + offset[axis]) * stride
			rest /= shape[axis]
			stride *= full.Shape[axis]
		}
		copyRow(full, part, at, r*row, row, into)
	}
}

func copyRow(full, part *ops.Value, at, from, n int, into bool) {
	moveRow(full.F32, part.F32, at, from, n, into)
	moveRow(full.F64, part.F64, at, from, n, into)
	moveRow(full.I32, part.I32, at, from, n, into)
	moveRow(full.I64, part.I64, at, from, n, into)
	moveRow(full.Bool, part.Bool, at, from, n, into)
}

func moveRow[T any](full, part []T, at, from, n int, into bool) {
	switch {
	case len(part) == 0:
	case into:
		copy(full[at:at+n], part[from:])
	default:
		copy(part[from:from+n], full[at:])
	}
}

// cut is the piece of a whole tensor that a slice names.
func cut(whole *ops.Value, s *Slice) (*ops.Value, error) {
	if !slices.Equal(whole.Shape, s.FullShape) {
		return nil, fmt.Errorf("a tensor of shape %s is given, the slice is of %s", ops.ShapeString(whole.Shape), ops.ShapeString(s.FullShape))
	}
	part, err := ops.NewValue(ops.Spec{DType: whole.DType, Shape: s.Shape})
	if err != nil {
		return nil, err
	}
	block(whole, part, s.Offset, false)
	return part, nil
}

// CutTensor is the piece of a whole tensor that a slice names. A tensor of
// another shape than the slice's whole is an error.
func CutTensor(t *Tensor, s *Slice) (*Tensor, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: cut: %w", err)
	}
	if s == nil {
		return nil, fmt.Errorf("graph: cut: the slice is nil")
	}
	part, err := cut(v, s)
	if err != nil {
		return nil, fmt.Errorf("graph: cut %v: %w", s, err)
	}
	return toTensor(part), nil
}

// JoinParts is the value of a whole variable in a session, put together from
// all of its parts; of one variable that is no part it is the value. Parts
// that are missing, or are of different variables, are an error.
func JoinParts(sess *Session, vars ...*Variable) (*Tensor, error) {
	if sess == nil || len(vars) == 0 || vars[0] == nil {
		return nil, fmt.Errorf("graph: join: a session and variables are wanted")
	}
	if vars[0].slice == nil {
		return sess.Value(vars[0])
	}
	whole := vars[0].slice
	out, err := ops.NewValue(ops.Spec{DType: vars[0].DType(), Shape: whole.FullShape})
	if err != nil {
		return nil, fmt.Errorf("graph: join %s: %w", whole.FullName, err)
	}
	filled := 0
	for _, v := range vars {
		if v == nil || v.slice == nil || v.slice.FullName != whole.FullName || v.DType() != out.DType || !slices.Equal(v.slice.FullShape, whole.FullShape) {
			return nil, fmt.Errorf("graph: join: %v is no part of %s", v, whole.FullName)
		}
		t, err := sess.Value(v)
		if err != nil {
			return nil, err
		}
		part, err := toValue(t)
		if err != nil {
			return nil, err
		}
		block(out, part, v.slice.Offset, true)
		filled += part.Len()
	}
	if filled != out.Len() {
		return nil, fmt.Errorf("graph: join %s: its %d parts hold %d of its %d elements", whole.FullName, len(vars), filled, out.Len())
	}
	return toTensor(out), nil
}
