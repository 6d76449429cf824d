package display

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func ramp32(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i)
	}
	return out
}

// The texts are NumPy 2.4.6's, with numpy.set_printoptions(precision=4).
func TestTensorsPrintAsNumPyDoes(t *testing.T) {
	var (
		ints    = make([]int64, 24)
		many    = make([]int32, 2000)
		thirds  = make([]float64, 6)
		nan     = math.NaN()
		inf     = float32(math.Inf(1))
		shape   = func(s ...int) tensor.ConsOpt { return tensor.WithShape(s...) }
		backing = func(v any) tensor.ConsOpt { return tensor.WithBacking(v) }
	)
	for i := range ints {
		ints[i] = int64(i) - 12
	}
	for i := range many {
		many[i] = int32(i)
	}
	for i := range thirds {
		thirds[i] = float64(i) / 3
	}
	transposed := tensor.New(shape(2, 3), backing(thirds))
	if err := transposed.T(); err != nil {
		t.Fatal(err)
	}
	whole := tensor.New(shape(4, 50, 30), backing(ramp32(4*50*30)))
	sliced, err := whole.Slice(tensor.S(1, 3), tensor.S(0, 2), tensor.S(5, 7))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		t    *tensor.Dense
		want string
	}{
		{"matrix", tensor.New(shape(2, 3), backing([]float32{1, 2, 3, 4, 5, 6})), `float32 [2 3]
[[1. 2. 3.]
 [4. 5. 6.]]`},
		{"far apart", tensor.New(shape(3), backing([]float32{0.1, -2.25, 100.125})), `float32 [3]
[ 1.0000e-01 -2.2500e+00  1.0012e+02]`},
		{"double, far apart", tensor.New(shape(3), backing([]float64{1e-5, 1.5, -3000})), `float64 [3]
[ 1.0e-05  1.5e+00 -3.0e+03]`},
		{"not finite", tensor.New(shape(4), backing([]float32{float32(nan), 1.5, -inf, inf})), `float32 [4]
[ nan  1.5 -inf  inf]`},
		{"not finite, exponents", tensor.New(shape(2, 2), backing([]float64{1e9, -1, nan, 0})), `float64 [2 2]
[[ 1.e+09 -1.e+00]
 [    nan  0.e+00]]`},
		{"three axes", tensor.New(shape(2, 3, 4), backing(ints)), `int64 [2 3 4]
[[[-12 -11 -10  -9]
  [ -8  -7  -6  -5]
  [ -4  -3  -2  -1]]

 [[  0   1   2   3]
  [  4   5   6   7]
  [  8   9  10  11]]]`},
		{"booleans", tensor.New(shape(2), backing([]bool{true, false})), `bool [2]
[ True False]`},
		{"long", tensor.New(shape(2000), backing(many)), `int32 [2000]
[   0    1    2 ... 1997 1998 1999]`},
		{"broken row", tensor.New(shape(30), backing(ramp32(30))), `float32 [30]
[ 0.  1.  2.  3.  4.  5.  6.  7.  8.  9. 10. 11. 12. 13. 14. 15. 16. 17.
 18. 19. 20. 21. 22. 23. 24. 25. 26. 27. 28. 29.]`},
		{"large", tensor.New(shape(3), backing([]float32{123456.7, 120000, 300000})), `float32 [3]
[123456.7 120000.  300000. ]`},
		{"larger", tensor.New(shape(1), backing([]float32{1234567})), `float32 [1]
[1.2346e+06]`},
		{"small", tensor.New(shape(2), backing([]float32{0.00012345678, 0.1})), `float32 [2]
[0.0001 0.1   ]`},
		{"transposed", transposed, `float64 [3 2]
[[0.     1.    ]
 [0.3333 1.3333]
 [0.6667 1.6667]]`},
		{"bytes", tensor.New(shape(3), backing([]uint8{255, 0, 7})), `uint8 [3]
[255   0   7]`},
		{"view", sliced.(*tensor.Dense), `float32 [2 2 2]
[[[1505. 1506.]
  [1535. 1536.]]

 [[3005. 3006.]
  [3035. 3036.]]]`},
		{"scalar", tensor.New(tensor.FromScalar(float32(2.5))), "float32 scalar: 2.5"},
		{"whole scalar", tensor.New(tensor.FromScalar(int64(7))), "int64 scalar: 7"},
	} {
		if got := Render(c.t)[typeText]; got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	lines := strings.Split(Render(whole)[typeText], "\n")
	for i, want := range map[int]string{
		0:  "float32 [4 50 30]",
		1:  "[[[0.000e+00 1.000e+00 2.000e+00 ... 2.700e+01 2.800e+01 2.900e+01]",
		4:  "  ...",
		8:  "",
		31: "  [5.970e+03 5.971e+03 5.972e+03 ... 5.997e+03 5.998e+03 5.999e+03]]]",
	} {
		if i >= len(lines) || lines[i] != want {
			t.Errorf("line %d of a long tensor: %q, want %q", i, lines[min(i, len(lines)-1)], want)
		}
	}
}

func TestMaskedValuesAreHidden(t *testing.T) {
	d := tensor.New(tensor.WithShape(3), tensor.WithBacking([]float64{1, 2, 3}, []bool{false, true, false}))
	if got, want := Render(d)[typeText], "float64 [3]\n[1. -- 3.]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestNilTensor(t *testing.T) {
	if got := Render((*tensor.Dense)(nil))[typeText]; got != "<nil>" {
		t.Error(got)
	}
}
