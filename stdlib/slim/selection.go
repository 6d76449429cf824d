package slim

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"graft/stdlib/graph"
)

// RestoreOption narrows what VariablesToRestore takes; Include and Exclude
// make them.
type RestoreOption struct{ include, exclude []string }

// Include takes only the variables that one of the patterns matches. A
// pattern is a regular expression that must match from the start of the name.
func Include(patterns ...string) RestoreOption { return RestoreOption{include: patterns} }

// Exclude leaves out the variables that one of the patterns matches. A
// pattern is a regular expression that must match from the start of the name.
func Exclude(patterns ...string) RestoreOption { return RestoreOption{exclude: patterns} }

// Selection is a choice of variables to restore, what they are called in the
// checkpoint, and why others are not in it.
type Selection struct {
	// Variables are those to restore, in the order of their making.
	Variables []*graph.Variable
	// Keys are what the Variables are called in the checkpoint, one each. nil:
	// by their own names, parts by the whole's.
	Keys []string
	// Excluded are those left out, each with the pattern that did it; ""
	// where no Include took it.
	Excluded []Excluded
	// Patterns are all that were given, with how many variables each matched.
	Patterns []Pattern
}

// Excluded is a variable that a Selection leaves out.
type Excluded struct {
	Variable *graph.Variable
	Pattern  string
}

// Pattern is a pattern and the number of variables that it matched.
type Pattern struct {
	Text    string
	Exclude bool
	Matches int
}

// Select is the choice of given variables, looked up under their own names. An
// empty list, a nil variable and variables of several graphs are errors.
func Select(vars ...*graph.Variable) (*Selection, error) {
	s := &Selection{Variables: vars}
	return s, s.check()
}

// SelectAs is the choice of given variables, by what they are called in the
// checkpoint; parts of one variable share its name. Errors are those of
// Select.
func SelectAs(vars map[string][]*graph.Variable) (*Selection, error) {
	s := &Selection{Keys: []string{}}
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		for _, v := range vars[key] {
			s.Variables, s.Keys = append(s.Variables, v), append(s.Keys, key)
		}
	}
	return s, s.check()
}

func (s *Selection) check() error {
	if s == nil || len(s.Variables) == 0 {
		return fmt.Errorf("slim: the selection is empty: there are no variables to restore")
	}
	for i, v := range s.Variables {
		if v == nil {
			return fmt.Errorf("slim: variable %d of the selection is nil", i)
		}
		if v.Graph() != s.Variables[0].Graph() {
			return fmt.Errorf("slim: %s and %s of the selection are of different graphs", s.Variables[0].Name(), v.Name())
		}
	}
	if s.Keys != nil && len(s.Keys) != len(s.Variables) {
		return fmt.Errorf("slim: the selection has %d variables and %d keys", len(s.Variables), len(s.Keys))
	}
	return nil
}

// key is what variable i is called in the checkpoint.
func (s *Selection) key(i int) string {
	if s.Keys != nil {
		return s.Keys[i]
	}
	return s.Variables[i].FullName()
}

// Rename is the selection in which names that begin with here are looked up in
// the checkpoint with there in its place: Rename("my/", "vgg_16/"). The text is
// taken letter by letter. One that no name begins with is a
// *graph.NoMatchError.
func (s *Selection) Rename(here, there string) (*Selection, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	out := *s
	out.Keys = make([]string, len(s.Variables))
	found := false
	for i := range s.Variables {
		rest, ok := strings.CutPrefix(s.key(i), here)
		if found = found || ok; ok {
			out.Keys[i] = there + rest
		} else {
			out.Keys[i] = s.key(i)
		}
	}
	if !found {
		return nil, graph.NoMatch("the selection", regexp.QuoteMeta(here), names(s.Variables))
	}
	return &out, nil
}

// GetVariablesToRestore is slim.get_variables_to_restore to the letter: all
// global variables, those of optimizers and the global step among them; with
// include, those that each pattern matches, one list behind the other, so that
// a variable may stand there twice; without those that a pattern of exclude
// matches. Patterns that match nothing pass, an include without patterns takes
// nothing, and "" matches everything.
//
// VariablesToRestore is what you want unless you count on any of this.
func GetVariablesToRestore(g *graph.Graph, include, exclude []string) ([]*graph.Variable, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	all, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	taken := all
	if include != nil {
		taken = nil
		for _, p := range include {
			if taken, err = appendMatches(taken, all, p); err != nil {
				return nil, err
			}
		}
	}
	var left []*graph.Variable
	for _, p := range exclude {
		if left, err = appendMatches(left, all, p); err != nil {
			return nil, err
		}
	}
	out := []*graph.Variable{}
	for _, v := range taken {
		if !slices.Contains(left, v) {
			out = append(out, v)
		}
	}
	return out, nil
}

// appendMatches appends those of all that the pattern matches.
func appendMatches(list, all []*graph.Variable, pattern string) ([]*graph.Variable, error) {
	re, err := graph.Prefix(pattern)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if re.MatchString(v.Name() + ":0") {
			list = append(list, v)
		}
	}
	return list, nil
}

// VariablesToRestore chooses the variables to restore from a checkpoint: the
// graph's model variables or, if it has none, all its global variables
// without those that optimizers keep.
//
// In TF-Slim (slim.get_variables_to_restore) a pattern that matches nothing
// passes without a word. Here it is a *graph.NoMatchError that says what was
// probably meant. Other errors: a graph without variables, a pattern that is
// no regular expression.
func VariablesToRestore(g *graph.Graph, options ...RestoreOption) (*Selection, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	all, err := restorable(g)
	if err != nil {
		return nil, err
	}
	var include, exclude []string
	for _, o := range options {
		include, exclude = append(include, o.include...), append(exclude, o.exclude...)
	}
	s := &Selection{}
	in, err := s.match(all, include, false)
	if err != nil {
		return nil, err
	}
	out, err := s.match(all, exclude, true)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		by, excluded := out[v]
		if _, included := in[v]; !included && len(include) > 0 {
			by, excluded = "", true
		}
		if excluded {
			s.Excluded = append(s.Excluded, Excluded{v, by})
		} else {
			s.Variables = append(s.Variables, v)
		}
	}
	return s, nil
}

func restorable(g *graph.Graph) ([]*graph.Variable, error) {
	all, err := g.Collection(graph.ModelVariables, "")
	if err != nil || len(all) > 0 {
		return all, err
	}
	globals, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	for _, v := range globals {
		if !isSlot(v) {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("slim: the graph has no variables yet: build the net first, then choose what to restore")
	}
	return all, nil
}

func isSlot(v *graph.Variable) bool {
	for _, k := range v.Collections() {
		if k == graph.OptimizerVariables {
			return true
		}
	}
	return false
}

// match maps each variable that one of the patterns matches to the first that
// does.
func (s *Selection) match(all []*graph.Variable, patterns []string, exclude bool) (map[*graph.Variable]string, error) {
	found := map[*graph.Variable]string{}
	for _, p := range patterns {
		re, err := graph.Prefix(p)
		if err != nil {
			return nil, err
		}
		n := 0
		for _, v := range all {
			if re.MatchString(v.Name() + ":0") {
				n++
				if _, ok := found[v]; !ok {
					found[v] = p
				}
			}
		}
		if n == 0 {
			return nil, graph.NoMatch("variables to restore", p, names(all))
		}
		s.Patterns = append(s.Patterns, Pattern{p, exclude, n})
	}
	return found, nil
}

// String is a line: how many variables, how many excluded, by which patterns.
func (s *Selection) String() string {
	var by []string
	for _, p := range s.Patterns {
		verb := "include"
		if p.Exclude {
			verb = "exclude"
		}
		by = append(by, fmt.Sprintf("%s %q matched %d", verb, p.Text, p.Matches))
	}
	text := fmt.Sprintf("%d variables to restore, %d left out", len(s.Variables), len(s.Excluded))
	if len(by) > 0 {
		text += " (" + strings.Join(by, "; ") + ")"
	}
	return text
}
