// Package nets builds the networks of TF-Slim's model zoo, with its names, so
// that its checkpoints fit.
//
//	logits, endPoints, err := nets.MobilenetV1(images, nets.Config{NumClasses: 5, DepthMultiplier: 0.25})
//
// A net takes its graph from its input and its scope from Config.
package nets

import (
	"fmt"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// Config is what the nets' builders are told; its zero value is TF-Slim's
// defaults, but that IsTraining is false.
type Config struct {
	// NumClasses is the number of outputs of the last layer. 0 leaves the
	// head out: the result is the features before it.
	NumClasses int
	// IsTraining normalises by each batch's statistics and drops out.
	IsTraining bool
	// KeepProb is the share of values that dropout keeps when training, in
	// (0, 1]. Default: the net's own.
	KeepProb float64
	// DepthMultiplier scales the number of channels, above 0; MobileNets only.
	// Default: 1.
	DepthMultiplier float64
	// WeightDecay is the scale of the L2 penalty on weights. Default: the
	// net's own; below 0 there is none.
	WeightDecay float64
	// BatchNormDecay is the decay of the moving statistics, in (0, 1).
	// Default: the net's own.
	BatchNormDecay float64
	// Scope is the name of the net's outermost scope. Default: TF-Slim's.
	Scope string
	// Reuse shares the variables of a net that was built before.
	Reuse graph.Reuse
}

// EndPoints are the results of a net's layers by TF-Slim's names.
type EndPoints map[string]*graph.Node

// builder adds layers to one net. It keeps the first error, and does nothing
// after one, so that a net reads like its paper's table.
type builder struct {
	s   graph.Scope
	x   *graph.Node
	end EndPoints
	err error
}

// newBuilder opens a net's scope.
func newBuilder(net string, images *graph.Node, c Config) *builder {
	b := &builder{x: images, end: EndPoints{}}
	if images == nil {
		b.err = fmt.Errorf("nets: %s: its input is nil", net)
		return b
	}
	if shape := images.Shape(); len(shape) != 4 {
		b.err = fmt.Errorf("nets: %s: %s has shape %s, [batch,height,width,channels] is wanted", net, images.Name(), ops.ShapeString(shape))
		return b
	}
	if c.NumClasses < 0 {
		b.err = fmt.Errorf("nets: %s: NumClasses is %d, at least 0 is wanted", net, c.NumClasses)
		return b
	}
	name := c.Scope
	if name == "" {
		name = net
	}
	b.s, b.err = images.Graph().Scope().Open(name)
	b.s = b.s.WithReuse(c.Reuse)
	return b
}

// args gives defaults to layers.
func (b *builder) args(a slim.Args, layers ...slim.Layer) {
	if b.err == nil {
		b.s, b.err = slim.ArgScope(b.s, a, layers...)
	}
}

// scope runs f inside a scope of the net's.
func (b *builder) scope(name string, f func()) {
	if b.err != nil {
		return
	}
	outer := b.s
	if b.s, b.err = b.s.Open(name); b.err == nil {
		f()
	}
	b.s = outer
}

// layer puts the next layer on top of the last, and remembers it as an end
// point under name unless that is empty.
func (b *builder) layer(name string, f func(s graph.Scope, x *graph.Node) (*graph.Node, error)) {
	if b.err != nil {
		return
	}
	if b.x, b.err = f(b.s, b.x); b.err == nil && name != "" {
		b.end[name] = b.x
	}
}

func (b *builder) conv(name string, outputs int, kernel []int, a slim.Args) {
	a.Scope = name
	b.layer(name, func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return slim.Conv2D(s, x, outputs, kernel, a) })
}

func (b *builder) separable(name string, outputs int, kernel []int, a slim.Args) {
	a.Scope = name
	b.layer(name, func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.SeparableConv2D(s, x, outputs, kernel, a)
	})
}

// result ends a net.
func (b *builder) result() (*graph.Node, EndPoints, error) {
	if b.err != nil {
		return nil, nil, b.err
	}
	return b.x, b.end, nil
}
