package terminal

import (
	"go/scanner"
	"go/token"
	"strings"
)

// The colours of Go's tokens: of the terminal's own sixteen, so that they suit
// a dark theme and a light one.
const (
	keywordColour = "\x1b[35m"
	stringColour  = "\x1b[32m"
	numberColour  = "\x1b[36m"
	commentColour = "\x1b[2m"
	commandColour = "\x1b[34m"
)

var literalColours = map[token.Token]string{
	token.STRING: stringColour, token.CHAR: stringColour, token.INT: numberColour, token.FLOAT: numberColour, token.IMAG: numberColour,
	token.COMMENT: commentColour,
}

// Highlight colours a cell as Go. Its text stays the same, incomplete or not.
func Highlight(source string) string {
	if strings.HasPrefix(source, "%") || strings.HasPrefix(source, "!") {
		first, rest, more := strings.Cut(source, "\n")
		if first = commandColour + first + off; more {
			return first + "\n" + Highlight(rest)
		}
		return first
	}
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(source))
	s.Init(file, []byte(source), func(token.Position, string) {}, scanner.ScanComments)
	var b strings.Builder
	at := 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			break
		}
		colour := literalColours[tok]
		if tok.IsKeyword() {
			colour = keywordColour
		}
		begin := file.Offset(pos)
		if colour == "" || begin < at || begin+len(text) > len(source) || source[begin:begin+len(text)] != text {
			continue
		}
		b.WriteString(source[at:begin])
		for i, line := range strings.Split(text, "\n") { // each line by itself: editors draw lines
			if i > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(colour + line + off)
		}
		at = begin + len(text)
	}
	b.WriteString(source[at:])
	return b.String()
}
