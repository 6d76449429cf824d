package graph

import (
	"fmt"
	"strings"

	"graft/stdlib/internal/ops"
)

// Scope is where layers put their variables and operations: a graph, the
// path of a variable scope, the prefix of operations' names, whether
// variables are shared, what they are like by default, and the defaults of
// layers (arg scopes). It is a value: opening a scope inside it leaves it as
// it is, and to enter it again is to use the value again.
type Scope struct {
	st       *scopeState
	ops      string // before the names of operations (TensorFlow's name scope)
	reuse    Reuse
	defaults defaults
	args     *setting
}

// defaults are what GetVariable takes when its options do not say.
type defaults struct {
	initializer Initializer
	regularizer Regularizer
	partitioner Partitioner
	dtype       DType
	device      device
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
	ReuseAll               // it must exist, and is shared (reuse=True)
	AutoReuse              // it is shared, or made when it does not exist (tf.AUTO_REUSE)
)

// Graph is the scope's graph.
func (s Scope) Graph() *Graph {
	if s.st == nil {
		return nil
	}
	return s.st.g
}

// String is <Scope "block1/conv">.
func (s Scope) String() string {
	if s.st == nil {
		return "<Scope of no graph>"
	}
	return fmt.Sprintf("<Scope %q>", s.Path())
}

// Path is the names of the variable scopes, outermost first, joined by "/";
// "" for the outermost.
func (s Scope) Path() string {
	if s.st == nil {
		return ""
	}
	return s.st.path
}

// Join puts the scope's path before a name.
func (s Scope) Join(name string) string { return join(s.Path(), name) }

// Operations is what stands before the names of operations: the path, but
// that a scope which was opened twice has A_1 where the path has A again.
func (s Scope) Operations() string { return s.ops }

func (s Scope) check(name string) error {
	if s.st == nil {
		return fmt.Errorf("graph: %q is opened in a Scope without a graph; begin with Graph.Scope()", name)
	}
	return checkName(s.ops, name)
}

// Open opens the variable scope of that name inside s
// (tf.variable_scope(name)); "" is s itself. Opening it again gives the same
// path, so that its variables can be shared, and begins its default names
// anew. A name that TensorFlow would not take is an error.
func (s Scope) Open(name string) (Scope, error) {
	if name == "" && s.st != nil {
		return s, nil
	}
	if err := s.check(name); err != nil {
		return s, err
	}
	s.st.counts[name]++
	counts := map[string]int{}
	for k, n := range s.st.counts { // opened from outside as name/…
		if rest, inside := strings.CutPrefix(k, name+"/"); inside {
			counts[rest] = n
			delete(s.st.counts, k)
		}
	}
	s.ops = s.innerNames(name)
	s.st = &scopeState{g: s.st.g, path: s.Join(name), counts: counts}
	return s, nil
}

// innerNames is the name scope of that name inside s. A name that ends in "/"
// is taken as it is.
func (s Scope) innerNames(name string) string {
	if whole, ok := strings.CutSuffix(name, "/"); ok {
		return whole
	}
	return s.st.g.UniqueName(join(s.ops, name))
}

// OpenDefault opens a scope of that name or, when the scope s has had one
// before, of name_1, name_2, … (tf.variable_scope(None, default_name)).
func (s Scope) OpenDefault(name string) (Scope, error) {
	if err := s.check(name); err != nil {
		return s, err
	}
	unique := name
	for i := 1; s.st.counts[unique] > 0; i++ {
		unique = fmt.Sprintf("%s_%d", name, i)
	}
	s.st.counts[unique]++
	s.ops = s.innerNames(name)
	s.st = &scopeState{g: s.st.g, path: s.Join(unique), counts: map[string]int{}}
	return s, nil
}

// OpenOr opens name or, when it is empty, a default name: what a layer's
// scope argument means.
func (s Scope) OpenOr(name, defaultName string) (Scope, error) {
	if name == "" {
		return s.OpenDefault(defaultName)
	}
	return s.Open(name)
}

// Enter opens a scope that was opened before inside s
// (tf.variable_scope(scope)): variables go to the other's path, with its
// defaults and its way of sharing; operations are named after its last
// segment inside s, and the arg scopes of s hold. To use a captured scope as
// it was, with its own arg scopes, use its value instead. A scope of another
// graph is an error.
func (s Scope) Enter(captured Scope) (Scope, error) {
	if s.st == nil || captured.st == nil || s.st.g != captured.st.g {
		return s, fmt.Errorf("graph: scope %q is entered in a Scope without its graph", captured.Path())
	}
	path := captured.st.path
	out := captured
	if name := path[strings.LastIndex(path, "/")+1:]; name != "" {
		out.ops = s.st.g.UniqueName(join(s.ops, name))
	}
	out.st = &scopeState{g: s.st.g, path: path, counts: map[string]int{}}
	out.args, out.defaults.device = s.args, s.defaults.device
	return out, nil
}

// NameScope is the scope with name before the names of operations and of
// variables of NewVariable (tf.name_scope); the names of GetVariable's stay
// as they are. A name that TensorFlow would not take is an error.
func (s Scope) NameScope(name string) (Scope, error) {
	if err := s.check(name); err != nil || name == "" {
		return s, err
	}
	s.ops = s.innerNames(name)
	return s, nil
}

// WithReuse returns the scope with another way of sharing variables. As in
// TensorFlow a scope that shares goes on doing so inside: NoReuse changes
// nothing.
func (s Scope) WithReuse(r Reuse) Scope {
	if r != NoReuse {
		s.reuse = r
	}
	return s
}

// Reuse is the scope's way of sharing variables.
func (s Scope) Reuse() Reuse { return s.reuse }

// WithInitializer returns the scope with the initializer of variables that
// are given none.
func (s Scope) WithInitializer(i Initializer) Scope {
	s.defaults.initializer = i
	return s
}

// WithRegularizer returns the scope with the regularizer of variables that
// are given none.
func (s Scope) WithRegularizer(r Regularizer) Scope {
	s.defaults.regularizer = r
	return s
}

// WithPartitioner returns the scope with the partitioner of variables that
// are given none.
func (s Scope) WithPartitioner(p Partitioner) Scope {
	s.defaults.partitioner = p
	return s
}

// WithDType returns the scope with the dtype of variables that are given
// none.
func (s Scope) WithDType(d DType) Scope {
	s.defaults.dtype = d
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

// WithSettingsOf returns the scope with the settings of another, as
// slim.arg_scope does when it is given a scope that was captured before.
func (s Scope) WithSettingsOf(captured Scope) Scope {
	s.args = captured.args
	return s
}

// Apply adds an operation named name inside the scope; "" names it after the
// innermost name scope. It is how the packages of this library build; cells
// call their functions.
func (s Scope) Apply(name string, k ops.Kernel, in ...*Node) (*Node, error) {
	g := s.Graph()
	if k == nil {
		return nil, fmt.Errorf("graph: %s: there is no operation to apply", join(s.ops, name))
	}
	if g == nil {
		return nil, fmt.Errorf("graph: %s is applied in a Scope without a graph; begin with Graph.Scope()", k.Name())
	}
	full := join(s.ops, name)
	inner := make([]*ops.Node, len(in))
	for i, n := range in {
		if n == nil {
			return nil, fmt.Errorf("graph: %s: input %d of %s is nil", full, i, k.Name())
		}
		if n.g != g {
			return nil, fmt.Errorf("graph: %s: input %s is of another graph", full, n.name)
		}
		inner[i] = n.n
	}
	n, err := g.ops.Apply(k, inner...)
	if err != nil {
		return nil, fmt.Errorf("graph: %s: %w%s", full, err, describe(in))
	}
	if name == "" && s.ops != "" {
		return g.wrap(n, s.ops)
	}
	return g.wrap(n, g.UniqueName(full))
}

// describe lists inputs by name, for an error.
func describe(in []*Node) string {
	var names []string
	for _, n := range in {
		names = append(names, n.name+" "+n.spec.String())
	}
	return " (inputs: " + strings.Join(names, ", ") + ")"
}
