package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/nb"
	"graft/repl/internal/split"
)

// compileError puts all errors of a cell into one.
func compileError(cell Cell, diags []check.Diagnostic) *Error {
	e := &Error{Name: CompileError}
	var msgs []string
	for i, d := range diags {
		if d.Syntax {
			e.Name = SyntaxError
		}
		line, col := split.LineColumn(cell.Source, d.Offset)
		if i == 0 {
			e.Line, e.Column = line, col
		}
		msgs = append(msgs, d.Msg)
		e.Traceback = append(e.Traceback, excerpt(cell, line, col, d.Msg)...)
	}
	e.Message = strings.Join(msgs, "\n")
	return e
}

// excerpt is an error with its place: the message, the source line, a caret.
func excerpt(cell Cell, line, col int, msg string) []string {
	if line == 0 {
		return []string{msg}
	}
	lines := strings.Split(cell.Source, "\n")
	src := ""
	if line <= len(lines) {
		src = lines[line-1]
	}
	pad := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, src[:min(col-1, len(src))])
	return []string{fmt.Sprintf("In[%d]:%d:%d: %s", cell.Number, line, col, msg), "    " + src, "    " + pad + "^"}
}

// runError words what a run ended with.
func (r *runner) runError(ctx context.Context, p any, offset int) *Error {
	e := &Error{Name: PanicError}
	switch p := p.(type) {
	case *nb.CellErr:
		e.Name, e.Message, offset = CellError, fmt.Sprint(p.Err), p.At
	case *nb.ExitErr:
		e.Name, e.Message = CellError, p.Text
	case *nb.Control:
		e.Name, e.Message = Interrupted, p.Why.Error()
		if errors.Is(p.Why, nb.ErrInterrupted) {
			e.Message = "the cell was interrupted"
		}
	case nb.Goexit:
		e.Message = "runtime.Goexit ended the cell"
	default:
		v := nb.Recovered(p)
		e.Message = "panic: " + nb.PanicText(v)
	}
	e.Line, e.Column = split.LineColumn(r.cell.Source, offset)
	text := e.Name + ": " + e.Message
	if e.Name == PanicError {
		text = e.Message
	}
	e.Traceback = excerpt(r.cell, e.Line, e.Column, text)
	return e
}
