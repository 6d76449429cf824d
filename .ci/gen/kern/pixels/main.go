// Command pixels writes the assembly of stdlib/internal/picture/pixels with
// avo:
//
//	go -C .ci/gen/kern run ./pixels -out ../../../stdlib/internal/picture/pixels/pixels_amd64.s -stubs ../../../stdlib/internal/picture/pixels/stubs_amd64.go -pkg pixels
package main

import (
	"github.com/mmcloughlin/avo/attr"
	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	asm.ConstraintExpr("!purego")
	mix()
	colours()
	inverse()
	asm.Generate()
}

func function(name, signature, doc string) {
	asm.TEXT(name, asm.NOSPLIT, signature)
	asm.Pragma("noescape")
	asm.Doc(doc)
}

// table is constants in memory.
func table[T operand.Constant](name string, values ...T) operand.Mem {
	m := asm.GLOBL(name, attr.RODATA|attr.NOPTR)
	at := 0
	for _, v := range values {
		asm.DATA(at, v)
		at += v.Bytes()
	}
	return m
}

func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }

func pointer(name string) reg.Register { return asm.Load(asm.Param(name), asm.GP64()) }

// mix writes a row between two others.
func mix() {
	function("mixAVX2", "func(dst, a, b *float32, n int, part, minus, times float32)",
		"mixAVX2 sets n values, a multiple of 8, to (a + (b-a)·part - minus)·times.")
	dst, a, b, n := pointer("dst"), pointer("a"), pointer("b"), pointer("n")
	all := map[string]reg.VecVirtual{}
	for _, name := range []string{"part", "minus", "times"} {
		x, y := asm.Load(asm.Param(name), asm.XMM()), asm.YMM()
		asm.VBROADCASTSS(x, y)
		all[name] = y
	}
	asm.Label("mix")
	x, y := asm.YMM(), asm.YMM()
	asm.VMOVUPS(at(a, 0), x)
	asm.VMOVUPS(at(b, 0), y)
	asm.VSUBPS(x, y, y)
	asm.VMULPS(all["part"], y, y)
	asm.VADDPS(x, y, y)
	asm.VSUBPS(all["minus"], y, y)
	asm.VMULPS(all["times"], y, y)
	asm.VMOVUPS(y, at(dst, 0))
	for _, p := range []reg.Register{dst, a, b} {
		asm.ADDQ(operand.U8(32), p)
	}
	asm.SUBQ(operand.U8(8), n)
	asm.JG(operand.LabelRef("mix"))
	asm.VZEROUPPER()
	asm.RET()
}

// all8 is a constant in each of 8 lanes.
func all8(x int32) reg.VecVirtual {
	g, v := asm.GP32(), asm.XMM()
	asm.MOVL(operand.I32(x), g)
	asm.VMOVD(g, v)
	y := asm.YMM()
	asm.VPBROADCASTD(v, y)
	return y
}

// colours writes luma and chroma as red, green and blue.
func colours() {
	order := table[operand.U32]("interleaved", 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 7)
	function("coloursAVX2", "func(dst *float32, luma, cb, cr *byte, n int, by float32)",
		"coloursAVX2 makes red, green and blue of n pixels, a multiple of 8, times by.")
	dst, luma, cb, cr, n := pointer("dst"), pointer("luma"), pointer("cb"), pointer("cr"), pointer("n")
	by := asm.YMM()
	asm.VBROADCASTSS(asm.Load(asm.Param("by"), asm.XMM()), by)
	middle, half, most, zero := all8(128), all8(1<<15), all8(255), all8(0)
	asm.Label("pixels")
	y, u, v := asm.YMM(), asm.YMM(), asm.YMM()
	asm.VPMOVZXBD(at(luma, 0), y)
	asm.VPMOVZXBD(at(cb, 0), u)
	asm.VPMOVZXBD(at(cr, 0), v)
	asm.VPSUBD(middle, u, u)
	asm.VPSUBD(middle, v, v)
	times := func(x reg.VecVirtual, f int32) reg.VecVirtual {
		out := all8(f)
		asm.VPMULLD(x, out, out)
		return out
	}
	level := func(sum reg.VecVirtual) {
		asm.VPADDD(half, sum, sum)
		asm.VPSRAD(operand.U8(16), sum, sum)
		asm.VPADDD(y, sum, sum)
		asm.VPMAXSD(zero, sum, sum)
		asm.VPMINSD(most, sum, sum)
		asm.VCVTDQ2PS(sum, sum)
		asm.VMULPS(by, sum, sum)
	}
	r, b, g, more := times(v, 91881), times(u, 116130), times(u, -22554), times(v, -46802)
	asm.VPADDD(more, g, g)
	level(r)
	level(g)
	level(b)
	// Lanes 0, 3 and 6 are of the first, 1, 4 and 7 of the second, 2 and 5 of
	// the third.
	for i, c := range [][3]reg.VecVirtual{{r, g, b}, {b, r, g}, {g, b, r}} {
		index, first, second, third := asm.YMM(), asm.YMM(), asm.YMM(), asm.YMM()
		asm.VMOVDQU(order.Offset(32*i), index)
		asm.VPERMPS(c[0], index, first)
		asm.VPERMPS(c[1], index, second)
		asm.VPERMPS(c[2], index, third)
		asm.VBLENDPS(operand.U8(0b10010010), second, first, first)
		asm.VBLENDPS(operand.U8(0b00100100), third, first, first)
		asm.VMOVUPS(first, at(dst, 32*i))
	}
	asm.ADDQ(operand.U8(96), dst)
	for _, p := range []reg.Register{luma, cb, cr} {
		asm.ADDQ(operand.U8(8), p)
	}
	asm.SUBQ(operand.U8(8), n)
	asm.JG(operand.LabelRef("pixels"))
	asm.VZEROUPPER()
	asm.RET()
}

// inverse writes the fast inverse DCT of a block.
func inverse() {
	factors := map[string]operand.Mem{}
	for _, f := range []struct {
		name  string
		value int16
	}{{"f1082", 277 << 6}, {"f1414", 362 << 6}, {"f1847", 473 << 6}, {"f1613", -413 << 6}} {
		v := operand.U16(uint16(f.value))
		factors[f.name] = table(f.name, v, v, v, v, v, v, v, v)
	}
	middle := table("middle", operand.U64(0x8080808080808080), operand.U64(0x8080808080808080))
	function("inverseAVX2", "func(dst *byte, stride int, x *[64]int16)", "inverseAVX2 writes the pixels of a block.")
	dst, stride, x := pointer("dst"), pointer("stride"), pointer("x")
	t := &dct{factors: factors}
	var rows [8]reg.VecVirtual
	for i := range rows {
		rows[i] = asm.XMM()
		asm.VMOVDQU(at(x, 16*i), rows[i])
	}
	rows = transposed(t.transform(rows))
	rows = t.transform(rows)
	for _, r := range rows {
		asm.VPSRAW(operand.U8(5), r, r)
	}
	for i, r := range pixels(rows) {
		asm.VPXOR(middle, r, r)
		asm.VMOVQ(r, at(dst, 0))
		asm.ADDQ(stride, dst)
		asm.VMOVHPS(r, at(dst, 0))
		if i < 3 {
			asm.ADDQ(stride, dst)
		}
	}
	asm.RET()
}

// two is an instruction of two sources.
type two func(ops ...operand.Op)

func of(do two, b, a reg.VecVirtual) reg.VecVirtual {
	out := asm.XMM()
	do(b, a, out)
	return out
}

// transposed is 8 rows of 8 words as columns.
func transposed(r [8]reg.VecVirtual) (out [8]reg.VecVirtual) {
	stage := func(low, high two, r [8]reg.VecVirtual) (out [8]reg.VecVirtual) {
		for i := range 4 {
			out[2*i], out[2*i+1] = of(low, r[i+4], r[i]), of(high, r[i+4], r[i])
		}
		return out
	}
	for range 3 {
		r = stage(asm.VPUNPCKLWD, asm.VPUNPCKHWD, r)
	}
	return r
}

// pixels is 8 columns of 8 words as 4 registers of two rows of bytes.
func pixels(c [8]reg.VecVirtual) (out [4]reg.VecVirtual) {
	var u [4]reg.VecVirtual // columns 0 … 3 of rows 0 … 3 and 4 … 7, columns 4 … 7 likewise
	for i := range 2 {
		c := c[4*i:]
		a, b := of(asm.VPACKSSWB, c[2], c[0]), of(asm.VPACKSSWB, c[3], c[1])
		low, high := of(asm.VPUNPCKLBW, b, a), of(asm.VPUNPCKHBW, b, a)
		u[2*i], u[2*i+1] = of(asm.VPUNPCKLWD, high, low), of(asm.VPUNPCKHWD, high, low)
	}
	for i := range 2 {
		out[2*i], out[2*i+1] = of(asm.VPUNPCKLDQ, u[2+i], u[i]), of(asm.VPUNPCKHDQ, u[2+i], u[i])
	}
	return out
}

// dct is the transform of package pixels, on 8 columns at a time.
type dct struct{ factors map[string]operand.Mem }

func (t *dct) mul(x reg.VecVirtual, f string) reg.VecVirtual {
	out := asm.XMM()
	asm.VPSLLW(operand.U8(2), x, out)
	asm.VPMULHW(t.factors[f], out, out)
	return out
}

func (t *dct) transform(in [8]reg.VecVirtual) (out [8]reg.VecVirtual) {
	add := func(a, b reg.VecVirtual) reg.VecVirtual { return of(asm.VPADDW, b, a) }
	sub := func(a, b reg.VecVirtual) reg.VecVirtual { return of(asm.VPSUBW, b, a) }
	a, b, c, d, e, f, g, h := in[0], in[1], in[2], in[3], in[4], in[5], in[6], in[7]
	sum, diff, s2 := add(a, e), sub(a, e), add(c, g)
	d2 := sub(t.mul(sub(c, g), "f1414"), s2)
	t0, t3, t1, t2 := add(sum, s2), sub(sum, s2), add(diff, d2), sub(diff, d2)
	z13, z10, z11, z12 := add(f, d), sub(f, d), add(b, h), sub(b, h)
	t7 := add(z11, z13)
	z5 := t.mul(add(z10, z12), "f1847")
	t6 := sub(add(sub(t.mul(z10, "f1613"), z10), z5), t7)
	t5 := sub(t.mul(sub(z11, z13), "f1414"), t6)
	t4 := add(sub(t.mul(z12, "f1082"), z5), t5)
	return [8]reg.VecVirtual{add(t0, t7), add(t1, t6), add(t2, t5), sub(t3, t4), add(t3, t4), sub(t2, t5), sub(t1, t6), sub(t0, t7)}
}
