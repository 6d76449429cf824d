package metrics

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"

	"graft/stdlib/charts"
	"graft/stdlib/data"
	"graft/stdlib/display"
	"graft/stdlib/graph"
)

// Evaluation is how a classifier did on examples whose classes are known.
// train.Evaluate makes one by running a net over a data.Source.
type Evaluation struct {
	// Classes are the names of the classes.
	Classes []string
	// Labels are the right classes, Predictions those of the highest score:
	// one for each example.
	Labels, Predictions []int
	// Probabilities are the softmax of the scores: [examples, classes],
	// float32.
	Probabilities *graph.Tensor
	// Loss is the mean over the examples of -log of the right class's
	// probability.
	Loss float64
}

// NewEvaluation judges scores before softmax, [examples, classes], float32 or
// float64, against the right classes. Errors: other shapes, another number of
// labels than of examples, a label out of range, a number of names that is not
// that of the classes.
func NewEvaluation(classes []string, labels []int, logits *graph.Tensor) (*Evaluation, error) {
	if logits == nil || logits.Dims() != 2 || logits.Shape()[0] != len(labels) || logits.Shape()[1] != len(classes) {
		return nil, fmt.Errorf("metrics: evaluation of %v: [examples,classes] is wanted, with %d labels and %d names of classes", shapeOf(logits), len(labels), len(classes))
	}
	scores, err := scoresOf(logits)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Classes: classes, Labels: slices.Clone(labels), Predictions: make([]int, len(labels))}
	n := len(classes)
	probabilities := make([]float32, len(scores))
	for i, label := range labels {
		if label < 0 || label >= n {
			return nil, fmt.Errorf("metrics: evaluation: label %d of example %d is outside the valid range of [0, %d)", label, i, n)
		}
		row := scores[i*n : (i+1)*n]
		best, loss := softmax(probabilities[i*n:(i+1)*n], row, label)
		e.Predictions[i] = best
		e.Loss += loss
	}
	if len(labels) > 0 {
		e.Loss /= float64(len(labels))
	}
	e.Probabilities, err = graph.FromFloat32s(probabilities, len(labels), n)
	return e, err
}

func shapeOf(t *graph.Tensor) string {
	if t == nil {
		return "no tensor"
	}
	return fmt.Sprintf("a tensor of shape %v", []int(t.Shape()))
}

func scoresOf(t *graph.Tensor) ([]float64, error) {
	if t.MemSize() == 0 {
		return nil, nil
	}
	switch d := t.Data().(type) {
	case []float64:
		return d, nil
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out, nil
	}
	return nil, fmt.Errorf("metrics: evaluation of scores of %v: float32 or float64 is wanted", t.Dtype())
}

// softmax fills probabilities, and returns the first of the highest scores and
// the loss.
func softmax(probabilities []float32, scores []float64, label int) (best int, loss float64) {
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - scores[best])
	}
	for i, s := range scores {
		probabilities[i] = float32(math.Exp(s-scores[best]) / sum)
	}
	return best, math.Log(sum) - (scores[label] - scores[best])
}

// Len is the number of examples.
func (e *Evaluation) Len() int { return len(e.Labels) }

// Accuracy is the share of examples that were classified rightly, NaN without
// any.
func (e *Evaluation) Accuracy() float64 { return e.TopK(1) }

// TopK is the share of examples whose class is among the k of the highest
// probability, the first of equal ones; NaN without any.
func (e *Evaluation) TopK(k int) float64 {
	hits := 0
	for i, label := range e.Labels {
		rank := 0
		for c, p := range e.row(i) {
			if mine := e.row(i)[label]; p > mine || p == mine && c < label {
				rank++
			}
		}
		if rank < k {
			hits++
		}
	}
	return float64(hits) / float64(len(e.Labels))
}

// row are the probabilities of an example.
func (e *Evaluation) row(i int) []float32 {
	n := len(e.Classes)
	return e.Probabilities.Data().([]float32)[i*n : (i+1)*n]
}

// Confusion counts, for examples of each class, what they were taken for.
func (e *Evaluation) Confusion() (*charts.ConfusionMatrix, error) {
	return charts.NewConfusion(e.Classes, e.Labels, e.Predictions)
}

// PerClass is a table of each class's examples, precision, recall and F1.
func (e *Evaluation) PerClass() (display.Table, error) {
	m, err := e.Confusion()
	if err != nil {
		return display.Table{}, err
	}
	return m.PerClass(), nil
}

// Mistake is an example that was taken for another class.
type Mistake struct {
	Place             int // among the examples
	Label, Prediction int
	Confidence        float64 // the probability of Prediction
}

// Mistakes are the examples that were taken for another class, the most
// confident first; those of equal confidence in their order.
func (e *Evaluation) Mistakes() []Mistake {
	var out []Mistake
	for i, label := range e.Labels {
		if p := e.Predictions[i]; p != label {
			out = append(out, Mistake{i, label, p, float64(e.row(i)[p])})
		}
	}
	slices.SortStableFunc(out, func(a, b Mistake) int {
		switch {
		case a.Confidence > b.Confidence:
			return -1
		case a.Confidence < b.Confidence:
			return 1
		}
		return 0
	})
	return out
}

// MistakePictures are the pictures of the n most confident mistakes, each with
// what it was taken for, how surely, and what it is. source is what was
// evaluated. Errors: a source of another length, one that augments its
// pictures, no mistakes.
func (e *Evaluation) MistakePictures(source data.Source, n int) (*charts.Grid, error) {
	if source == nil || source.Len() != e.Len() {
		return nil, fmt.Errorf("metrics: pictures of mistakes: the source is not the one that was evaluated, which has %d examples", e.Len())
	}
	worst := e.Mistakes()
	worst = worst[:min(max(n, 0), len(worst))]
	if len(worst) == 0 {
		return nil, fmt.Errorf("metrics: pictures of %d mistakes: %d were made", n, len(e.Mistakes()))
	}
	var places, all []int
	var captions []string
	for i, m := range worst {
		places, all = append(places, m.Place), append(all, i)
		captions = append(captions, fmt.Sprintf("%s %.0f %% (%s)", e.Classes[m.Prediction], 100*m.Confidence, e.Classes[m.Label]))
	}
	x, err := source.Examples(places...)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, fmt.Errorf("metrics: pictures of mistakes: the source makes its pictures otherwise each time: give it without augmentation")
	}
	images, err := x.Make(all)
	if err != nil {
		return nil, err
	}
	return charts.NewGrid(images, captions, charts.GridOptions{})
}

// summary is the evaluation in a line.
func (e *Evaluation) summary() string {
	ece, err := e.CalibrationError(0)
	if err != nil {
		return "no examples"
	}
	return fmt.Sprintf("%d examples: accuracy %.1f %%, loss %.4g, calibration error %.1f %%", e.Len(), 100*e.Accuracy(), e.Loss, 100*ece)
}

// String is the evaluation in words.
func (e *Evaluation) String() string {
	t, err := e.PerClass()
	if err != nil {
		return err.Error()
	}
	t.Caption = e.summary()
	return t.String()
}

// MIME shows the evaluation: its figures, and the table of classes.
func (e *Evaluation) MIME() map[string]string {
	t, err := e.PerClass()
	if err != nil {
		return display.Text(err.Error()).MIME()
	}
	out := map[string]string{}
	for kind, text := range t.MIME() {
		switch {
		case kind == "text/html":
			out[kind] = "<p>" + html.EscapeString(e.summary()) + "</p>" + text
		case strings.HasPrefix(kind, "text/plain"):
			out[kind] = e.String()
		}
	}
	return out
}
