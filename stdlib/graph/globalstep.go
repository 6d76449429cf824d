package graph

import "fmt"

// GetGlobalStep is the graph's global step: the variable in the collection
// GlobalStep or, without one, the variable named global_step; nil when there
// is neither, and when the collection holds several
// (tf.train.get_global_step). One that is no integer scalar is an error.
func GetGlobalStep(g *Graph) (*Variable, error) {
	if g == nil {
		return nil, fmt.Errorf("graph: the graph is nil")
	}
	found := g.vars(GlobalStep)
	if len(found) > 1 {
		return nil, nil
	}
	v := g.variables["global_step"]
	if len(found) == 1 {
		v = found[0]
	}
	if v == nil {
		return nil, nil
	}
	return v, AssertGlobalStep(v)
}

// AssertGlobalStep is nil for a variable that can be a global step
// (tf.train.assert_global_step). One that is no integer scalar is an error.
func AssertGlobalStep(v *Variable) error {
	switch {
	case v == nil:
		return fmt.Errorf("graph: the global step is nil")
	case v.DType() != Int32 && v.DType() != Int64:
		return fmt.Errorf("graph: Existing \"global_step\" does not have integer type: %v", v.DType())
	case len(v.Shape()) != 0:
		return fmt.Errorf("graph: Existing \"global_step\" is not scalar: %v", v.Shape())
	}
	return nil
}

// CreateGlobalStep makes the variable global_step in the scope, an int64
// scalar that begins at 0 and is not trained, in the collections
// GlobalVariables and GlobalStep (tf.train.create_global_step). One that
// exists is an error.
func CreateGlobalStep(s Scope) (*Variable, error) {
	if s.st == nil {
		return nil, fmt.Errorf("graph: a global step is made in a Scope without a graph; begin with Graph.Scope()")
	}
	old, err := GetGlobalStep(s.Graph())
	if err != nil {
		return nil, err
	}
	if old != nil {
		return nil, fmt.Errorf("graph: \"global_step\" already exists")
	}
	return s.GetVariable("global_step", VariableOptions{DType: Int64, Initializer: Zeros(), NotTrainable: true,
		Collections: []string{GlobalVariables, GlobalStep}})
}

// GetOrCreateGlobalStep is the graph's global step, made in the scope if
// there is none (tf.train.get_or_create_global_step). One that is no integer
// scalar is an error.
func GetOrCreateGlobalStep(s Scope) (*Variable, error) {
	v, err := GetGlobalStep(s.Graph())
	if v != nil || err != nil {
		return v, err
	}
	return CreateGlobalStep(s)
}
