package repl

import (
	"go/scanner"
	"go/token"
	"strings"

	"graft/repl/internal/split"
)

// IsComplete says whether source can be run as it stands: open brackets,
// strings and comments, and a last token after which Go puts no semicolon,
// want more lines.
func (s *Session) IsComplete(source string) Completeness {
	s.view.Lock()
	list, source := s.cutCommands(source)
	s.view.Unlock()
	if n := len(list); n > 0 && strings.TrimSpace(source) == "" {
		if last := list[n-1]; strings.HasPrefix(last.name, "%%") {
			return Completeness{Status: "incomplete"} // its body may go on
		}
		return Completeness{Status: "complete"}
	}
	var sc scanner.Scanner
	fs := token.NewFileSet()
	f := fs.AddFile("", fs.Base(), len(source))
	open := false
	sc.Init(f, []byte(source), func(_ token.Position, msg string) {
		if strings.Contains(msg, "not terminated") && (strings.Contains(msg, "raw string") || strings.Contains(msg, "comment")) {
			open = true
		}
	}, 0)
	depth, last, auto := 0, token.ILLEGAL, true
	for {
		_, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		switch tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
		auto = tok == token.SEMICOLON
		if tok != token.SEMICOLON || lit != "\n" {
			last = tok
		}
	}
	indent := strings.Repeat("\t", max(depth, 0))
	switch {
	case open:
		return Completeness{Status: "incomplete"}
	case depth > 0:
		return Completeness{Status: "incomplete", Indent: indent}
	case last != token.ILLEGAL && !auto:
		return Completeness{Status: "incomplete", Indent: "\t"}
	}
	if _, errs := split.Parse(token.NewFileSet(), "cell", source); len(errs) > 0 {
		return Completeness{Status: "invalid"}
	}
	return Completeness{Status: "complete"}
}
