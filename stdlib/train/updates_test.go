package train

import (
	"testing"

	"graft/stdlib/graph"
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
