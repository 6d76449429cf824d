package notebook

import (
	"encoding/json"
	"strings"
	"sync"

	"graft/repl"
)

// Output is one entry of a code cell's outputs.
type Output map[string]any

// Record keeps what the cells of a run show, as the front end of a notebook
// does: neighbouring text of one stream is one output, an update replaces
// every output of its display id, in whatever cell, and Clear empties the
// running cell.
type Record struct {
	mu    sync.Mutex
	cells [][]*entry
	clear bool // at the next output
}

type entry struct {
	id  string
	out Output
}

// Begin starts the next cell.
func (r *Record) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells, r.clear = append(r.cells, nil), false
}

func (r *Record) add(e *entry) {
	last := len(r.cells) - 1
	r.cells[last] = append(r.cells[last], e)
}

// settle carries out a Clear that waited for an output.
func (r *Record) settle() {
	if r.clear {
		r.cells[len(r.cells)-1], r.clear = nil, false
	}
}

// Stream records text of a standard stream.
func (r *Record) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	cell := r.cells[len(r.cells)-1]
	if n := len(cell); n > 0 && cell[n-1].out["name"] == name {
		cell[n-1].out["text"] = cell[n-1].out["text"].(string) + text
		return
	}
	r.add(&entry{out: Output{"output_type": "stream", "name": name, "text": text}})
}

// Display records a shown value, or the update of one.
func (r *Record) Display(d repl.Display) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d.Update {
		r.update(d)
		return
	}
	r.settle()
	r.add(&entry{d.ID, Output{"output_type": "display_data", "data": data(d), "metadata": metadata(d)}})
}

func (r *Record) update(d repl.Display) {
	for _, cell := range r.cells {
		for _, e := range cell {
			if e.id == d.ID && d.ID != "" {
				e.out["data"], e.out["metadata"] = data(d), metadata(d)
			}
		}
	}
}

// Clear empties the running cell, with wait at its next output.
func (r *Record) Clear(wait bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear = true
	if !wait {
		r.settle()
	}
}

// End records how the running cell ended.
func (r *Record) End(number int, result repl.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d := result.Value; d != nil {
		r.settle()
		r.add(&entry{d.ID, Output{"output_type": "execute_result", "execution_count": number, "data": data(*d), "metadata": metadata(*d)}})
	}
	if d := result.Page; d != nil { // JupyterLab keeps it as an output too
		r.settle()
		r.add(&entry{"", Output{"output_type": "display_data", "data": data(*d), "metadata": metadata(*d)}})
	}
	if e := result.Err; e != nil {
		traceback := e.Traceback
		if traceback == nil {
			traceback = []string{}
		}
		r.add(&entry{"", Output{"output_type": "error", "ename": e.Name, "evalue": e.Message, "traceback": traceback}})
	}
}

// Cell returns the outputs of the i-th cell that was begun.
func (r *Record) Cell(i int) []Output {
	r.mu.Lock()
	defer r.mu.Unlock()
	var outs []Output
	for _, e := range r.cells[i] {
		outs = append(outs, e.out)
	}
	return outs
}

// data makes JSON of the types that a notebook stores as such.
func data(d repl.Display) map[string]any {
	m := map[string]any{}
	for mime, text := range d.Data {
		m[mime] = text
		if (mime == "application/json" || strings.HasSuffix(mime, "+json")) && json.Valid([]byte(text)) {
			m[mime] = json.RawMessage(text)
		}
	}
	return m
}

func metadata(d repl.Display) map[string]any {
	if d.Metadata == nil {
		return map[string]any{}
	}
	return d.Metadata
}
