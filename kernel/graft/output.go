package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

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
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", errors.New("this cell asks for input, and standard input is not a terminal")
	}
	type line struct {
		text string
		err  error
	}
	answer := make(chan line, 1)
	go func() {
		fmt.Fprint(os.Stderr, prompt)
		if password {
			text, err := term.ReadPassword(fd)
			answer <- line{string(text), err}
			return
		}
		text, err := bufio.NewReader(os.Stdin).ReadString('\n')
		answer <- line{strings.TrimRight(text, "\r\n"), err}
	}()
	select {
	case a := <-answer:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
