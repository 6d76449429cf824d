package train

import (
	"fmt"
	"math"
	"time"

	"graft/stdlib/graph"
)

// evaluationDue reports whether the net is to be judged now.
func (r *runner) evaluationDue() bool {
	k := r.done()
	if r.o.HeldOut == nil || k == 0 || k%r.o.EvaluateEvery != 0 && k != r.o.Steps {
		return false
	}
	last := r.h.Last()
	return last == nil || last.Step < r.h.recipe.FirstStep+k
}

// patienceOver reports whether the last evaluations were no better than the
// best.
func (r *runner) patienceOver() bool {
	if r.o.Patience == 0 || len(r.h.Evaluations) == 0 {
		return false
	}
	best, since := r.h.Best(), 0
	for i := range r.h.Evaluations {
		if r.h.Evaluations[i].Step > best.Step {
			since++
		}
	}
	return since >= r.o.Patience
}

// evaluate judges the net by what was held out.
func (r *runner) evaluate() error {
	start, last := time.Now(), r.h.Steps[r.done()-1]
	rec := EvaluationRecord{Step: last.Step, Epoch: last.Epoch, Accuracy: math.NaN()}
	e := EvaluateOptions{Session: r.o.Session, Images: r.o.Images, Logits: r.o.Logits, Feeds: r.o.Feeds, Source: r.o.HeldOut,
		BatchSize: r.o.BatchSize, Quiet: true, named: r.feeder.named, seen: r.feeder.seen}
	if r.o.SmallBatch > 0 {
		e.BatchSize = r.o.SmallBatch
	}
	// Logits that drop out do so in their own way for this step.
	r.o.Session.SetRuns(uint64(last.Step)*runsPerStep + runsPerStep/2)
	if r.o.Logits != nil {
		got, err := e.run()
		if err != nil {
			return r.stopped(err)
		}
		rec.Loss, rec.Accuracy = got.Loss, got.Accuracy()
	} else if err := r.heldOutLoss(e, &rec); err != nil {
		return r.stopped(err)
	}
	rec.TrainLoss, rec.TrainAccuracy = r.sinceLast()
	rec.Seconds = time.Since(start).Seconds()
	best := r.h.Best()
	better := best == nil || r.h.better(rec, *best)
	r.h.Evaluations = append(r.h.Evaluations, rec)
	r.watch.afterEvaluation()
	r.view.evaluation(rec)
	if better {
		return r.keepBest()
	}
	return nil
}

// heldOutLoss is the mean of Loss over what was held out.
func (r *runner) heldOutLoss(e EvaluateOptions, rec *EvaluationRecord) error {
	labels := r.o.HeldOut.LabelInts()
	return e.batches(func(feeds graph.Feeds, places []int) error {
		b := &batch{images: feeds[r.o.Images], places: places}
		for _, p := range places {
			b.labels = append(b.labels, labels[p])
		}
		loss, err := r.o.Session.Float(r.o.feeds(b), r.o.Loss)
		rec.Loss += loss * float64(len(places)) / float64(len(labels))
		return err
	})
}

// sinceLast are the mean loss and accuracy of the steps since the evaluation
// before.
func (r *runner) sinceLast() (loss, accuracy float64) {
	from, n := 0, 0.0
	if last := r.h.Last(); last != nil {
		from = last.Step
	}
	for _, s := range r.h.Steps {
		if s.Step > from {
			loss, accuracy, n = loss+s.Loss, accuracy+s.Accuracy, n+1
		}
	}
	return loss / n, accuracy / n
}

// keepBest keeps the values of the best evaluation so far.
func (r *runner) keepBest() error {
	if r.saving != nil {
		if err := r.saving.saveBest(r.o.Session, r.h.recipe.FirstStep+r.done()); err != nil {
			return err
		}
	}
	if !r.o.RestoreBest {
		return nil
	}
	vars, err := r.learnt()
	if err != nil {
		return err
	}
	for _, v := range vars {
		if r.best[v], err = r.o.Session.Value(v); err != nil {
			return err
		}
	}
	r.o.Session.Keep(bestKey{r.h}, r.best)
	return nil
}

// bestKey is what the values of a run's best evaluation are kept under.
type bestKey struct{ h *History }

// learnt are the variables of the net: all but the optimizer's and the global
// step.
func (r *runner) learnt() ([]*graph.Variable, error) {
	g := r.o.Session.Graph()
	all, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	slots, err := g.Collection(graph.OptimizerVariables, "")
	if err != nil {
		return nil, err
	}
	left := map[*graph.Variable]bool{r.n.globalStep: true}
	for _, v := range slots {
		left[v] = true
	}
	var out []*graph.Variable
	for _, v := range all {
		if !left[v] {
			out = append(out, v)
		}
	}
	return out, nil
}

// restoreBest gives the net the values of the best evaluation.
func (r *runner) restoreBest() error {
	best := r.h.Best()
	if best == nil || best.Step == r.h.recipe.FirstStep+r.done() {
		return nil
	}
	vars, err := r.learnt()
	if err != nil {
		return err
	}
	if kept, ok := r.o.Session.Kept(bestKey{r.h}).(map[*graph.Variable]*graph.Tensor); ok && len(r.best) == 0 {
		r.best = kept
	}
	if len(r.best) == 0 && r.saving != nil { // it was another process's
		err = r.saving.restoreBest(r.o.Session, best.Step, vars)
	} else {
		err = r.assignBest(vars)
	}
	if err != nil {
		return err
	}
	r.h.Notes = append(r.h.Notes, fmt.Sprintf("the net has the values of the best evaluation, after step %d", best.Step))
	return nil
}

func (r *runner) assignBest(vars []*graph.Variable) error {
	for _, v := range vars {
		if t := r.best[v]; t != nil {
			if err := r.o.Session.Assign(v, t); err != nil {
				return err
			}
		}
	}
	return nil
}
