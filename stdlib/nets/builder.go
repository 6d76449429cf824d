package nets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// builder adds layers to one net. It keeps the first error, and does nothing
// after one nor once FinalEndpoint is reached, so that a net reads like its
// paper's table.
type builder struct {
	c       Config
	s       graph.Scope
	outside graph.Scope // of the net's own scope
	x       *graph.Node // what the next layer is put on
	end     EndPoints
	err     error
	done    bool // FinalEndpoint is reached

	final *graph.Node // there

	// convs and pools make these layers end points by their scopes' paths, as
	// TF-Slim's outputs_collections do.
	convs, pools bool

	inner map[slim.Layer]slim.Normalizer // of LayerExpandedConv and LayerDepthSepConv
}

// newBuilder checks a net's input and opens its scope.
func newBuilder(n *spec, images *graph.Node, c Config) (*builder, error) {
	if images == nil {
		return nil, fmt.Errorf("its input is nil")
	}
	axes := "[batch,height,width,channels]"
	rank := 4
	if n.Frames > 0 {
		axes, rank = "[batch,frames,height,width,channels]", 5
	}
	if shape := images.Shape(); len(shape) != rank {
		return nil, fmt.Errorf("%s has shape %s, %s is wanted", images.Name(), ops.ShapeString(shape), axes)
	}
	b := &builder{c: c, x: images, end: EndPoints{}, s: images.Graph().Scope()}
	if in := c.In.Graph(); in != nil {
		if in != images.Graph() {
			return nil, fmt.Errorf("the scope In is of another graph than %s", images.Name())
		}
		b.s = c.In
	}
	b.outside = b.s
	if name := c.Scope; name != "" {
		b.s, b.err = b.s.Open(name)
	}
	if c.Reuse != 0 {
		b.s = b.s.WithReuse(c.Reuse)
	}
	b.args(slim.Args{IsTraining: slim.Of(c.IsTraining)}, slim.LayerBatchNorm, slim.LayerDropout)
	b.args(slim.Args{BatchNormModes: c.BatchNorm}, slim.LayerBatchNorm)
	b.args(slim.Args{KeepProb: c.KeepProb}, slim.LayerDropout)
	return b, b.err
}

// result ends a net.
func (b *builder) result() (*graph.Node, EndPoints, error) {
	if b.err != nil {
		return nil, nil, b.err
	}
	if b.c.FinalEndpoint != "" && !b.done {
		return nil, nil, fmt.Errorf("there is no FinalEndpoint %q; the end points are %s", b.c.FinalEndpoint,
			strings.Join(slices.Sorted(maps.Keys(b.end)), ", "))
	}
	if err := b.modesUsed(); err != nil {
		return nil, nil, err
	}
	if b.done {
		return b.final, b.end, nil
	}
	return b.x, b.end, nil
}

// modesUsed looks for scopes in Config.BatchNorm that hold no layer.
func (b *builder) modesUsed() error {
	model, err := b.s.Graph().Collection(graph.ModelVariables, "")
	if err != nil {
		return err
	}
	for _, scope := range slices.Sorted(maps.Keys(b.c.BatchNorm)) {
		within := func(v *graph.Variable) bool {
			norm, is := strings.CutSuffix(v.Name(), "/moving_mean")
			return is && strings.HasPrefix(norm+"/", strings.TrimSuffix(scope, "/")+"/")
		}
		if scope != "" && !slices.ContainsFunc(model, within) {
			return fmt.Errorf("BatchNorm has the scope %q, which holds no batch normalisation; the net's own scope is %q", scope, b.c.Scope)
		}
	}
	return nil
}

func (b *builder) idle() bool { return b.err != nil || b.done }

// fail ends the net with an error.
func (b *builder) fail(format string, a ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, a...)
	}
}

// layer puts the next layer on top.
func (b *builder) layer(f func(s graph.Scope, x *graph.Node) (*graph.Node, error)) {
	if !b.idle() {
		b.x, b.err = f(b.s, b.x)
	}
}

// op puts an operation on top, with more inputs behind it.
func (b *builder) op(name string, k ops.Kernel, more ...*graph.Node) {
	b.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return s.Apply(name, k, append([]*graph.Node{x}, more...)...)
	})
}

// mark makes what is on top an end point, and ends the body if it is the
// final one.
func (b *builder) mark(name string) {
	if b.idle() {
		return
	}
	b.end[name] = b.x
	if name == b.c.FinalEndpoint {
		b.done, b.final = true, b.x
	}
}

// scope runs f inside a scope of the net's.
func (b *builder) scope(name string, f func()) {
	b.within(func(s graph.Scope) (graph.Scope, error) { return s.Open(name) }, f)
}

// numbered is scope for a name that is made unique: name, name_1, …
func (b *builder) numbered(name string, f func()) {
	b.within(func(s graph.Scope) (graph.Scope, error) { return s.OpenDefault(name) }, f)
}

// with runs f with defaults for layers.
func (b *builder) with(a slim.Args, layers []slim.Layer, f func()) {
	b.within(func(s graph.Scope) (graph.Scope, error) { return slim.ArgScope(s, a, layers...) }, f)
}

// body runs f, the net without its head, whose operations TF-Slim names by the
// net's scope twice where both are built: InceptionV3/InceptionV3/….
func (b *builder) body(f func()) {
	if b.c.BaseOnly || b.c.FinalEndpoint != "" && b.c.NumClasses == 0 {
		f()
		return
	}
	b.within(func(s graph.Scope) (graph.Scope, error) { return s.Enter(s) }, f)
}

func (b *builder) within(enter func(graph.Scope) (graph.Scope, error), f func()) {
	if b.idle() {
		return
	}
	outer := b.s
	if b.s, b.err = enter(b.s); b.err == nil {
		f()
	}
	b.s = outer
}

// args gives defaults to the layers that follow in the scope.
func (b *builder) args(a slim.Args, layers ...slim.Layer) {
	if b.err == nil {
		b.s, b.err = slim.ArgScope(b.s, a, layers...)
	}
}

// from runs f on top of x and returns what f leaves there.
func (b *builder) from(x *graph.Node, f func()) *graph.Node {
	b.x = x
	f()
	return b.x
}

// branches runs each of fs on what is on top, in the scopes Branch_0,
// Branch_1, …, and joins the results along the channels.
func (b *builder) branches(fs ...func()) {
	in, out := b.x, []*graph.Node{}
	for i, f := range fs {
		out = append(out, b.from(in, func() { b.scope(fmt.Sprintf("Branch_%d", i), f) }))
	}
	b.concat(out)
}

// concat joins along the channels.
func (b *builder) concat(x []*graph.Node) {
	if !b.idle() {
		b.x, b.err = b.s.Apply("concat", ops.Concat{Axis: -1}, x...)
	}
}

// shape is that of what is on top; of unknown sizes once the net has ended.
func (b *builder) shape() []int {
	if b.idle() {
		return []int{graph.Unknown, graph.Unknown, graph.Unknown, graph.Unknown, graph.Unknown}
	}
	return b.x.Shape()
}

// channels is the size of the last axis.
func (b *builder) channels() int {
	s := b.shape()
	return s[len(s)-1]
}

// depth scales a number of channels.
func (b *builder) depth(d int) int {
	return max(int(float64(d)*b.c.DepthMultiplier), b.c.MinDepth)
}

// l2 is the penalty on weights, nil for none.
func (b *builder) l2() graph.Regularizer {
	if b.c.WeightDecay <= 0 {
		return nil
	}
	return slim.L2(b.c.WeightDecay)
}

// normalizer is batch normalisation, unless UseBatchNorm is off or Normalizer
// says another.
func (b *builder) normalizer() slim.Normalizer {
	if b.c.Normalizer != "" {
		return b.c.Normalizer
	}
	if on(b.c.UseBatchNorm) {
		return slim.BatchNormalizer
	}
	return slim.NoNormalizer
}

// batchNorm gives the net's defaults to all batch normalisation.
func (b *builder) batchNorm() {
	b.args(slim.Args{Decay: b.c.BatchNormDecay, Epsilon: b.c.BatchNormEpsilon, Scale: b.c.BatchNormScale,
		UpdatesCollections: b.c.BatchNormUpdatesCollections}, slim.LayerBatchNorm)
	if b.c.BatchNormUpdatesInPlace {
		b.args(slim.Args{UpdatesInPlace: slim.True}, slim.LayerBatchNorm)
	}
	if b.c.BatchNormRenorm {
		b.args(slim.Args{Renorm: slim.True}, slim.LayerBatchNorm)
	}
}
