package ops

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/gorgonia"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/par"
)

// net is a graph with its leaves and a way to run it: the little that a test
// needs of an executor.
type net struct {
	t      testing.TB
	g      *gorgonia.ExprGraph
	b      Builder
	leaves map[*Node]*Value
	pool   *par.Pool
	seed   uint64
	n      int

	refused bool // a kernel did not accept its inputs, as was wanted
}

func newNet(t testing.TB) *net {
	return &net{t: t, g: gorgonia.NewGraph(), leaves: map[*Node]*Value{}, pool: par.New(1)}
}

// leaf adds an input of the value's shape.
func (n *net) leaf(v *Value) *Node { return n.leafAs(v, v.Shape) }

// leafAs adds an input whose shape may have Unknown axes.
func (n *net) leafAs(v *Value, shape []int) *Node {
	d, ok := Dtype(v.DType)
	if !ok {
		n.t.Fatalf("dtype %v", v.DType)
	}
	n.n++
	name := gorgonia.WithName(fmt.Sprint("leaf", n.n))
	var node *Node
	if len(shape) == 0 {
		node = gorgonia.NewScalar(n.g, d, name)
	} else {
		node = gorgonia.NewTensor(n.g, d, len(shape), gorgonia.WithShape(shape...), name)
	}
	n.leaves[node] = v
	return node
}

// op adds a node and fails the test if that is an error.
func (n *net) op(k Kernel, in ...*Node) *Node {
	n.t.Helper()
	node, err := n.b.Apply(k, in...)
	if err != nil {
		n.t.Fatalf("%v", err)
	}
	return node
}

// run computes nodes.
func (n *net) run(nodes ...*Node) ([]*Value, error) {
	done := map[*Node]*Value{}
	c := &Ctx{Context: context.Background(), Pool: n.pool, Seed: n.seed}
	n.pool.Start()
	defer n.pool.Stop()
	var out []*Value
	for _, node := range nodes {
		v, err := n.value(c, done, node)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (n *net) value(c *Ctx, done map[*Node]*Value, node *Node) (*Value, error) {
	if v, ok := n.leaves[node]; ok {
		return v, nil
	}
	if v, ok := done[node]; ok {
		return v, nil
	}
	op := node.Op().(*Op)
	var in []*Value
	var specs []Spec
	for _, i := range op.Inputs {
		v, err := n.value(c, done, i)
		if err != nil {
			return nil, err
		}
		in, specs = append(in, v), append(specs, v.Spec())
	}
	s, err := op.Infer(specs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op.Name(), err)
	}
	if !Fits(s.Shape, op.Out.Shape) {
		return nil, fmt.Errorf("%s: inferred %v at run time, %v before", op.Name(), s, op.Out)
	}
	out, err := NewValue(s)
	if err != nil {
		return nil, err
	}
	junk(out)
	c.Begin(op.id)
	if err := op.Run(c, out, in); err != nil {
		return nil, fmt.Errorf("%s: %w", op.Name(), err)
	}
	done[node] = out
	return out, nil
}

// junk makes elements undefined, as an arena's are.
func junk(v *Value) {
	fill(v.F32, float32(math.NaN()))
	fill(v.F64, math.NaN())
	fill(v.I32, -77)
	fill(v.I64, -77)
	fill(v.Bool, true)
}

// grad adds the gradients of Σ y·r with respect to nodes; nil where there is
// none.
func (n *net) grad(y, r *Node, to ...*Node) []*Node {
	n.t.Helper()
	var order []*Node
	needs := map[*Node]bool{}
	for _, x := range to {
		needs[x] = true
	}
	seen := map[*Node]bool{}
	var visit func(*Node)
	visit = func(x *Node) {
		if seen[x] {
			return
		}
		seen[x] = true
		if op, ok := x.Op().(*Op); ok {
			for _, i := range op.Inputs {
				visit(i)
				needs[x] = needs[x] || needs[i]
			}
		}
		order = append(order, x)
	}
	visit(y)
	sums := map[*Node][]*Node{y: {r}}
	for i := len(order) - 1; i >= 0; i-- {
		x := order[i]
		op, ok := x.Op().(*Op)
		if !ok || !needs[x] || len(sums[x]) == 0 {
			continue
		}
		want := make([]bool, len(op.Inputs))
		for j, in := range op.Inputs {
			want[j] = needs[in]
		}
		grads, err := op.Grad(x, n.total(sums, x), want)
		if err != nil {
			n.t.Fatal(err)
		}
		for j, in := range op.Inputs {
			if want[j] && grads[j] != nil {
				sums[in] = append(sums[in], grads[j])
			}
		}
	}
	out := make([]*Node, len(to))
	for i, x := range to {
		if len(sums[x]) > 0 {
			out[i] = n.total(sums, x)
		}
	}
	return out
}

func (n *net) total(sums map[*Node][]*Node, x *Node) *Node {
	if len(sums[x]) > 1 {
		sums[x] = []*Node{n.op(AddN{}, sums[x]...)}
	}
	return sums[x][0]
}

// f32 and f64 make values.
func f32(x []float32, shape ...int) *Value {
	return &Value{DType: tensors.Float32, Shape: shape, F32: x}
}

func f64(x []float64, shape ...int) *Value {
	return &Value{DType: tensors.Float64, Shape: shape, F64: x}
}

// normal makes a float64 value of normal numbers.
func normal(r *rand.Rand, shape ...int) *Value {
	x := make([]float64, product(shape))
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return f64(x, shape...)
}

// as32 rounds a float64 value.
func as32(v *Value) *Value {
	x := make([]float32, len(v.F64))
	for i := range x {
		x[i] = float32(v.F64[i])
	}
	return f32(x, v.Shape...)
}

// close64 reports where two tensors differ by more than tol of the largest
// element that is wanted, or "".
func distance(got, want *Value, tol float64) string {
	if got.Len() != want.Len() {
		return fmt.Sprintf("%v, wanted %v", got.Spec(), want.Spec())
	}
	largest := 1e-30
	for i := range got.Len() {
		if w := math.Abs(elem(want, i)); !math.IsInf(w, 0) && w > largest {
			largest = w
		}
	}
	for i := range got.Len() {
		g, w := elem(got, i), elem(want, i)
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		if d := math.Abs(g - w); !(d <= tol*largest) {
			return fmt.Sprintf("element %d is %v, wanted %v (largest %v)", i, g, w, largest)
		}
	}
	return ""
}

func elem(v *Value, i int) float64 {
	switch v.DType {
	case tensors.Float32:
		return float64(v.F32[i])
	case tensors.Float64:
		return v.F64[i]
	case tensors.Int32:
		return float64(v.I32[i])
	case tensors.Int64:
		return float64(v.I64[i])
	}
	if v.Bool[i] {
		return 1
	}
	return 0
}

// refDir is where TensorFlow's answers are; the test is skipped without them.
func refDir(t testing.TB) string {
	dir := os.Getenv("GRAFT_REF")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "ref")
	}
	if _, err := os.Stat(filepath.Join(dir, "ops.json")); err != nil {
		t.Skipf("no reference data in %s (set GRAFT_REF)", dir)
	}
	return dir
}
