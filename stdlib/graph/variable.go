package graph

import (
	"fmt"
	"slices"
	"strings"

	"graft/stdlib/internal/ops"
)

// Variable is a tensor that keeps its value from run to run (tf.Variable).
// The value is a Session's; the graph knows its name, shape and how it
// begins.
type Variable struct {
	node        *Node
	init        Initializer
	trainable   bool
	device      string
	collections []string
}

// Regularizer makes the penalty on a variable: a scalar node, or nil for
// none.
type Regularizer interface {
	Regularize(s Scope, w *Node) (*Node, error)
}

// VariableOptions describe a variable; only Shape is needed.
type VariableOptions struct {
	Shape []int // one size an axis, all known; nil for a scalar
	DType DType // default Float32
	// Initializer gives the initial values. Default: Glorot's uniform
	// distribution for floats, zero for others.
	Initializer Initializer
	// Regularizer's penalty joins the collection RegularizationLosses when
	// the variable is made. Default: none.
	Regularizer Regularizer
	// NotTrainable leaves the variable out of TrainableVariables.
	NotTrainable bool
	// Collections are the keys it joins. Default: GlobalVariables. Trainable
	// variables join TrainableVariables besides.
	Collections []string
	// Device is recorded and otherwise without effect.
	Device string
}

// GetVariable makes the variable of that name in the scope or, when the scope
// reuses, returns the one there is (tf.get_variable). Errors are those of
// TensorFlow: a name that exists, a name that does not where the scope only
// reuses, another shape or dtype than the one to be shared.
func (s Scope) GetVariable(name string, opt VariableOptions) (*Variable, error) {
	if err := s.check(name); err != nil {
		return nil, err
	}
	if opt.DType == 0 {
		opt.DType = Float32
	}
	g, full := s.Graph(), s.Join(name)
	old := g.variables[full]
	switch {
	case old != nil && s.reuse == NoReuse:
		return nil, fmt.Errorf("graph: Variable %s already exists, disallowed. Did you mean to set reuse=ReuseAll or reuse=AutoReuse in the Scope?", full)
	case old != nil:
		return old, old.sharable(opt)
	case s.reuse == ReuseAll:
		return nil, fmt.Errorf("graph: Variable %s does not exist, or was not created with GetVariable. Did you mean to set reuse=AutoReuse in the Scope?", full)
	}
	return s.makeVariable(full, opt)
}

func (v *Variable) sharable(opt VariableOptions) error {
	if opt.Shape != nil && !slices.Equal(opt.Shape, v.node.spec.Shape) {
		return fmt.Errorf("graph: Trying to share variable %s, but specified shape %s and found shape %s",
			v.Name(), ops.ShapeString(opt.Shape), ops.ShapeString(v.node.spec.Shape))
	}
	if opt.DType != v.DType() {
		return fmt.Errorf("graph: Trying to share variable %s, but specified dtype %v and found dtype %v", v.Name(), opt.DType, v.DType())
	}
	return nil
}

func (s Scope) makeVariable(full string, opt VariableOptions) (*Variable, error) {
	g := s.Graph()
	for i, d := range opt.Shape {
		if d < 0 {
			return nil, fmt.Errorf("graph: variable %s: axis %d of shape %v has no size; a variable needs all of them", full, i, opt.Shape)
		}
	}
	if opt.Initializer == nil {
		opt.Initializer = defaultInitializer(opt.DType)
	}
	node, err := g.leaf(g.uniqueName(full), ops.Spec{DType: opt.DType, Shape: slices.Clone(opt.Shape)})
	if err != nil {
		return nil, err
	}
	v := &Variable{node: node, init: opt.Initializer, trainable: !opt.NotTrainable, device: opt.Device}
	g.variables[full], g.byNode[node.n] = v, v
	keys := slices.Clone(opt.Collections)
	if keys == nil {
		keys = []string{GlobalVariables}
	}
	if v.trainable && !slices.Contains(keys, TrainableVariables) {
		keys = append(keys, TrainableVariables)
	}
	for _, k := range keys {
		if err := g.AddToCollection(k, v); err != nil {
			return nil, err
		}
	}
	if opt.Regularizer == nil {
		return v, nil
	}
	return v, s.regularize(v, opt.Regularizer)
}

func (s Scope) regularize(v *Variable, r Regularizer) error {
	inside := Scope{st: &scopeState{g: s.Graph(), path: v.Name() + "/Regularizer", counts: map[string]int{}}}
	loss, err := r.Regularize(inside, v.node)
	if err != nil || loss == nil {
		return err
	}
	return s.Graph().AddNodeToCollection(RegularizationLosses, loss)
}

// Name is the variable's name without ":0", as checkpoints have it.
func (v *Variable) Name() string { return v.node.name }

// Shape is the size of each axis.
func (v *Variable) Shape() []int { return v.node.Shape() }

// DType is the element type.
func (v *Variable) DType() DType { return v.node.spec.DType }

// Size is the number of elements.
func (v *Variable) Size() int { return ops.Size(v.node.spec.Shape) }

// Trainable says whether the variable is in TrainableVariables by its making.
func (v *Variable) Trainable() bool { return v.trainable }

// Device is what VariableOptions.Device was.
func (v *Variable) Device() string { return v.device }

// Collections are the keys that the variable was added to.
func (v *Variable) Collections() []string { return slices.Clone(v.collections) }

// Node is the variable as an input of operations: its value in the run.
func (v *Variable) Node() *Node { return v.node }

// Graph is the graph that the variable is in.
func (v *Variable) Graph() *Graph { return v.node.g }

// String is <Variable "net/fc/weights" float32[4,3]>.
func (v *Variable) String() string {
	if v == nil {
		return "<Variable nil>"
	}
	return fmt.Sprintf("<Variable %q %v>", v.Name(), v.node.spec)
}

func (v *Variable) fetches() []*ops.Node { return v.node.fetches() }

// Variable finds a variable by its name; a trailing ":0" is taken off. An
// absent name is an error with the names that come closest.
func (g *Graph) Variable(name string) (*Variable, error) {
	name = strings.TrimSuffix(name, ":0")
	if v := g.variables[name]; v != nil {
		return v, nil
	}
	last := name[strings.LastIndex(name, "/")+1:]
	var alike []string
	for full := range g.variables {
		if strings.HasSuffix(full, last) || strings.Contains(full, name) {
			alike = append(alike, full)
		}
	}
	slices.Sort(alike)
	if len(alike) == 0 {
		return nil, fmt.Errorf("graph: no variable is called %q; the graph has %d variables", name, len(g.variables))
	}
	return nil, fmt.Errorf("graph: no variable is called %q; did you mean one of %s?", name, strings.Join(firstFew(alike, 5), ", "))
}
