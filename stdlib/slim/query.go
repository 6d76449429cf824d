package slim

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"graft/stdlib/graph"
)

// GetVariables lists the variables of GlobalVariables whose names begin with
// scope and end with suffix (slim.get_variables). Both are regular
// expressions; "" takes all. No match is a *graph.NoMatchError.
func GetVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return GetVariablesIn(g, graph.GlobalVariables, scope, suffix)
}

// GetModelVariables is GetVariables of ModelVariables.
func GetModelVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return GetVariablesIn(g, graph.ModelVariables, scope, suffix)
}

// GetTrainableVariables is GetVariables of TrainableVariables.
func GetTrainableVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return GetVariablesIn(g, graph.TrainableVariables, scope, suffix)
}

// GetLocalVariables is GetVariables of LocalVariables.
func GetLocalVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return GetVariablesIn(g, graph.LocalVariables, scope, suffix)
}

// GetVariablesIn is GetVariables of any collection
// (slim.get_variables(collection=…)). As in TF-Slim the suffix is put behind
// the scope as it stands, so that an alternation without parentheses has it on
// its last branch only: write (A|B).
func GetVariablesIn(g *graph.Graph, key, scope, suffix string) ([]*graph.Variable, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	if suffix != "" {
		if !strings.Contains(suffix, ":") {
			suffix += ":"
		}
		scope += ".*" + suffix
	}
	return g.Collection(key, scope)
}

// GetVariablesBySuffix lists the variables whose names end with suffix: "a"
// takes "fooa" too (slim.get_variables_by_suffix).
func GetVariablesBySuffix(g *graph.Graph, suffix, scope string) ([]*graph.Variable, error) {
	return GetVariables(g, scope, suffix)
}

// GetVariablesByName lists the variables whose last name is given: "a" takes
// "A/a" and not "A/fooa" (slim.get_variables_by_name). As in TF-Slim a
// variable outside all scopes is found whatever scope says.
func GetVariablesByName(g *graph.Graph, name, scope string) ([]*graph.Variable, error) {
	if g == nil {
		return nil, fmt.Errorf("slim: the graph is nil")
	}
	re, err := graph.Prefix(scope + ".*/" + name + ":|^" + name + ":")
	if err != nil {
		return nil, err
	}
	all, err := g.Collection(graph.GlobalVariables, "")
	if err != nil {
		return nil, err
	}
	var out []*graph.Variable
	for _, v := range all {
		if re.MatchString(v.Name() + ":0") {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return nil, graph.NoMatch(graph.GlobalVariables, name, names(all))
	}
	return out, nil
}

// GetUniqueVariable is the variable of exactly that name
// (slim.get_unique_variable). Errors: no variable whose name begins so, or
// only others that do.
func GetUniqueVariable(g *graph.Graph, name string) (*graph.Variable, error) {
	candidates, err := GetVariables(g, name, "")
	if no := (*graph.NoMatchError)(nil); errors.As(err, &no) {
		return nil, fmt.Errorf("slim: Couldn't find variable %s: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	for _, v := range candidates {
		if v.Name() == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("slim: Variable %s does not uniquely identify a variable: %d names begin so, such as %v", name, len(candidates), first(names(candidates)))
}

func first(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return list[0]
}

// FilterOptions say what FilterVariablesWith keeps.
type FilterOptions struct {
	// Include are patterns of which one must match. nil takes all variables,
	// a list without any takes none.
	Include []string
	// Exclude are patterns of which none may match.
	Exclude []string
	// Match makes the patterns match from the start of the name; otherwise they
	// may match anywhere in it (reg_search=False).
	Match bool
	// AllowNoMatch lets patterns pass that match nothing, as TF-Slim does.
	AllowNoMatch bool
}

// FilterVariables keeps of vars those that match one of include, or all when
// it is nil, and none of exclude (slim.filter_variables). The patterns are
// regular expressions that may match anywhere in the name, which ends in ":0".
// A pattern of either list that matches nothing is a *graph.NoMatchError.
func FilterVariables(vars []*graph.Variable, include, exclude []string) ([]*graph.Variable, error) {
	return FilterVariablesWith(vars, FilterOptions{Include: include, Exclude: exclude})
}

// FilterVariablesWith is FilterVariables with all of TF-Slim's options.
func FilterVariablesWith(vars []*graph.Variable, opt FilterOptions) ([]*graph.Variable, error) {
	for i, v := range vars {
		if v == nil {
			return nil, fmt.Errorf("slim: filter: variable %d of the list is nil", i)
		}
	}
	in, err := opt.matchers(vars, opt.Include)
	if err != nil {
		return nil, err
	}
	out, err := opt.matchers(vars, opt.Exclude)
	if err != nil {
		return nil, err
	}
	kept := []*graph.Variable{}
	for _, v := range vars {
		if (opt.Include == nil || anyMatches(in, v)) && !anyMatches(out, v) {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

func (opt FilterOptions) matchers(vars []*graph.Variable, patterns []string) ([]*regexp.Regexp, error) {
	read := graph.Search
	if opt.Match {
		read = graph.Prefix
	}
	var out []*regexp.Regexp
	for _, p := range patterns {
		re, err := read(p)
		if err != nil {
			return nil, err
		}
		found := opt.AllowNoMatch
		for _, v := range vars {
			found = found || re.MatchString(v.Name()+":0")
		}
		if !found {
			return nil, graph.NoMatch("the given list", p, names(vars))
		}
		out = append(out, re)
	}
	return out, nil
}

func anyMatches(res []*regexp.Regexp, v *graph.Variable) bool {
	for _, re := range res {
		if re.MatchString(v.Name() + ":0") {
			return true
		}
	}
	return false
}

func names(vars []*graph.Variable) []string {
	out := make([]string, len(vars))
	for i, v := range vars {
		out[i] = v.Name()
	}
	return out
}
