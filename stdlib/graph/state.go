package graph

import (
	"fmt"

	"graft/stdlib/internal/ops"
)

// Origin says where the value of a variable comes from.
type Origin string

// The origins of values.
const (
	Fresh    Origin = "fresh"    // its initializer
	Restored Origin = "restored" // a checkpoint
	Assigned Origin = "assigned" // an assignment of the user's
	Trained  Origin = "trained"  // a run that changed it
)

// state is a variable in one session.
type state struct {
	value   *ops.Value
	origin  Origin
	source  string // of a restored value: the checkpoint's path
	version uint64 // counts the changes
}

// state returns the variable's state, giving it its first value if it has
// none yet. The caller holds mu.
func (s *Session) state(v *Variable) (*state, error) {
	if st := s.vars[v]; st != nil {
		return st, nil
	}
	value, err := v.initial()
	if err != nil {
		return nil, err
	}
	st := &state{value: value, origin: Fresh}
	s.vars[v] = st
	return st, nil
}

func (s *Session) changed(v *Variable) {
	st := s.vars[v]
	st.version++
	st.origin = Trained
}

func (s *Session) own(v *Variable) error {
	if v == nil {
		return fmt.Errorf("graph: the variable is nil")
	}
	if v.node.g != s.g {
		return fmt.Errorf("graph: variable %s is of another graph than the session's", v.Name())
	}
	return nil
}

// Value returns a copy of a variable's value.
func (s *Session) Value(v *Variable) (*Tensor, error) {
	if err := s.own(v); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st, err := s.state(v)
	if err != nil {
		return nil, err
	}
	return toTensor(cloneValue(st.value)), nil
}

// Assign gives a variable a value, which is copied. Another shape or dtype
// than the variable's is an error.
func (s *Session) Assign(v *Variable, t *Tensor) error { return s.assign(v, t, Assigned, "") }

// Restore is Assign for a value that comes from the checkpoint at path:
// Origin tells.
func (s *Session) Restore(v *Variable, t *Tensor, path string) error {
	return s.assign(v, t, Restored, path)
}

func (s *Session) assign(v *Variable, t *Tensor, origin Origin, source string) error {
	if err := s.own(v); err != nil {
		return err
	}
	value, err := toValue(t)
	if err != nil {
		return fmt.Errorf("graph: assign %s: %w", v.Name(), err)
	}
	if value.DType != v.DType() || !ops.Fits(value.Shape, v.node.spec.Shape) {
		return fmt.Errorf("graph: assign %s: a tensor %v was given, the variable is %v", v.Name(), value.Spec(), v.node.spec)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	version := uint64(0)
	if old := s.vars[v]; old != nil {
		version = old.version
	}
	s.vars[v] = &state{value: cloneValue(value), origin: origin, source: source, version: version + 1}
	return nil
}

// Origin says where a variable's value comes from and, for a restored one,
// which checkpoint.
func (s *Session) Origin(v *Variable) (origin Origin, source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.vars[v]; st != nil {
		return st.origin, st.source
	}
	return Fresh, ""
}

// Version counts the changes of a variable's value in this session.
func (s *Session) Version(v *Variable) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.vars[v]; st != nil {
		return st.version
	}
	return 0
}

// Init gives variables their initializers' values again
// (tf.variables_initializer); without vars, all that are still fresh. A
// variable that was restored or trained is an error unless it is named: to
// initialise after restoring would throw the restored values away.
func (s *Session) Init(vars ...*Variable) error {
	for _, v := range vars {
		if err := s.own(v); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if vars == nil {
		vars = s.g.collection(GlobalVariables).vars
		for _, v := range vars {
			if st := s.vars[v]; st != nil && st.origin != Fresh {
				return fmt.Errorf("graph: init would throw away the value of %s, which was %s; initialise before restoring, or name the variables to start anew", v.Name(), st.origin)
			}
		}
	}
	for _, v := range vars {
		version := uint64(0)
		if old := s.vars[v]; old != nil {
			version = old.version
		}
		delete(s.vars, v)
		st, err := s.state(v)
		if err != nil {
			return err
		}
		st.version = version + 1
	}
	return nil
}
