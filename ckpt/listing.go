package ckpt

import (
	"fmt"
	"html"
	"strings"
	"text/tabwriter"
)

// MIME shows the checkpoint as a table of its tensors, as text and as HTML:
// as the last line of a cell, a Reader lists itself.
func (r *Reader) MIME() map[string]string {
	return map[string]string{"text/plain": r.text(), "text/html": r.html()}
}

// String is the table as text.
func (r *Reader) String() string { return r.text() }

func (r *Reader) title() string {
	bytes, values := int64(0), int64(0)
	names := r.Names()
	for _, name := range names {
		info, _ := r.f.Info(name)
		bytes += info.Bytes
		values += info.Elements()
	}
	return fmt.Sprintf("%s (%s): %d tensors, %d values, %s", r.path, r.kind, len(names), values, size(bytes))
}

// rows are the cells of the table: name, shape, dtype, size.
func (r *Reader) rows() [][]string {
	rows := [][]string{{"name", "shape", "dtype", "size"}}
	for _, name := range r.Names() {
		info, _ := r.f.Info(name)
		shape := fmt.Sprint(info.Shape)
		if len(info.Slices) > 0 {
			shape += fmt.Sprintf(" in %d slices", len(info.Slices))
		}
		rows = append(rows, []string{name, shape, info.DType.String(), size(info.Bytes)})
	}
	return rows
}

func (r *Reader) text() string {
	var b strings.Builder
	b.WriteString(r.title() + "\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range r.rows() {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush() // a strings.Builder does not fail
	return b.String()
}

func (r *Reader) html() string {
	var b strings.Builder
	// A box that scrolls: a model has hundreds of tensors.
	fmt.Fprintf(&b, `<p>%s</p><div style="max-height:24em;overflow:auto"><table>`, html.EscapeString(r.title()))
	for i, row := range r.rows() {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(&b, `<%s style="text-align:left">%s</%s>`, tag, html.EscapeString(cell), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table></div>")
	return b.String()
}

func size(bytes int64) string {
	units := []string{"B", "kB", "MB", "GB"}
	v, i := float64(bytes), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
