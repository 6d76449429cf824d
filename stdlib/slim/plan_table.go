package slim

import (
	"fmt"
	"html"
	"strings"

	"graft/stdlib/display"
)

// title counts what will happen.
func (p *RestorePlan) title() string {
	parts := []string{}
	for _, a := range []Action{Restore, Reshape, SliceJoin, Cast, ExcludedBy, Initialise, Missing, ShapeMismatch, DTypeMismatch} {
		if n := p.Count(a); n > 0 || a == Restore {
			parts = append(parts, fmt.Sprintf("%d %s", n, a))
		}
	}
	return fmt.Sprintf("%s: %s; %d unused in the file", p.Path, strings.Join(parts, ", "), len(p.Unused))
}

// rows are the table's cells. Variables that follow each other and have the
// same fate are one row, so that a table of hundreds is read at a glance.
func (p *RestorePlan) rows() [][]string {
	var rows [][]string
	for i := 0; i < len(p.Entries); {
		e, n := p.Entries[i], 1
		for !e.Action.problem() && i+n < len(p.Entries) && e.alike(p.Entries[i+n]) {
			n++
		}
		rows = append(rows, e.row(p.Entries[i+n-1], n))
		i += n
	}
	for _, x := range p.Unused {
		rows = append(rows, []string{x, "", "–", "", "unused in the file"})
	}
	return rows
}

// alike reports whether two variables have the same fate.
func (e Entry) alike(other Entry) bool {
	return e.Action == other.Action && e.Pattern == other.Pattern && e.renamed() == other.renamed()
}

// renamed reports whether the tensor has another name than the variable.
func (e Entry) renamed() bool { return e.Action.reads() && e.Variable.Name() != e.Key }

// row is the row of n variables, from e to last.
func (e Entry) row(last Entry, n int) []string {
	action := string(e.Action)
	switch {
	case e.Action == ExcludedBy && e.Pattern != "":
		action = fmt.Sprintf("excluded by %q, newly initialised", e.Pattern)
	case e.Action == ExcludedBy:
		action = "not included, newly initialised"
	case e.Action == Initialise:
		action = "not in the file, newly initialised"
	}
	if renamed := e.renamed(); renamed && n > 1 {
		action += " from " + span(e.Key, last.Key)
	} else if renamed {
		action += " from " + e.Key
	}
	if n > 1 {
		return []string{span(e.Variable.Name(), last.Variable.Name()), fmt.Sprint(n), "", "", action}
	}
	here := fmt.Sprintf("%v %v", e.Variable.DType(), e.Variable.Shape())
	there := e.Found
	if there == "" {
		there = "–"
	}
	return []string{e.Variable.Name(), "1", here, there, action}
}

// span names the scopes from that of one variable to that of another.
func span(first, last string) string {
	if from, to := scopeOf(first), scopeOf(last); from != to {
		return from + " … " + to
	}
	return scopeOf(first) + "/…"
}

// scopeOf is the first two segments of a name, of which at least one is left
// off.
func scopeOf(name string) string {
	segments := strings.Split(name, "/")
	return strings.Join(segments[:max(1, min(2, len(segments)-1))], "/")
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

// table is the plan without its hints.
func (p *RestorePlan) table() display.Table {
	caption := strings.Join(append([]string{p.title()}, p.patterns()...), "; ")
	return display.Table{Caption: caption, Header: []string{"variables", "count", "here", "in the file", "action"}, Rows: p.rows()}
}

// String is the plan as text.
func (p *RestorePlan) String() string {
	return strings.Join(append([]string{p.table().String()}, p.Hints...), "\n")
}

// MIME shows the plan as a table, as text and as HTML.
func (p *RestorePlan) MIME() map[string]string {
	var b strings.Builder
	b.WriteString(p.table().MIME()["text/html"])
	for _, h := range p.Hints {
		fmt.Fprintf(&b, "<p><b>%s</b></p>", html.EscapeString(h))
	}
	return map[string]string{"text/plain": p.String(), "text/html": b.String()}
}
