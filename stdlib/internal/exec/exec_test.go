package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/par"
)

// world is a graph with its leaves' values.
type world struct {
	t       testing.TB
	expr    *gorgonia.ExprGraph
	b       *ops.Builder
	values  map[*ops.Node]*ops.Value
	options Options
}

func newWorld(t testing.TB) *world {
	return &world{t: t, expr: gorgonia.NewGraph(), b: &ops.Builder{}, values: map[*ops.Node]*ops.Value{}, options: Options{Names: name, Cache: &Cache{}}}
}

func (w *world) leaf(name string, values ...float32) *ops.Node {
	n := gorgonia.NewTensor(w.expr, gorgonia.Float32, 1, gorgonia.WithShape(len(values)), gorgonia.WithName(name))
	w.values[n] = &ops.Value{DType: tensors.Float32, Shape: []int{len(values)}, F32: values}
	return n
}

func (w *world) apply(k ops.Kernel, in ...*ops.Node) *ops.Node {
	w.t.Helper()
	n, err := w.b.Apply(k, in...)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) known(n *ops.Node) (*Leaf, error) {
	if v := w.values[n]; v != nil {
		return &Leaf{v.Spec(), true}, nil
	}
	if n.Op() == nil {
		return nil, errors.New(n.Name() + " has no value")
	}
	return nil, nil
}

func name(n *ops.Node) string { return n.Name() }

func (w *world) plan(fetches ...*ops.Node) *Plan {
	w.t.Helper()
	p, err := New(fetches, w.known, w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) run(ctx context.Context, p *Plan) ([]*ops.Value, error) {
	leaves := make([]*ops.Value, len(p.Leaves()))
	for i, n := range p.Leaves() {
		leaves[i] = w.values[n]
	}
	return p.Run(&ops.Ctx{Context: ctx, Pool: par.New(2)}, leaves, make([]uint64, len(leaves)))
}

// TestMemory builds random graphs whose results are used again later, or in
// place, and compares with values that all have memory of their own.
func TestMemory(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		nodes := []*ops.Node{w.leaf("a", 1, 2, 3), w.leaf("b", 4, 5, 6)}
		want := [][]float32{{1, 2, 3}, {4, 5, 6}}
		for range 30 {
			i, j := r.IntN(len(nodes)), r.IntN(len(nodes))
			x, y := want[i], want[j]
			switch r.IntN(3) {
			case 0:
				nodes = append(nodes, w.apply(ops.Add, nodes[i], nodes[j]))
				want = append(want, []float32{x[0] + y[0], x[1] + y[1], x[2] + y[2]})
			case 1:
				nodes = append(nodes, w.apply(ops.Affine{By: -0.5, Plus: 1}, nodes[i]))
				want = append(want, []float32{1 - x[0]/2, 1 - x[1]/2, 1 - x[2]/2})
			default:
				nodes = append(nodes, w.apply(ops.Relu, nodes[i]))
				want = append(want, []float32{max(0, x[0]), max(0, x[1]), max(0, x[2])})
			}
		}
		fetch := []int{len(nodes) - 1, r.IntN(len(nodes)), r.IntN(len(nodes))}
		p := w.plan(nodes[fetch[0]], nodes[fetch[1]], nodes[fetch[2]])
		for range 2 { // the second run finds the first one's memory
			got, err := w.run(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			for k, f := range fetch {
				if fmt.Sprint(got[k].F32) != fmt.Sprint(want[f]) {
					t.Fatalf("seed %d: node %d is %v, want %v", seed, f, got[k].F32, want[f])
				}
			}
		}
	}
}

// The memory of a chain is that of two results, however long it is.
func TestMemoryIsReused(t *testing.T) {
	w := newWorld(t)
	x := w.leaf("x", make([]float32, 1000)...)
	for range 100 {
		x = w.apply(ops.Reduce{Op: ops.Sum, Axes: 1, KeepDims: true}, w.apply(ops.Concat{}, x, x))
	}
	long := w.plan(x)
	if long.Bytes() > 4*2100 || long.Steps() != 200 {
		t.Errorf("%d steps take %d bytes", long.Steps(), long.Bytes())
	}
}

// What reads a variable sees it from before the run, but for what depends on
// the write.
func TestWritesComeLast(t *testing.T) {
	w := newWorld(t)
	v := w.leaf("v", 1)
	write := w.apply(ops.AssignAdd{}, v, w.leaf("one", 1))
	before := w.apply(ops.Affine{By: 10}, v) // made after the write all the same
	after := w.apply(ops.Affine{By: 100}, write)
	p := w.plan(write, before, after, v)
	got, err := w.run(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float32{2, 10, 200, 2} {
		if got[i].F32[0] != want {
			t.Errorf("fetch %d is %g, want %g", i, got[i].F32[0], want)
		}
	}
	if !p.Writes(v) || w.values[v].F32[0] != 2 {
		t.Errorf("the variable is %v", w.values[v].F32)
	}
	if _, err := New([]*ops.Node{w.apply(ops.AssignAdd{}, before, v)}, w.known, w.options); err == nil || !strings.Contains(err.Error(), "not a variable") {
		t.Errorf("got %v", err)
	}
}

// broken is a kernel with a fault.
type broken struct{ ops.Affine }

// Run implements ops.Kernel.
func (broken) Run(*ops.Ctx, *ops.Value, []*ops.Value) error { panic("out of range") }

func TestFaults(t *testing.T) {
	w := newWorld(t)
	x := w.leaf("x", 1)
	_, err := w.run(t.Context(), w.plan(w.apply(broken{}, x)))
	if err == nil || !strings.Contains(err.Error(), "failed: out of range (inputs [float32[1]])") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.run(ctx, w.plan(w.apply(ops.Relu, x))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	free := gorgonia.NewTensor(w.expr, gorgonia.Float32, 1, gorgonia.WithShape(-1), gorgonia.WithName("free"))
	if _, err := New([]*ops.Node{w.apply(ops.Relu, free)}, w.known, w.options); err == nil || !strings.Contains(err.Error(), "free has no value") {
		t.Errorf("got %v", err)
	}
}

// A value that is fetched keeps its elements, though what follows could be
// computed in its place.
func TestFetchedStays(t *testing.T) {
	w := newWorld(t)
	half := w.apply(ops.Affine{By: 0.5}, w.leaf("x", 2, 4))
	got, err := w.run(t.Context(), w.plan(w.apply(ops.Affine{By: 10}, half), half))
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got[0].F32, got[1].F32) != "[10 20] [1 2]" {
		t.Errorf("got %v and %v", got[0].F32, got[1].F32)
	}
}

// stopping adds one to a variable, and is interrupted meanwhile.
type stopping struct {
	ops.AssignAdd
	stop context.CancelFunc
}

func (s *stopping) Run(c *ops.Ctx, out *ops.Value, in []*ops.Value) error {
	s.stop()
	return s.AssignAdd.Run(c, out, in)
}

// stoppingBefore is interrupted while it computes something.
type stoppingBefore struct {
	ops.Affine
	stop context.CancelFunc
}

func (s *stoppingBefore) Run(c *ops.Ctx, out *ops.Value, in []*ops.Value) error {
	s.stop()
	return s.Affine.Run(c, out, in)
}

// An interrupt leaves all variables as they were, or all changed: once writing
// has begun it is too late.
func TestInterruptLeavesNothingHalfChanged(t *testing.T) {
	for _, begun := range []bool{false, true} {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		a, b, one := w.leaf("a", 1), w.leaf("b", 1), w.leaf("one", 1)
		first := w.apply(ops.AssignAdd{}, a, one)
		second := w.apply(ops.AssignAdd{}, b, w.apply(ops.Affine{By: 1}, one))
		if begun {
			first = w.apply(&stopping{stop: cancel}, a, one)
		} else {
			second = w.apply(ops.AssignAdd{}, b, w.apply(&stoppingBefore{ops.Affine{By: 1}, cancel}, one))
		}
		_, err := w.run(ctx, w.plan(first, second))
		want := float32(1)
		if begun {
			want = 2
		}
		if (err == nil) != begun || w.values[a].F32[0] != want || w.values[b].F32[0] != want {
			t.Errorf("interrupted while writing: %v; error %v, a is %g, b is %g, both should be %g", begun, err, w.values[a].F32[0], w.values[b].F32[0], want)
		}
		cancel()
	}
}
