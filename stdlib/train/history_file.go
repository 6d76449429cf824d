package train

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"graft/ckpt/nearby"
)

// recipe is what decides which examples each step sees: a run that goes on
// must have the same.
type recipe struct {
	BatchSize     int     `json:"batch_size"`
	SmallBatch    int     `json:"small_batch"`
	Seed          uint64  `json:"seed"`
	Examples      int     `json:"examples"`
	InOrder       bool    `json:"in_order"`
	DropRemainder bool    `json:"drop_remainder"`
	MixUp         float64 `json:"mixup"`
	Phase         int     `json:"phase,omitempty"`
	FirstStep     int     `json:"first_step"` // the global step that the run began at
	Loss          string  `json:"loss"`       // what it made smaller, and how
}

// historyFile is a History as JSON: a list for each column.
type historyFile struct {
	Title       string              `json:"title"`
	Recipe      recipe              `json:"recipe"`
	ByAccuracy  bool                `json:"by_accuracy"`
	Steps       map[string][]column `json:"steps"`
	Evaluations map[string][]column `json:"evaluations"`
	Warnings    []string            `json:"warnings,omitempty"`
	Notes       []string            `json:"notes,omitempty"`
	Stopped     string              `json:"stopped,omitempty"`
}

// column is a number that JSON can write: NaN and infinities are texts.
type column float64

func (c column) MarshalJSON() ([]byte, error) {
	if x := float64(c); math.IsNaN(x) || math.IsInf(x, 0) {
		return json.Marshal(strconv.FormatFloat(x, 'g', -1, 64))
	}
	return json.Marshal(float64(c))
}

func (c *column) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil {
		x, err := strconv.ParseFloat(text, 64)
		*c = column(x)
		return err
	}
	return json.Unmarshal(b, (*float64)(c))
}

// field is a column of a table of records.
type field[R any] struct {
	name string
	of   func(*R) *float64
	n    func(*R) *int
}

// stepFields and evaluationFields are the columns, in the order of CSV files.
func stepFields() []field[StepRecord] {
	return []field[StepRecord]{
		{name: "step", n: func(r *StepRecord) *int { return &r.Step }},
		{name: "epoch", n: func(r *StepRecord) *int { return &r.Epoch }},
		{name: "loss", of: func(r *StepRecord) *float64 { return &r.Loss }},
		{name: "accuracy", of: func(r *StepRecord) *float64 { return &r.Accuracy }},
		{name: "learning_rate", of: func(r *StepRecord) *float64 { return &r.LearningRate }},
		{name: "gradient_norm", of: func(r *StepRecord) *float64 { return &r.GradientNorm }},
		{name: "seconds", of: func(r *StepRecord) *float64 { return &r.Seconds }},
	}
}

func evaluationFields() []field[EvaluationRecord] {
	return []field[EvaluationRecord]{
		{name: "step", n: func(r *EvaluationRecord) *int { return &r.Step }},
		{name: "epoch", n: func(r *EvaluationRecord) *int { return &r.Epoch }},
		{name: "held_out_loss", of: func(r *EvaluationRecord) *float64 { return &r.Loss }},
		{name: "held_out_accuracy", of: func(r *EvaluationRecord) *float64 { return &r.Accuracy }},
		{name: "train_loss", of: func(r *EvaluationRecord) *float64 { return &r.TrainLoss }},
		{name: "train_accuracy", of: func(r *EvaluationRecord) *float64 { return &r.TrainAccuracy }},
		{name: "evaluation_seconds", of: func(r *EvaluationRecord) *float64 { return &r.Seconds }},
	}
}

func (f field[R]) get(r *R) float64 {
	if f.n != nil {
		return float64(*f.n(r))
	}
	return *f.of(r)
}

func (f field[R]) set(r *R, x float64) {
	if f.n != nil {
		*f.n(r) = int(x)
		return
	}
	*f.of(r) = x
}

func columns[R any](fields []field[R], records []R) map[string][]column {
	out := map[string][]column{}
	for _, f := range fields {
		list := make([]column, len(records))
		for i := range records {
			list[i] = column(f.get(&records[i]))
		}
		out[f.name] = list
	}
	return out
}

func records[R any](fields []field[R], from map[string][]column) ([]R, error) {
	out := make([]R, len(from["step"]))
	for _, f := range fields {
		list := from[f.name]
		if len(list) != len(out) {
			return nil, fmt.Errorf("column %s has %d values, step has %d", f.name, len(list), len(out))
		}
		for i := range out {
			f.set(&out[i], float64(list[i]))
		}
	}
	return out, nil
}

// MarshalJSON writes the history with a list for each column, and what Run
// needs to go on.
func (h *History) MarshalJSON() ([]byte, error) {
	return json.Marshal(historyFile{h.Title, h.recipe, h.byAccuracy, columns(stepFields(), h.Steps), columns(evaluationFields(), h.Evaluations),
		h.Warnings, h.Notes, h.Stopped})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *History) UnmarshalJSON(b []byte) error {
	var f historyFile
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	steps, err := records(stepFields(), f.Steps)
	if err != nil {
		return fmt.Errorf("train: history: steps: %w", err)
	}
	evaluations, err := records(evaluationFields(), f.Evaluations)
	if err != nil {
		return fmt.Errorf("train: history: evaluations: %w", err)
	}
	*h = History{Title: f.Title, Steps: steps, Evaluations: evaluations, Warnings: f.Warnings, Notes: f.Notes, Stopped: f.Stopped,
		byAccuracy: f.ByAccuracy, recipe: f.Recipe}
	return nil
}

// WriteJSON writes the history to a file, whole or not at all.
func (h *History) WriteJSON(path string) error {
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("train: write history: %w", err)
	}
	return replaceFile(path, append(b, '\n'))
}

// ReadHistory reads a history that WriteJSON or Run wrote. Errors: no such
// file, another content.
func ReadHistory(path string) (*History, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("train: read history: %w", nearby.Explain(err))
	}
	h := &History{}
	if err := json.Unmarshal(b, h); err != nil {
		return nil, fmt.Errorf("train: read history: %s: %w", path, err)
	}
	return h, nil
}

// WriteCSV writes a row for each step, with its evaluation where there was
// one, to a file that spreadsheets read. What was not measured is empty.
func (h *History) WriteCSV(path string) error {
	at := map[int]*EvaluationRecord{}
	for i := range h.Evaluations {
		at[h.Evaluations[i].Step] = &h.Evaluations[i]
	}
	text := func(x float64) string {
		if math.IsNaN(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	steps, evaluations := stepFields(), evaluationFields()[2:]
	var header []string
	for _, f := range steps {
		header = append(header, f.name)
	}
	for _, f := range evaluations {
		header = append(header, f.name)
	}
	rows := [][]string{header}
	for i := range h.Steps {
		var row []string
		for _, f := range steps {
			row = append(row, text(f.get(&h.Steps[i])))
		}
		for _, f := range evaluations {
			if e := at[h.Steps[i].Step]; e != nil {
				row = append(row, text(f.get(e)))
			} else {
				row = append(row, "")
			}
		}
		rows = append(rows, row)
	}
	return writeRows(path, rows)
}

func writeRows(path string, rows [][]string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("train: write history: %w", err)
	}
	err = csv.NewWriter(file).WriteAll(rows)
	if err2 := file.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return fmt.Errorf("train: write history: %w", err)
	}
	return nil
}

// replaceFile writes a file under another name and then gives it its own, so
// that it is there as a whole or as it was.
func replaceFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("train: write %s: %w", path, err)
	}
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("train: write %s: %w", path, err)
	}
	return nil
}
