package graph

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"

	"graft/stdlib/host"
	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/par"
)

// Fetch is what a run computes: a *Node, a *Variable or an *Operation.
type Fetch interface {
	Graph() *Graph
	fetches() []*ops.Node
}

// Operation is a group of nodes that are run together for what they do, such
// as a training step (tf.Operation); its result is a nil tensor.
type Operation struct {
	g     *Graph
	name  string
	nodes []*ops.Node
}

// Group makes one operation of several (tf.group). Nodes of different graphs,
// or none, are an error.
func Group(name string, nodes ...*Node) (*Operation, error) {
	op := &Operation{name: name}
	for _, n := range nodes {
		if n == nil || op.g != nil && n.g != op.g {
			return nil, fmt.Errorf("graph: group %s: %v is not of the same graph as the others", name, n)
		}
		op.g = n.g
		op.nodes = append(op.nodes, n.n)
	}
	if op.g == nil {
		return nil, fmt.Errorf("graph: group %s is empty", name)
	}
	return op, nil
}

// Name is the name given to Group.
func (o *Operation) Name() string { return o.name }

// Graph is the graph that the operation is in.
func (o *Operation) Graph() *Graph { return o.g }

// String is <Operation "Adam">.
func (o *Operation) String() string { return fmt.Sprintf("<Operation %q>", o.name) }

func (o *Operation) fetches() []*ops.Node { return o.nodes }

// SessionOptions configure a Session; the zero value works.
type SessionOptions struct {
	// Threads is how many processors a run uses. Results do not depend on it.
	// Default: all.
	Threads int
	// Exact computes every operation as the graph has it. By default batch
	// normalisation by stored statistics is folded into the convolution before
	// it, and 3×3 convolutions with frozen filters are computed by Winograd's
	// algorithm: results differ by some 1e-5 of the largest.
	Exact bool
	// FeatureBytes bounds the memory for what the frozen part of a network made
	// of examples; see Session.Features. Default: 256 MiB; below 0 nothing is
	// remembered.
	FeatureBytes int64
	// FeatureFileBytes bounds the temporary file for what FeatureBytes leaves
	// no room for, in the system's folder for them ($TMPDIR). Default: 4 GiB;
	// below 0 there is no file.
	FeatureFileBytes int64
	// CheckNumerics ends a run at the first value with a NaN or infinite
	// element, before any variable is changed, with a *NotFiniteError that names
	// it. It costs a look at each value.
	CheckNumerics bool
}

var errNoSession = errors.New("graph: the session is nil: was the cell that makes it stopped by an error?")

// Session holds the values of a graph's variables and runs its operations
// (tf.Session). A variable that is read before anything was assigned to it
// has the value of its initializer; variables that the graph gets later join
// by themselves. Methods may be called from several goroutines; runs take
// turns.
type Session struct {
	g *Graph

	mu    sync.Mutex
	vars  map[*Variable]*state
	plans plans
	cache exec.Cache
	exact bool
	check bool

	features *features

	ctx  ops.Ctx
	runs uint64

	things map[any]any        // of Keep
	told   map[*expected]bool // the warnings shown
}

// runSeed is the seed of the last run's random numbers: one for each pair of
// the graph's seed and the run.
func (s *Session) runSeed() uint64 { return rand.NewPCG(s.g.seed, s.runs).Uint64() }

// NewSession returns a session in which all variables are still fresh. A nil
// graph is an error.
func NewSession(g *Graph) (*Session, error) { return NewSessionWith(g, SessionOptions{}) }

// NewSessionWith is NewSession with options; a negative number of threads is
// an error.
func NewSessionWith(g *Graph, opt SessionOptions) (*Session, error) {
	if g == nil {
		return nil, fmt.Errorf("graph: a session needs a graph")
	}
	if opt.Threads < 0 {
		return nil, fmt.Errorf("graph: a session with %d threads", opt.Threads)
	}
	s := &Session{g: g, vars: map[*Variable]*state{}, plans: plans{}, exact: opt.Exact, check: opt.CheckNumerics, features: newFeatures(opt.FeatureBytes, opt.FeatureFileBytes)}
	s.ctx.Pool = par.New(opt.Threads)
	return s, nil
}

// Graph is the graph that the session runs.
func (s *Session) Graph() *Graph { return s.g }

// Run computes what is fetched, and nothing that it does not need, and
// returns a tensor for each fetch: the value of a node, nil for an Operation.
// The tensors are the caller's own.
//
// Operations that change variables run after everything that reads them,
// except what uses their results. A fetched variable has its value from
// after the run.
//
// Errors: a placeholder that is needed and not fed, a feed of another shape
// or dtype, what an operation finds in its inputs (a label out of range), and
// context.Canceled when the cell is interrupted; each names the node.
func (s *Session) Run(feeds Feeds, fetches ...Fetch) ([]*Tensor, error) {
	if s == nil {
		return nil, errNoSession
	}
	t, err := s.g.fetched(fetches)
	if err != nil {
		return nil, err
	}
	values, err := s.compute(feeds, t)
	if err != nil {
		return nil, fmt.Errorf("graph: run: %w", err)
	}
	out := make([]*Tensor, len(fetches))
	for i, f := range fetches {
		n := len(f.fetches())
		if _, op := f.(*Operation); !op {
			out[i] = toTensor(values[0])
		}
		values = values[n:]
	}
	return out, nil
}

// targets are nodes to compute, and which of them only for what they do.
type targets struct {
	nodes   []*ops.Node
	discard []bool
}

// fetched are the nodes behind fetches.
func (g *Graph) fetched(fetches []Fetch) (t targets, err error) {
	for i, f := range fetches {
		if f == nil || reflect.ValueOf(f).IsNil() {
			return t, fmt.Errorf("graph: run: fetch %d is nil, as is what a map has for a name it does not have: the Get of a net's end points says which there are", i)
		}
		if f.Graph() != g {
			return t, fmt.Errorf("graph: run: fetch %d is of another graph than the session's", i)
		}
		_, op := f.(*Operation)
		for _, n := range f.fetches() {
			t.nodes, t.discard = append(t.nodes, n), append(t.discard, op)
		}
	}
	return t, nil
}

// Float runs and returns one scalar, such as a loss, as a float64. A node with
// more than one element is an error.
func (s *Session) Float(feeds Feeds, n *Node) (float64, error) {
	out, err := s.Run(feeds, n)
	if err != nil {
		return 0, err
	}
	x, err := Item(out[0])
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, n.name)
	}
	return x, nil
}

func number(v *ops.Value) float64 {
	switch v.DType {
	case Float32:
		return float64(v.F32[0])
	case Float64:
		return v.F64[0]
	case Int32:
		return float64(v.I32[0])
	case Int64:
		return float64(v.I64[0])
	}
	if v.Bool[0] {
		return 1
	}
	return 0
}

func (s *Session) compute(feeds Feeds, t targets) ([]*ops.Value, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx := host.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.ctx.Context = ctx
	defer func() { s.ctx.Context = context.Background() }()
	in, err := s.feed(feeds)
	if err != nil {
		return nil, err
	}
	plan, err := s.plan(t, in)
	if err != nil {
		return nil, err
	}
	s.warn(plan)
	s.runs++
	s.ctx.Seed = s.runSeed()
	if s.features.use(plan) {
		return s.withFeatures(plan, t, in)
	}
	return s.run(plan, t, in)
}

// run runs the plan of t, some rows at a time if that is faster.
func (s *Session) run(plan *exec.Plan, t targets, in *fed) ([]*ops.Value, error) {
	if plan.Rows() > 0 {
		if out, err := s.byRows(plan, t, in); out != nil || err != nil {
			return out, err
		}
	}
	return s.whole(plan, in)
}

// whole runs a plan on what is fed and the variables' values.
func (s *Session) whole(plan *exec.Plan, in *fed) ([]*ops.Value, error) {
	leaves, versions, err := s.leaves(plan, in)
	if err != nil {
		return nil, err
	}
	out, err := s.execute(plan, leaves, versions)
	s.settle(plan)
	return out, err
}

// leaves are the values that a plan begins with, and their versions.
func (s *Session) leaves(plan *exec.Plan, in *fed) (values []*ops.Value, versions []uint64, err error) {
	values = make([]*ops.Value, len(plan.Leaves()))
	versions = make([]uint64, len(values))
	for i, n := range plan.Leaves() {
		if values[i], err = in.value(n); err != nil {
			return nil, nil, err
		}
		if values[i] == nil {
			values[i], versions[i] = s.leaf(n, plan.Writes(n))
		}
	}
	return values, versions, nil
}

// settle notes which variables a run has changed.
func (s *Session) settle(plan *exec.Plan) {
	for _, n := range plan.Leaves() {
		if v := s.g.byNode[n]; v != nil && plan.Writes(n) {
			s.changed(v)
			s.vars[v].value.Memo = nil
		}
	}
}

// leaf is the value of a variable or a constant, and how often it changed.
// What kernels derive from a value, packed filters, is kept with it until it
// changes; in a run that changes it they derive nothing.
func (s *Session) leaf(n *ops.Node, written bool) (*ops.Value, uint64) {
	if c := s.g.constants[n]; c != nil {
		return c, 0
	}
	st := s.vars[s.g.byNode[n]]
	switch {
	case written:
		st.leaveFile()
		v := *st.value
		v.Memo = nil
		return &v, st.version
	case st.value.Memo == nil:
		st.value.Memo = new(ops.Memo)
	}
	return st.value, st.version
}

// plan finds or makes the plan for these fetches, feeds and shapes.
func (s *Session) plan(t targets, in *fed) (*exec.Plan, error) {
	key := planKey(t, in.values) + fmt.Sprint(";", len(s.features.kept))
	if p := s.plans.get(key); p != nil {
		return p, nil
	}
	known := func(n *ops.Node) (*exec.Leaf, error) { return s.known(n, in.values) }
	p, err := exec.New(t.nodes, known, exec.Options{Discard: t.discard, Exact: s.exact, Names: s.g.nameOf, Cache: &s.cache, Remembered: s.features.remembers})
	if err != nil {
		return nil, err
	}
	s.plans.put(key, p)
	return p, nil
}

// known says what a leaf is in this run, nil for a node to be computed. A
// fresh variable gets its first value here.
func (s *Session) known(n *ops.Node, fed map[*ops.Node]*ops.Value) (*exec.Leaf, error) {
	if v := fed[n]; v != nil {
		return &exec.Leaf{Spec: v.Spec()}, nil
	}
	if c := s.g.constants[n]; c != nil {
		return &exec.Leaf{Spec: c.Spec(), Stable: true}, nil
	}
	if v := s.g.byNode[n]; v != nil {
		st, err := s.state(v)
		if err != nil {
			return nil, err
		}
		return &exec.Leaf{Spec: st.value.Spec(), Stable: true}, nil
	}
	if n.Op() == nil {
		known := s.g.nodes[n]
		return nil, fmt.Errorf("placeholder %s (%v) is needed and not fed", known.name, known.spec)
	}
	return nil, nil
}

// plans keeps the plans used last.
type plans struct{ list []cached }

type cached struct {
	key  string
	plan *exec.Plan
}

const maxPlans = 16

func (c *plans) get(key string) *exec.Plan {
	for i, e := range c.list {
		if e.key == key {
			copy(c.list[1:i+1], c.list[:i])
			c.list[0] = e
			return e.plan
		}
	}
	return nil
}

func (c *plans) put(key string, p *exec.Plan) {
	c.list = slices.Insert(c.list, 0, cached{key, p})
	c.list = c.list[:min(len(c.list), maxPlans)]
}

func planKey(t targets, fed map[*ops.Node]*ops.Value) string {
	var b []byte
	for i, n := range t.nodes {
		b = fmt.Appendf(b, "%d%t,", n.ID(), t.discard != nil && t.discard[i])
	}
	ids := make([]int64, 0, len(fed))
	shapes := map[int64][]int{}
	for n, v := range fed {
		ids = append(ids, n.ID())
		shapes[n.ID()] = v.Shape
	}
	slices.Sort(ids)
	for _, id := range ids {
		b = fmt.Appendf(b, ";%d%v", id, shapes[id])
	}
	return string(b)
}
