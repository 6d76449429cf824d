package closure

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"unsafe"
)

// function compiles fn's body. Parameters and results have the first slots, in
// order; one that is moved to memory is copied from its slot, or to it.
func (c *compiler) function(own Signature, body *ast.BlockStmt) {
	in := c.slotsFor(own.Params, &c.fn.params)
	out := c.slotsFor(own.Results, &c.fn.results)
	c.named = len(own.Results) > 0 && own.Results[0].Name() != ""
	c.kept = c.named || defers(body)
	first := c.moveParams(own.Params, in)
	last := c.moveResults(own.Results, out)
	for _, r := range c.results {
		if r.k.big() || c.kept { // what a recovered panic leaves, too
			first = append(first, r.reset())
		}
	}
	code := c.block(body.List)
	if c.frame != nil {
		code = framed(code, c.frame.off)
	}
	code = sequence(append(first, code))
	if len(last) > 0 {
		run, copyOut := code, sequence(last)
		code = func(m *machine) ctl {
			run(m)
			return copyOut(m)
		}
	}
	c.fn.body = code
	c.fn.size, c.fn.cost = c.slots, callCost+levelCost*c.deepest
}

func (c *compiler) slotsFor(vars []*types.Var, params *[]param) (out []local) {
	for _, v := range vars {
		l := c.temp(c.kind(v.Type()))
		out, *params = append(out, l), append(*params, param{l.off, l.k})
	}
	return out
}

// moveParams makes parameters known, and copies those that are moved.
func (c *compiler) moveParams(vars []*types.Var, in []local) (first []stmt) {
	for i, v := range vars {
		c.vars[v] = in[i]
		if c.moved[v] && !in[i].k.big() {
			first = append(first, c.declare(v).set(variable(v.Type(), in[i])))
		}
	}
	return first
}

// moveResults is moveParams for results, which are copied back at the end.
func (c *compiler) moveResults(vars []*types.Var, out []local) (last []stmt) {
	for i, v := range vars {
		l := out[i]
		c.vars[v] = l
		if c.moved[v] && !l.k.big() {
			l = c.declare(v)
			last = append(last, out[i].set(variable(v.Type(), l)))
		}
		c.results = append(c.results, l)
	}
	return last
}

// compiler compiles one function.
type compiler struct {
	src      Source
	fn       *Func
	vars     map[types.Object]local
	slots    int
	results  []local
	named    bool
	kept     bool // results are seen before a return has evaluated them all
	targets  []*target
	labels   int
	hoisted  map[ast.Expr]local    // what was made before, calls most of all, by the results
	outer    *compiler             // of the function around a literal
	moved    map[types.Object]bool // variables that live in memory: see literal.go
	taken    []local               // the outer's locals that are captured
	deferred *local                // the frame, while the function of a defer is compiled
	recover  *local                // of the outer function: the frame whose panic recover stops
	frame    *local                // has the frame of the host's, when the function defers
	mark     int                   // that is noted when what is compiled now runs
	line     int                   // and its line
	depth    int                   // of statements in statements
	deepest  int
}

// local is a variable in the frame, or one in memory whose address is there.
type local struct {
	off   int
	k     kind
	moved bool
}

// declare gives a variable its slot.
func (c *compiler) declare(o types.Object) local {
	k := c.kind(o.Type())
	l := local{off: c.slot(), k: k, moved: c.moved[o] && !k.big()}
	if !l.moved {
		l.off += k.within()
	}
	c.vars[o] = l
	return l
}

// inMemory tells whether calls may change it.
func (l local) inMemory() bool { return l.moved || l.k.big() }

// set makes the variable new, with a value; reset with the zero value.
func (l local) set(e expr) stmt {
	if !l.moved {
		return l.k.set(l.off, e)
	}
	// The value is evaluated first: it may mention the variable of before.
	put, box, off := l.k.put(0, e), l.box(), l.off
	return func(m *machine) ctl {
		p := box()
		put(m, p)
		*at[unsafe.Pointer](m, off) = p
		return next
	}
}

func (l local) reset() stmt {
	if !l.moved {
		return l.k.reset(l.off)
	}
	box, off := l.box(), l.off
	return func(m *machine) ctl {
		*at[unsafe.Pointer](m, off) = box()
		return next
	}
}

// assign gives the variable a value.
func (l local) assign(e expr) stmt {
	if l.inMemory() {
		return l.k.store(heldIn(l), e)
	}
	return l.k.set(l.off, e)
}

// box makes memory for one variable.
func (l local) box() func() unsafe.Pointer {
	t := l.k.layout()
	return func() unsafe.Pointer { return reflect.New(t).UnsafePointer() }
}

// temp is a slot without a name.
func (c *compiler) temp(k kind) local {
	return local{off: c.slot() + k.within(), k: k}
}

func (c *compiler) slot() int {
	if c.slots++; c.slots > maxSlots {
		panic(&Unsupported{nil, "so many variables"})
	}
	return (c.slots - 1) * slotSize
}

func (c *compiler) kind(t types.Type) kind {
	k := valueKind(c.src.Apply(t))
	if k == nil {
		panic(&Unsupported{nil, fmt.Sprint(t)})
	}
	return k
}

// deeper counts a closure around others until the returned function runs.
func (c *compiler) deeper() func() {
	c.depth++
	c.deepest = max(c.deepest, c.depth)
	return func() { c.depth-- }
}

func (c *compiler) refuse(n ast.Node, format string, args ...any) {
	panic(&Unsupported{n, fmt.Sprintf(format, args...)})
}
