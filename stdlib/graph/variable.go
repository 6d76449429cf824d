package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/stdlib/internal/ops"
)

// Variable is a tensor that keeps its value from run to run (tf.Variable).
// The value is a Session's; the graph knows its name, shape and how it
// begins.
//
// A variable in parts (TensorFlow's PartitionedVariable) is one too: Parts
// lists them, each a variable of its own with a Slice; collections hold the
// parts, and Node is all of them joined.
type Variable struct {
	name        string
	node        *Node
	init        Initializer
	trainable   bool
	device      device
	collections []string
	slice       *Slice
	parts       []*Variable
	// cutFromWhole says that the initial value is cut out of the whole's; what
	// optimizers keep beside a part begins on its own.
	cutFromWhole bool
	source       string // the checkpoint of its initial value
}

// Regularizer makes the penalty on a variable: a scalar node, or nil for
// none.
type Regularizer interface {
	Regularize(s Scope, w *Node) (*Node, error)
}

// VariableOptions describe a variable; only Shape is needed.
type VariableOptions struct {
	Shape []int // one size an axis, all known; nil for a scalar
	// DType is the element type. Default: the scope's, or Float32.
	DType DType
	// Initializer gives the initial values. Default: the scope's, or Glorot's
	// uniform distribution for floats and zero for others.
	Initializer Initializer
	// Regularizer's penalty joins the collection RegularizationLosses when
	// the variable is made. Default: the scope's, or none.
	Regularizer Regularizer
	// Partitioner cuts the variable into parts. Default: the scope's, or none.
	Partitioner Partitioner
	// NotTrainable leaves the variable out of TrainableVariables.
	NotTrainable bool
	// Collections are the keys it joins. Default: GlobalVariables. Trainable
	// variables join TrainableVariables besides.
	Collections []string
	// Device, such as "/CPU:0", is put over the scope's, recorded, and
	// otherwise without effect.
	Device string
}

// GetVariable makes the variable of that name in the scope or, when the scope
// reuses, returns the one there is (tf.get_variable). As in TensorFlow an
// operation may have the name already, in which case the variable's own name
// becomes name_1; "" and names that end in "/" are the scope's own.
//
// Errors are those of TensorFlow: a name that exists, a name that does not
// where the scope only reuses, another shape or dtype than the one to be
// shared, a size that is not known, a shape beside an initial value, a
// partitioner that does not fit the shape.
func (s Scope) GetVariable(name string, opt VariableOptions) (*Variable, error) {
	if s.st == nil {
		return nil, fmt.Errorf("graph: variable %q is made in a Scope without a graph; begin with Graph.Scope()", name)
	}
	if err := checkName("", s.Join(name)); name != "" && err != nil {
		return nil, err
	}
	full := s.Join(name)
	if err := s.complete(full, &opt); err != nil {
		return nil, err
	}
	g, old := s.Graph(), s.Graph().stored[full]
	switch whole := g.partitioned[full]; {
	case opt.Partitioner != nil && len(opt.Shape) > 0:
		return s.getParts(full, opt)
	case whole != nil && s.reuse == ReuseAll:
		return whole, whole.sharable(opt)
	case whole != nil:
		return nil, fmt.Errorf("graph: No partitioner was provided, but a partitioned version of the variable was found: %s/part_0. Perhaps a variable of the same name was already created with partitioning?", full)
	case old != nil && s.reuse == NoReuse:
		return nil, fmt.Errorf("graph: Variable %s already exists, disallowed. Did you mean to set reuse=ReuseAll or reuse=AutoReuse in the Scope? If a cell was run again, run the one that makes the graph before it", full)
	case old != nil:
		return old, old.sharable(opt)
	case s.reuse == ReuseAll:
		return nil, fmt.Errorf("graph: Variable %s does not exist, or was not created with GetVariable. Did you mean to set reuse=AutoReuse in the Scope%s?", full, g.orVariable(full))
	}
	v, err := s.makeVariable(full, opt)
	if err != nil {
		return nil, err
	}
	g.stored[full] = v
	return v, s.regularize(v, full, opt.Regularizer)
}

// orVariable is ", or the variable conv1/weights" for a misspelt name.
func (g *Graph) orVariable(name string) string {
	best, least := "", 1+max(1, len(name)/8)
	for _, other := range slices.Sorted(maps.Keys(g.stored)) {
		if n := slips(other, name, least); n < least {
			best, least = other, n
		}
	}
	if best == "" {
		return ""
	}
	return ", or the variable " + best
}

// Existing is the variable that GetVariable would share under that name, nil
// when there is none.
func (s Scope) Existing(name string) *Variable {
	if s.st == nil {
		return nil
	}
	if v := s.st.g.stored[s.Join(name)]; v != nil {
		return v
	}
	return s.st.g.partitioned[s.Join(name)]
}

// complete fills in the scope's defaults.
func (s Scope) complete(full string, opt *VariableOptions) error {
	d := s.defaults
	if opt.Initializer == nil {
		opt.Initializer = d.initializer
	}
	if opt.Regularizer == nil {
		opt.Regularizer = d.regularizer
	}
	if opt.Partitioner == nil {
		opt.Partitioner = d.partitioner
	}
	if v, ok := opt.Initializer.(initialValue); ok {
		if opt.Shape != nil {
			return fmt.Errorf("graph: variable %s: If initializer is a constant, do not specify shape", full)
		}
		if opt.DType != 0 && opt.DType != v.value.DType {
			return fmt.Errorf("graph: variable %s: Initializer type %v and explicit dtype %v don't match", full, v.value.DType, opt.DType)
		}
		opt.Shape, opt.DType = v.value.Shape, v.value.DType
	}
	if opt.DType == 0 {
		opt.DType = d.dtype
	}
	if opt.DType == 0 {
		opt.DType = Float32
	}
	if opt.Initializer == nil {
		opt.Initializer = defaultInitializer(opt.DType)
	}
	return nil
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

// makeVariable adds a variable whose name begins with full.
func (s Scope) makeVariable(full string, opt VariableOptions) (*Variable, error) {
	g := s.Graph()
	for i, d := range opt.Shape {
		if d < 0 {
			return nil, fmt.Errorf("graph: variable %s: axis %d of shape %v has no size: Dimension %d must be >= 0; `shape` should be fully defined", full, i, opt.Shape, d)
		}
	}
	dev, err := parseDevice(opt.Device)
	if err != nil {
		return nil, fmt.Errorf("graph: variable %s: %w", full, err)
	}
	name := strings.TrimSuffix(full, "/")
	if name == "" {
		name = "VariableV2" // TensorFlow's for a variable without a name
	}
	unique := name
	if name == full || g.variables[name] != nil { // "w/" is w whatever has the name
		unique = g.UniqueName(name)
	}
	node, err := g.leaf(unique, ops.Spec{DType: opt.DType, Shape: slices.Clone(opt.Shape)})
	if err != nil {
		return nil, err
	}
	v := &Variable{name: node.name, node: node, init: opt.Initializer, trainable: !opt.NotTrainable, device: dev.over(s.defaults.device)}
	g.variables[v.name], g.byNode[node.n] = v, v
	keys := opt.Collections
	if keys == nil {
		keys = []string{GlobalVariables}
	}
	for _, k := range keys {
		if err := g.AddToCollection(k, v); err != nil {
			return nil, err
		}
	}
	if v.trainable && !slices.Contains(keys, TrainableVariables) {
		return v, g.AddToCollection(TrainableVariables, v)
	}
	return v, nil
}

func (s Scope) regularize(v *Variable, full string, r Regularizer) error {
	if r == nil {
		return nil
	}
	inside := s
	inside.ops = full + "/Regularizer"
	return inside.Penalize(v, r)
}

// Penalize makes the penalty on v with the scope's names, and adds it to the
// collection RegularizationLosses; a Regularizer that gives none adds
// nothing.
func (s Scope) Penalize(v *Variable, r Regularizer) error {
	if v == nil || r == nil {
		return fmt.Errorf("graph: penalize: variable %v, regularizer %v", v, r)
	}
	loss, err := r.Regularize(s, v.node)
	if err != nil || loss == nil {
		return err
	}
	return s.Graph().AddNodeToCollection(RegularizationLosses, loss)
}

// NewVariable makes a variable that begins with a value, under a name that is
// made unique, after the name scope (tf.Variable). GetVariable does not find
// it. name "" means Variable. Of the options Shape and DType, if given, must
// be the value's, and Initializer is not looked at.
func (s Scope) NewVariable(name string, value *Tensor, opt VariableOptions) (*Variable, error) {
	if name == "" {
		name = "Variable"
	}
	if err := s.check(name); err != nil {
		return nil, err
	}
	first, err := InitialValue(value)
	if err != nil {
		return nil, fmt.Errorf("graph: variable %s: %w", name, err)
	}
	if shape := first.(initialValue).value.Shape; opt.Shape != nil && !slices.Equal(opt.Shape, shape) {
		return nil, fmt.Errorf("graph: variable %s: the value has shape %v, Shape is %v", name, shape, opt.Shape)
	}
	opt.Initializer, opt.Shape = first, nil
	full := join(s.ops, name)
	if err := s.complete(full, &opt); err != nil {
		return nil, err
	}
	v, err := s.makeVariable(full, opt)
	if err != nil || opt.Regularizer == nil {
		return v, err
	}
	return v, s.regularize(v, v.name, opt.Regularizer)
}

// Name is the variable's name without ":0", as checkpoints have it.
func (v *Variable) Name() string { return v.name }

// Shape is the size of each axis.
func (v *Variable) Shape() []int { return v.node.Shape() }

// DType is the element type.
func (v *Variable) DType() DType { return v.node.spec.DType }

// Size is the number of elements.
func (v *Variable) Size() int { return ops.Size(v.node.spec.Shape) }

// Trainable says whether the variable is in TrainableVariables by its making.
func (v *Variable) Trainable() bool { return v.trainable }

// Device is where the variable would live, as TensorFlow writes it:
// /job:ps/task:1/device:CPU:0, "" for anywhere.
func (v *Variable) Device() string { return v.device.String() }

// Collections are the keys that the variable was added to; of a variable in
// parts, those of its parts.
func (v *Variable) Collections() []string {
	if v.parts != nil {
		return v.parts[0].Collections()
	}
	return slices.Clone(v.collections)
}

// Node is the variable as an input of operations: its value in the run.
func (v *Variable) Node() *Node { return v.node }

// Graph is the graph that the variable is in.
func (v *Variable) Graph() *Graph { return v.node.g }

// String is <Variable "net/fc/weights" float32[4,3]>.
func (v *Variable) String() string {
	if v == nil {
		return "<Variable nil>"
	}
	text := fmt.Sprintf("<Variable %q %v", v.Name(), v.node.spec)
	if v.parts != nil {
		text += fmt.Sprintf(" in %d parts", len(v.parts))
	}
	return text + ">"
}

func (v *Variable) fetches() []*ops.Node { return v.node.fetches() }

// Variable finds a variable, or a part of one, by its name; a trailing ":0"
// is taken off. An absent name is an error with the names that come closest.
func (g *Graph) Variable(name string) (*Variable, error) {
	name = strings.TrimSuffix(name, ":0")
	if v := g.variables[name]; v != nil {
		return v, nil
	}
	if v := g.partitioned[name]; v != nil {
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
