package slim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"graft/stdlib/graph"
)

// pick are the odd values that the fuzzers choose from.
type pick struct{ *rand.Rand }

func (p pick) int() int {
	return []int{-1 << 40, -2, -1, 0, 1, 2, 3, 4, 7, 1 << 30, math.MaxInt}[p.IntN(11)]
}
func (p pick) ints() []int {
	out := make([]int, p.IntN(5))
	for i := range out {
		out[i] = p.int()
	}
	return out
}
func (p pick) float() float64 {
	return []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e-300, 0.5, 1, 2, 1e300}[p.IntN(10)]
}
func (p pick) name() string {
	return []string{"", "a", "a/b", "/", "a b", "é", "(", "[z-a]", "(?!a)", ".*", "\x00", "x:0", "a//b/", "conv1", "Conv_1"}[p.IntN(15)]
}
func (p pick) bool() Bool { return []Bool{0, True, False, 7}[p.IntN(4)] }

// input is a node of some shape and dtype, or nil.
func (p pick) input(g *graph.Graph) *graph.Node {
	shapes := [][]int{nil, {-1}, {-1, 3}, {2, 3}, {-1, 4, 4, 3}, {0, 4, 4, 0}, {2, 5, 5, 2}, {-1, -1, -1, 3}, {-1, 4, 4, -1}, {2, 3, 4, 4, 2}, {1, 1, 1, 1, 1, 1}, {-1, 0}}
	dtypes := []graph.DType{graph.Float32, graph.Float32, graph.Float32, graph.Float64, graph.Int32, graph.Int64, graph.Bool}
	x, err := g.Placeholder("x", dtypes[p.IntN(len(dtypes))], shapes[p.IntN(len(shapes))]...)
	if err != nil || p.IntN(20) == 0 {
		return nil
	}
	return x
}

func (p pick) args(g *graph.Graph) (a Args) {
	some := func() bool { return p.IntN(6) == 0 }
	for _, set := range []func(){
		func() { a.Scope = p.name() }, func() { a.Stride = p.int() }, func() { a.StrideHW = [2]int{p.int(), p.int()} },
		func() { a.StrideDHW = [3]int{p.int(), p.int(), p.int()} }, func() { a.Padding = Padding(p.name()) }, func() { a.Padding = Valid },
		func() { a.DataFormat = p.name() }, func() { a.Rate = p.int() }, func() { a.Activation = Activation(p.name()) }, func() { a.Activation = SoftmaxActivation },
		func() { a.Normalizer = Normalizer(p.name()) }, func() { a.Normalizer = BatchNormalizer }, func() { a.NormalizerArgs = &Args{Decay: p.float()} },
		func() { a.WeightsInitializer = graph.TruncatedNormal{Stddev: p.float()} }, func() { a.WeightsRegularizer = L2(p.float()) },
		func() { a.NoBiases = p.bool() }, func() { a.Trainable = p.bool() }, func() { a.Reuse = graph.Reuse(p.IntN(5) - 1) },
		func() { a.VariablesCollections = map[string][]string{p.name(): {p.name()}} }, func() { a.OutputsCollections = []string{p.name()} },
		func() { a.IsTraining = p.bool() }, func() { a.Decay = p.float() }, func() { a.Epsilon = p.float() }, func() { a.Center = p.bool() },
		func() { a.Scale = p.bool() }, func() { a.Fused = p.bool() }, func() { a.UpdatesInPlace = p.bool() }, func() { a.ZeroDebiasMovingMean = p.bool() },
		func() { a.BatchWeights = p.input(g) }, func() { a.Groups = p.int() }, func() { a.BeginNormAxis = p.int() }, func() { a.KeepProb = p.float() },
		func() { a.NoiseShape = p.ints() }, func() { a.DepthMultiplier = p.int() }, func() { a.Temperature = p.float() }, func() { a.Device = p.name() },
	} {
		if some() && p.IntN(4) == 0 {
			set()
		}
	}
	return a
}

// Everything that a cell can call returns an error for nonsense, and never
// panics.
func FuzzLayers(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		p := pick{rand.New(rand.NewPCG(seed, 1))}
		g := graph.New()
		s := g.Scope()
		if p.IntN(10) == 0 {
			s = graph.Scope{}
		}
		for range 6 {
			x, a, n, k := p.input(g), p.args(g), p.int(), p.ints()
			if n > 1000 { // weights of so many outputs are legal, and large
				n = 5
			}
			modest(&a, k)
			for i, f := range calls(s, x, a, n, k) {
				if y, err := f(); err == nil && y == nil {
					t.Errorf("layer %d returns neither a node nor an error", i)
				}
			}
		}
	})
}

// modest keeps sizes that are legal from being large.
func modest(a *Args, k []int) {
	for i := range k {
		k[i] = min(k[i], 9)
	}
	a.DepthMultiplier, a.Rate = min(a.DepthMultiplier, 9), min(a.Rate, 9)
}

func calls(s graph.Scope, x *graph.Node, a Args, n int, k []int) []func() (*graph.Node, error) {
	type node = *graph.Node
	return []func() (node, error){
		func() (node, error) { return Conv1D(s, x, n, k, a) }, func() (node, error) { return Conv2D(s, x, n, k, a) },
		func() (node, error) { return Conv3D(s, x, n, k, a) }, func() (node, error) { return Conv2DTranspose(s, x, n, k, a) },
		func() (node, error) { return Conv2DInPlane(s, x, k, a) }, func() (node, error) { return SeparableConv2D(s, x, n, k, a) },
		func() (node, error) { return FullyConnected(s, x, n, a) }, func() (node, error) { return BiasAdd(s, x, a) },
		func() (node, error) { return BatchNorm(s, x, a) }, func() (node, error) { return LayerNorm(s, x, a) },
		func() (node, error) { return GroupNorm(s, x, a) }, func() (node, error) { return InstanceNorm(s, x, a) },
		func() (node, error) { return UnitNorm(s, x, n, a) }, func() (node, error) { return MaxPool2D(s, x, k, a) },
		func() (node, error) { return AvgPool2D(s, x, k, a) }, func() (node, error) { return MaxPool3D(s, x, k, a) },
		func() (node, error) { return AvgPool3D(s, x, k, a) }, func() (node, error) { return Dropout(s, x, a) },
		func() (node, error) { return Flatten(s, x, a) }, func() (node, error) { return Softmax(s, x, a) },
		func() (node, error) { return SpatialSoftmax(s, x, a) }, func() (node, error) { return OneHotEncoding(s, x, n, a) },
		func() (node, error) { return Maxout(s, x, n, a) },
		func() (node, error) {
			return Repeat(s, x, min(n, 3), LayerFlatten, func(s graph.Scope, x node, a Args) (node, error) { return Flatten(s, x, a) }, a)
		},
		func() (node, error) { return Stack(s, x, LayerConv2D, []Apply{nil}, a) },
	}
}

// FuzzVariables does the same for variables, queries and restores.
func FuzzVariables(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		p := pick{rand.New(rand.NewPCG(seed, 2))}
		g := graph.New()
		s := g.Scope()
		var vars []*graph.Variable
		for range 6 {
			if in, err := s.Open(p.name()); err == nil && p.IntN(2) == 0 {
				s = in.WithReuse(graph.Reuse(p.IntN(3)))
			}
			shape := p.ints()
			for i := range shape {
				shape[i] = min(shape[i], 5)
			}
			opt := graph.VariableOptions{Shape: shape, Device: []string{"", "/cpu:0", "x", "/job:"}[p.IntN(4)], DType: graph.DType(p.IntN(12))}
			if p.IntN(2) == 0 {
				opt.Partitioner = graph.FixedSizePartitioner(p.int(), p.int())
			}
			if p.IntN(4) == 0 {
				opt.Partitioner = graph.MinMaxVariablePartitioner(p.int(), p.int(), p.int())
			}
			if p.IntN(4) == 0 {
				opt.Partitioner = graph.VariableAxisSizePartitioner(p.int(), p.int())
			}
			v, err := ModelVariable(s, p.name(), opt)
			if err == nil {
				vars = append(vars, v)
			}
			if p.IntN(5) == 0 {
				vars = append(vars, nil)
			}
		}
		ask(p, g, vars)
	})
}

// ask calls what takes variables and patterns; that it returns is the test.
func ask(p pick, g *graph.Graph, vars []*graph.Variable) {
	if p.IntN(10) == 0 {
		g = nil
	}
	sel, err := Select(vars...)
	if err == nil {
		_, err = sel.Rename(p.name(), p.name())
	}
	for _, f := range []func() error{
		func() error { _, err := GetVariables(g, p.name(), p.name()); return err },
		func() error { _, err := GetVariablesByName(g, p.name(), p.name()); return err },
		func() error { _, err := GetUniqueVariable(g, p.name()); return err },
		func() error { _, err := FilterVariables(vars, []string{p.name()}, []string{p.name()}); return err },
		func() error { _, err := GetVariablesToRestore(g, []string{p.name()}, []string{p.name()}); return err },
		func() error { _, err := VariablesToRestore(g, Include(p.name()), Exclude(p.name())); return err },
		func() error { _, err := AssignFromValues(g, map[string]*graph.Tensor{p.name(): nil}); return err },
		func() error { _, err := AssignFromCheckpoint(p.name(), vars, true); return err },
		func() error { _, err := AssignFromCheckpointFn(p.name(), vars, RestoreOptions{}); return err },
		func() error { return InitFromCheckpoint(g, p.name(), map[string]string{p.name(): p.name()}) },
		func() error { _, err := PlanRestore(p.name(), sel); return err },
		func() error { return AddModelVariable(nil) },
	} {
		err = f()
	}
	_ = fmt.Sprint(err)
}
