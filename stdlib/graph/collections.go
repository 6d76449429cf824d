package graph

import (
	"fmt"
	"maps"
	"slices"
)

// The keys of collections: TensorFlow's GraphKeys, with its strings.
const (
	GlobalVariables            = "variables"
	LocalVariables             = "local_variables"
	ModelVariables             = "model_variables"
	TrainableVariables         = "trainable_variables"
	MovingAverageVariables     = "moving_average_variables"
	MetricVariables            = "metric_variables"
	ConcatenatedVariables      = "concatenated_variables"
	GlobalStep                 = "global_step"
	EvalStep                   = "eval_step"
	RegularizationLosses       = "regularization_losses"
	Losses                     = "losses"
	UpdateOps                  = "update_ops"
	Activations                = "activations"
	Weights                    = "weights"
	Biases                     = "biases"
	Summaries                  = "summaries"
	SummaryOp                  = "summary_op"
	TrainOp                    = "train_op"
	InitOp                     = "init_op"
	LocalInitOp                = "local_init_op"
	ReadyOp                    = "ready_op"
	ReadyForLocalInitOp        = "ready_for_local_init_op"
	SaveableObjects            = "saveable_objects"
	Savers                     = "savers"
	TableInitializers          = "table_initializer"
	AssetFilepaths             = "asset_filepaths"
	QueueRunners               = "queue_runners"
	CondContext                = "cond_context"
	WhileContext               = "while_context"
	Resources                  = "resources"
	LocalResources             = "local_resources"
	TrainableResourceVariables = "trainable_resource_variables"

	// OptimizerVariables are the slots that optimizers keep beside the
	// variables they train. TensorFlow has no key for them.
	OptimizerVariables = "optimizer_variables"

	// BatchNormStatistics are those of UpdateOps that training runs though
	// their layers are not trained. TensorFlow has no key for them.
	BatchNormStatistics = "batch_norm_statistics"
)

// collection is a list of variables or of nodes; TensorFlow's may mix both,
// which nothing of TF-Slim does.
type collection struct {
	vars  []*Variable
	nodes []*Node
}

func (g *Graph) collection(key string) *collection {
	c := g.collections[key]
	if c == nil {
		c = &collection{}
		g.collections[key] = c
	}
	return c
}

// listed is a collection, empty when nothing was added to it.
func (g *Graph) listed(key string) collection {
	if c := g.collections[key]; c != nil {
		return *c
	}
	return collection{}
}

func (g *Graph) vars(key string) []*Variable { return g.listed(key).vars }

// AddToCollection adds a variable to the collection key, behind those that
// are there; a variable may stand in it twice. Of a variable in parts the
// parts are added. A variable of another graph is an error.
func (g *Graph) AddToCollection(key string, v *Variable) error {
	if v == nil || v.node.g != g {
		return fmt.Errorf("graph: collection %q: %v is not of this graph", key, v)
	}
	for _, part := range v.whole() {
		c := g.collection(key)
		c.vars = append(c.vars, part)
		part.collections = append(part.collections, key)
	}
	return nil
}

// whole are the variables that v stands for: its parts, or itself.
func (v *Variable) whole() []*Variable {
	if v.parts != nil {
		return v.parts
	}
	return []*Variable{v}
}

// AddNodeToCollection adds a node, such as a loss, to the collection key. A
// node of another graph is an error.
func (g *Graph) AddNodeToCollection(key string, n *Node) error {
	if n == nil || n.g != g {
		return fmt.Errorf("graph: collection %q: %v is not of this graph", key, n)
	}
	c := g.collection(key)
	c.nodes = append(c.nodes, n)
	return nil
}

// CollectionKeys are the keys of the collections that hold something, sorted.
func (g *Graph) CollectionKeys() []string { return slices.Sorted(maps.Keys(g.collections)) }

// Collection lists the variables of a collection whose names match scope, in
// the order of their making (tf.get_collection). scope is a regular
// expression that must match at the start of the name, and nothing else: like
// TensorFlow's it takes conv1 for conv10 too, so end it with "/" to mean a
// whole scope. "" means all of them.
//
// Nothing is in a collection that nothing was added to, whatever its key.
//
// Errors: *NoMatchError when a scope matches none of the variables, which in
// TensorFlow is an empty list and trains nothing, or everything; a key that is
// a slip of the keyboard away from one that the graph fills; a pattern that is no
// regular expression of Go's (RE2 has no lookahead and no backreference).
func (g *Graph) Collection(key, scope string) ([]*Variable, error) {
	all := g.vars(key)
	if err := g.misspelt(key); err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = v.name + ":0"
	}
	if len(all) == 0 && len(g.vars(scope)) > 0 {
		return nil, fmt.Errorf("graph: collection %q has no variables, and the scope %q is the key of one that has: the key comes first, the scope behind it", key, scope)
	}
	found, err := matching(key, scope, names)
	if err != nil {
		return nil, err
	}
	out := make([]*Variable, len(found))
	for i, k := range found {
		out[i] = all[k]
	}
	return out, nil
}

// NodeCollection is Collection for collections of nodes: Losses, UpdateOps.
// Its errors are Collection's.
func (g *Graph) NodeCollection(key, scope string) ([]*Node, error) {
	all := g.listed(key).nodes
	if err := g.misspelt(key); err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i, n := range all {
		names[i] = n.name + ":0"
	}
	found, err := matching(key, scope, names)
	if err != nil {
		return nil, err
	}
	out := make([]*Node, len(found))
	for i, k := range found {
		out[i] = all[k]
	}
	return out, nil
}

// filledByGraph are the keys under which graphs and layers put things by
// themselves.
func filledByGraph() []string {
	return []string{GlobalVariables, LocalVariables, ModelVariables, TrainableVariables, MovingAverageVariables, MetricVariables,
		GlobalStep, RegularizationLosses, Losses, UpdateOps, OptimizerVariables, BatchNormStatistics}
}

// misspelt is the error of a key that nothing was added under, but that is
// near one of the graph's own under which something is: in TensorFlow an empty
// list. Keys that the user made up may differ by as little as they like.
func (g *Graph) misspelt(key string) error {
	if g.collections[key] != nil {
		return nil
	}
	most := min(2, len(key)/4)
	for _, near := range filledByGraph() {
		if g.collections[near] != nil && slips(key, near, most) <= most {
			return fmt.Errorf("graph: there is no collection %q; did you mean %q?", key, near)
		}
	}
	return nil
}

func matching(key, scope string, names []string) (found []int, err error) {
	if len(names) == 0 && scope != "" {
		return nil, NoMatch(key, scope, names)
	}
	re, err := Prefix(scope)
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		if re.MatchString(n) {
			found = append(found, i)
		}
	}
	if len(found) == 0 && scope != "" {
		return nil, NoMatch(key, scope, names)
	}
	return found, nil
}
