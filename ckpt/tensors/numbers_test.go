package tensors

import (
	"math"
	"testing"
)

// Values of the small types as their papers and ml_dtypes have them: largest,
// smallest normal, smallest subnormal, one, what is special.
func TestSmallFloats(t *testing.T) {
	for _, c := range []struct {
		dtype DType
		bits  uint16
		want  float64
	}{
		{Float16, 0x3c00, 1}, {Float16, 0x7bff, 65504}, {Float16, 0x0400, 0x1p-14}, {Float16, 0x0001, 0x1p-24}, {Float16, 0xfc00, math.Inf(-1)},
		{BFloat16, 0x3f80, 1}, {BFloat16, 0x7f7f, 0x1.fep127}, {BFloat16, 0x0001, 0x1p-133}, {BFloat16, 0x7f80, math.Inf(1)},
		{Float8E5M2, 0x3c, 1}, {Float8E5M2, 0x7b, 57344}, {Float8E5M2, 0x01, 0x1p-16}, {Float8E5M2, 0x7c, math.Inf(1)},
		{Float8E4M3FN, 0x38, 1}, {Float8E4M3FN, 0x7e, 448}, {Float8E4M3FN, 0x01, 0x1p-9}, {Float8E4M3FN, 0x7f, math.NaN()}, {Float8E4M3FN, 0x80, math.Copysign(0, -1)},
		{Float8E4M3FNZ, 0x40, 1}, {Float8E4M3FNZ, 0x7f, 240}, {Float8E4M3FNZ, 0x80, math.NaN()},
		{Float8E5M2FNZ, 0x40, 1}, {Float8E5M2FNZ, 0x7f, 57344}, {Float8E5M2FNZ, 0x80, math.NaN()},
		{Float8E4M3B11, 0x58, 1}, {Float8E4M3B11, 0x7f, 30}, {Float8E4M3B11, 0x80, math.NaN()},
		{Int8, 0x80, -128}, {Uint8, 0x80, 128}, {Bool, 1, 1}, {Int16, 0x8000, -32768}, {QUint16, 0xffff, 65535},
	} {
		x := &Tensor{DType: c.dtype, Data: []byte{byte(c.bits), byte(c.bits >> 8)}[:c.dtype.Size()]}
		at, ok := x.Numbers()
		if !ok {
			t.Fatalf("%v is no number", c.dtype)
		}
		if got := real(at(0)); math.Float64bits(got) != math.Float64bits(c.want) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v %#x is %v, want %v", c.dtype, c.bits, got, c.want)
		}
	}
}

// Rounding to the nearest, ties to even, at the edges of float16 and bfloat16:
// IEEE 754's rules by hand. Random values are compared with TensorFlow's and
// NumPy's in .ci/ckpt_peers.py.
func TestConvert(t *testing.T) {
	for _, c := range []struct {
		to   DType
		v    float64
		want uint16
	}{
		{Float16, 1, 0x3c00}, {Float16, -2, 0xc000}, {Float16, 65504, 0x7bff}, {Float16, 65519, 0x7bff}, {Float16, 65520, 0x7c00}, {Float16, 1e300, 0x7c00},
		{Float16, 0x1p-24, 1}, {Float16, 0x1p-25, 0}, {Float16, 0x1.8p-25, 1}, {Float16, 0x1.8p-24, 2}, {Float16, 0x1.ff8p-15, 0x03ff}, {Float16, 0x1.ffcp-15, 0x0400}, {Float16, 0x1.ffep-15, 0x0400},
		{Float16, 1 + 0x1p-11, 0x3c00}, {Float16, 1 + 0x1.8p-10, 0x3c02}, {Float16, math.Copysign(0, -1), 0x8000}, {Float16, math.Inf(-1), 0xfc00},
		{Float16, math.NaN(), 0x7e00}, {BFloat16, 1, 0x3f80}, {BFloat16, 1 + 0x1p-8, 0x3f80}, {BFloat16, 1 + 0x1.8p-7, 0x3f82}, {BFloat16, 0x1p-133, 1}, {BFloat16, 1e39, 0x7f80},
	} {
		in := &Tensor{DType: Float64, Data: floats[Float64](nil, c.v)}
		out, err := in.Convert(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := le.Uint16(out.Data); got != c.want && !math.IsNaN(c.v) || math.IsNaN(c.v) && got&0x7fff != c.want {
			t.Errorf("%v as %v is %#04x, want %#04x", c.v, c.to, got, c.want)
		}
	}
	for _, c := range []struct{ from, to DType }{{Int32, Float32}, {Float32, Int32}, {String, Float16}} {
		if _, err := New(Info{DType: c.from}).Convert(c.to); err == nil {
			t.Errorf("%v to %v: no error", c.from, c.to)
		}
	}
}

func TestTile(t *testing.T) {
	all := Extent{Length: -1}
	for _, c := range []struct {
		shape []int
		parts []Slice
		fine  bool
	}{
		{[]int{4, 3}, []Slice{{{0, 1}, all}, {{1, 3}, all}}, true},
		{[]int{4, 3}, []Slice{{{0, 2}, {0, 2}}, {{2, 2}, {0, 2}}, {all, {2, 1}}}, true},
		{nil, []Slice{{}}, true},
		{[]int{0, 3}, nil, true},
		{[]int{4, 3}, []Slice{{{0, 1}, all}}, false},
		{[]int{4, 3}, []Slice{{{0, 2}, all}, {{1, 2}, all}}, false},
		{[]int{4, 3}, []Slice{{{0, 2}, all}, {{0, 2}, all}}, false},
		{[]int{4, 3}, []Slice{{{3, 2}, all}}, false},
	} {
		if err := Tile(c.shape, c.parts); (err == nil) != c.fine {
			t.Errorf("%v in %v: %v", c.shape, c.parts, err)
		}
	}
}
