package graph

import (
	"fmt"
	"regexp"
	"strings"
)

// Prefix compiles a pattern as TensorFlow's scopes are matched: a regular
// expression at the start of a name (Python's re.match). The pattern is read
// as Python reads it, so that what means something else to Go is translated
// (\Z, comments, the verbose mode, brackets within brackets). The error shows
// the pattern; for lookaround and backreferences, which Go's expressions lack,
// it shows a way round.
func Prefix(pattern string) (*regexp.Regexp, error) { return compile(pattern, "^(?:", ")") }

// Search compiles a pattern that may match anywhere in a name (Python's
// re.search); the rest is as in Prefix.
func Search(pattern string) (*regexp.Regexp, error) { return compile(pattern, "", "") }

func compile(pattern, before, after string) (*regexp.Regexp, error) {
	p := &python{in: pattern}
	err := p.translate()
	if err == nil && p.depth > 0 {
		err = fmt.Errorf("missing ), unterminated subpattern")
	}
	if err == nil {
		var re *regexp.Regexp
		if re, err = regexp.Compile(before + p.flags + p.out.String() + after); err == nil {
			return re, nil
		}
	}
	return nil, fmt.Errorf("graph: pattern %q: %w", pattern, err)
}

// python translates Python's regular expressions to Go's.
type python struct {
	in      string
	at      int
	out     strings.Builder
	flags   string
	depth   int
	verbose bool
}

func (p *python) rest() string { return p.in[p.at:] }

// take copies n bytes.
func (p *python) take(n int) {
	p.out.WriteString(p.in[p.at : p.at+n])
	p.at += n
}

func (p *python) translate() error {
	for p.at < len(p.in) {
		var err error
		switch c := p.in[p.at]; {
		case c == '\\':
			err = p.escape(false)
		case c == '[':
			err = p.set()
		case strings.HasPrefix(p.rest(), "(?"):
			err = p.extension()
		case c == '(':
			p.depth++
			p.take(1)
		case c == ')':
			if p.depth--; p.depth < 0 {
				return fmt.Errorf("unbalanced parenthesis at position %d", p.at)
			}
			p.take(1)
		case strings.HasPrefix(p.rest(), "{,"):
			p.at += 2
			p.out.WriteString("{0,")
		case p.verbose && strings.IndexByte(" \t\n\r\f\v", c) >= 0:
			p.at++
		case p.verbose && c == '#':
			p.at += len(strings.SplitAfterN(p.rest(), "\n", 2)[0])
		default:
			p.take(1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookaround is the way round for what Go's expressions lack.
const lookaround = "Go's expressions have no lookahead, lookbehind or backreference: list the scopes one by one, or filter the variables in a loop"

// escape copies a backslash and what follows.
func (p *python) escape(inSet bool) error {
	if p.at+1 == len(p.in) {
		return fmt.Errorf("bad escape (end of pattern) at position %d", p.at)
	}
	c := p.in[p.at+1]
	switch {
	case c == 'Z' && !inSet:
		p.at += 2
		p.out.WriteString(`\z`)
		return nil
	case c >= '1' && c <= '9' && !inSet:
		return fmt.Errorf("\\%c at position %d: %s", c, p.at, lookaround)
	case c >= '0' && c <= '9', strings.IndexByte("AbBdDsSwWabfnrtvx", c) >= 0, c >= 0x80:
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		return fmt.Errorf("bad escape \\%c at position %d", c, p.at)
	}
	if c >= 0x80 {
		p.at++ // the backslash means nothing before such a letter
		return nil
	}
	p.take(2)
	return nil
}

// set copies [...], where Python knows no class such as [:alpha:].
func (p *python) set() error {
	begin := p.at
	p.take(1)
	if strings.HasPrefix(p.rest(), "^") {
		p.take(1)
	}
	for first := true; p.at < len(p.in); first = false {
		switch c := p.in[p.at]; {
		case c == ']' && !first:
			p.take(1)
			return nil
		case c == '\\':
			if err := p.escape(true); err != nil {
				return err
			}
		case c == '[' || c == ']':
			p.out.WriteString(`\`)
			p.take(1)
		default:
			p.take(1)
		}
	}
	return fmt.Errorf("unterminated character set at position %d", begin)
}

// extension copies the beginning of a group (?…
func (p *python) extension() error {
	rest := p.rest()
	for _, no := range []string{"(?=", "(?!", "(?<=", "(?<!", "(?P=", "(?("} {
		if strings.HasPrefix(rest, no) {
			return fmt.Errorf("%s at position %d: %s", no, p.at, lookaround)
		}
	}
	if strings.HasPrefix(rest, "(?#") {
		end := strings.IndexByte(rest, ')')
		if end < 0 {
			return fmt.Errorf("missing ), unterminated comment at position %d", p.at)
		}
		p.at += end + 1
		return nil
	}
	if strings.HasPrefix(rest, "(?:") || strings.HasPrefix(rest, "(?P<") {
		p.depth++
		p.take(3)
		return nil
	}
	return p.options(rest)
}

// options reads (?ims) and (?ims:…).
func (p *python) options(rest string) error {
	n := 2 + len(rest[2:]) - len(strings.TrimLeft(rest[2:], "aiLmsux-"))
	if n == len(rest) || rest[n] != ')' && rest[n] != ':' || n == 2 {
		return fmt.Errorf("unknown extension at position %d: %s", p.at, rest[:min(n+1, len(rest))])
	}
	letters := rest[2:n]
	if strings.Contains(letters, "x") {
		p.verbose = true
	}
	kept := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ims-", r) {
			return r
		}
		return -1
	}, letters)
	switch {
	case rest[n] == ':':
		p.depth++
		p.out.WriteString("(?" + kept + ":")
	case p.at != 0:
		return fmt.Errorf("global flags not at the start of the expression at position %d", p.at)
	case kept != "":
		p.flags = "(?" + kept + ")"
	}
	p.at += n + 1
	return nil
}
