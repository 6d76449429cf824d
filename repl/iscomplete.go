package repl

import (
	"go/scanner"
	"go/token"
	"strings"

	"graft/repl/internal/split"
)

// closing are the brackets that others want.
var closing = map[token.Token]token.Token{token.LPAREN: token.RPAREN, token.LBRACE: token.RBRACE, token.LBRACK: token.RBRACK}

// IsComplete says whether source can be run as it stands: open brackets,
// strings and comments, and a last token after which Go puts no semicolon,
// want more lines.
func (s *Session) IsComplete(source string) Completeness {
	s.view.Lock()
	list, source := s.cutCommands(source)
	s.view.Unlock()
	if n := len(list); n > 0 && strings.TrimSpace(source) == "" {
		if last := list[n-1]; strings.HasPrefix(last.Name, "%%") {
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
	var brackets []token.Token // the closing ones that are due, outermost first
	last, auto, wrong := token.ILLEGAL, true, false
	for {
		_, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		if due, opens := closing[tok]; opens {
			brackets = append(brackets, due)
		} else if tok == token.RPAREN || tok == token.RBRACE || tok == token.RBRACK {
			n := len(brackets)
			if n == 0 || brackets[n-1] != tok {
				wrong = true
				break
			}
			brackets = brackets[:n-1]
		}
		auto = tok == token.SEMICOLON
		if tok != token.SEMICOLON || lit != "\n" {
			last = tok
		}
	}
	depth := len(brackets)
	switch {
	case wrong:
		return Completeness{Status: "invalid"}
	case open:
		return Completeness{Status: "incomplete"}
	case depth > 0:
		return Completeness{Status: "incomplete", Indent: strings.Repeat("\t", depth)}
	case last != token.ILLEGAL && !auto:
		return Completeness{Status: "incomplete", Indent: "\t"}
	}
	if _, errs := split.Parse(token.NewFileSet(), "cell", source); len(errs) > 0 {
		return Completeness{Status: "invalid"}
	}
	return Completeness{Status: "complete"}
}
