package main

import (
	"fmt"

	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Winograd's F(4×4, 3×3), from Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks" (2015): the transforms of six values that
// are applied to the columns of a tile, then to its rows.

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

// winogradIn is Bᵀ·d.
func (v isa) winogradIn(d [6]vec, c map[float32]vec) (r [6]vec) {
	add := func(a, b vec) vec { x := v.new(); asm.VADDPS(a, b, x); return x }
	sub := func(a, b vec) vec { x := v.new(); asm.VSUBPS(b, a, x); return x }
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
	return r
}

// winogradOut is Aᵀ·m, four values.
func (v isa) winogradOut(m [6]vec, c map[float32]vec) (r [4]vec) {
	add := func(a, b vec) vec { x := v.new(); asm.VADDPS(a, b, x); return x }
	sub := func(a, b vec) vec { x := v.new(); asm.VSUBPS(b, a, x); return x }
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
	return r
}

// transform writes a function that applies f to the columns of a tile of six
// by six, then to the rows, for n channels. Element (i, j) of the tile is at
// src + i·srcRow + j·srcColumn, that of the result, which has size rows and
// columns, at dst + i·dstRow + j·dstColumn; the strides are in elements.
func transform(v isa, name string, size int, bias bool, f func(d [6]vec, c map[float32]vec) []vec, constants ...float32) {
	signature := "func(dst *float32, dstRow, dstColumn int, src *float32, srcRow, srcColumn, n int, between *float32)"
	if bias {
		signature = "func(dst *float32, dstRow, dstColumn int, src *float32, srcRow, srcColumn, n int, between, bias *float32, low, high float32)"
	}
	asm.TEXT(name+v.name, asm.NOSPLIT, signature)
	asm.Pragma("noescape")
	asm.Doc(fmt.Sprintf("%s%s transforms a tile of n channels; between has room for %d vectors.", name, v.name, 6*size))
	c := map[float32]vec{}
	for _, k := range constants {
		c[k] = v.set(k)
	}
	var low, high vec
	if bias {
		low, high = v.broadcast("low"), v.broadcast("high")
	}
	dst, src, between := asm.Load(asm.Param("dst"), asm.GP64()), asm.Load(asm.Param("src"), asm.GP64()), asm.Load(asm.Param("between"), asm.GP64())
	srcRow, srcColumn := asm.Load(asm.Param("srcRow"), asm.GP64()), asm.Load(asm.Param("srcColumn"), asm.GP64())
	dstRow, dstColumn := asm.Load(asm.Param("dstRow"), asm.GP64()), asm.Load(asm.Param("dstColumn"), asm.GP64())
	n := asm.Load(asm.Param("n"), asm.GP64())
	for _, r := range []reg.Register{srcRow, srcColumn, dstRow, dstColumn} {
		asm.SHLQ(operand.U8(2), r)
	}
	var biases reg.Register
	if bias {
		biases = asm.Load(asm.Param("bias"), asm.GP64())
	}
	asm.Label("channels")
	at := asm.GP64()
	width := 4 * v.lanes
	column := asm.GP64()
	asm.MOVQ(src, column)
	for j := range 6 {
		var d [6]vec
		asm.MOVQ(column, at)
		for i := range d {
			d[i] = v.new()
			asm.VMOVUPS(operand.Mem{Base: at}, d[i])
			if i < 5 {
				asm.ADDQ(srcRow, at)
			}
		}
		for i, x := range f(d, c) {
			asm.VMOVUPS(x, operand.Mem{Base: between, Disp: (i*6 + j) * width})
		}
		if j < 5 {
			asm.ADDQ(srcColumn, column)
		}
	}
	asm.MOVQ(dst, column)
	for i := range size {
		var d [6]vec
		for j := range d {
			d[j] = v.new()
			asm.VMOVUPS(operand.Mem{Base: between, Disp: (i*6 + j) * width}, d[j])
		}
		asm.MOVQ(column, at)
		for j, x := range f(d, c) {
			if bias {
				asm.VADDPS(operand.Mem{Base: biases}, x, x)
				asm.VMAXPS(x, low, x)
				asm.VMINPS(x, high, x)
			}
			asm.VMOVUPS(x, operand.Mem{Base: at})
			if j < size-1 {
				asm.ADDQ(dstColumn, at)
			}
		}
		if i < size-1 {
			asm.ADDQ(dstRow, column)
		}
	}
	asm.ADDQ(operand.U8(width), src)
	asm.ADDQ(operand.U8(width), dst)
	if bias {
		asm.ADDQ(operand.U8(width), biases)
	}
	asm.SUBQ(operand.U8(v.lanes), n)
	asm.JG(operand.LabelRef("channels"))
	asm.VZEROUPPER()
	asm.RET()
}

func winograd(v isa) {
	transform(v, "winogradIn", 6, false, func(d [6]vec, c map[float32]vec) []vec {
		r := v.winogradIn(d, c)
		return r[:]
	}, 2, 4, 5)
	transform(v, "winogradOut", 4, true, func(d [6]vec, c map[float32]vec) []vec {
		r := v.winogradOut(d, c)
		return r[:]
	}, 2, 4, 8)
}
