package train

import (
	"fmt"
	"slices"

	"graft/stdlib/data"
	"graft/stdlib/graph"
)

// Options are what Run is told. Session, Images, Labels, Loss, Optimizer,
// Train, and either Epochs or Steps are needed.
type Options struct {
	// Session holds the values that are trained.
	Session *graph.Session
	// Images is the placeholder of the examples: [batch, …], float32.
	Images *graph.Node
	// Labels is the placeholder of their classes: [batch] of int32 or int64,
	// or [batch, classes] of float32, which are fed as probabilities.
	Labels *graph.Node
	// Loss is made smaller: a scalar, the mean over a batch.
	Loss *graph.Node
	// Logits are the scores that accuracy is measured by, [batch, classes]: of
	// the net as it is used, which was built with IsTraining false. Default:
	// none; then only losses are known.
	Logits *graph.Node
	// Feeds are the values of further placeholders, the same in each run.
	Feeds graph.Feeds

	// Optimizer makes the steps. Its schedule counts from this Run's first
	// step.
	Optimizer *Optimizer
	// Vars are trained. Default, when nil: all of TrainableVariables that
	// affect the loss.
	Vars []*graph.Variable
	// Minimize are further settings of a step: clipping, multipliers. Its Vars
	// and GlobalStep are not used.
	Minimize MinimizeOptions

	// Train is what is learnt from.
	Train data.Source
	// HeldOut is what the net is judged by after each epoch. Default: nothing.
	HeldOut data.Source
	// BatchSize is the number of examples in a step. Default: 32.
	BatchSize int
	// SmallBatch is how many of a step's examples are computed at once, where
	// memory does not hold all: the step's gradient is still the mean over
	// BatchSize. Batch normalisation that is trained sees small batches.
	// Default: BatchSize.
	SmallBatch int
	// Epochs or Steps, one of both, is when training ends, counted from the
	// beginning, what an interrupted Run did included.
	Epochs, Steps int
	// Seed of the order, of augmentation and of mixup. The graph's own is that
	// of dropout.
	Seed uint64
	// InOrder takes the examples in their order, not shuffled.
	InOrder bool
	// DropRemainder leaves out the last batch of an epoch if it is smaller.
	DropRemainder bool
	// MixUp trains on mixtures of two examples each: the part of the first is
	// drawn from Beta(MixUp, MixUp) (Zhang et al., arXiv:1710.09412, where it
	// is 0.1 to 0.4). It wants Labels as probabilities. Default: 0, none.
	MixUp float64

	// EvaluateEvery is the number of steps between evaluations. Default: an
	// epoch.
	EvaluateEvery int
	// Patience is how many evaluations in a row may be no better than the best
	// before training stops. Default: 0, it does not stop early.
	Patience int
	// ByAccuracy takes the evaluation of the highest accuracy for the best.
	// Default: that of the lowest loss.
	ByAccuracy bool
	// RestoreBest gives the variables the values of the best evaluation at the
	// end.
	RestoreBest bool

	// Dir is the folder for checkpoints, which is made: model.ckpt-N, the last
	// five, history.json, and best/ for that of the best evaluation. A Run
	// that finds one goes on from there. Default: none; then an interrupted
	// Run goes on in the same session only.
	Dir string
	// SaveEvery is the number of steps between checkpoints. One is also
	// written at the end and when the cell is stopped. Default: an epoch.
	SaveEvery int

	// OnStep is called after each step, and its error ends training. It may
	// use the session.
	OnStep func(StepRecord) error
	// Title is what the run is called. Default: "training".
	Title string
	// Quiet shows nothing while training; warnings are in the History.
	Quiet bool

	phase int  // of FineTune, from 1
	apart bool // a run of its own, which neither goes on with another nor is gone on with
}

// complete checks the options and fills in defaults.
func (o Options) complete() (Options, error) {
	for _, c := range []struct {
		bad  bool
		what string
	}{
		{o.Session == nil, "no Session: graph.NewSession makes one"},
		{o.Loss == nil, "no Loss"},
		{o.Images == nil, "no Images, the placeholder of the examples"},
		{o.Labels == nil, "no Labels, the placeholder of the classes"},
		{o.Optimizer == nil, "no Optimizer, such as train.Adam(1e-3)"},
		{o.Train == nil, "no Train to learn from"},
		{o.Train != nil && o.Train.Len() == 0, "Train has no examples"},
		{o.BatchSize < 0 || o.SmallBatch < 0, fmt.Sprintf("BatchSize %d and SmallBatch %d must be at least 1", o.BatchSize, o.SmallBatch)},
		{(o.Epochs == 0) == (o.Steps == 0), fmt.Sprintf("Epochs is %d and Steps is %d: one of both is wanted", o.Epochs, o.Steps)},
		{o.Epochs < 0 || o.Steps < 0, fmt.Sprintf("Epochs %d and Steps %d must be above 0", o.Epochs, o.Steps)},
		{!(o.MixUp >= 0), fmt.Sprintf("MixUp is %g, it must be at least 0", o.MixUp)},
		{o.EvaluateEvery < 0 || o.SaveEvery < 0 || o.Patience < 0, fmt.Sprintf("EvaluateEvery %d, SaveEvery %d and Patience %d must be at least 0", o.EvaluateEvery, o.SaveEvery, o.Patience)},
		{o.Vars != nil && len(o.Vars) == 0, "No variables to optimize: Vars is empty; leave it out to train all"},
		{o.HeldOut == nil && (o.Patience > 0 || o.RestoreBest), "Patience and RestoreBest need HeldOut: without it no step is the best"},
		{o.HeldOut != nil && o.HeldOut.Len() == 0, "HeldOut has no examples"},
		{o.ByAccuracy && o.Logits == nil, "ByAccuracy needs Logits"},
		{o.Minimize.Vars != nil || o.Minimize.GlobalStep != nil, "Minimize has Vars or a GlobalStep: give Options.Vars; the global step is the graph's"},
	} {
		if c.bad {
			return o, fmt.Errorf("train: run: %s", c.what)
		}
	}
	for name, n := range map[string]*graph.Node{"Loss": o.Loss, "Images": o.Images, "Labels": o.Labels, "Logits": o.Logits} {
		if n != nil && n.Graph() != o.Session.Graph() {
			return o, fmt.Errorf("train: run: %s %s is of another graph than the session's", name, n.Name())
		}
	}
	if o.BatchSize == 0 {
		o.BatchSize = 32
	}
	if o.SmallBatch >= o.BatchSize {
		o.SmallBatch = 0
	}
	if o.DropRemainder && o.Train.Len() < o.BatchSize {
		return o, fmt.Errorf("train: run: DropRemainder leaves nothing of %d examples in batches of %d", o.Train.Len(), o.BatchSize)
	}
	if o.Title == "" {
		o.Title = "training"
	}
	return o.counts(), o.checkLabels()
}

// counts fills in numbers of steps.
func (o Options) counts() Options {
	epoch := o.stepsPerEpoch()
	if o.Epochs > 0 {
		o.Steps = o.Epochs * epoch
	}
	if o.EvaluateEvery == 0 {
		o.EvaluateEvery = epoch
	}
	if o.SaveEvery == 0 {
		o.SaveEvery = epoch
	}
	return o
}

func (o Options) stepsPerEpoch() int {
	if o.DropRemainder {
		return o.Train.Len() / o.BatchSize
	}
	return (o.Train.Len() + o.BatchSize - 1) / o.BatchSize
}

// classes is the number of classes, 0 where it is not known.
func (o Options) classes() int {
	for _, n := range []*graph.Node{o.Logits, o.Labels} {
		if n != nil && len(n.Shape()) == 2 && n.Shape()[1] != graph.Unknown {
			return n.Shape()[1]
		}
	}
	return 0
}

// soft reports whether labels are fed as probabilities.
func (o Options) soft() bool { return len(o.Labels.Shape()) == 2 }

// checkLabels looks at the labels before the first step.
func (o Options) checkLabels() error {
	if d, rank := o.Labels.DType(), len(o.Labels.Shape()); !(rank == 1 && (d == graph.Int32 || d == graph.Int64) || rank == 2 && d == graph.Float32 && o.classes() > 0) {
		return fmt.Errorf("train: run: Labels is %v: [batch] of int32 or int64 is wanted, or [batch,classes] of float32", o.Labels)
	}
	if o.MixUp > 0 && !o.soft() {
		return fmt.Errorf("train: run: MixUp mixes labels too: make Labels a placeholder of float32 [-1, classes], and the loss losses.SoftmaxCrossEntropy")
	}
	if o.HeldOut != nil {
		theirs, ours := o.HeldOut.ClassNames(), o.Train.ClassNames()
		for i := range min(len(theirs), len(ours)) {
			if theirs[i] != ours[i] {
				return fmt.Errorf("train: run: class %d of HeldOut is %s, of Train %s: their labels mean different things", i, theirs[i], ours[i])
			}
		}
	}
	for name, s := range map[string]data.Source{"Train": o.Train, "HeldOut": o.HeldOut} {
		if s == nil {
			continue
		}
		if err := labelsInRange(name, s.LabelInts(), o.classes(), s.ClassNames()); err != nil {
			return err
		}
	}
	return nil
}

// labelsInRange refuses labels that the net has no class for.
func labelsInRange(name string, labels []int, classes int, names []string) error {
	if classes == 0 || len(labels) == 0 {
		return nil
	}
	low, high := slices.Min(labels), slices.Max(labels)
	if low >= 0 && high < classes {
		return nil
	}
	out, first := 0, 0
	for i, l := range slices.Backward(labels) {
		if l < 0 || l >= classes {
			out, first = out+1, i
		}
	}
	hint := ""
	if low == 1 && high == classes {
		hint = "; they look shifted by one: 1 to the number of classes, where 0 to one less is wanted"
	} else if n := len(names); n > classes {
		hint = fmt.Sprintf("; the data have %d classes", n)
	}
	return fmt.Errorf("train: run: %d of the %d labels of %s are outside the valid range of [0, %d), which the net has classes for: they are %d to %d, example %d has %d%s",
		out, len(labels), name, classes, low, high, first, labels[first], hint)
}
