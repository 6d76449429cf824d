package graph

import (
	"errors"
	"fmt"

	"graft/stdlib/host"
	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/ops"
)

// NotFiniteError says which value of a run was the first with an element that
// is NaN or infinite: all that it was computed from is finite.
type NotFiniteError struct {
	// Node is the name of the node, a placeholder's or a variable's too.
	Node string
	// Kernel computed it; "" if it was fed or is a variable.
	Kernel string
	// DType and Shape are the value's.
	DType DType
	Shape []int
	// NaN and Inf count its elements.
	NaN, Inf int

	text string
}

// Error implements error.
func (e *NotFiniteError) Error() string { return "graph: numerics: " + e.text }

// CheckNumerics computes what is fetched, as Run does, and looks at each value
// on the way: the first that has a NaN or infinite element is the error, a
// *NotFiniteError with its name (tf.debugging.enable_check_numerics). It
// changes no variable: of a training step it looks at the loss and all
// gradients, and leaves the step itself out. nil: all is finite. Other errors
// are those of Run.
//
// A NaN that is fed, or in a variable, is named as such: a variable that is
// not finite was made so by the step before. SessionOptions.CheckNumerics
// finds what made that.
func (s *Session) CheckNumerics(feeds Feeds, fetches ...Fetch) error {
	if s == nil {
		return errNoSession
	}
	t, err := s.g.fetched(fetches)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx.Context, s.ctx.Seed = host.Context(), s.runSeed() // that of the last run: its dropout is drawn again
	in, err := s.feed(feeds)
	if err != nil {
		return fmt.Errorf("graph: check numerics: %w", err)
	}
	plan, err := s.plan(t, in)
	if err != nil {
		return fmt.Errorf("graph: check numerics: %w", err)
	}
	leaves, versions, err := s.leaves(plan, in)
	if err == nil {
		err = s.numerics(plan.Check(&s.ctx, leaves, versions))
	}
	var bad *NotFiniteError
	if err == nil || errors.As(err, &bad) {
		return err
	}
	return fmt.Errorf("graph: check numerics: %w", err)
}

// execute runs a plan, with a look at each value if that is wanted.
func (s *Session) execute(plan *exec.Plan, leaves []*ops.Value, versions []uint64) ([]*ops.Value, error) {
	if !s.check {
		return plan.Run(&s.ctx, leaves, versions)
	}
	out, err := plan.RunChecked(&s.ctx, leaves, versions)
	return out, s.numerics(err)
}

// numerics gives the executor's error the form that users see.
func (s *Session) numerics(err error) error {
	var bad *exec.NotFinite
	if !errors.As(err, &bad) {
		return err
	}
	return &NotFiniteError{Node: bad.Node, Kernel: bad.Kernel, DType: bad.Spec.DType, Shape: bad.Spec.Shape, NaN: bad.NaN, Inf: bad.Inf, text: bad.Error()}
}
