package check

import "strings"

// origin is where a part of a cell's source stood first.
type origin struct {
	from         int
	cell         string
	line, column int
}

// Stood says that what is at offset, up to the next such, stood in another
// cell first. Offsets come in order.
func (u *Unit) Stood(offset int, cell string, line, column int) {
	if u.local == nil && cell != "" && line > 0 && column > 0 {
		u.origins = append(u.origins, origin{offset, cell, line, column})
	}
}

// stood is Place for a cell of such parts: of the text there is the part
// alone, where it was.
func (u *Unit) stood(off int) (cell, text string, at int) {
	i := len(u.origins) - 1
	for u.origins[i].from > off {
		i--
	}
	o, end := u.origins[i], len(u.Source)
	if i+1 < len(u.origins) {
		end = u.origins[i+1].from
	}
	before := strings.Repeat("\n", o.line-1) + strings.Repeat(" ", o.column-1)
	return o.cell, before + u.Source[o.from:end], len(before) + off - o.from
}
