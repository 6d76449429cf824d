package slim

import (
	"fmt"
	"html"
	"strings"
	"text/tabwriter"
)

// MIME shows the plan as a table, as text and as HTML.
func (p *RestorePlan) MIME() map[string]string {
	return map[string]string{"text/plain": p.String(), "text/html": p.html()}
}

// title counts what will happen.
func (p *RestorePlan) title() string {
	parts := []string{}
	for _, a := range []Action{Restore, Reshape, ExcludedBy, Initialise, Missing, ShapeMismatch, DTypeMismatch} {
		if n := p.Count(a); n > 0 || a == Restore {
			parts = append(parts, fmt.Sprintf("%d %s", n, a))
		}
	}
	return fmt.Sprintf("%s: %s; %d unused in the file", p.Path, strings.Join(parts, ", "), len(p.Unused))
}

// rows are the table's cells. Runs of restored variables in one scope are one
// row, so that a table of hundreds is read at a glance.
func (p *RestorePlan) rows() [][]string {
	var rows [][]string
	for i := 0; i < len(p.Entries); {
		e := p.Entries[i]
		n := 1
		if e.Action == Restore || e.Action == ExcludedBy {
			for i+n < len(p.Entries) && sameGroup(e, p.Entries[i+n]) {
				n++
			}
		}
		rows = append(rows, e.row(n))
		i += n
	}
	for _, x := range p.Unused {
		rows = append(rows, []string{x, "", "", "unused in the file"})
	}
	return rows
}

func sameGroup(a, b Entry) bool {
	return a.Action == b.Action && a.Pattern == b.Pattern && scopeOf(a.Key) == scopeOf(b.Key)
}

// scopeOf is the first two segments of a name.
func scopeOf(name string) string {
	segments := strings.Split(name, "/")
	return strings.Join(segments[:max(1, min(2, len(segments)-1))], "/")
}

func (e Entry) row(n int) []string {
	action := string(e.Action)
	switch {
	case e.Action == ExcludedBy && e.Pattern != "":
		action = fmt.Sprintf("excluded by %q, newly initialised", e.Pattern)
	case e.Action == ExcludedBy:
		action = "not included, newly initialised"
	case e.Action == Initialise:
		action = "not in the file, newly initialised"
	}
	if n > 1 {
		return []string{fmt.Sprintf("%s/… (%d variables)", scopeOf(e.Key), n), "", "", action}
	}
	here := fmt.Sprintf("%v %v", e.Variable.DType(), e.Variable.Shape())
	there := e.Found
	if there == "" {
		there = "–"
	}
	return []string{e.Key, here, there, action}
}

func (p *RestorePlan) patterns() []string {
	var out []string
	for _, x := range p.Patterns {
		verb := "include"
		if x.Exclude {
			verb = "exclude"
		}
		out = append(out, fmt.Sprintf("%s %q matched %d variables", verb, x.Text, x.Matches))
	}
	return out
}

// String is the plan as text.
func (p *RestorePlan) String() string {
	var b strings.Builder
	b.WriteString(p.title() + "\n")
	for _, line := range p.patterns() {
		b.WriteString(line + "\n")
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variable\there\tin the file\taction")
	for _, r := range p.rows() {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	w.Flush() // a strings.Builder does not fail
	for _, h := range p.Hints {
		b.WriteString(h + "\n")
	}
	return b.String()
}

func (p *RestorePlan) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s", html.EscapeString(p.title()))
	for _, line := range p.patterns() {
		b.WriteString("<br>" + html.EscapeString(line))
	}
	b.WriteString("</caption><tr><th>variable</th><th>here</th><th>in the file</th><th>action</th></tr>")
	for _, r := range p.rows() {
		b.WriteString("<tr>")
		for _, cell := range r {
			fmt.Fprintf(&b, `<td style="text-align:left">%s</td>`, html.EscapeString(cell))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	for _, h := range p.Hints {
		fmt.Fprintf(&b, "<p><b>%s</b></p>", html.EscapeString(h))
	}
	return b.String()
}
