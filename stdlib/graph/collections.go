package graph

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The keys of collections: TensorFlow's GraphKeys, with its strings.
const (
	GlobalVariables        = "variables"
	LocalVariables         = "local_variables"
	ModelVariables         = "model_variables"
	TrainableVariables     = "trainable_variables"
	MovingAverageVariables = "moving_average_variables"
	MetricVariables        = "metric_variables"
	GlobalStep             = "global_step"
	RegularizationLosses   = "regularization_losses"
	Losses                 = "losses"
	UpdateOps              = "update_ops"
	Activations            = "activations"
	Weights                = "weights"
	Biases                 = "biases"
	Summaries              = "summaries"
	TrainOp                = "train_op"

	// OptimizerVariables are the slots that optimizers keep beside the
	// variables they train. TensorFlow has no key for them.
	OptimizerVariables = "optimizer_variables"
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

// AddToCollection adds a variable to the collection key, behind those that
// are there; a variable may stand in it twice. A variable of another graph is
// an error.
func (g *Graph) AddToCollection(key string, v *Variable) error {
	if v == nil || v.node.g != g {
		return fmt.Errorf("graph: collection %q: %v is not of this graph", key, v)
	}
	c := g.collection(key)
	c.vars = append(c.vars, v)
	v.collections = append(v.collections, key)
	return nil
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
// Errors: *NoMatchError when a scope matches none of the variables, which in
// TensorFlow is an empty list and trains nothing, or everything; a pattern
// that is no regular expression of Go's (RE2 has no lookahead and no
// backreference).
func (g *Graph) Collection(key, scope string) ([]*Variable, error) {
	all := g.collection(key).vars
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = v.node.name + ":0"
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
func (g *Graph) NodeCollection(key, scope string) ([]*Node, error) {
	all := g.collection(key).nodes
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

func matching(key, scope string, names []string) (found []int, err error) {
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

// Prefix compiles a pattern as TensorFlow's scopes are matched: a regular
// expression at the start of a name (Python's re.match). The error shows the
// pattern and says what Go's expressions lack.
func Prefix(pattern string) (*regexp.Regexp, error) {
	re, err := regexp.Compile("^(?:" + pattern + ")")
	if err != nil {
		return nil, fmt.Errorf("graph: pattern %q: %w (Go's expressions have no lookahead and no backreference: list the scopes one by one, or filter the variables in a loop)", pattern, err)
	}
	return re, nil
}

// NoMatchError says that a pattern matched none of a collection's names, and
// what was probably meant.
type NoMatchError struct {
	Collection  string
	Pattern     string
	Size        int      // of the collection
	Suggestions []string // patterns that match something, with their counts
	Roots       []string // the outermost scopes of the collection's names
}

func (e *NoMatchError) Error() string {
	msg := fmt.Sprintf("graph: pattern %q matches none of the %d variables in %q (it must match from the start of the name)", e.Pattern, e.Size, e.Collection)
	switch {
	case len(e.Suggestions) > 0:
		msg += "; did you mean " + strings.Join(e.Suggestions, " or ") + "?"
	case len(e.Roots) > 0:
		msg += "; its names begin with " + strings.Join(firstFew(e.Roots, 6), ", ")
	}
	return msg
}

// NoMatch makes the error for a pattern that matched none of names.
func NoMatch(key, pattern string, names []string) *NoMatchError {
	e := &NoMatchError{Collection: key, Pattern: pattern, Size: len(names)}
	for _, n := range names {
		root, _, _ := strings.Cut(strings.TrimSuffix(n, ":0"), "/")
		if !slices.Contains(e.Roots, root) {
			e.Roots = append(e.Roots, root)
		}
	}
	for _, s := range suggest(pattern, names) {
		e.Suggestions = append(e.Suggestions, fmt.Sprintf("%q (matches %d)", s.pattern, s.count))
	}
	return e
}

type suggestion struct {
	pattern string
	count   int
}

// suggest looks for the pattern inside the names, and for whole scopes that
// are spelt almost like it.
func suggest(pattern string, names []string) []suggestion {
	word := strings.Trim(pattern, "/")
	if word == "" {
		return nil
	}
	counts, order := map[string]int{}, []string{}
	add := func(p string) {
		if counts[p] == 0 {
			order = append(order, p)
		}
		counts[p]++
	}
	inside, within := regexp.Compile(`^(.*?(?:^|/)` + word + `[^/:]*)`)
	near, distance := []string{}, max(1, len(word)/4)
	for _, n := range names {
		n = strings.TrimSuffix(n, ":0")
		if within == nil {
			if m := inside.FindString(n); m != "" {
				add(m)
				continue
			}
		}
		segments := strings.Split(n, "/")
		for i := range segments {
			for _, candidate := range []string{strings.Join(segments[:i+1], "/"), segments[i]} {
				if d := editDistance(candidate, word, distance); d <= distance {
					near = append(near, strings.Join(segments[:i+1], "/"))
				}
			}
		}
	}
	if len(order) == 0 {
		for _, p := range near {
			add(p)
		}
	}
	var out []suggestion
	for _, p := range order[:min(3, len(order))] {
		out = append(out, suggestion{p, counts[p]})
	}
	return out
}

// editDistance is Levenshtein's, or more than most when it is larger.
func editDistance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
