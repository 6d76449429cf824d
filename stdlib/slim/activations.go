package slim

import (
	"slices"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Activation is the function that follows a layer.
type Activation string

// The activations. Linear is none at all (activation_fn=None).
const (
	Linear            Activation = "linear"
	ReLU              Activation = "Relu"
	ReLU6             Activation = "Relu6"
	Elu               Activation = "Elu"
	Selu              Activation = "Selu"
	Sigmoid           Activation = "Sigmoid"
	HardSigmoid       Activation = "HardSigmoid"
	Swish             Activation = "Swish"
	HardSwish         Activation = "HardSwish"
	Tanh              Activation = "Tanh"
	Softplus          Activation = "Softplus"
	Softsign          Activation = "Softsign"
	SoftmaxActivation Activation = "Softmax"
)

func (a Activation) known() bool {
	return slices.Contains([]Activation{Linear, ReLU, ReLU6, Elu, Selu, Sigmoid, HardSigmoid, Swish, HardSwish, Tanh, Softplus, Softsign, SoftmaxActivation}, a)
}

// apply adds the activation; its node is named after it, as in TF-Slim.
func (a Activation) apply(s graph.Scope, x *graph.Node) (*graph.Node, error) {
	switch a {
	case Linear, "":
		return x, nil
	case SoftmaxActivation:
		return Softmax(s, x)
	}
	return s.Apply(string(a), ops.Unary(a), x)
}

// activate adds the activation that the arguments ask for, otherwise the
// layer's own.
func (a Args) activate(s graph.Scope, x *graph.Node, own Activation) (*graph.Node, error) {
	switch {
	case a.ActivationFn != nil:
		return a.ActivationFn(s, x)
	case a.Activation != "":
		return a.Activation.apply(s, x)
	}
	return own.apply(s, x)
}

// Normalizer is what may follow the weights of a layer in place of biases.
type Normalizer string

// The normalizers.
const (
	NoNormalizer       Normalizer = "none"
	BatchNormalizer    Normalizer = "batch_norm"
	LayerNormalizer    Normalizer = "layer_norm"
	GroupNormalizer    Normalizer = "group_norm"
	InstanceNormalizer Normalizer = "instance_norm"
)

func (n Normalizer) known() bool { return n == NoNormalizer || n.layer() != nil }

// layer is the layer that a normalizer names, nil for none.
func (n Normalizer) layer() func(graph.Scope, *graph.Node, ...Args) (*graph.Node, error) {
	switch n {
	case BatchNormalizer:
		return BatchNorm
	case LayerNormalizer:
		return LayerNorm
	case GroupNormalizer:
		return GroupNorm
	case InstanceNormalizer:
		return InstanceNorm
	}
	return nil
}

// Padding says what a window does at the borders.
type Padding string

// The paddings of TensorFlow. Same gives ⌈size/stride⌉ outputs and adds the
// odd row and column at the end; Valid takes only whole windows.
const (
	Same  Padding = "SAME"
	Valid Padding = "VALID"
)
