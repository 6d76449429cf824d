package slim

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// layer is one layer while it is built: its arguments, its own scope, and
// what it is called in errors.
type layer struct {
	kind Layer
	a    Args
	s    graph.Scope
	x    *graph.Node
	// core names the variables of a regularizer's penalty, where TF-Slim's
	// layer is one of TensorFlow's own: weights are kernel there.
	core map[string]string
}

// core names are those of tf.layers.
var coreNames = map[string]string{"weights": "kernel", "biases": "bias", "depthwise_weights": "depthwise_kernel", "pointwise_weights": "pointwise_kernel",
	"beta": "beta", "gamma": "gamma"}

// begin resolves the arguments of a layer and looks at its input.
func begin(s graph.Scope, x *graph.Node, l Layer, args []Args) (*layer, error) {
	if x == nil {
		return nil, fmt.Errorf("slim: %s: its input is nil", l)
	}
	if s.Graph() == nil {
		return nil, fmt.Errorf("slim: %s: the Scope has no graph; begin with Graph.Scope()", l)
	}
	a, err := resolve(s, l, args)
	if err != nil {
		return nil, err
	}
	if a.DataFormat != "" && !slices.Contains([]string{"NHWC", "NWC", "NDHWC"}, a.DataFormat) {
		return nil, fmt.Errorf("slim: %s: Invalid data_format: '%s'; the channels are the last axis here, as in NHWC", l, a.DataFormat)
	}
	if d := x.DType(); d != graph.Float32 && d != graph.Float64 && l != LayerFlatten && l != LayerOneHotEncoding {
		return nil, fmt.Errorf("slim: %s: %v is no float: layers compute in float32 and float64", l, x)
	}
	return &layer{kind: l, a: a, s: s, x: x}, nil
}

// open opens the layer's scope with its way of sharing variables.
func (y *layer) open(defaultName string) (err error) {
	if y.a.Reuse != graph.NoReuse && y.a.Scope == "" {
		return fmt.Errorf("slim: %s: reuse=True cannot be used without a name_or_scope: give Scope too", y.kind)
	}
	y.s, err = y.s.OpenOr(y.a.Scope, defaultName)
	y.s = y.s.WithReuse(y.a.Reuse)
	return err
}

// variable makes or shares a model variable of the layer's.
func (y *layer) variable(name string, shape []int, trainable bool, init graph.Initializer, reg graph.Regularizer) (*graph.Variable, error) {
	existed := y.s.Existing(name) != nil
	opt := graph.VariableOptions{Shape: shape, DType: y.x.DType(), Initializer: init, NotTrainable: !trainable,
		Collections: []string{graph.GlobalVariables, graph.ModelVariables}}
	if y.core == nil {
		opt.Regularizer = reg
	}
	v, err := y.s.GetVariable(name, opt)
	if err != nil {
		return nil, err
	}
	if y.core != nil && reg != nil && !existed {
		if err := y.penalize(v, y.core[name], reg); err != nil {
			return nil, err
		}
	}
	for _, key := range append(slices.Clone(y.a.VariablesCollections[""]), y.a.VariablesCollections[name]...) {
		if err := y.s.Graph().AddToCollection(key, v); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// penalize adds the penalties on a variable's parts, named as tf.layers does.
func (y *layer) penalize(v *graph.Variable, name string, reg graph.Regularizer) error {
	parts := v.Parts()
	if parts == nil {
		parts = []*graph.Variable{v}
	}
	for _, p := range parts {
		in, err := y.s.NameScope(name + "/Regularizer")
		if err != nil {
			return err
		}
		if err := in.Penalize(p, reg); err != nil {
			return err
		}
	}
	return nil
}

// weights makes a variable with the layer's initializer and regularizer of
// weights.
func (y *layer) weights(name string, shape ...int) (*graph.Node, error) {
	init := orInitializer(y.a.WeightsInitializer, Xavier())
	if name == "pointwise_weights" {
		init = orInitializer(y.a.PointwiseInitializer, init)
	}
	v, err := y.variable(name, shape, y.a.Trainable.or(true), init, y.a.WeightsRegularizer)
	if err != nil {
		return nil, err
	}
	return v.Node(), nil
}

func orInitializer(i, otherwise graph.Initializer) graph.Initializer {
	if i == nil {
		return otherwise
	}
	return i
}

// biases adds the layer's biases [outputs] to x, unless it has none.
func (y *layer) biases(x *graph.Node, outputs int) (*graph.Node, error) {
	if y.a.NoBiases.or(false) || y.normalized() {
		return x, nil
	}
	v, err := y.variable("biases", []int{outputs}, y.a.Trainable.or(true), orInitializer(y.a.BiasesInitializer, graph.Zeros()), y.a.BiasesRegularizer)
	if err != nil {
		return nil, err
	}
	return y.s.Apply("BiasAdd", ops.BiasAdd{}, x, v.Node())
}

func (y *layer) normalized() bool { return y.a.NormalizerFn != nil || y.a.Normalizer.layer() != nil }

// finish follows a layer with weights by its normalizer, if it has one, and
// by its activation.
func (y *layer) finish(x *graph.Node) (*graph.Node, error) {
	given := Args{}
	if y.a.NormalizerArgs != nil {
		given = *y.a.NormalizerArgs
	}
	var err error
	switch f := y.a.Normalizer.layer(); {
	case y.a.NormalizerFn != nil:
		x, err = y.a.NormalizerFn(y.s, x, given)
	case f != nil:
		x, err = f(y.s, x, given)
	}
	if err != nil {
		return nil, err
	}
	return y.activate(x, ReLU)
}

// activate adds the activation and notes the result in its collections.
func (y *layer) activate(x *graph.Node, own Activation) (*graph.Node, error) {
	x, err := y.a.activate(y.s, x, own)
	if err != nil {
		return nil, err
	}
	return x, y.collect(x)
}

// collect notes the result in its collections, and there under the path of
// the layer's scope (collect_named_outputs).
func (y *layer) collect(x *graph.Node) error {
	if len(y.a.OutputsCollections) > 0 {
		x.AddAlias(y.s.Path())
	}
	for _, key := range y.a.OutputsCollections {
		if err := x.Graph().AddNodeToCollection(key, x); err != nil {
			return err
		}
	}
	return nil
}

// ConvertCollectionToDict lists the results of the layers that have the key in
// their OutputsCollections, by the paths of the layers' scopes: end points
// (slim.utils.convert_collection_to_dict). A node that was added by hand, and
// has no other name, has its own. Errors: a nil graph, and those of
// Graph.NodeCollection.
func ConvertCollectionToDict(g *graph.Graph, key string) (map[string]*graph.Node, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	all, err := g.NodeCollection(key, "")
	if err != nil {
		return nil, err
	}
	out := map[string]*graph.Node{}
	for _, n := range all {
		names := n.Aliases()
		if len(names) == 0 {
			names = []string{n.Name()}
		}
		for _, name := range names {
			out[name] = n
		}
	}
	return out, nil
}

// channels is the last axis of the layer's input, which must have rank axes,
// named by what.
func (y *layer) channels(rank int, what string) (int, error) {
	shape := y.x.Shape()
	if len(shape) != rank {
		return 0, fmt.Errorf("slim: %s: %s has shape %s, %s is wanted", y.kind, y.x.Name(), ops.ShapeString(shape), what)
	}
	if shape[rank-1] == graph.Unknown {
		return 0, fmt.Errorf("slim: %s: the number of channels of %s %s is unknown", y.kind, y.x.Name(), ops.ShapeString(shape))
	}
	return shape[rank-1], nil
}

// Xavier is the initializer of weights that layers use by default
// (slim.xavier_initializer).
func Xavier() graph.Initializer { return graph.GlorotUniform() }
