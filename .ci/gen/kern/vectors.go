package main

import (
	"fmt"
	"math"

	asm "github.com/mmcloughlin/avo/build"
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
	asm.TEXT(name, asm.NOSPLIT, signature+" *float32, n int)")
	asm.Pragma("noescape")
	asm.Doc(name + " " + doc)
	y := asm.Load(asm.Param("y"), asm.GP64())
	var from []reg.Register
	for _, in := range inputs {
		from = append(from, asm.Load(asm.Param(in), asm.GP64()))
	}
	n := asm.Load(asm.Param("n"), asm.GP64())
	var c []vec
	for _, v := range constants {
		c = append(c, constant(v))
	}
	i := asm.GP64()
	asm.XORQ(i, i)
	block := func(count int) {
		for u := range count {
			var in []vec
			for _, p := range from {
				x := asm.YMM()
				asm.VMOVUPS(operand.Mem{Base: p, Index: i, Scale: 4, Disp: 32 * u}, x)
				in = append(in, x)
			}
			asm.VMOVUPS(f(in, c), operand.Mem{Base: y, Index: i, Scale: 4, Disp: 32 * u})
		}
		asm.ADDQ(operand.U8(8*count), i)
	}
	asm.SUBQ(operand.U8(24), n)
	asm.JMP(operand.LabelRef("test4"))
	asm.Label("loop4")
	block(4)
	asm.Label("test4")
	asm.CMPQ(i, n)
	asm.JL(operand.LabelRef("loop4"))
	asm.ADDQ(operand.U8(24), n)
	asm.JMP(operand.LabelRef("test1"))
	asm.Label("loop1")
	block(1)
	asm.Label("test1")
	asm.CMPQ(i, n)
	asm.JL(operand.LabelRef("loop1"))
	asm.VZEROUPPER()
	asm.RET()
}

func floatBits(v float32) uint32 { return math.Float32bits(v) }

// constant fills a register with one number.
func constant(v float32) vec {
	if v != 0 {
		return avx2.set(v)
	}
	x := asm.YMM()
	asm.VXORPS(x, x, x)
	return x
}

const (
	less      = 0x11 // ordered, quiet
	greater   = 0x1e
	unordered = 3
)

// extreme is the larger or smaller of a and b; a NaN of either stays.
func extreme(op func(a, b, c operand.Op), a, b vec) vec {
	r, nan := asm.YMM(), asm.YMM()
	op(b, a, r) // b's NaN comes through, a's does not
	asm.VCMPPS(operand.U8(unordered), a, a, nan)
	asm.VBLENDVPS(nan, a, r, r)
	return r
}

func elementwiseLoops() {
	ab, a := []string{"a", "b"}, []string{"a"}
	simple := func(op func(a, b, c operand.Op)) func(in, c []vec) vec {
		return func(in, _ []vec) vec { r := asm.YMM(); op(in[1], in[0], r); return r }
	}
	vaddps := func(a, b, c operand.Op) { asm.VADDPS(a, b, c) }
	vmaxps := func(a, b, c operand.Op) { asm.VMAXPS(a, b, c) }
	vminps := func(a, b, c operand.Op) { asm.VMINPS(a, b, c) }
	elementwise("addAVX2", "sets y to a+b.", ab, nil, simple(vaddps))
	elementwise("subAVX2", "sets y to a-b.", ab, nil, simple(func(a, b, c operand.Op) { asm.VSUBPS(a, b, c) }))
	elementwise("mulAVX2", "sets y to a·b.", ab, nil, simple(func(a, b, c operand.Op) { asm.VMULPS(a, b, c) }))
	elementwise("divAVX2", "sets y to a/b.", ab, nil, simple(func(a, b, c operand.Op) { asm.VDIVPS(a, b, c) }))
	elementwise("maxAVX2", "sets y to the larger of a and b.", ab, nil, func(in, _ []vec) vec { return extreme(vmaxps, in[0], in[1]) })
	elementwise("minAVX2", "sets y to the smaller of a and b.", ab, nil, func(in, _ []vec) vec { return extreme(vminps, in[0], in[1]) })
	elementwise("reluAVX2", "sets y to a where it is over 0.", a, []float32{0}, func(in, c []vec) vec {
		r := asm.YMM()
		asm.VMAXPS(in[0], c[0], r)
		return r
	})
	elementwise("relu6AVX2", "sets y to a between 0 and 6.", a, []float32{0, 6}, func(in, c []vec) vec {
		r := asm.YMM()
		asm.VMAXPS(in[0], c[0], r)
		asm.VMINPS(r, c[1], r)
		return r
	})
	elementwise("reluGradAVX2", "sets y to b where a is over 0.", ab, []float32{0}, func(in, c []vec) vec {
		m := asm.YMM()
		asm.VCMPPS(operand.U8(greater), c[0], in[0], m)
		asm.VANDPS(in[1], m, m)
		return m
	})
	elementwise("relu6GradAVX2", "sets y to b where a is over 0 and under 6.", ab, []float32{0, 6}, func(in, c []vec) vec {
		m, l := asm.YMM(), asm.YMM()
		asm.VCMPPS(operand.U8(greater), c[0], in[0], m)
		asm.VCMPPS(operand.U8(less), c[1], in[0], l)
		asm.VANDPS(l, m, m)
		asm.VANDPS(in[1], m, m)
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
	asm.TEXT(name, asm.NOSPLIT, signature+")")
	asm.Pragma("noescape")
	asm.Doc(name + " " + doc)
	at := map[string]reg.Register{}
	for _, s := range slices {
		at[s] = asm.Load(asm.Param(s), asm.GP64())
	}
	n := asm.Load(asm.Param("n"), asm.GP64())
	scalar := map[string]vec{}
	for _, s := range scalars {
		scalar[s] = avx2.broadcast(s)
	}
	i := asm.GP64()
	asm.XORQ(i, i)
	asm.JMP(operand.LabelRef("test"))
	asm.Label("loop")
	x := map[string]vec{}
	for _, s := range slices {
		x[s] = asm.YMM()
		asm.VMOVUPS(operand.Mem{Base: at[s], Index: i, Scale: 4}, x[s])
	}
	f(x, scalar)
	for _, s := range changed {
		asm.VMOVUPS(x[s], operand.Mem{Base: at[s], Index: i, Scale: 4})
	}
	asm.ADDQ(operand.U8(8), i)
	asm.Label("test")
	asm.CMPQ(i, n)
	asm.JL(operand.LabelRef("loop"))
	asm.VZEROUPPER()
	asm.RET()
}

func streamLoops() {
	stream("affineAVX2", "sets y to x·by + plus.", []string{"y", "x"}, []string{"by", "plus"}, func(x, s map[string]vec) {
		asm.VMOVAPS(s["plus"], x["y"])
		asm.VFMADD231PS(x["x"], s["by"], x["y"])
	}, "y")
	stream("axpyAVX2", "adds x·by to y.", []string{"y", "x"}, []string{"by"}, func(x, s map[string]vec) {
		asm.VFMADD231PS(x["x"], s["by"], x["y"])
	}, "y")
	stream("momentumAVX2", "is a step of Momentum, without Nesterov's.", []string{"w", "a", "grad"}, []string{"lr", "momentum"}, func(x, s map[string]vec) {
		asm.VFMADD132PS(s["momentum"], x["grad"], x["a"])
		asm.VFNMADD231PS(x["a"], s["lr"], x["w"])
	}, "w", "a")
	stream("adamAVX2", "is a step of Adam.", []string{"w", "m", "v", "grad"}, []string{"alpha", "rest1", "rest2", "epsilon"}, func(x, s map[string]vec) {
		d := asm.YMM()
		asm.VSUBPS(x["m"], x["grad"], d)
		asm.VFMADD231PS(d, s["rest1"], x["m"])
		asm.VMULPS(x["grad"], x["grad"], d)
		asm.VSUBPS(x["v"], d, d)
		asm.VFMADD231PS(d, s["rest2"], x["v"])
		asm.VSQRTPS(x["v"], d)
		asm.VADDPS(s["epsilon"], d, d)
		u := asm.YMM()
		asm.VMULPS(x["m"], s["alpha"], u)
		asm.VDIVPS(d, u, u)
		asm.VSUBPS(u, x["w"], x["w"])
	}, "w", "m", "v")
	stream("rmsPropAVX2", "is a step of RMSProp, not centered.", []string{"w", "ms", "mom", "grad"}, []string{"lr", "rest", "momentum", "epsilon"}, func(x, s map[string]vec) {
		d := asm.YMM()
		asm.VMULPS(x["grad"], x["grad"], d)
		asm.VSUBPS(x["ms"], d, d)
		asm.VFMADD231PS(d, s["rest"], x["ms"])
		asm.VADDPS(s["epsilon"], x["ms"], d)
		asm.VSQRTPS(d, d)
		u := asm.YMM()
		asm.VMULPS(x["grad"], s["lr"], u)
		asm.VDIVPS(d, u, u)
		asm.VFMADD132PS(s["momentum"], u, x["mom"])
		asm.VSUBPS(x["mom"], x["w"], x["w"])
	}, "w", "ms", "mom")
}

// dot writes the sum of x·y in float64.
func dot() {
	asm.TEXT("dotAVX2", asm.NOSPLIT, "func(x, y *float32, n int) float64")
	asm.Pragma("noescape")
	asm.Doc("dotAVX2 adds the products in float64.")
	x, y, n := asm.Load(asm.Param("x"), asm.GP64()), asm.Load(asm.Param("y"), asm.GP64()), asm.Load(asm.Param("n"), asm.GP64())
	sums := []vec{asm.YMM(), asm.YMM()}
	for _, s := range sums {
		asm.VXORPD(s, s, s)
	}
	i := asm.GP64()
	asm.XORQ(i, i)
	asm.JMP(operand.LabelRef("test"))
	asm.Label("loop")
	for u, s := range sums {
		a, b := asm.YMM(), asm.YMM()
		asm.VCVTPS2PD(operand.Mem{Base: x, Index: i, Scale: 4, Disp: 16 * u}, a)
		asm.VCVTPS2PD(operand.Mem{Base: y, Index: i, Scale: 4, Disp: 16 * u}, b)
		asm.VFMADD231PD(a, b, s)
	}
	asm.ADDQ(operand.U8(8), i)
	asm.Label("test")
	asm.CMPQ(i, n)
	asm.JL(operand.LabelRef("loop"))
	asm.VADDPD(sums[1], sums[0], sums[0])
	high := asm.XMM()
	asm.VEXTRACTF128(operand.U8(1), sums[0], high)
	low := sums[0].AsX()
	asm.VADDPD(high, low, low)
	asm.VHADDPD(low, low, low)
	asm.Store(low, asm.ReturnIndex(0))
	asm.VZEROUPPER()
	asm.RET()
}

// perRow writes a loop over rows of cols elements, where the vectors of one a
// column are read again for each row.
func perRow(name, doc string, streams, columns []string, f func(x, c map[string]operand.Mem) vec) {
	signature := "func(y"
	for _, s := range append(append([]string{}, streams...), columns...) {
		signature += ", " + s
	}
	asm.TEXT(name, asm.NOSPLIT, signature+" *float32, rows, cols int)")
	asm.Pragma("noescape")
	asm.Doc(name + " " + doc)
	at := map[string]reg.Register{"y": asm.Load(asm.Param("y"), asm.GP64())}
	for _, s := range append(append([]string{}, streams...), columns...) {
		at[s] = asm.Load(asm.Param(s), asm.GP64())
	}
	rows, cols := asm.Load(asm.Param("rows"), asm.GP64()), asm.Load(asm.Param("cols"), asm.GP64())
	asm.Label("row")
	j := asm.GP64()
	asm.XORQ(j, j)
	asm.Label("column")
	x, c := map[string]operand.Mem{}, map[string]operand.Mem{}
	for _, s := range streams {
		x[s] = operand.Mem{Base: at[s], Index: j, Scale: 4}
	}
	for _, s := range columns {
		c[s] = operand.Mem{Base: at[s], Index: j, Scale: 4}
	}
	asm.VMOVUPS(f(x, c), operand.Mem{Base: at["y"], Index: j, Scale: 4})
	asm.ADDQ(operand.U8(8), j)
	asm.CMPQ(j, cols)
	asm.JL(operand.LabelRef("column"))
	for _, s := range append([]string{"y"}, streams...) {
		asm.LEAQ(operand.Mem{Base: at[s], Index: cols, Scale: 4}, at[s])
	}
	asm.DECQ(rows)
	asm.JNE(operand.LabelRef("row"))
	asm.VZEROUPPER()
	asm.RET()
}

func rowLoops() {
	perRow("normalizeAVX2", "sets y to x·scale + shift.", []string{"x"}, []string{"scale", "shift"}, func(x, c map[string]operand.Mem) vec {
		v, s := asm.YMM(), asm.YMM()
		asm.VMOVUPS(x["x"], v)
		asm.VMOVUPS(c["scale"], s)
		asm.VFMADD213PS(c["shift"], s, v)
		return v
	})
	perRow("combineAVX2", "sets y to p·a + q·b + d.", []string{"p", "q"}, []string{"a", "b", "d"}, func(x, c map[string]operand.Mem) vec {
		r, v := asm.YMM(), asm.YMM()
		asm.VMOVUPS(c["d"], r)
		asm.VMOVUPS(x["p"], v)
		asm.VFMADD231PS(c["a"], v, r)
		w := asm.YMM()
		asm.VMOVUPS(x["q"], w)
		asm.VFMADD231PS(c["b"], w, r)
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
		asm.TEXT(full, asm.NOSPLIT, signature+" *float32, rows, stride int)")
		asm.Pragma("noescape")
		asm.Doc(full + fmt.Sprintf(" %s of %d columns.", doc, 8*width))
		var from []reg.Register
		for _, s := range streams {
			from = append(from, asm.Load(asm.Param(s), asm.GP64()))
		}
		c := make([][]vec, width)
		for _, s := range perColumn {
			p := asm.Load(asm.Param(s), asm.GP64())
			for w := range width {
				v := asm.YMM()
				asm.VMOVUPS(operand.Mem{Base: p, Disp: 32 * w}, v)
				c[w] = append(c[w], v)
			}
		}
		acc := make([][]vec, width)
		for w := range width {
			for range sums {
				v := asm.YMM()
				asm.VXORPS(v, v, v)
				acc[w] = append(acc[w], v)
			}
		}
		rows, stride := asm.Load(asm.Param("rows"), asm.GP64()), asm.Load(asm.Param("stride"), asm.GP64())
		asm.Label("row")
		for w := range width {
			var x []vec
			for _, p := range from {
				v := asm.YMM()
				asm.VMOVUPS(operand.Mem{Base: p, Disp: 32 * w}, v)
				x = append(x, v)
			}
			f(x, c[w], acc[w])
		}
		for _, p := range from {
			asm.LEAQ(operand.Mem{Base: p, Index: stride, Scale: 4}, p)
		}
		asm.DECQ(rows)
		asm.JNE(operand.LabelRef("row"))
		to := asm.Load(asm.Param("sums"), asm.GP64())
		for s := range sums {
			for w := range width {
				asm.VMOVUPS(acc[w][s], operand.Mem{Base: to, Disp: 32 * (s*width + w)})
			}
		}
		asm.VZEROUPPER()
		asm.RET()
	}
}

func columnLoops() {
	columns("columnSums", "adds up x", []string{"x"}, nil, 1, func(x, _, sum []vec) { asm.VADDPS(x[0], sum[0], sum[0]) })
	columns("columnMoments", "adds up x-shift and its square", []string{"x"}, []string{"shift"}, 2, func(x, c, sum []vec) {
		asm.VSUBPS(c[0], x[0], x[0])
		asm.VADDPS(x[0], sum[0], sum[0])
		asm.VFMADD231PS(x[0], x[0], sum[1])
	})
	columns("columnCentered", "adds up (x-mean)·dy and dy", []string{"x", "dy"}, []string{"mean"}, 2, func(x, c, sum []vec) {
		asm.VSUBPS(c[0], x[0], x[0])
		asm.VFMADD231PS(x[0], x[1], sum[0])
		asm.VADDPS(x[1], sum[1], sum[1])
	})
}

// prefetch writes a loop that asks for memory that is soon read, a line of 64
// bytes at a time and in order, which the processor does not see in strides.
func prefetch() {
	asm.TEXT("prefetch", asm.NOSPLIT, "func(x *float32, n int)")
	asm.Pragma("noescape")
	asm.Doc("prefetch asks for n elements.")
	x, n := asm.Load(asm.Param("x"), asm.GP64()), asm.Load(asm.Param("n"), asm.GP64())
	asm.Label("line")
	asm.PREFETCHT0(at(x, 0))
	asm.ADDQ(operand.U8(64), x)
	asm.SUBQ(operand.U8(16), n)
	asm.JG(operand.LabelRef("line"))
	asm.RET()
}

// shift writes a loop over whole numbers.
func shift() {
	asm.TEXT("shiftAVX2", asm.NOSPLIT, "func(y, x *int, by, n int)")
	asm.Pragma("noescape")
	asm.Doc("shiftAVX2 sets n elements of y, a multiple of four, to x+by.")
	y, x := asm.Load(asm.Param("y"), asm.GP64()), asm.Load(asm.Param("x"), asm.GP64())
	by, v, n := asm.YMM(), asm.YMM(), asm.GP64()
	m, err := asm.Param("by").Resolve()
	if err != nil {
		panic(err)
	}
	asm.VPBROADCASTQ(m.Addr, by)
	asm.Load(asm.Param("n"), n)
	asm.Label("four")
	asm.VPADDQ(at(x, 0), by, v)
	asm.VMOVDQU(v, at(y, 0))
	asm.ADDQ(operand.U8(32), x)
	asm.ADDQ(operand.U8(32), y)
	asm.SUBQ(operand.U8(4), n)
	asm.JG(operand.LabelRef("four"))
	asm.VZEROUPPER()
	asm.RET()
}

// transpose writes the transposition of a block of eight rows and columns.
func transpose() {
	asm.TEXT("transpose8AVX2", asm.NOSPLIT, "func(dst *float32, dstStride int, src *float32, srcStride int)")
	asm.Pragma("noescape")
	asm.Doc("transpose8AVX2 sets dst[i·dstStride+j] to src[j·srcStride+i] for i and j < 8.")
	dst, ds := asm.Load(asm.Param("dst"), asm.GP64()), asm.Load(asm.Param("dstStride"), asm.GP64())
	src, ss := asm.Load(asm.Param("src"), asm.GP64()), asm.Load(asm.Param("srcStride"), asm.GP64())
	var r [8]vec
	for i := range r {
		r[i] = asm.YMM()
		asm.VMOVUPS(at(src, 0), r[i])
		asm.LEAQ(operand.Mem{Base: src, Index: ss, Scale: 4}, src)
	}
	var t [8]vec
	for i := 0; i < 8; i += 2 {
		t[i], t[i+1] = asm.YMM(), asm.YMM()
		asm.VUNPCKLPS(r[i+1], r[i], t[i])
		asm.VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	for i := 0; i < 8; i += 4 {
		for j := range 2 {
			asm.VSHUFPS(operand.U8(0x44), t[i+j+2], t[i+j], r[i+2*j])
			asm.VSHUFPS(operand.U8(0xee), t[i+j+2], t[i+j], r[i+2*j+1])
		}
	}
	for i := range 4 {
		asm.VPERM2F128(operand.U8(0x20), r[i+4], r[i], t[i])
		asm.VPERM2F128(operand.U8(0x31), r[i+4], r[i], t[i+4])
	}
	for i := range 8 {
		asm.VMOVUPS(t[i], at(dst, 0))
		asm.LEAQ(operand.Mem{Base: dst, Index: ds, Scale: 4}, dst)
	}
	asm.VZEROUPPER()
	asm.RET()
}

// firstEqual writes the gradient of a largest element: for each column, the
// first of some places in x that equals y has dy added in dx.
func firstEqual() {
	asm.TEXT("firstEqualAVX2", asm.NOSPLIT, "func(dx, x, y, dy *float32, places *int, count, n int)")
	asm.Pragma("noescape")
	asm.Doc("firstEqualAVX2 adds dy to dx at the first of the places where x equals y.")
	dx, x := asm.Load(asm.Param("dx"), asm.GP64()), asm.Load(asm.Param("x"), asm.GP64())
	y, dy := asm.Load(asm.Param("y"), asm.GP64()), asm.Load(asm.Param("dy"), asm.GP64())
	places, count := asm.Load(asm.Param("places"), asm.GP64()), asm.Load(asm.Param("count"), asm.GP64())
	n := asm.Load(asm.Param("n"), asm.GP64())
	asm.Label("column")
	largest, d, found := asm.YMM(), asm.YMM(), asm.YMM()
	asm.VMOVUPS(at(y, 0), largest)
	asm.VMOVUPS(at(dy, 0), d)
	asm.VXORPS(found, found, found)
	i, place := asm.GP64(), asm.GP64()
	asm.XORQ(i, i)
	asm.Label("place")
	asm.MOVQ(operand.Mem{Base: places, Index: i, Scale: 8}, place)
	here, sum := asm.YMM(), asm.YMM()
	asm.VCMPPS(operand.U8(0), operand.Mem{Base: x, Index: place, Scale: 4}, largest, here)
	asm.VANDNPS(here, found, here)
	asm.VORPS(here, found, found)
	asm.VANDPS(d, here, here)
	asm.VADDPS(operand.Mem{Base: dx, Index: place, Scale: 4}, here, sum)
	asm.VMOVUPS(sum, operand.Mem{Base: dx, Index: place, Scale: 4})
	asm.INCQ(i)
	asm.CMPQ(i, count)
	asm.JL(operand.LabelRef("place"))
	for _, p := range []reg.Register{dx, x, y, dy} {
		asm.ADDQ(operand.U8(32), p)
	}
	asm.SUBQ(operand.U8(8), n)
	asm.JG(operand.LabelRef("column"))
	asm.VZEROUPPER()
	asm.RET()
}
