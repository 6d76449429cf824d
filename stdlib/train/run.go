package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"graft/stdlib/graph"
)

// Run trains a net: it goes through the examples, shows how far it is, judges
// the net by what was held out, and writes checkpoints.
//
//	h, err := train.Run(train.Options{
//		Session: sess, Images: images, Labels: labels, Loss: loss, Logits: logits,
//		Optimizer: train.Adam(1e-3), Vars: head,
//		Train: lessons, HeldOut: exam, Epochs: 10,
//	})
//
// A cell that is stopped keeps all that was learnt: the step that was under
// way is left out, and the same Run again goes on from there. With Dir so
// does another process. What follows is the same, bit for bit, as without the
// stop: order, augmentation, dropout, slots, global step and History are
// carried on. A Run that has reached its last step does nothing; more Epochs
// or Steps, or another learning rate, go on from there.
//
// Where a part of the net is the same for an example each time, since what is
// trained comes behind it, it is computed once for an example and remembered;
// the notes of the History say so.
//
// A loss or gradient that is not finite ends the Run before it changes
// anything, with a *DivergedError that names the step and the layer.
//
// Errors: options that are missing or out of range; labels that the net has
// no class for; those of Optimizer.Minimize; a folder whose run was another
// one; a data source's; OnStep's; *DivergedError; context.Canceled when the
// cell is stopped. The History is returned with an error too, once there is
// one.
func Run(o Options) (*History, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	nodes, err := o.nodes()
	if err != nil {
		return nil, err
	}
	r := &runner{o: o, n: nodes, best: map[*graph.Variable]*graph.Tensor{}}
	if err := r.begin(); err != nil {
		return nil, err
	}
	r.view = newView(o, r.h, r.done())
	defer r.view.close()
	err = r.run()
	r.view.finish(err)
	return r.h.copied(), err
}

// copied is the history as it is now: a Run that goes on adds to its own.
func (h *History) copied() *History {
	out := *h
	out.Steps, out.Evaluations = slices.Clip(h.Steps), slices.Clip(h.Evaluations)
	out.Warnings, out.Notes = slices.Clip(h.Warnings), slices.Clip(h.Notes)
	return &out
}

// runner is one call of Run.
type runner struct {
	o       Options
	n       *runNodes
	h       *History
	feeder  *feeder
	saving  *saving // nil without Dir
	view    *view
	watch   *watch
	best    map[*graph.Variable]*graph.Tensor // for RestoreBest
	moved   []*graph.Variable                 // what small batches may change before their step
	pending bool                              // steps were done since the last checkpoint
}

// done is the number of steps of this run, those of earlier calls included.
func (r *runner) done() int { return len(r.h.Steps) }

// run takes the steps that are left.
func (r *runner) run() (err error) {
	if err := r.prepare(); err != nil {
		return err
	}
	defer r.feeder.close()
	defer func() {
		if err2 := r.end(err); err == nil {
			err = err2
		}
	}()
	if r.evaluationDue() { // the call before was stopped in it
		if err := r.evaluate(); err != nil {
			return err
		}
	}
	for r.done() < r.o.Steps && !r.patienceOver() {
		if err := r.step(); err != nil {
			return err
		}
		if r.evaluationDue() {
			if err := r.evaluate(); err != nil {
				return err
			}
		}
		if r.saving != nil && r.done()%r.o.SaveEvery == 0 {
			if err := r.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare makes what the steps need.
func (r *runner) prepare() (err error) {
	var seen *fingerprints
	if r.o.HeldOut != nil {
		seen = newFingerprints(r.o)
	}
	if r.feeder, err = newFeeder(r.o, r.n.frozen, seen); err != nil {
		return err
	}
	if s := r.n.sum; s != nil {
		// A step that was stopped may have left a part of its sum.
		if err := r.o.Session.Init(s.vars...); err != nil {
			return err
		}
		if r.moved, err = moved(r.o.Session.Graph()); err != nil {
			return err
		}
	}
	if r.done() < r.o.Steps {
		r.h.Stopped = ""
	}
	r.watch, err = newWatch(r)
	return err
}

// end closes the run: it writes the last checkpoint, and says how it ended.
func (r *runner) end(err error) error {
	var diverged *DivergedError
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		r.h.Stopped = fmt.Sprintf("after step %d of %d; Run again to go on", r.done(), r.o.Steps)
	case errors.As(err, &diverged):
		r.h.Stopped = diverged.Error()
	case err != nil:
		r.h.Stopped = err.Error()
	case r.patienceOver() && r.done() < r.o.Steps:
		r.h.Stopped = fmt.Sprintf("early, after step %d of %d: the last %d evaluations were no better than that after step %d", r.done(), r.o.Steps, r.o.Patience, r.h.Best().Step)
	}
	if err == nil {
		r.watch.atEnd()
	}
	// What was learnt is kept whatever ended it; after a divergence the
	// variables are as before the step.
	if r.saving != nil && r.pending {
		if err2 := r.save(); err2 != nil {
			return err2
		}
	}
	if err == nil && r.o.RestoreBest {
		return r.restoreBest()
	}
	return nil
}

// step takes one step.
func (r *runner) step() error {
	start, k := time.Now(), r.done()
	b, err := r.feeder.next(k)
	if err != nil {
		return r.stopped(err)
	}
	global := r.h.recipe.FirstStep + k
	rate := r.o.Optimizer.RateAt(k)
	if r.n.rate != nil {
		if err := rateError(rate, k); err != nil {
			return fmt.Errorf("train: run: %w", err)
		}
	}
	rec := StepRecord{Step: global + 1, Epoch: k / r.o.stepsPerEpoch(), LearningRate: rate}
	if err := r.compute(b, global, &rec); err != nil {
		return err
	}
	rec.Seconds = time.Since(start).Seconds()
	r.h.Steps, r.pending = append(r.h.Steps, rec), true
	if err := r.watch.afterStep(k + 1); err != nil {
		return err
	}
	r.view.step(rec, k+1)
	if r.o.OnStep != nil {
		if err := r.o.OnStep(rec); err != nil {
			return fmt.Errorf("train: run: OnStep after step %d: %w", rec.Step, err)
		}
	}
	return nil
}

// runsPerStep is more than the runs of any step: each has random numbers of
// its own, which depend on the step alone. Odd, so that the graph's seed, which
// is put over it in higher bits, does not make one step's of another's.
const runsPerStep = 1<<20 + 7

// compute runs a step's nodes.
func (r *runner) compute(b *batch, global int, rec *StepRecord) error {
	r.o.Session.SetRuns(uint64(global) * runsPerStep)
	pieces, err := b.pieces(r.o.SmallBatch)
	if err != nil {
		return err
	}
	before, err := remember(r.o.Session, r.moved)
	if err != nil {
		return err
	}
	if err := r.pieces(pieces, b, rec); err != nil {
		if again := before.restore(r.o.Session); again != nil {
			return errors.Join(err, again)
		}
		return err
	}
	return nil
}

// pieces runs a step's batch, or the parts of it and then the step.
func (r *runner) pieces(pieces []*batch, b *batch, rec *StepRecord) error {
	rec.Accuracy = math.NaN()
	right := 0
	for _, p := range pieces {
		feeds := r.o.feeds(p)
		hits, err := r.piece(p, feeds, rec, len(b.labels))
		if err != nil {
			return r.failed(err, p, feeds, rec)
		}
		right += hits
	}
	if r.n.batch && b.mix == nil {
		rec.Accuracy = float64(right) / float64(len(b.labels))
	}
	if r.n.sum == nil {
		return nil
	}
	out, err := r.o.Session.Run(r.rated(graph.Feeds{}, rec), append(r.rateFetch(), r.n.norm, r.n.sum.Apply)...)
	if err != nil {
		return r.failed(err, pieces[0], r.o.feeds(pieces[0]), rec)
	}
	return r.note(out, rec)
}

// rated adds the learning rate to feeds.
func (r *runner) rated(feeds graph.Feeds, rec *StepRecord) graph.Feeds {
	if r.n.rate != nil {
		feeds[r.n.rate] = rec.LearningRate
	}
	return feeds
}

// rateFetch is the learning rate where it is a node of the user's.
func (r *runner) rateFetch() []graph.Fetch {
	if r.n.rate == nil {
		return []graph.Fetch{r.o.Optimizer.rateNode}
	}
	return nil
}

// note records what a step's run returned: the rate if it was fetched, then
// the norm.
func (r *runner) note(out []*graph.Tensor, rec *StepRecord) (err error) {
	if r.n.rate == nil {
		if rec.LearningRate, err = graph.Item(out[0]); err != nil {
			return err
		}
		out = out[1:]
	}
	rec.GradientNorm, err = graph.Item(out[0])
	return err
}

// piece runs a batch, or a part of one, and counts the examples that the net
// had right.
func (r *runner) piece(p *batch, feeds graph.Feeds, rec *StepRecord, whole int) (right int, err error) {
	fetches := []graph.Fetch{r.n.loss}
	if r.n.batch {
		fetches = append(fetches, r.o.Logits)
	}
	at := len(fetches)
	if r.n.sum != nil {
		feeds[r.n.sum.Weight] = len(p.labels)
		fetches = append(fetches, r.n.sum.Add)
	} else {
		fetches = append(append(fetches, r.rateFetch()...), r.n.norm, r.n.step)
		feeds = r.rated(feeds, rec)
	}
	out, err := r.o.Session.Run(feeds, fetches...)
	if err != nil {
		return 0, err
	}
	loss, err := graph.Item(out[0])
	if err != nil {
		return 0, err
	}
	rec.Loss += loss * float64(len(p.labels)) / float64(whole)
	if r.n.batch {
		right = hits(out[1], p.labels)
	}
	if r.n.sum == nil {
		return right, r.note(out[at:], rec)
	}
	return right, nil
}

// hits counts the rows of scores whose first highest is their label.
func hits(scores *graph.Tensor, labels []int) (n int) {
	rows, ok := scores.Data().([]float32)
	if !ok || len(labels) == 0 {
		return 0
	}
	classes := len(rows) / len(labels)
	for i, label := range labels {
		best, row := 0, rows[i*classes:(i+1)*classes]
		for c, x := range row {
			if x > row[best] {
				best = c
			}
		}
		if best == label {
			n++
		}
	}
	return n
}

// stopped wraps an error of a step that was not taken.
func (r *runner) stopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("train: stopped after step %d of %d; Run again to go on: %w", r.done(), r.o.Steps, err)
	}
	return err
}

// failed says what is wrong with a step that was not taken.
func (r *runner) failed(err error, b *batch, feeds graph.Feeds, rec *StepRecord) error {
	var bad *notFinite
	if errors.As(err, &bad) {
		return r.diagnose(bad, b, feeds, rec)
	}
	return r.stopped(err)
}
