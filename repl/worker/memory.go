package worker

import (
	"context"
	"slices"
	"strings"

	"graft/repl"
)

// memory is what cells have declared, in order: a new child declares again
// what the one before took along.
type memory struct {
	list []repl.Declaration
}

// keep takes what a cell has declared. A name has its newest meaning, and a
// type that is declared again none of the methods that it had.
func (m *memory) keep(r repl.Result) {
	if r.Forgot {
		m.list = nil
	}
	names := map[string]bool{}
	for _, d := range r.Declared {
		for _, n := range d.Names {
			names[n] = true
		}
	}
	m.list = slices.DeleteFunc(m.list, func(old repl.Declaration) bool {
		for _, n := range old.Names {
			of, _, method := strings.Cut(n, ".")
			if !names[n] && !(method && names[of]) {
				return false
			}
		}
		return true
	})
	m.list = append(m.list, r.Declared...)
}

// variables are the names of those that end with their process, and drops them.
func (m *memory) variables() (names []string) {
	m.list = slices.DeleteFunc(m.list, func(d repl.Declaration) bool {
		if d.Source == "" {
			names = append(names, d.Names...)
		}
		return d.Source == ""
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// declarer has a source declared, whose parts stood elsewhere first. It tells
// whether that went well, or in which line it is wrong.
type declarer func(source string, from []repl.Piece) (wrong int, ok bool)

// restore declares all again, as much together as can be: functions may need
// each other, but no name stands twice in a cell. It returns the names of what
// could not be: of functions, most likely, that use variables.
func (m *memory) restore(declare declarer) (lost []string) {
	var kept []repl.Declaration
	for left := m.list; len(left) > 0; {
		n := distinct(left)
		done, failed := together(left[:n], declare)
		kept, lost, left = append(kept, done...), append(lost, failed...), left[n:]
	}
	m.list = kept
	return lost
}

// late puts imports before the rest, as Go wants them.
func late(d repl.Declaration) int {
	if strings.HasPrefix(d.Names[0], "import ") {
		return 0
	}
	return 1
}

// distinct is how many of list declare no name twice.
func distinct(list []repl.Declaration) int {
	seen := map[string]bool{}
	for i, d := range list {
		for _, n := range d.Names {
			if seen[n] {
				return i
			}
			seen[n] = true
		}
	}
	return len(list)
}

// together declares list but for what is wrong in it.
func together(list []repl.Declaration, declare declarer) (done []repl.Declaration, lost []string) {
	done = slices.Clone(list)
	slices.SortStableFunc(done, func(a, b repl.Declaration) int { return late(a) - late(b) })
	for len(done) > 0 {
		var source strings.Builder
		var ends []int // the line behind each
		var from []repl.Piece
		line := 1
		for _, d := range done {
			from = append(from, repl.Piece{Offset: source.Len(), Cell: d.Cell, Line: d.Line, Column: d.Column})
			source.WriteString(d.Source + "\n")
			line += strings.Count(d.Source, "\n") + 1
			ends = append(ends, line)
		}
		wrong, ok := declare(source.String(), from)
		if ok {
			break
		}
		// Without a line that there is, the first is left out.
		i := max(0, slices.IndexFunc(ends, func(end int) bool { return wrong < end }))
		lost = append(lost, done[i].Names...)
		done = slices.Delete(done, i, i+1)
	}
	return done, lost
}

// declare returns what has a new child declare source. Nothing runs of what
// the user wrote but the initial values of constants.
func (c *Client) declare(w *child) declarer {
	return func(source string, from []repl.Piece) (wrong int, ok bool) {
		c.last++
		call := w.begin(context.Background(), c.last, nobody{}, false)
		defer w.end(call)
		if w.requests.send(message{Kind: kindExecute, ID: call.id, Cell: repl.Cell{Source: source, Subshell: true, From: from}}) != nil {
			return 0, false
		}
		r, ran := w.await(call)
		if r.Err != nil {
			wrong = r.Err.Line
		}
		return wrong, ran && r.Err == nil
	}
}

// cost says which variables the end of a child took along. The caller holds
// the lock.
func (c *Client) cost(w *child) string {
	if w.cost == "" {
		w.cost = "No variable is lost"
		if lost := c.memory.variables(); len(lost) > 0 {
			w.cost = "These variables are lost: " + some(lost)
		}
		w.cost += "; imports, types, constants and functions are declared again"
	}
	return w.cost
}

// some are names, the first of many.
func some(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
