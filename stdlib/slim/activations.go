package slim

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
)

// Activation is the function that follows a layer.
type Activation string

// The activations. Linear is none at all (activation_fn=None).
const (
	Linear  Activation = "linear"
	ReLU    Activation = "Relu"
	ReLU6   Activation = "Relu6"
	Elu     Activation = "Elu"
	Sigmoid Activation = "Sigmoid"
	Tanh    Activation = "Tanh"
)

func (a Activation) known() bool {
	switch a {
	case Linear, ReLU, ReLU6, Elu, Sigmoid, Tanh:
		return true
	}
	return false
}

// apply adds the activation; its node is named after it, as in TF-Slim.
func (a Activation) apply(s graph.Scope, x *graph.Node) (*graph.Node, error) {
	if a == Linear || a == "" {
		return x, nil
	}
	return s.Apply(string(a), ops.Unary(a), x)
}

// Normalizer is what may follow the weights of a layer in place of biases.
type Normalizer string

// The normalizers.
const (
	NoNormalizer    Normalizer = "none"
	BatchNormalizer Normalizer = "batch_norm"
)

// Padding says what a window does at the borders.
type Padding string

// The paddings of TensorFlow. Same gives ⌈size/stride⌉ outputs and adds the
// odd row and column at the end; Valid takes only whole windows.
const (
	Same  Padding = "SAME"
	Valid Padding = "VALID"
)
