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
	at, unbalanced := unmatched(source)
	var out []Diagnostic
	for _, e := range errs {
		msg := e.Msg
		if unbalanced != "" {
			msg += bracketHint(source, e.Offset, at, unbalanced)
		}
		if hint := syntaxHint(source, e.Offset); hint != "" {
			msg += hint
		}
		out = append(out, Diagnostic{Offset: e.Offset, Msg: msg, Syntax: true})
		if unbalanced != "" || strings.Contains(e.Msg, "not terminated") {
			break // what follows was read as something else
		}
	}
	return out
}

// bracketHint names the bracket that has no partner, if it is in another line
// than the error.
func bracketHint(source string, offset, bracket int, what string) string {
	line, _ := split.LineColumn(source, bracket)
	if here, _ := split.LineColumn(source, offset); here == line {
		return ""
	}
	return fmt.Sprintf("; the %c in line %d %s", source[bracket], line, what)
}

// unmatched is the first bracket of a source that has no partner, and what is
// to be said of it; "" when all have one.
func unmatched(source string) (offset int, what string) {
	const closed = "closes nothing: is one to open it missing above?"
	partner := map[token.Token]token.Token{token.RPAREN: token.LPAREN, token.RBRACK: token.LBRACK, token.RBRACE: token.LBRACE}
	type bracket struct {
		tok token.Token
		at  int
	}
	var open []bracket
	var sc scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	sc.Init(f, []byte(source), func(token.Position, string) {}, 0)
	for {
		pos, tok, _ := sc.Scan()
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			open = append(open, bracket{tok, f.Offset(pos)})
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(open) == 0 {
				return f.Offset(pos), closed
			}
			last := open[len(open)-1]
			if last.tok != partner[tok] {
				return last.at, "is not closed"
			}
			open = open[:len(open)-1]
		case token.EOF:
			if len(open) == 0 {
				return 0, ""
			}
			return open[len(open)-1].at, "is not closed"
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
