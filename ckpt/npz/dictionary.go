package npz

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseDictionary reads the header's dictionary, a Python literal of three
// keys, and returns descr. It is not for Python in general: what NumPy never
// writes is an error.
func (h *header) parseDictionary(b []byte) (descr string, err error) {
	p := literal{bytes.TrimRight(b, " \n")}
	seen := map[string]bool{}
	if err := p.expect('{'); err != nil {
		return "", err
	}
	for !p.next('}') {
		key, err := p.text()
		if err != nil {
			return "", err
		}
		if seen[key] {
			return "", fmt.Errorf("%q is there twice", key)
		}
		seen[key] = true
		if err := p.expect(':'); err != nil {
			return "", err
		}
		switch key {
		case "descr":
			if p.peek() == '[' {
				return "", errors.New("it is an array of records, which is no tensor")
			}
			descr, err = p.text()
		case "fortran_order":
			h.fortran, err = p.boolean()
		case "shape":
			h.shape, err = p.tuple()
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return "", err
		}
		if !p.next(',') && p.peek() != '}' {
			return "", p.unexpected("',' or '}'")
		}
	}
	switch {
	case len(p.rest) > 0:
		return "", p.unexpected("the end")
	case len(seen) != 3:
		return "", errors.New("descr, fortran_order and shape are wanted")
	}
	return descr, nil
}

// literal is what is left to read.
type literal struct{ rest []byte }

func (p *literal) peek() byte {
	p.rest = bytes.TrimLeft(p.rest, " \t\n")
	if len(p.rest) == 0 {
		return 0
	}
	return p.rest[0]
}

func (p *literal) next(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *literal) expect(c byte) error {
	if !p.next(c) {
		return p.unexpected(strconv.QuoteRune(rune(c)))
	}
	return nil
}

func (p *literal) unexpected(want string) error {
	return fmt.Errorf("%.20q stands where %s should", p.rest, want)
}

// text is a string without escapes.
func (p *literal) text() (string, error) {
	quote := p.peek()
	if quote != '\'' && quote != '"' {
		return "", p.unexpected("a string")
	}
	s, rest, ok := strings.Cut(string(p.rest[1:]), string(quote))
	if !ok || strings.ContainsAny(s, "\\\n") {
		return "", p.unexpected("a plain string")
	}
	p.rest = []byte(rest)
	return s, nil
}

func (p *literal) boolean() (bool, error) {
	p.peek()
	for word, value := range map[string]bool{"True": true, "False": false} {
		if rest, ok := bytes.CutPrefix(p.rest, []byte(word)); ok {
			p.rest = rest
			return value, nil
		}
	}
	return false, p.unexpected("True or False")
}

// tuple is one of sizes; Python 2 wrote them with an L.
func (p *literal) tuple() (shape []int, err error) {
	if err := p.expect('('); err != nil {
		return nil, err
	}
	for !p.next(')') {
		p.peek()
		digits := 0
		for digits < len(p.rest) && p.rest[digits] >= '0' && p.rest[digits] <= '9' {
			digits++
		}
		n, err := strconv.ParseInt(string(p.rest[:digits]), 10, 62)
		if err != nil {
			return nil, p.unexpected("a size")
		}
		shape, p.rest = append(shape, int(n)), bytes.TrimPrefix(p.rest[digits:], []byte("L"))
		if !p.next(',') && p.peek() != ')' {
			return nil, p.unexpected("',' or ')'")
		}
	}
	return shape, nil
}
