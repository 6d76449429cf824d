package main

import (
	"fmt"

	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// row writes a function that multiplies one row by so many vectors of columns,
// of which each row of b has a long piece, so that memory is read in order.
//
//	for each k: broadcast; for each vector: multiply and add
func row(v isa, vectors int) {
	name := fmt.Sprint("row", vectors*v.lanes)
	v.function(name, "func(c, a *float32, step int, b *float32, ldb, k, add int)",
		fmt.Sprintf("%s%s multiplies a row of k elements, step bytes apart, by %d columns; rows of b are ldb bytes apart.", name, v.name, vectors*v.lanes))
	var acc []reg.VecPhysical
	for i := range vectors {
		acc = append(acc, v.reg(i))
		v.zero(acc[i])
	}
	a, b, k := asm.Load(asm.Param("a"), asm.GP64()), asm.Load(asm.Param("b"), asm.GP64()), asm.Load(asm.Param("k"), asm.GP64())
	step, ldb := asm.Load(asm.Param("step"), asm.GP64()), asm.Load(asm.Param("ldb"), asm.GP64())
	factor := v.reg(vectors)
	asm.Label("k")
	asm.VBROADCASTSS(operand.Mem{Base: a}, factor)
	for i, x := range acc {
		asm.VFMADD231PS(at(b, 4*v.lanes*i), factor, x)
	}
	asm.ADDQ(step, a)
	asm.ADDQ(ldb, b)
	asm.DECQ(k)
	asm.JNE(operand.LabelRef("k"))
	c, add := asm.Load(asm.Param("c"), asm.GP64()), asm.Load(asm.Param("add"), asm.GP64())
	asm.TESTQ(add, add)
	asm.JE(operand.LabelRef("write"))
	for i, x := range acc {
		asm.VADDPS(at(c, 4*v.lanes*i), x, x)
	}
	asm.Label("write")
	for i, x := range acc {
		asm.VMOVUPS(x, at(c, 4*v.lanes*i))
	}
	asm.VZEROUPPER()
	asm.RET()
}
