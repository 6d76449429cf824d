package repl

import (
	"context"
	"fmt"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/command"
)

// doer runs a command; its Go is what it leaves for the session to run.
type doer struct {
	usage string
	help  string
	do    func(s *Session, ctx context.Context, c command.Command, cell Cell, out Output) Result
}

// commands lists all there are, in the order of %help.
func commands() []struct {
	name string
	doer
} {
	return []struct {
		name string
		doer
	}{
		{"%help", doer{"%help", "lists these commands", (*Session).helpCommand}},
		{"%who", doer{"%who", "lists the session's variables, types and functions", (*Session).whoCommand}},
		{"%time", doer{"%time GO", "runs a line of Go and says how long it took", (*Session).timeCommand}},
		{"%%time", doer{"%%time", "runs the cell and says how long it took", (*Session).timeCommand}},
		{"%timeit", doer{"%timeit GO", "runs a line of Go many times and says how long one takes", (*Session).timeitCommand}},
		{"%%timeit", doer{"%%timeit", "runs the cell's statements many times and says how long they take", (*Session).timeitCommand}},
		{"?", doer{"NAME? or NAME??", "shows what is known of a name, with ?? its source too", (*Session).aboutCommand}},
		{"%load", doer{"%load FILE", "puts the text of a file in place of the cell", (*Session).loadCommand}},
		{"%cd", doer{"%cd DIR", "changes the working directory; without DIR goes home", (*Session).cdCommand}},
		{"%env", doer{"%env [NAME[=VALUE]]", "shows or sets environment variables", (*Session).envCommand}},
		{"%%writefile", doer{"%%writefile [-a] FILE", "writes, or with -a appends, the rest of the cell to a file", (*Session).writefileCommand}},
		{"%reset", doer{"%reset", "forgets everything that cells declared and imported", (*Session).resetCommand}},
		{"!", doer{"!COMMAND", "runs a command of the system's shell", (*Session).shellCommand}},
	}
}

func findCommand(name string) (doer, bool) {
	for _, c := range commands() {
		if c.name == name {
			return c.doer, true
		}
	}
	return doer{}, false
}

// cutCommands takes the commands off the head of a cell.
func (s *Session) cutCommands(source string) (list []command.Command, rest string) {
	return command.Cut(source, func(name string) bool {
		return s.checker.Lookup(name) != nil || s.checker.Imports()[name] != ""
	})
}

// runCommands does the commands at a cell's head; done says that nothing is
// left to run. Else res holds what they ask of the front end.
func (s *Session) runCommands(ctx context.Context, cell *Cell, out Output) (res Result, done bool) {
	s.mu.Lock()
	list, rest := s.cutCommands(cell.Source)
	s.mu.Unlock()
	var page *Display
	for _, c := range list {
		d, ok := findCommand(c.Name)
		if !ok {
			return commandError(*cell, c, unknownCommand(c.Name)), true
		}
		if res = d.do(s, ctx, c, *cell, out); res.Err != nil {
			return res, true
		}
		if page == nil {
			page = res.Page
		}
	}
	res.Page = page
	done = len(list) > 0 && strings.TrimSpace(rest) == ""
	if !done {
		cell.Source, res.Value, res.Notes = rest, nil, nil
	}
	return res, done
}

func unknownCommand(name string) string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	hint := ""
	if best := check.Nearest(name, names); best != "" {
		hint = "; did you mean " + best + "?"
	}
	return fmt.Sprintf("there is no command %s%s; %%help lists all", name, hint)
}

func commandError(cell Cell, c command.Command, msg string) Result {
	return Result{Err: &Error{Name: CommandError, Message: msg, Line: c.Line, Column: c.Col,
		Traceback: excerpt(cell, c.Line, c.Col, msg)}}
}
