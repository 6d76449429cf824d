package main

import (
	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is a set of vector registers.
type isa struct {
	name  string
	lanes int // float32 of a register
	reg   func(i int) reg.VecPhysical
}

var (
	avx512 = isa{"AVX512", 16, func(i int) reg.VecPhysical { return zmm[i] }}
	avx2   = isa{"AVX2", 8, func(i int) reg.VecPhysical { return ymm[i] }}
)

var zmm = []reg.VecPhysical{
	reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
	reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
}

var ymm = []reg.VecPhysical{
	reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
}

// zero clears a register.
func (v isa) zero(r reg.VecPhysical) {
	if v.lanes == 16 {
		asm.VPXORD(r, r, r)
	} else {
		asm.VPXOR(r, r, r)
	}
}

func (v isa) function(name, signature, doc string) {
	asm.TEXT(name+v.name, asm.NOSPLIT, signature)
	asm.Pragma("noescape")
	asm.Doc(doc)
}

// at is a place in memory.
func at(base reg.Register, disp int) operand.Mem { return operand.Mem{Base: base, Disp: disp} }
