package slim

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// InitFromCheckpoint makes the checkpoint's values the initial values of
// variables (tf.train.init_from_checkpoint): sessions that have not used them
// yet begin with them. path may be a folder. assignments map names in the
// checkpoint to names in the graph, or whole scopes when both end in "/":
//
//	{"conv1/weights": "net/conv1/weights"}   // one variable
//	{"resnet_v1_50/": "net/"}                // a scope
//	{"/": "net/"}                            // everything
//
// Errors: a checkpoint that cannot be read, a tensor that it does not have, a
// variable that there is not, another shape or dtype, a scope on one side
// only. Nothing is changed then.
func InitFromCheckpoint(g *graph.Graph, path string, assignments map[string]string) error {
	if g == nil {
		return fmt.Errorf("slim: the graph is nil")
	}
	r, err := open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	m := &initMap{g: g, r: r, path: path, keys: map[*graph.Variable]string{}}
	for _, there := range slices.Sorted(maps.Keys(assignments)) {
		if err := m.add(there, assignments[there]); err != nil {
			return err
		}
	}
	return m.apply()
}

// initMap is what InitFromCheckpoint has worked out so far.
type initMap struct {
	g    *graph.Graph
	r    *ckpt.Reader
	path string
	vars []*graph.Variable
	keys map[*graph.Variable]string
}

func (m *initMap) add(there, here string) error {
	if v, err := m.g.Variable(here); err == nil && !strings.HasSuffix(here, "/") {
		if !m.r.Has(there) {
			return m.notFound(there, there)
		}
		return m.take(v, there)
	}
	return m.addScope(there, here)
}

func (m *initMap) notFound(tensor, said string) error {
	return fmt.Errorf("slim: Tensor %s is not found in %s checkpoint, which has %d tensors: %s", said, m.path, len(m.r.Names()), first(alike(m.r.Names(), tensor)))
}

// alike are names that end like one.
func alike(names []string, name string) (out []string) {
	last := name[strings.LastIndex(name, "/")+1:]
	for _, n := range names {
		if strings.HasSuffix(n, last) {
			out = append(out, n)
		}
	}
	return out
}

// addScope maps all variables of a scope, as TensorFlow does it.
func (m *initMap) addScope(there, here string) error {
	scope := strings.TrimSuffix(here, "/")
	var vars []*graph.Variable
	all, err := m.g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return err
	}
	for _, v := range all {
		if scope == "" || strings.HasPrefix(v.FullName(), scope+"/") {
			vars = append(vars, v)
		}
	}
	if !strings.HasSuffix(there, "/") {
		return fmt.Errorf("slim: Assignment map with scope only name %s should map to scope only %s. Should be 'scope/': 'other_scope/'; no variable is called %q", scope, there, here)
	}
	prefix := there
	if there == "/" {
		prefix = ""
	}
	for _, v := range vars {
		rest := strings.TrimPrefix(v.FullName(), here)
		if here == "/" {
			rest = v.FullName()
		}
		key := prefix + strings.TrimPrefix(rest, "/")
		if !strings.HasSuffix(here, "/") {
			key = prefix + v.FullName()[strings.LastIndex(here, "/")+1:]
		}
		if !m.r.Has(key) {
			return m.notFound(key, fmt.Sprintf("%s (%s in %s)", key, strings.TrimPrefix(key, prefix), there))
		}
		if err := m.take(v, key); err != nil {
			return err
		}
	}
	return nil
}

// take notes that v, or each of its parts, begins with a tensor.
func (m *initMap) take(v *graph.Variable, key string) error {
	parts := v.Parts()
	if parts == nil {
		parts = []*graph.Variable{v}
	}
	for _, p := range parts {
		e := compare(p, key, m.r, RestoreOptions{})
		switch e.Action {
		case ShapeMismatch:
			return fmt.Errorf("slim: Shape of variable %s (%v) doesn't match with shape of tensor %s (%v) from checkpoint reader", p.Name(), e.wanted(), key, e.FoundShape)
		case DTypeMismatch:
			return fmt.Errorf("slim: variable %s is %v, tensor %s of %s is %v", p.Name(), p.DType(), key, m.path, e.FoundDType)
		}
		if m.keys[p] == "" {
			m.vars = append(m.vars, p)
		}
		m.keys[p] = key
	}
	return nil
}

// apply reads all values before it sets one.
func (m *initMap) apply() error {
	values := make([]*graph.Tensor, len(m.vars))
	for i, v := range m.vars {
		t, err := m.r.Tensor(m.keys[v])
		if err != nil {
			return err
		}
		if values[i], err = graph.FromCheckpoint(t); err != nil {
			return err
		}
		if s := v.Slice(); s != nil {
			if values[i], err = graph.CutTensor(values[i], s); err != nil {
				return err
			}
		}
	}
	for i, v := range m.vars {
		if err := v.SetInitialValue(values[i], m.r.Path()); err != nil {
			return err
		}
	}
	return nil
}
