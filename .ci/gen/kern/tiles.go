package main

import (
	"fmt"

	asm "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// rowsOfTile is how many rows of a a tile has: their addresses take six of
// the general registers.
const rowsOfTile = 6

// The offsets of the fields of kern.tileArgs.
const (
	argA = 8 * iota
	argC
	argRowsA
	argRowsC
	argRows
	argSegs
	argSegCount
	argB
	argLdb
	argStep
	argMask
	argAdd
	argNextA
	argNextC
	argSegsLeft
	argAhead
	argAsking
	argTurn
	argStart
	argBias
	argClamp
	argLow
	argHigh = argLow + 4
)

// kinds are what a tile does with an element of a.
type kind struct {
	name string
	doc  string
}

var (
	products = kind{"tiles", "multiplies rows by a panel of"}
	planes   = kind{"planes", "multiplies rows, column by column, by those of a panel of"}
	largest  = kind{"largest", "takes the largest elements of rows, column by column, of"}
)

// tiles writes a function that works on rows of a, six at a time, and a panel
// of so many vectors. What a tile computes stays in registers through all
// segments.
//
//	for each tile: for each seg: for each k:
//	    load the panel's row; for each row: broadcast, multiply and add
//
// With AVX-512 the panel's columns may be fewer: a mask, of all vectors, says
// which are there.
func tiles(v isa, k kind, vectors int) {
	name := fmt.Sprint(k.name, vectors*v.lanes)
	v.function(name, "func(args *byte)", fmt.Sprintf("%s%s %s %d columns.", name, v.name, k.doc, vectors*v.lanes))
	g := &tileGen{isa: v, kind: k, vectors: vectors, name: name + v.name}
	for i := range rowsOfTile * vectors {
		g.acc = append(g.acc, v.reg(i))
	}
	for i := range vectors {
		g.b = append(g.b, v.reg(rowsOfTile*vectors+i))
	}
	g.a = v.reg(rowsOfTile*vectors + vectors)
	asm.Load(asm.Param("args"), reg.RDI)
	if v.lanes == 16 {
		g.masks()
	}
	// The collector may see args: pointers in it must not leave what they
	// point to, so that copies are advanced, which it does not know.
	for _, f := range [][2]int{{argRowsA, argNextA}, {argRowsC, argNextC}} {
		asm.MOVQ(at(reg.RDI, f[0]), reg.RAX)
		asm.MOVQ(reg.RAX, at(reg.RDI, f[1]))
	}
	asm.Label(g.label("tile"))
	g.rowAddresses()
	g.ahead()
	for _, r := range g.acc {
		if k == largest {
			asm.VBROADCASTSS(at(reg.RDI, argStart), r)
		} else {
			v.zero(r)
		}
	}
	g.segments()
	g.stores()
	asm.Label(g.label("next"))
	asm.ADDQ(operand.I8(8*rowsOfTile), at(reg.RDI, argNextA))
	asm.ADDQ(operand.I8(8*rowsOfTile), at(reg.RDI, argNextC))
	asm.SUBQ(operand.I8(rowsOfTile), at(reg.RDI, argRows))
	asm.JG(operand.LabelRef(g.label("tile")))
	asm.VZEROUPPER()
	asm.RET()
}

type tileGen struct {
	isa
	kind    kind
	name    string
	vectors int
	acc, b  []reg.VecPhysical
	a       reg.VecPhysical
}

func (g *tileGen) label(s string) string { return g.name + s }

var rowRegs = []reg.GPPhysical{reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13}

var masks = []reg.OpmaskPhysical{reg.K1, reg.K2, reg.K3, reg.K4}

// masks sets K1 … to 16 bits each of the mask.
func (g *tileGen) masks() {
	asm.MOVQ(at(reg.RDI, argMask), reg.RAX)
	for i := range g.vectors {
		asm.KMOVW(reg.EAX, masks[i])
		asm.SHRQ(operand.U8(16), reg.RAX)
	}
}

// rowAddresses loads where the six rows of a begin. The list of rows is
// padded to a multiple of six.
func (g *tileGen) rowAddresses() {
	asm.MOVQ(at(reg.RDI, argNextA), reg.RAX)
	asm.MOVQ(at(reg.RDI, argA), reg.RBX)
	for i, r := range rowRegs {
		asm.MOVQ(at(reg.RAX, 8*i), r)
		asm.LEAQ(operand.Mem{Base: reg.RBX, Index: r, Scale: 4}, r)
	}
}

// linesAsked is how many lines of memory a product asks for.
const linesAsked = 2

// ahead sets R14 to how far from b the memory is that this tile asks for, 0
// for none: of each row of the panel that is wanted next some lines, and the
// following ones with the next tile.
func (g *tileGen) ahead() {
	if g.kind != products {
		return
	}
	asm.XORL(reg.R14L, reg.R14L)
	asm.DECQ(at(reg.RDI, argAsking))
	asm.JL(operand.LabelRef(g.label("sum")))
	asm.MOVQ(at(reg.RDI, argAhead), reg.R14)
	if g.vectors*g.lanes > 32 {
		asm.ADDQ(at(reg.RDI, argTurn), reg.R14)
		asm.XORQ(operand.U32(64*linesAsked), at(reg.RDI, argTurn))
	}
	asm.Label(g.label("sum"))
}

// segments runs through the sum. R15 is the segment.
func (g *tileGen) segments() {
	asm.MOVQ(at(reg.RDI, argSegs), reg.R15)
	asm.MOVQ(at(reg.RDI, argSegCount), reg.RAX)
	asm.MOVQ(reg.RAX, at(reg.RDI, argSegsLeft))
	asm.MOVQ(at(reg.RDI, argLdb), reg.RDX)
	asm.MOVQ(at(reg.RDI, argStep), reg.RSI)
	asm.TESTQ(reg.RAX, reg.RAX)
	asm.JE(operand.LabelRef(g.label("store")))
	asm.Label(g.label("seg"))
	asm.MOVQ(at(reg.R15, 0), reg.RAX)
	asm.SHLQ(operand.U8(2), reg.RAX) // bytes from the row's beginning
	asm.MOVQ(at(reg.R15, 8), reg.RBX)
	asm.IMULQ(reg.RDX, reg.RBX)
	asm.ADDQ(at(reg.RDI, argB), reg.RBX)
	asm.MOVQ(at(reg.R15, 16), reg.RCX)
	asm.SUBQ(operand.U8(2), reg.RCX)
	asm.JL(operand.LabelRef(g.label("last")))
	if g.kind == products {
		asm.TESTQ(reg.R14, reg.R14)
		asm.JE(operand.LabelRef(g.label("k")))
		g.pairs("asking", linesAsked)
		asm.JMP(operand.LabelRef(g.label("last")))
	}
	g.pairs("k", 0)
	asm.Label(g.label("last"))
	asm.ADDQ(operand.U8(2), reg.RCX)
	asm.JE(operand.LabelRef(g.label("segEnd")))
	g.product(0)
	asm.Label(g.label("segEnd"))
	asm.ADDQ(operand.U8(24), reg.R15)
	asm.DECQ(at(reg.RDI, argSegsLeft))
	asm.JNE(operand.LabelRef(g.label("seg")))
}

// pairs adds two k at a time, RCX+2 of them, and asks for lines with each.
func (g *tileGen) pairs(label string, lines int) {
	asm.Label(g.label(label))
	g.product(lines)
	g.product(lines)
	asm.SUBQ(operand.U8(2), reg.RCX)
	asm.JGE(operand.LabelRef(g.label(label)))
}

// product adds one k to all sums, and asks for some lines.
func (g *tileGen) product(lines int) {
	if g.kind != largest {
		for i, b := range g.b {
			if from := at(reg.RBX, 4*g.lanes*i); g.kind == planes && g.lanes == 16 {
				asm.VMOVUPS_Z(from, masks[i], b)
			} else {
				asm.VMOVUPS(from, b)
			}
		}
		for i := range lines {
			asm.PREFETCHT1(operand.Mem{Base: reg.RBX, Index: reg.R14, Scale: 1, Disp: 64 * i})
		}
		asm.ADDQ(reg.RDX, reg.RBX)
	}
	for i, r := range rowRegs {
		if g.kind == products {
			asm.VBROADCASTSS(operand.Mem{Base: r, Index: reg.RAX, Scale: 1}, g.a)
		}
		for j, b := range g.b {
			acc := g.acc[i*g.vectors+j]
			from := operand.Mem{Base: r, Index: reg.RAX, Scale: 1, Disp: 4 * g.lanes * j}
			switch {
			case g.kind == products:
				asm.VFMADD231PS(b, g.a, acc)
			case g.kind == planes && g.lanes == 16:
				asm.VFMADD231PS(from, b, masks[j], acc)
			case g.kind == planes:
				asm.VFMADD231PS(from, b, acc)
			case g.lanes == 16:
				asm.VMAXPS(from, acc, masks[j], acc)
			default:
				asm.VMAXPS(from, acc, acc)
			}
		}
	}
	asm.ADDQ(reg.RSI, reg.RAX)
}

// stores finishes the sums, adds what is in c and the bias, clamps, where
// args says so, and writes as many rows as there are.
func (g *tileGen) stores() {
	asm.Label(g.label("store"))
	asm.MOVQ(at(reg.RDI, argNextC), reg.R15)
	asm.MOVQ(at(reg.RDI, argC), reg.RBX)
	asm.MOVQ(at(reg.RDI, argRows), reg.RCX)
	if g.kind != largest {
		g.addWhat(addSum, "bias")
		asm.Label(g.label("bias"))
		g.addBias()
		asm.Label(g.label("residual"))
		g.addWhat(addResidual, "clamp")
		asm.Label(g.label("clamp"))
		g.clamp()
	}
	asm.Label(g.label("write"))
	g.eachRow("next", func(j int, acc reg.VecPhysical, c operand.Mem) {
		if g.lanes == 16 {
			asm.VMOVUPS(acc, masks[j], c)
		} else {
			asm.VMOVUPS(acc, c)
		}
	})
}

// What of c is added: a part of the sum, before the bias, or something else,
// after it.
const (
	addSum = 1 + iota
	addResidual
)

// addWhat adds what is in c, if that is what, then goes on at a label.
func (g *tileGen) addWhat(what int, then string) {
	asm.CMPQ(at(reg.RDI, argAdd), operand.U8(what))
	asm.JNE(operand.LabelRef(g.label(then)))
	g.eachRow(then, func(j int, acc reg.VecPhysical, c operand.Mem) {
		if g.lanes == 16 {
			asm.VMOVUPS_Z(c, masks[j], g.a)
			asm.VADDPS(g.a, acc, acc)
		} else {
			asm.VADDPS(c, acc, acc)
		}
	})
}

// addBias adds the bias, of which there is one a column.
func (g *tileGen) addBias() {
	asm.MOVQ(at(reg.RDI, argBias), reg.RDX)
	asm.TESTQ(reg.RDX, reg.RDX)
	asm.JE(operand.LabelRef(g.label("residual")))
	for j := range g.vectors {
		if from := at(reg.RDX, 4*g.lanes*j); g.lanes == 16 {
			asm.VMOVUPS_Z(from, masks[j], g.a)
		} else {
			asm.VMOVUPS(from, g.a)
		}
		for i := range rowsOfTile {
			asm.VADDPS(g.a, g.acc[i*g.vectors+j], g.acc[i*g.vectors+j])
		}
	}
}

// clamp brings the sums between two bounds.
func (g *tileGen) clamp() {
	asm.CMPQ(at(reg.RDI, argClamp), operand.U8(0))
	asm.JE(operand.LabelRef(g.label("write")))
	asm.VBROADCASTSS(at(reg.RDI, argLow), g.a)
	asm.VBROADCASTSS(at(reg.RDI, argHigh), g.b[0])
	for _, acc := range g.acc {
		asm.VMAXPS(acc, g.a, acc) // a NaN of the second stays
		asm.VMINPS(acc, g.b[0], acc)
	}
}

// eachRow runs f for every vector of the rows that there are, then goes on at
// a label.
func (g *tileGen) eachRow(then string, f func(j int, acc reg.VecPhysical, c operand.Mem)) {
	for i := range rowsOfTile {
		if i > 0 {
			asm.CMPQ(reg.RCX, operand.U8(i))
			asm.JLE(operand.LabelRef(g.label(then)))
		}
		asm.MOVQ(at(reg.R15, 8*i), reg.RAX)
		asm.LEAQ(operand.Mem{Base: reg.RBX, Index: reg.RAX, Scale: 4}, reg.RAX)
		for j := range g.vectors {
			f(j, g.acc[i*g.vectors+j], at(reg.RAX, 4*g.lanes*j))
		}
	}
}
