package terminal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/reeflective/readline"

	"graft/repl"
)

// Editor reads cells from a person: with history, completion, highlighting,
// and lines until the cell is whole.
type Editor struct {
	engine repl.Engine
	shell  *readline.Shell
}

// NewEditor returns an editor of the process's terminal. number is that of the
// cell to come, for the prompt.
func NewEditor(engine repl.Engine, past []string, number func() int) (*Editor, error) {
	e := &Editor{engine: engine, shell: readline.NewShell()}
	e.shell.Prompt.Primary(func() string { return fmt.Sprintf("[%d]> ", number()) })
	e.shell.AcceptMultiline = func(line []rune) bool { return complete(engine, string(line)) }
	e.shell.SyntaxHighlighter = func(line []rune) string { return Highlight(string(line)) }
	e.shell.Completer = e.complete
	for _, keys := range []string{"emacs", "vi-insert"} { // Tab shows the list; GNU's own "complete" inserts the first
		if err := e.shell.Config.Bind(keys, "\t", "menu-complete", false); err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
	}
	for name, value := range map[string]bool{
		// Outputs end with their line, so that the prompt begins one: asking the
		// terminal where the cursor is would take keys that are typed meanwhile.
		"cursor-position-probe": false,
		// Or the tabs of pasted code ask for completions, and take the first.
		"enable-bracketed-paste": true,
	} {
		if err := e.shell.Config.Set(name, value); err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
	}
	e.shell.History.Delete()
	e.shell.History.Add("cells", &memory{cells: past})
	return e, nil
}

// What a terminal brackets when it is pasted, and that it is to bracket
// nothing (XTerm Control Sequences, Bracketed Paste Mode).
const (
	bracketPastes = "\x1b[?2004h"
	plainPastes   = "\x1b[?2004l"
)

// Close leaves the terminal as it was.
func (e *Editor) Close() { fmt.Fprint(os.Stdout, plainPastes) }

// Read returns the next cell. ErrCancelled is Ctrl-C, io.EOF is Ctrl-D. What
// is pasted while the cell runs waits for the next Read, as one piece.
func (e *Editor) Read() (string, error) {
	source, err := e.shell.Readline()
	fmt.Fprint(os.Stdout, bracketPastes) // which Readline has ended
	switch {
	case errors.Is(err, readline.ErrInterrupt):
		fmt.Fprintln(os.Stderr)
		return "", ErrCancelled
	case errors.Is(err, io.EOF):
		fmt.Fprintln(os.Stderr)
		return "", io.EOF
	}
	return source, err
}

// documented bounds how many completions get a line of documentation: each
// is asked for.
const documented = 60

// complete lists what may stand at the cursor, with its type and the first
// sentence of its documentation.
func (e *Editor) complete(line []rune, cursor int) readline.Completions {
	source, at := string(line), len(string(line[:cursor]))
	found := e.engine.Complete(source, at)
	if found.Start > at || found.Start < 0 || found.End > len(source) {
		return readline.Completions{}
	}
	list := make([]readline.Completion, len(found.Matches))
	for i, m := range found.Matches {
		about := m.Signature
		if len(found.Matches) <= documented {
			about = strings.TrimSpace(about + "  " + e.sentence(source[:found.Start]+m.Text+source[found.End:], found.Start+len(m.Text)))
		}
		list[i] = readline.Completion{Value: m.Text, Display: m.Text, Description: about, Tag: plural[m.Kind]}
	}
	out := readline.CompleteRaw(list).NoSpace().NoSort()
	out.PREFIX = source[found.Start:at]
	return out
}

// plural heads the groups of the completion menu.
var plural = map[string]string{
	"function": "functions", "type": "types", "variable": "variables", "constant": "constants", "module": "packages",
	"field": "fields", "method": "methods", "keyword": "keywords",
}

// sentence is the first sentence of what is known at a place of source.
func (e *Editor) sentence(source string, at int) string {
	found := e.engine.Inspect(source, at)
	if !found.Found {
		return ""
	}
	_, text, _ := strings.Cut(found.Data["text/plain"], "\n")
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n\n")
	text = strings.Join(strings.Fields(text), " ")
	if first, _, ok := strings.Cut(text, ". "); ok {
		text = first
	}
	if utf8.RuneCountInString(text) > 90 {
		text = string([]rune(text)[:89]) + "…"
	}
	return text
}

// memory is what was run, as the editor searches it.
type memory struct{ cells []string }

func (m *memory) Write(s string) (int, error) {
	if s = strings.TrimRight(s, "\n"); s != "" && (len(m.cells) == 0 || m.cells[len(m.cells)-1] != s) {
		m.cells = append(m.cells, s)
	}
	return len(m.cells), nil
}

func (m *memory) GetLine(i int) (string, error) {
	if i < 0 || i >= len(m.cells) {
		return "", fmt.Errorf("there is no cell %d in the history", i)
	}
	return m.cells[i], nil
}

func (m *memory) Len() int { return len(m.cells) }

func (m *memory) Dump() any { return m.cells }
