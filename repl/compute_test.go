package repl

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var seeds = flag.Int("seeds", 2, "random programs that TestComputeRandom compares with Go")

// A random program has functions of the subset that package closure compiles,
// calls them, and prints what they return, panic with, and leave in the
// variables of the session. Fuel bounds how long it runs.
const randomHead = `
type P struct { a int; b float64; s string; q [3]int8; next *P }
type E struct { P; k uint8; in [2]P }
type Celsius float64
type Small int8
func (p P) sum(k int) int { return p.a + k + int(p.q[1]) + len(p.s) }
func (p *P) bump(k int) int { p.a += k; p.q[k&1]++; fuel--; return p.a }
func (c Celsius) half() Celsius { return c / 2 }
type Sh interface { mea(k int) int; tag() string }
func (p P) mea(k int) int { p.a += k; return p.a ^ len(p.s) }
func (p P) tag() string { return "P" + p.s[min(len(p.s), 3):] }
func (e *E) mea(k int) int { fuel--; e.k += uint8(k); e.in[k&1].a++; return int(e.k) + e.in[1].a }
func (e *E) tag() string { return "E" }
func (s Small) mea(k int) int { return int(s) * k }
func (s Small) tag() string { return string(rune('a' + s&7)) }
var fuel = 0
var g0 int
var g1 float64
var g2 []int
var g3 string
var g4 P
var g5 *P
`

const randomTry = `
func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, "panics") // Go does not say when in a statement
		} else {
			fmt.Println(fuel, g0, g1, len(g2), g3, g4.a, g4.s, g4.q, g5 == nil)
		}
		fuel, g0, g1, g2, g3, g4, g5 = 2000, 3, 1.5, []int{1, 2, 3}, "go", P{a: 2, s: "pé"}, &P{a: 9, next: &P{a: 8}}
	}()
	f()
}
`

// gen writes one program.
type gen struct {
	r      *rand.Rand
	b      strings.Builder
	vars   []genVar
	funcs  []genFunc
	depth  int
	n      int
	loops  []string
	ret    []string
	within bool // a switch, between whose clauses nothing stands
}

type genVar struct {
	name, typ string
	keep      bool // a loop's: not assigned to
}

type genFunc struct {
	name   string
	params []string
	ret    []string
}

var scalarTypes = []string{"int", "int", "int", "int8", "uint8", "int32", "uint64", "uint", "float64", "float64", "float32", "string", "bool", "Small", "Celsius"}
var varTypes = append([]string{"[]int", "[]float64", "[]string", "[][]int", "P", "*P", "[]P", "[3]int8", "E", "[]uint8", "[]int32", "*int", "any", "Sh", "map[string]int", "map[int]float64", "map[uint8]P", "map[string][]int", "map[bool]string"}, scalarTypes...)

func (g *gen) pick(xs ...string) string { return xs[g.r.Intn(len(xs))] }
func (g *gen) name() string             { g.n++; return fmt.Sprintf("v%d", g.n) }
func (g *gen) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("\t", g.depth+1))
	fmt.Fprintf(&g.b, format+"\n", args...)
}

func isInt(t string) bool {
	switch t {
	case "int", "int8", "uint8", "int32", "uint64", "uint", "Small":
		return true
	}
	return false
}
func isFloat(t string) bool { return t == "float64" || t == "float32" || t == "Celsius" }

// leaf is a variable, or part of one, of the type: never a constant.
func (g *gen) leaf(t string, d int) string {
	var have []string
	for _, v := range g.vars {
		if v.typ == t {
			have = append(have, v.name, v.name)
		}
		switch {
		case v.typ == "P" || v.typ == "*P" || v.typ == "E":
			switch t {
			case "int":
				have = append(have, v.name+".a")
			case "*int":
				have = append(have, "&"+v.name+".a")
			case "float64":
				have = append(have, v.name+".b")
			case "string":
				have = append(have, v.name+".s")
			case "int8":
				have = append(have, v.name+".q["+g.pick("0", "1", "2")+"]")
			case "*P":
				if g.rarely() {
					have = append(have, v.name+".next")
				}
			case "P":
				if v.typ == "*P" {
					have = append(have, "(*"+v.name+")")
				}
			}
		}
		if v.typ == "*int" && t == "int" {
			have = append(have, "*"+v.name)
		}
		if v.typ == "int" && t == "*int" && !v.keep {
			have = append(have, "&"+v.name)
		}
		if v.typ == "E" && t == "uint8" {
			have = append(have, v.name+".k")
		}
		if v.typ == "E" && t == "P" {
			have = append(have, v.name+".P", v.name+".in[1]")
		}
		if k, ok := strings.CutSuffix(v.typ, "]"+t); d > 0 && ok && strings.HasPrefix(k, "map[") && !strings.Contains(k[4:], "[") {
			have = append(have, v.name+"["+g.expr(k[4:], d-1)+"]")
		}
		if d > 0 && (v.typ == "[]"+t || v.typ == "[3]"+t) {
			have = append(have, v.name+"["+g.index(d-1)+"]")
		}
	}
	if len(have) == 0 {
		return ""
	}
	return g.pick(have...)
}

func (g *gen) index(d int) string {
	if g.rarely() {
		return "abs(" + g.expr("int", d) + ")%4"
	}
	switch g.r.Intn(3) {
	case 0:
		return g.pick("0", "1")
	case 1:
		return "(" + g.expr("int", d) + ")&1"
	}
	return "(" + g.expr("uint8", d) + ")%2"
}

// rarely guards what is likely to panic.
func (g *gen) rarely() bool { return g.r.Intn(25) == 0 }

// divisor is an operand that is not zero, as a rule.
func (g *gen) divisor(t string, d int) string {
	switch {
	case g.rarely():
		return g.operand(t, d)
	case isInt(t):
		return "(" + g.expr(t, d-1) + "|1)"
	}
	return g.constant(t)
}

func (g *gen) constant(t string) string {
	switch {
	case isInt(t):
		return g.pick("1", "2", "3", "5", "7")
	case isFloat(t):
		return g.pick("0.5", "2", "1.25", "3")
	case t == "string":
		return g.pick(`"x"`, `"héé"`, `""`, `"abc"`)
	case t == "bool":
		return g.pick("true", "false")
	case t == "P":
		return "P{a: " + g.expr("int", 1) + ", s: " + g.expr("string", 1) + "}"
	case t == "*P":
		return "&P{a: " + g.expr("int", 1) + ", next: " + g.expr("*P", 0) + "}"
	case t == "E":
		return "E{P: P{a: 4}, k: " + g.expr("uint8", 1) + "}"
	case t == "*int":
		return "new(int)"
	case t == "any":
		u := g.pick("int", "string", "Small", "P", "*P", "[]int", "float64")
		return "any(" + g.expr(u, 1) + ")"
	case t == "Sh":
		switch u := g.pick("P", "*P", "Small", "*E"); u {
		case "*E":
			return "Sh(&E{k: " + g.expr("uint8", 1) + "})"
		default:
			return "Sh(" + g.expr(u, 1) + ")"
		}
	case strings.HasPrefix(t, "map["):
		k, v, _ := strings.Cut(t[4:], "]")
		return t + "{" + g.constant(k) + ": " + g.expr(v, 1) + "}"
	case t == "[3]int8":
		return "[3]int8{1: " + g.expr("int8", 1) + "}"
	case strings.HasPrefix(t, "[]"):
		return t + "{" + g.expr(t[2:], 1) + ", " + g.expr(t[2:], 0) + "}"
	}
	panic(t)
}

// value is a leaf if there is one, made of a variable of any type if not.
func (g *gen) value(t string, d int) string {
	if l := g.leaf(t, d); l != "" {
		return l
	}
	switch {
	case isInt(t):
		return t + "(g0)"
	case isFloat(t):
		return t + "(g1)"
	case t == "string":
		return "g3"
	case t == "bool":
		return "(g0 > 2)"
	case t == "[]int":
		return "g2"
	case t == "P":
		return "g4"
	case t == "*P":
		return "g5"
	case t == "*int":
		return "&g0"
	case t == "any":
		return "any(g0)"
	case t == "Sh":
		return "Sh(g5)"
	}
	return g.constant(t)
}

func (g *gen) expr(t string, d int) string {
	if d <= 0 {
		return g.value(t, 0)
	}
	for range 8 {
		if s := g.try(t, d); s != "" {
			return s
		}
	}
	return g.value(t, d)
}

func (g *gen) call(t string, d int) string {
	var have []genFunc
	for _, f := range g.funcs {
		if len(f.ret) == 1 && f.ret[0] == t {
			have = append(have, f)
		}
	}
	if len(have) == 0 {
		return ""
	}
	return g.first(t, g.callOf(have[g.r.Intn(len(have))], d))
}

// first makes a call before the statement at hand: when in a statement a call
// is made that changes what the statement reads, Go does not say what it reads.
func (g *gen) first(t, call string) string {
	if g.within {
		return ""
	}
	v := g.name()
	g.line("%s := %s; _ = %s", v, call, v)
	return v
}

func (g *gen) callOf(f genFunc, d int) string {
	var args []string
	for _, p := range f.params {
		args = append(args, g.expr(p, d-1))
	}
	return f.name + "(" + strings.Join(args, ", ") + ")"
}

func (g *gen) try(t string, d int) string {
	k := g.r.Intn(12)
	if k < 2 {
		return g.leaf(t, d)
	}
	if k == 2 {
		return g.call(t, d)
	}
	switch {
	case isInt(t):
		return g.integer(t, d, k)
	case isFloat(t):
		switch k {
		case 3:
			return t + "(" + g.value(g.pick(scalarTypes[:11]...), d) + ")"
		case 4:
			if t == "float64" {
				return "math." + g.pick("Sqrt", "Floor", "Abs") + "(" + g.expr(t, d-1) + ")"
			}
			if t == "Celsius" {
				return "(" + g.expr(t, d-1) + ").half()"
			}
		case 5:
			return "-" + g.value(t, d)
		case 6:
			return g.pick("min", "max") + "(" + g.value(t, d) + ", " + g.expr(t, d-1) + ")"
		}
		return "(" + g.value(t, d) + " " + g.pick("+", "-", "*", "/") + " " + g.operand(t, d) + ")"
	case t == "string":
		switch k {
		case 7:
			return g.value("Sh", d) + ".tag()"
		case 8:
			return "short(fmt.Sprint(" + g.expr(g.pick("int", "string", "Small", "[]int", "map[string]int"), d-1) + ", " + g.value(g.pick("float64", "bool", "[3]int8", "Celsius"), d) + "))"
		case 9:
			return "short(fmt.Sprintf(" + g.pick(`"%d|%v"`, `"%5d %+v"`, `"%T %#v"`) + ", " + g.value("int", d) + ", " + g.expr(g.pick("string", "int8", "uint64", "[]string"), d-1) + "))"
		case 3:
			return "string(rune(" + g.expr("int32", d-1) + "))"
		case 4:
			s := g.value(t, 0)
			return s + "[min(len(" + s + "), 1):]"
		case 5:
			return "string(" + g.value(g.pick("[]uint8", "[]int32"), d) + ")"
		case 6:
			return "strings.Repeat(" + g.value(t, d) + ", 2)"
		}
		return "short(" + g.value(t, d) + " + " + g.operand(t, d) + ")"
	case t == "bool":
		switch k {
		case 3:
			return "!" + g.value(t, d)
		case 4, 5:
			return "(" + g.value(t, d) + " " + g.pick("&&", "||") + " " + g.expr(t, d-1) + ")"
		case 6:
			return "(" + g.value("*P", d) + " " + g.pick("==", "!=") + " nil)"
		}
		u := g.pick(scalarTypes[:12]...)
		return "(" + g.value(u, d) + " " + g.pick("<", "<=", "==", "!=", ">", ">=") + " " + g.operand(u, d) + ")"
	case t == "*P":
		if k == 4 {
			for _, v := range g.vars {
				if v.typ == "P" {
					return "&" + v.name
				}
			}
		}
		return g.constant(t)
	case t == "P":
		if k < 6 {
			return "*" + g.value("*P", d)
		}
		return g.constant(t)
	case strings.HasPrefix(t, "[]"):
		switch k {
		case 3, 4:
			return "append(" + g.value(t, d) + ", " + g.expr(t[2:], d-1) + ")"
		case 5:
			return "append(" + g.value(t, d) + ", " + g.value(t, d) + "[:1]...)"
		case 6:
			return g.value(t, d) + "[:" + g.pick("2", "1+"+g.index(d-1)) + "]"
		case 7:
			return "make(" + t + ", 2+abs(" + g.expr("int", d-1) + ")%5)"
		case 8:
			if t == "[]uint8" || t == "[]int32" {
				return t + "(" + g.expr("string", d-1) + ")"
			}
		}
		return g.constant(t)
	}
	return g.constant(t)
}

func (g *gen) operand(t string, d int) string {
	if g.r.Intn(3) == 0 {
		return g.constant(t)
	}
	return g.expr(t, d-1)
}

func (g *gen) integer(t string, d, k int) string {
	switch k {
	case 3:
		return t + "(" + g.value(g.pick("int", "int8", "uint8", "int32", "uint64", "uint", "Small"), d) + ")"
	case 4:
		return "(" + g.value(t, d) + " " + g.pick("<<", ">>") + " (" + g.expr(g.pick("uint8", "uint"), d-1) + "&15))"
	case 5:
		if g.rarely() {
			return "(" + g.value(t, d) + " " + g.pick("<<", ">>") + " " + g.expr("int8", d-1) + ")"
		}
		return "(" + g.value(t, d) + " " + g.pick("<<", ">>") + " (" + g.expr("int8", d-1) + "&31))"
	case 6:
		return g.pick("-", "^") + g.value(t, d)
	case 7:
		if t == "int" {
			if g.r.Intn(3) == 0 {
				if v := g.first(t, g.value("*P", d)+".bump("+g.expr("int", d-1)+")"); v != "" {
					return v
				}
			}
			switch g.r.Intn(6) {
			case 0:
				if v := g.first(t, g.value("Sh", d)+".mea("+g.expr("int", d-1)+")"); v != "" {
					return v
				}
			case 1:
				return "len(" + g.value(g.pick("map[string]int", "map[int]float64"), d) + ")"
			}
			return g.pick(g.value("P", d)+".sum("+g.expr("int", d-1)+")",
				"len("+g.value(g.pick("string", "[]int", "[]P", "[]int32"), d)+")", "cap("+g.value("[]int", d)+")")
		}
		if t == "uint8" {
			return "(" + g.value("string", d) + "+\"ab\")[" + g.index(d-1) + "]"
		}
		return g.pick("min", "max") + "(" + g.value(t, d) + ", " + g.expr(t, d-1) + ")"
	case 8:
		return "(" + g.value(t, d) + " " + g.pick("/", "%") + " " + g.divisor(t, d) + ")"
	}
	return "(" + g.value(t, d) + " " + g.pick("+", "-", "*", "&", "|", "^", "&^") + " " + g.operand(t, d) + ")"
}

// place is something to assign to.
func (g *gen) place() (string, string) {
	for range 20 {
		t := g.pick(varTypes...)
		l := g.leaf(t, 1)
		if l == "" || strings.HasPrefix(l, "(*") || strings.HasPrefix(l, "&") {
			continue
		}
		kept := false
		for _, v := range g.vars {
			kept = kept || v.keep && v.name == l
		}
		if !kept {
			return l, t
		}
	}
	return "g0", "int"
}

func (g *gen) block(n int) {
	vars, funcs := len(g.vars), g.funcs
	g.depth++
	for range n {
		g.stmt()
	}
	g.depth--
	g.vars, g.funcs = g.vars[:vars], funcs
}

func (g *gen) declare(t string) {
	v := g.name()
	switch g.r.Intn(5) {
	case 0:
		if t == "Sh" || t[0] == 'm' && !g.rarely() || t[0] == '*' || t[0] == '[' && t[1] == ']' {
			t = "int"
		}
		g.line("var %s %s; _ = %s", v, t, v)
	default:
		g.line("var %s %s = %s; _ = %s", v, t, g.expr(t, 3), v)
	}
	g.vars = append(g.vars, genVar{name: v, typ: t})
}

func (g *gen) stmt() {
	if g.depth > 4 {
		g.declare(g.pick(scalarTypes...))
		return
	}
	switch g.r.Intn(28) {
	case 27:
		g.functions()
	case 24:
		g.mapStmt()
	case 25:
		m, k, v := g.value("map[string]int", 1), g.name(), g.name()
		g.line("%s, %s := %s[%s]; _, _ = %s, %s", k, v, m, g.expr("string", 2), k, v)
		g.vars = append(g.vars, genVar{name: k, typ: "int"}, genVar{name: v, typ: "bool"})
	case 26:
		l, _ := g.place()
		g.line("delete(%s, %s); g0 ^= len(%q)", g.value("map[int]float64", 1), g.expr("int", 2), l)
	case 0, 1, 2:
		g.declare(g.pick(varTypes...))
	case 3, 4, 5:
		l, t := g.place()
		g.line("%s = %s", l, g.expr(t, 3))
	case 6:
		l, t := g.place()
		switch {
		case isInt(t) && g.r.Intn(3) == 0:
			g.line("%s %s %s", l, g.pick("/=", "%="), g.divisor(t, 2))
		case isInt(t):
			g.line("%s %s %s", l, g.pick("+=", "-=", "*=", "|=", "&^=", "^="), g.expr(t, 2))
		case isFloat(t):
			g.line("%s %s %s", l, g.pick("+=", "-=", "*=", "/="), g.expr(t, 2))
		case t == "string":
			g.line("%s = short(%s)", l, g.expr(t, 2))
		default:
			g.line("g0++")
		}
	case 7:
		l, t := g.place()
		m, u := g.place()
		g.line("%s, %s = %s, %s", l, m, g.expr(t, 2), g.expr(u, 2))
	case 8, 9:
		g.line("if %s {", g.expr("bool", 3))
		g.block(2)
		if g.r.Intn(2) == 0 {
			g.line("} else {")
			g.block(2)
		}
		g.line("}")
	case 10:
		i, l := g.name(), g.name()
		if g.r.Intn(2) == 0 {
			g.line("%s:", l)
			g.loops = append(g.loops, l)
		} else {
			g.loops = append(g.loops, "")
		}
		g.line("for %s := 0; %s < %s; %s++ {", i, i, g.pick("3", "len("+g.value("[]int", 1)+")%4"), i)
		g.loopBody(genVar{i, "int", true})
	case 11, 12:
		g.rangeLoop()
	case 13:
		g.switchStmt()
	case 14:
		if n := len(g.loops); n > 0 {
			l := g.loops[g.r.Intn(n)]
			g.line("if %s { %s %s }", g.expr("bool", 2), g.pick("break", "continue"), l)
		} else {
			g.line("g0--")
		}
	case 15:
		for _, f := range g.funcs {
			if len(f.ret) == 2 && g.r.Intn(2) == 0 {
				a, b := g.name(), g.name()
				g.line("%s, %s := %s; _, _ = %s, %s", a, b, g.callOf(f, 2), a, b)
				g.vars = append(g.vars, genVar{name: a, typ: f.ret[0]}, genVar{name: b, typ: f.ret[1]})
				return
			}
		}
	case 17, 18:
		if g.depth < 4 {
			g.literal()
		}
	case 21:
		g.typeSwitch()
	case 22:
		v, ok, t := g.name(), g.name(), g.pick("int", "Small", "P", "string", "*P", "[]int")
		g.line("%s, %s := %s.(%s); _, _ = %s, %s", v, ok, g.value("any", 1), t, v, ok)
		g.vars = append(g.vars, genVar{name: v, typ: t}, genVar{name: ok, typ: "bool"})
	case 23:
		if g.r.Intn(3) == 0 {
			g.line("defer func() { if x := recover(); x != nil { g0 += 50 } }()")
			return
		}
		g.line("if %s %s %s { g0 += 3 }", g.value("any", 1), g.pick("==", "!="), g.pick("nil", "any(g0)", "any(Small(1))", "any(g3)"))
	case 19:
		loops := g.loops
		g.goroutine()
		g.loops = loops
	case 20:
		if g.r.Intn(2) == 0 {
			v := g.name()
			g.line("defer func(%s %s) { g0++; g1 = min(g1, float64(%s)) }(%s)", v, "uint8", v, g.expr("uint8", 2))
			return
		}
		g.line("sort.Slice(g2, func(i, j int) bool { fuel--; return g2[i] %s g2[j] })", g.pick("<", ">"))
	case 16:
		if g.depth > 1 && g.r.Intn(3) == 0 {
			g.line("if %s { return %s }", g.expr("bool", 2), g.returned())
		}
	}
}

// literal declares a function that changes what is around it.
func (g *gen) literal() {
	name, p := g.name(), g.name()
	f := genFunc{name: name, params: []string{g.pick(scalarTypes...)}, ret: []string{g.pick(scalarTypes...)}}
	vars, loops, ret, funcs := len(g.vars), g.loops, g.ret, g.funcs
	g.loops, g.ret = nil, f.ret
	g.line("%s := func(%s %s) %s {", name, p, f.params[0], f.ret[0])
	g.vars = append(g.vars, genVar{name: p, typ: f.params[0]})
	g.line("\tfuel--")
	g.line("\tif fuel < 0 { return *new(%s) }", f.ret[0])
	g.block(3)
	g.depth++
	g.line("return %s", g.returned())
	g.depth--
	g.line("}")
	g.line("_ = %s", name)
	g.vars, g.loops, g.ret, g.funcs = g.vars[:vars], loops, ret, append(funcs, f)
}

// goroutine sends what nobody else looks at.
func (g *gen) goroutine() {
	c, v, i, k := g.name(), g.name(), g.name(), g.name()
	t := g.pick("int", "uint8", "float64", "Small")
	g.line("%s := make(chan %s, %s)", c, t, g.pick("0", "1", "5"))
	g.line("%s := %s", k, g.expr(t, 2))
	g.line("go func(n int) { many := n; for %s := range many { %s += %s(%s); %s <- %s }; close(%s) }(%s)", i, k, t, i, c, k, c, g.pick("3", "2", "0"))
	if g.r.Intn(3) == 0 {
		ok := g.name()
		g.line("%s, %s := <-%s; _, _ = %s, %s", v, ok, c, v, ok)
		g.vars = append(g.vars, genVar{name: v, typ: t}, genVar{name: ok, typ: "bool"})
		g.line("select { case %s, %s = <-%s: case <-make(chan P): g0 += 7 }", v, ok, c)
		g.line("for range %s { g0++ }", c)
		return
	}
	g.loops = append(g.loops, "")
	g.line("for %s := range %s {", v, c)
	g.line("\t_ = %s", v)
	g.line("\tif %s == 127 { break }", v) // then the goroutine stays
	g.vars = append(g.vars, genVar{v, t, true})
	g.depth++
	g.declare(g.pick(scalarTypes...))
	g.depth--
	g.line("}")
	g.vars = g.vars[:len(g.vars)-2]
}

func (g *gen) loopBody(vs ...genVar) {
	n := len(g.vars)
	g.vars = append(g.vars, vs...)
	g.depth++
	g.line("if fuel--; fuel < 0 { break }")
	if l := g.loops[len(g.loops)-1]; l != "" {
		g.line("if fuel < -1 { continue %s }", l)
	}
	g.depth--
	g.block(3)
	g.line("}")
	g.vars = g.vars[:n]
	g.loops = g.loops[:len(g.loops)-1]
}

func (g *gen) rangeLoop() {
	k, v := g.name(), g.name()
	g.loops = append(g.loops, "")
	switch g.r.Intn(5) {
	case 0:
		t := g.pick("int", "uint8", "int32")
		g.line("for %s := range (%s&3) {", k, g.value(t, 1))
		g.line("\t_ = %s", k)
		g.loopBody(genVar{name: k, typ: t})
	case 1:
		g.line("for %s, %s := range %s {", k, v, g.value("string", 1))
		g.line("\t_, _ = %s, %s", k, v)
		g.loopBody(genVar{name: k, typ: "int"}, genVar{name: v, typ: "int32"})
	case 2:
		g.line("for %s, %s := range %s {", k, v, g.value("[3]int8", 1))
		g.line("\t_, _ = %s, %s", k, v)
		g.loopBody(genVar{name: k, typ: "int"}, genVar{name: v, typ: "int8"})
	default:
		t := g.pick("int", "float64", "string", "P", "[]int")
		g.line("for %s, %s := range %s {", k, v, g.value("[]"+t, 2))
		g.line("\t_, _ = %s, %s", k, v)
		g.loopBody(genVar{name: k, typ: "int"}, genVar{name: v, typ: t})
	}
}

// functions are values in a slice or map, called in a loop.
func (g *gen) functions() {
	fs, i, x := g.name(), g.name(), g.name()
	first, second := g.expr("int", 2), g.place2("int")
	if g.r.Intn(2) == 0 {
		g.line("%s := []func(int) int{func(%s int) int { return %s ^ %s }}", fs, x, x, first)
		g.line("for %s := range 3 { %s = append(%s, func(%s int) int { %s++; return %s + %s }) }", i, fs, fs, x, second, i, x)
		g.line("for %s, f := range %s { g0 ^= f(%s) }", i, fs, i)
		g.line("g0 += %s[%s](%s)", fs, g.pick("1", "len("+fs+")-1"), g.expr("int", 1))
		return
	}
	g.line("%s := map[string]func(int) int{}", fs)
	g.line("for %s := range 2 { %s[string(rune('a'+%s))] = func(%s int) int { %s--; return %s * %s } }", i, fs, i, x, second, i, x)
	g.line("if f := %s[%s]; f != nil { g0 ^= f(%s) }", fs, g.pick(`"a"`, `"b"`, `"c"`), g.expr("int", 1))
}

// place2 is a variable of the type to assign to.
func (g *gen) place2(t string) string {
	for range 20 {
		if l, u := g.place(); u == t {
			return l
		}
	}
	return "g0"
}

// mapStmt goes over a map: what it does must not depend on the order.
func (g *gen) mapStmt() {
	switch g.r.Intn(4) {
	case 0:
		g.line("for k, v := range %s { g0 += len(k) ^ v*3 }", g.value("map[string]int", 1))
	case 1:
		g.line("for k := range %s { if k > 1 { continue }; g0 += k }", g.value("map[int]float64", 1))
	case 2:
		g.line("for k, v := range %s { v.a++; g0 -= int(k) + v.a }", g.value("map[uint8]P", 1))
	default:
		g.line("for _, v := range %s { if len(v) > 0 { g0 += len(v); v[0]++ } }", g.value("map[string][]int", 1))
	}
}

func (g *gen) switchStmt() {
	saved := g.loops
	within := g.within
	g.loops = nil // break would mean the switch, continue may have no loop
	t := g.pick("int", "string", "uint8", "float64")
	if g.r.Intn(3) == 0 {
		g.line("switch {")
		for range 2 {
			g.within = true
			g.line("case %s:", g.expr("bool", 2))
			g.within = within
			g.block(2)
		}
	} else {
		g.line("switch %s {", g.expr(t, 2))
		for i := range 3 {
			g.within = true
			g.line("case %s, %s:", g.value(t, 1), g.expr(t, 2))
			g.within = within
			g.block(2)
			if i < 2 && g.r.Intn(3) == 0 {
				g.line("\tfallthrough")
			}
		}
	}
	g.line("default:")
	g.block(1)
	g.line("}")
	g.loops = saved
}

func (g *gen) typeSwitch() {
	saved, within := g.loops, g.within
	g.loops = nil
	v := g.name()
	g.line("switch %s := %s.(type) {", v, g.value("any", 1))
	for _, t := range []string{"int", "string", "P", "*P", "Small"} {
		if g.r.Intn(3) == 0 {
			continue
		}
		g.line("case %s:", t)
		g.line("\t_ = %s", v)
		n := len(g.vars)
		g.vars = append(g.vars, genVar{name: v, typ: t})
		g.block(1)
		g.vars = g.vars[:n]
	}
	g.line("case nil, []int:")
	g.block(1)
	g.line("default:")
	g.line("\t_ = %s", v)
	g.line("}")
	g.loops, g.within = saved, within
}

func (g *gen) returned() string {
	var out []string
	for _, t := range g.ret {
		out = append(out, g.expr(t, 3))
	}
	return strings.Join(out, ", ")
}

func (g *gen) function(i int) {
	f := genFunc{name: fmt.Sprintf("f%d", i)}
	g.vars = []genVar{{name: "g0", typ: "int"}, {name: "g1", typ: "float64"}, {name: "g2", typ: "[]int"}, {name: "g3", typ: "string"}, {name: "g4", typ: "P"}, {name: "g5", typ: "*P"}}
	var params []string
	for j := range 1 + g.r.Intn(3) {
		t := g.pick(varTypes...)
		f.params = append(f.params, t)
		params = append(params, fmt.Sprintf("p%d %s", j, t))
		g.vars = append(g.vars, genVar{name: fmt.Sprintf("p%d", j), typ: t})
	}
	f.ret = []string{g.pick(scalarTypes...)}
	if g.r.Intn(4) == 0 {
		f.ret = append(f.ret, g.pick(varTypes...))
	}
	g.ret = f.ret
	results := "(" + strings.Join(f.ret, ", ") + ")"
	g.line("func %s(%s) %s {", f.name, strings.Join(params, ", "), results)
	g.depth++
	g.line("fuel--")
	var zero []string
	for j, t := range f.ret {
		g.line("var z%d %s", j, t)
		zero = append(zero, fmt.Sprintf("z%d", j))
	}
	g.line("if fuel < 0 { return %s }", strings.Join(zero, ", "))
	g.depth--
	g.block(4 + g.r.Intn(4))
	g.depth++
	g.line("return %s", g.returned())
	g.depth--
	g.line("}")
	g.funcs = append(g.funcs, f)
}

func randomProgram(seed int64) (decls string, calls []string) {
	g := &gen{r: rand.New(rand.NewSource(seed)), depth: -1}
	g.line("func abs(n int) int { if n < 0 { n = -n }; return max(n, 0) }")
	g.line("func short(s string) string { if len(s) > 40 { return s[:40] }; return s }")
	calls = append(calls, `try("first", func() {})`)
	for i := range 30 {
		g.function(i)
	}
	g.vars = []genVar{{name: "g0", typ: "int"}, {name: "g1", typ: "float64"}, {name: "g2", typ: "[]int"}, {name: "g3", typ: "string"}, {name: "g4", typ: "P"}, {name: "g5", typ: "*P"}}
	funcs := g.funcs
	for _, f := range funcs {
		for range 2 {
			g.funcs = nil
			name := fmt.Sprintf("c%d", len(calls))
			g.within = true
			text, ret := "return "+g.callOf(f, 2), strings.Join(f.ret, ", ")
			show := fmt.Sprintf("fmt.Printf(\"%%v\\n\", %s())", name)
			if strings.ContainsAny(ret, "PE*") || strings.Contains(ret, "any") || strings.Contains(ret, "Sh") { // not shown
				text, ret, show = strings.TrimPrefix(text, "return ")+"; return", "", name+"()"
			}
			if len(f.ret) > 1 && ret != "" {
				show = fmt.Sprintf("x, y := %s(); fmt.Println(x, y)", name)
			}
			fmt.Fprintf(&g.b, "func %s() (%s) { %s }\n", name, ret, text)
			calls = append(calls, fmt.Sprintf("try(%q, func() { %s })", f.name, show))
		}
	}
	return g.b.String(), calls
}

var computedCalls = regexp.MustCompile(`func f\d+_[fc]\d+_\([^\n]*\{\n[^\n]*\.Q\d+\(`)

// Random programs do in cells as they do in Go.
func TestComputeRandom(t *testing.T) {
	for seed := range int64(*seeds) {
		decls, calls := randomProgram(seed)
		body := decls + randomTry
		want := goOutput(t, "package main\nimport (\"fmt\"; \"math\"; \"sort\"; \"strings\")\nvar _ = math.Pi\nvar _ = sort.Ints\nvar _ = strings.ToUpper\n"+randomHead+body+"func main() {\n"+strings.Join(calls, "\n")+"\n}\n")
		s := newTestSession(t)
		compiled := 0
		s.trace = func(src string) { compiled += len(computedCalls.FindAllString(src, -1)) }
		got, e := transcript(s, append([]string{randomHead, body}, calls...))
		if e != nil || got != want {
			t.Errorf("seed %d: %v\n%s", seed, e, firstDifference(got, want))
		}
		t.Logf("seed %d: %d of 90 functions compiled, %d bytes printed, %d of %d calls panic", seed, compiled, len(want), strings.Count(want, "panics"), len(calls))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: got %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}

// goOutput is what a program prints when Go compiles it.
func goOutput(t *testing.T, src string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command("go", "run", file)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String()[:min(2000, errs.Len())])
	}
	return out.String()
}
