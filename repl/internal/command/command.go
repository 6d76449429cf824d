// Package command cuts the lines that are not Go, %name, %%name, !command and
// name?, off the head of a cell. It does not know which of them exist.
package command

import (
	"go/parser"
	"regexp"
	"strings"
)

// Command is one such line. Cell commands (%%name) take the rest of the cell.
type Command struct {
	Name string // with its sign: "%who", "%%writefile", "!"
	Args string
	Body string // the rest of the cell, of a cell command
	Line int    // 1-based
	Col  int
}

// Cut takes the commands off the head of a cell. What is left keeps its lines
// and columns. known tells whether a name is one of the session's: only then
// is `!name` an expression of Go.
func Cut(source string, known func(name string) bool) (list []Command, rest string) {
	lines := strings.SplitAfter(source, "\n")
	for i, l := range lines {
		text := strings.TrimSpace(l)
		if text == "" || strings.HasPrefix(text, "//") {
			continue
		}
		if !Is(text, known) {
			break
		}
		c := Command{Line: i + 1, Col: strings.Index(l, text[:1]) + 1}
		if _, _, ok := Asks(text); ok {
			c.Name, c.Args = "?", text
		} else if text[0] == '!' {
			c.Name, c.Args = "!", strings.TrimSpace(text[1:])
		} else {
			c.Name, c.Args = text, ""
			if j := strings.IndexAny(text, " \t"); j >= 0 {
				c.Name, c.Args = text[:j], strings.TrimSpace(text[j:])
			}
		}
		takesGo := c.Name == "%time" || c.Name == "%timeit"
		if strings.HasPrefix(c.Name, "%%") || takesGo {
			c.Body = strings.Join(lines[i+1:], "")
		}
		list = append(list, c)
		if strings.HasPrefix(c.Name, "%%") || takesGo {
			return list, ""
		}
		lines[i] = ""
		if strings.HasSuffix(l, "\n") {
			lines[i] = "\n"
		}
	}
	return list, strings.Join(lines, "")
}

// Is tells a command's line from Go, in which only ! can begin a statement,
// as the value of a cell: `!done`.
func Is(text string, known func(name string) bool) bool {
	switch text[0] {
	case '%':
		return true
	case '!':
		x, err := parser.ParseExpr(text)
		return err != nil || x == nil || !isGo(text[1:], known)
	}
	_, _, ok := Asks(text)
	return ok
}

// isGo tells whether the first name in an expression is one that Go knows.
func isGo(expr string, known func(string) bool) bool {
	n := 0
	for n < len(expr) && identByte(expr[n]) {
		n++
	}
	return n == 0 || n < len(expr) && expr[n] == '(' || expr[:n] == "true" || expr[:n] == "false" || known(expr[:n])
}

func identByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// Go is the Go that a command is given, at its own lines.
func (c Command) Go() string {
	if strings.HasPrefix(c.Name, "%%") {
		return strings.Repeat("\n", c.Line) + c.Body
	}
	return strings.Repeat("\n", c.Line-1) + strings.Repeat(" ", c.Col+len(c.Name)) + c.Args
}

// question is a line that asks about a name, as IPython has it: name? for its
// documentation, name?? for its source too.
var question = regexp.MustCompile(`^(\?{0,2})([\pL_][\pL_\pN.]*)(\?{0,2})$`)

// Asks tells whether a line is a question, and about what.
func Asks(text string) (name string, source, ok bool) {
	m := question.FindStringSubmatch(text)
	if m == nil || m[1] == "" && m[3] == "" {
		return "", false, false
	}
	return m[2], m[1] == "??" || m[3] == "??", true
}
