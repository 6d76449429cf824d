// Package notebook reads and writes .ipynb files (nbformat 4) and records
// what a run of their cells shows. `graft run`, `graft export` and %save use
// it; the kernel does not, for Jupyter writes the files there.
//
//	nb, err := notebook.Read("10-learning-rate.ipynb")
//	err = nb.Inject([]notebook.Parameter{{Name: "rate", Value: "0.1"}}) // as papermill does
//	record := &notebook.Record{}
//	for i, c := range nb.Cells {
//		record.Begin()
//		r := engine.Execute(ctx, repl.Cell{Number: i + 1, Source: c.Source}, out{record}) // a Record, and Input
//		record.End(i+1, r)
//		err = c.SetOutputs(i+1, record.Cell(i))
//	}
//	err = nb.Write("done.ipynb")
//
// A file is written as Jupyter writes it, so that a diff shows what has
// changed and no more: sorted fields, one space of indentation, a text as a
// list of its lines, fields that nobody here knows as they were. It is there
// whole or not at all.
//
// A Record does with outputs what a front end does: text of one stream is
// joined, an update replaces every output of its display id, in earlier cells
// too, and a clear that waits takes effect with the next output.
//
// # Errors
//
// Read says which file it was and what is wrong: no JSON, another nbformat
// (3 and older are to be saved in Jupyter once), a cell that has no source, by
// its number. Inject says which variable the parameters cell lacks, and which
// it has; ParseParameter, what no name=value is.
package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fields is a JSON object of which only some fields are understood.
type fields map[string]json.RawMessage

// Notebook is an .ipynb file.
type Notebook struct {
	Cells []*Cell
	rest  fields
}

// Cell is one cell of a notebook.
type Cell struct {
	Type   string // "code", "markdown" or "raw"
	Source string
	rest   fields
}

// Read reads the notebook at path. Files of another format, or of nbformat 3
// and older, are errors that say so.
func Read(path string) (*Notebook, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("notebook: %w", err)
	}
	nb, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("notebook: %s: %w", path, err)
	}
	return nb, nil
}

// Parse reads a notebook from its JSON text.
func Parse(data []byte) (*Notebook, error) {
	nb := &Notebook{}
	if err := json.Unmarshal(data, &nb.rest); err != nil {
		return nil, fmt.Errorf("not an .ipynb file: %w", err)
	}
	var version int
	if err := nb.rest.get("nbformat", &version); err != nil {
		return nil, err
	}
	if version != 4 {
		return nil, fmt.Errorf("nbformat is %d, want 4: open and save it in Jupyter to bring it up to date", version)
	}
	var cells []fields
	if err := nb.rest.get("cells", &cells); err != nil {
		return nil, err
	}
	for i, f := range cells {
		c := &Cell{rest: f}
		if err := c.read(); err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		nb.Cells = append(nb.Cells, c)
	}
	return nb, nil
}

func (c *Cell) read() error {
	if err := c.rest.get("cell_type", &c.Type); err != nil {
		return err
	}
	if c.Type != "code" && c.Type != "markdown" && c.Type != "raw" {
		return fmt.Errorf("its cell_type is %q; code, markdown or raw is wanted", c.Type)
	}
	raw, ok := c.rest["source"]
	if !ok {
		return fmt.Errorf("it has no source")
	}
	if json.Unmarshal(raw, &c.Source) == nil {
		return nil
	}
	var lines []string
	if err := json.Unmarshal(raw, &lines); err != nil {
		return fmt.Errorf("its source is neither a string nor a list of strings")
	}
	c.Source = strings.Join(lines, "")
	return nil
}

// HasTag reports whether the cell's metadata has a tag, such as
// raises-exception.
func (c *Cell) HasTag(tag string) bool {
	var metadata struct {
		Tags []string `json:"tags"`
	}
	if raw, ok := c.rest["metadata"]; !ok || json.Unmarshal(raw, &metadata) != nil {
		return false
	}
	return slices.Contains(metadata.Tags, tag)
}

func (f fields) get(key string, v any) error {
	raw, ok := f[key]
	if !ok {
		return fmt.Errorf("not an .ipynb file: it has no %q", key)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("%q is not what nbformat 4 has there: %w", key, err)
	}
	return nil
}

func (f fields) set(key string, v any) error {
	raw, err := encode(v, "")
	if err != nil {
		return fmt.Errorf("notebook: %s: %w", key, err)
	}
	f[key] = raw
	return nil
}

// encode leaves <, > and & as they are, as Jupyter does.
func encode(v any, indent string) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	err := e.Encode(v)
	return bytes.TrimRight(buf.Bytes(), "\n"), err
}

// SetOutputs puts a run's outputs into a code cell, with its number.
func (c *Cell) SetOutputs(number int, outputs []Output) error {
	if outputs == nil {
		outputs = []Output{}
	}
	if err := c.rest.set("outputs", outputs); err != nil {
		return err
	}
	return c.rest.set("execution_count", number)
}

// ClearOutputs empties a code cell.
func (c *Cell) ClearOutputs() error {
	if err := c.rest.set("outputs", []Output{}); err != nil {
		return err
	}
	return c.rest.set("execution_count", nil)
}

// Write writes the notebook as Jupyter does: sorted fields, one space of
// indentation, at once and whole.
func (nb *Notebook) Write(path string) error {
	cells := make([]fields, len(nb.Cells))
	for i, c := range nb.Cells {
		cells[i] = c.rest
	}
	if err := nb.rest.set("cells", cells); err != nil {
		return err
	}
	text, err := encode(nb.rest, " ")
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ipynb-*")
	if err != nil {
		return fmt.Errorf("notebook: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	for _, step := range []func() error{func() error { return f.Chmod(0o644) }, f.Close} {
		if e := step(); err == nil {
			err = e
		}
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("notebook: %w", err)
	}
	return nil
}
