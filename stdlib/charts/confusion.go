package charts

import (
	"errors"
	"fmt"
	"html"
	"strings"

	"graft/stdlib/display"
)

// ConfusionMatrix counts, for pictures of each class, what they were taken
// for.
type ConfusionMatrix struct {
	Classes []string
	Counts  [][]int // [true class][predicted class]
}

// NewConfusion counts predictions against labels, both class indices from 0 to
// len(classes)-1, one for each picture. It fails when there are no classes,
// when the two are not of one length, and for an index out of range.
func NewConfusion(classes []string, labels, predictions []int) (*ConfusionMatrix, error) {
	if len(classes) == 0 {
		return nil, errors.New("charts: a confusion matrix of no classes")
	}
	if len(labels) != len(predictions) {
		return nil, fmt.Errorf("charts: confusion matrix: %d labels and %d predictions, expected one of each for every picture", len(labels), len(predictions))
	}
	m := &ConfusionMatrix{Classes: append([]string(nil), classes...), Counts: make([][]int, len(classes))}
	for i := range m.Counts {
		m.Counts[i] = make([]int, len(classes))
	}
	for i, label := range labels {
		for _, v := range []struct {
			what  string
			index int
		}{{"label", label}, {"prediction", predictions[i]}} {
			if v.index < 0 || v.index >= len(classes) {
				return nil, fmt.Errorf("charts: confusion matrix: %s %d of picture %d: expected 0 to %d, an index into the %d classes", v.what, v.index, i, len(classes)-1, len(classes))
			}
		}
		m.Counts[label][predictions[i]]++
	}
	return m, nil
}

// Total is the number of pictures.
func (m ConfusionMatrix) Total() int {
	n := 0
	for i := range m.Classes {
		n += m.pictures(i)
	}
	return n
}

// Accuracy is the fraction of pictures that were recognised, 0 without any.
func (m ConfusionMatrix) Accuracy() float64 {
	right := 0
	for i := range m.Classes {
		right += m.count(i, i)
	}
	return ratio(right, m.Total())
}

// PerClass is a table with a row for each class: its pictures; precision, the
// fraction of those taken for it that are of it; recall, the fraction of its
// pictures that were recognised; and F1, the harmonic mean of both. What has
// no pictures to be measured on is "–".
func (m ConfusionMatrix) PerClass() display.Table {
	t := display.Table{Header: []string{"class", "pictures", "precision", "recall", "F1"}, MaxRows: -1}
	for i, class := range m.Classes {
		right, of, as := m.count(i, i), m.pictures(i), 0
		for j := range m.Classes {
			as += m.count(j, i)
		}
		t.Rows = append(t.Rows, []string{class, fmt.Sprint(of), fraction(right, as), fraction(right, of), fraction(2*right, as+of)})
	}
	return t
}

// Mistakes is a table of the pairs of classes that were confused, the most
// frequent first.
func (m ConfusionMatrix) Mistakes() display.Table {
	t := display.Table{Header: []string{"class", "taken for", "pictures", "of"}, MaxRows: 20}
	for _, p := range m.confused() {
		t.Rows = append(t.Rows, []string{m.Classes[p.class], m.Classes[p.as], fmt.Sprint(p.n), fmt.Sprint(m.pictures(p.class))})
	}
	return t
}

// count reads a cell; a matrix that was put together by hand may lack some.
func (m ConfusionMatrix) count(class, as int) int {
	if class < len(m.Counts) && as < len(m.Counts[class]) {
		return m.Counts[class][as]
	}
	return 0
}

func (m ConfusionMatrix) pictures(class int) int {
	n := 0
	for j := range m.Classes {
		n += m.count(class, j)
	}
	return n
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func fraction(a, b int) string {
	if b == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", ratio(a, b))
}

// HTML is the matrix as a coloured table, whose numbers can be copied.
func (m ConfusionMatrix) HTML() display.Rich {
	var b strings.Builder
	fmt.Fprintf(&b, `<table><caption style="text-align:left">%s; rows are true classes, columns predictions</caption><thead><tr><th></th>`, html.EscapeString(m.summary()))
	for _, class := range m.Classes {
		fmt.Fprintf(&b, `<th style="text-align:right">%s</th>`, html.EscapeString(class))
	}
	b.WriteString("</tr></thead><tbody>")
	for i, class := range m.Classes {
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th>`, html.EscapeString(class))
		for j := range m.Classes {
			back, front := m.colours(i, j)
			fmt.Fprintf(&b, `<td style="text-align:right;background-color:%s;color:%s">%d</td>`, css(back), css(front), m.count(i, j))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return display.HTML(b.String())
}

func (m ConfusionMatrix) summary() string {
	n := m.Total()
	if n == 1 {
		return fmt.Sprintf("accuracy %.1f %% of 1 picture", 100*m.Accuracy())
	}
	return fmt.Sprintf("accuracy %.1f %% of %d pictures", 100*m.Accuracy(), n)
}

// String is the matrix as a text table, as far as a page takes it.
func (m ConfusionMatrix) String() string {
	title := "confusion matrix, " + m.summary()
	if len(m.Classes) > 20 {
		t := m.Mistakes()
		t.Caption = fmt.Sprintf("%s in %d classes; the most frequent mistakes:", title, len(m.Classes))
		return t.String()
	}
	t := display.Table{Caption: title, Header: append([]string{"true \\ predicted"}, m.Classes...), MaxRows: -1}
	for i, class := range m.Classes {
		row := []string{class}
		for j := range m.Classes {
			row = append(row, fmt.Sprint(m.count(i, j)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t.String()
}
