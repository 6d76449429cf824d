package slim

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wants fails unless err holds all of the texts.
func wants(t *testing.T, err error, texts ...string) {
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

// spec is a variable, or a tensor of a checkpoint, filled with one value.
type spec struct {
	name  string
	shape []int
}

// small is a net's variables and those of the checkpoint it was trained from.
func small(t *testing.T, vars ...spec) *graph.Graph {
	t.Helper()
	g := graph.New()
	for _, v := range vars {
		s := g.Scope()
		segments := strings.Split(v.name, "/")
		for _, part := range segments[:len(segments)-1] {
			s = must[graph.Scope](t)(s.Open(part))
		}
		must[*graph.Variable](t)(ModelVariable(s, segments[len(segments)-1], graph.VariableOptions{Shape: v.shape, Initializer: graph.Zeros()}))
	}
	return g
}

func checkpoint(t *testing.T, tensors ...spec) string {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "model.ckpt")
	w := must[*ckpt.Writer](t)(ckpt.Create(prefix))
	for i, s := range tensors {
		n := 1
		for _, d := range s.shape {
			n *= d
		}
		values := make([]float32, n)
		for k := range values {
			values[k] = float32(i + 1)
		}
		one, err := graph.FromFloat32s(values, s.shape...)
		if err != nil {
			t.Fatal(err)
		}
		out, err := graph.ToCheckpoint(s.name, one)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(out); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return prefix
}

var net = []spec{{"net/conv1/biases", []int{2}}, {"net/conv1/weights", []int{1, 1, 1, 2}}, {"net/logits/biases", []int{3}}, {"net/logits/weights", []int{2, 3}}}

func plan(t *testing.T, path string, s *Selection) *RestorePlan {
	t.Helper()
	return must[*RestorePlan](t)(PlanRestore(path, s))
}

func TestRestoreWithoutTheHead(t *testing.T) {
	g := small(t, net[0], net[1], spec{"net/logits/biases", []int{5}}, spec{"net/logits/weights", []int{2, 5}})
	path := checkpoint(t, append(net, spec{"net/mean_rgb", []int{3}})...)
	sel := must[*Selection](t)(VariablesToRestore(g, Exclude("net/logits")))
	p := plan(t, path, sel)
	if p.Count(Restore) != 2 || p.Count(ExcludedBy) != 2 || len(p.Unused) != 1 || p.Unused[0] != "net/mean_rgb" {
		t.Errorf("plan:\n%s", p)
	}
	for _, text := range []string{`exclude "net/logits" matched 2 variables`, `excluded by "net/logits", newly initialised`, "unused in the file"} {
		if !strings.Contains(p.String(), text) || !strings.Contains(p.MIME()["text/html"], "<table>") {
			t.Errorf("the table lacks %q:\n%s", text, p)
		}
	}
	sess := must[*graph.Session](t)(graph.NewSession(g))
	if err := p.Apply(sess); err != nil {
		t.Fatal(err)
	}
	conv := must[*graph.Variable](t)(g.Variable("net/conv1/weights"))
	if got := must[*graph.Tensor](t)(sess.Value(conv)).Data().([]float32); got[0] != 2 {
		t.Errorf("restored %v, want 2s", got)
	}
	logits := must[*graph.Variable](t)(g.Variable("net/logits/weights"))
	if o, _ := sess.Origin(logits); o != graph.Fresh {
		t.Errorf("the head is %s", o)
	}
}

// Another number of classes is the most common mistake of all.
func TestHeadOfAnotherSize(t *testing.T) {
	g := small(t, net[0], net[1], spec{"net/logits/biases", []int{5}}, spec{"net/logits/weights", []int{2, 5}})
	p := plan(t, checkpoint(t, net...), must[*Selection](t)(VariablesToRestore(g)))
	sess := must[*graph.Session](t)(graph.NewSession(g))
	err := p.Apply(sess)
	wants(t, err, "nothing was restored", "net/logits/weights: float32 [2 5] here, float32 [2 3] in the checkpoint", `slim.Exclude("net/logits")`)
	for _, v := range must[[]*graph.Variable](t)(g.Collection(graph.ModelVariables, "")) {
		if o, _ := sess.Origin(v); o != graph.Fresh {
			t.Errorf("%s was restored all the same", v.Name())
		}
	}
}

func TestPatternThatMatchesNothing(t *testing.T) {
	g := small(t, net...)
	_, err := VariablesToRestore(g, Exclude("logits"))
	wants(t, err, `"logits" matches none of the 4`, `did you mean "net/logits" (matches 2)`)
	_, err = VariablesToRestore(g, Include("net/conv2"))
	wants(t, err, `"net/conv2"`, `did you mean "net/conv1"`)
	_, err = VariablesToRestore(g, Exclude("net/(?!conv)"))
	wants(t, err, "net/(?!conv)", "lookahead")
	_, err = VariablesToRestore(graph.New())
	wants(t, err, "no variables yet")
}

func TestHints(t *testing.T) {
	for _, c := range []struct {
		name  string
		graph []spec
		file  []spec
		hint  string
	}{
		{"built without its arg scope", []spec{{"net/c/biases", []int{2}}, {"net/c/weights", []int{2}}},
			[]spec{{"net/c/BatchNorm/beta", []int{2}}, {"net/c/weights", []int{2}}}, "without its arg scope"},
		{"another root scope", []spec{{"my/c/weights", []int{2}}}, []spec{{"net/c/weights", []int{2}}}, `begin with "net" where the graph's begin with "my"`},
		{"another net", []spec{{"my/c/weights", []int{2}}}, []spec{{"net/d/kernel", []int{2}}}, "of another net"},
	} {
		p := plan(t, checkpoint(t, c.file...), must[*Selection](t)(VariablesToRestore(small(t, c.graph...))))
		wants(t, p.Err(), c.hint)
	}
}

func TestLeniencies(t *testing.T) {
	g := small(t, spec{"net/a", []int{2, 3}}, spec{"net/b", []int{1}})
	path := checkpoint(t, spec{"net/a", []int{6}})
	sel := must[*Selection](t)(VariablesToRestore(g))
	wants(t, plan(t, path, sel).Err(), "net/a: float32 [2 3] here, float32 [6] in the checkpoint", "net/b: float32 [1] here, not in the checkpoint")
	p := must[*RestorePlan](t)(PlanRestoreWith(path, sel, RestoreOptions{IgnoreMissingVars: true, ReshapeVariables: true}))
	sess := must[*graph.Session](t)(graph.NewSession(g))
	if err := p.Apply(sess); err != nil || p.Count(Reshape) != 1 || p.Count(Initialise) != 1 {
		t.Errorf("%v\n%s", err, p)
	}
}

// A file that was damaged after the plan was made restores nothing.
func TestAllOrNothing(t *testing.T) {
	g := small(t, net...)
	path := checkpoint(t, net...)
	p := plan(t, path, must[*Selection](t)(VariablesToRestore(g)))
	data := must[[]byte](t)(os.ReadFile(path + ".data-00000-of-00001"))
	data[len(data)-1] ^= 1 // the last tensor's
	if err := os.WriteFile(path+".data-00000-of-00001", data, 0o644); err != nil {
		t.Fatal(err)
	}
	sess := must[*graph.Session](t)(graph.NewSession(g))
	wants(t, p.Apply(sess), "damaged", "net/logits/weights")
	for _, v := range must[[]*graph.Variable](t)(g.Collection(graph.ModelVariables, "")) {
		if o, _ := sess.Origin(v); o != graph.Fresh {
			t.Errorf("%s was restored", v.Name())
		}
	}
	_, err := PlanRestore(path+"-missing", must[*Selection](t)(VariablesToRestore(g)))
	wants(t, err, "there is no checkpoint at")
}
