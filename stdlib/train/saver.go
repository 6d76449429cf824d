package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"graft/ckpt"
	"graft/stdlib/graph"
)

// Saver writes variables to V2 checkpoints that TensorFlow reads, and reads
// them back (tf.train.Saver).
type Saver struct {
	vars []*graph.Variable
	// MaxToKeep is how many checkpoints of this Saver stay on disk; older
	// ones are deleted. 0 keeps all.
	MaxToKeep int
	kept      []string
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
	for _, v := range vars {
		if v == nil || v.Graph() != g {
			return nil, fmt.Errorf("train: variable %v is not of the saver's graph", v)
		}
	}
	return &Saver{vars: vars, MaxToKeep: 5}, nil
}

// Save writes the variables' values to prefix-step, updates the file
// `checkpoint` beside it, deletes what MaxToKeep leaves over, and returns the
// path. Either the whole checkpoint is there afterwards or nothing of it. The
// folder must exist.
func (s *Saver) Save(sess *graph.Session, prefix string, step int) (string, error) {
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
	s.kept = append(slices.DeleteFunc(s.kept, func(p string) bool { return p == path }), path)
	surplus := []string{}
	if s.MaxToKeep > 0 && len(s.kept) > s.MaxToKeep {
		n := len(s.kept) - s.MaxToKeep
		surplus, s.kept = s.kept[:n:n], slices.Clone(s.kept[n:])
	}
	if err := ckpt.UpdateCheckpointState(dir, path, s.kept); err != nil {
		return "", err
	}
	for _, old := range surplus {
		if err := remove(old); err != nil {
			return "", err
		}
	}
	return path, nil
}

func (s *Saver) write(sess *graph.Session, path string) error {
	w, err := ckpt.Create(path)
	if err != nil {
		return err
	}
	vars := slices.Clone(s.vars)
	slices.SortFunc(vars, func(a, b *graph.Variable) int {
		if a.Name() < b.Name() {
			return -1
		}
		return 1
	})
	for _, v := range vars {
		if err := s.add(sess, w, v); err != nil {
			w.Abort()
			return err
		}
	}
	return w.Close()
}

func (s *Saver) add(sess *graph.Session, w *ckpt.Writer, v *graph.Variable) error {
	value, err := sess.Value(v)
	if err != nil {
		return err
	}
	t, err := graph.ToCheckpoint(v.Name(), value)
	if err != nil {
		return err
	}
	return w.Add(t)
}

// remove deletes the files of a checkpoint; files that are gone are no error.
func remove(path string) error {
	data, err := filepath.Glob(path + ".data-?????-of-?????")
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	for _, f := range append(data, path+".index", path+".meta") {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("train: delete an old checkpoint: %w", err)
		}
	}
	return nil
}

// Restore reads all of the Saver's variables from the checkpoint at path
// (anything that ckpt.Open opens). Either all are restored or, when one is
// missing, does not fit or is damaged, none.
func (s *Saver) Restore(sess *graph.Session, path string) error {
	r, err := ckpt.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	values := make([]*graph.Tensor, len(s.vars))
	for i, v := range s.vars {
		info, err := r.Info(v.Name())
		if err != nil {
			return err
		}
		if info.DType != v.DType() || !slices.Equal(info.Shape, v.Shape()) {
			return fmt.Errorf("train: restore %s: %v %v in %s, %v %v in the graph", v.Name(), info.DType, info.Shape, path, v.DType(), v.Shape())
		}
		t, err := r.Tensor(v.Name())
		if err != nil {
			return err
		}
		if values[i], err = graph.FromCheckpoint(t, v.Shape()...); err != nil {
			return err
		}
	}
	for i, v := range s.vars {
		if err := sess.Restore(v, values[i], r.Path()); err != nil {
			return err
		}
	}
	return nil
}

// LatestCheckpoint is the path of the newest checkpoint in a folder, by its
// file `checkpoint` (tf.train.latest_checkpoint). Errors: none there.
func LatestCheckpoint(dir string) (string, error) { return ckpt.LatestCheckpoint(dir) }
