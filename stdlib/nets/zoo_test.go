package nets

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// images is a placeholder of the net's own size, for any batch.
func images(t *testing.T, n Net) *graph.Node {
	shape := []int{graph.Unknown, n.ImageSize, n.ImageSize, n.Channels}
	if n.Frames > 0 {
		shape = slices.Insert(shape, 1, n.Frames)
	}
	return ok[*graph.Node](t)(graph.New().Placeholder("images", graph.Float32, shape...))
}

// The values are those of TF-Slim's nets_factory and README.
func ExampleLookup() {
	for _, name := range []string{"vgg_16", "inception_v3", "mobilenet_v1_025"} {
		n, err := Lookup(name)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(n.Name, n.ImageSize, n.NumClasses, n.LabelsOffset, n.Preprocessing, n.HeadScopes, n.WeightDecay)
	}
	for _, name := range []string{"resnet_50", "inceptio_v3"} {
		_, err := Lookup(name)
		fmt.Println(err)
	}
	// Output:
	// vgg_16 224 1000 1 vgg [vgg_16/fc8/] 0.0005
	// inception_v3 299 1001 0 inception [InceptionV3/Logits/ InceptionV3/AuxLogits/] 4e-05
	// mobilenet_v1_025 224 1001 0 inception [MobilenetV1/Logits/] 4e-05
	// nets: there is no net "resnet_50"; there are resnet_v1_50, resnet_v2_50, resnet_v1_101, resnet_v2_101, resnet_v1_152, resnet_v2_152, resnet_v1_200, resnet_v2_200
	// nets: there is no net "inceptio_v3"; there are inception_v3, inception_v1, inception_v2, inception_v4
}

// What differs between two numbers of classes is the head, and nothing else
// is: a checkpoint of other classes fits once HeadScopes are left out.
func TestHeadScopes(t *testing.T) {
	for _, name := range Names() {
		n := ok[Net](t)(Lookup(name))
		shapes := func(classes int) map[string]string {
			x := images(t, n)
			if _, _, err := n.Build(x, Config{NumClasses: classes, IsTraining: true}); err != nil {
				t.Fatal(err)
			}
			out := map[string]string{}
			for _, v := range ok[[]*graph.Variable](t)(x.Graph().Collection(graph.ModelVariables, "")) {
				out[v.Name()] = fmt.Sprint(v.Shape())
			}
			return out
		}
		a, b := shapes(5), shapes(7)
		used := map[string]bool{}
		for v := range a {
			at := slices.IndexFunc(n.HeadScopes, func(s string) bool { return strings.HasPrefix(v, s) })
			if at >= 0 {
				used[n.HeadScopes[at]] = true
			} else if a[v] != b[v] {
				t.Errorf("%s: %s is %s for 5 classes, %s for 7, and in none of the head's scopes %v", name, v, a[v], b[v], n.HeadScopes)
			}
		}
		if len(used) != len(n.HeadScopes) {
			t.Errorf("%s: of the head's scopes %v only %v have variables", name, n.HeadScopes, used)
		}
	}
}

func TestUnknownName(t *testing.T) {
	for name, want := range map[string]string{
		"vgg16":       "there are vgg_16, vgg_19, vgg_a",
		"inceptionV3": "there are inception_v3, inception_v1, inception_v2, inception_v4",
		"lenet5":      "there are lenet",
		"":            "there are vgg_16, vgg_19, vgg_a, inception_v3",
	} {
		_, _, err := Build(name, nil, Config{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", name, err, want)
		}
	}
}

func TestOptionErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		c    Config
		want string
	}{
		{"vgg_16", Config{OutputStride: 8}, "vgg_16: it has no OutputStride; its options are NumClasses, IsTraining, BatchNorm, Scope, Reuse, In, WeightDecay, KeepProb, SpatialSqueeze, GlobalPool, FCConvPadding"},
		{"resnet_v1_50", Config{KeepProb: 0.5}, "it has no KeepProb"},
		{"resnet_v1_50", Config{OutputStride: 6}, "OutputStride is 6, it must be a multiple of 4"},
		{"resnet_v1_50", Config{OutputStride: 12}, "OutputStride 12 cannot be reached"},
		{"resnet_v1_50", Config{OutputStride: 64}, "OutputStride 64 cannot be reached, the net's stride is 32"},
		{"mobilenet_v1", Config{OutputStride: 4}, "OutputStride is 4, it must be 8, 16 or 32"},
		{"mobilenet_v2", Config{DepthMultiplier: -1}, "DepthMultiplier is -1, it must be above 0"},
		{"inception_resnet_v2", Config{OutputStride: 8}, "up to the end point PreAuxLogits only"},
		{"inception_v1", Config{FinalEndpoint: "Mixed_9z"}, `there is no FinalEndpoint "Mixed_9z"; the end points are AvgPool_0a_7x7, Conv2d_1a_7x7`},
		{"inception_v1", Config{FinalEndpoint: "Mixed_4c", NumClasses: 3}, "FinalEndpoint Mixed_4c leaves the head out; NumClasses is 3"},
		{"inception_v1", Config{BaseOnly: true, NumClasses: 3}, "BaseOnly leaves the head out; NumClasses is 3"},
		{"nasnet_cifar", Config{Cells: &CellConfig{NumReductionLayers: 99}}, "NumReductionLayers of Cells is 99, it must be in 1 … NumCells"},
		{"i3d", Config{}, "NumClasses is 0"},
		{"i3d", Config{NumClasses: 3, GatingStartAt: "Mixed_3b"}, "it has no GatingStartAt"},
		{"s3dg", Config{NumClasses: 3, FirstTemporalKernelSize: 2}, "FirstTemporalKernelSize is 2, it must be 1, 3, 5 or 7"},
	} {
		_, _, err := Build(c.name, images(t, ok[Net](t)(Lookup(c.name))), c.c)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestSmallImages(t *testing.T) {
	x := ok[*graph.Node](t)(graph.New().Placeholder("images", graph.Float32, graph.Unknown, 32, 48, 3))
	_, _, err := VGG16(x, Config{})
	if want := "the net is made for images of 224×224, these are 32×48"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// FinalEndpoint makes no variables behind the end point.
func TestFinalEndpoint(t *testing.T) {
	for _, c := range []struct {
		name, point string
		channels    int
		last        string
	}{
		{"inception_v3", "Mixed_5d", 288, "InceptionV3/Mixed_5d/Branch_3/Conv2d_0b_1x1/BatchNorm/moving_variance"},
		{"mobilenet_v1", "Conv2d_3_depthwise", 128, "MobilenetV1/Conv2d_3_depthwise/BatchNorm/moving_variance"},
		{"mobilenet_v2", "layer_2", 16, "MobilenetV2/expanded_conv/project/BatchNorm/moving_variance"},
		{"nasnet_mobile", "Stem", 88, ""},
		{"s3dg", "Conv2d_2b_1x1", 64, "InceptionV1/Conv2d_2b_1x1/BatchNorm/moving_variance"},
	} {
		x := images(t, ok[Net](t)(Lookup(c.name)))
		out, end, err := Build(c.name, x, Config{FinalEndpoint: c.point})
		if err != nil {
			t.Fatal(err)
		}
		if s := out.Shape(); end[c.point] != out || s[len(s)-1] != c.channels {
			t.Errorf("%s: the result is %v, want end point %s of %d channels", c.name, out, c.point, c.channels)
		}
		vars := ok[[]*graph.Variable](t)(x.Graph().Collection(graph.ModelVariables, ""))
		if last := vars[len(vars)-1].Name(); c.last != "" && last != c.last {
			t.Errorf("%s: the last variable is %s, want %s", c.name, last, c.last)
		}
	}
	// The MobileNets V2 and V3 put their head on any end point.
	x := images(t, ok[Net](t)(Lookup("mobilenet_v2")))
	out, _, err := MobilenetV2(x, Config{FinalEndpoint: "layer_7", NumClasses: 4})
	if err != nil {
		t.Fatal(err)
	}
	head := ok[*graph.Variable](t)(x.Graph().Variable("MobilenetV2/Logits/Conv2d_1c_1x1/weights"))
	if fmt.Sprint(head.Shape(), out.Shape()) != "[1 1 32 4] [-1 4]" {
		t.Errorf("the head's weights are %v, the logits %v", head.Shape(), out.Shape())
	}
}

func TestReuse(t *testing.T) {
	x := images(t, ok[Net](t)(Lookup("resnet_v2_50")))
	g := x.Graph()
	count := func() int { return len(ok[[]*graph.Variable](t)(g.Collection(graph.GlobalVariables, ""))) }
	if _, _, err := Resnet50V2(x, Config{NumClasses: 3, IsTraining: true}); err != nil {
		t.Fatal(err)
	}
	before := count()
	if _, _, err := Resnet50V2(x, Config{NumClasses: 3}); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("a second net of the name: %v", err)
	}
	if _, _, err := Resnet50V2(x, Config{NumClasses: 3, Reuse: graph.ReuseAll}); err != nil {
		t.Fatal(err)
	}
	if after := count(); after != before {
		t.Errorf("%d variables became %d", before, after)
	}
}

func TestPredictionFn(t *testing.T) {
	_, end, err := InceptionV1(images(t, ok[Net](t)(Lookup("inception_v1"))), Config{NumClasses: 3, PredictionFn: graph.Sigmoid})
	if err != nil {
		t.Fatal(err)
	}
	if op := end["Predictions"].Op(); op != "Sigmoid" {
		t.Errorf("the predictions are by %s", op)
	}
}

// A height and width that only a run knows are allowed where the net does not
// depend on them.
func TestUnknownSize(t *testing.T) {
	for _, name := range Names() {
		n := ok[Net](t)(Lookup(name))
		if n.Frames > 0 {
			continue
		}
		x := ok[*graph.Node](t)(graph.New().Placeholder("images", graph.Float32, graph.Unknown, graph.Unknown, graph.Unknown, n.Channels))
		c := Config{NumClasses: 3}
		if slices.Contains(n.Options, "CreateAuxLogits") && n.Name != "inception_v3" && !strings.Contains(n.Name, "nasnet") {
			c.CreateAuxLogits = slim.False
		}
		_, _, err := n.Build(x, c)
		wants := strings.Contains(n.Name, "nasnet") || n.Name == "lenet" || n.Name == "cifarnet"
		if wants != (err != nil) || err != nil && !strings.Contains(err.Error(), "known") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Paths are dropped by the training's step, whose variable TF-Slim makes in
// the first cell. At step 0 all are kept.
func TestDropPath(t *testing.T) {
	const size = 32
	g := graph.New()
	x := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, 2, size, size, 3))
	logits, _, err := NasnetCifar(x, Config{NumClasses: 10, IsTraining: true, Cells: &CellConfig{NumCells: 3}})
	if err != nil {
		t.Fatal(err)
	}
	step := ok[*graph.Variable](t)(g.Variable("cell_0/comb_iter_0/left/global_step"))
	if step.DType() != graph.Int64 || len(step.Shape()) != 0 || step.Trainable() {
		t.Errorf("the global step is %v", step)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	feeds := graph.Feeds{x: ok[*graph.Tensor](t)(graph.FromFloat32s(fillValue("input", []int{2, size, size, 3}, 1, nil), 2, size, size, 3))}
	run := func(at int64) []float32 {
		if err := sess.Assign(step, ok[*graph.Tensor](t)(graph.FromInt64s([]int64{at}))); err != nil {
			t.Fatal(err)
		}
		return floats(ok[[]*graph.Tensor](t)(sess.Run(feeds, logits))[0])
	}
	first, again, late := run(0), run(0), run(1<<40)
	if !slices.Equal(first, again) {
		t.Errorf("paths are dropped at step 0: %v, %v", first, again)
	}
	if slices.Equal(first, late) {
		t.Error("no path is dropped at the end of the training")
	}
}

// What a caller's arg scope says holds for a net's layers where the net says
// nothing, and the net's variables are in the caller's scope.
func TestOuterArgScope(t *testing.T) {
	build := func(name string, c Config, a slim.Args, layers ...slim.Layer) []*graph.Variable {
		n := ok[Net](t)(Lookup(name))
		x := images(t, n)
		c.In = ok[graph.Scope](t)(slim.ArgScope(ok[graph.Scope](t)(x.Graph().Scope().Open("mine")), a, layers...))
		c.NumClasses = 3
		if _, _, err := n.Build(x, c); err != nil {
			t.Fatal(err)
		}
		return ok[[]*graph.Variable](t)(x.Graph().Collection(graph.ModelVariables, ""))
	}
	for _, v := range build("vgg_a", Config{}, slim.Args{Trainable: slim.False}, slim.LayerConv2D) {
		if v.Trainable() || !strings.HasPrefix(v.Name(), "mine/vgg_a/") {
			t.Errorf("%s is trainable: %v", v.Name(), v.Trainable())
		}
	}
	// The net's own penalty and none of the caller's, as nested arg scopes have
	// it: TF-Slim's lenet_arg_scope(0.1) within one with an L1 penalty has 4.
	for _, v := range build("lenet", Config{WeightDecay: 0.1}, slim.Args{WeightsRegularizer: slim.L1(1)}, slim.LayerConv2D, slim.LayerFullyConnected)[:1] {
		losses := ok[[]*graph.Node](t)(v.Graph().NodeCollection(graph.RegularizationLosses, ""))
		for _, l := range losses {
			if !strings.Contains(l.Name(), "l2_regularizer") {
				t.Errorf("the penalty %s is the caller's", l.Name())
			}
		}
		if len(losses) != 4 {
			t.Errorf("%d penalties, want 4", len(losses))
		}
	}
	other := graph.New()
	if _, _, err := Build("lenet", images(t, ok[Net](t)(Lookup("lenet"))), Config{In: other.Scope()}); err == nil || !strings.Contains(err.Error(), "another graph") {
		t.Errorf("got %v", err)
	}
}

// Options of TF-Slim's arg scopes that few use.
func TestRareOptions(t *testing.T) {
	updates := func(name string, c Config) int {
		n := ok[Net](t)(Lookup(name))
		x := images(t, n)
		c.NumClasses, c.IsTraining = 3, true
		if _, _, err := n.Build(x, c); err != nil {
			t.Fatal(err)
		}
		key := graph.UpdateOps
		if c.BatchNormUpdatesCollections != nil {
			key = c.BatchNormUpdatesCollections[0]
		}
		return len(ok[[]*graph.Node](t)(x.Graph().NodeCollection(key, "")))
	}
	for _, name := range []string{"inception_v1", "resnet_v1_50", "mobilenet_v1"} {
		n := updates(name, Config{})
		if mine := updates(name, Config{BatchNormUpdatesCollections: []string{"mine"}}); n == 0 || mine != n {
			t.Errorf("%s: %d updates in a collection of one's own, %d else", name, mine, n)
		}
		if there := updates(name, Config{BatchNormUpdatesInPlace: true}); there != 0 {
			t.Errorf("%s: %d updates though they are in place", name, there)
		}
	}
	ops := func(name string, c Config, op string) (count int) {
		n := ok[Net](t)(Lookup(name))
		x := images(t, n)
		c.NumClasses = 3
		if _, _, err := n.Build(x, c); err != nil {
			t.Fatal(err)
		}
		for _, node := range x.Graph().Nodes() {
			if node.Op() == op {
				count++
			}
		}
		return count
	}
	if relu, elu := ops("inception_v3", Config{Activation: slim.Elu}, "Relu"), ops("inception_v3", Config{Activation: slim.Elu}, "Elu"); relu != 0 || elu != 96 {
		t.Errorf("inception_v3 with ELU has %d Relu and %d Elu, of its 96 convolutions", relu, elu)
	}
}
