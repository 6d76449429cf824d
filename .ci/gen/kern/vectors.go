package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Loops over vectors of eight float32, which memory limits rather than the
// width of a register. The caller sees to what is left of a multiple of 8.

type vec = reg.VecVirtual

// elementwise writes a loop y[i] = f(a[i], b[i] …) over n elements.
func elementwise(name, doc string, inputs []string, constants []float32, f func(in, c []vec) vec) {
	signature := "func(y"
	for _, in := range inputs {
		signature += ", " + in
	}
	TEXT(name, NOSPLIT, signature+" *float32, n int)")
	Pragma("noescape")
	Doc(name + " " + doc)
	y := Load(Param("y"), GP64())
	var from []reg.Register
	for _, in := range inputs {
		from = append(from, Load(Param(in), GP64()))
	}
	n := Load(Param("n"), GP64())
	var c []vec
	for _, v := range constants {
		c = append(c, constant(v))
	}
	i := GP64()
	XORQ(i, i)
	block := func(count int) {
		for u := range count {
			var in []vec
			for _, p := range from {
				x := YMM()
				VMOVUPS(operand.Mem{Base: p, Index: i, Scale: 4, Disp: 32 * u}, x)
				in = append(in, x)
			}
			VMOVUPS(f(in, c), operand.Mem{Base: y, Index: i, Scale: 4, Disp: 32 * u})
		}
		ADDQ(operand.U8(8*count), i)
	}
	SUBQ(operand.U8(24), n)
	JMP(operand.LabelRef("test4"))
	Label("loop4")
	block(4)
	Label("test4")
	CMPQ(i, n)
	JL(operand.LabelRef("loop4"))
	ADDQ(operand.U8(24), n)
	JMP(operand.LabelRef("test1"))
	Label("loop1")
	block(1)
	Label("test1")
	CMPQ(i, n)
	JL(operand.LabelRef("loop1"))
	VZEROUPPER()
	RET()
}

func floatBits(v float32) uint32 { return math.Float32bits(v) }

// constant fills a register with one number.
func constant(v float32) vec {
	x := YMM()
	if v == 0 {
		VXORPS(x, x, x)
		return x
	}
	bits := GP32()
	MOVL(operand.U32(floatBits(v)), bits)
	VMOVD(bits, x.AsX())
	VBROADCASTSS(x.AsX(), x)
	return x
}

// param fills a register with a float32 argument.
func param(name string) vec {
	x := YMM()
	m, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(m.Addr, x)
	return x
}

const (
	less      = 0x11 // ordered, quiet
	greater   = 0x1e
	unordered = 3
)

// extreme is the larger or smaller of a and b; a NaN of either stays.
func extreme(op func(a, b, c operand.Op), a, b vec) vec {
	r, nan := YMM(), YMM()
	op(b, a, r) // b's NaN comes through, a's does not
	VCMPPS(operand.U8(unordered), a, a, nan)
	VBLENDVPS(nan, a, r, r)
	return r
}

func elementwiseLoops() {
	ab, a := []string{"a", "b"}, []string{"a"}
	simple := func(op func(a, b, c operand.Op)) func(in, c []vec) vec {
		return func(in, _ []vec) vec { r := YMM(); op(in[1], in[0], r); return r }
	}
	vaddps := func(a, b, c operand.Op) { VADDPS(a, b, c) }
	vmaxps := func(a, b, c operand.Op) { VMAXPS(a, b, c) }
	vminps := func(a, b, c operand.Op) { VMINPS(a, b, c) }
	elementwise("addAVX2", "sets y to a+b.", ab, nil, simple(vaddps))
	elementwise("subAVX2", "sets y to a-b.", ab, nil, simple(func(a, b, c operand.Op) { VSUBPS(a, b, c) }))
	elementwise("mulAVX2", "sets y to a·b.", ab, nil, simple(func(a, b, c operand.Op) { VMULPS(a, b, c) }))
	elementwise("divAVX2", "sets y to a/b.", ab, nil, simple(func(a, b, c operand.Op) { VDIVPS(a, b, c) }))
	elementwise("maxAVX2", "sets y to the larger of a and b.", ab, nil, func(in, _ []vec) vec { return extreme(vmaxps, in[0], in[1]) })
	elementwise("minAVX2", "sets y to the smaller of a and b.", ab, nil, func(in, _ []vec) vec { return extreme(vminps, in[0], in[1]) })
	elementwise("reluAVX2", "sets y to a where it is over 0.", a, []float32{0}, func(in, c []vec) vec {
		r := YMM()
		VMAXPS(in[0], c[0], r)
		return r
	})
	elementwise("relu6AVX2", "sets y to a between 0 and 6.", a, []float32{0, 6}, func(in, c []vec) vec {
		r := YMM()
		VMAXPS(in[0], c[0], r)
		VMINPS(r, c[1], r)
		return r
	})
	elementwise("reluGradAVX2", "sets y to b where a is over 0.", ab, []float32{0}, func(in, c []vec) vec {
		m := YMM()
		VCMPPS(operand.U8(greater), c[0], in[0], m)
		VANDPS(in[1], m, m)
		return m
	})
	elementwise("relu6GradAVX2", "sets y to b where a is over 0 and under 6.", ab, []float32{0, 6}, func(in, c []vec) vec {
		m, l := YMM(), YMM()
		VCMPPS(operand.U8(greater), c[0], in[0], m)
		VCMPPS(operand.U8(less), c[1], in[0], l)
		VANDPS(l, m, m)
		VANDPS(in[1], m, m)
		return m
	})
}

// stream writes a loop over n elements of some slices, of which f changes
// those that it returns true for.
func stream(name, doc string, slices, scalars []string, f func(x map[string]vec, s map[string]vec), changed ...string) {
	signature := "func("
	for i, s := range slices {
		if i > 0 {
			signature += ", "
		}
		signature += s
	}
	signature += " *float32, n int"
	for _, s := range scalars {
		signature += ", " + s
	}
	if len(scalars) > 0 {
		signature += " float32"
	}
	TEXT(name, NOSPLIT, signature+")")
	Pragma("noescape")
	Doc(name + " " + doc)
	at := map[string]reg.Register{}
	for _, s := range slices {
		at[s] = Load(Param(s), GP64())
	}
	n := Load(Param("n"), GP64())
	scalar := map[string]vec{}
	for _, s := range scalars {
		scalar[s] = param(s)
	}
	i := GP64()
	XORQ(i, i)
	JMP(operand.LabelRef("test"))
	Label("loop")
	x := map[string]vec{}
	for _, s := range slices {
		x[s] = YMM()
		VMOVUPS(operand.Mem{Base: at[s], Index: i, Scale: 4}, x[s])
	}
	f(x, scalar)
	for _, s := range changed {
		VMOVUPS(x[s], operand.Mem{Base: at[s], Index: i, Scale: 4})
	}
	ADDQ(operand.U8(8), i)
	Label("test")
	CMPQ(i, n)
	JL(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func streamLoops() {
	stream("affineAVX2", "sets y to x·by + plus.", []string{"y", "x"}, []string{"by", "plus"}, func(x, s map[string]vec) {
		VMOVAPS(s["plus"], x["y"])
		VFMADD231PS(x["x"], s["by"], x["y"])
	}, "y")
	stream("axpyAVX2", "adds x·by to y.", []string{"y", "x"}, []string{"by"}, func(x, s map[string]vec) {
		VFMADD231PS(x["x"], s["by"], x["y"])
	}, "y")
	stream("momentumAVX2", "is a step of Momentum, without Nesterov's.", []string{"w", "a", "grad"}, []string{"lr", "momentum"}, func(x, s map[string]vec) {
		VFMADD132PS(s["momentum"], x["grad"], x["a"])
		VFNMADD231PS(x["a"], s["lr"], x["w"])
	}, "w", "a")
	stream("adamAVX2", "is a step of Adam.", []string{"w", "m", "v", "grad"}, []string{"alpha", "rest1", "rest2", "epsilon"}, func(x, s map[string]vec) {
		d := YMM()
		VSUBPS(x["m"], x["grad"], d)
		VFMADD231PS(d, s["rest1"], x["m"])
		VMULPS(x["grad"], x["grad"], d)
		VSUBPS(x["v"], d, d)
		VFMADD231PS(d, s["rest2"], x["v"])
		VSQRTPS(x["v"], d)
		VADDPS(s["epsilon"], d, d)
		u := YMM()
		VMULPS(x["m"], s["alpha"], u)
		VDIVPS(d, u, u)
		VSUBPS(u, x["w"], x["w"])
	}, "w", "m", "v")
	stream("rmsPropAVX2", "is a step of RMSProp, not centered.", []string{"w", "ms", "mom", "grad"}, []string{"lr", "rest", "momentum", "epsilon"}, func(x, s map[string]vec) {
		d := YMM()
		VMULPS(x["grad"], x["grad"], d)
		VSUBPS(x["ms"], d, d)
		VFMADD231PS(d, s["rest"], x["ms"])
		VADDPS(s["epsilon"], x["ms"], d)
		VSQRTPS(d, d)
		u := YMM()
		VMULPS(x["grad"], s["lr"], u)
		VDIVPS(d, u, u)
		VFMADD132PS(s["momentum"], u, x["mom"])
		VSUBPS(x["mom"], x["w"], x["w"])
	}, "w", "ms", "mom")
}

// dot writes the sum of x·y in float64.
func dot() {
	TEXT("dotAVX2", NOSPLIT, "func(x, y *float32, n int) float64")
	Pragma("noescape")
	Doc("dotAVX2 adds the products in float64.")
	x, y, n := Load(Param("x"), GP64()), Load(Param("y"), GP64()), Load(Param("n"), GP64())
	sums := []vec{YMM(), YMM()}
	for _, s := range sums {
		VXORPD(s, s, s)
	}
	i := GP64()
	XORQ(i, i)
	JMP(operand.LabelRef("test"))
	Label("loop")
	for u, s := range sums {
		a, b := YMM(), YMM()
		VCVTPS2PD(operand.Mem{Base: x, Index: i, Scale: 4, Disp: 16 * u}, a)
		VCVTPS2PD(operand.Mem{Base: y, Index: i, Scale: 4, Disp: 16 * u}, b)
		VFMADD231PD(a, b, s)
	}
	ADDQ(operand.U8(8), i)
	Label("test")
	CMPQ(i, n)
	JL(operand.LabelRef("loop"))
	VADDPD(sums[1], sums[0], sums[0])
	high := XMM()
	VEXTRACTF128(operand.U8(1), sums[0], high)
	low := sums[0].AsX()
	VADDPD(high, low, low)
	VHADDPD(low, low, low)
	Store(low, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// perRow writes a loop over rows of cols elements, where the vectors of one a
// column are read again for each row.
func perRow(name, doc string, streams, columns []string, f func(x, c map[string]operand.Mem) vec) {
	signature := "func(y"
	for _, s := range append(append([]string{}, streams...), columns...) {
		signature += ", " + s
	}
	TEXT(name, NOSPLIT, signature+" *float32, rows, cols int)")
	Pragma("noescape")
	Doc(name + " " + doc)
	at := map[string]reg.Register{"y": Load(Param("y"), GP64())}
	for _, s := range append(append([]string{}, streams...), columns...) {
		at[s] = Load(Param(s), GP64())
	}
	rows, cols := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	Label("row")
	j := GP64()
	XORQ(j, j)
	Label("column")
	x, c := map[string]operand.Mem{}, map[string]operand.Mem{}
	for _, s := range streams {
		x[s] = operand.Mem{Base: at[s], Index: j, Scale: 4}
	}
	for _, s := range columns {
		c[s] = operand.Mem{Base: at[s], Index: j, Scale: 4}
	}
	VMOVUPS(f(x, c), operand.Mem{Base: at["y"], Index: j, Scale: 4})
	ADDQ(operand.U8(8), j)
	CMPQ(j, cols)
	JL(operand.LabelRef("column"))
	for _, s := range append([]string{"y"}, streams...) {
		LEAQ(operand.Mem{Base: at[s], Index: cols, Scale: 4}, at[s])
	}
	DECQ(rows)
	JNE(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

func rowLoops() {
	perRow("normalizeAVX2", "sets y to x·scale + shift.", []string{"x"}, []string{"scale", "shift"}, func(x, c map[string]operand.Mem) vec {
		v, s := YMM(), YMM()
		VMOVUPS(x["x"], v)
		VMOVUPS(c["scale"], s)
		VFMADD213PS(c["shift"], s, v)
		return v
	})
	perRow("combineAVX2", "sets y to p·a + q·b + d.", []string{"p", "q"}, []string{"a", "b", "d"}, func(x, c map[string]operand.Mem) vec {
		r, v := YMM(), YMM()
		VMOVUPS(c["d"], r)
		VMOVUPS(x["p"], v)
		VFMADD231PS(c["a"], v, r)
		w := YMM()
		VMOVUPS(x["q"], w)
		VFMADD231PS(c["b"], w, r)
		return r
	})
}

// columns writes sums over rows, of four vectors of columns at a time or of
// one. f adds a row's vector to the sums; there are so many of them a column.
func columns(name, doc string, streams, perColumn []string, sums int, f func(x, c []vec, sum []vec)) {
	for _, width := range []int{2, 1} {
		full := fmt.Sprintf("%s%dAVX2", name, 8*width)
		signature := "func(sums"
		for _, s := range append(append([]string{}, streams...), perColumn...) {
			signature += ", " + s
		}
		TEXT(full, NOSPLIT, signature+" *float32, rows, stride int)")
		Pragma("noescape")
		Doc(full + fmt.Sprintf(" %s of %d columns.", doc, 8*width))
		var from []reg.Register
		for _, s := range streams {
			from = append(from, Load(Param(s), GP64()))
		}
		c := make([][]vec, width)
		for _, s := range perColumn {
			p := Load(Param(s), GP64())
			for w := range width {
				v := YMM()
				VMOVUPS(operand.Mem{Base: p, Disp: 32 * w}, v)
				c[w] = append(c[w], v)
			}
		}
		acc := make([][]vec, width)
		for w := range width {
			for range sums {
				v := YMM()
				VXORPS(v, v, v)
				acc[w] = append(acc[w], v)
			}
		}
		rows, stride := Load(Param("rows"), GP64()), Load(Param("stride"), GP64())
		Label("row")
		for w := range width {
			var x []vec
			for _, p := range from {
				v := YMM()
				VMOVUPS(operand.Mem{Base: p, Disp: 32 * w}, v)
				x = append(x, v)
			}
			f(x, c[w], acc[w])
		}
		for _, p := range from {
			LEAQ(operand.Mem{Base: p, Index: stride, Scale: 4}, p)
		}
		DECQ(rows)
		JNE(operand.LabelRef("row"))
		to := Load(Param("sums"), GP64())
		for s := range sums {
			for w := range width {
				VMOVUPS(acc[w][s], operand.Mem{Base: to, Disp: 32 * (s*width + w)})
			}
		}
		VZEROUPPER()
		RET()
	}
}

func columnLoops() {
	columns("columnSums", "adds up x", []string{"x"}, nil, 1, func(x, _, sum []vec) { VADDPS(x[0], sum[0], sum[0]) })
	columns("columnMoments", "adds up x-shift and its square", []string{"x"}, []string{"shift"}, 2, func(x, c, sum []vec) {
		VSUBPS(c[0], x[0], x[0])
		VADDPS(x[0], sum[0], sum[0])
		VFMADD231PS(x[0], x[0], sum[1])
	})
	columns("columnCentered", "adds up (x-mean)·dy and dy", []string{"x", "dy"}, []string{"mean"}, 2, func(x, c, sum []vec) {
		VSUBPS(c[0], x[0], x[0])
		VFMADD231PS(x[0], x[1], sum[0])
		VADDPS(x[1], sum[1], sum[1])
	})
}

// transpose writes the transposition of a block of eight rows and columns.
func transpose() {
	TEXT("transpose8AVX2", NOSPLIT, "func(dst *float32, dstStride int, src *float32, srcStride int)")
	Pragma("noescape")
	Doc("transpose8AVX2 sets dst[i·dstStride+j] to src[j·srcStride+i] for i and j < 8.")
	dst, ds := Load(Param("dst"), GP64()), Load(Param("dstStride"), GP64())
	src, ss := Load(Param("src"), GP64()), Load(Param("srcStride"), GP64())
	var r [8]vec
	for i := range r {
		r[i] = YMM()
		VMOVUPS(at(src, 0), r[i])
		LEAQ(operand.Mem{Base: src, Index: ss, Scale: 4}, src)
	}
	var t [8]vec
	for i := 0; i < 8; i += 2 {
		t[i], t[i+1] = YMM(), YMM()
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			VSHUFPS(operand.U8(0x44), t[i+j+2], t[i+j], r[i+2*j])
			VSHUFPS(operand.U8(0xee), t[i+j+2], t[i+j], r[i+2*j+1])
		}
	}
	for i := range 4 {
		VPERM2F128(operand.U8(0x20), r[i+4], r[i], t[i])
		VPERM2F128(operand.U8(0x31), r[i+4], r[i], t[i+4])
	}
	for i := range 8 {
		VMOVUPS(t[i], at(dst, 0))
		LEAQ(operand.Mem{Base: dst, Index: ds, Scale: 4}, dst)
	}
	VZEROUPPER()
	RET()
}

// firstEqual writes the gradient of a largest element: for each column, the
// first of some places in x that equals y has dy added in dx.
func firstEqual() {
	TEXT("firstEqualAVX2", NOSPLIT, "func(dx, x, y, dy *float32, places *int, count, n int)")
	Pragma("noescape")
	Doc("firstEqualAVX2 adds dy to dx at the first of the places where x equals y.")
	dx, x := Load(Param("dx"), GP64()), Load(Param("x"), GP64())
	y, dy := Load(Param("y"), GP64()), Load(Param("dy"), GP64())
	places, count := Load(Param("places"), GP64()), Load(Param("count"), GP64())
	n := Load(Param("n"), GP64())
	Label("column")
	largest, d, found := YMM(), YMM(), YMM()
	VMOVUPS(at(y, 0), largest)
	VMOVUPS(at(dy, 0), d)
	VXORPS(found, found, found)
	i, place := GP64(), GP64()
	XORQ(i, i)
	Label("place")
	MOVQ(operand.Mem{Base: places, Index: i, Scale: 8}, place)
	here, sum := YMM(), YMM()
	VCMPPS(operand.U8(0), operand.Mem{Base: x, Index: place, Scale: 4}, largest, here)
	VANDNPS(here, found, here)
	VORPS(here, found, found)
	VANDPS(d, here, here)
	VADDPS(operand.Mem{Base: dx, Index: place, Scale: 4}, here, sum)
	VMOVUPS(sum, operand.Mem{Base: dx, Index: place, Scale: 4})
	INCQ(i)
	CMPQ(i, count)
	JL(operand.LabelRef("place"))
	for _, p := range []reg.Register{dx, x, y, dy} {
		ADDQ(operand.U8(32), p)
	}
	SUBQ(operand.U8(8), n)
	JG(operand.LabelRef("column"))
	VZEROUPPER()
	RET()
}
