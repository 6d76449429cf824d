package history

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Tail returns the last n entries, oldest first.
func (s *Store) Tail(n int) []Entry {
	entries, _ := s.all()
	return last(entries, n)
}

// Range returns the lines from start up to, not including, stop of a session:
// 0 is this one, -1 the one before. A negative stop means to the end.
func (s *Store) Range(session, start, stop int) []Entry {
	entries, current := s.all()
	if session <= 0 {
		session += current
	}
	var out []Entry
	for _, e := range entries {
		if e.Session == session && e.Line >= start && (stop < 0 || e.Line < stop) {
			out = append(out, e)
		}
	}
	return out
}

// Search returns the last n entries, oldest first, whose whole source matches
// a pattern in which * stands for any text, ? for any character and [abc] for
// one of some. A negative n means all. With unique, of equal sources only
// the newest counts.
func (s *Store) Search(pattern string, n int, unique bool) ([]Entry, error) {
	re, err := glob(pattern)
	if err != nil {
		return nil, err
	}
	entries, _ := s.all()
	seen := map[string]bool{}
	var found []Entry // newest first
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if !re.MatchString(e.Source) || unique && seen[e.Source] {
			continue
		}
		seen[e.Source] = true
		found = append(found, e)
	}
	if n >= 0 && n < len(found) {
		found = found[:n]
	}
	out := make([]Entry, len(found))
	for i, e := range found {
		out[len(found)-1-i] = e
	}
	return out, nil
}

func last(entries []Entry, n int) []Entry {
	if n < 0 || n > len(entries) {
		n = len(entries)
	}
	return entries[len(entries)-n:]
}

// glob translates a pattern as SQLite's GLOB, which ipykernel uses, reads it.
func glob(pattern string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for rest := pattern; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		text := rest[:size]
		rest = rest[size:]
		switch end := strings.IndexByte(rest, ']'); {
		case r == '*':
			b.WriteString(`.*`)
		case r == '?':
			b.WriteString(`.`)
		case r == '[' && end > 0:
			b.WriteString(class(rest[:end]))
			rest = rest[end+1:]
		default:
			b.WriteString(regexp.QuoteMeta(text))
		}
	}
	b.WriteString(`\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("history: pattern %q: %w", pattern, err)
	}
	return re, nil
}

// class translates what stands between brackets; ^ in front negates.
func class(s string) string {
	s, not := strings.CutPrefix(s, "^")
	s = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `^`, `\^`).Replace(s)
	if not {
		return "[^" + s + "]"
	}
	return "[" + s + "]"
}
