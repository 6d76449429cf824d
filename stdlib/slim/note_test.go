package slim_test

import (
	"path/filepath"
	"strings"
	"testing"

	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/nets"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

// The note that graft grew from, call by call, with what it got wrong caught.
// Its nets are the real ones; nothing of them is computed here.
func TestTheNote(t *testing.T) {
	t.Run("1: exclude Mixed_7c", func(t *testing.T) {
		g, _, _ := noteNet(t, "inception_v3", 299)
		_, err := slim.VariablesToRestore(g, slim.Exclude("Mixed_7c")) // TF-Slim: nothing is excluded, without a word
		says(t, err, `"Mixed_7c" matches none of the 388 variables`, `did you mean "InceptionV3/Mixed_7c" (matches 36)?`)
		s := ok[*slim.Selection](t)(slim.VariablesToRestore(g, slim.Exclude("InceptionV3/Logits", "InceptionV3/AuxLogits")))
		if len(s.Variables) != 376 || len(s.Excluded) != 12 {
			t.Errorf("%v", s)
		}
		if vars := ok[[]*graph.Variable](t)(slim.GetVariablesToRestore(g, nil, []string{"Mixed_7c"})); len(vars) != 388 {
			t.Errorf("TF-Slim's own choice has %d variables, 388 are wanted", len(vars))
		}
	})
	t.Run("2 and 3: vgg_16 without fc8", func(t *testing.T) {
		g, _, _ := noteNet(t, "vgg_16", 224)
		s := ok[*slim.Selection](t)(slim.VariablesToRestore(g, slim.Exclude("vgg_16/fc8")))
		if len(s.Variables) != 30 {
			t.Errorf("%v", s)
		}
		_, err := slim.AssignFromCheckpoint(filepath.Join(t.TempDir(), "vgg16.ckpt"), s.Variables, false)
		says(t, err, "there is no checkpoint at", "vgg16.ckpt")
	})
	t.Run("3.2: variables and their collections", func(t *testing.T) {
		g := graph.New()
		s := g.Scope()
		ok[*graph.Variable](t)(slim.Variable(s, "my_non_trainable", graph.VariableOptions{Shape: []int{1}, NotTrainable: true, Device: "/CPU:0"}))
		ok[*graph.Variable](t)(slim.Variable(s, "my_trainable", graph.VariableOptions{Shape: []int{2}}))
		w := ok[*graph.Variable](t)(slim.ModelVariable(s, "weights", graph.VariableOptions{Shape: []int{10, 10, 3, 3},
			Initializer: graph.TruncatedNormal{Stddev: 0.1}, Regularizer: slim.L2(0.05), Device: "/CPU:0"}))
		for _, c := range []struct{ got, want string }{
			{called(slim.GetVariables(g, "", "")), "my_non_trainable my_trainable weights"}, {called(slim.GetModelVariables(g, "", "")), "weights"},
			{called(g.Collection(graph.TrainableVariables, "")), "my_trainable weights"}, {w.Device(), "/device:CPU:0"},
			{ok[[]*graph.Node](t)(losses.GetRegularizationLosses(g, ""))[0].Name(), "weights/Regularizer/l2_regularizer"},
			{w.String(), `<Variable "weights" float32[10,10,3,3]>`},
		} {
			if c.got != c.want {
				t.Errorf("%s, TF-Slim has %s", c.got, c.want)
			}
		}
	})
	t.Run("3.3: training one scope", func(t *testing.T) {
		g, logits, labels := noteNet(t, "vgg_16", 224)
		_, err := g.Collection(graph.TrainableVariables, "outpt") // TF: an empty list
		says(t, err, `"outpt" matches none of the 32`)
		head := ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, "vgg_16/fc8"))
		loss := ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
		ok[*graph.Operation](t)(train.Adam(1e-3).Minimize(loss, head...))
		if got := called(g.Collection(graph.OptimizerVariables, "")); got != "beta1_power beta2_power vgg_16/fc8/weights/Adam vgg_16/fc8/weights/Adam_1 vgg_16/fc8/biases/Adam vgg_16/fc8/biases/Adam_1" {
			t.Errorf("the optimizer keeps %s", got)
		}
		// Slots join the global variables, and are not asked of a checkpoint.
		if s := ok[*slim.Selection](t)(slim.VariablesToRestore(g)); len(s.Variables) != 32 {
			t.Errorf("%v", s)
		}
	})
	t.Run("6: missing biases are a forgotten arg scope", func(t *testing.T) {
		with, _, _ := noteNet(t, "inception_v3", 299)
		var in []tensor
		for _, v := range ok[[]*graph.Variable](t)(slim.GetModelVariables(with, "InceptionV3/Conv2d", "")) {
			in = append(in, tensor{v.Name(), v.Shape()})
		}
		g := graph.New()
		x := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, graph.Unknown, 299, 299, 3))
		_, _, err := nets.Build("inception_v3", x, nets.Config{NumClasses: 200, UseBatchNorm: slim.False})
		if err != nil {
			t.Fatal(err)
		}
		s := ok[*slim.Selection](t)(slim.VariablesToRestore(g, slim.Include("InceptionV3/Conv2d")))
		says(t, ok[*slim.RestorePlan](t)(slim.PlanRestore(file(t, in...), s)).Err(), "no value for 5 biases, and its 15 BatchNorm tensors are unused", "without its arg scope")
	})
}

func noteNet(t *testing.T, net string, size int) (g *graph.Graph, logits, labels *graph.Node) {
	t.Helper()
	g = graph.New()
	images := ok[*graph.Node](t)(g.Placeholder("images", graph.Float32, graph.Unknown, size, size, 3))
	labels = ok[*graph.Node](t)(g.Placeholder("labels", graph.Int64, graph.Unknown))
	logits, _, err := nets.Build(net, images, nets.Config{NumClasses: 200, IsTraining: true})
	if err != nil {
		t.Fatal(err)
	}
	return g, logits, labels
}

func called(vars []*graph.Variable, err error) string {
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, v := range vars {
		names = append(names, v.Name())
	}
	return strings.Join(names, " ")
}
