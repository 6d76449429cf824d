package slim

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Action says what a RestorePlan does with a variable.
type Action string

// The actions of a plan. The last three are problems: a plan that has one
// changes nothing.
const (
	Restore       Action = "restore"        // takes the checkpoint's value
	Reshape       Action = "reshape"        // the same number of values in another shape
	SliceJoin     Action = "slice"          // a part takes its piece of the whole
	Cast          Action = "cast"           // the values in another element type
	ExcludedBy    Action = "excluded"       // left out by a pattern; keeps its initial value
	Initialise    Action = "initialise"     // not in the checkpoint, and that is allowed
	Missing       Action = "missing"        // not in the checkpoint
	ShapeMismatch Action = "shape mismatch" // another shape there than here
	DTypeMismatch Action = "dtype mismatch" // another element type there than here
)

// problem reports whether the action stops a plan.
func (a Action) problem() bool { return a == Missing || a == ShapeMismatch || a == DTypeMismatch }

// reads reports whether the action takes values from the checkpoint.
func (a Action) reads() bool { return a == Restore || a == Reshape || a == SliceJoin || a == Cast }

// Entry is what a RestorePlan does with one variable.
type Entry struct {
	Variable   *graph.Variable
	Key        string // the tensor's name in the checkpoint
	Action     Action
	Pattern    string // of ExcludedBy
	Found      string // dtype and shape in the checkpoint, "" when it is not there
	FoundShape []int
	FoundDType graph.DType
}

// RestoreOptions are the leniencies of a restore, with TF-Slim's names; the
// zero value allows none.
type RestoreOptions struct {
	// IgnoreMissingVars gives variables that the checkpoint does not have
	// their initial values (ignore_missing_vars).
	IgnoreMissingVars bool
	// ReshapeVariables takes values of another shape if their number is right
	// (reshape_variables).
	ReshapeVariables bool
	// CastVariables takes values of another element type. TF-Slim's
	// assign_from_checkpoint does it unasked; its savers refuse.
	CastVariables bool
	// MovingAverages takes for each variable the tensor
	// name/ExponentialMovingAverage where there is one, as
	// ema.variables_to_restore() does.
	MovingAverages bool
}

// averageName is what tf.train.ExponentialMovingAverage puts behind a name.
const averageName = "/ExponentialMovingAverage"

// RestorePlan is what a restore will do, computed before anything is
// assigned. As the last line of a cell it is a table. A plan that was made and
// never applied is not forgotten in silence: see graph.Graph.Expect.
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
		return nil, fmt.Errorf("slim: no variables to restore from %s: the selection is empty (var_list cannot be empty)", path)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := s.distinct(); err != nil {
		return nil, err
	}
	r, err := open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return planOf(r, s, opt), nil
}

// open opens a checkpoint.
func open(path string) (*ckpt.Reader, error) {
	r, err := ckpt.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("slim: Failed to find any matching files for %s: not a valid checkpoint: %w", path, err)
	}
	return r, err
}

// distinct refuses a variable that stands twice, and two that are no parts of
// one and have the same key.
func (s *Selection) distinct() error {
	seen := map[*graph.Variable]bool{}
	keys := map[string]*graph.Variable{}
	order := make([]int, len(s.Variables))
	for i := range order {
		order[i] = i
	}
	// By name, so that the error names the first as a reader would look it up.
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(s.key(a), s.key(b)) })
	for _, i := range order {
		key, v := s.key(i), s.Variables[i]
		other := keys[key]
		if seen[v] || other != nil && (v.Slice() == nil || other.Slice() == nil) {
			return fmt.Errorf("slim: At least two variables have the same name: %s: a variable stands twice in the selection, or two take the same tensor", key)
		}
		seen[v], keys[key] = true, v
	}
	return nil
}

// planOf compares a selection with an open checkpoint.
func planOf(r *ckpt.Reader, s *Selection, opt RestoreOptions) *RestorePlan {
	p := &RestorePlan{Path: r.Path(), Patterns: s.Patterns}
	used := map[string]bool{}
	for i, v := range s.Variables {
		e := compare(v, s.key(i), r, opt)
		used[e.Key] = used[e.Key] || e.Found != ""
		p.Entries = append(p.Entries, e)
	}
	for _, x := range s.Excluded {
		e := compare(x.Variable, x.Variable.FullName(), r, opt)
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
	p.expect(s.Variables[0].Graph())
	return p
}

// expect tells the graph what is to be restored, for its sessions to say so
// when the plan is forgotten.
func (p *RestorePlan) expect(g *graph.Graph) {
	var vars []*graph.Variable
	for _, e := range p.Entries {
		if e.Action.reads() {
			vars = append(vars, e.Variable)
		}
	}
	_ = g.Expect(p.Path, vars...) // of variables of several graphs Apply tells
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

func compare(v *graph.Variable, key string, r *ckpt.Reader, opt RestoreOptions) Entry {
	e := Entry{Variable: v, Key: key}
	if opt.MovingAverages && r.Has(key+averageName) {
		e.Key = key + averageName
	}
	info, err := r.Info(e.Key)
	if err != nil {
		e.Action = Missing
		if opt.IgnoreMissingVars {
			e.Action = Initialise
		}
		return e
	}
	e.Found, e.FoundShape, e.FoundDType = fmt.Sprintf("%v %v", info.DType, info.Shape), info.Shape, info.DType
	switch same := slices.Equal(info.Shape, e.wanted()); {
	case info.DType != v.DType() && !opt.CastVariables:
		e.Action = DTypeMismatch
	case !same && (!opt.ReshapeVariables || v.Slice() != nil || info.Elements() != int64(v.Size())):
		e.Action = ShapeMismatch
	case !same:
		e.Action = Reshape
	case info.DType != v.DType():
		e.Action = Cast
	case v.Slice() != nil:
		e.Action = SliceJoin
	default:
		e.Action = Restore
	}
	return e
}

// wanted is the shape that the checkpoint's tensor should have.
func (e Entry) wanted() []int {
	if s := e.Variable.Slice(); s != nil {
		return s.FullShape
	}
	return e.Variable.Shape()
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

// describe is a line that holds TensorFlow's words for the problem too, by
// which one searches.
func (e Entry) describe() string {
	here := fmt.Sprintf("%v %v", e.Variable.DType(), e.wanted())
	name := e.Variable.Name()
	if name != e.Key {
		name += " (there " + e.Key + ")"
	}
	switch e.Action {
	case Missing:
		return fmt.Sprintf("%s: %s here, not in the checkpoint (Key %s not found in checkpoint)", name, here, e.Key)
	case DTypeMismatch:
		return fmt.Sprintf("%s: %s here, %s in the checkpoint (expected dtype %v does not equal original dtype %v)", name, here, e.Found, e.Variable.DType(), e.FoundDType)
	case ShapeMismatch:
		return fmt.Sprintf("%s: %s here, %s in the checkpoint (Assign requires shapes of both tensors to match. lhs shape= %s rhs shape= %s)",
			name, here, e.Found, ops.ShapeString(e.wanted()), ops.ShapeString(e.FoundShape))
	}
	return fmt.Sprintf("%s: %s here, %s in the checkpoint: %s", name, here, e.Found, e.Action)
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
	if p == nil {
		return fmt.Errorf("slim: the plan is nil: was the cell that makes it stopped by an error?")
	}
	if sess == nil {
		return fmt.Errorf("slim: the session is nil")
	}
	if err := p.Err(); err != nil {
		return err
	}
	r, err := open(p.Path)
	if err != nil {
		return err
	}
	defer r.Close()
	values, err := p.read(r, sess.Graph())
	if err != nil {
		return err
	}
	for i, e := range p.Entries {
		if values[i] == nil {
			continue
		}
		if err := values[i].restore(sess, e.Variable, p.Path); err != nil {
			return err
		}
	}
	return nil
}

// saved is a variable's value in a checkpoint: where it lies in the file, which
// processes share, or, for a part or another dtype, copied.
type saved struct {
	view   *ckpt.View
	tensor *graph.Tensor
}

func (s *saved) restore(sess *graph.Session, v *graph.Variable, path string) error {
	if s.view != nil {
		return sess.RestoreView(v, s.view, path)
	}
	return sess.Restore(v, s.tensor, path)
}

// read reads all values of a plan, one an entry.
func (p *RestorePlan) read(r *ckpt.Reader, g *graph.Graph) ([]*saved, error) {
	values := make([]*saved, len(p.Entries))
	wholes := map[string]*graph.Tensor{} // of which parts take their pieces
	for i, e := range p.Entries {
		if e.Variable.Graph() != g {
			return nil, fmt.Errorf("slim: variable %s is of another graph than the session's", e.Variable.Name())
		}
		if !e.Action.reads() {
			continue
		}
		whole := wholes[e.Key]
		if whole == nil {
			v, err := r.View(e.Key)
			if err != nil {
				return nil, err
			}
			if v.Info().DType == e.Variable.DType() && e.Variable.Slice() == nil {
				if v, err = v.Reshape(e.wanted()...); err != nil {
					return nil, err
				}
				values[i] = &saved{view: v}
				continue
			}
			if whole, err = e.copy(v); err != nil {
				return nil, err
			}
		}
		values[i] = &saved{tensor: whole}
		if s := e.Variable.Slice(); s != nil {
			wholes[e.Key] = whole
			piece, err := graph.CutTensor(whole, s)
			if err != nil {
				return nil, err
			}
			values[i] = &saved{tensor: piece}
		}
	}
	return values, nil
}

// copy reads the values in the variable's dtype.
func (e Entry) copy(v *ckpt.View) (out *graph.Tensor, err error) {
	err = v.Use(func(t *ckpt.Tensor) error {
		out, err = graph.FromCheckpointAs(t, e.Variable.DType(), e.wanted()...)
		return err
	})
	return out, err
}
