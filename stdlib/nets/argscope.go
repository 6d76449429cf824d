package nets

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// ArgScope puts the arg scope of the net of that name on s
// (nets_factory.arg_scopes_map: vgg_arg_scope, inception_arg_scope,
// training_scope, …), for layers of one's own beside the net's or on top of
// it:
//
//	s, err := nets.ArgScope(g.Scope(), "inception_v3", nets.Config{IsTraining: true})
//	net, err := slim.Conv2D(s, endPoints["Mixed_7c"], 256, []int{1, 1}, slim.Args{Scope: "extra"})
//
// Build applies it by itself. Of Config only the arguments of arg scopes are
// taken: IsTraining, which holds for batch normalisation and dropout and is
// false by default, and those of WeightDecay, Stddev, Activation, Normalizer
// and the BatchNorm options that the net has. The arg scope of the MobileNets
// V2 and V3 is training_scope, with KeepProb, WeightDecay, Stddev and
// BatchNormDecay: gamma and the activation are their layers' own. Errors: an unknown name, another option, a value out of
// range.
func ArgScope(s graph.Scope, name string, c Config) (graph.Scope, error) {
	n, err := find(name)
	if err != nil {
		return s, err
	}
	if s.Graph() == nil {
		return s, fmt.Errorf("nets: the arg scope of %s: the scope is of no graph", name)
	}
	takes := n.argOptions()
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if field := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(takes, field) {
			return s, fmt.Errorf("nets: the arg scope of %s has no %s; it has %s", name, field, strings.Join(takes, ", "))
		}
	}
	if c, err = n.configured(c); err != nil {
		return s, fmt.Errorf("nets: the arg scope of %s: %w", name, err)
	}
	b := &builder{c: c, s: s}
	b.args(slim.Args{IsTraining: slim.Of(c.IsTraining)}, slim.LayerBatchNorm, slim.LayerDropout)
	n.arguments(b)
	if b.err != nil {
		return s, fmt.Errorf("nets: the arg scope of %s: %w", name, b.err)
	}
	return b.s, nil
}

// argOptions are the net's options that are its arg scope's. Of the MobileNets
// V2 and V3 some are the layers', which come over it.
func (n *spec) argOptions() []string {
	all := []string{"IsTraining", "WeightDecay", "Stddev", "BatchNormDecay"}
	if n.headAnywhere && n.Frames == 0 {
		return append(all, "KeepProb")
	}
	all = append(all, "RegularizeDepthwise", "Activation", "UseBatchNorm", "Normalizer", "Groups", "BatchNormEpsilon", "BatchNormScale",
		"BatchNormUpdatesCollections", "BatchNormUpdatesInPlace", "BatchNormRenorm")
	has := n.options()
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(has, name) })
}
