package main

import (
	"fmt"

	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Winograd's F(4×4, 3×3) and F(2×2, 3×3), from Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks" (2015): the transforms of up to
// six values that are applied to the columns of a tile, then to its rows.

func (v isa) new() vec {
	if v.lanes == 16 {
		return asm.ZMM()
	}
	return asm.YMM()
}

func (v isa) set(value float32) vec {
	x := v.new()
	bits := asm.GP32()
	asm.MOVL(operand.U32(floatBits(value)), bits)
	low := asm.XMM()
	asm.VMOVD(bits, low)
	asm.VBROADCASTSS(low, x)
	return x
}

// broadcast fills a register with a float32 argument.
func (v isa) broadcast(name string) vec {
	x := v.new()
	m, err := asm.Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	asm.VBROADCASTSS(m.Addr, x)
	return x
}

func (v isa) add(a, b vec) vec { x := v.new(); asm.VADDPS(a, b, x); return x }

func (v isa) sub(a, b vec) vec { x := v.new(); asm.VSUBPS(b, a, x); return x }

// in4 is Bᵀ·d.
func (v isa) in4(d [6]vec, c map[float32]vec) []vec {
	var r [6]vec
	add, sub := v.add, v.sub
	// muladd is a·k + b, and mulsub b - a·k.
	muladd := func(a vec, k float32, b vec) vec { asm.VFMADD231PS(a, c[k], b); return b }
	mulsub := func(a vec, k float32, b vec) vec { asm.VFNMADD231PS(a, c[k], b); return b }
	copied := func(a vec) vec { x := v.new(); asm.VMOVAPS(a, x); return x }
	s := mulsub(d[2], 4, copied(d[4])) // d4 - 4·d2
	t := mulsub(d[1], 4, copied(d[3])) // d3 - 4·d1
	r[1], r[2] = add(s, t), sub(s, t)
	s2 := sub(d[4], d[2])
	t2 := sub(d[3], d[1])
	r[3], r[4] = muladd(t2, 2, copied(s2)), mulsub(t2, 2, s2)
	r[0] = muladd(d[0], 4, mulsub(d[2], 5, d[4]))
	r[5] = muladd(d[1], 4, mulsub(d[3], 5, d[5]))
	return r[:]
}

// out4 is Aᵀ·m, four values.
func (v isa) out4(m [6]vec, c map[float32]vec) []vec {
	var r [4]vec
	add, sub := v.add, v.sub
	p, q := add(m[1], m[2]), sub(m[1], m[2])
	s, t := add(m[3], m[4]), sub(m[3], m[4])
	r[0] = add(add(m[0], p), s)
	r[1] = v.new()
	asm.VMOVAPS(q, r[1])
	asm.VFMADD231PS(t, c[2], r[1])
	asm.VFMADD231PS(s, c[4], p)
	r[2] = p
	asm.VADDPS(m[5], q, q)
	asm.VFMADD231PS(t, c[8], q)
	r[3] = q
	return r[:]
}

// filter4 is G·g, of three values.
func (v isa) filter4(g [6]vec, c map[float32]vec) []vec {
	var r [6]vec
	add, sub := v.add, v.sub
	mul := func(a vec, k float32) vec { x := v.new(); asm.VMULPS(c[k], a, x); return x }
	s := add(g[0], g[2])
	r[1], r[2] = mul(add(s, g[1]), -1./6), mul(sub(s, g[1]), -1./6)
	t := mul(g[0], 1./24)
	asm.VFMADD231PS(g[2], c[1./6], t)
	u := mul(g[1], 1./12)
	r[3], r[4] = add(t, u), sub(t, u)
	r[0], r[5] = mul(g[0], 0.25), g[2]
	return r[:]
}

// in2 is Bᵀ·d of four values.
func (v isa) in2(d [6]vec, _ map[float32]vec) []vec {
	return []vec{v.sub(d[0], d[2]), v.add(d[1], d[2]), v.sub(d[2], d[1]), v.sub(d[1], d[3])}
}

// out2 is Aᵀ·m, two values of four.
func (v isa) out2(m [6]vec, _ map[float32]vec) []vec {
	return []vec{v.add(v.add(m[0], m[1]), m[2]), v.sub(v.sub(m[1], m[2]), m[3])}
}

// filter2 is G·g, four values of three.
func (v isa) filter2(g [6]vec, c map[float32]vec) []vec {
	s := v.add(g[0], g[2])
	p, q := v.add(s, g[1]), v.sub(s, g[1])
	asm.VMULPS(c[0.5], p, p)
	asm.VMULPS(c[0.5], q, q)
	return []vec{g[0], p, q, g[2]}
}

// transform writes a function that applies f to the columns of a tile of from
// by from values, then to the rows, for n channels. Element (i, j) of the tile
// is at src + i·srcRow + j·srcColumn, that of the result, which has size rows
// and columns, at dst + i·dstRow + j·dstColumn; the strides are in elements.
func transform(v isa, name string, from, size int, bias bool, f func(d [6]vec, c map[float32]vec) []vec, constants ...float32) {
	signature := "func(dst *float32, dstRow, dstColumn int, src *float32, srcRow, srcColumn, n int, between *float32)"
	if bias {
		signature = "func(dst *float32, dstRow, dstColumn int, src *float32, srcRow, srcColumn, n int, between, bias *float32, low, high float32)"
	}
	v.function(name, signature, fmt.Sprintf("%s%s transforms a tile of n channels; between has room for %d vectors.", name, v.name, 6*size))
	g := &transformGen{isa: v, from: from, size: size, f: f, c: map[float32]vec{}}
	for _, k := range constants {
		g.c[k] = v.set(k)
	}
	if bias {
		g.low, g.high = v.broadcast("low"), v.broadcast("high")
	}
	dst, src := asm.Load(asm.Param("dst"), asm.GP64()), asm.Load(asm.Param("src"), asm.GP64())
	g.between = asm.Load(asm.Param("between"), asm.GP64())
	srcRow, srcColumn := asm.Load(asm.Param("srcRow"), asm.GP64()), asm.Load(asm.Param("srcColumn"), asm.GP64())
	dstRow, dstColumn := asm.Load(asm.Param("dstRow"), asm.GP64()), asm.Load(asm.Param("dstColumn"), asm.GP64())
	n := asm.Load(asm.Param("n"), asm.GP64())
	for _, r := range []reg.Register{srcRow, srcColumn, dstRow, dstColumn} {
		asm.SHLQ(operand.U8(2), r)
	}
	advance := []reg.Register{src, dst}
	if bias {
		g.bias = asm.Load(asm.Param("bias"), asm.GP64())
		advance = append(advance, g.bias)
	}
	asm.Label("channels")
	at, line := asm.GP64(), asm.GP64()
	g.columns(src, srcRow, srcColumn, line, at)
	g.rows(dst, dstRow, dstColumn, line, at)
	for _, r := range advance {
		asm.ADDQ(operand.U8(4*v.lanes), r)
	}
	asm.SUBQ(operand.U8(v.lanes), n)
	asm.JG(operand.LabelRef("channels"))
	asm.VZEROUPPER()
	asm.RET()
}

type transformGen struct {
	isa
	from      int // rows and columns of the tile
	size      int // of the result
	f         func(d [6]vec, c map[float32]vec) []vec
	c         map[float32]vec
	low, high vec
	between   reg.Register
	bias      reg.Register // nil: none, and no bounds
}

// kept is the place of element (i, j) between the two passes.
func (g *transformGen) kept(i, j int) operand.Mem {
	return operand.Mem{Base: g.between, Disp: (i*6 + j) * 4 * g.lanes}
}

// columns applies f to the columns of the tile.
func (g *transformGen) columns(src, srcRow, srcColumn, line, at reg.Register) {
	asm.MOVQ(src, line)
	for j := range g.from {
		var d [6]vec
		asm.MOVQ(line, at)
		for i := range g.from {
			d[i] = g.new()
			asm.VMOVUPS(operand.Mem{Base: at}, d[i])
			if i < g.from-1 {
				asm.ADDQ(srcRow, at)
			}
		}
		for i, x := range g.f(d, g.c) {
			asm.VMOVUPS(x, g.kept(i, j))
		}
		if j < g.from-1 {
			asm.ADDQ(srcColumn, line)
		}
	}
}

// rows applies f to the rows of what columns left.
func (g *transformGen) rows(dst, dstRow, dstColumn, line, at reg.Register) {
	asm.MOVQ(dst, line)
	for i := range g.size {
		var d [6]vec
		for j := range g.from {
			d[j] = g.new()
			asm.VMOVUPS(g.kept(i, j), d[j])
		}
		asm.MOVQ(line, at)
		for j, x := range g.f(d, g.c) {
			if g.bias != nil {
				asm.VADDPS(operand.Mem{Base: g.bias}, x, x)
				asm.VMAXPS(x, g.low, x)
				asm.VMINPS(x, g.high, x)
			}
			asm.VMOVUPS(x, operand.Mem{Base: at})
			if j < g.size-1 {
				asm.ADDQ(dstColumn, at)
			}
		}
		if i < g.size-1 {
			asm.ADDQ(dstRow, line)
		}
	}
}

func winograd(v isa) {
	transform(v, "winogradIn4", 6, 6, false, v.in4, 2, 4, 5)
	transform(v, "winogradOut4", 6, 4, true, v.out4, 2, 4, 8)
	transform(v, "winogradFilter4", 3, 6, false, v.filter4, 0.25, -1./6, 1./6, 1./12, 1./24)
	transform(v, "winogradIn2", 4, 4, false, v.in2)
	transform(v, "winogradOut2", 4, 2, true, v.out2)
	transform(v, "winogradFilter2", 3, 4, false, v.filter2, 0.5)
}
