package nets

import (
	"fmt"
	"math/rand/v2"

	"graft/stdlib/graph"
	"graft/stdlib/internal/ops"
	"graft/stdlib/slim"
)

// I3D builds the inflated Inception V1 for videos (Carreira and Zisserman,
// arXiv:1705.07750; TF-Slim's i3d). images are clips [batch, frames, height,
// width, channels], float32 in [-1, 1], of 64 frames of 224×224; all sizes but
// the batch must be known. The logits are [batch, NumClasses], averaged over
// time; NumClasses must be given unless BaseOnly or FinalEndpoint is.
//
// End points: Conv2d_1a_7x7, MaxPool_2a_3x3, …, Mixed_3b, …, Mixed_5c, Logits,
// Predictions. The head is InceptionV1/Logits. Defaults: KeepProb 0.8,
// WeightDecay 1e-7, BatchNormDecay 0.999. Errors are Build's.
func I3D(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("i3d", images, c)
}

// S3DG builds the gated separable net for videos (Xie et al.,
// arXiv:1712.04851; TF-Slim's s3dg). Frames must be square where features are
// gated; the rest is as in I3D.
//
// Defaults: those of I3D, MinDepth 16, FirstTemporalKernelSize 3,
// TemporalConvStartAt and GatingStartAt Conv2d_2c_3x3. Errors are Build's.
func S3DG(images *graph.Node, c Config) (logits *graph.Node, endPoints EndPoints, err error) {
	return Build("s3dg", images, c)
}

// videoNets are the nets for clips.
func videoNets() []spec {
	row := func(name string, defaults Config, takes ...string) spec {
		defaults.Scope, defaults.KeepProb, defaults.WeightDecay = "InceptionV1", 0.8, 1e-7
		defaults.BatchNormDecay, defaults.BatchNormEpsilon = 0.999, 0.001
		defaults.DepthMultiplier, defaults.MinDepth, defaults.TemporalConvStartAt = 1, 16, "Conv2d_2c_3x3"
		return spec{
			Net:      Net{Name: name, ImageSize: 224, Frames: 64, Channels: 3, NumClasses: 400, HeadScopes: []string{"InceptionV1/Logits/"}},
			defaults: defaults,
			takes: append([]string{"KeepProb", "SpatialSqueeze", "PredictionFn", "BaseOnly", "FinalEndpoint", "SeparableConv3D",
				"BatchNormDecay", "BatchNormEpsilon"}, takes...),
			headAnywhere: name == "s3dg",
			arguments:    (*builder).videoArgs,
			build:        func(b *builder) { (&video{builder: b}).net() },
		}
	}
	return []spec{
		row("i3d", Config{FirstTemporalKernelSize: 7, SeparableConv3D: slim.False}, "BatchNormRenorm"),
		row("s3dg", Config{FirstTemporalKernelSize: 3, SeparableConv3D: slim.True, GatingStartAt: "Conv2d_2c_3x3"},
			"DepthMultiplier", "MinDepth", "FirstTemporalKernelSize", "TemporalConvStartAt", "GatingStartAt"),
	}
}

// video builds a net for clips: Inception V1 with a third axis.
type video struct {
	*builder
	frames int  // that a convolution sees
	gate   bool // features
}

// videoArgs is i3d_arg_scope, and s3dg_arg_scope. Statistics are those of
// TensorFlow's unfused path, and are in a collection of their own besides.
func (b *builder) videoArgs() {
	moving := []string{"moving_vars"}
	b.args(slim.Args{Fused: slim.False, VariablesCollections: map[string][]string{"moving_mean": moving, "moving_variance": moving}}, slim.LayerBatchNorm)
	b.batchNorm()
	b.args(slim.Args{WeightsRegularizer: b.l2(), Normalizer: slim.BatchNormalizer}, slim.LayerConv3D)
}

func (v *video) net() {
	if v.c.NumClasses == 0 && !v.c.BaseOnly && v.c.FinalEndpoint == "" {
		v.fail("NumClasses is 0; for features set BaseOnly or FinalEndpoint")
	}
	if s := v.shape(); !v.idle() && (s[1] == graph.Unknown || s[2] == graph.Unknown || s[3] == graph.Unknown || s[4] == graph.Unknown) {
		v.fail("its input has shape %s: frames, height, width and channels must be known", ops.ShapeString(s))
	}
	v.body(func() {
		v.args(slim.Args{WeightsInitializer: trunc(0.01)}, slim.LayerConv3D)
		v.args(slim.Args{Stride: 1, Padding: slim.Same}, slim.LayerConv3D, slim.LayerMaxPool3D)
		v.layers()
	})
	v.head(v.classify)
}

func (v *video) layers() {
	v.frames = 1
	v.conv3D("Conv2d_1a_7x7", v.depth(64), kernel(v.c.FirstTemporalKernelSize, 7, 7), slim.Args{Stride: 2})
	v.mark("Conv2d_1a_7x7")
	v.pool3D("MaxPool_2a_3x3", kernel(1, 3, 3), [3]int{1, 2, 2})
	v.conv3D("Conv2d_2b_1x1", v.depth(64), kernel(1))
	v.mark("Conv2d_2b_1x1")
	v.starts("Conv2d_2c_3x3")
	v.overTime("Conv2d_2c_3x3", v.depth(192))
	v.mark("Conv2d_2c_3x3")
	v.pool3D("MaxPool_3a_3x3", kernel(1, 3, 3), [3]int{1, 2, 2})
	for _, m := range inceptionV1Blocks() {
		switch m.name {
		case "MaxPool_4a_3x3":
			v.pool3D(m.name, kernel(3), [3]int{2, 2, 2})
		case "MaxPool_5a_2x2":
			v.pool3D(m.name, kernel(2), [3]int{2, 2, 2})
		default:
			v.block(m)
		}
	}
}

func (v *video) conv3D(name string, outputs int, kernel []int, more ...slim.Args) {
	v.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.Conv3D(s, x, outputs, kernel, append(more, slim.Args{Scope: name})...)
	})
}

// pool3D is an end point of its own.
func (v *video) pool3D(name string, kernel []int, stride [3]int) {
	v.maxPool3D(name, kernel, stride)
	v.mark(name)
}

func (v *video) maxPool3D(name string, kernel []int, stride [3]int) {
	v.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
		return slim.MaxPool3D(s, x, kernel, slim.Args{Scope: name, StrideDHW: stride})
	})
}

// starts switches on what starts at an end point.
func (v *video) starts(name string) {
	if v.c.TemporalConvStartAt == name {
		v.frames = 3
	}
	v.gate = v.gate || v.c.GatingStartAt == name
}

// block is an Inception block; its names are Inception V1's, less their slip.
func (v *video) block(m inceptionV1Block) {
	v.starts(m.name)
	point := func(name string, outputs int) {
		v.conv3D(name, v.depth(outputs), kernel(1))
		v.gated(name)
	}
	reduced := func(first, outputs int) func() {
		return func() {
			v.conv3D("Conv2d_0a_1x1", v.depth(first), kernel(1))
			v.overTime("Conv2d_0b_3x3", v.depth(outputs))
		}
	}
	v.mixed(m.name,
		func() { point("Conv2d_0a_1x1", m.b0) },
		reduced(m.b1a, m.b1b),
		reduced(m.b2a, m.b2b),
		func() {
			v.maxPool3D("MaxPool_0a_3x3", kernel(3), [3]int{1, 1, 1})
			point("Conv2d_0b_1x1", m.b3)
		},
	)
}

// overTime is a 3×3 convolution over space and, from TemporalConvStartAt on,
// over time, gated.
func (v *video) overTime(name string, outputs int) {
	if v.frames == 1 || v.c.SeparableConv3D != slim.True {
		v.conv3D(name, outputs, kernel(v.frames, 3, 3))
	} else {
		v.conv3D(name, outputs, kernel(1, 3, 3))
		v.conv3D(name+"/temporal", outputs, kernel(v.frames, 1, 1), slim.Args{Normalizer: slim.NoNormalizer, WeightsInitializer: centre{}})
	}
	v.gated(name)
}

// gated weighs the channels by their means over space and time.
func (v *video) gated(name string) {
	if !v.gate || v.idle() {
		return
	}
	in, s := v.x, v.shape()
	if s[2] != s[3] {
		v.fail("%s has shape %s: TF-Slim's gate takes height for width, so that frames must be square", name, ops.ShapeString(s))
		return
	}
	v.op(name+"/self_gating/avg_pool3d", ops.Reduce{Op: ops.Mean, Axes: 1<<1 | 1<<2 | 1<<3, KeepDims: true})
	v.conv3D(name+"/self_gating/transformer_W", s[4], kernel(1), plain(), slim.Args{NoBiases: slim.True})
	v.op("Sigmoid", ops.Sigmoid)
	v.op("Mul", ops.Mul, in)
}

func (v *video) classify() {
	v.scope("Logits", func() {
		s := v.shape()
		size := kernel(min(2, s[1]), min(7, s[2]), min(7, s[3]))
		v.layer(func(s graph.Scope, x *graph.Node) (*graph.Node, error) {
			return slim.AvgPool3D(s, x, size, slim.Args{Scope: "AvgPool_0a_7x7", Stride: 1})
		})
		v.dropout("Dropout_0b")
		v.conv3D("Conv2d_0c_1x1", v.c.NumClasses, kernel(1), plain())
		v.op("Mean", ops.Reduce{Op: ops.Mean, Axes: 1 << 1})
		v.squeeze("SpatialSqueeze")
		v.mark("Logits")
		v.predictions("Predictions", "Predictions")
	})
}

// centre is the initializer of convolutions over time: they begin by doing
// nothing (i3d_utils.center_initializer).
type centre struct{}

// Sampler implements graph.Initializer.
func (centre) Sampler(shape []int, _ *rand.Rand) (func() float64, error) {
	if len(shape) != 5 || shape[3] != shape[4] || shape[0]%2 == 0 || shape[1] != 1 || shape[2] != 1 {
		return nil, fmt.Errorf("centre: shape %v, [odd,1,1,channels,channels] is wanted", shape)
	}
	i, n := -1, shape[4]
	return func() float64 {
		i++
		if i/(n*n) == shape[0]/2 && i%(n*n)/n == i%n {
			return 1
		}
		return 0
	}, nil
}
