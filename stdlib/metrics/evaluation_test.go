package metrics

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/data"
	"graft/stdlib/graph"
)

// scored is testdata/evaluation.json, which make_evaluation.py made.
type scored struct {
	Labels               []int
	Logits, Other        [][]float32
	Loss, Accuracy, Top2 float64
	Confusion            [][]int
	Calibration          map[string]float64
	Mistakes             []int
	OnlyFirst            int `json:"only_first"`
	OnlySecond           int `json:"only_second"`
	BothRight            int `json:"both_right"`
	P                    float64
}

func readScored(t *testing.T) (s scored, first, second *Evaluation) {
	t.Helper()
	b, err := os.ReadFile("testdata/evaluation.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s, evaluationOf(t, s.Labels, s.Logits), evaluationOf(t, s.Labels, s.Other)
}

func evaluationOf(t *testing.T, labels []int, logits [][]float32) *Evaluation {
	t.Helper()
	var flat []float32
	for _, row := range logits {
		flat = append(flat, row...)
	}
	x, err := graph.FromFloat32s(flat, len(logits), len(logits[0]))
	if err != nil {
		t.Fatal(err)
	}
	e, err := NewEvaluation([]string{"ash", "birch", "cedar", "dogwood"}, labels, x)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEvaluation(t *testing.T) {
	want, e, _ := readScored(t)
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"loss", e.Loss, want.Loss}, {"accuracy", e.Accuracy(), want.Accuracy}, {"top 2", e.TopK(2), want.Top2}, {"top 4", e.TopK(4), 1}} {
		// TensorFlow's are float32.
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s %.8f, want %.8f", c.what, c.got, c.want)
		}
	}
	m, err := e.Confusion()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Confusion {
		if !slices.Equal(m.Counts[i], want.Confusion[i]) {
			t.Errorf("row %d of the confusion matrix is %v, want %v", i, m.Counts[i], want.Confusion[i])
		}
	}
	var places []int
	for _, m := range e.Mistakes() {
		places = append(places, m.Place)
	}
	if !slices.Equal(places, want.Mistakes) {
		t.Errorf("mistakes %v, want %v", places, want.Mistakes)
	}
	for bins, w := range map[int]float64{5: want.Calibration["5"], 15: want.Calibration["15"], 0: want.Calibration["15"]} {
		got, err := e.CalibrationError(bins)
		if err != nil || math.Abs(got-w) > 1e-7 {
			t.Errorf("calibration error in %d ranges %.9f, want %.9f (%v)", bins, got, w, err)
		}
	}
	chart, err := e.Calibration(5)
	if err != nil || !strings.Contains(chart.String(), "this net") {
		t.Errorf("%v, %v", chart, err)
	}
	if s := e.String(); !strings.Contains(s, "40 examples: accuracy") || !strings.Contains(s, "dogwood") {
		t.Error(s)
	}
	if mime := e.MIME(); !strings.Contains(mime["text/html"], "<table") || !strings.Contains(mime["text/html"], "calibration error") {
		t.Error(mime)
	}
}

func TestCompareEvaluations(t *testing.T) {
	want, e, other := readScored(t)
	c, err := e.Compare(other)
	if err != nil {
		t.Fatal(err)
	}
	if c.OnlyFirst != want.OnlyFirst || c.OnlySecond != want.OnlySecond || c.BothRight != want.BothRight || math.Abs(c.P-want.P) > 1e-9 {
		t.Errorf("%+v, want %d, %d, %d, p %g", c, want.BothRight, want.OnlyFirst, want.OnlySecond, want.P)
	}
	if len(c.Disagreements) != c.OnlyFirst+c.OnlySecond || !strings.Contains(c.String(), "only the first right") {
		t.Error(c)
	}
	if same, err := e.Compare(e); err != nil || same.P != 1 || same.OnlyFirst != 0 {
		t.Errorf("%+v, %v", same, err)
	}
	labels := slices.Clone(want.Labels)
	labels[3] = (labels[3] + 1) % 4
	if _, err := e.Compare(evaluationOf(t, labels, want.Logits)); err == nil || !strings.Contains(err.Error(), "example 3 has label") {
		t.Errorf("other labels: %v", err)
	}
}

func TestMistakePictures(t *testing.T) {
	want, e, _ := readScored(t)
	pixels := make([]float32, 40*4)
	images, err := graph.FromFloat32s(pixels, 40, 2, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	marks := make([]int64, 40)
	labels, err := graph.FromInt64s(marks, 40)
	if err != nil {
		t.Fatal(err)
	}
	d := &data.Dataset{Images: images, Labels: labels, Classes: e.Classes}
	g, err := e.MistakePictures(d, 3)
	if err != nil {
		t.Fatal(err)
	}
	first := e.Mistakes()[0]
	if s := g.String(); !strings.Contains(s, e.Classes[first.Prediction]) {
		t.Errorf("%s has nothing of %+v (%v)", s, first, want.Mistakes[0])
	}
	if _, err := e.MistakePictures(d, 0); err == nil {
		t.Error("no error for no pictures")
	}
	if _, err := e.MistakePictures(nil, 3); err == nil {
		t.Error("no error for no source")
	}
}

func TestNewEvaluationRefuses(t *testing.T) {
	x, err := graph.FromFloat32s([]float32{1, 2, 3, 4}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func() (*Evaluation, error){
		"2 labels and 3 names": func() (*Evaluation, error) { return NewEvaluation([]string{"a", "b", "c"}, []int{0, 1}, x) },
		"label 2 of example 1": func() (*Evaluation, error) { return NewEvaluation([]string{"a", "b"}, []int{0, 2}, x) },
		"with 1 labels":        func() (*Evaluation, error) { return NewEvaluation([]string{"a", "b"}, []int{0}, x) },
		"no tensor":            func() (*Evaluation, error) { return NewEvaluation([]string{"a", "b"}, []int{0}, nil) },
	} {
		if _, err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
