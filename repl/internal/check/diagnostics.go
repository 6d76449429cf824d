package check

import (
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// diagnostics are the errors that remain, but for those a cell forgives.
func (b *builder) diagnostics() []Diagnostic {
	var out []Diagnostic
	for _, e := range b.errs {
		if b.forgiven(e) {
			continue
		}
		off := b.offset(e.Pos)
		out = append(out, Diagnostic{Offset: off, Msg: twice(b.suggest(e, clean(e.Msg)))})
	}
	slices.SortStableFunc(out, func(x, y Diagnostic) int { return x.Offset - y.Offset })
	return slices.CompactFunc(out, func(x, y Diagnostic) bool { return x == y })
}

func (b *builder) forgiven(e types.Error) bool {
	m := e.Msg
	switch {
	case strings.HasPrefix(m, "declared and not used"), strings.HasSuffix(m, "declared and not used"), strings.HasSuffix(m, "imported and not used"),
		strings.Contains(m, "imported as") && strings.HasSuffix(m, "and not used"),
		strings.HasPrefix(m, "\t"):
		return true
	case strings.HasPrefix(m, "initialization cycle"):
		return !b.inVarDecl(e.Pos)
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

// clean takes the session's own marks out of a message.
func clean(m string) string {
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
