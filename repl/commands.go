package repl

import (
	"context"
	"fmt"
	"go/parser"
	"strings"
)

// command is one line of a cell that is not Go. Cell commands (%%name) take
// the rest of the cell.
type command struct {
	name string // with its sign: "%who", "%%writefile", "!"
	args string
	body string // the rest of the cell, of a cell command
	line int    // 1-based
	col  int
}

// doer runs a command; its Go is what it leaves for the session to run.
type doer struct {
	usage string
	help  string
	do    func(s *Session, ctx context.Context, c command, cell Cell, out Output) Result
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

// cutCommands takes the commands off the head of a cell. What is left keeps
// its lines and columns.
func (s *Session) cutCommands(source string) (list []command, rest string) {
	lines := strings.SplitAfter(source, "\n")
	for i, l := range lines {
		text := strings.TrimSpace(l)
		if text == "" || strings.HasPrefix(text, "//") {
			continue
		}
		if !s.isCommand(text) {
			break
		}
		c := command{line: i + 1, col: strings.Index(l, text[:1]) + 1}
		if _, _, ok := asks(text); ok {
			c.name, c.args = "?", text
		} else if text[0] == '!' {
			c.name, c.args = "!", strings.TrimSpace(text[1:])
		} else {
			c.name, c.args, _ = strings.Cut(text, " ")
			c.args = strings.TrimSpace(c.args)
		}
		takesGo := c.name == "%time" || c.name == "%timeit"
		if strings.HasPrefix(c.name, "%%") || takesGo {
			c.body = strings.Join(lines[i+1:], "")
		}
		list = append(list, c)
		if strings.HasPrefix(c.name, "%%") || takesGo {
			return list, ""
		}
		lines[i] = blankLine(l)
	}
	return list, strings.Join(lines, "")
}

func blankLine(l string) string {
	if strings.HasSuffix(l, "\n") {
		return "\n"
	}
	return ""
}

// isCommand tells a command from Go, in which only ! can begin a statement,
// as the value of a cell: `!done`.
func (s *Session) isCommand(text string) bool {
	switch text[0] {
	case '%':
		return true
	case '!':
		x, err := parser.ParseExpr(text)
		return err != nil || x == nil || !s.known(text[1:])
	}
	_, _, ok := asks(text)
	return ok
}

// known tells whether the first name in an expression is the session's.
func (s *Session) known(expr string) bool {
	n := 0
	for n < len(expr) && identByte(expr[n]) {
		n++
	}
	return n == 0 || n < len(expr) && expr[n] == '(' || expr[:n] == "true" || expr[:n] == "false" || s.checker.Lookup(expr[:n]) != nil || s.checker.Imports()[expr[:n]] != ""
}

// runCommands does the commands at a cell's head; done says that nothing is
// left to run. Else res holds what they ask of the front end.
func (s *Session) runCommands(ctx context.Context, cell *Cell, out Output) (res Result, done bool) {
	s.mu.Lock()
	list, rest := s.cutCommands(cell.Source)
	s.mu.Unlock()
	var page *Display
	for _, c := range list {
		d, ok := findCommand(c.name)
		if !ok {
			return commandError(*cell, c, fmt.Sprintf("there is no command %s; %%help lists all", c.name)), true
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

func commandError(cell Cell, c command, msg string) Result {
	return Result{Err: &Error{Name: CommandError, Message: msg, Line: c.line, Column: c.col,
		Traceback: excerpt(cell, c.line, c.col, msg)}}
}
