package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// recipe is what decides which examples each step sees, and what is done with
// them. FirstStep is left to the run.
func (o Options) recipe() recipe {
	return recipe{BatchSize: o.BatchSize, SmallBatch: o.SmallBatch, Seed: o.Seed, Examples: o.Train.Len(), InOrder: o.InOrder,
		DropRemainder: o.DropRemainder, MixUp: o.MixUp, Phase: o.phase, Loss: o.describe()}
}

// runKey is what the History of a run is kept under in its session.
type runKey struct {
	nodes  *runNodes
	recipe recipe
	dir    string
}

// begin finds the run that this one goes on with, in the session or in Dir, or
// begins a new one.
func (r *runner) begin() error {
	key := runKey{r.n, r.o.recipe(), r.o.Dir}
	step, err := r.globalStep()
	if err != nil {
		return err
	}
	if r.o.Dir != "" {
		if r.saving, err = newSaving(r.o); err != nil {
			return err
		}
	}
	h, ok := r.o.Session.Kept(key).(*History)
	if !ok || r.o.apart || h.recipe.FirstStep+len(h.Steps) != step {
		h = nil // none, or its variables were initialised or restored since
	}
	if h == nil && r.saving != nil {
		if h, err = r.saving.resume(r.o, r.o.recipe()); err != nil {
			return err
		}
	}
	if h == nil {
		h = &History{recipe: r.o.recipe()}
		h.recipe.FirstStep = step
	}
	h.Title, h.byAccuracy = r.o.Title, r.o.ByAccuracy
	r.h = h
	if r.done() >= r.o.Steps {
		r.h.Notes = note(r.h.Notes, fmt.Sprintf("nothing was left to do: step %d of %d; more Epochs or Steps go on from there", r.done(), r.o.Steps))
	}
	if !r.o.apart {
		r.o.Session.Keep(key, h)
	}
	return nil
}

// note adds a text to a list that has it not yet.
func note(list []string, text string) []string {
	for _, t := range list {
		if t == text {
			return list
		}
	}
	return append(list, text)
}

func (r *runner) globalStep() (int, error) {
	t, err := r.o.Session.Value(r.n.globalStep)
	if err != nil {
		return 0, err
	}
	x, err := graph.Item(t)
	return int(x), err
}

// saving writes a run's checkpoints and History to its folder.
type saving struct {
	dir        string
	last, best *Saver
}

func newSaving(o Options) (*saving, error) {
	if err := os.MkdirAll(filepath.Join(o.Dir, "best"), 0o755); err != nil {
		return nil, fmt.Errorf("train: run: Dir: %w", err)
	}
	s := &saving{dir: o.Dir}
	var err error
	if s.last, err = NewSaver(o.Session.Graph()); err != nil {
		return nil, err
	}
	if s.best, err = NewSaver(o.Session.Graph()); err != nil {
		return nil, err
	}
	s.best.MaxToKeep = 1
	return s, nil
}

func (s *saving) history() string { return filepath.Join(s.dir, "history.json") }

// save writes the History, then the checkpoint: what a checkpoint's History
// has beyond its step is left out when a run goes on from it.
func (r *runner) save() error {
	if err := r.h.WriteJSON(r.saving.history()); err != nil {
		return err
	}
	if _, err := r.saving.last.Save(r.o.Session, filepath.Join(r.saving.dir, "model.ckpt"), r.h.recipe.FirstStep+r.done()); err != nil {
		return err
	}
	r.pending = false
	return nil
}

func (s *saving) saveBest(sess *graph.Session, step int) error {
	_, err := s.best.Save(sess, filepath.Join(s.dir, "best", "model.ckpt"), step)
	return err
}

func (s *saving) restoreBest(sess *graph.Session, step int, vars []*graph.Variable) error {
	sel, err := slim.Select(vars...)
	if err != nil {
		return err
	}
	plan, err := slim.PlanRestore(filepath.Join(s.dir, "best", fmt.Sprintf("model.ckpt-%d", step)), sel)
	if err != nil {
		return fmt.Errorf("train: run: restore the best: %w", err)
	}
	return plan.Apply(sess)
}

// resume goes on with the run of the folder, nil when there is none.
func (s *saving) resume(o Options, want recipe) (*History, error) {
	path, err := LatestCheckpoint(s.dir)
	var none *ckpt.NotFoundError
	if errors.As(err, &none) || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("train: run: %w", err)
	}
	h, err := ReadHistory(s.history())
	if err != nil {
		return nil, fmt.Errorf("train: run: there is a checkpoint in %s, but no history to go on with: take another Dir, or restore it with a Saver: %w", s.dir, err)
	}
	want.FirstStep = h.recipe.FirstStep
	if h.recipe != want {
		return nil, fmt.Errorf("train: run: the run in %s was another one, and cannot go on as this: %s; take another Dir", s.dir, difference(h.recipe, want))
	}
	replaced := restoredElsewhere(o.Session, s.dir)
	if err := s.last.Restore(o.Session, path); err != nil {
		return nil, fmt.Errorf("train: run: go on from %s: %w", path, err)
	}
	step, err := stepOf(o.Session)
	if err != nil {
		return nil, err
	}
	if err := h.cut(step); err != nil {
		return nil, fmt.Errorf("train: run: go on from %s: %w", path, err)
	}
	h.Notes = note(h.Notes, fmt.Sprintf("went on from %s, step %d", path, step))
	for from, n := range replaced {
		h.Warnings = note(h.Warnings, fmt.Sprintf("%d variables had been restored from %s: they have the values of %s now, since Dir has a run to go on with; take another Dir to begin from what was restored", n, from, path))
	}
	return h, nil
}

// restoredElsewhere counts the variables that were restored from checkpoints
// outside dir, by checkpoint.
func restoredElsewhere(sess *graph.Session, dir string) map[string]int {
	out := map[string]int{}
	vars, err := sess.Graph().Collection(graph.GlobalVariables, "")
	if err != nil {
		return out // there are none
	}
	for _, v := range vars {
		if origin, from := sess.Origin(v); origin == graph.Restored && filepath.Dir(from) != filepath.Clean(dir) {
			out[from]++
		}
	}
	return out
}

// stepOf is the value of the graph's global step.
func stepOf(sess *graph.Session) (int, error) {
	v, err := graph.GetGlobalStep(sess.Graph())
	if err != nil || v == nil {
		return 0, fmt.Errorf("train: run: the graph has no global step (%v)", err)
	}
	t, err := sess.Value(v)
	if err != nil {
		return 0, err
	}
	x, err := graph.Item(t)
	return int(x), err
}

// cut leaves out what came after a step.
func (h *History) cut(step int) error {
	n := step - h.recipe.FirstStep
	if n < 0 || n > len(h.Steps) {
		return fmt.Errorf("the history has %d steps from %d on, the checkpoint is of step %d", len(h.Steps), h.recipe.FirstStep, step)
	}
	h.Steps = h.Steps[:n]
	for i, e := range h.Evaluations {
		if e.Step > step {
			h.Evaluations = h.Evaluations[:i]
			break
		}
	}
	return nil
}

// difference names the first field in which two recipes differ.
func difference(had, want recipe) string {
	for _, f := range []struct {
		name      string
		had, want any
	}{
		{"BatchSize", had.BatchSize, want.BatchSize}, {"SmallBatch", had.SmallBatch, want.SmallBatch}, {"Seed", had.Seed, want.Seed},
		{"the number of examples", had.Examples, want.Examples}, {"InOrder", had.InOrder, want.InOrder},
		{"DropRemainder", had.DropRemainder, want.DropRemainder}, {"MixUp", had.MixUp, want.MixUp}, {"the phase", had.Phase, want.Phase}, {"the loss, its variables and the optimizer", had.Loss, want.Loss},
	} {
		if f.had != f.want {
			return fmt.Sprintf("%s was %v, is %v", f.name, f.had, f.want)
		}
	}
	return "nothing"
}
