package train

import (
	"errors"
	"fmt"
	"io"

	"graft/stdlib/data"
	"graft/stdlib/display"
	"graft/stdlib/graph"
	"graft/stdlib/metrics"
)

// EvaluateOptions are what Evaluate is told. Session, Images, Logits and
// Source are needed.
type EvaluateOptions struct {
	// Session holds the values of the net's variables.
	Session *graph.Session
	// Images is the placeholder of the examples: [batch, …], float32.
	Images *graph.Node
	// Logits are the net's scores, [batch, classes], of a net that was built
	// with IsTraining false.
	Logits *graph.Node
	// Feeds are the values of further placeholders, the same in each run.
	Feeds graph.Feeds
	// Source are the examples.
	Source data.Source
	// BatchSize is the number of examples that are computed at once. Default:
	// 32.
	BatchSize int
	// Quiet shows no warnings.
	Quiet bool

	named bool // feed by name
	seen  *fingerprints
}

// Evaluate judges a net by examples whose classes are known. It warns of
// statistics of batch normalisation that were never trained.
//
// Errors: options that are missing, labels out of range, a source that cannot
// be read, context.Canceled when the cell is stopped.
func Evaluate(o EvaluateOptions) (*metrics.Evaluation, error) {
	for _, f := range []struct {
		name    string
		missing bool
	}{{"Session", o.Session == nil}, {"Images", o.Images == nil}, {"Logits", o.Logits == nil}, {"Source", o.Source == nil}} {
		if f.missing {
			return nil, fmt.Errorf("train: evaluate: %s is nil or left out; Session, Images, Logits and Source are all wanted", f.name)
		}
	}
	if n := o.Logits; len(n.Shape()) != 2 || n.Shape()[1] == graph.Unknown {
		return nil, fmt.Errorf("train: evaluate: Logits are %v, [batch,classes] with known classes is wanted", n)
	}
	if o.Source.Len() == 0 {
		return nil, fmt.Errorf("train: evaluate: Source has no examples")
	}
	if err := labelsInRange("Source", o.Source.LabelInts(), o.Logits.Shape()[1], o.Source.ClassNames()); err != nil {
		return nil, err
	}
	o.named = true
	if w := initialStatistics(o.Session, o.Logits); w != "" && !o.Quiet {
		_, _ = display.Show(display.Text("warning: " + w)) // stopped: the run says so
	}
	return o.run()
}

// run goes over the examples.
func (o EvaluateOptions) run() (*metrics.Evaluation, error) {
	var scores []float32
	err := o.batches(func(feeds graph.Feeds, _ []int) error {
		out, err := o.Session.Run(feeds, o.Logits)
		if err != nil {
			return err
		}
		switch d := out[0].Data().(type) {
		case []float32:
			scores = append(scores, d...)
		case []float64:
			for _, x := range d {
				scores = append(scores, float32(x))
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("train: evaluate: %w", err)
	}
	n, classes := o.Source.Len(), o.Logits.Shape()[1]
	t, err := graph.FromFloat32s(scores, n, classes)
	if err != nil {
		return nil, err
	}
	return metrics.NewEvaluation(namesFor(o.Source.ClassNames(), classes), o.Source.LabelInts(), t)
}

// namesFor are the names of classes, numbers where the net has more of them.
func namesFor(names []string, classes int) []string {
	out := append([]string{}, names[:min(len(names), classes)]...)
	for i := len(out); i < classes; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// batches calls f with the images of each batch in order, and their places.
func (o EvaluateOptions) batches(f func(graph.Feeds, []int) error) error {
	if o.BatchSize == 0 {
		o.BatchSize = 32
	}
	opt := data.EpochOptions{BatchSize: o.BatchSize}
	if o.named {
		x, err := o.Source.Examples(0)
		if err != nil {
			return err
		}
		if x != nil {
			return o.byName(opt, f)
		}
	}
	pass, err := o.Source.Epoch(opt)
	if err != nil {
		return err
	}
	defer pass.Close()
	for {
		b, err := pass.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if o.seen != nil {
			o.seen.note(b.Images, b.Places, false)
		}
		if err := f(o.feed(b.Images), b.Places); err != nil {
			return err
		}
	}
}

func (o EvaluateOptions) byName(opt data.EpochOptions, f func(graph.Feeds, []int) error) error {
	order, err := data.Order(o.Source.Len(), opt)
	if err != nil {
		return err
	}
	for _, places := range order {
		x, err := o.Source.Examples(places...)
		if err != nil {
			return err
		}
		if err := f(o.feed(o.seen.watchHeld(x, places)), places); err != nil {
			return err
		}
	}
	return nil
}

func (o EvaluateOptions) feed(images any) graph.Feeds {
	feeds := graph.Feeds{o.Images: images}
	for n, x := range o.Feeds {
		feeds[n] = x
	}
	return feeds
}
