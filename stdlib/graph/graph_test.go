package graph

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// want fails unless err holds all of the texts.
func want(t *testing.T, err error, texts ...string) {
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

func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func variable(t *testing.T, s Scope, name string, first float64, shape ...int) *Variable {
	t.Helper()
	return ok[*Variable](t)(s.GetVariable(name, VariableOptions{Shape: shape, Initializer: Constants{first}}))
}

func TestScopesAndNames(t *testing.T) {
	g := New()
	a := ok[Scope](t)(g.Scope().Open("a"))
	variable(t, a, "w", 0, 2)
	for _, name := range []string{"Conv", "Conv_1", "Conv_2"} {
		if s := ok[Scope](t)(a.OpenDefault("Conv")); s.Path() != "a/"+name {
			t.Errorf("default scope %q, want a/%s", s.Path(), name)
		}
	}
	// TensorFlow starts a scope's counters anew when it is opened again.
	again := ok[Scope](t)(g.Scope().Open("a"))
	if s := ok[Scope](t)(again.OpenDefault("Conv")); s.Path() != "a/Conv" {
		t.Errorf("after reopening: %q", s.Path())
	}
	_, err := a.GetVariable("w", VariableOptions{Shape: []int{2}})
	want(t, err, "Variable a/w already exists, disallowed. Did you mean to set reuse=")
	_, err = a.WithReuse(ReuseAll).GetVariable("v", VariableOptions{Shape: []int{2}})
	want(t, err, "Variable a/v does not exist")
	_, err = a.WithReuse(AutoReuse).GetVariable("w", VariableOptions{Shape: []int{3}})
	want(t, err, "Trying to share variable a/w", "specified shape [3] and found shape [2]")
	if v := ok[*Variable](t)(a.WithReuse(AutoReuse).GetVariable("w", VariableOptions{Shape: []int{2}})); v.Name() != "a/w" {
		t.Errorf("shared %v", v)
	}
	_, err = g.Scope().Open("no spaces")
	want(t, err, "not a valid root scope name")
	_, err = Scope{}.Open("x")
	want(t, err, "without a graph")
}

// TensorFlow makes names unique without regard to case.
func TestUniqueNames(t *testing.T) {
	g := New()
	for _, c := range []struct{ ask, get string }{{"w", "w"}, {"w", "w_1"}, {"W", "W_2"}, {"w_1", "w_1_1"}, {"w", "w_3"}} {
		if n := g.UniqueName(c.ask); n != c.get {
			t.Errorf("%s became %s, want %s", c.ask, n, c.get)
		}
	}
}

func TestCollections(t *testing.T) {
	g := New()
	for _, n := range []string{"conv1", "conv10", "logits"} {
		s := ok[Scope](t)(ok[Scope](t)(g.Scope().Open("net")).Open(n))
		variable(t, s, "weights", 0, 1)
	}
	for _, c := range []struct {
		scope string
		n     int
	}{{"", 3}, {"net/conv1", 2}, {"net/conv1/", 1}, {".*weights:0", 3}} {
		if got := ok[[]*Variable](t)(g.Collection(TrainableVariables, c.scope)); len(got) != c.n {
			t.Errorf("%q matches %d, want %d", c.scope, len(got), c.n)
		}
	}
	_, err := g.Collection(TrainableVariables, "logits")
	want(t, err, `"logits" matches none of the 3`, `did you mean "net/logits" (matches 1)`)
	var no *NoMatchError
	if !errors.As(err, &no) || no.Size != 3 {
		t.Errorf("got %#v", err)
	}
	_, err = g.Collection(TrainableVariables, "net/lgits")
	want(t, err, `did you mean "net/logits"`)
	_, err = g.Collection(TrainableVariables, "(?!net)")
	want(t, err, "(?!net)", "lookahead")
	_, err = g.Variable("conv1/weights")
	want(t, err, "net/conv1/weights")
	_, err = g.Collection("trainable_varaibles", "")
	want(t, err, `no collection "trainable_varaibles"`, `did you mean "trainable_variables"`)
	w := ok[*Variable](t)(g.Variable("net/logits/weights"))
	if err := g.AddToCollection("mine_1", w); err != nil {
		t.Fatal(err)
	}
	if got := ok[[]*Variable](t)(g.Collection("mine_2", "")); len(got) != 0 { // is a key of its own
		t.Errorf("a collection that nothing was added to holds %v", got)
	}
	if got := ok[[]*Node](t)(g.NodeCollection(Losses, "")); len(got) != 0 {
		t.Errorf("a collection that nothing was added to holds %v", got)
	}
}

func TestRun(t *testing.T) {
	g := New()
	x := ok[*Node](t)(g.Placeholder("x", Float32, Unknown, 2))
	w := variable(t, g.Scope(), "w", 2, 2, 1)
	y := ok[*Node](t)(MatMul(x, w.Node()))
	sum := ok[*Node](t)(ReduceSum(y))
	sess := ok[*Session](t)(NewSession(g))
	feed := ok[*Tensor](t)(FromFloat32s([]float32{1, 2, 3, 4}, 2, 2))
	if got := ok[float64](t)(sess.Float(Feeds{x: feed}, sum)); got != 20 {
		t.Errorf("sum is %g, want 20", got)
	}
	// Any node may be fed; what is below it is then not needed.
	part := ok[*Tensor](t)(FromFloat32s([]float32{1, 1, 1}, 3, 1))
	if got := ok[float64](t)(sess.Float(Feeds{y: part}, sum)); got != 3 {
		t.Errorf("sum of the fed node is %g, want 3", got)
	}
	_, err := sess.Run(nil, sum)
	want(t, err, "placeholder x", "not fed")
	_, err = sess.Run(Feeds{x: ok[*Tensor](t)(FromFloat32s([]float32{1, 2}, 2))}, sum)
	want(t, err, "feed x", "float32[2]", "float32[-1,2]", "a batch of one has shape [1,2]")
	_, err = sess.Run(Feeds{x: ok[*Tensor](t)(FromInt64s([]int64{1, 2}, 1, 2))}, sum)
	want(t, err, "int64[1,2]", "the dtype does not")
	_, err = MatMul(x, variable(t, g.Scope(), "v", 0, 3, 1).Node())
	want(t, err, "MatMul", "x float32[-1,2]")
}

func TestGradients(t *testing.T) {
	g := New()
	a, b := variable(t, g.Scope(), "a", 3), variable(t, g.Scope(), "b", 5)
	unused := variable(t, g.Scope(), "unused", 1)
	// loss = a·b + a·a: d/da = b + 2a = 11, d/db = a = 3.
	ab := ok[*Node](t)(Mul(a.Node(), b.Node()))
	aa := ok[*Node](t)(Mul(a.Node(), a.Node()))
	loss := ok[*Node](t)(Add(ab, aa))
	grads := ok[[]*Node](t)(Gradients(loss, a, b, unused))
	sess := ok[*Session](t)(NewSession(g))
	for i, w := range []float64{11, 3} {
		if got := ok[float64](t)(sess.Float(nil, grads[i])); got != w {
			t.Errorf("gradient %d is %g, want %g", i, got, w)
		}
	}
	if grads[2] != nil {
		t.Errorf("the unused variable has the gradient %v", grads[2])
	}
	// Gorgonia's Grad would give the derivatives of the first loss again.
	second := ok[[]*Node](t)(Gradients(ab, a, b))
	if got := ok[float64](t)(sess.Float(nil, second[0])); got != 5 {
		t.Errorf("the second loss's gradient is %g, want 5", got)
	}
	_, err := Gradients(ok[*Node](t)(g.Placeholder("p", Float32, 2)), a)
	want(t, err, "not a scalar")
}

// Gorgonia merges nodes of equal hashes. Twenty thousand equal operations must
// stay as many nodes.
func TestNothingIsMerged(t *testing.T) {
	g := New()
	v := variable(t, g.Scope(), "v", 1)
	x := v.Node()
	for range 20000 {
		x = ok[*Node](t)(Add(x, v.Node()))
	}
	sess := ok[*Session](t)(NewSession(g))
	if got := ok[float64](t)(sess.Float(nil, x)); got != 20001 {
		t.Errorf("got %g, want 20001", got)
	}
}

func TestState(t *testing.T) {
	g := New()
	v := variable(t, g.Scope(), "v", 1, 2)
	sess := ok[*Session](t)(NewSession(g))
	if o, _ := sess.Origin(v); o != Fresh {
		t.Errorf("origin %s", o)
	}
	two := ok[*Tensor](t)(FromFloat32s([]float32{2, 2}, 2))
	if err := sess.Restore(v, two, "model.ckpt"); err != nil {
		t.Fatal(err)
	}
	two.Set(0, float32(9)) // the session has a copy
	if o, from := sess.Origin(v); o != Restored || from != "model.ckpt" || sess.Version(v) != 1 {
		t.Errorf("origin %s %s, version %d", o, from, sess.Version(v))
	}
	want(t, sess.Init(), "throw away", "v", "restored")
	if got := ok[*Tensor](t)(sess.Value(v)).Data().([]float32); got[0] != 2 {
		t.Errorf("value %v", got)
	}
	if err := sess.Init(v); err != nil {
		t.Fatal(err)
	}
	if got := ok[*Tensor](t)(sess.Value(v)).Data().([]float32); got[0] != 1 {
		t.Errorf("value %v after Init", got)
	}
	want(t, sess.Assign(v, ok[*Tensor](t)(FromFloat32s([]float32{1}, 1))), "float32[1]", "float32[2]")
}

// The bounds and deviations are those of spec: √(3·factor/n) and √(1.3·factor/n).
func TestInitializers(t *testing.T) {
	g := New()
	for _, c := range []struct {
		name      string
		init      Initializer
		variance  float64
		tolerance float64
	}{
		{"fan_in", VarianceScaling{}, 2.0 / 100, 0.05}, // TF-Slim's own test: factor 2, FAN_IN, [100,40]
		{"glorot", GlorotUniform(), 2.0 / 140, 0.05},   // variance of the uniform one: factor/n
		{"glorot_normal", GlorotNormal(), 2.0 / 140, 0.05},
		{"he_normal", HeNormal(), 2.0 / 100, 0.05},
		{"he_uniform", HeUniform(), 2.0 / 100, 0.05},
		{"lecun_normal", LecunNormal(), 1.0 / 100, 0.05},
		{"truncated", TruncatedNormal{Stddev: 0.09}, 0.09 * 0.09 * 0.7737, 0.05}, // a normal cut at two deviations keeps 0.7737 of its variance
	} {
		v := ok[*Variable](t)(g.Scope().GetVariable(c.name, VariableOptions{Shape: []int{100, 40}, Initializer: c.init}))
		value := ok[*Tensor](t)(ok[*Session](t)(NewSession(g)).Value(v)).Data().([]float32)
		sum := 0.0
		for _, x := range value {
			sum += float64(x) * float64(x)
		}
		if got := sum / float64(len(value)); math.Abs(got/c.variance-1) > c.tolerance {
			t.Errorf("%s: variance %g, want %g", c.name, got, c.variance)
		}
	}
	_, err := ok[*Session](t)(NewSession(g)).Value(ok[*Variable](t)(g.Scope().GetVariable("bad", VariableOptions{Shape: []int{1, 1}, Initializer: VarianceScaling{Mode: "FAN"}})))
	want(t, err, "Unknown mode FAN [FAN_IN, FAN_OUT, FAN_AVG]")
}

// What a slip in a call is told.
func TestSlips(t *testing.T) {
	g := New()
	s := g.Scope()
	if _, err := s.GetVariable("net/weights", VariableOptions{Shape: []int{2}, Collections: []string{GlobalVariables, ModelVariables}}); err != nil {
		t.Fatal(err)
	}
	_, err := s.WithReuse(ReuseAll).GetVariable("net/weigts", VariableOptions{Shape: []int{2}})
	want(t, err, "in the Scope, or the variable net/weights?")
	_, err = s.WithReuse(ReuseAll).GetVariable("another/thing", VariableOptions{Shape: []int{2}})
	want(t, err, "in the Scope?")
	for pattern, meant := range map[string]string{
		"MobilnetV1/Conv2d_1":             `did you mean "MobilenetV1/Conv2d_1" (matches 5)?`,
		"MobilenetV1/Conv2d_0/BatchNrm":   `did you mean "MobilenetV1/Conv2d_0/BatchNorm" (matches 2)?`,
		"MobilenetV1/Conv2d_10/BatchNrm/": `did you mean "MobilenetV1/Conv2d_10/BatchNorm" (matches 2)?`,
		"MobilenetV1/Conv2d1":             `did you mean "MobilenetV1/Conv2d_1" (matches 5)`,
		"Conv2d0":                         `did you mean "MobilenetV1/Conv2d_0" (matches 3)?`,
		"x":                               `its names begin with MobilenetV1`,
		"something/of/another/net":        `its names begin with MobilenetV1`,
	} {
		var names []string
		for _, layer := range []string{"Conv2d_0", "Conv2d_1", "Conv2d_10"} {
			for _, v := range []string{"weights", "BatchNorm/gamma", "BatchNorm/beta"}[map[bool]int{true: 1}[layer == "Conv2d_1"]:] {
				names = append(names, "MobilenetV1/"+layer+"/"+v+":0")
			}
		}
		want(t, NoMatch("model_variables", pattern, names), meant)
	}
	_, err = g.Collection("", ModelVariables)
	want(t, err, `"model_variables" is the key of one that has: the key comes first`)
	sess, err := NewSession(g)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sess.Run(nil, map[string]*Node{}["Mixed7c"])
	want(t, err, "fetch 0 is nil, as is what a map has")
}
