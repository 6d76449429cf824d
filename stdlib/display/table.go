package display

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// Alignment is where the text of a column stands.
type Alignment int

// Auto puts a column of numbers to the right and everything else to the left.
const (
	Auto Alignment = iota
	Left
	Center
	Right
)

// Table shows rows of cells: as HTML in a notebook, in aligned columns in a
// terminal. Cells are text, never HTML. The zero value is an empty table.
type Table struct {
	Caption string
	Header  []string
	Rows    [][]string  // of any lengths; what is missing is empty
	Align   []Alignment // by column; columns beyond it are Auto
	MaxRows int         // rows to show: 0 means 50, less than 0 all
}

// defaultRows fill a screen or two.
const defaultRows = 50

// MIME returns the table as text and as HTML.
func (t Table) MIME() map[string]string {
	return map[string]string{typeText: t.String(), typeHTML: t.html()}
}

// shown cuts the rows, and returns how many are left out.
func (t Table) shown() ([][]string, int) {
	limit := t.MaxRows
	if limit == 0 {
		limit = defaultRows
	}
	if limit < 0 || len(t.Rows) <= limit {
		return t.Rows, 0
	}
	return t.Rows[:limit], len(t.Rows) - limit
}

func moreRows(n int) string {
	if n == 1 {
		return "… 1 more row"
	}
	return fmt.Sprintf("… %d more rows", n)
}

// String is the table as text, its last line without a line end.
func (t Table) String() string {
	rows, left := t.shown()
	align := t.alignments(rows)
	width := make([]int, len(align))
	lines := rows
	if len(t.Header) > 0 {
		lines = append([][]string{t.Header}, rows...)
	}
	for _, row := range lines {
		for i, cell := range row {
			width[i] = max(width[i], columns(oneLine(cell)))
		}
	}
	var out []string
	if t.Caption != "" {
		out = append(out, t.Caption)
	}
	for _, row := range lines {
		cells := make([]string, len(align))
		for i := range align {
			cells[i] = pad(oneLine(at(row, i)), width[i], align[i])
		}
		out = append(out, strings.TrimRight(strings.Join(cells, "  "), " "))
	}
	if left > 0 {
		out = append(out, moreRows(left))
	}
	return strings.Join(out, "\n")
}

// html states every alignment, because JupyterLab's own is right.
func (t Table) html() string {
	rows, left := t.shown()
	align := t.alignments(rows)
	var b strings.Builder
	b.WriteString("<table>")
	if t.Caption != "" {
		fmt.Fprintf(&b, `<caption style="text-align:left">%s</caption>`, html.EscapeString(t.Caption))
	}
	if len(t.Header) > 0 {
		b.WriteString("<thead>")
		writeRow(&b, "th", t.Header, align)
		b.WriteString("</thead>")
	}
	b.WriteString("<tbody>")
	for _, row := range rows {
		writeRow(&b, "td", row, align)
	}
	if left > 0 {
		fmt.Fprintf(&b, `<tr><td colspan="%d" style="text-align:left">%s</td></tr>`, max(1, len(align)), moreRows(left))
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

func writeRow(b *strings.Builder, tag string, row []string, align []Alignment) {
	b.WriteString("<tr>")
	for i, a := range align {
		side := map[Alignment]string{Center: "center", Right: "right"}[a]
		if side == "" {
			side = "left"
		}
		text := strings.ReplaceAll(html.EscapeString(at(row, i)), "\n", "<br>")
		fmt.Fprintf(b, `<%s style="text-align:%s">%s</%s>`, tag, side, text, tag)
	}
	b.WriteString("</tr>")
}

// alignments settles one side for each column.
func (t Table) alignments(rows [][]string) []Alignment {
	n := len(t.Header)
	for _, row := range rows {
		n = max(n, len(row))
	}
	align := make([]Alignment, n)
	copy(align, t.Align)
	for i, a := range align {
		if a < Left || a > Right {
			align[i] = Left
			if numeric(rows, i) {
				align[i] = Right
			}
		}
	}
	return align
}

// numeric is true for a column with numbers, gaps and nothing else.
func numeric(rows [][]string, column int) bool {
	numbers := false
	for _, row := range rows {
		cell := strings.TrimSpace(at(row, column))
		if cell == "" || cell == "-" || cell == "–" {
			continue
		}
		plain := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(cell, "%"), " "), ",", "")
		if _, err := strconv.ParseFloat(plain, 64); err != nil {
			return false
		}
		numbers = true
	}
	return numbers
}

func at(row []string, i int) string {
	if i < len(row) {
		return row[i]
	}
	return ""
}

// oneLine keeps a cell on its line.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", "⏎", "\n", "⏎", "\t", " ").Replace(s)
}
