package graph

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

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

// initial computes a variable's first value. Its random numbers come from the
// graph's seed and the variable's name, so that they do not depend on what
// else is in the graph.
func (v *Variable) initial() (*ops.Value, error) {
	out, err := ops.NewValue(v.node.spec)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.Name())) // a hash does not fail
	next, err := v.init.Sampler(v.Shape(), rand.New(rand.NewPCG(v.node.g.seed, h.Sum64())))
	if err != nil {
		return nil, fmt.Errorf("graph: initial value of %s: %w", v.Name(), err)
	}
	fill(out, next)
	return out, nil
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
