package graph

import (
	"fmt"
	"slices"

	"graft/ckpt/tensors"
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
	view    *tensors.View // the file that value's elements lie in; nil: in memory
	origin  Origin
	source  string // of a restored value: the checkpoint's path
	version uint64 // counts the changes
	renewed bool   // fresh, and had another value before: its owner knows
}

// state returns the variable's state, giving it its first value if it has
// none yet. The caller holds mu.
func (s *Session) state(v *Variable) (*state, error) {
	if st := s.vars[v]; st != nil {
		return st, nil
	}
	value, err := s.first(v)
	if err != nil {
		return nil, err
	}
	st := &state{value: value, origin: Fresh}
	if v.source != "" {
		st.origin, st.source = Restored, v.source
	}
	s.vars[v] = st
	return st, nil
}

// first is a variable's first value. The caller holds mu.
func (s *Session) first(v *Variable) (*ops.Value, error) {
	same, ok := v.init.(sameAs)
	if !ok {
		return v.initial()
	}
	if same.v.node.g != s.g || same.v == v {
		return nil, fmt.Errorf("graph: initial value of %s: %s is of another graph, or itself", v.Name(), same.v.Name())
	}
	other, err := s.gather(same.v)
	if err != nil {
		return nil, err
	}
	if other.DType != v.DType() || !ops.Fits(other.Shape, v.node.spec.Shape) {
		return nil, fmt.Errorf("graph: initial value of %s: it is %v, %s is %v", v.Name(), v.node.spec, same.v.Name(), other.Spec())
	}
	return cloneValue(other), nil
}

// gather is a variable's value, joined if it is in parts. The caller holds mu.
func (s *Session) gather(v *Variable) (*ops.Value, error) {
	if v.parts == nil {
		st, err := s.state(v)
		if err != nil {
			return nil, err
		}
		return st.value, nil
	}
	out, err := ops.NewValue(v.node.spec)
	if err != nil {
		return nil, err
	}
	for _, p := range v.parts {
		st, err := s.state(p)
		if err != nil {
			return nil, err
		}
		block(out, st.value, p.slice.Offset, true)
	}
	return out, nil
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
	value, err := s.gather(v)
	if err != nil {
		return nil, err
	}
	return toTensor(cloneValue(value)), nil
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
	for _, p := range v.whole() {
		piece := cloneValue(value)
		if v.parts != nil {
			if piece, err = cut(value, p.slice); err != nil {
				return fmt.Errorf("graph: assign %s: %w", v.Name(), err)
			}
		}
		s.replace(p, &state{value: piece, origin: origin, source: source})
	}
	return nil
}

// replace gives a variable, which is no partitioned one, another state. The
// caller holds mu.
func (s *Session) replace(v *Variable, now *state) {
	now.version = 1
	if old := s.vars[v]; old != nil {
		now.version = old.version + 1
	}
	s.vars[v] = now
}

// Origin says where a variable's value comes from and, for a restored one,
// which checkpoint. Of a variable in parts it is that of the first part.
func (s *Session) Origin(v *Variable) (origin Origin, source string) {
	if v == nil {
		return Fresh, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.vars[v.whole()[0]]; st != nil {
		return st.origin, st.source
	}
	return Fresh, ""
}

// Version counts the changes of a variable's value in this session.
func (s *Session) Version(v *Variable) (n uint64) {
	if v == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range v.whole() {
		if st := s.vars[p]; st != nil {
			n += st.version
		}
	}
	return n
}

// Uninitialized lists the global and local variables that have no value yet
// (tf.report_uninitialized_variables). Nothing fails of them: the first run
// that needs one gives it its initializer's value.
func (s *Session) Uninitialized() []*Variable {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*Variable
	for _, v := range append(slices.Clone(s.g.vars(GlobalVariables)), s.g.vars(LocalVariables)...) {
		if s.vars[v] == nil && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// Init gives variables their initializers' values again
// (tf.variables_initializer); without vars, all global and local variables
// (tf.global_variables_initializer, tf.local_variables_initializer). A
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
		vars = append(slices.Clone(s.g.vars(GlobalVariables)), s.g.vars(LocalVariables)...)
		for _, v := range vars {
			if st := s.vars[v]; st != nil && st.origin != Fresh && (v.source == "" || st.source != v.source) {
				return fmt.Errorf("graph: init would throw away the value of %s, which was %s; initialise before restoring, or name the variables to start anew", v.Name(), st.origin)
			}
		}
	}
	var all []*Variable
	for _, v := range vars {
		all = append(all, v.whole()...)
	}
	for _, v := range all {
		version, renewed := uint64(0), s.hasValue(v)
		if old := s.vars[v]; old != nil {
			version = old.version
		}
		delete(s.vars, v)
		st, err := s.state(v)
		if err != nil {
			return err
		}
		st.version, st.renewed = version+1, renewed
	}
	return nil
}
