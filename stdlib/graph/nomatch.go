package graph

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"
)

// NoMatchError says that a pattern matched none of a collection's names, and
// what was probably meant.
type NoMatchError struct {
	Collection  string
	Pattern     string
	Size        int      // of the collection
	Suggestions []string // patterns that match something, with their counts
	Roots       []string // the outermost scopes of the collection's names
}

func (e *NoMatchError) Error() string {
	msg := fmt.Sprintf("graph: pattern %q matches none of the %d variables in %q (it must match from the start of the name)", e.Pattern, e.Size, e.Collection)
	switch {
	case len(e.Suggestions) > 0:
		msg += "; did you mean " + strings.Join(e.Suggestions, " or ") + "?"
	case len(e.Roots) > 0:
		msg += "; its names begin with " + strings.Join(firstFew(e.Roots, 6), ", ")
	}
	return msg
}

// NoMatch makes the error for a pattern that matched none of names.
func NoMatch(key, pattern string, names []string) *NoMatchError {
	e := &NoMatchError{Collection: key, Pattern: pattern, Size: len(names)}
	for _, n := range names {
		root, _, _ := strings.Cut(strings.TrimSuffix(n, ":0"), "/")
		if !slices.Contains(e.Roots, root) {
			e.Roots = append(e.Roots, root)
		}
	}
	for _, s := range suggest(pattern, names) {
		e.Suggestions = append(e.Suggestions, fmt.Sprintf("%q (matches %d)", s.pattern, s.count))
	}
	return e
}

type suggestion struct {
	pattern string
	count   int
}

// suggest looks for the pattern inside the names, and for whole scopes that
// are spelt almost like it.
func suggest(pattern string, names []string) []suggestion {
	word := strings.Trim(pattern, "/")
	if word == "" {
		return nil
	}
	counts, order := map[string]int{}, []string{}
	add := func(p string) {
		if counts[p] == 0 {
			order = append(order, p)
		}
		counts[p]++
	}
	inside, within := regexp.Compile(`^(.*?(?:^|/)` + word + `[^/:]*)`)
	near, most := []string{}, max(1, len(word)/4)
	for _, n := range names {
		n = strings.TrimSuffix(n, ":0")
		if within == nil {
			if m := inside.FindString(n); m != "" {
				add(m)
				continue
			}
		}
		segments := strings.Split(n, "/")
		for i := range segments {
			for _, candidate := range []string{strings.Join(segments[:i+1], "/"), segments[i]} {
				if slips(candidate, word, most) <= most {
					near = append(near, strings.Join(segments[:i+1], "/"))
				}
			}
		}
	}
	if len(order) == 0 {
		for _, p := range near {
			add(p)
		}
	}
	var out []suggestion
	for _, p := range order[:min(3, len(order))] {
		out = append(out, suggestion{p, counts[p]})
	}
	return out
}

// slips counts the letters put in, left out, changed or swapped that make b of
// a; more than most is not told apart.
func slips(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	return edlib.OSADamerauLevenshteinDistance(a, b)
}
