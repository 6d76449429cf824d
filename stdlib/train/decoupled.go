package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/stdlib/graph"
)

// AdamW is Adam with decoupled weight decay (Loshchilov and Hutter,
// arXiv:1711.05101): each step also subtracts rate·weightDecay times the
// variable from it, as PyTorch and Keras do. (tf.contrib.opt.AdamWOptimizer
// leaves the rate out of that product.) It keeps the slots AdamW and AdamW_1.
// weightDecay is at least 0; PyTorch's default is 0.01.
func AdamW(rate, weightDecay float64) *Optimizer {
	o := Adam(rate)
	o.rule.name = "AdamW"
	return o.WeightDecay(WeightDecayOptions{Decay: weightDecay})
}

// WeightDecayOptions are the settings of Optimizer.WeightDecay.
type WeightDecayOptions struct {
	// Decay times the learning rate is the part of a variable that each step
	// takes away; at least 0.
	Decay float64
	// SkipNormsAndBiases leaves variables alone that have fewer than two axes:
	// beta and gamma of normalisations, and biases.
	SkipNormsAndBiases bool
}

// WeightDecay is the optimizer with decoupled weight decay: unlike a
// regularizer's penalty it is no part of the loss, and the optimizer does not
// scale it. With plain GradientDescent both are the same.
func (o *Optimizer) WeightDecay(d WeightDecayOptions) *Optimizer {
	out := *o
	out.decay = d
	return &out
}

// decays reports whether a variable is one that decays.
func (o *Optimizer) decays(v *graph.Variable) bool {
	return o.decay.Decay != 0 && !(o.decay.SkipNormsAndBiases && len(v.Shape()) < 2)
}

// RateMultipliers is the optimizer with learning rates of their own for the
// variables in some scopes: its rate times the multiplier. A scope is a
// variable's name or the first segments of it, as far as a slash; of several
// that hold a variable the longest counts. Unlike TF-Slim's gradient
// multipliers this works with every optimizer: Adam and its like take any
// factor out of the gradients again.
//
// Errors, when the step is built: a multiplier below 0, a scope that holds
// none of the trained variables.
func (o *Optimizer) RateMultipliers(multipliers map[string]float64) *Optimizer {
	out := *o
	out.factors = maps.Clone(multipliers)
	return &out
}

func (o *Optimizer) checkDecay() error {
	if !(o.decay.Decay >= 0) {
		return fmt.Errorf("train: %s: weight decay %g must be at least 0", o.rule.name, o.decay.Decay)
	}
	for _, scope := range slices.Sorted(maps.Keys(o.factors)) {
		if !(o.factors[scope] >= 0) {
			return fmt.Errorf("train: %s: the rate multiplier of %s is %g, it must be at least 0", o.rule.name, scope, o.factors[scope])
		}
	}
	return nil
}

// inScope reports whether a name is a scope, or in it.
func inScope(name, scope string) bool {
	scope = strings.TrimSuffix(scope, "/")
	return name == scope || strings.HasPrefix(name, scope+"/")
}

// byScope is the number of the longest scope that holds a name, 1 if none
// does.
func byScope(numbers map[string]float64, name string) (by float64, scope string) {
	by = 1
	for s, x := range numbers {
		if inScope(name, s) && len(s) >= len(scope) {
			by, scope = x, s
		}
	}
	return by, scope
}

// unused is an error that names the scopes which hold none of the variables.
func unused(what string, numbers map[string]float64, vars []*graph.Variable) error {
	var left []string
	for s := range numbers {
		if !slices.ContainsFunc(vars, func(v *graph.Variable) bool { return inScope(v.Name(), s) }) {
			left = append(left, s)
		}
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(left)
	return fmt.Errorf("train: %s for %v: none of the %d trained variables is called so or stands in a scope of that name; the first is %s", what, left, len(vars), vars[0].Name())
}

// LayerRates makes RateMultipliers that fall by a factor from layer to layer,
// from the last of vars, which has 1, towards the input (Howard and Ruder,
// arXiv:1801.06146, section 3.2, where factor is 2.6). A layer is the scope
// that a variable stands in, without BatchNorm. A factor below 1 is an error.
func LayerRates(factor float64, vars ...*graph.Variable) (map[string]float64, error) {
	if !(factor >= 1) || len(vars) == 0 {
		return nil, fmt.Errorf("train: layer rates of %d variables by the factor %g: some variables and at least 1 are wanted", len(vars), factor)
	}
	out, rate := map[string]float64{}, 1.0
	for _, v := range slices.Backward(parts(vars)) {
		if v == nil {
			return nil, fmt.Errorf("train: layer rates: a variable is nil")
		}
		layer := layerOf(v.Name())
		if _, known := out[layer]; !known {
			out[layer] = rate
			rate /= factor
		}
	}
	return out, nil
}
