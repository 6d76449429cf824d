package repl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/lower"
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
		file, source := fmt.Sprintf("In[%d]", cell.Number), cell.Source
		if d.File != "" {
			file, source = d.File, d.Source
		}
		line, col := split.LineColumn(source, d.Offset)
		switch {
		case d.File != "":
			msgs = append(msgs, fmt.Sprintf("%s:%d:%d: %s", d.File, line, col, d.Msg))
		case i == 0:
			e.Line, e.Column = line, col
			fallthrough
		default:
			msgs = append(msgs, d.Msg)
		}
		e.Traceback = append(e.Traceback, excerptOf(file, source, line, col, d.Msg)...)
		for _, a := range d.Also {
			line, col := split.LineColumn(source, a.Offset)
			lines := excerptOf(file, source, line, col, a.Msg)
			msgs = append(msgs, "\t"+lines[0])
			for _, l := range lines {
				e.Traceback = append(e.Traceback, "    "+l)
			}
		}
	}
	e.Message = strings.Join(msgs, "\n")
	return e
}

// excerpt is an error with its place: the message, the source line, a caret.
func excerpt(cell Cell, line, col int, msg string) []string {
	return excerptOf(fmt.Sprintf("In[%d]", cell.Number), cell.Source, line, col, msg)
}

func excerptOf(cell, source string, line, col int, msg string) []string {
	if line == 0 {
		return []string{msg}
	}
	lines := strings.Split(source, "\n")
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
	return []string{fmt.Sprintf("%s:%d:%d: %s", cell, line, col, msg), "    " + src, "    " + pad + "^"}
}

// runError words what a run ended with.
func (r *runner) runError(p any, offset int, trace *nb.Trace) *Error {
	e := &Error{Name: PanicError}
	taken := 0
	switch p := p.(type) {
	case *nb.CellErr:
		e.Name, e.Message = CellError, fmt.Sprint(p.Err)
		taken = p.At
		if r.ctx.Err() != nil && errors.Is(p.Err, context.Canceled) {
			e.Name, e.Message = Interrupted, "the cell was interrupted"
		}
	case *nb.ExitErr:
		e.Name, e.Message = CellError, p.Text
	case *nb.Control:
		e.Name, e.Message = Interrupted, p.Why.Error()
		if errors.Is(p.Why, nb.ErrInterrupted) {
			e.Message = "the cell was interrupted"
		}
	case nb.Overflow:
		e.Message = "stack overflow: functions have called each other too deep"
	case nb.Goexit:
		e.Message = "runtime.Goexit ended the cell"
	default:
		v := nb.Recovered(p)
		e.Message = "panic: " + nb.PanicText(v)
	}
	e.Line, e.Column = split.LineColumn(r.cell.Source, offset)
	if e.Name == PanicError {
		e.Message += r.whatIsNil(e.Message, e.Line)
	}
	text := e.Name + ": " + e.Message
	if e.Name == PanicError {
		text = e.Message
	}
	e.Traceback = excerpt(r.cell, e.Line, e.Column, text)
	if e.Name == PanicError && trace != nil {
		r.locate(e, text, trace)
	}
	if taken > 0 {
		r.locateTaken(e, text, taken)
	}
	return e
}

// locateTaken puts the place of the call whose error was taken into e; a
// function that took it may be of another cell.
func (r *runner) locateTaken(e *Error, text string, taken int) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	place, ok := r.s.low.Place(taken)
	if !ok || r.s.era != r.era || place.Offset < 0 {
		return
	}
	line, col := split.LineColumn(place.Source, place.Offset)
	here := fmt.Sprintf("In[%d]", r.cell.Number)
	e.Traceback = excerptOf(place.Cell, place.Source, line, col, text)
	name, _ := r.s.low.Func(place.Func)
	if name != "" {
		e.Traceback = append(e.Traceback, fmt.Sprintf("in %s, called by %s:%d", name, here, e.Line))
	}
	if place.Cell == here {
		e.Line, e.Column = line, col
	}
}

// locate puts the exact place of a panic, and the cells' functions that it
// left, into e.
func (r *runner) locate(e *Error, text string, trace *nb.Trace) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.s.era != r.era {
		return
	}
	low := r.s.low
	place, ok := low.Place(trace.Mark)
	if own, ok2 := low.Place(trace.Own); ok2 && (len(trace.Funcs) == 0 || own.Func == trace.Funcs[0]) {
		place, ok = own, true
	}
	if len(trace.Funcs) == 0 { // it is known only where the function stands
		trace.Funcs = []string{place.Func}
	}
	innermost := trace.Funcs[0]
	// Cells that run side by side share the mark, and the name of the function
	// that their top level is.
	mine := place.Source == r.cell.Source || r.cell.Source == "" || place.Func != lower.CellFunc
	if !ok || place.Func != innermost || !mine {
		// The mark is of a function that was called, and returned, before.
		name, at := low.Func(innermost)
		if name == "" {
			return
		}
		place = at
		text += " (in " + name + ")"
	}
	here := "In[" + fmt.Sprint(r.cell.Number) + "]"
	line, col := split.LineColumn(place.Source, place.Offset)
	if place.Cell == here {
		e.Line, e.Column = line, col
	}
	e.Traceback = excerptOf(place.Cell, place.Source, line, col, text)
	for i, f := range trace.Funcs {
		if name, at := low.Func(f); name != "" {
			by := "called by "
			if i == 0 {
				by = "in "
			}
			l, _ := split.LineColumn(at.Source, at.Offset)
			e.Traceback = append(e.Traceback, fmt.Sprintf("%s%s, declared at %s:%d", by, name, at.Cell, l))
		}
	}
}
