// Package exec runs a graph: it plans from the nodes that are fetched back to
// those that are fed, gives every result a place in one block of memory, and
// calls the kernels in order.
package exec

import (
	"fmt"
	"slices"
	"time"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
)

// Names names nodes in errors.
type Names func(*ops.Node) string

// Plan is how one set of nodes is computed from inputs of given shapes. One
// run at a time may use it: the values of a run are in it, and the memory of
// its results is the Cache's, which other plans use as well.
type Plan struct {
	leaves     []*ops.Node   // fed nodes, variables and constants, in the order of values
	derived    []*derivation // whose values come behind those of the leaves
	steps      []step
	fetch      []int // index of each fetched value, -1 for one that is not wanted
	fetchSpecs []ops.Spec
	values     []*ops.Value
	results    []result // of steps, in the arena
	size       int      // of the arena
	cache      *Cache
	written    map[*ops.Node]bool // the leaves that the run changes
	names      Names
	commit     int // the first of the steps that only write variables

	frontier       []*ops.Node
	frontierShapes [][]int
	upstream       []*ops.Node

	batch  int  // rows of what is fed, 0 if nothing is
	rows   int  // to run at a time, 0 for all
	byRows bool // every fetched row comes of the same row of what is fed

	watch func(*step, time.Duration) error // of Profile
}

// step computes one value.
type step struct {
	node   *ops.Node // whose value it is
	kernel ops.Kernel
	args   []arg
	late   bool // it changes a variable, or comes after that

	in     []int // indices of values
	out    int
	writes int          // the input that is changed and is the result too, -1 for none
	inputs []*ops.Value // scratch for Run
}

// arg is an input of a step: a node's value, or one derived from leaves.
type arg struct {
	node    *ops.Node
	derived *derivation
}

// Leaf is what is known of a node that is not computed.
type Leaf struct {
	Spec ops.Spec
	// Stable says that the value changes only when its version does: it is a
	// variable's or a constant's, not fed.
	Stable bool
}

// Options are what a plan may do.
type Options struct {
	// Exact computes each node as it was built: nothing is folded, no faster
	// algorithm with another rounding is taken.
	Exact bool
	Names Names
	// Cache keeps what is derived from variables, for all plans of a session.
	Cache *Cache
	// Discard says which of the fetches are run for what they do: their
	// values are not returned. nil: none.
	Discard []bool
	// Remembered says which nodes' rows are kept already; nil: none.
	Remembered func(*ops.Node) bool
}

// New plans the computation of fetches. known tells what is known of a node
// that is not to be computed, nil of one that is, or an error for one that
// has no value: a placeholder that is not fed.
func New(fetches []*ops.Node, known func(*ops.Node) (*Leaf, error), opt Options) (*Plan, error) {
	p := &Plan{names: opt.Names, cache: opt.Cache, written: map[*ops.Node]bool{}}
	b := &planner{Plan: p, opt: opt, known: known, index: map[*ops.Node]int{}, specs: map[*ops.Node]ops.Spec{},
		stable: map[*ops.Node]bool{}, fetched: map[*ops.Node]bool{}}
	for _, f := range fetches {
		b.fetched[f] = true
		if err := b.visit(f); err != nil {
			return nil, err
		}
	}
	if err := b.arrange(); err != nil {
		return nil, err
	}
	if err := b.specify(); err != nil {
		return nil, err
	}
	b.findFrontier()
	b.fuse()
	b.number()
	for i, f := range fetches {
		k := b.index[f]
		if opt.Discard != nil && opt.Discard[i] {
			k = -1
		}
		p.fetch, p.fetchSpecs = append(p.fetch, k), append(p.fetchSpecs, b.specs[f])
	}
	b.place()
	p.commit = b.commitment()
	p.rows = b.chooseRows()
	return p, nil
}

// Leaves are the nodes whose values Run is given, in its order.
func (p *Plan) Leaves() []*ops.Node { return p.leaves }

// Changes reports whether the run changes any variable.
func (p *Plan) Changes() bool { return len(p.written) > 0 }

// Writes reports whether the run changes the variable of a leaf.
func (p *Plan) Writes(leaf *ops.Node) bool { return p.written[leaf] }

type planner struct {
	*Plan
	opt     Options
	known   func(*ops.Node) (*Leaf, error)
	index   map[*ops.Node]int // of values; -1 for what is to be computed
	found   []*ops.Node       // the nodes to compute, inputs first
	specs   map[*ops.Node]ops.Spec
	stable  map[*ops.Node]bool
	fetched map[*ops.Node]bool
	sizes   []ops.Spec // of values
}

// visit finds what n needs, with a stack of its own: graphs may be deep.
func (b *planner) visit(n *ops.Node) error {
	type frame struct {
		n    *ops.Node
		next int
	}
	stack := []frame{}
	push := func(n *ops.Node) error {
		if _, ok := b.index[n]; ok {
			return nil
		}
		leaf, err := b.known(n)
		if err != nil {
			return err
		}
		b.index[n] = -1
		if leaf != nil {
			b.index[n] = len(b.leaves)
			b.leaves, b.specs[n], b.stable[n] = append(b.leaves, n), leaf.Spec, leaf.Stable
			return nil
		}
		if _, ok := n.Op().(*ops.Op); !ok {
			return fmt.Errorf("%s is an operation of Gorgonia's own, which sessions do not run", b.names(n))
		}
		stack = append(stack, frame{n, 0})
		return nil
	}
	if err := push(n); err != nil {
		return err
	}
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		inputs := f.n.Op().(*ops.Op).Inputs
		if f.next == len(inputs) {
			b.found = append(b.found, f.n)
			stack = stack[:len(stack)-1]
			continue
		}
		f.next++
		if err := push(inputs[f.next-1]); err != nil {
			return err
		}
	}
	return nil
}

// arrange makes the steps. What changes variables, and what comes after that,
// runs last, in the order in which it was built: whoever else reads a
// variable sees the value from before the run.
func (b *planner) arrange() error {
	late := map[*ops.Node]bool{}
	for _, n := range b.found {
		op := n.Op().(*ops.Op)
		w, writes := op.Kernel.(ops.Writer)
		late[n] = writes || slices.ContainsFunc(op.Inputs, func(in *ops.Node) bool { return late[in] })
		if !writes {
			continue
		}
		for _, i := range w.Writes() {
			target := op.Inputs[i]
			if at := b.index[target]; at < 0 || target.Op() != nil {
				return fmt.Errorf("%s changes its input %s, which is not a variable", b.names(n), b.names(target))
			}
			b.written[target] = true
		}
	}
	for _, last := range []bool{false, true} {
		for _, n := range b.found {
			if late[n] == last {
				b.steps = append(b.steps, newStep(n, last))
			}
		}
	}
	return nil
}

func newStep(n *ops.Node, late bool) step {
	op := n.Op().(*ops.Op)
	s := step{node: n, kernel: op.Kernel, late: late, writes: -1}
	for _, in := range op.Inputs {
		s.args = append(s.args, arg{node: in})
	}
	if w, ok := op.Kernel.(ops.Writer); ok && len(w.Writes()) > 0 {
		s.writes = w.Writes()[0]
	}
	return s
}

// specify infers every value's shape from the run's own.
func (b *planner) specify() error {
	for _, s := range b.steps {
		in := make([]ops.Spec, len(s.args))
		for k, a := range s.args {
			in[k] = b.specs[a.node]
		}
		spec, err := s.kernel.Infer(in)
		if err != nil {
			return fmt.Errorf("%s: %w", b.names(s.node), err)
		}
		if ops.Size(spec.Shape) < 0 {
			return fmt.Errorf("%s: its shape %s is not known from those of its inputs", b.names(s.node), ops.ShapeString(spec.Shape))
		}
		b.specs[s.node] = spec
	}
	return nil
}

// number gives every value its place: leaves, what is derived from them,
// results.
func (b *planner) number() {
	for _, n := range b.leaves {
		b.sizes = append(b.sizes, b.specs[n])
	}
	at := map[*derivation]int{}
	for _, s := range b.steps {
		for _, a := range s.args {
			if d := a.derived; d != nil && at[d] == 0 {
				at[d] = len(b.sizes)
				b.derived, b.sizes = append(b.derived, d), append(b.sizes, d.spec)
				for _, n := range d.from {
					d.leaves = append(d.leaves, b.index[n])
				}
			}
		}
	}
	for i := range b.steps {
		s := &b.steps[i]
		for _, a := range s.args {
			if a.derived != nil {
				s.in = append(s.in, at[a.derived])
			} else {
				s.in = append(s.in, b.index[a.node])
			}
		}
		s.inputs = make([]*ops.Value, len(s.in))
		s.out = len(b.sizes)
		b.index[s.node] = s.out
		b.sizes = append(b.sizes, b.specs[s.node])
	}
	b.values = make([]*ops.Value, len(b.sizes))
}

// place gives every float32 result a part of the arena, free again after its
// last use, and every other result memory of its own.
func (b *planner) place() {
	l := &layout{planner: b, offsets: make([]int, len(b.sizes)), last: b.lastUses(), free: make([][]int, len(b.steps)+1)}
	for i, s := range b.steps {
		l.step(i, s)
	}
	b.size = l.arena.size
	for _, s := range b.steps {
		spec := b.sizes[s.out]
		if s.writes >= 0 {
			continue
		}
		if spec.DType != tensors.Float32 {
			b.values[s.out], _ = ops.NewValue(spec) // specify has refused unknown sizes, Infer unknown dtypes
			continue
		}
		v := &ops.Value{DType: spec.DType, Shape: spec.Shape}
		b.values[s.out] = v
		b.results = append(b.results, result{v, l.offsets[s.out], l.offsets[s.out] + ops.Size(spec.Shape)})
	}
}

// result is the part of the arena that a value has.
type result struct {
	value    *ops.Value
	from, to int
}

// take gives the results their memory for a run.
func (p *Plan) take() {
	arena := p.cache.memory(p.size)
	for _, r := range p.results {
		r.value.F32 = arena[r.from:r.to:r.to]
	}
}

// release lets the arena go, so that a larger one can replace it.
func (p *Plan) release() {
	for _, r := range p.results {
		r.value.F32 = nil
	}
}

// lastUses gives for each value the step after which it is free.
func (b *planner) lastUses() []int {
	last := make([]int, len(b.sizes))
	for i, s := range b.steps {
		last[s.out] = i
		for _, k := range s.in {
			last[k] = i
		}
	}
	for _, k := range b.fetch {
		if k >= 0 {
			last[k] = len(b.steps)
		}
	}
	return last
}

// layout places values in the arena.
type layout struct {
	*planner
	arena   arena
	offsets []int
	last    []int
	free    [][]int // the values that are free after each step
}

func (l *layout) step(i int, s step) {
	if l.inArena(s.out) && s.writes < 0 {
		if from := l.reusable(i, s); from >= 0 {
			l.offsets[s.out] = l.offsets[from]
			l.free[i] = slices.DeleteFunc(l.free[i], func(k int) bool { return k == from })
		} else {
			l.offsets[s.out] = l.arena.take(l.room(s.out))
		}
		l.free[l.last[s.out]] = append(l.free[l.last[s.out]], s.out)
	}
	for _, k := range l.free[i] {
		l.arena.give(l.offsets[k], l.room(k))
	}
}

func (l *layout) inArena(k int) bool { return l.sizes[k].DType == tensors.Float32 }

// room is the part of the arena that a value takes, in whole cache lines of
// 64 bytes.
func (l *layout) room(k int) int { return (ops.Size(l.sizes[k].Shape) + 15) &^ 15 }

// reusable is an input whose memory the step's result may take over, -1 when
// there is none.
func (l *layout) reusable(i int, s step) int {
	k, ok := s.kernel.(ops.InPlace)
	if !ok {
		return -1
	}
	for _, r := range k.Reuses() {
		from := s.in[r]
		once := slices.Index(s.in, from) == r && !slices.Contains(s.in[r+1:], from)
		if once && slices.Contains(l.free[i], from) && l.room(from) == l.room(s.out) {
			return from
		}
	}
	return -1
}

// arena hands out parts of a block that grows as needed: the smallest free
// part that is large enough, else the end.
type arena struct {
	size int
	free []gap // by offset, no two adjacent
}

type gap struct{ at, n int }

func (a *arena) take(n int) int {
	best := -1
	for i, p := range a.free {
		if p.n >= n && (best < 0 || p.n < a.free[best].n) {
			best = i
		}
	}
	if best >= 0 {
		at := a.free[best].at
		if a.free[best].n == n {
			a.free = slices.Delete(a.free, best, best+1)
		} else {
			a.free[best] = gap{at + n, a.free[best].n - n}
		}
		return at
	}
	at := a.size
	if k := len(a.free); k > 0 && a.free[k-1].at+a.free[k-1].n == a.size {
		at = a.free[k-1].at
		a.free = a.free[:k-1]
	}
	a.size = at + n
	return at
}

func (a *arena) give(at, n int) {
	if n == 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(a.free, at, func(p gap, at int) int { return p.at - at })
	a.free = slices.Insert(a.free, i, gap{at, n})
	if i+1 < len(a.free) && at+n == a.free[i+1].at {
		a.free[i].n += a.free[i+1].n
		a.free = slices.Delete(a.free, i+1, i+2)
	}
	if i > 0 && a.free[i-1].at+a.free[i-1].n == at {
		a.free[i-1].n += a.free[i].n
		a.free = slices.Delete(a.free, i, i+1)
	}
}
