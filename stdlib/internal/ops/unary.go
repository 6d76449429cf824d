package ops

import (
	"fmt"
	"math"

	"graft/stdlib/internal/kern"
)

// Unary is a function of each element, by TensorFlow's name.
type Unary string

// The functions of one argument.
const (
	Relu        Unary = "Relu"
	Relu6       Unary = "Relu6"
	Elu         Unary = "Elu"
	Selu        Unary = "Selu"
	Sigmoid     Unary = "Sigmoid"
	LogSigmoid  Unary = "LogSigmoid"
	HardSigmoid Unary = "HardSigmoid" // relu6(x+3)/6
	HardSwish   Unary = "HardSwish"   // x·relu6(x+3)/6
	Swish       Unary = "Swish"       // x·sigmoid(x)
	Tanh        Unary = "Tanh"
	Softplus    Unary = "Softplus"
	Softsign    Unary = "Softsign"
	Exp         Unary = "Exp"
	Log         Unary = "Log"
	Log1p       Unary = "Log1p"
	Sqrt        Unary = "Sqrt"
	Rsqrt       Unary = "Rsqrt"
	Square      Unary = "Square"
	Reciprocal  Unary = "Reciprocal"
	Neg         Unary = "Neg"
	Abs         Unary = "Abs"
	Sign        Unary = "Sign"
	Rint        Unary = "Rint"
	Floor       Unary = "Floor"
	Ceil        Unary = "Ceil"
)

// unaryRow is f and its derivative d, given x and y = f(x). The derivative
// reads only x if byX, else only y, so that x need not be kept. No d: no
// gradient.
type unaryRow struct {
	name Unary
	f    func(x float64) float64
	d    func(x, y float64) float64
	byX  bool
	f32  loop // faster ways, may be nil
	d32  gradLoop
}

type (
	loop     func(y, x []float32)
	gradLoop func(dx, y, dy []float32)
)

const (
	seluScale = 1.0507009873554804934193349852946
	seluAlpha = seluScale * 1.6732632423543772848170429916717
)

func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func relu6(x float64) float64 { return min(max(x, 0), 6) }

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x
}

// inside6 is the derivative of relu6(x+3).
func inside6(x float64) float64 {
	if x > -3 && x < 3 {
		return 1
	}
	return 0
}

func positive(y float64) float64 {
	if y > 0 {
		return 1
	}
	return 0
}

func below(y, belowZero float64) float64 {
	if y < 0 {
		return belowZero
	}
	return 1
}

func none(x, y float64) float64 { return 0 }

var unaries = []unaryRow{
	{Relu, func(x float64) float64 { return max(x, 0) }, func(_, y float64) float64 { return positive(y) }, false, kern.Relu[float32], kern.ReluGrad[float32]},
	{Relu6, relu6, func(_, y float64) float64 { return positive(y) * positive(6-y) }, false, kern.Relu6[float32], kern.Relu6Grad[float32]},
	{Elu, func(x float64) float64 {
		if x < 0 {
			return math.Expm1(x)
		}
		return x
	}, func(_, y float64) float64 { return below(y, y+1) }, false, nil, nil},
	{Selu, func(x float64) float64 {
		if x < 0 {
			return seluAlpha * (math.Exp(x) - 1)
		}
		return seluScale * x
	}, func(_, y float64) float64 {
		if y < 0 {
			return y + seluAlpha
		}
		return seluScale
	}, false, nil, nil},
	{Sigmoid, sigmoid, func(_, y float64) float64 { return y * (1 - y) }, false, nil, nil},
	{LogSigmoid, func(x float64) float64 { return -softplus(-x) }, func(x, _ float64) float64 { return sigmoid(-x) }, true, nil, nil},
	{HardSigmoid, func(x float64) float64 { return relu6(x+3) / 6 }, func(x, _ float64) float64 { return inside6(x) / 6 }, true, nil, nil},
	{HardSwish, func(x float64) float64 { return x * relu6(x+3) / 6 }, func(x, _ float64) float64 { return (relu6(x+3) + x*inside6(x)) / 6 }, true, nil, nil},
	{Swish, func(x float64) float64 { return x * sigmoid(x) }, func(x, _ float64) float64 { s := sigmoid(x); return s + x*s*(1-s) }, true, nil, nil},
	{Tanh, math.Tanh, func(_, y float64) float64 { return 1 - y*y }, false, nil, nil},
	{Softplus, softplus, func(x, _ float64) float64 { return sigmoid(x) }, true, nil, nil},
	{Softsign, func(x float64) float64 { return x / (1 + math.Abs(x)) }, func(x, _ float64) float64 { a := 1 + math.Abs(x); return 1 / (a * a) }, true, nil, nil},
	{Exp, math.Exp, func(_, y float64) float64 { return y }, false, nil, nil},
	{Log, math.Log, func(x, _ float64) float64 { return 1 / x }, true, nil, nil},
	{Log1p, math.Log1p, func(x, _ float64) float64 { return 1 / (1 + x) }, true, nil, nil},
	{Sqrt, math.Sqrt, func(_, y float64) float64 { return 0.5 / y }, false, nil, nil},
	{Rsqrt, func(x float64) float64 { return 1 / math.Sqrt(x) }, func(_, y float64) float64 { return -0.5 * y * y * y }, false, nil, nil},
	{Square, func(x float64) float64 { return x * x }, func(x, _ float64) float64 { return 2 * x }, true, nil, nil},
	{Reciprocal, func(x float64) float64 { return 1 / x }, func(_, y float64) float64 { return -y * y }, false, nil, nil},
	{Neg, func(x float64) float64 { return -x }, func(_, _ float64) float64 { return -1 }, false, nil, nil},
	{Abs, math.Abs, func(x, _ float64) float64 { return sign(x) }, true, nil, nil},
	{Sign, sign, none, false, nil, nil},
	{Rint, math.RoundToEven, nil, false, nil, nil},
	{Floor, math.Floor, nil, false, nil, nil},
	{Ceil, math.Ceil, nil, false, nil, nil},
}

func (k Unary) row() (*unaryRow, error) {
	for i := range unaries {
		if unaries[i].name == k {
			return &unaries[i], nil
		}
	}
	return nil, fmt.Errorf("no function of one argument is called %q", string(k))
}

// Name implements Kernel.
func (k Unary) Name() string { return string(k) }

// Infer implements Kernel.
func (k Unary) Infer(in []Spec) (Spec, error) {
	if _, err := k.row(); err != nil {
		return Spec{}, err
	}
	return allSame(in, "x")
}

// Reuses implements InPlace.
func (k Unary) Reuses() []int { return []int{0} }

// Run implements Kernel.
func (k Unary) Run(c *Ctx, out *Value, in []*Value) error {
	row, err := k.row()
	if err != nil {
		return err
	}
	if row.f32 != nil && out.F32 != nil {
		return c.Ranges(len(out.F32), elementGrain, func(from, to int) { row.f32(out.F32[from:to], in[0].F32[from:to]) })
	}
	return pick(out.DType, unary[float32], unary[float64])(c, row.f, out, in[0])
}

func unary[T Float](c *Ctx, f func(float64) float64, out, in *Value) error {
	y, x := Elems[T](out), Elems[T](in)
	return c.Ranges(len(y), elementGrain/8, func(from, to int) {
		for i := from; i < to; i++ {
			y[i] = T(f(float64(x[i])))
		}
	})
}

// Grad implements Differentiable. Functions that jump from one constant to
// another have none.
func (k Unary) Grad(b *Builder, in []*Node, out, dout *Node, want []bool) ([]*Node, error) {
	row, err := k.row()
	if err != nil {
		return nil, err
	}
	g := gradients(b, want)
	g.to(0, func() *Node {
		switch {
		case row.d == nil:
			return nil
		case row.byX:
			return g.op(UnaryGrad{k}, in[0], dout)
		}
		return g.op(UnaryGrad{k}, out, dout)
	})
	return g.done()
}

// UnaryGrad multiplies the gradient of an output by the derivative. Its
// inputs are the function's x, or y where that suffices, and the gradient.
type UnaryGrad struct{ Of Unary }

// Name implements Kernel.
func (k UnaryGrad) Name() string { return string(k.Of) + "Grad" }

// Infer implements Kernel.
func (k UnaryGrad) Infer(in []Spec) (Spec, error) {
	row, err := k.Of.row()
	if err != nil {
		return Spec{}, err
	}
	if row.d == nil {
		return Spec{}, fmt.Errorf("%s has no gradient", k.Of)
	}
	return allSame(in, "value", "gradient")
}

// Reuses implements InPlace.
func (k UnaryGrad) Reuses() []int { return []int{1, 0} }

// Run implements Kernel.
func (k UnaryGrad) Run(c *Ctx, out *Value, in []*Value) error {
	row, err := k.Of.row()
	if err != nil {
		return err
	}
	if row.d32 != nil && out.F32 != nil {
		return c.Ranges(len(out.F32), elementGrain, func(from, to int) {
			row.d32(out.F32[from:to], in[0].F32[from:to], in[1].F32[from:to])
		})
	}
	return pick(out.DType, unaryGrad[float32], unaryGrad[float64])(c, row, out, in)
}

func unaryGrad[T Float](c *Ctx, row *unaryRow, out *Value, in []*Value) error {
	dx, v, dy := Elems[T](out), Elems[T](in[0]), Elems[T](in[1])
	return c.Ranges(len(dx), elementGrain/8, func(from, to int) {
		for i := from; i < to; i++ {
			x := float64(v[i])
			dx[i] = dy[i] * T(row.d(x, x))
		}
	})
}
