package slim

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"graft/stdlib/graph"
)

// Bool is an argument of a layer that is on, off or not given.
type Bool int

// The values of a Bool; its zero value is "not given".
const (
	False Bool = -1
	True  Bool = 1
)

// Of makes a Bool of a bool.
func Of(b bool) Bool {
	if b {
		return True
	}
	return False
}

func (b Bool) or(otherwise bool) bool {
	if b == 0 {
		return otherwise
	}
	return b == True
}

// Args are the arguments of all layers, under TF-Slim's names. A field's zero
// value means that it is not given: the arg scope's value holds, or else the
// layer's default. An argument that a layer does not have is an error.
type Args struct {
	// Scope names the layer's variable scope. Default: the layer's own name,
	// made unique.
	Scope string
	// Stride is the step of a window, in rows and columns alike; at least 1.
	// Default: 1 for convolutions, 2 for pools.
	Stride int
	// StrideHW is Stride for rows and columns apart.
	StrideHW [2]int
	// Padding is Same or Valid. Default: Same for convolutions, Valid for pools.
	Padding Padding
	// Rate is the dilation of a convolution; at least 1. Default: 1.
	Rate int
	// Activation follows the layer. Default: ReLU for convolutions and fully
	// connected layers, Linear for batch normalisation.
	Activation Activation
	// Normalizer follows a convolution and replaces its biases. Default: NoNormalizer.
	Normalizer Normalizer
	// NormalizerArgs are the arguments of the Normalizer.
	NormalizerArgs *Args
	// WeightsInitializer gives the first weights. Default: Xavier.
	WeightsInitializer graph.Initializer
	// WeightsRegularizer penalises the weights. Default: none.
	WeightsRegularizer graph.Regularizer
	// BiasesInitializer gives the first biases. Default: zeros.
	BiasesInitializer graph.Initializer
	// BiasesRegularizer penalises the biases. Default: none.
	BiasesRegularizer graph.Regularizer
	// NoBiases leaves the biases out (biases_initializer=None).
	NoBiases Bool
	// Trainable puts the layer's variables into TrainableVariables. Default: True.
	Trainable Bool
	// Reuse shares variables that exist.
	Reuse graph.Reuse
	// IsTraining tells batch normalisation and dropout which way to work.
	// Default: True, as in TF-Slim.
	IsTraining Bool
	// Decay of the moving averages of batch normalisation, in (0, 1). Default: 0.999.
	Decay float64
	// Epsilon is added to variances; above 0. Default: 0.001.
	Epsilon float64
	// Center adds beta in batch normalisation. Default: True.
	Center Bool
	// Scale multiplies by gamma in batch normalisation. Default: False.
	Scale Bool
	// KeepProb is the share of values that dropout keeps, in (0, 1]. Default: 0.5.
	KeepProb float64
	// DepthMultiplier is the number of outputs of a depthwise convolution for
	// each channel; at least 1. Default: 1.
	DepthMultiplier int
}

// Layer names a layer in arg scopes.
type Layer string

// The layers that take arg scopes, under TF-Slim's names.
const (
	LayerConv2D          Layer = "conv2d"
	LayerSeparableConv2D Layer = "separable_conv2d"
	LayerFullyConnected  Layer = "fully_connected"
	LayerBatchNorm       Layer = "batch_norm"
	LayerMaxPool2D       Layer = "max_pool2d"
	LayerAvgPool2D       Layer = "avg_pool2d"
	LayerDropout         Layer = "dropout"
	LayerFlatten         Layer = "flatten"
	LayerSoftmax         Layer = "softmax"
)

// dense are the arguments of every layer with weights.
var dense = []string{"Scope", "Reuse", "Trainable", "Activation", "Normalizer", "NormalizerArgs", "WeightsInitializer",
	"WeightsRegularizer", "BiasesInitializer", "BiasesRegularizer", "NoBiases"}

// accepts lists which arguments a layer has.
var accepts = map[Layer][]string{
	LayerConv2D:          append([]string{"Stride", "StrideHW", "Padding", "Rate"}, dense...),
	LayerSeparableConv2D: append([]string{"Stride", "StrideHW", "Padding", "Rate", "DepthMultiplier"}, dense...),
	LayerFullyConnected:  dense,
	LayerBatchNorm:       {"Scope", "Reuse", "Trainable", "Activation", "IsTraining", "Decay", "Epsilon", "Center", "Scale"},
	LayerMaxPool2D:       {"Scope", "Stride", "StrideHW", "Padding"},
	LayerAvgPool2D:       {"Scope", "Stride", "StrideHW", "Padding"},
	LayerDropout:         {"Scope", "IsTraining", "KeepProb"},
	LayerFlatten:         {"Scope"},
	LayerSoftmax:         {"Scope"},
}

const argsKey = "slim.args/"

// ArgScope returns the scope with other defaults for the named layers
// (slim.arg_scope). Inside it, what a call gives counts most, then the
// innermost arg scope. Errors: no layer, an unknown one, an argument that one
// of the layers does not have.
func ArgScope(s graph.Scope, args Args, layers ...Layer) (graph.Scope, error) {
	if len(layers) == 0 {
		return s, fmt.Errorf("slim: an arg scope for no layer")
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

// current are the arguments that arg scopes give a layer.
func current(s graph.Scope, l Layer) Args {
	a, _ := s.Setting(argsKey + string(l)).(Args)
	return a
}

// resolve puts a call's arguments over the arg scope's.
func resolve(s graph.Scope, l Layer, args []Args) (Args, error) {
	a := current(s, l)
	for _, more := range args {
		if err := check(l, more); err != nil {
			return a, err
		}
		a = merge(a, more)
	}
	return a, nil
}

// merge takes from over what it gives, and from under the rest.
func merge(under, over Args) Args {
	out, given := reflect.ValueOf(&under).Elem(), reflect.ValueOf(over)
	for i := range given.NumField() {
		if !given.Field(i).IsZero() {
			out.Field(i).Set(given.Field(i))
		}
	}
	return under
}

// check refuses arguments that a layer does not have or that are out of range.
func check(l Layer, a Args) error {
	takes, ok := accepts[l]
	if !ok {
		return fmt.Errorf("slim: there is no layer %q", l)
	}
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(takes, name) {
			return fmt.Errorf("slim: %s has no argument %s; it has %s", l, name, strings.Join(takes, ", "))
		}
	}
	return inRange(l, a)
}

func inRange(l Layer, a Args) error {
	for _, c := range []struct {
		name string
		bad  bool
		got  any
		want string
	}{
		{"Stride", a.Stride < 0, a.Stride, "at least 1"},
		{"StrideHW", a.StrideHW[0] < 0 || a.StrideHW[1] < 0, a.StrideHW, "at least 1"},
		{"Rate", a.Rate < 0, a.Rate, "at least 1"},
		{"DepthMultiplier", a.DepthMultiplier < 0, a.DepthMultiplier, "at least 1"},
		{"Decay", a.Decay < 0 || a.Decay >= 1, a.Decay, "in (0, 1)"},
		{"Epsilon", a.Epsilon < 0, a.Epsilon, "above 0"},
		{"KeepProb", a.KeepProb < 0 || a.KeepProb > 1, a.KeepProb, "in (0, 1]"},
		{"Padding", a.Padding != "" && a.Padding != Same && a.Padding != Valid, a.Padding, "SAME or VALID"},
		{"Activation", a.Activation != "" && !a.Activation.known(), a.Activation, "one of slim's activations"},
		{"Normalizer", a.Normalizer != "" && a.Normalizer != BatchNormalizer && a.Normalizer != NoNormalizer, a.Normalizer, "batch_norm or none"},
	} {
		if c.bad {
			return fmt.Errorf("slim: %s: %s is %v, it must be %s", l, c.name, c.got, c.want)
		}
	}
	return nil
}
