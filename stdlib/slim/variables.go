package slim

import (
	"fmt"
	"regexp"
	"strings"

	"graft/stdlib/graph"
)

// Variable is a variable in the collection GlobalVariables
// (tf.contrib.framework.variable). Errors are those of Scope.GetVariable.
func Variable(s graph.Scope, name string, opt graph.VariableOptions) (*graph.Variable, error) {
	opt.Collections = withKeys(opt.Collections, graph.GlobalVariables)
	return s.GetVariable(name, opt)
}

// ModelVariable is a variable that belongs to a model: it is in the
// collections GlobalVariables and ModelVariables (slim.model_variable).
// Errors are those of Scope.GetVariable.
func ModelVariable(s graph.Scope, name string, opt graph.VariableOptions) (*graph.Variable, error) {
	opt.Collections = withKeys(opt.Collections, graph.GlobalVariables, graph.ModelVariables)
	return s.GetVariable(name, opt)
}

func withKeys(keys []string, more ...string) []string {
	out := append([]string{}, keys...)
next:
	for _, k := range more {
		for _, old := range keys {
			if old == k {
				continue next
			}
		}
		out = append(out, k)
	}
	return out
}

// GetVariables lists the variables of GlobalVariables whose names begin with
// scope and end with suffix (slim.get_variables). Both are regular
// expressions; "" takes all. No match is a *graph.NoMatchError.
func GetVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return get(g, scope, suffix, graph.GlobalVariables)
}

// GetModelVariables is GetVariables of ModelVariables.
func GetModelVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return get(g, scope, suffix, graph.ModelVariables)
}

// GetTrainableVariables is GetVariables of TrainableVariables.
func GetTrainableVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return get(g, scope, suffix, graph.TrainableVariables)
}

// GetLocalVariables is GetVariables of LocalVariables.
func GetLocalVariables(g *graph.Graph, scope, suffix string) ([]*graph.Variable, error) {
	return get(g, scope, suffix, graph.LocalVariables)
}

func get(g *graph.Graph, scope, suffix, key string) ([]*graph.Variable, error) {
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

// FilterVariables keeps of vars those that match one of include, or all when
// there is none, and none of exclude (slim.filter_variables). The patterns
// are regular expressions that may match anywhere in the name. A pattern of
// either list that matches nothing is a *graph.NoMatchError.
func FilterVariables(vars []*graph.Variable, include, exclude []string) ([]*graph.Variable, error) {
	in, err := matchers(vars, include)
	if err != nil {
		return nil, err
	}
	out, err := matchers(vars, exclude)
	if err != nil {
		return nil, err
	}
	kept := []*graph.Variable{}
	for _, v := range vars {
		if (len(in) == 0 || anyMatches(in, v)) && !anyMatches(out, v) {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

func matchers(vars []*graph.Variable, patterns []string) ([]*regexp.Regexp, error) {
	var out []*regexp.Regexp
	for _, p := range patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("slim: pattern %q: %w", p, err)
		}
		found := false
		for _, v := range vars {
			found = found || re.MatchString(v.Name())
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
		if re.MatchString(v.Name()) {
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
