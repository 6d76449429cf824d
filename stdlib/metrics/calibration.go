package metrics

import (
	"fmt"
	"math"

	"graft/stdlib/charts"
	"graft/stdlib/display"
)

// Calibration compares how sure a classifier was with how often it was right:
// a chart with a point for each of some equal ranges of confidence, which is
// the probability of the prediction. Points below the line are
// overconfident. bins is the number of ranges; 0 means 15 (Guo et al.,
// arXiv:1706.04599, section 2). Errors: no examples, bins below 0.
func (e *Evaluation) Calibration(bins int) (*charts.Curves, error) {
	all, err := e.bins(bins)
	if err != nil {
		return nil, err
	}
	ece, err := e.CalibrationError(bins)
	if err != nil {
		return nil, err
	}
	c := &charts.Curves{Title: fmt.Sprintf("calibration error %.1f %%", 100*ece), XLabel: "confidence", YLabel: "accuracy", Percent: true}
	for _, b := range all {
		if b.n > 0 {
			c.Add("this net", b.confidence/b.n, b.right/b.n)
		}
	}
	c.Add("as sure as right", 0, 0)
	c.Add("as sure as right", 1, 1)
	return c, nil
}

// CalibrationError is the expected calibration error: the mean difference of
// confidence and accuracy over ranges of confidence, weighed by their
// examples, in [0, 1] (arXiv:1706.04599, equation 3). bins and errors are
// those of Calibration.
func (e *Evaluation) CalibrationError(bins int) (float64, error) {
	all, err := e.bins(bins)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, b := range all {
		sum += math.Abs(b.right - b.confidence)
	}
	return sum / float64(e.Len()), nil
}

// bin sums the examples of a range of confidence.
type bin struct{ n, right, confidence float64 }

func (e *Evaluation) bins(n int) ([]bin, error) {
	if n == 0 {
		n = 15
	}
	if n < 0 || e.Len() == 0 {
		return nil, fmt.Errorf("metrics: calibration of %d examples in %d ranges: at least 1 of both are wanted", e.Len(), n)
	}
	out := make([]bin, n)
	for i, p := range e.Predictions {
		confidence := float64(e.row(i)[p])
		// Ranges hold their upper end, as in the paper.
		b := &out[min(max(int(math.Ceil(confidence*float64(n)))-1, 0), n-1)]
		b.n++
		b.confidence += confidence
		if p == e.Labels[i] {
			b.right++
		}
	}
	return out, nil
}

// Comparison is how two classifiers did on the same examples.
type Comparison struct {
	BothRight, OnlyFirst, OnlySecond, BothWrong int
	// P is the probability that two equally good classifiers differ at least
	// as much in this: McNemar's exact test, two-sided. 1 where they do not
	// differ.
	P float64
	// Disagreements are the places where one was right and the other wrong.
	Disagreements []int
}

// Compare compares with another evaluation of the same examples: two runs, or
// a net before and after. Errors: other labels.
func (e *Evaluation) Compare(other *Evaluation) (*Comparison, error) {
	if other == nil || other.Len() != e.Len() {
		return nil, fmt.Errorf("metrics: compare evaluations: of other examples than these %d", e.Len())
	}
	c := &Comparison{}
	for i, label := range e.Labels {
		if other.Labels[i] != label {
			return nil, fmt.Errorf("metrics: compare evaluations: example %d has label %d here, %d there: they are of other examples", i, label, other.Labels[i])
		}
		first, second := e.Predictions[i] == label, other.Predictions[i] == label
		switch {
		case first && second:
			c.BothRight++
		case first:
			c.OnlyFirst++
		case second:
			c.OnlySecond++
		default:
			c.BothWrong++
		}
		if first != second {
			c.Disagreements = append(c.Disagreements, i)
		}
	}
	c.P = mcnemar(c.OnlyFirst, c.OnlySecond)
	return c, nil
}

// mcnemar is the two-sided exact test of a against b: that of a fair coin.
func mcnemar(a, b int) float64 {
	n, sum := a+b, 0.0
	logFactorial := func(k int) float64 { x, _ := math.Lgamma(float64(k + 1)); return x }
	for k := range min(a, b) + 1 {
		sum += math.Exp(logFactorial(n) - logFactorial(k) - logFactorial(n-k) - float64(n)*math.Ln2)
	}
	return min(1, 2*sum)
}

// table lays the comparison out.
func (c Comparison) table() display.Table {
	n := c.BothRight + c.OnlyFirst + c.OnlySecond + c.BothWrong
	share := func(k int) string { return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(max(n, 1))) }
	return display.Table{
		Caption: fmt.Sprintf("accuracy %s and %s of %d examples; p = %.2g", share(c.BothRight+c.OnlyFirst), share(c.BothRight+c.OnlySecond), n, c.P),
		Header:  []string{"", "examples", ""},
		Rows: [][]string{
			{"both right", fmt.Sprint(c.BothRight), share(c.BothRight)},
			{"only the first right", fmt.Sprint(c.OnlyFirst), share(c.OnlyFirst)},
			{"only the second right", fmt.Sprint(c.OnlySecond), share(c.OnlySecond)},
			{"both wrong", fmt.Sprint(c.BothWrong), share(c.BothWrong)},
		},
	}
}

// String is the comparison as a text table.
func (c Comparison) String() string { return c.table().String() }

// MIME shows the comparison as a table.
func (c Comparison) MIME() map[string]string { return c.table().MIME() }
