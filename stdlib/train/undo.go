package train

import (
	"slices"

	"graft/stdlib/graph"
)

// undo is what a step's small batches change before the step is taken: the
// moving statistics. A step that is not taken gives them back, so that the
// next Run takes it as if it had not been begun.
type undo struct {
	vars     []*graph.Variable
	versions []uint64
	values   []*graph.Tensor
}

// moved are the variables that a run of a net may change besides an
// optimizer: those that are neither trained nor its own.
func moved(g *graph.Graph) ([]*graph.Variable, error) {
	all, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(v *graph.Variable) bool {
		in := v.Collections()
		return slices.Contains(in, graph.TrainableVariables) || slices.Contains(in, graph.OptimizerVariables)
	}), nil
}

// remember takes the values that variables have.
func remember(sess *graph.Session, vars []*graph.Variable) (*undo, error) {
	u := &undo{vars: vars}
	for _, v := range vars {
		x, err := sess.Value(v)
		if err != nil {
			return nil, err
		}
		u.values, u.versions = append(u.values, x), append(u.versions, sess.Version(v))
	}
	return u, nil
}

// restore gives the variables that were changed since their values.
func (u *undo) restore(sess *graph.Session) error {
	for i, v := range u.vars {
		if sess.Version(v) == u.versions[i] {
			continue
		}
		if err := sess.Assign(v, u.values[i]); err != nil {
			return err
		}
	}
	return nil
}
