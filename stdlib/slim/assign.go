package slim

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// Assignment gives variables values when it is run (TF-Slim's pair of an
// operation and its feeds).
type Assignment struct {
	// Path is the checkpoint that the values come from, "" for none.
	Path string
	// Variables are those that get values, in order; one may stand there twice.
	Variables []*graph.Variable
	// Feeds are the names that TF-Slim gives the placeholders of the values,
	// one each.
	Feeds []string
	// Warnings are what TF-Slim writes to its log, such as variables that the
	// checkpoint does not have.
	Warnings []string

	g      *graph.Graph
	values []*saved
}

// add appends a variable and its value.
func (a *Assignment) add(v *graph.Variable, value *saved) {
	a.Variables, a.values = append(a.Variables, v), append(a.values, value)
}

// feed takes a name for the variable's value.
func (a *Assignment) feed(v *graph.Variable) {
	a.Feeds = append(a.Feeds, a.g.UniqueName("placeholder/"+v.Name()))
}

// Run assigns the values in a session. A session of another graph is an
// error, and changes nothing.
func (a *Assignment) Run(sess *graph.Session) error {
	if sess == nil {
		return fmt.Errorf("slim: assign: the session is nil")
	}
	if a.g != nil && a.g != sess.Graph() {
		return fmt.Errorf("slim: assign: the session is of another graph than the variables")
	}
	for i, v := range a.Variables {
		var err error
		if a.Path != "" {
			err = a.values[i].restore(sess, v, a.Path)
		} else {
			err = sess.Assign(v, a.values[i].tensor)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// String says how many variables get values, and from where.
func (a *Assignment) String() string {
	if a.Path == "" {
		return fmt.Sprintf("%d variables to assign", len(a.Variables))
	}
	return fmt.Sprintf("%d variables to assign from %s", len(a.Variables), a.Path)
}

// AssignFromValues assigns values to variables by name
// (slim.assign_from_values). Values are reshaped to the variable's shape and
// converted to its dtype. As in TF-Slim a name is a pattern, which finds its
// variable when it is exactly its name or matches the beginning of only one.
//
// Errors: a name that finds no variable or several, another number of
// elements.
func AssignFromValues(g *graph.Graph, values map[string]*graph.Tensor) (*Assignment, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	a := &Assignment{g: g}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v, err := assignable(g, name)
		if err != nil {
			return nil, err
		}
		a.feed(v)
		t, err := graph.Fit(values[name], v.DType(), v.Shape()...)
		if err != nil {
			return nil, fmt.Errorf("slim: assign %s: %w", v.Name(), err)
		}
		a.add(v, &saved{tensor: t})
	}
	return a, nil
}

// assignable finds the variable of a name as TF-Slim does.
func assignable(g *graph.Graph, name string) (*graph.Variable, error) {
	found, err := GetVariables(g, name, "")
	if no := (*graph.NoMatchError)(nil); errors.As(err, &no) {
		return nil, fmt.Errorf("slim: Variable %s wasn't found: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		if v.Name() == name {
			return v, nil
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("slim: Variable %s doesn't uniquely identify a variable: %d names begin so", name, len(found))
	}
	return found[0], nil
}

// AssignFromValuesFn is AssignFromValues as a function of a session
// (slim.assign_from_values_fn).
func AssignFromValuesFn(g *graph.Graph, values map[string]*graph.Tensor) (func(*graph.Session) error, error) {
	a, err := AssignFromValues(g, values)
	if err != nil {
		return nil, err
	}
	return a.Run, nil
}

// AssignFromCheckpoint reads values for variables from the checkpoint at path
// (slim.assign_from_checkpoint). The values are read at once, and assigned
// when the Assignment is run. Values of another dtype are converted; parts
// take their pieces. With ignoreMissing, variables that the checkpoint does
// not have keep their values, and a warning says so; an empty list assigns
// nothing.
//
// Errors: a checkpoint that cannot be read, a *PlanError for variables that it
// does not have or has in another shape.
func AssignFromCheckpoint(path string, vars []*graph.Variable, ignoreMissing bool) (*Assignment, error) {
	return assignFrom(path, &Selection{Variables: vars}, ignoreMissing)
}

// AssignFromCheckpointAs is AssignFromCheckpoint for variables by what they
// are called in the checkpoint; several may take the same tensor.
func AssignFromCheckpointAs(path string, vars map[string][]*graph.Variable, ignoreMissing bool) (*Assignment, error) {
	s, err := SelectAs(vars)
	if err != nil && len(vars) > 0 {
		return nil, err
	}
	return assignFrom(path, s, ignoreMissing)
}

func assignFrom(path string, s *Selection, ignoreMissing bool) (*Assignment, error) {
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	a := &Assignment{Path: r.Path()}
	if len(s.Variables) == 0 {
		return a, nil
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	a.g = s.Variables[0].Graph()
	s = s.grouped()
	p := planOf(r, s, RestoreOptions{IgnoreMissingVars: ignoreMissing, CastVariables: true})
	return a, a.fromPlan(p, r, s)
}

// grouped is the selection with the variables of one key behind each other,
// in the order in which the keys occur first.
func (s *Selection) grouped() *Selection {
	of := map[string][]*graph.Variable{}
	var order []string
	for i, v := range s.Variables {
		key := s.key(i)
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], v)
	}
	out := &Selection{Keys: []string{}}
	for _, key := range order {
		for _, v := range of[key] {
			out.Variables, out.Keys = append(out.Variables, v), append(out.Keys, key)
		}
	}
	return out
}

// fromPlan reads the values of a plan in the selection's order. Names are
// taken for those before the first problem, too, as in TF-Slim.
func (a *Assignment) fromPlan(p *RestorePlan, r *ckpt.Reader, s *Selection) error {
	for i, v := range s.Variables {
		e := compare(v, s.key(i), r, RestoreOptions{IgnoreMissingVars: p.Count(Missing) == 0, CastVariables: true})
		switch e.Action {
		case Missing:
			return fmt.Errorf("slim: Checkpoint is missing variable [%s]: %w", e.Key, p.Err())
		case Initialise:
			a.Warnings = append(a.Warnings, fmt.Sprintf("Checkpoint is missing variable [%s]", e.Key))
			continue
		case ShapeMismatch:
			a.feed(v)
			return fmt.Errorf("slim: Total size of new array must be unchanged for %s lh_shape: %v, rh_shape: %v: %w", e.Key, e.FoundShape, e.wanted(), p.Err())
		}
		a.feed(v)
	}
	values, err := p.read(r, a.g)
	if err != nil {
		return err
	}
	for i, e := range p.Entries {
		if values[i] != nil {
			a.add(e.Variable, values[i])
		}
	}
	return nil
}

// NothingToRestoreError says that a checkpoint has none of the variables,
// where TF-Slim warns and returns None.
type NothingToRestoreError struct {
	Path     string
	Warnings []string
}

func (e *NothingToRestoreError) Error() string {
	return fmt.Sprintf("slim: No Variables to restore: %s has none of the %d variables; the first of TF-Slim's warnings: %s", e.Path, len(e.Warnings), first(e.Warnings))
}

// AssignFromCheckpointFn plans the restore of variables and returns the
// function that does it in a session (slim.assign_from_checkpoint_fn). Unlike
// AssignFromCheckpoint it converts no dtypes. As in TF-Slim, with
// IgnoreMissingVars parts of variables are looked up under their own names,
// under which no checkpoint has them.
//
// Errors: an empty list, a variable that stands in it twice, a checkpoint that
// cannot be read, a *PlanError for variables that it does not have or has in
// another shape or dtype, and *NothingToRestoreError.
func AssignFromCheckpointFn(path string, vars []*graph.Variable, opt RestoreOptions) (func(*graph.Session) error, error) {
	if len(vars) == 0 {
		return nil, emptyList()
	}
	s := &Selection{Variables: vars}
	if opt.IgnoreMissingVars { // TF-Slim makes a dict by the variables' own names
		own := &Selection{Keys: []string{}}
		for _, v := range vars {
			if v == nil {
				return nil, s.check()
			}
			if !slices.Contains(own.Variables, v) {
				own.Variables, own.Keys = append(own.Variables, v), append(own.Keys, v.Name())
			}
		}
		s = own
	}
	return assignFn(path, s, opt)
}

func emptyList() error {
	return fmt.Errorf("slim: var_list cannot be empty: was the net built, and does the pattern match its scope?")
}

// AssignFromCheckpointFnAs is AssignFromCheckpointFn for variables by what
// they are called in the checkpoint; several that take the same tensor must be
// parts of one variable.
func AssignFromCheckpointFnAs(path string, vars map[string][]*graph.Variable, opt RestoreOptions) (func(*graph.Session) error, error) {
	if len(vars) == 0 {
		return nil, emptyList()
	}
	for key, list := range vars {
		for _, v := range list {
			if len(list) > 1 && v != nil && v.Slice() == nil {
				return nil, fmt.Errorf("slim: %s: Slices must all be slices: %v", key, v)
			}
		}
	}
	s, err := SelectAs(vars)
	if err != nil {
		return nil, err
	}
	return assignFn(path, s, opt)
}

func assignFn(path string, s *Selection, opt RestoreOptions) (func(*graph.Session) error, error) {
	p, err := PlanRestoreWith(path, s, opt)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	if n := p.Count(Initialise); n == len(p.Entries) {
		e := &NothingToRestoreError{Path: path}
		for _, x := range p.Entries {
			e.Warnings = append(e.Warnings, fmt.Sprintf("Variable %s missing in checkpoint %s", x.Key, path))
		}
		return nil, e
	}
	return p.Apply, nil
}
