package graph

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"graft/stdlib/host"
	"graft/stdlib/internal/ops"
)

// Initializer gives a variable its first values.
type Initializer interface {
	// Sampler returns a function whose calls give the elements of a tensor of
	// shape, in row-major order. The error says why there are none for it.
	Sampler(shape []int, r *rand.Rand) (func() float64, error)
}

// Constants is the initializer of one value everywhere
// (tf.constant_initializer).
type Constants struct{ Value float64 }

// Sampler implements Initializer.
func (c Constants) Sampler([]int, *rand.Rand) (func() float64, error) {
	return func() float64 { return c.Value }, nil
}

// Zeros is tf.zeros_initializer.
func Zeros() Initializer { return Constants{0} }

// Ones is tf.ones_initializer.
func Ones() Initializer { return Constants{1} }

// RandomUniform draws from [Min, Max) (tf.random_uniform_initializer).
type RandomUniform struct{ Min, Max float64 }

// Sampler implements Initializer; Max below Min is an error.
func (u RandomUniform) Sampler(_ []int, r *rand.Rand) (func() float64, error) {
	if u.Max < u.Min {
		return nil, fmt.Errorf("random uniform: Max %g is below Min %g", u.Max, u.Min)
	}
	return func() float64 { return u.Min + (u.Max-u.Min)*r.Float64() }, nil
}

// RandomNormal draws from a normal distribution (tf.random_normal_initializer).
type RandomNormal struct{ Mean, Stddev float64 }

// Sampler implements Initializer; a negative Stddev is an error.
func (n RandomNormal) Sampler(_ []int, r *rand.Rand) (func() float64, error) {
	if n.Stddev < 0 {
		return nil, fmt.Errorf("random normal: Stddev %g is negative", n.Stddev)
	}
	return func() float64 { return n.Mean + n.Stddev*r.NormFloat64() }, nil
}

// TruncatedNormal draws from a normal distribution again and again until the
// value is within two standard deviations (tf.truncated_normal_initializer).
type TruncatedNormal struct{ Mean, Stddev float64 }

// Sampler implements Initializer; a negative Stddev is an error.
func (n TruncatedNormal) Sampler(_ []int, r *rand.Rand) (func() float64, error) {
	if n.Stddev < 0 {
		return nil, fmt.Errorf("truncated normal: Stddev %g is negative", n.Stddev)
	}
	return func() float64 {
		for {
			if x := r.NormFloat64(); math.Abs(x) < 2 {
				return n.Mean + n.Stddev*x
			}
		}
	}, nil
}

// VarianceScaling scales the spread of the values to the sizes of a layer, as
// TF-Slim's variance_scaling_initializer does: with n the number of inputs,
// of outputs or their mean, uniform values lie within √(3·Factor/n) and
// normal ones have the standard deviation √(1.3·Factor/n), cut at two of
// them. A filter's inputs are the product of all axes but the last, its
// outputs that of all but the one before the last.
type VarianceScaling struct {
	Factor  float64 // default 2
	Mode    FanMode // default FanIn
	Uniform bool
}

// FanMode says which size of a layer VarianceScaling goes by.
type FanMode string

// The modes of TF-Slim.
const (
	FanIn  FanMode = "FAN_IN"
	FanOut FanMode = "FAN_OUT"
	FanAvg FanMode = "FAN_AVG"
)

// GlorotUniform is VarianceScaling by the mean of inputs and outputs, uniform
// (Glorot and Bengio 2010; tf.glorot_uniform_initializer and TF-Slim's
// xavier_initializer).
func GlorotUniform() Initializer { return VarianceScaling{Factor: 1, Mode: FanAvg, Uniform: true} }

// Sampler implements Initializer; an unknown Mode or a negative Factor is an
// error.
func (v VarianceScaling) Sampler(shape []int, r *rand.Rand) (func() float64, error) {
	if v.Factor == 0 {
		v.Factor = 2
	}
	if v.Factor < 0 {
		return nil, fmt.Errorf("variance scaling: Factor %g is negative", v.Factor)
	}
	in, out := fans(shape)
	sizes := map[FanMode]float64{"": in, FanIn: in, FanOut: out, FanAvg: (in + out) / 2}
	n, ok := sizes[v.Mode]
	if !ok {
		return nil, fmt.Errorf("variance scaling: Unknown mode %s [FAN_IN, FAN_OUT, FAN_AVG]", v.Mode)
	}
	if v.Uniform {
		limit := math.Sqrt(3 * v.Factor / n)
		return RandomUniform{-limit, limit}.Sampler(shape, r)
	}
	return TruncatedNormal{0, math.Sqrt(1.3 * v.Factor / n)}.Sampler(shape, r)
}

// fans counts a layer's inputs and outputs, never less than one.
func fans(shape []int) (in, out float64) {
	in, out = 1, 1
	switch rank := len(shape); rank {
	case 0:
	case 1:
		in, out = float64(shape[0]), float64(shape[0])
	default:
		for _, d := range shape[:rank-2] {
			in, out = in*float64(d), out*float64(d)
		}
		in, out = in*float64(shape[rank-2]), out*float64(shape[rank-1])
	}
	return math.Max(1, in), math.Max(1, out)
}

func defaultInitializer(d DType) Initializer {
	if d == Float32 || d == Float64 {
		return GlorotUniform()
	}
	return Zeros()
}

// initialValue is the initializer of a given tensor.
type initialValue struct{ value *ops.Value }

// InitialValue is the initializer of the value t, which is copied. Given to
// GetVariable it also gives the variable's shape and dtype.
func InitialValue(t *Tensor) (Initializer, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: initial value: %w", err)
	}
	return initialValue{cloneValue(v)}, nil
}

// Sampler implements Initializer; another number of elements than the value's
// is an error.
func (i initialValue) Sampler(shape []int, _ *rand.Rand) (func() float64, error) {
	if ops.Size(shape) != i.value.Len() {
		return nil, fmt.Errorf("initial value: it has shape %s, the variable %s", ops.ShapeString(i.value.Shape), ops.ShapeString(shape))
	}
	at := -1
	return func() float64 { at++; return element(i.value, at) }, nil
}

// sameAs is the initializer of what another variable has when it is needed.
type sameAs struct{ v *Variable }

// SameAs is the initializer of the value that v has in the session, or gets
// from its own initializer, when the variable is first used
// (tf.Variable.initialized_value).
func SameAs(v *Variable) (Initializer, error) {
	if v == nil {
		return nil, fmt.Errorf("graph: same as: the variable is nil")
	}
	return sameAs{v}, nil
}

// Sampler implements Initializer; it gives the initializer's values of the
// other variable, since without a session it has no others.
func (i sameAs) Sampler(shape []int, r *rand.Rand) (func() float64, error) {
	first, err := i.v.initial()
	if err != nil {
		return nil, err
	}
	return initialValue{first}.Sampler(shape, r)
}

// initial computes a variable's first value. Its random numbers come from the
// graph's seed and the variable's name, so that they do not depend on what
// else is in the graph; those of a part are what the whole would have there.
func (v *Variable) initial() (*ops.Value, error) {
	spec := v.node.spec
	if !v.cutFromWhole {
		return v.first(spec)
	}
	spec.Shape = v.slice.FullShape
	out, err := v.first(spec)
	if err != nil {
		return nil, err
	}
	return cut(out, v.slice)
}

// first draws the values of a tensor, by the name that it is saved under.
func (v *Variable) first(spec ops.Spec) (*ops.Value, error) {
	if c, ok := v.init.(initialValue); ok && slices.Equal(c.value.Shape, spec.Shape) && c.value.DType == spec.DType {
		return cloneValue(c.value), nil
	}
	out, err := ops.NewValue(spec)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.FullName())) // a hash does not fail
	next, err := v.init.Sampler(slices.Clone(spec.Shape), rand.New(rand.NewPCG(v.node.g.seed, h.Sum64())))
	if err != nil {
		return nil, fmt.Errorf("graph: initial value of %s: %w", v.Name(), err)
	}
	for at := 0; at < out.Len(); at += fillPiece {
		if err := host.Context().Err(); err != nil {
			return nil, err
		}
		fill(section(out, at, min(out.Len(), at+fillPiece)), next)
	}
	return out, nil
}

// fillPiece is the elements of a first value that are drawn before anything
// asks whether the cell was interrupted.
const fillPiece = 1 << 18

// section is elements from … to-1 of a value, as a vector that shares them.
func section(v *ops.Value, from, to int) *ops.Value {
	out := &ops.Value{DType: v.DType, Shape: []int{to - from}}
	switch v.DType {
	case Float32:
		out.F32 = v.F32[from:to]
	case Float64:
		out.F64 = v.F64[from:to]
	case Int32:
		out.I32 = v.I32[from:to]
	case Int64:
		out.I64 = v.I64[from:to]
	default:
		out.Bool = v.Bool[from:to]
	}
	return out
}

// element is one element of a value as a float64.
func element(v *ops.Value, i int) float64 {
	switch {
	case v.F32 != nil:
		return float64(v.F32[i])
	case v.F64 != nil:
		return v.F64[i]
	case v.I32 != nil:
		return float64(v.I32[i])
	case v.I64 != nil:
		return float64(v.I64[i])
	}
	if v.Bool[i] {
		return 1
	}
	return 0
}

// fill sets the elements of v from calls of next.
func fill(v *ops.Value, next func() float64) {
	for i := range v.F32 {
		v.F32[i] = float32(next())
	}
	for i := range v.F64 {
		v.F64[i] = next()
	}
	for i := range v.I32 {
		v.I32[i] = int32(next())
	}
	for i := range v.I64 {
		v.I64[i] = int64(next())
	}
	for i := range v.Bool {
		v.Bool[i] = next() != 0
	}
}

// SetInitialValue gives a variable another initial value, with which sessions
// begin that have not used it yet: a checkpoint's, whose path Session.Origin
// then tells, or any with path "". Another shape or dtype than the variable's,
// and a variable in parts, are errors.
func (v *Variable) SetInitialValue(t *Tensor, path string) error {
	value, err := toValue(t)
	if err != nil {
		return fmt.Errorf("graph: initial value of %s: %w", v.Name(), err)
	}
	if v.parts != nil || value.DType != v.DType() || !slices.Equal(value.Shape, v.node.spec.Shape) {
		return fmt.Errorf("graph: initial value of %s: a tensor %v was given, the variable is %v in %d parts", v.Name(), value.Spec(), v.node.spec, len(v.parts))
	}
	v.init, v.cutFromWhole, v.source = initialValue{cloneValue(value)}, false, path
	return nil
}

// scaling is the variance scaling of TensorFlow's own initializers, which
// differs from TF-Slim's VarianceScaling in what it makes of a normal
// distribution: cut at two deviations it has the variance scale/n.
type scaling struct {
	scale   float64
	mode    FanMode
	uniform bool
}

// cutNormal is the standard deviation of a normal distribution cut at two of
// them (TensorFlow's constant).
const cutNormal = 0.87962566103423978

// Sampler implements Initializer.
func (s scaling) Sampler(shape []int, r *rand.Rand) (func() float64, error) {
	in, out := fans(shape)
	n := map[FanMode]float64{FanIn: in, FanOut: out, FanAvg: (in + out) / 2}[s.mode]
	if s.uniform {
		limit := math.Sqrt(3 * s.scale / n)
		return RandomUniform{-limit, limit}.Sampler(shape, r)
	}
	return TruncatedNormal{0, math.Sqrt(s.scale/n) / cutNormal}.Sampler(shape, r)
}

// GlorotNormal draws from a cut normal distribution with the variance
// 2/(inputs+outputs) (Glorot and Bengio 2010; tf.glorot_normal_initializer).
func GlorotNormal() Initializer { return scaling{1, FanAvg, false} }

// HeNormal draws from a cut normal distribution with the variance 2/inputs
// (He et al., arXiv:1502.01852; tf.initializers.he_normal).
func HeNormal() Initializer { return scaling{2, FanIn, false} }

// HeUniform draws uniformly with the variance 2/inputs
// (tf.initializers.he_uniform).
func HeUniform() Initializer { return scaling{2, FanIn, true} }

// LecunNormal draws from a cut normal distribution with the variance 1/inputs
// (tf.initializers.lecun_normal).
func LecunNormal() Initializer { return scaling{1, FanIn, false} }
