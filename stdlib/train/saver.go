package train

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// Saver writes variables to V2 checkpoints that TensorFlow reads, and reads
// them back (tf.train.Saver).
type Saver struct {
	sel *slim.Selection
	// Reshape makes Restore take values of another shape if their number is
	// right.
	Reshape bool
	// MaxToKeep is how many checkpoints of this Saver stay on disk; older
	// ones are deleted. 0 keeps all, of which the file `checkpoint` then names
	// only the last. Default: 5.
	MaxToKeep int
	// KeepCheckpointEveryNHours, if above 0, keeps one checkpoint of every so
	// many hours since the Saver was made for good. Default: 0 (TensorFlow's is
	// 10000, more than a year).
	KeepCheckpointEveryNHours float64

	keeper ckpt.Keeper
}

// NewSaver returns a Saver of vars or, without any, of all the graph's global
// variables, optimizers' slots included. It keeps the last five checkpoints.
// A graph without variables is an error.
func NewSaver(g *graph.Graph, vars ...*graph.Variable) (*Saver, error) {
	if g == nil {
		return nil, fmt.Errorf("train: a saver needs a graph")
	}
	if vars == nil {
		var err error
		if vars, err = g.Collection(graph.GlobalVariables, ""); err != nil {
			return nil, err
		}
	}
	if len(vars) == 0 {
		return nil, fmt.Errorf("train: No variables to save")
	}
	sel, err := slim.Select(parts(vars)...)
	if err != nil {
		return nil, fmt.Errorf("train: saver: %w", err)
	}
	return newSaver(g, sel)
}

// NewSaverAs returns a Saver of variables by what they are called in the
// checkpoint; those that share a name must be parts of one variable
// (tf.train.Saver of a dict). An empty map is an error.
func NewSaverAs(g *graph.Graph, vars map[string][]*graph.Variable) (*Saver, error) {
	if len(vars) == 0 {
		return nil, fmt.Errorf("train: No variables to save")
	}
	for key, list := range vars {
		for _, v := range list {
			if len(list) > 1 && v != nil && v.Slice() == nil {
				return nil, fmt.Errorf("train: %s: Slices must all be slices: %v", key, v)
			}
		}
	}
	sel, err := slim.SelectAs(vars)
	if err != nil {
		return nil, fmt.Errorf("train: saver: %w", err)
	}
	return newSaver(g, sel)
}

func newSaver(g *graph.Graph, sel *slim.Selection) (*Saver, error) {
	s := &Saver{sel: sel, MaxToKeep: 5, keeper: ckpt.Keeper{Since: time.Now()}}
	owner := map[string]*graph.Variable{}
	order := make([]int, len(sel.Variables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(s.name(a), s.name(b)) })
	for _, i := range order {
		name, v := s.name(i), sel.Variables[i]
		if v.Graph() != g {
			return nil, fmt.Errorf("train: variable %v is not of the saver's graph", v)
		}
		if other := owner[name]; other != nil && (other == v || other.Slice() == nil || v.Slice() == nil) {
			return nil, fmt.Errorf("train: At least two variables have the same name: %s", name)
		}
		owner[name] = v
	}
	return s, nil
}

// name is what variable i is saved as.
func (s *Saver) name(i int) string {
	if s.sel.Keys != nil {
		return s.sel.Keys[i]
	}
	return s.sel.Variables[i].FullName()
}

// Names are what the variables are saved as, sorted; the name of a variable in
// parts stands there once for each part.
func (s *Saver) Names() []string {
	if s.sel == nil {
		return nil
	}
	out := make([]string, len(s.sel.Variables))
	for i := range out {
		out[i] = s.name(i)
	}
	slices.Sort(out)
	return out
}

// Save writes the variables' values to prefix-step, updates the file
// `checkpoint` beside it, deletes what MaxToKeep leaves over, and returns the
// path. The paths in the file are relative, so that the folder can be moved. Either the whole checkpoint is there afterwards or nothing of it. The
// folder must exist.
func (s *Saver) Save(sess *graph.Session, prefix string, step int) (string, error) {
	if s.sel == nil || sess == nil {
		return "", fmt.Errorf("train: save %s: a Saver that NewSaver made and a session are wanted", prefix)
	}
	if step < 0 {
		return "", fmt.Errorf("train: save %s: step %d is negative", prefix, step)
	}
	dir := filepath.Dir(prefix)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("train: Parent directory of %s doesn't exist, can't save", prefix)
	}
	path := fmt.Sprintf("%s-%d", prefix, step)
	if err := s.write(sess, path); err != nil {
		return "", err
	}
	s.keeper.MaxToKeep, s.keeper.EveryHours = s.MaxToKeep, s.KeepCheckpointEveryNHours
	if _, err := s.keeper.Saved(path); err != nil {
		return "", err
	}
	return path, nil
}

func (s *Saver) write(sess *graph.Session, path string) error {
	w, err := ckpt.Create(path)
	if err != nil {
		return err
	}
	for _, name := range slices.Compact(s.Names()) {
		if err := s.add(sess, w, name); err != nil {
			w.Abort()
			return err
		}
	}
	return w.Close()
}

// add writes one tensor, joined of its parts.
func (s *Saver) add(sess *graph.Session, w *ckpt.Writer, name string) error {
	var pieces []*graph.Variable
	for i, v := range s.sel.Variables {
		if s.name(i) == name {
			pieces = append(pieces, v)
		}
	}
	value, err := graph.JoinParts(sess, pieces...)
	if err != nil {
		return fmt.Errorf("train: save %s: %w", name, err)
	}
	t, err := graph.ToCheckpoint(name, value)
	if err != nil {
		return err
	}
	return w.Add(t)
}

// LastCheckpoints are the paths of the checkpoints that the Saver may still
// delete, oldest first (last_checkpoints). There are none if it keeps all.
func (s *Saver) LastCheckpoints() []string { return s.keeper.Kept() }

// RecoverLastCheckpoints tells the Saver, after a restart, of the checkpoints
// that dir's file `checkpoint` lists, so that they count for MaxToKeep
// (recover_last_checkpoints, of get_checkpoint_state). Without it they stay for
// good. A folder without that file has none. Errors: a file that is no state.
func (s *Saver) RecoverLastCheckpoints(dir string) error { return s.keeper.RecoverFrom(dir) }

// Restore reads all of the Saver's variables from the checkpoint at path
// (anything that ckpt.Open opens). Either all are restored or, when one is
// missing, does not fit or is damaged, none.
func (s *Saver) Restore(sess *graph.Session, path string) error {
	p, err := slim.PlanRestoreWith(path, s.sel, slim.RestoreOptions{ReshapeVariables: s.Reshape})
	if err != nil {
		return fmt.Errorf("train: restore: %w", err)
	}
	if err := p.Apply(sess); err != nil {
		return fmt.Errorf("train: restore: Restoring from checkpoint failed: %w", err)
	}
	return nil
}

// LatestCheckpoint is the path of the newest checkpoint in a folder, by its
// file `checkpoint` (tf.train.latest_checkpoint). Errors: none there.
func LatestCheckpoint(dir string) (string, error) { return ckpt.LatestCheckpoint(dir) }
