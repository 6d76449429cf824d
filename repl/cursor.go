package repl

import (
	"go/scanner"
	"go/token"
	"strings"

	"graft/repl/internal/check"
	"graft/repl/internal/command"
	"graft/repl/internal/split"
)

// placeholder stands at the cursor, so that `x.` parses.
const placeholder = "zzꞏcursor"

// onlyGo is a cell with spaces for its commands: what is left keeps its
// place. The command in whose line the cursor is comes back too.
func (s *Session) onlyGo(source string, cursor int) (text string, at *command.Command) {
	list, _ := s.cutCommands(source)
	b := []byte(source)
	line, _ := split.LineColumn(source, cursor)
	for i, c := range list {
		if c.Line == line {
			at = &list[i]
		}
		from := lineStart(source, c.Line)
		to := from + len(source[from:])
		if j := strings.IndexByte(source[from:], '\n'); j >= 0 {
			to = from + j
		}
		switch c.Name {
		case "%time", "%timeit":
			to = from + c.Col - 1 + len(c.Name)
		case "%%time", "%%timeit":
		default:
			if strings.HasPrefix(c.Name, "%%") { // the rest is no Go
				to = len(source)
			}
		}
		for i := from; i < to; i++ {
			if b[i] != '\n' {
				b[i] = ' '
			}
		}
	}
	return string(b), at
}

func lineStart(source string, line int) int {
	off := 0
	for ; line > 1; line-- {
		off += strings.IndexByte(source[off:], '\n') + 1
	}
	return off
}

func identByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// textAt is the string, rune or comment that an offset is inside of.
func textAt(source string, offset int) (from, to int, in bool) {
	var sc scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	open := false // the literal that comes next has no end
	sc.Init(f, []byte(source), func(_ token.Position, msg string) { open = open || strings.Contains(msg, "not terminated") }, scanner.ScanComments)
	for {
		open = false
		pos, tok, lit := sc.Scan()
		from := f.Offset(pos)
		if tok == token.EOF || from >= offset {
			return 0, 0, false
		}
		to := from + len(lit)
		switch tok {
		case token.STRING, token.CHAR:
			if offset < to || offset == to && open {
				return from, to, true
			}
		case token.COMMENT:
			if offset < to || offset == to && (open || strings.HasPrefix(lit, "//")) {
				return from, to, true
			}
		}
	}
}

// closers are the brackets that are open at the end of source, closed.
func closers(source string) string {
	var sc scanner.Scanner
	fs := token.NewFileSet()
	sc.Init(fs.AddFile("", fs.Base(), len(source)), []byte(source), func(token.Position, string) {}, 0)
	var due []token.Token
	for {
		_, tok, _ := sc.Scan()
		if tok == token.EOF {
			break
		}
		if c, ok := closing[tok]; ok {
			due = append(due, c)
		} else if n := len(due); n > 0 && tok == due[n-1] {
			due = due[:n-1]
		}
	}
	var b strings.Builder
	for i := len(due) - 1; i >= 0; i-- {
		if due[i] == token.RBRACE && b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(due[i].String())
	}
	return b.String()
}

// probe checks source with text at the cursor. What a user is in the middle of
// writing does not parse: of the ways to complete it the one is taken that
// leaves the fewest syntax errors.
func (s *Session) probe(head, text, tail string) *check.Probe {
	open := closers(head + text)
	best, least := "", -1
	for _, v := range []string{
		head + text + tail,
		head + text + open + "\n" + tail,
		head + text + " {}" + tail,
		head + text + " {}" + open + "\n" + tail,
		head + text + open,
		head + text + " {}" + open,
	} {
		_, errs := split.Parse(token.NewFileSet(), "probe", v)
		if least < 0 || len(errs) < least {
			best, least = v, len(errs)
		}
		if least == 0 {
			break
		}
	}
	return s.checker.Probe(best, len(head))
}
