package main

import (
	"context"

	"graft/kernel/notebook"
	"graft/repl"
	"graft/repl/terminal"
)

// both shows a cell's outputs on the terminal and records them.
type both struct {
	record  *notebook.Record
	printer *terminal.Printer
}

func (b both) Stream(name, text string) {
	b.record.Stream(name, text)
	b.printer.Stream(name, text)
}

func (b both) Display(d repl.Display) {
	b.record.Display(d)
	b.printer.Display(d)
}

func (b both) Clear(wait bool) {
	b.record.Clear(wait)
	b.printer.Clear(wait)
}

// Input asks on the terminal; where there is none nobody can answer.
func (b both) Input(ctx context.Context, prompt string, password bool) (string, error) {
	return terminal.Ask(ctx, prompt, password)
}
