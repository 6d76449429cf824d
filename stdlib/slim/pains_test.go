package slim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/losses"
	"graft/stdlib/slim"
	"graft/stdlib/train"
)

func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func says(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, one with %q is wanted", texts)
	}
	for _, s := range texts {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("error %q lacks %q", err, s)
		}
	}
}

// tensor is a variable's name and shape.
type tensor struct {
	name  string
	shape []int
}

func model(t *testing.T, vars ...tensor) *graph.Graph {
	g := graph.New()
	for _, v := range vars {
		ok[*graph.Variable](t)(slim.ModelVariable(g.Scope(), v.name, graph.VariableOptions{Shape: v.shape, Initializer: graph.Zeros()}))
	}
	return g
}

func file(t *testing.T, tensors ...tensor) string {
	prefix := filepath.Join(t.TempDir(), "model.ckpt")
	write(t, ok[*ckpt.Writer](t)(ckpt.Create(prefix)), tensors)
	return prefix
}

func write(t *testing.T, w ckpt.TensorWriter, tensors []tensor) {
	t.Helper()
	for _, x := range tensors {
		n := 1
		for _, d := range x.shape {
			n *= d
		}
		value := ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, n), x.shape...))
		if err := w.Add(ok[*ckpt.Tensor](t)(graph.ToCheckpoint(x.name, value))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func planned(t *testing.T, g *graph.Graph, path string, options ...slim.RestoreOption) *slim.RestorePlan {
	t.Helper()
	return ok[*slim.RestorePlan](t)(slim.PlanRestore(path, ok[*slim.Selection](t)(slim.VariablesToRestore(g, options...))))
}

// The pains of TF-Slim's users, by the numbers of the list that was collected
// from its issues, and what graft says.

func TestPain1HeadOfAnotherClassCount(t *testing.T) {
	body := tensor{"InceptionV3/Conv2d_1a_3x3/weights", []int{3, 3, 3, 8}}
	g := model(t, body, tensor{"InceptionV3/AuxLogits/Conv2d_2b_1x1/weights", []int{1, 1, 8, 5}}, tensor{"InceptionV3/Logits/Conv2d_1c_1x1/weights", []int{1, 1, 8, 5}})
	path := file(t, body, tensor{"InceptionV3/AuxLogits/Conv2d_2b_1x1/weights", []int{1, 1, 8, 1001}}, tensor{"InceptionV3/Logits/Conv2d_1c_1x1/weights", []int{1, 1, 8, 1001}})
	says(t, planned(t, g, path).Err(), "Assign requires shapes of both tensors to match. lhs shape= [1,1,8,5] rhs shape= [1,1,8,1001]",
		"1001 in the checkpoint, 5 here", `slim.Exclude("InceptionV3/AuxLogits", "InceptionV3/Logits")`, "nothing was restored")
}

func TestPain2MissingArgScope(t *testing.T) {
	g := model(t, tensor{"net/conv1/weights", []int{2}}, tensor{"net/conv1/biases", []int{2}})
	path := file(t, tensor{"net/conv1/weights", []int{2}}, tensor{"net/conv1/BatchNorm/beta", []int{2}}, tensor{"net/conv1/BatchNorm/moving_mean", []int{2}})
	says(t, planned(t, g, path).Err(), "Key net/conv1/biases not found in checkpoint", "no value for 1 biases, and its 2 BatchNorm tensors are unused", "without its arg scope")
}

func TestPain3PatternThatMatchesNothing(t *testing.T) {
	g := model(t, tensor{"vgg_16/fc8/weights", []int{2}}, tensor{"vgg_16/fc8/biases", []int{2}})
	_, err := slim.VariablesToRestore(g, slim.Exclude("fc8"))
	says(t, err, `pattern "fc8" matches none of the 2 variables`, "from the start of the name", `did you mean "vgg_16/fc8" (matches 2)?`)
}

func TestPain4OptimizerSlots(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}})
	w := ok[*graph.Variable](t)(g.Variable("net/w"))
	loss := ok[*graph.Node](t)(graph.ReduceSum(w.Node()))
	ok[*graph.Operation](t)(train.Adam(0.1).Minimize(loss, w))
	path := file(t, tensor{"net/w", []int{2}})
	// The default leaves them out …
	if err := planned(t, g, path).Err(); err != nil {
		t.Error(err)
	}
	// … and TF-Slim's own choice asks for them.
	all := ok[[]*graph.Variable](t)(slim.GetVariablesToRestore(g, nil, nil))
	_, err := slim.AssignFromCheckpointFn(path, all, slim.RestoreOptions{})
	says(t, err, "Key net/w/Adam not found in checkpoint", "4 of the missing variables are an optimizer's own")
}

func TestPain5Uninitialized(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}}, tensor{"net/fc8", []int{2}})
	p := planned(t, g, file(t, tensor{"net/w", []int{2}}), slim.Exclude("net/fc8"))
	if !strings.Contains(p.String(), `excluded by "net/fc8", newly initialised`) {
		t.Errorf("the plan does not say what begins anew:\n%s", p)
	}
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	if err := p.Apply(sess); err != nil {
		t.Fatal(err)
	}
	if n := sess.Uninitialized(); len(n) != 1 || n[0].Name() != "net/fc8" {
		t.Errorf("uninitialised: %v", n)
	}
	ok[[]*graph.Tensor](t)(sess.Run(nil, ok[*graph.Variable](t)(g.Variable("net/fc8")))) // TensorFlow: Attempting to use uninitialized value
}

func TestPain6InitAfterRestore(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}})
	path := file(t, tensor{"net/w", []int{2}})
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	if err := planned(t, g, path).Apply(sess); err != nil {
		t.Fatal(err)
	}
	if origin, from := sess.Origin(ok[*graph.Variable](t)(g.Variable("net/w"))); origin != graph.Restored || from != path {
		t.Errorf("origin %s from %s", origin, from)
	}
	says(t, sess.Init(), "init would throw away the value of net/w, which was restored")
}

// Pains 7 and 8: update operations run by themselves, and frozen layers in
// training mode are refused.
func TestPain7And8MovingStatistics(t *testing.T) {
	g := graph.New()
	x := ok[*graph.Node](t)(g.Constant("x", ok[*graph.Tensor](t)(graph.FromFloat32s([]float32{1, 2, 3, 4}, 4, 1))))
	y := ok[*graph.Node](t)(slim.FullyConnected(g.Scope(), x, 1, slim.Args{Normalizer: slim.BatchNormalizer, Scope: "body"}))
	z := ok[*graph.Node](t)(slim.FullyConnected(g.Scope(), y, 1, slim.Args{Scope: "head"}))
	loss := ok[*graph.Node](t)(graph.ReduceSum(z))
	head := ok[[]*graph.Variable](t)(g.Collection(graph.TrainableVariables, "head/"))
	_, err := train.GradientDescent(0.1).Minimize(loss, head...)
	says(t, err, "1 layers with batch normalisation are frozen, but were built with IsTraining", "build frozen layers with IsTraining false")
	step := ok[*graph.Operation](t)(train.GradientDescent(0.1).Minimize(loss))
	sess := ok[*graph.Session](t)(graph.NewSession(g))
	ok[[]*graph.Tensor](t)(sess.Run(nil, step))
	moving := ok[*graph.Variable](t)(g.Variable("body/BatchNorm/moving_variance"))
	if v := ok[float64](t)(graph.Item(ok[*graph.Tensor](t)(sess.Value(moving)))); v == 1 {
		t.Error("the moving statistics did not move")
	}
}

func TestPain10LabelsShiftedByOne(t *testing.T) {
	g := model(t, tensor{"net/logits/biases", []int{1000}})
	says(t, planned(t, g, file(t, tensor{"net/logits/biases", []int{1001}})).Err(), "1001 in the checkpoint, 1000 here", "labels are shifted by one")
	// A label out of range is an error of the run, not a loss of NaN.
	logits := ok[*graph.Node](t)(g.Constant("l", ok[*graph.Tensor](t)(graph.FromFloat32s(make([]float32, 5), 1, 5))))
	labels := ok[*graph.Node](t)(g.Constant("k", ok[*graph.Tensor](t)(graph.FromInt64s([]int64{5}, 1))))
	loss := ok[*graph.Node](t)(losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels}))
	_, err := ok[*graph.Session](t)(graph.NewSession(g)).Run(nil, loss)
	says(t, err, "Received a label value of 5 which is outside the valid range of [0, 5)")
}

func TestPain11WhichOfTheFiles(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}})
	path := file(t, tensor{"net/w", []int{2}})
	for _, p := range []string{path, path + ".index", path + ".data-00000-of-00001"} {
		if err := planned(t, g, p).Err(); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	page := filepath.Join(t.TempDir(), "page.ckpt")
	if err := os.WriteFile(page, []byte("<!DOCTYPE html><html>not a checkpoint</html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := slim.PlanRestore(page, ok[*slim.Selection](t)(slim.VariablesToRestore(g)))
	says(t, err, "it is a web page")
	if err := os.Remove(path + ".index"); err != nil {
		t.Fatal(err)
	}
	_, err = slim.PlanRestore(path, ok[*slim.Selection](t)(slim.VariablesToRestore(g)))
	says(t, err, path, ".index")
}

func TestPain13MovedFolder(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}})
	path := file(t, tensor{"net/w", []int{2}})
	state := "model_checkpoint_path: \"/gone/model.ckpt\"\nall_model_checkpoint_paths: \"/gone/model.ckpt\"\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "checkpoint"), []byte(state), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := planned(t, g, filepath.Dir(path)).Err(); err != nil {
		t.Error(err)
	}
}

func TestPain14EmptyList(t *testing.T) {
	_, err := slim.AssignFromCheckpointFn("x", nil, slim.RestoreOptions{})
	says(t, err, "var_list cannot be empty", "was the net built, and does the pattern match its scope?")
	_, err = slim.VariablesToRestore(graph.New())
	says(t, err, "the graph has no variables yet: build the net first")
	_, err = slim.GetModelVariables(model(t, tensor{"resnet_v1_50/w", []int{2}}), "vgg_16", "")
	says(t, err, `in "model_variables"`, "its names begin with resnet_v1_50")
}

func TestPain15LogitsAndLabels(t *testing.T) {
	g := graph.New()
	logits := ok[*graph.Node](t)(g.Placeholder("logits", graph.Float32, graph.Unknown, 1, 1, 5))
	labels := ok[*graph.Node](t)(g.Placeholder("labels", graph.Int64, graph.Unknown))
	_, err := losses.SparseSoftmaxCrossEntropy(losses.Classification{Logits: logits, Labels: labels})
	says(t, err, "logits logits have shape [-1,1,1,5], [batch,classes] is wanted", "labels labels have shape [-1], [batch] is wanted")
}

func TestPain16NothingToTrain(t *testing.T) {
	g := model(t, tensor{"net/w", []int{2}}, tensor{"net/v", []int{2}})
	w, v := ok[*graph.Variable](t)(g.Variable("net/w")), ok[*graph.Variable](t)(g.Variable("net/v"))
	loss := ok[*graph.Node](t)(graph.ReduceSum(w.Node()))
	_, err := train.Adam(0.1).Minimize(loss, []*graph.Variable{}...)
	says(t, err, "No variables to optimize")
	_, err = train.Adam(0.1).Minimize(loss, v)
	says(t, err, "No gradients provided for any variable of net/v", "does not depend on them")
	_, err = g.Collection(graph.TrainableVariables, "outpt")
	says(t, err, `"outpt" matches none of the 2`)
}

// tf.contrib went with TensorFlow 2, and its checkpoints with it: a single
// file in the first format, with the loss, the step and an optimizer's slots
// in it. None of that is in the way here.
func TestPain17ContribIsGone(t *testing.T) {
	net := []tensor{{"vgg_16/conv1/conv1_1/weights", []int{3, 3, 3, 4}}, {"vgg_16/conv1/conv1_1/biases", []int{4}}}
	path := filepath.Join(t.TempDir(), "vgg_16.ckpt")
	write(t, ok[ckpt.TensorWriter](t)(ckpt.CreateAs(path, "V1")), append(net, tensor{"global_step", nil}, tensor{"mean_rgb", []int{3}}, tensor{net[0].name + "/Momentum", net[0].shape}))
	plan := planned(t, model(t, net...), path)
	if err := plan.Err(); err != nil || plan.Count(slim.Restore) != 2 || len(plan.Unused) != 3 {
		t.Errorf("%v\n%v", err, plan)
	}
}

func TestPain18SavedWithoutStatistics(t *testing.T) {
	n := "net/conv1/BatchNorm/"
	g := model(t, tensor{n + "beta", []int{2}}, tensor{n + "moving_mean", []int{2}}, tensor{n + "moving_variance", []int{2}})
	says(t, planned(t, g, file(t, tensor{n + "beta", []int{2}})).Err(), "lacks 2 moving statistics of batch normalisation", "saved from the trainable variables only")
}

// What else a plan recognises.
func TestPlanRecognises(t *testing.T) {
	w, two := "weights", []int{2}
	for _, c := range []struct {
		name        string
		graph, file []tensor
		says        []string
	}{
		{"another root scope", []tensor{{"my/c/" + w, two}}, []tensor{{"net/c/" + w, two}}, []string{`Selection.Rename("my/", "net/")`, "1 variables would fit"}},
		{"no root scope here", []tensor{{"c/" + w, two}}, []tensor{{"net/c/" + w, two}}, []string{`Selection.Rename("", "net/")`}},
		{"no root scope there", []tensor{{"my/c/" + w, two}}, []tensor{{"c/" + w, two}}, []string{`Selection.Rename("my/", "")`}},
		{"another net", []tensor{{"my/c/" + w, two}}, []tensor{{"net/d/kernel", two}}, []string{"whose names begin with net: it is of another net"}},
		{"another image size", []tensor{{"I/x", two}, {"I/AuxLogits/Conv2d_2a_3x3/" + w, two}}, []tensor{{"I/x", two}, {"I/AuxLogits/Conv2d_2a_5x5/" + w, two}}, []string{"images of another size"}},
		{"the same number of values", []tensor{{"net/a", []int{2, 3}}}, []tensor{{"net/a", []int{6}}}, []string{"ReshapeVariables: true"}},
		{"an object-based file", []tensor{{"net/a", two}}, []tensor{{"net/a/.ATTRIBUTES/VARIABLE_VALUE", two}}, []string{"object-based (tf.train.Checkpoint, Keras)"}},
	} {
		t.Run(c.name, func(t *testing.T) { says(t, planned(t, model(t, c.graph...), file(t, c.file...)).Err(), c.says...) })
	}
	g := model(t, tensor{"net/a", two})
	p := planned(t, g, file(t, tensor{"net/a", two}, tensor{"net/a/ExponentialMovingAverage", two}))
	if p.Err() != nil || !strings.Contains(strings.Join(p.Hints, "\n"), "moving averages of 1 variables") {
		t.Errorf("the averages are not seen:\n%s", p)
	}
}

// Renaming, moving averages and dtypes are leniencies that one asks for.
func TestLenienciesByName(t *testing.T) {
	two := []int{2}
	g := model(t, tensor{"my/a", two}, tensor{"my/b", two})
	path := file(t, tensor{"net/a", two}, tensor{"net/b", two}, tensor{"net/b/ExponentialMovingAverage", two})
	sel := ok[*slim.Selection](t)(slim.VariablesToRestore(g))
	_, err := sel.Rename("mine/", "net/")
	says(t, err, "matches none of the 2")
	p := ok[*slim.RestorePlan](t)(slim.PlanRestoreWith(path, ok[*slim.Selection](t)(sel.Rename("my/", "net/")), slim.RestoreOptions{MovingAverages: true}))
	if p.Count(slim.Restore) != 2 || p.Entries[1].Key != "net/b/ExponentialMovingAverage" || !strings.Contains(p.String(), "restore from net") {
		t.Errorf("plan:\n%s", p)
	}
	h := graph.New()
	v := ok[*graph.Variable](t)(slim.ModelVariable(h.Scope(), "net/a", graph.VariableOptions{Shape: two, DType: graph.Float64}))
	says(t, planned(t, h, path).Err(), "expected dtype float64 does not equal original dtype float32", "CastVariables: true")
	q := ok[*slim.RestorePlan](t)(slim.PlanRestoreWith(path, ok[*slim.Selection](t)(slim.Select(v)), slim.RestoreOptions{CastVariables: true}))
	if q.Err() != nil || q.Count(slim.Cast) != 1 {
		t.Errorf("plan:\n%s", q)
	}
	_, err = slim.PlanRestore(path, &slim.Selection{Variables: []*graph.Variable{v, v}})
	says(t, err, "At least two variables have the same name: net/a")
}
