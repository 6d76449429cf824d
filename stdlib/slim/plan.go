package slim

import (
	"fmt"
	"slices"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// Action says what a RestorePlan does with a variable.
type Action string

// The actions of a plan. The last three are problems: a plan that has one
// changes nothing.
const (
	Restore       Action = "restore"        // takes the checkpoint's value
	Reshape       Action = "reshape"        // the same number of values in another shape
	ExcludedBy    Action = "excluded"       // left out by a pattern; keeps its initial value
	Initialise    Action = "initialise"     // not in the checkpoint, and that is allowed
	Missing       Action = "missing"        // not in the checkpoint
	ShapeMismatch Action = "shape mismatch" // another shape there than here
	DTypeMismatch Action = "dtype mismatch" // another element type there than here
)

// problem reports whether the action stops a plan.
func (a Action) problem() bool { return a == Missing || a == ShapeMismatch || a == DTypeMismatch }

// Entry is what a RestorePlan does with one variable.
type Entry struct {
	Variable *graph.Variable
	Key      string // the tensor's name in the checkpoint
	Action   Action
	Pattern  string // of ExcludedBy
	Found    string // dtype and shape in the checkpoint, "" when it is not there
}

// RestoreOptions are the leniencies of a restore, with TF-Slim's names; the
// zero value allows none.
type RestoreOptions struct {
	// IgnoreMissingVars gives variables that the checkpoint does not have
	// their initial values.
	IgnoreMissingVars bool
	// ReshapeVariables takes values of another shape if their number is right.
	ReshapeVariables bool
}

// RestorePlan is what a restore will do, computed before anything is
// assigned. As the last line of a cell it is a table.
type RestorePlan struct {
	// Path is the checkpoint.
	Path string
	// Entries are the variables, in the order of their making.
	Entries []Entry
	// Unused are the checkpoint's tensors that no variable takes.
	Unused []string
	// Patterns are those of the Selection, with their counts.
	Patterns []Pattern
	// Hints say what the problems probably come from, and what to do.
	Hints []string
}

// PlanRestore compares the selected variables with the checkpoint at path
// (anything that ckpt.Open opens) and returns what a restore would do. The
// plan's problems are in the plan; the error is for a checkpoint that cannot
// be read, or an empty selection.
func PlanRestore(path string, s *Selection) (*RestorePlan, error) {
	return PlanRestoreWith(path, s, RestoreOptions{})
}

// PlanRestoreWith is PlanRestore with leniencies.
func PlanRestoreWith(path string, s *Selection, opt RestoreOptions) (*RestorePlan, error) {
	if s == nil || len(s.Variables) == 0 {
		return nil, fmt.Errorf("slim: no variables to restore from %s: the selection is empty", path)
	}
	r, err := ckpt.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p := &RestorePlan{Path: r.Path(), Patterns: s.Patterns}
	used := map[string]bool{}
	for _, v := range s.Variables {
		e := compare(v, r, opt)
		used[e.Key] = used[e.Key] || e.Found != ""
		p.Entries = append(p.Entries, e)
	}
	for _, x := range s.Excluded {
		e := compare(x.Variable, r, opt)
		used[e.Key] = used[e.Key] || e.Found != ""
		e.Action, e.Pattern = ExcludedBy, x.Pattern
		p.Entries = append(p.Entries, e)
	}
	for _, n := range r.Names() {
		if !used[n] {
			p.Unused = append(p.Unused, n)
		}
	}
	p.sort(s)
	p.Hints = hints(p)
	return p, nil
}

// sort puts the entries in the order in which the variables were made.
func (p *RestorePlan) sort(s *Selection) {
	g := s.Variables[0].Graph()
	place := map[*graph.Variable]int{}
	all, _ := g.Collection(graph.GlobalVariables, "") // without a pattern nothing can fail
	for i, v := range all {
		place[v] = i
	}
	slices.SortStableFunc(p.Entries, func(a, b Entry) int { return place[a.Variable] - place[b.Variable] })
}

func compare(v *graph.Variable, r *ckpt.Reader, opt RestoreOptions) Entry {
	e := Entry{Variable: v, Key: v.Name()}
	info, err := r.Info(e.Key)
	if err != nil {
		e.Action = Missing
		if opt.IgnoreMissingVars {
			e.Action = Initialise
		}
		return e
	}
	e.Found = fmt.Sprintf("%v %v", info.DType, info.Shape)
	switch same := slices.Equal(info.Shape, v.Shape()); {
	case info.DType != v.DType():
		e.Action = DTypeMismatch
	case same:
		e.Action = Restore
	case opt.ReshapeVariables && info.Elements() == int64(v.Size()):
		e.Action = Reshape
	default:
		e.Action = ShapeMismatch
	}
	return e
}

// Count is the number of variables with that action.
func (p *RestorePlan) Count(a Action) (n int) {
	for _, e := range p.Entries {
		if e.Action == a {
			n++
		}
	}
	return n
}

// Problems are the entries that keep the plan from being applied.
func (p *RestorePlan) Problems() []Entry {
	var out []Entry
	for _, e := range p.Entries {
		if e.Action.problem() {
			out = append(out, e)
		}
	}
	return out
}

// PlanError says why a plan cannot be applied.
type PlanError struct {
	Path     string
	Problems []Entry
	Hints    []string
}

func (e *PlanError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "slim: %s does not fit: nothing was restored", e.Path)
	for i, p := range e.Problems {
		if i == 5 {
			fmt.Fprintf(&b, "\n  … %d more", len(e.Problems)-i)
			break
		}
		b.WriteString("\n  " + p.describe())
	}
	for _, h := range e.Hints {
		b.WriteString("\n" + h)
	}
	return b.String()
}

func (e Entry) describe() string {
	here := fmt.Sprintf("%v %v", e.Variable.DType(), e.Variable.Shape())
	if e.Action == Missing {
		return fmt.Sprintf("%s: %s here, not in the checkpoint", e.Key, here)
	}
	return fmt.Sprintf("%s: %s here, %s in the checkpoint", e.Key, here, e.Found)
}

// Err is nil for a plan that can be applied, else a *PlanError.
func (p *RestorePlan) Err() error {
	bad := p.Problems()
	if len(bad) == 0 {
		return nil
	}
	return &PlanError{p.Path, bad, p.Hints}
}

// Apply carries the plan out in a session: all of it or, when anything cannot
// be read or does not fit, nothing. Errors: *PlanError, *ckpt.CorruptError,
// a session of another graph.
func (p *RestorePlan) Apply(sess *graph.Session) error {
	if sess == nil {
		return fmt.Errorf("slim: the session is nil")
	}
	if err := p.Err(); err != nil {
		return err
	}
	r, err := ckpt.Open(p.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	values := make([]*graph.Tensor, len(p.Entries))
	for i, e := range p.Entries {
		if e.Variable.Graph() != sess.Graph() {
			return fmt.Errorf("slim: variable %s is of another graph than the session's", e.Key)
		}
		if e.Action != Restore && e.Action != Reshape {
			continue
		}
		t, err := r.Tensor(e.Key)
		if err != nil {
			return err
		}
		if values[i], err = graph.FromCheckpoint(t, e.Variable.Shape()...); err != nil {
			return err
		}
	}
	for i, e := range p.Entries {
		if values[i] == nil {
			continue
		}
		if err := sess.Restore(e.Variable, values[i], p.Path); err != nil {
			return err
		}
	}
	return nil
}
