package check

import (
	"fmt"
	"go/scanner"
	"go/token"
	"slices"
	"strings"

	"graft/repl/internal/split"
)

// syntaxErrors words what the parser says. That the cell ends too early is
// said only when nothing else is wrong: it follows from most other errors.
func syntaxErrors(source string, errs []split.Error) []Diagnostic {
	const short = "found the end of the cell"
	first := slices.DeleteFunc(slices.Clone(errs), func(e split.Error) bool { return strings.HasSuffix(e.Msg, short) })
	if len(first) > 0 {
		errs = first
	}
	var out []Diagnostic
	for _, e := range errs {
		msg := e.Msg + unclosed(source, e)
		if hint := syntaxHint(source, e.Offset); hint != "" {
			msg += hint
		}
		out = append(out, Diagnostic{Offset: e.Offset, Msg: msg, Syntax: true})
		if swallows(e.Msg) {
			break
		}
	}
	return out
}

// swallows reports whether what follows an error was read as something else,
// so that further errors mean nothing.
func swallows(msg string) bool {
	return strings.Contains(msg, "missing ')'") || strings.Contains(msg, "missing '}'") || strings.Contains(msg, "not terminated") ||
		strings.HasPrefix(msg, "expected ')'") || strings.HasPrefix(msg, "expected ']'") || strings.HasPrefix(msg, "expected '}'")
}

// unclosed names the bracket that is open at an error, if it was opened in
// another line, or that closes nothing before it.
func unclosed(source string, e split.Error) string {
	open, extra := brackets(source, e.Offset)
	if extra >= 0 {
		line, _ := split.LineColumn(source, extra)
		return fmt.Sprintf("; the %c in line %d closes nothing: is one to open it missing above?", source[extra], line)
	}
	if !swallows(e.Msg) || strings.Contains(e.Msg, "not terminated") || len(open) == 0 {
		return ""
	}
	at := open[len(open)-1]
	line, _ := split.LineColumn(source, at)
	if here, _ := split.LineColumn(source, e.Offset); here == line {
		return ""
	}
	return fmt.Sprintf("; the %c in line %d is not closed", source[at], line)
}

// brackets are the offsets of those that are open at an offset, and of the
// first before it that closes nothing, -1 for none.
func brackets(source string, until int) (open []int, extra int) {
	var sc scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	sc.Init(f, []byte(source), func(token.Position, string) {}, 0)
	for {
		pos, tok, _ := sc.Scan()
		if tok == token.EOF || f.Offset(pos) >= until {
			return open, -1
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, f.Offset(pos))
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) == 0 {
				return nil, f.Offset(pos)
			}
			open = open[:len(open)-1]
		}
	}
}

// syntaxHint is what was probably meant at an error: a keyword with a slip in
// it, or a command.
func syntaxHint(source string, offset int) string {
	from := strings.LastIndexByte(source[:offset], '\n') + 1
	line, _, _ := strings.Cut(source[from:], "\n")
	switch text := strings.TrimSpace(line); {
	case text == "":
		return ""
	case text[0] == '%' || text[0] == '!':
		return "; commands stand at the head of a cell, before its Go"
	}
	word := wordBefore(source[from:], offset-from)
	if word == "" || token.IsKeyword(word) {
		return ""
	}
	var keywords []string
	for t := token.BREAK; t <= token.VAR; t++ {
		keywords = append(keywords, t.String())
	}
	if best := Nearest(word, keywords); best != "" {
		return "; did you mean " + best + "?"
	}
	return ""
}

// wordBefore is the name that is the token before an offset.
func wordBefore(source string, offset int) string {
	var sc scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	sc.Init(f, []byte(source), func(token.Position, string) {}, 0)
	word := ""
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF || f.Offset(pos) >= offset {
			return word
		}
		if word = ""; tok == token.IDENT {
			word = lit
		}
	}
}
