package train

import (
	"errors"
	"fmt"
	"path/filepath"

	"graft/stdlib/graph"
)

// FineTune trains in phases, one Run each: first the head on a frozen trunk,
// then all of the net with a small rate, or as many as there are.
//
//	h, err := train.FineTune(
//		train.Options{
//			Session: sess, Images: images, Labels: labels, Loss: loss, Logits: logits, Train: lessons, HeldOut: exam,
//			Optimizer: train.Adam(1e-3), Vars: head, Epochs: 10,
//		},
//		train.Options{Optimizer: train.Adam(1e-5), Epochs: 5},
//	)
//
// A phase takes from the one before what its Options leave out, but Vars,
// Epochs, Steps and Minimize: without Vars it trains all. Phases write their
// checkpoints to Dir/phase-1, Dir/phase-2 and so on. The nodes of all phases are
// made, and their errors found, before the first step.
//
// A phase whose batch normalisation is to be trained takes the Loss of the net
// as it was built a second time, with IsTraining and Reuse: graph.ReuseAll; the
// Logits stay those of the net as it is used. (Keras's recipe leaves the
// statistics frozen: then one net does for both.)
//
// The History is that of all phases, one after the other. Stopped and called
// again, FineTune goes on in the phase that it was in. Errors are those of Run.
func FineTune(phases ...Options) (*History, error) {
	if len(phases) == 0 {
		return nil, fmt.Errorf("train: fine-tune: no phases")
	}
	runs, err := prepared(phases)
	if err != nil {
		return nil, err
	}
	at, err := underWay(runs)
	if err != nil {
		return nil, err
	}
	all := &History{Title: "fine-tuning"}
	for i, r := range runs {
		var h *History
		if i < at {
			if h, err = r.past(); err != nil {
				return nil, err
			}
		} else {
			h, err = Run(r.o)
		}
		if h != nil {
			all.join(h)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// prepared completes the options of phases and makes their nodes.
func prepared(phases []Options) ([]*runner, error) {
	var runs []*runner
	for i, o := range phases {
		if i > 0 {
			o = o.after(phases[i-1])
		}
		phases[i] = o
		o.phase = i + 1
		if o.Title == "" {
			o.Title = fmt.Sprintf("phase %d of %d", i+1, len(phases))
		}
		if o.Dir != "" {
			o.Dir = filepath.Join(o.Dir, fmt.Sprintf("phase-%d", i+1))
		}
		whole, err := o.complete()
		if err != nil {
			return nil, fmt.Errorf("train: fine-tune: phase %d: %w", i+1, err)
		}
		n, err := whole.nodes()
		if err != nil {
			return nil, fmt.Errorf("train: fine-tune: phase %d: %w", i+1, err)
		}
		runs = append(runs, &runner{o: o, n: n})
	}
	return runs, nil
}

// after takes from the phase before what is left out.
func (o Options) after(p Options) Options {
	if o.Session == nil {
		o.Session = p.Session
	}
	for _, n := range []struct{ at, from **graph.Node }{{&o.Images, &p.Images}, {&o.Labels, &p.Labels}, {&o.Loss, &p.Loss}, {&o.Logits, &p.Logits}} {
		if *n.at == nil {
			*n.at = *n.from
		}
	}
	if o.Feeds == nil {
		o.Feeds = p.Feeds
	}
	if o.Optimizer == nil {
		o.Optimizer = p.Optimizer
	}
	if o.Train == nil {
		o.Train = p.Train
	}
	if o.HeldOut == nil {
		o.HeldOut = p.HeldOut
	}
	for _, n := range []struct{ at, from *int }{{&o.BatchSize, &p.BatchSize}, {&o.SmallBatch, &p.SmallBatch}} {
		if *n.at == 0 {
			*n.at = *n.from
		}
	}
	if o.Seed == 0 {
		o.Seed = p.Seed
	}
	if o.Dir == "" {
		o.Dir = p.Dir
	}
	if o.OnStep == nil {
		o.OnStep = p.OnStep
	}
	o.Quiet, o.ByAccuracy = o.Quiet || p.Quiet, o.ByAccuracy || p.ByAccuracy
	return o
}

// kept is the run's History in its session, and whether the session is where
// it ended.
func (r *runner) kept() (h *History, here bool, err error) {
	whole, err := r.o.complete()
	if err != nil {
		return nil, false, err
	}
	step, err := r.globalStep()
	if err != nil {
		return nil, false, err
	}
	h, ok := r.o.Session.Kept(runKey{r.n, whole.recipe(), r.o.Dir}).(*History)
	return h, ok && len(h.Steps) > 0 && h.recipe.FirstStep+len(h.Steps) == step, nil
}

// underWay is the phase to go on in: the last one that the session is in, or
// that has a checkpoint.
func underWay(runs []*runner) (int, error) {
	for i := len(runs) - 1; i > 0; i-- {
		_, here, err := runs[i].kept()
		if err != nil || here {
			return i, err
		}
	}
	for i := len(runs) - 1; i > 0; i-- {
		if dir := runs[i].o.Dir; dir != "" {
			if _, err := LatestCheckpoint(dir); err == nil {
				return i, nil
			}
		}
	}
	return 0, nil
}

// past is the History of a phase that is over.
func (r *runner) past() (*History, error) {
	h, _, err := r.kept()
	if err != nil || h != nil {
		return h, err
	}
	if r.o.Dir == "" {
		return nil, errors.New("train: fine-tune: the history of a phase is lost")
	}
	return ReadHistory(filepath.Join(r.o.Dir, "history.json"))
}

// join puts another history behind this one.
func (h *History) join(o *History) {
	if len(h.Steps) > 0 && len(o.Steps) > 0 {
		h.Notes = append(h.Notes, fmt.Sprintf("%s begins with step %d", o.Title, o.Steps[0].Step))
	}
	h.Steps = append(h.Steps, o.Steps...)
	h.Evaluations = append(h.Evaluations, o.Evaluations...)
	for _, n := range o.Notes {
		h.Notes = note(h.Notes, n)
	}
	for _, w := range o.Warnings {
		h.Warnings = note(h.Warnings, w)
	}
	h.Stopped, h.byAccuracy = o.Stopped, o.byAccuracy
}

// GradualUnfreezing are the phases of training the last scope alone, then the
// one before it too, and so on (Howard and Ruder, arXiv:1801.06146, section
// 3.3): what FineTune takes. scopes go from the head towards the input; each
// is a regular expression as Graph.Collection takes it. o.Epochs or o.Steps
// is the length of each phase. Errors: no scopes, one without trainable
// variables.
func GradualUnfreezing(o Options, scopes ...string) ([]Options, error) {
	if o.Session == nil || len(scopes) == 0 {
		return nil, fmt.Errorf("train: gradual unfreezing of %d scopes: a Session and at least one scope are wanted", len(scopes))
	}
	var phases []Options
	var vars []*graph.Variable
	seen := map[*graph.Variable]bool{}
	for _, scope := range scopes {
		more, err := o.Session.Graph().Collection(graph.TrainableVariables, scope)
		if err != nil {
			return nil, fmt.Errorf("train: gradual unfreezing: %w", err)
		}
		for _, v := range more {
			if !seen[v] {
				seen[v], vars = true, append(vars[:len(vars):len(vars)], v)
			}
		}
		p := o
		p.Vars = vars
		p.Title = fmt.Sprintf("from %s on", scope)
		phases = append(phases, p)
	}
	return phases, nil
}
