package main

import (
	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// peakChains is how many sums wait for nothing but themselves: more than the
// latency of an addition times the units that do it.
const peakChains = 12

// peak writes a loop that only multiplies and adds, in registers: n rounds of
// peakChains instructions each.
func peak(v isa) {
	asm.TEXT("peak"+v.name, asm.NOSPLIT, "func(n int)")
	asm.Doc("peak" + v.name + " multiplies and adds in registers, 12 vectors a round.")
	n := asm.Load(asm.Param("n"), asm.GP64())
	var sums []vec
	for range peakChains {
		x := v.new()
		if v.lanes == 16 {
			asm.VPXORD(x, x, x)
		} else {
			asm.VPXOR(x, x, x)
		}
		sums = append(sums, x)
	}
	a := v.set(0)
	asm.Label("loop")
	for _, s := range sums {
		asm.VFMADD231PS(a, a, s)
	}
	asm.DECQ(n)
	asm.JG(operand.LabelRef("loop"))
	asm.VZEROUPPER()
	asm.RET()
}
