package data

import (
	"fmt"
	"slices"

	"graft/stdlib/display"
)

// ClassBalance is how many examples each class of a Source has. As a cell's
// last value it is a table.
type ClassBalance struct {
	Classes []string
	Counts  []int
	// Weights make up for the imbalance in a loss: examples / (classes with
	// examples · the class's), so that the mean over all examples is 1; 0 for a
	// class without examples.
	Weights []float64
	// Ratio is the largest class's count over the smallest's that has any.
	Ratio float64
	// Majority is the share of the largest class: the accuracy of always saying
	// it.
	Majority float64
}

// Balance counts the classes of a Source; no picture is decoded.
func Balance(s Source) *ClassBalance {
	if s == nil {
		return &ClassBalance{}
	}
	b := &ClassBalance{Classes: s.ClassNames()}
	b.Counts = counts(s.LabelInts(), len(b.Classes))
	b.Weights = make([]float64, len(b.Counts))
	var present []int
	for _, n := range b.Counts {
		if n > 0 {
			present = append(present, n)
		}
	}
	if len(present) == 0 {
		return b
	}
	for i, n := range b.Counts {
		if n > 0 {
			b.Weights[i] = float64(s.Len()) / float64(len(present)*n)
		}
	}
	b.Ratio = float64(slices.Max(present)) / float64(slices.Min(present))
	b.Majority = float64(slices.Max(present)) / float64(s.Len())
	return b
}

// String is the table as text.
func (b *ClassBalance) String() string { return b.table().String() }

// MIME shows the table.
func (b *ClassBalance) MIME() map[string]string { return b.table().MIME() }

func (b *ClassBalance) table() display.Table {
	total := 0
	for _, n := range b.Counts {
		total += n
	}
	t := display.Table{
		Caption: fmt.Sprintf("%d examples of %d classes; the largest class is %.3g times the smallest; always saying it is right for %.1f %%", total, len(b.Classes), b.Ratio, 100*b.Majority),
		Header:  []string{"class", "examples", "share", "weight"},
		Align:   []display.Alignment{display.Left, display.Right, display.Right, display.Right},
	}
	for i, c := range b.Classes {
		t.Rows = append(t.Rows, []string{c, fmt.Sprint(b.Counts[i]), fmt.Sprintf("%.1f %%", 100*float64(b.Counts[i])/float64(max(1, total))), fmt.Sprintf("%.3f", b.Weights[i])})
	}
	return t
}
