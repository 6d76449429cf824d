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
	// Stride is the step of a window along each axis; at least 1. Default: 1
	// for convolutions, 2 for pools.
	Stride int
	// StrideHW is Stride for rows and columns apart.
	StrideHW [2]int
	// StrideDHW is Stride for planes, rows and columns apart, in three
	// dimensions.
	StrideDHW [3]int
	// Padding is Same or Valid. Default: Same for convolutions, Valid for pools.
	Padding Padding
	// DataFormat is NHWC, or NWC and NDHWC in one and three dimensions: the
	// channels last, as checkpoints have the filters. Others are an error.
	DataFormat string
	// Rate is the dilation of a convolution; at least 1. Default: 1.
	Rate int
	// Activation follows the layer. Default: ReLU for convolutions and fully
	// connected layers, Linear for normalisations.
	Activation Activation
	// ActivationFn follows the layer in place of Activation.
	ActivationFn func(s graph.Scope, x *graph.Node) (*graph.Node, error)
	// Normalizer follows a convolution and replaces its biases. Default: NoNormalizer.
	Normalizer Normalizer
	// NormalizerFn follows a convolution in place of Normalizer.
	NormalizerFn func(s graph.Scope, x *graph.Node, args Args) (*graph.Node, error)
	// NormalizerArgs are the arguments of the Normalizer.
	NormalizerArgs *Args
	// WeightsInitializer gives the first weights. Default: Xavier.
	WeightsInitializer graph.Initializer
	// PointwiseInitializer gives the first pointwise_weights of a separable
	// convolution. Default: WeightsInitializer.
	PointwiseInitializer graph.Initializer
	// WeightsRegularizer penalises the weights. Default: none.
	WeightsRegularizer graph.Regularizer
	// BiasesInitializer gives the first biases. Default: zeros.
	BiasesInitializer graph.Initializer
	// BiasesRegularizer penalises the biases. Default: none.
	BiasesRegularizer graph.Regularizer
	// NoBiases leaves the biases out (biases_initializer=None).
	NoBiases Bool
	// Trainable puts the layer's variables into TrainableVariables. It does not
	// reach a Normalizer, which NormalizerArgs do. Default: True.
	Trainable Bool
	// Reuse shares variables that exist; it needs Scope.
	Reuse graph.Reuse
	// VariablesCollections are keys that the layer's variables join besides,
	// by the variable's name in the layer; "" stands for all of them.
	VariablesCollections map[string][]string
	// OutputsCollections are keys that the layer's result joins.
	OutputsCollections []string
	// IsTraining tells batch normalisation and dropout which way to work.
	// Default: True, as in TF-Slim.
	IsTraining Bool
	// BatchNormModes say what the batch normalisations in some scopes do with
	// statistics when IsTraining; a scope is the first segments of a layer's
	// name, "" all layers, and the longest counts. Default: BatchNormTrain.
	BatchNormModes map[string]BatchNormMode
	// Decay of the moving averages of batch normalisation, in (0, 1). Default: 0.999.
	Decay float64
	// Epsilon is added to variances; above 0. Default: 0.001 for batch
	// normalisation, 1e-6 for group and instance normalisation.
	Epsilon float64
	// Center adds beta in a normalisation. Default: True.
	Center Bool
	// Scale multiplies by gamma in a normalisation. Default: False for batch
	// normalisation, True for the others.
	Scale Bool
	// Fused False gives the moving variance the biased variance of each batch,
	// as TensorFlow's unfused path does. Default: True.
	Fused Bool
	// UpdatesCollections are the keys that the updates of moving averages
	// join. Default: UpdateOps.
	UpdatesCollections []string
	// UpdatesInPlace makes the layer's result wait for the updates, which then
	// join no collection (updates_collections=None). Default: False.
	UpdatesInPlace Bool
	// ZeroDebiasMovingMean divides the moving mean by what it lacks for having
	// begun at 0. Default: False.
	ZeroDebiasMovingMean Bool
	// Renorm corrects the statistics of each batch towards averages of them.
	// Default: False.
	Renorm Bool
	// RenormClipping bounds the correction: rmin and rmax the ratio of the
	// standard deviations, dmax the shift of the mean. Default: no bounds.
	RenormClipping map[string]float64
	// RenormDecay of the averages that Renorm corrects to, in (0, 1). Default:
	// 0.99.
	RenormDecay float64
	// Adjustment gives a scale and a bias for the normalised values of a batch
	// in training, before gamma and beta: random ones, usually, that both
	// broadcast to x, [batch, …, channels] (Scope.Random). s is inside the
	// layer and has x's dtype. Default: none.
	Adjustment func(s graph.Scope, x *graph.Node) (scale, bias *graph.Node, err error)
	// BatchWeights weigh the examples of a batch in its statistics: [batch].
	BatchWeights *graph.Node
	// ParamInitializers give the first values of a normalisation's variables,
	// by name: beta, gamma, moving_mean, moving_variance.
	ParamInitializers map[string]graph.Initializer
	// ParamRegularizers penalise beta and gamma, by name.
	ParamRegularizers map[string]graph.Regularizer
	// Groups is the number of groups of channels. Default: 32.
	Groups int
	// BeginNormAxis is the first axis that layer normalisation averages over;
	// the axes before it keep statistics of their own. Default: 1.
	BeginNormAxis int
	// KeepProb is the share of values that dropout keeps, in (0, 1]. Default: 0.5.
	KeepProb float64
	// NoiseShape is the shape of dropout's mask: an axis of 1 is kept or
	// dropped as a whole. Default: the input's.
	NoiseShape []int
	// DepthMultiplier is the number of outputs of a depthwise convolution for
	// each channel; at least 1. Default: 1.
	DepthMultiplier int
	// OnValue and OffValue are what OneHotEncoding writes. Default: 1 and 0.
	OnValue, OffValue float64
	// Temperature divides the scores of spatial softmax. Default: a variable
	// that begins at 1.
	Temperature float64
	// Initializer, Regularizer, Collections, Device, DeviceChooser and
	// Partitioner are what Variable and ModelVariable take in an arg scope;
	// Initializer and Regularizer also BiasAdd.
	Initializer   graph.Initializer
	Regularizer   graph.Regularizer
	Collections   []string
	Device        string
	DeviceChooser *VariableDeviceChooser
	Partitioner   graph.Partitioner
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
		return fmt.Errorf("slim: %q is not decorated with @add_arg_scope: there is no such layer", string(l))
	}
	v := reflect.ValueOf(a)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(takes, name) {
			return fmt.Errorf("slim: %s got an unexpected argument %s; it has %s", l, name, strings.Join(takes, ", "))
		}
	}
	if err := checkModes(a.BatchNormModes); err != nil {
		return err
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
		{"StrideDHW", a.StrideDHW[0] < 0 || a.StrideDHW[1] < 0 || a.StrideDHW[2] < 0, a.StrideDHW, "at least 1"},
		{"Rate", a.Rate < 0, a.Rate, "at least 1"},
		{"DepthMultiplier", a.DepthMultiplier < 0, a.DepthMultiplier, "at least 1"},
		{"Groups", a.Groups < 0, a.Groups, "at least 1"},
		{"Decay", !(a.Decay >= 0 && a.Decay < 1), a.Decay, "in (0, 1)"},
		{"RenormDecay", !(a.RenormDecay >= 0 && a.RenormDecay < 1), a.RenormDecay, "in (0, 1)"},
		{"Epsilon", !(a.Epsilon >= 0), a.Epsilon, "above 0"},
		{"Temperature", !(a.Temperature >= 0), a.Temperature, "above 0"},
		{"KeepProb", !(a.KeepProb >= 0 && a.KeepProb <= 1), a.KeepProb, "in (0, 1]"},
		{"Activation", a.Activation != "" && !a.Activation.known(), a.Activation, "one of slim's activations"},
		{"Normalizer", a.Normalizer != "" && !a.Normalizer.known(), a.Normalizer, "one of slim's normalizers"},
		{"Reuse", a.Reuse < graph.NoReuse || a.Reuse > graph.AutoReuse, a.Reuse, "NoReuse, ReuseAll or AutoReuse"},
	} {
		if c.bad {
			return fmt.Errorf("slim: %s: %s is %v, it must be %s", l, c.name, c.got, c.want)
		}
	}
	return nil
}
