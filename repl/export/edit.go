package export

import (
	"slices"
	"strings"
)

// edit replaces source[from:to]. Of nested ones the outer counts. Insertions
// belong to a statement: before is in front of it, after behind.
type edit struct {
	from, to int
	text     string
	kind     kind
}

type kind int

const (
	replace kind = iota
	before
	after
)

// replace has a stretch become text; what it became before is forgotten.
func (p *piece) replace(at span, text string) {
	p.edits = slices.DeleteFunc(p.edits, func(e edit) bool { return e.kind == replace && e.from == at.from && e.to == at.to })
	p.edits = append(p.edits, edit{at.from, at.to, text, replace})
}

func (p *piece) insertBefore(off int, text string) {
	p.edits = append(p.edits, edit{off, off, text, before})
}

func (p *piece) insertAfter(off int, text string) {
	p.edits = append(p.edits, edit{off, off, text, after})
}

// text is a stretch of the source with its edits. As an expression it leaves
// out what is inserted around the statement that it begins or ends.
func (p *piece) text(at span, expr bool, more ...edit) string {
	var es []edit
	for _, ed := range p.edits {
		if ed.from < at.from || ed.to > at.to {
			continue
		}
		if expr && (ed.kind == before && ed.from == at.from || ed.kind == after && ed.to == at.to) {
			continue
		}
		es = append(es, ed)
	}
	es = append(es, more...)
	slices.SortStableFunc(es, func(a, b edit) int {
		if a.from != b.from {
			return a.from - b.from
		}
		if ra, rb := a.rank(), b.rank(); ra != rb {
			return ra - rb
		}
		return b.to - a.to
	})
	var b strings.Builder
	cursor := at.from
	for _, ed := range es {
		if ed.from < cursor {
			continue
		}
		b.WriteString(p.source[cursor:ed.from])
		b.WriteString(ed.text)
		cursor = ed.to
	}
	b.WriteString(p.source[cursor:at.to])
	return b.String()
}

// rank orders edits at one place: what follows the last statement, what
// precedes the next, the next itself.
func (e edit) rank() int {
	switch e.kind {
	case after:
		return 0
	case before:
		return 1
	}
	return 2
}
