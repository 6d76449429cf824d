package nets

import (
	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// kernel is a window's height and width, equal if one is given.
func kernel(size ...int) []int { return size }

// plain is the last layer of a head: no activation, biases.
func plain() slim.Args { return slim.Args{Activation: slim.Linear, Normalizer: slim.NoNormalizer} }

// trunc is TF-Slim's trunc_normal.
func trunc(stddev float64) graph.Initializer { return graph.TruncatedNormal{Stddev: stddev} }

func (b *builder) conv(name string, outputs int, kernel []int, more ...slim.Args) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Conv2D(s, x, outputs, kernel, append(more, slim.Args{Scope: name})...)
	})
	if b.convs {
		b.mark(b.s.Join(name))
	}
}

// separable is a separable convolution, a depthwise one with 0 outputs.
func (b *builder) separable(name string, outputs int, kernel []int, more ...slim.Args) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.SeparableConv2D(s, x, outputs, kernel, append(more, slim.Args{Scope: name})...)
	})
}

func (b *builder) maxPool(name string, size, stride int, more ...slim.Args) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.MaxPool2D(s, x, kernel(size), append(more, slim.Args{Scope: name, Stride: stride})...)
	})
	if b.pools {
		b.mark(b.s.Join(name))
	}
}

func (b *builder) avgPool(name string, size []int, stride int, padding slim.Padding) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.AvgPool2D(s, x, size, slim.Args{Scope: name, Stride: stride, Padding: padding})
	})
}

func (b *builder) fullyConnected(name string, outputs int, more ...slim.Args) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.FullyConnected(s, x, outputs, append(more, slim.Args{Scope: name})...)
	})
}

func (b *builder) normalise(name string, a slim.Args) {
	a.Scope = name
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return slim.BatchNorm(s, x, a) })
}

// dropout that keeps all is none, as in TensorFlow.
func (b *builder) dropout(name string) {
	if b.c.IsTraining && b.c.KeepProb == 1 {
		return
	}
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Dropout(s, x, slim.Args{Scope: name})
	})
}

func (b *builder) flatten(name string) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Flatten(s, x, slim.Args{Scope: name})
	})
}

func (b *builder) relu() { b.op("Relu", ops.Relu) }

// spatial are the axes height and width.
const spatial = ops.Axes(1<<1 | 1<<2)

// globalPool averages over height and width.
func (b *builder) globalPool(name string, keepDims bool) {
	b.op(name, ops.Reduce{Op: ops.Mean, Axes: spatial, KeepDims: keepDims})
}

// squeeze takes height and width off logits unless SpatialSqueeze is off.
func (b *builder) squeeze(name string) {
	if !on(b.c.SpatialSqueeze) || b.idle() {
		return
	}
	if s := b.x.Shape(); s[1] > 1 || s[2] > 1 {
		b.fail("the logits have shape %s: they are a map, which SpatialSqueeze cannot make [batch,classes]; set SpatialSqueeze to slim.False, use GlobalPool or images of the net's own size", ops.ShapeString(s))
		return
	}
	b.op(name, ops.Squeeze{Axes: spatial})
}

// pad is fixedPadding.
func (b *builder) pad(kernel, rate int) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) { return fixedPadding(s, x, kernel, rate) })
}

// fixedPadding surrounds images by zeros for a kernel, as many for any size.
func fixedPadding(s graph.Scope, x *graph.Node, kernel, rate int) (*graph.Node, error) {
	total := (kernel - 1) * rate
	if total <= 0 {
		return x, nil
	}
	before := total / 2
	after := total - before
	return s.Apply("Pad", ops.Pad{Paddings: ops.List(0, 0, before, after, before, after, 0, 0)}, x)
}

// predictions adds an end point of the logits and leaves them on top.
func (b *builder) predictions(endPoint, scope string) {
	logits := b.x
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		if b.c.PredictionFn != nil {
			return b.c.PredictionFn(x)
		}
		return slim.Softmax(s, x, slim.Args{Scope: scope})
	})
	b.mark(endPoint)
	b.x = logits
}

// probabilities is predictions of the nets that have no PredictionFn.
func (b *builder) probabilities(name string) {
	logits := b.x
	b.op(name, ops.Softmax{})
	b.mark("Predictions")
	b.x = logits
}

// head runs f, which pools and classifies, unless the net ends with its body.
func (b *builder) head(f func()) {
	if b.c.BaseOnly {
		return
	}
	if b.c.NumClasses == 0 || !b.done {
		f()
		return
	}
	// The net puts its head on any end point.
	point := b.c.FinalEndpoint
	b.c.FinalEndpoint, b.done, b.x = "", false, b.final
	f()
	b.c.FinalEndpoint, b.done, b.final = point, true, b.x
}
