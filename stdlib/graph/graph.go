// Package graph is the symbolic side of a network: a graph of operations,
// its variables in scopes and collections, and sessions that run it.
//
//	g := graph.New()
//	x := g.Placeholder("x", graph.Float32, graph.Unknown, 4)
//	w, err := g.Scope().GetVariable("w", graph.VariableOptions{Shape: []int{4, 3}})
//	y, err := graph.MatMul(x, w.Node())
//	sess, err := graph.NewSession(g)
//	out, err := sess.Run(graph.Feeds{x: batch}, y)
//
// The words are those of TensorFlow 1: Graph, Session, Placeholder, variable
// scopes, collections and their keys. Other than there a graph is a value
// that is passed along: running a cell twice builds a second graph instead of
// failing with "variable already exists".
//
// A Graph may be built by one goroutine at a time. Sessions of one graph may
// run at the same time once it is built.
package graph

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"gorgonia.org/gorgonia"

	"graft/ckpt/tensors"
	"graft/stdlib/internal/ops"
)

// DType is an element type, numbered as in TensorFlow.
type DType = tensors.DType

// The element types that graphs compute in.
const (
	Float32 = tensors.Float32
	Float64 = tensors.Float64
	Int32   = tensors.Int32
	Int64   = tensors.Int64
	Bool    = tensors.Bool
)

// Unknown is the size of an axis that only a run knows, usually the batch
// (None in TensorFlow).
const Unknown = ops.Unknown

// Graph is a graph of operations (tf.Graph).
type Graph struct {
	expr  *gorgonia.ExprGraph
	ops   *ops.Builder
	seed  uint64
	root  *scopeState
	names map[string]int // how often a node's name was asked for, lower case

	nodes       map[*ops.Node]*Node
	constants   map[*ops.Node]*ops.Value
	stored      map[string]*Variable // by the names that GetVariable was asked for
	partitioned map[string]*Variable // those in parts, likewise
	variables   map[string]*Variable // by their own names, parts too
	byNode      map[*ops.Node]*Variable
	collections map[string]*collection

	expecting sync.Mutex
	expected  []*expected // checkpoints to be restored
}

// New returns an empty graph with seed 0; see SetSeed.
func New() *Graph {
	g := &Graph{
		expr: gorgonia.NewGraph(), ops: &ops.Builder{}, names: map[string]int{},
		nodes: map[*ops.Node]*Node{}, constants: map[*ops.Node]*ops.Value{},
		stored: map[string]*Variable{}, partitioned: map[string]*Variable{}, variables: map[string]*Variable{}, byNode: map[*ops.Node]*Variable{}, collections: map[string]*collection{},
	}
	g.root = &scopeState{g: g, counts: map[string]int{}}
	return g
}

// SetSeed sets the seed that initial values and dropout masks are drawn with
// (tf.set_random_seed). Each variable and each operation has a stream of its
// own, named by its name, so that the numbers of one do not depend on what
// else the graph holds. Default: 0.
func (g *Graph) SetSeed(seed uint64) { g.seed = seed }

// Seed returns the seed.
func (g *Graph) Seed() uint64 { return g.seed }

// Scope returns the graph's outermost scope.
func (g *Graph) Scope() Scope { return Scope{st: g.root} }

// Node is the result of one operation (tf.Tensor): something that a Session
// can compute.
type Node struct {
	g    *Graph
	n    *ops.Node
	name string
	spec ops.Spec

	aliases []string
}

// Aliases are names that the node has besides its own: a layer's result has
// that of the layer's scope where the layer puts it into collections
// (tensor.aliases).
func (n *Node) Aliases() []string { return slices.Clone(n.there().aliases) }

// AddAlias gives the node one more name; one that it has is not added again.
func (n *Node) AddAlias(name string) {
	if !slices.Contains(n.aliases, name) {
		n.aliases = append(n.aliases, name)
	}
}

// Name is the operation's name, scopes before it, as in "net/fc1/BiasAdd".
func (n *Node) Name() string { return n.there().name }

// Shape is the size of each axis, Unknown where only a run knows; nil for a
// scalar.
func (n *Node) Shape() []int { return slices.Clone(n.there().spec.Shape) }

// DType is the element type.
func (n *Node) DType() DType { return n.there().spec.DType }

// Graph is the graph that the node is in.
func (n *Node) Graph() *Graph { return n.there().g }

// there panics for a nil node with words that say where it comes from.
func (n *Node) there() *Node {
	if n == nil {
		panic("graph: the node is nil: nothing made it, or no end point has the name that was asked for; EndPoints.Get of package nets says which there are")
	}
	return n
}

// Op is TensorFlow's name of what the node computes, such as Conv2D.
func (n *Node) Op() string {
	switch op := n.there().n.Op().(type) {
	case *ops.Op:
		return op.Kernel.Name()
	case nil:
		if n.g.byNode[n.n] != nil {
			return "Variable"
		} else if n.g.constants[n.n] != nil {
			return "Const"
		}
		return "Placeholder"
	default:
		return op.String()
	}
}

// Inputs are the nodes that it is computed from, none for a leaf.
func (n *Node) Inputs() []*Node {
	op, _ := n.there().n.Op().(*ops.Op)
	if op == nil {
		return nil
	}
	out := make([]*Node, len(op.Inputs))
	for i, in := range op.Inputs {
		known, err := n.g.wrap(in, n.g.nameOf(in))
		if err != nil {
			continue // Apply took it, so its spec is known
		}
		out[i] = known
	}
	return out
}

// String describes the node: net/fc1/BiasAdd: BiasAdd float32[-1,10].
func (n *Node) String() string {
	if n == nil {
		return "nil"
	}
	return fmt.Sprintf("%s: %s %v", n.name, n.Op(), n.spec)
}

func (n *Node) fetches() []*ops.Node { return []*ops.Node{n.n} }

// Nodes are the graph's nodes in the order of their making.
func (g *Graph) Nodes() []*Node {
	var out []*Node
	for _, n := range g.expr.AllNodes() {
		if known := g.nodes[n]; known != nil {
			out = append(out, known)
		}
	}
	return out
}

// Node finds a node by its name; a trailing ":0" is taken off. An absent name
// is an error with the names that end alike.
func (g *Graph) Node(name string) (*Node, error) {
	name = strings.TrimSuffix(name, ":0")
	last := name[strings.LastIndex(name, "/")+1:]
	var alike []string
	for _, n := range g.Nodes() {
		if n.name == name {
			return n, nil
		}
		if strings.HasSuffix(n.name, last) {
			alike = append(alike, n.name)
		}
	}
	if len(alike) > 0 {
		return nil, fmt.Errorf("graph: no node is called %q; these end alike: %s", name, strings.Join(firstFew(alike, 5), ", "))
	}
	return nil, fmt.Errorf("graph: no node is called %q; the graph has %d nodes", name, len(g.nodes))
}

func firstFew(list []string, n int) []string {
	if len(list) <= n {
		return list
	}
	return append(slices.Clone(list[:n]), fmt.Sprintf("… %d more", len(list)-n))
}

// wrap makes n known by a name.
func (g *Graph) wrap(n *ops.Node, name string) (*Node, error) {
	if known := g.nodes[n]; known != nil {
		return known, nil
	}
	spec, err := ops.SpecOf(n)
	if err != nil {
		return nil, fmt.Errorf("graph: %s: %w", name, err)
	}
	out := &Node{g: g, n: n, name: name, spec: spec}
	g.nodes[n] = out
	return out, nil
}

// leaf makes a node without inputs: a placeholder, a variable, a constant.
func (g *Graph) leaf(name string, spec ops.Spec) (*Node, error) {
	dt, ok := ops.Dtype(spec.DType)
	if !ok {
		return nil, fmt.Errorf("graph: %s: graphs do not compute in %v; they do in float32, float64, int32, int64 and bool", name, spec.DType)
	}
	for i, d := range spec.Shape {
		if d < Unknown {
			return nil, fmt.Errorf("graph: %s: axis %d of shape %v is negative; only graph.Unknown, -1, may be", name, i, spec.Shape)
		}
	}
	var n *ops.Node
	if len(spec.Shape) == 0 {
		n = gorgonia.NewScalar(g.expr, dt, gorgonia.WithName(name))
	} else {
		n = gorgonia.NewTensor(g.expr, dt, len(spec.Shape), gorgonia.WithShape(spec.Shape...), gorgonia.WithName(name))
	}
	if g.nodes[n] != nil {
		return nil, fmt.Errorf("graph: the graph merged %s with another node of its name", name)
	}
	return g.wrap(n, name)
}

// Placeholder adds a node whose value each run is given, by Feeds
// (tf.placeholder). shape has Unknown for sizes that may differ from run to
// run. Errors: a dtype that graphs do not compute in, a negative size.
func (g *Graph) Placeholder(name string, dtype DType, shape ...int) (*Node, error) {
	if name == "" {
		name = "Placeholder"
	}
	return g.leaf(g.UniqueName(name), ops.Spec{DType: dtype, Shape: slices.Clone(shape)})
}

// Constant adds a node that always has the value t, which is copied.
func (g *Graph) Constant(name string, t *Tensor) (*Node, error) {
	v, err := toValue(t)
	if err != nil {
		return nil, fmt.Errorf("graph: constant %s: %w", name, err)
	}
	if name == "" {
		name = "Const"
	}
	return g.constant(name, cloneValue(v))
}

func (g *Graph) constant(name string, v *ops.Value) (*Node, error) {
	n, err := g.leaf(g.UniqueName(name), v.Spec())
	if err != nil {
		return nil, err
	}
	g.constants[n.n] = v
	return n, nil
}

// Scalar adds a constant without axes.
func (g *Graph) Scalar(name string, dtype DType, x float64) (*Node, error) {
	v, err := ops.NewValue(ops.Spec{DType: dtype})
	if err != nil {
		return nil, fmt.Errorf("graph: constant %s: %w", name, err)
	}
	fill(v, func() float64 { return x })
	return g.constant(name, v)
}
