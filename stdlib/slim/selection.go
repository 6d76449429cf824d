package slim

import (
	"fmt"
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

// Selection is a choice of variables to restore, and why others are not in it.
type Selection struct {
	// Variables are those to restore, in the order of their making.
	Variables []*graph.Variable
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
