package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
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
	Load(Param("args"), reg.RDI)
	if v.lanes == 16 {
		g.masks()
	}
	// The collector may see args: pointers in it must not leave what they
	// point to, so that copies are advanced, which it does not know.
	for _, f := range [][2]int{{argRowsA, argNextA}, {argRowsC, argNextC}} {
		MOVQ(at(reg.RDI, f[0]), reg.RAX)
		MOVQ(reg.RAX, at(reg.RDI, f[1]))
	}
	Label(g.label("tile"))
	g.rowAddresses()
	for _, r := range g.acc {
		if k == largest {
			VBROADCASTSS(at(reg.RDI, argStart), r)
		} else {
			v.zero(r)
		}
	}
	g.segments()
	g.stores()
	Label(g.label("next"))
	ADDQ(operand.I8(8*rowsOfTile), at(reg.RDI, argNextA))
	ADDQ(operand.I8(8*rowsOfTile), at(reg.RDI, argNextC))
	SUBQ(operand.I8(rowsOfTile), at(reg.RDI, argRows))
	JG(operand.LabelRef(g.label("tile")))
	VZEROUPPER()
	RET()
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
	MOVQ(at(reg.RDI, argMask), reg.RAX)
	for i := range g.vectors {
		KMOVW(reg.EAX, masks[i])
		SHRQ(operand.U8(16), reg.RAX)
	}
}

// rowAddresses loads where the six rows of a begin. The list of rows is
// padded to a multiple of six.
func (g *tileGen) rowAddresses() {
	MOVQ(at(reg.RDI, argNextA), reg.RAX)
	MOVQ(at(reg.RDI, argA), reg.RBX)
	for i, r := range rowRegs {
		MOVQ(at(reg.RAX, 8*i), r)
		LEAQ(operand.Mem{Base: reg.RBX, Index: r, Scale: 4}, r)
	}
}

// segments runs through the sum. R15 is the segment, R14 how many are left.
func (g *tileGen) segments() {
	MOVQ(at(reg.RDI, argSegs), reg.R15)
	MOVQ(at(reg.RDI, argSegCount), reg.R14)
	MOVQ(at(reg.RDI, argLdb), reg.RDX)
	MOVQ(at(reg.RDI, argStep), reg.RSI)
	TESTQ(reg.R14, reg.R14)
	JE(operand.LabelRef(g.label("store")))
	Label(g.label("seg"))
	MOVQ(at(reg.R15, 0), reg.RAX)
	SHLQ(operand.U8(2), reg.RAX) // bytes from the row's beginning
	MOVQ(at(reg.R15, 8), reg.RBX)
	IMULQ(reg.RDX, reg.RBX)
	ADDQ(at(reg.RDI, argB), reg.RBX)
	MOVQ(at(reg.R15, 16), reg.RCX)
	SUBQ(operand.U8(2), reg.RCX)
	JL(operand.LabelRef(g.label("last")))
	Label(g.label("k"))
	g.product()
	g.product()
	SUBQ(operand.U8(2), reg.RCX)
	JGE(operand.LabelRef(g.label("k")))
	Label(g.label("last"))
	ADDQ(operand.U8(2), reg.RCX)
	JE(operand.LabelRef(g.label("segEnd")))
	g.product()
	Label(g.label("segEnd"))
	ADDQ(operand.U8(24), reg.R15)
	DECQ(reg.R14)
	JNE(operand.LabelRef(g.label("seg")))
}

// product adds one k to all sums.
func (g *tileGen) product() {
	if g.kind != largest {
		for i, b := range g.b {
			if from := at(reg.RBX, 4*g.lanes*i); g.kind == planes && g.lanes == 16 {
				VMOVUPS_Z(from, masks[i], b)
			} else {
				VMOVUPS(from, b)
			}
		}
		ADDQ(reg.RDX, reg.RBX)
	}
	for i, r := range rowRegs {
		if g.kind == products {
			VBROADCASTSS(operand.Mem{Base: r, Index: reg.RAX, Scale: 1}, g.a)
		}
		for j, b := range g.b {
			acc := g.acc[i*g.vectors+j]
			from := operand.Mem{Base: r, Index: reg.RAX, Scale: 1, Disp: 4 * g.lanes * j}
			switch {
			case g.kind == products:
				VFMADD231PS(b, g.a, acc)
			case g.kind == planes && g.lanes == 16:
				VFMADD231PS(from, b, masks[j], acc)
			case g.kind == planes:
				VFMADD231PS(from, b, acc)
			case g.lanes == 16:
				VMAXPS(from, acc, masks[j], acc)
			default:
				VMAXPS(from, acc, acc)
			}
		}
	}
	ADDQ(reg.RSI, reg.RAX)
}

// stores finishes the sums, adds what is in c and the bias, clamps, where
// args says so, and writes as many rows as there are.
func (g *tileGen) stores() {
	Label(g.label("store"))
	MOVQ(at(reg.RDI, argNextC), reg.R15)
	MOVQ(at(reg.RDI, argC), reg.RBX)
	MOVQ(at(reg.RDI, argRows), reg.RCX)
	if g.kind != largest {
		CMPQ(at(reg.RDI, argAdd), operand.U8(0))
		JE(operand.LabelRef(g.label("bias")))
		g.eachRow("bias", func(j int, acc reg.VecPhysical, c operand.Mem) {
			if g.lanes == 16 {
				VMOVUPS_Z(c, masks[j], g.a)
				VADDPS(g.a, acc, acc)
			} else {
				VADDPS(c, acc, acc)
			}
		})
		Label(g.label("bias"))
		g.finish()
	}
	Label(g.label("write"))
	g.eachRow("next", func(j int, acc reg.VecPhysical, c operand.Mem) {
		if g.lanes == 16 {
			VMOVUPS(acc, masks[j], c)
		} else {
			VMOVUPS(acc, c)
		}
	})
}

// finish adds the bias, of which there is one a column, and clamps.
func (g *tileGen) finish() {
	MOVQ(at(reg.RDI, argBias), reg.RDX)
	TESTQ(reg.RDX, reg.RDX)
	JE(operand.LabelRef(g.label("clamp")))
	for j := range g.vectors {
		if from := at(reg.RDX, 4*g.lanes*j); g.lanes == 16 {
			VMOVUPS_Z(from, masks[j], g.a)
		} else {
			VMOVUPS(from, g.a)
		}
		for i := range rowsOfTile {
			VADDPS(g.a, g.acc[i*g.vectors+j], g.acc[i*g.vectors+j])
		}
	}
	Label(g.label("clamp"))
	CMPQ(at(reg.RDI, argClamp), operand.U8(0))
	JE(operand.LabelRef(g.label("write")))
	VBROADCASTSS(at(reg.RDI, argLow), g.a)
	VBROADCASTSS(at(reg.RDI, argHigh), g.b[0])
	for _, acc := range g.acc {
		VMAXPS(acc, g.a, acc) // a NaN of the second stays
		VMINPS(acc, g.b[0], acc)
	}
}

// eachRow runs f for every vector of the rows that there are, then goes on at
// a label.
func (g *tileGen) eachRow(then string, f func(j int, acc reg.VecPhysical, c operand.Mem)) {
	for i := range rowsOfTile {
		if i > 0 {
			CMPQ(reg.RCX, operand.U8(i))
			JLE(operand.LabelRef(g.label(then)))
		}
		MOVQ(at(reg.R15, 8*i), reg.RAX)
		LEAQ(operand.Mem{Base: reg.RBX, Index: reg.RAX, Scale: 4}, reg.RAX)
		for j := range g.vectors {
			f(j, g.acc[i*g.vectors+j], at(reg.RAX, 4*g.lanes*j))
		}
	}
}
