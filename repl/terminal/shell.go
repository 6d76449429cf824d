package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"graft/repl"
)

// Reader reads cells. Its errors are io.EOF at the end, and ErrCancelled when
// the user gave up what was typed.
type Reader interface {
	Read() (source string, err error)
}

// ErrCancelled is Ctrl-C before a cell was finished.
var ErrCancelled = errors.New("cancelled")

// Command is a line of the front end's own, such as %save.
type Command struct {
	Name string // %save
	Args string // FILE, for %help
	Help string
	Do   func(args []string) error
}

// Shell is a session at a terminal: it reads cells, runs them, and shows what
// they give. Ctrl-C while a cell runs interrupts it; variables stay.
type Shell struct {
	Engine   repl.Engine
	Reader   Reader
	Printer  *Printer
	Output   repl.Output // what cells write to; the Printer among others
	Commands []Command
	Colours  bool

	// Ran is told of each cell that has run.
	Ran func(number int, source string, result repl.Result)

	number int
}

// Run reads and runs cells until the input ends. Its result is the last
// cell's error when nobody is there to read it: a Reader of a file stops at it.
func (s *Shell) Run() error {
	for {
		source, err := s.Reader.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrCancelled):
			continue
		case err != nil:
			return err
		}
		if strings.TrimSpace(source) == "" {
			continue
		}
		if strings.TrimSpace(source) == "%exit" {
			return nil
		}
		if err := s.run(source); err != nil {
			return err
		}
	}
}

// run runs what was typed: a command or a cell.
func (s *Shell) run(source string) error {
	line := strings.TrimSpace(source)
	if c, args := s.command(line); c != nil {
		if err := c.Do(args); err != nil {
			s.Printer.Stream("stderr", s.paint(red, c.Name+": "+err.Error())+"\n")
		}
		return nil
	}
	res := s.Cell(source)
	if line == "%help" && res.Err == nil {
		s.help()
	}
	if _, file := s.Reader.(*Lines); file && res.Err != nil {
		return res.Err
	}
	return nil
}

// Cell runs one cell and shows how it ended.
func (s *Shell) Cell(source string) repl.Result {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s.number++
	s.Printer.Begin(s.number)
	res := s.Engine.Execute(ctx, repl.Cell{ID: fmt.Sprint(s.number), Number: s.number, Source: source}, s.Output)
	s.Printer.End(res)
	for _, n := range res.Notes {
		s.Printer.Stream("stderr", s.paint(dim, "("+n+")")+"\n")
	}
	if res.Err != nil {
		text := strings.Join(res.Err.Traceback, "\n")
		if text == "" {
			text = res.Err.Error()
		}
		s.Printer.Stream("stderr", s.paint(red, text)+"\n")
	}
	if s.Ran != nil {
		s.Ran(s.number, source, res)
	}
	return res
}

// Number is that of the cell to come.
func (s *Shell) Number() int { return s.number + 1 }

func (s *Shell) command(line string) (*Command, []string) {
	words := strings.Fields(line)
	if len(words) == 0 || strings.Contains(line, "\n") {
		return nil, nil
	}
	for i, c := range s.Commands {
		if c.Name == words[0] {
			return &s.Commands[i], words[1:]
		}
	}
	return nil, nil
}

// help adds the front end's commands to those that every session has.
func (s *Shell) help() {
	for _, c := range append(s.Commands, Command{Name: "%exit", Help: "ends the session, as Ctrl-D does"}) {
		s.Printer.Stream("stdout", fmt.Sprintf("%-22s %s\n", strings.TrimSpace(c.Name+" "+c.Args), c.Help))
	}
}

// The colours of messages: of the terminal's own, so that they suit its theme.
const (
	red = "\x1b[31m"
	dim = "\x1b[2m"
	off = "\x1b[0m"
)

func (s *Shell) paint(colour, text string) string {
	if !s.Colours {
		return text
	}
	return colour + text + off
}
