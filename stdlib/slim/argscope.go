package slim

import (
	"fmt"
	"slices"

	"graft/stdlib/graph"
)

const argsKey = "slim.args/"

// ArgScope returns the scope with other defaults for the named layers
// (slim.arg_scope). Inside it, what a call gives counts most, then the
// innermost arg scope. Errors: no layer, an unknown one, an argument that one
// of the layers does not have.
func ArgScope(s graph.Scope, args Args, layers ...Layer) (graph.Scope, error) {
	if len(layers) == 0 {
		return s, fmt.Errorf("slim: an arg scope for no layer: name those that it is for behind the Args, such as slim.LayerConv2D")
	}
	for _, l := range layers {
		if err := check(l, args); err != nil {
			return s, err
		}
	}
	for _, l := range layers {
		s = s.With(argsKey+string(l), merge(current(s, l), args))
	}
	return s, nil
}

// ReuseArgScope returns the scope with the arg scopes of one that was captured
// before (slim.arg_scope(captured)), and without its own. A captured scope is
// the value that ArgScope returned.
func ReuseArgScope(s, captured graph.Scope) graph.Scope { return s.WithSettingsOf(captured) }

// HasArgScope says whether a layer takes arg scopes (slim.has_arg_scope).
func HasArgScope(l Layer) bool { return accepts[l] != nil }

// ArgScopedArguments are the arguments that an arg scope can give a layer, by
// the names of the fields of Args, sorted (slim.arg_scoped_arguments). A layer
// that there is not is an error.
func ArgScopedArguments(l Layer) ([]string, error) {
	if accepts[l] == nil {
		return nil, fmt.Errorf("slim: %q is not decorated with @add_arg_scope: there is no such layer", string(l))
	}
	return slices.Sorted(slices.Values(accepts[l])), nil
}

// CurrentArgScope are the arguments that the scope gives a layer
// (slim.current_arg_scope).
func CurrentArgScope(s graph.Scope, l Layer) Args { return current(s, l) }
