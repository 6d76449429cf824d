package graph

import (
	"errors"
	"fmt"
	"slices"

	"graft/stdlib/host"
	"graft/stdlib/internal/exec"
)

// expected are variables that are to be restored from a checkpoint.
type expected struct {
	path string
	vars []*Variable
}

// Expect notes that variables of the graph are to be restored from the
// checkpoint at path; slim's restore plans call it. A session that runs while
// all of them are Fresh in it shows a warning, once: the plan was made and
// never applied, and TensorFlow's init_fn that was not passed on trains random
// weights in silence. What was noted for the same checkpoint before is
// forgotten; an empty list changes nothing.
//
// Errors: a nil graph, a nil variable, one of another graph.
func (g *Graph) Expect(path string, vars ...*Variable) error {
	if g == nil {
		return errors.New("graph: a nil graph expects nothing")
	}
	for i, v := range vars {
		switch {
		case v == nil:
			return fmt.Errorf("graph: expect %s: variable %d is nil", path, i)
		case v.node.g != g:
			return fmt.Errorf("graph: expect %s: variable %s is of another graph", path, v.Name())
		}
	}
	if len(vars) == 0 {
		return nil
	}
	g.expecting.Lock()
	defer g.expecting.Unlock()
	kept := make([]*expected, 0, len(g.expected)+1) // a new slice: a session may be reading the old one
	for _, e := range g.expected {
		if e.path != path {
			kept = append(kept, e)
		}
	}
	g.expected = append(kept, &expected{path, slices.Clone(vars)})
	return nil
}

// Unrestored says, a sentence each, which checkpoints are expected and were
// never restored in this session. Runs do not show these again.
func (s *Session) Unrestored() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unrestored(func(*expected) bool { return true })
}

// unrestored is Unrestored for those checkpoints that are asked for. The
// caller holds mu.
func (s *Session) unrestored(asked func(*expected) bool) (said []string) {
	s.g.expecting.Lock()
	list := s.g.expected
	s.g.expecting.Unlock()
	for _, e := range list {
		if slices.ContainsFunc(e.vars, s.hasValue) || !asked(e) {
			continue
		}
		if s.told == nil {
			s.told = map[*expected]bool{}
		}
		s.told[e] = true
		said = append(said, fmt.Sprintf("%s was to be restored and never was: %d variables (%s is the first) have their initial values in this session; call plan.Apply(sess), or what else was made to restore them",
			e.path, len(e.vars), e.vars[0].Name()))
	}
	return said
}

// hasValue reports whether a variable was given a value in the session, be it
// that Init took it away again. The caller holds mu.
func (s *Session) hasValue(v *Variable) bool {
	st := s.vars[v]
	return v.source != "" || st != nil && (st.origin != Fresh || st.renewed)
}

// warn shows what a run is about to use that was never restored. The caller
// holds mu.
func (s *Session) warn(plan *exec.Plan) {
	uses := func(e *expected) bool {
		used := map[*Variable]bool{}
		for _, n := range plan.Leaves() {
			used[s.g.byNode[n]] = true
		}
		return slices.ContainsFunc(e.vars, func(v *Variable) bool { return used[v] })
	}
	for _, text := range s.unrestored(func(e *expected) bool { return !s.told[e] && uses(e) }) {
		host.Display("", host.Bundle{"text/plain": "warning: " + text})
	}
}
