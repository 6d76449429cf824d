package graph

import (
	"fmt"
	"regexp"
	"strings"

	"graft/stdlib/internal/ops"
)

// Scope is where layers put their variables and operations: a graph, the
// path of a variable scope, whether variables are shared, and the defaults of
// layers (arg scopes). It is a value: opening a scope inside it leaves it as
// it is.
type Scope struct {
	st    *scopeState
	reuse Reuse
	args  *setting
}

// scopeState is what all copies of an opened scope share: the counters behind
// default names. Opening a scope of the same name again starts new ones, as
// in TensorFlow.
type scopeState struct {
	g      *Graph
	path   string
	counts map[string]int
}

// setting is one entry of a list of settings, the innermost first.
type setting struct {
	key   string
	value any
	outer *setting
}

// Reuse says what GetVariable does about a name that exists.
type Reuse int

// The ways of TensorFlow's variable scopes.
const (
	NoReuse   Reuse = iota // a variable of that name must not exist
	ReuseAll               // it must exist, and is shared
	AutoReuse              // it is shared, or made when it does not exist
)

// Graph is the scope's graph.
func (s Scope) Graph() *Graph {
	if s.st == nil {
		return nil
	}
	return s.st.g
}

// Path is the names of the scopes, outermost first, joined by "/"; "" for the
// outermost.
func (s Scope) Path() string {
	if s.st == nil {
		return ""
	}
	return s.st.path
}

// Join puts the scope's path before a name.
func (s Scope) Join(name string) string {
	if s.Path() == "" {
		return name
	}
	return s.Path() + "/" + name
}

var scopeName = regexp.MustCompile(`^[A-Za-z0-9_.\\/>-]+$`)

func (s Scope) check(name string) error {
	if s.st == nil {
		return fmt.Errorf("graph: %q is opened in a Scope without a graph; begin with Graph.Scope()", name)
	}
	if !scopeName.MatchString(name) {
		return fmt.Errorf("graph: %q is not a valid scope name: letters, digits and _ . - \\ / > are", name)
	}
	return nil
}

// Open opens the variable scope of that name inside s
// (tf.variable_scope(name)). Opening it again gives the same path.
func (s Scope) Open(name string) (Scope, error) {
	if err := s.check(name); err != nil {
		return s, err
	}
	s.st = &scopeState{g: s.st.g, path: s.Join(strings.Trim(name, "/")), counts: map[string]int{}}
	return s, nil
}

// OpenDefault opens a scope of that name or, when the scope s has had one
// before, of name_1, name_2, … (tf.variable_scope(None, default_name)).
func (s Scope) OpenDefault(name string) (Scope, error) {
	if err := s.check(name); err != nil {
		return s, err
	}
	n := s.st.counts[name]
	s.st.counts[name]++
	if n > 0 {
		name = fmt.Sprintf("%s_%d", name, n)
	}
	return s.Open(name)
}

// OpenOr opens name or, when it is empty, a default name: what a layer's
// scope argument means.
func (s Scope) OpenOr(name, defaultName string) (Scope, error) {
	if name == "" {
		return s.OpenDefault(defaultName)
	}
	return s.Open(name)
}

// WithReuse returns the scope with another way of sharing variables.
func (s Scope) WithReuse(r Reuse) Scope {
	s.reuse = r
	return s
}

// With returns the scope with a setting that packages look up by key, as slim
// does with the defaults of layers. It is in force in all scopes opened
// inside the result.
func (s Scope) With(key string, value any) Scope {
	s.args = &setting{key, value, s.args}
	return s
}

// Setting looks up the innermost setting of a key, nil when there is none.
func (s Scope) Setting(key string) any {
	for a := s.args; a != nil; a = a.outer {
		if a.key == key {
			return a.value
		}
	}
	return nil
}

// Apply adds an operation named name inside the scope. It is how the packages
// of this library build; cells call their functions.
func (s Scope) Apply(name string, k ops.Kernel, in ...*Node) (*Node, error) {
	g := s.Graph()
	if g == nil {
		return nil, fmt.Errorf("graph: %s is applied in a Scope without a graph; begin with Graph.Scope()", k.Name())
	}
	inner := make([]*ops.Node, len(in))
	for i, n := range in {
		if n == nil {
			return nil, fmt.Errorf("graph: %s: input %d of %s is nil", s.Join(name), i, k.Name())
		}
		if n.g != g {
			return nil, fmt.Errorf("graph: %s: input %s is of another graph", s.Join(name), n.name)
		}
		inner[i] = n.n
	}
	n, err := g.ops.Apply(k, inner...)
	if err != nil {
		return nil, fmt.Errorf("graph: %s: %w%s", s.Join(name), err, describe(in))
	}
	return g.wrap(n, g.uniqueName(s.Join(name)))
}

// describe lists inputs by name, for an error.
func describe(in []*Node) string {
	var names []string
	for _, n := range in {
		names = append(names, n.name+" "+n.spec.String())
	}
	return " (inputs: " + strings.Join(names, ", ") + ")"
}
