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

// suggest looks for the pattern inside the names and, where it is in none, for
// what is spelt almost like it.
func suggest(pattern string, names []string) []suggestion {
	word := strings.Trim(pattern, "/")
	if word == "" {
		return nil
	}
	var found []string
	if inside, err := regexp.Compile(`^(.*?(?:^|/)` + word + `[^/:]*)`); err == nil {
		for _, n := range names {
			if m := inside.FindString(strings.TrimSuffix(n, ":0")); m != "" {
				found = append(found, m)
			}
		}
	}
	if len(found) == 0 {
		found = spelt(word, names)
	}
	var out []suggestion
	for _, p := range found {
		if len(out) == 3 || slices.ContainsFunc(out, func(s suggestion) bool { return s.pattern == p }) {
			continue
		}
		count := 0
		for _, n := range names {
			if strings.HasPrefix(n, p) {
				count++
			}
		}
		out = append(out, suggestion{p, count})
	}
	return out
}

// spelt are the patterns that need the fewest slips to become word, the longest
// first, one for each name: a scope, by its path or by its own name, or the beginning of a
// name, which as a pattern is as good.
func spelt(word string, names []string) (found []string) {
	least := 2*max(1, len(word)/4) + 1
	for _, n := range names {
		n = strings.TrimSuffix(n, ":0")
		best, rank := "", least+1
		try := func(pattern, as string, more int) {
			if r := 2*slips(as, word, least/2) + more; r < rank {
				best, rank = pattern, r
			}
		}
		segments := strings.Split(n, "/")
		for i, segment := range segments {
			path := strings.Join(segments[:i+1], "/")
			try(path, path, 0)
			try(path, segment, 0)
		}
		for size := min(len(word)+1, len(n)); size >= max(4, len(word)-1); size-- { // a letter that was left out first
			try(n[:size], n[:size], 1)
		}
		if rank < least {
			found, least = nil, rank
		}
		if rank == least {
			found = append(found, best)
		}
	}
	slices.SortStableFunc(found, func(a, b string) int { return len(b) - len(a) })
	return found
}

// slips counts the letters put in, left out, changed or swapped that make b of
// a; more than most is not told apart.
func slips(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	return edlib.OSADamerauLevenshteinDistance(a, b)
}
