package check

import (
	"fmt"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"graft/repl/internal/split"
)

// diagnostics are the errors that remain, but for those a cell forgives.
func (b *builder) diagnostics() []Diagnostic {
	var out []Diagnostic
	forgiven := false
	for _, e := range b.errs {
		if more, ok := strings.CutPrefix(e.Msg, "\t"); ok { // of the last
			if n := len(out); n > 0 && !forgiven {
				out[n-1].Also = append(out[n-1].Also, Diagnostic{Offset: b.offset(e.Pos), Msg: clean(more)})
			}
			continue
		}
		if forgiven = b.forgiven(e); forgiven {
			continue
		}
		off := b.offset(e.Pos)
		out = append(out, Diagnostic{Offset: off, Msg: twice(b.suggest(e, clean(e.Msg)))})
	}
	for i, d := range out {
		if label, ok := strings.CutSuffix(d.Msg, " already declared"); ok && strings.HasPrefix(label, "label ") && len(d.Also) == 1 && d.Also[0].Offset >= 0 {
			line, col := split.LineColumn(b.source, d.Also[0].Offset) // the compiler's words
			out[i] = Diagnostic{Offset: d.Offset, Msg: fmt.Sprintf("%s already defined at %s:%d:%d", label, b.cell, line, col)}
		}
	}
	slices.SortStableFunc(out, func(x, y Diagnostic) int { return x.Offset - y.Offset })
	return slices.CompactFunc(out, func(x, y Diagnostic) bool { return x.Offset == y.Offset && x.Msg == y.Msg })
}

func (b *builder) forgiven(e types.Error) bool {
	m := e.Msg
	switch {
	case strings.HasPrefix(m, "declared and not used"), strings.HasSuffix(m, "declared and not used"), strings.HasSuffix(m, "imported and not used"),
		strings.Contains(m, "imported as") && strings.HasSuffix(m, "and not used"):
		return true
	case strings.HasPrefix(m, "initialization cycle"):
		return !b.inVarDecl(e.Pos) && !b.inConstDecl(e.Pos)
	case strings.HasSuffix(m, "is not used") || strings.HasPrefix(m, "label") && strings.HasSuffix(m, "not used"):
		for n := range b.values {
			if n.Pos() <= e.Pos && e.Pos <= n.End() {
				return true
			}
		}
	}
	return false
}

// sameName are complaints about two types of one name.
var sameName = []*regexp.Regexp{
	regexp.MustCompile(`of (?:\w+ )?type ([^ ]+)\) as ([^ ]+) value`),
	regexp.MustCompile(`type ([^ ]+) of .+ does not match (?:inferred )?type ([^ ]+)`),
	regexp.MustCompile(`\(mismatched types ([^ ]+) and ([^ ]+)\)`),
}

// twice explains them.
func twice(msg string) string {
	for _, re := range sameName {
		if m := re.FindStringSubmatch(msg); m != nil && m[1] == m[2] {
			return msg + ": the type was declared again since; declare anew what is of the old one"
		}
	}
	return msg
}

// words are the compiler's, or a reader's, where go/types has others.
var words = []struct {
	re *regexp.Regexp
	to string
}{
	// A package of graft's, where the name may be another's too, as gonum's
	// graph: which one is no question in a cell.
	{regexp.MustCompile(`"graft/(?:[\w-]+/)*([\w-]+)"\.`), "$1."},
	{regexp.MustCompile(`^label (\S+) not declared$`), "label $1 not defined"},
	{regexp.MustCompile(`^break not in for, switch, or select statement$`), "break is not in a loop, switch, or select"},
	{regexp.MustCompile(`^continue not in for statement$`), "continue is not in a loop"},
	{regexp.MustCompile(`\((func\([^()]*\)[^()]*) literal\)`), "$1 {…}"},
}

// clean takes the session's own marks out of a message.
func clean(m string) string {
	m = untaken(m)
	for _, w := range words {
		m = w.re.ReplaceAllString(m, w.to)
	}
	m = strings.ReplaceAll(m, "\"main\".", "")
	m = strings.ReplaceAll(m, "main.", "")
	var out strings.Builder
	skip := false
	for _, r := range m {
		if r == 'ꞏ' {
			skip = true
			continue
		}
		if skip && r >= '0' && r <= '9' {
			continue
		}
		skip = false
		out.WriteRune(r)
	}
	return out.String()
}

// untaken leaves out of a message the calls that take an error, which mend has
// put around the cell's own: takeꞏ1(x.F()) is x.F().
func untaken(m string) string {
	for {
		at := strings.Index(m, "takeꞏ")
		from := at + strings.IndexByte(m[max(at, 0):], '(')
		if at < 0 || from < at {
			return m
		}
		depth, to := 0, len(m)
		for i := from; i < len(m); i++ {
			if m[i] == '(' {
				depth++
			} else if m[i] == ')' {
				if depth--; depth == 0 {
					to = i
					break
				}
			}
		}
		m = m[:at] + m[from+1:to] + m[min(to+1, len(m)):]
	}
}
