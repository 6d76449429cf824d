package train

import (
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/nets"
	"graft/stdlib/slim"
)

// normalised is a convolution with batch normalisation in training mode.
func normalised(t *testing.T, x *graph.Node, scope string) *graph.Node {
	t.Helper()
	return ok[*graph.Node](t)(slim.Conv2D(x.Graph().Scope(), x, 2, []int{1}, slim.Args{Scope: scope, Normalizer: slim.BatchNormalizer}))
}

// Statistics move with the layers that are trained. A head that the loss does
// not use, as Inception's second one, is left alone; a frozen layer on the way
// is an error.
func TestUpdatesOfTrainedLayers(t *testing.T) {
	g := graph.New()
	x := ok[*graph.Node](t)(g.Placeholder("x", graph.Float32, 4, 2, 2, 2))
	trunk := normalised(t, x, "trunk")
	head := normalised(t, trunk, "head")
	normalised(t, trunk, "aux")
	loss := ok[*graph.Node](t)(graph.ReduceMean(ok[*graph.Node](t)(graph.Square(head))))
	vars := func(scope string) []*graph.Variable {
		return ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, scope))
	}
	_, err := GradientDescent(0.1).Minimize(loss, vars("head")...)
	wants(t, err, "1 layers with batch normalisation are frozen", "(trunk)", "IsTraining false")

	step := ok[*graph.Operation](t)(GradientDescent(0.1).Minimize(loss))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	pixels := make([]float32, 32)
	for i := range pixels {
		pixels[i] = float32(i)
	}
	ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{x: ok[*graph.Tensor](t)(graph.FromFloat32s(pixels, 4, 2, 2, 2))}, step))
	for scope, moved := range map[string]bool{"trunk": true, "head": true, "aux": false} {
		v := ok[*graph.Variable](t)(g.Variable(scope + "/BatchNorm/moving_mean"))
		if o, _ := sess.Origin(v); (o == graph.Trained) != moved {
			t.Errorf("%s's moving mean is %s", scope, o)
		}
	}
}

// Batch normalisation by scope: frozen layers go by their stored statistics,
// which stay; those of statistics only move without being trained.
func TestBatchNormModes(t *testing.T) {
	pixels := make([]float32, 32)
	for i := range pixels {
		pixels[i] = float32(i)
	}
	fed := ok[*graph.Tensor](t)(graph.FromFloat32s(pixels, 4, 2, 2, 2))
	for mode, want := range map[slim.BatchNormMode]struct{ trunk, head graph.Origin }{
		slim.BatchNormFrozen:         {graph.Fresh, graph.Trained},
		slim.BatchNormStatisticsOnly: {graph.Trained, graph.Trained},
	} {
		g := graph.New()
		x := ok[*graph.Node](t)(g.Placeholder("x", graph.Float32, 4, 2, 2, 2))
		s := ok[graph.Scope](t)(slim.ArgScope(g.Scope(), slim.Args{BatchNormModes: map[string]slim.BatchNormMode{"trunk": mode, "trunkless": slim.BatchNormTrain}}, slim.LayerBatchNorm))
		layer := func(x *graph.Node, scope string) *graph.Node {
			return ok[*graph.Node](t)(slim.Conv2D(s, x, 2, []int{1}, slim.Args{Scope: scope, Normalizer: slim.BatchNormalizer}))
		}
		trunk := layer(x, "trunk")
		head := layer(trunk, "head")
		loss := ok[*graph.Node](t)(graph.ReduceMean(ok[*graph.Node](t)(graph.Square(head))))
		step := ok[*graph.Operation](t)(GradientDescent(0.1).Minimize(loss, ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, "head"))...))
		sess := ok[*graph.Session](t)(graph.NewSession(g))
		ok[[]*graph.Tensor](t)(sess.Run(graph.Feeds{x: fed}, step))
		for scope, w := range map[string]graph.Origin{"trunk": want.trunk, "head": want.head} {
			v := ok[*graph.Variable](t)(g.Variable(scope + "/BatchNorm/moving_mean"))
			if o, _ := sess.Origin(v); o != w {
				t.Errorf("%s: %s's moving mean is %s, want %s", mode, scope, o, w)
			}
		}
		moments := 0
		for _, n := range g.Nodes() {
			if n.Op() == "Moments" && strings.HasPrefix(n.Name(), "trunk") {
				moments++
			}
		}
		if (moments == 0) != (mode == slim.BatchNormFrozen) {
			t.Errorf("%s: the trunk normalises by %d batch statistics", mode, moments)
		}
	}
	_, err := slim.ArgScope(graph.New().Scope(), slim.Args{BatchNormModes: map[string]slim.BatchNormMode{"a": "off"}}, slim.LayerBatchNorm)
	wants(t, err, `batch normalisation of "a" is to be "off"`)
}

// A frozen trunk under a head that drops out, in one net.
func TestNetWithFrozenBatchNorm(t *testing.T) {
	g := graph.New()
	images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, -1, 32, 32, 3))
	config := nets.Config{NumClasses: 3, DepthMultiplier: 0.25, IsTraining: true, KeepProb: 0.5, BatchNorm: map[string]slim.BatchNormMode{"MobilenetV1": slim.BatchNormFrozen}}
	logits, _, err := nets.MobilenetV1(images, config)
	if err != nil {
		t.Fatal(err)
	}
	loss := ok[*graph.Node](t)(graph.ReduceMean(ok[*graph.Node](t)(graph.Square(logits))))
	ok[*graph.Operation](t)(Adam(0.1).Minimize(loss, ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, "MobilenetV1/Logits"))...))
	if updates := ok[[]*graph.Node](t)(g.NodeCollection(graph.UpdateOps, "")); len(updates) != 0 {
		t.Errorf("%d statistics would move", len(updates))
	}
	config.BatchNorm = map[string]slim.BatchNormMode{"Mobilenet": slim.BatchNormFrozen}
	config.Scope = "Another"
	_, _, err = nets.MobilenetV1(images, config)
	wants(t, err, `scope "Mobilenet"`, "holds no batch normalisation", `"Another"`)
}
