package nets

import (
	"fmt"
	"strings"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// inceptions are the nets of the Inception family.
func inceptions() []spec {
	row := func(name, scope string, size int, build func(*builder), takes ...string) spec {
		return spec{
			Net: Net{Name: name, ImageSize: size, Channels: 3, NumClasses: 1001, Preprocessing: "inception",
				HeadScopes: []string{scope + "/Logits/"}},
			defaults: Config{Scope: scope, KeepProb: 0.8, WeightDecay: 0.00004, BatchNormDecay: 0.9997, BatchNormEpsilon: 0.001,
				DepthMultiplier: 1, MinDepth: 16},
			takes: append([]string{"KeepProb", "BaseOnly", "FinalEndpoint", "UseBatchNorm", "BatchNormDecay", "BatchNormEpsilon", "BatchNormScale",
				"BatchNormUpdatesCollections", "BatchNormUpdatesInPlace", "Activation"}, takes...),
			arguments: (*builder).inceptionArgs,
			build:     build,
		}
	}
	list := []spec{
		row("inception_v3", "InceptionV3", 299, (*builder).inceptionV3,
			"SpatialSqueeze", "GlobalPool", "PredictionFn", "DepthMultiplier", "MinDepth", "CreateAuxLogits"),
		row("inception_v1", "InceptionV1", 224, (*builder).inceptionV1,
			"SpatialSqueeze", "GlobalPool", "PredictionFn", "IncludeRootBlock"),
		row("inception_v2", "InceptionV2", 224, (*builder).inceptionV2,
			"SpatialSqueeze", "GlobalPool", "PredictionFn", "DepthMultiplier", "MinDepth", "UseSeparableConv", "IncludeRootBlock"),
		row("inception_v4", "InceptionV4", 299, (*builder).inceptionV4, "CreateAuxLogits"),
		row("inception_resnet_v2", "InceptionResnetV2", 299, (*builder).inceptionResnetV2,
			"CreateAuxLogits", "OutputStride", "AlignFeatureMaps"),
	}
	list[len(list)-1].arguments = (*builder).inceptionResnetV2Args
	for i := range list {
		if n := &list[i]; strings.Contains(strings.Join(n.takes, " "), "CreateAuxLogits") {
			n.HeadScopes = append(n.HeadScopes, n.defaults.Scope+"/AuxLogits/")
		}
	}
	return list
}

// inceptionArgs is inception_arg_scope.
func (b *builder) inceptionArgs() {
	b.args(slim.Args{WeightsRegularizer: b.l2()}, slim.LayerConv2D, slim.LayerFullyConnected)
	b.args(slim.Args{WeightsInitializer: graph.VarianceScaling{}, Normalizer: b.normalizer(), Activation: b.c.Activation}, slim.LayerConv2D)
	b.batchNorm()
}

// windows are the layers whose stride and padding the nets set together.
func windows() []slim.Layer {
	return []slim.Layer{slim.LayerConv2D, slim.LayerMaxPool2D, slim.LayerAvgPool2D}
}

// step is a layer of an Inception block: a convolution, or the pool that its
// name begins with. Zero values are the nets' defaults.
type step struct {
	name    string
	outputs int
	kernel  []int
	stride  int
	padding slim.Padding
	stddev  float64 // of the first weights
}

// fork are two convolutions of the same input, whose results are joined.
type fork [2]step

// down are a convolution and a pool that halve the map.
func down(name string, outputs, size int) step {
	return step{name: name, outputs: outputs, kernel: kernel(size), stride: 2, padding: slim.Valid}
}

func (b *builder) step(s step) {
	a := slim.Args{Stride: s.stride, Padding: s.padding}
	switch {
	case strings.HasPrefix(s.name, "MaxPool"):
		b.maxPool(s.name, s.kernel[0], s.stride, a)
	case strings.HasPrefix(s.name, "AvgPool"):
		b.avgPool(s.name, s.kernel, s.stride, s.padding)
	default:
		if s.stddev > 0 {
			a.WeightsInitializer = trunc(s.stddev)
		}
		b.conv(s.name, b.depth(s.outputs), s.kernel, a)
	}
}

// chain is a branch of a block: its steps one after the other, and at the end
// a fork or none.
func (b *builder) chain(steps []step, end ...fork) func() {
	return func() {
		for _, s := range steps {
			b.step(s)
		}
		for _, f := range end {
			in := b.x
			left := b.from(in, func() { b.step(f[0]) })
			right := b.from(in, func() { b.step(f[1]) })
			b.concat([]*graph.Node{left, right})
		}
	}
}

// mixed is a block of branches and an end point.
func (b *builder) mixed(name string, branches ...func()) {
	b.scope(name, func() { b.branches(branches...) })
	b.mark(name)
}

// stem are layers that are end points of their own.
func (b *builder) stem(steps ...step) {
	for _, s := range steps {
		b.step(s)
		b.mark(s.name)
	}
}

// window is the kernel that pools a map: of size, or of the map if that is
// smaller.
func (b *builder) window(size int) []int {
	out, shape := kernel(size, size), b.shape()
	for i := range out {
		if d := shape[i+1]; d != graph.Unknown {
			out[i] = min(size, d)
		}
	}
	return out
}

// poolHead is how a net pools and classifies: names differ.
type poolHead struct {
	pool    string // scope of the pool; %dx%d is its kernel
	point   string // end point of the pool
	global  string // name of the global pool
	size    int    // of its kernel
	whole   bool   // which does not shrink with the map
	dropout string
	pre     string // end point of what dropout leaves, or ""
	logits  string
	inside  bool // the predictions are in the scope of the logits
}

// logits is the head of the Inceptions V1 to V3 and of MobileNet V1.
func (b *builder) logits(h poolHead) {
	b.scope("Logits", func() {
		if b.c.GlobalPool == slim.True {
			b.globalPool(h.global, true)
			b.mark("global_pool")
		} else {
			size, stride := b.window(h.size), 2
			if h.whole {
				size, stride = kernel(h.size, h.size), 1
			}
			name := h.pool
			if strings.Contains(name, "%") {
				name = fmt.Sprintf(name, size[0], size[1])
			}
			b.avgPool(name, size, stride, slim.Valid)
			b.mark(h.point)
		}
		if b.c.NumClasses == 0 {
			return
		}
		b.dropout(h.dropout)
		if h.pre != "" {
			b.mark(h.pre)
		}
		b.conv(h.logits, b.c.NumClasses, kernel(1), plain())
		b.squeeze("SpatialSqueeze")
		b.mark("Logits")
		if h.inside {
			b.predictions("Predictions", "Predictions")
		}
	})
	if b.c.NumClasses > 0 && !h.inside {
		b.predictions("Predictions", "Predictions")
	}
}
