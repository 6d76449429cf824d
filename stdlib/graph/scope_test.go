package graph

import (
	"errors"
	"strings"
	"testing"
)

// Patterns are Python's: the wanted counts are those of Python's re.match.
func TestPatternsArePythons(t *testing.T) {
	names := []string{"a.b/w:0", "axb/w:0", "a/w:0", "a/w_1:0", "a/W_2:0", "aa/w:0", "a-b:0", "a_b:0", "x/x/y:0"}
	for _, c := range []struct {
		pattern string
		n       int
	}{
		{".", 9}, {"a.b", 4}, {`a\.b`, 1}, {"(?i)A/W", 3}, {"a{2}", 1}, {`\Aa/w:0\Z`, 1}, {"(?x) a / w", 2}, {"(?x)a/ # a scope\nw", 2}, {"(?#comment)a/", 3},
		{"a/[[:alpha:]]", 0}, {`a\/w`, 2}, {"a|x", 9}, {"$", 0}, {"a{,1}/", 3}, {"(?i:A)/", 3}, {"[]a]", 8}, {"(?P<s>x)/", 1},
	} {
		re, err := Prefix(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		got := 0
		for _, n := range names {
			if re.MatchString(n) {
				got++
			}
		}
		if got != c.n {
			t.Errorf("%q matches %d names, Python's re %d", c.pattern, got, c.n)
		}
	}
	for _, c := range []struct{ pattern, says string }{
		{"(?!a)", "lookahead"}, {"(?<=a)b", "lookbehind"}, {`(.)/\1`, "backreference"}, {"(?P<s>x)(?P=s)", "backreference"}, {`\p{L}`, `bad escape \p`},
		{"(", "missing ), unterminated subpattern"}, {"a)", "unbalanced parenthesis at position 1"}, {"a)(b", "unbalanced"}, {"[", "unterminated character set"},
		{`\`, "bad escape (end of pattern)"}, {"*a", "missing argument"}, {"a(?i)", "global flags not at the start"}, {"(?z)", "unknown extension"}, {"(?#a", "unterminated comment"},
	} {
		_, err := Prefix(c.pattern)
		want(t, err, c.says)
	}
}

func FuzzPattern(f *testing.F) {
	for _, p := range []string{"", "(?x)", `[\]`, "(?i", "{,", "(?P<", "(?#", `\é`, "[^", "(?-i:a)", "(?x:a b)"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if re, err := Prefix(p); err == nil {
			re.MatchString("a/w:0")
		} else if !strings.Contains(err.Error(), "pattern") {
			t.Errorf("%q: %v", p, err)
		}
		if re, err := Search(p); err == nil {
			re.MatchString("a/w:0")
		}
	})
}

// A scope that is opened twice gives its operations other names, its variables
// the same; one that is entered keeps its own path.
func TestNameScopes(t *testing.T) {
	g := New()
	a := ok[Scope](t)(g.Scope().Open("A"))
	again := ok[Scope](t)(g.Scope().Open("A"))
	if again.Path() != "A" || again.Operations() != "A_1" {
		t.Errorf("path %s, operations %s", again.Path(), again.Operations())
	}
	b := ok[Scope](t)(ok[Scope](t)(g.Scope().Open("B")).Enter(a))
	if b.Path() != "A" || b.Operations() != "B/A" {
		t.Errorf("entered: path %s, operations %s", b.Path(), b.Operations())
	}
	n := ok[Scope](t)(a.NameScope("n"))
	value := ok[*Tensor](t)(FromFloat32s([]float32{1}, 1))
	if v := ok[*Variable](t)(n.NewVariable("t", value, VariableOptions{})); v.Name() != "A/n/t" {
		t.Errorf("a new variable is called %s", v.Name())
	}
	if v := variable(t, n, "w", 0, 1); v.Name() != "A/w" {
		t.Errorf("a variable is called %s", v.Name())
	}
	if again.Existing("w") == nil || again.Existing("t") != nil {
		t.Error("GetVariable finds what NewVariable made, or not what it made itself")
	}
}

func TestDevices(t *testing.T) {
	g := New()
	s := ok[Scope](t)(ok[Scope](t)(g.Scope().Device("/job:ps/task:1")).Device("cpu:0"))
	v := variable(t, s, "v", 0, 1)
	if v.Device() != "/job:ps/task:1/device:CPU:0" {
		t.Errorf("device %s", v.Device())
	}
	_, err := g.Scope().Device("bogus")
	want(t, err, "Unknown attribute 'bogus' is encountered while parsing the device spec: 'bogus'")
}

// A variable in parts has the values that the whole would have, and is read,
// assigned, trained and joined as one.
func TestParts(t *testing.T) {
	cut := func(p Partitioner) (*Graph, *Variable) {
		g := New()
		return g, ok[*Variable](t)(g.Scope().GetVariable("w", VariableOptions{Shape: []int{5, 4}, Partitioner: p}))
	}
	values := func(g *Graph, v *Variable) []float32 {
		return ok[*Tensor](t)(ok[*Session](t)(NewSession(g)).Value(v)).Data().([]float32)
	}
	whole := values(cut(nil))
	for _, p := range []Partitioner{FixedSizePartitioner(2, 0), FixedSizePartitioner(3, 1), VariableAxisSizePartitioner(32, 0)} {
		g, v := cut(p)
		for i, x := range values(g, v) {
			if x != whole[i] {
				t.Fatalf("the parts hold other values than the whole: %v", v)
			}
		}
		sess := ok[*Session](t)(NewSession(g))
		ramp := make([]float32, 20)
		for i := range ramp {
			ramp[i] = float32(i)
		}
		if err := sess.Assign(v, ok[*Tensor](t)(FromFloat32s(ramp, 5, 4))); err != nil {
			t.Fatal(err)
		}
		for _, got := range []*Tensor{ok[[]*Tensor](t)(sess.Run(nil, v.Node()))[0], ok[*Tensor](t)(JoinParts(sess, v.Parts()...))} {
			for i, x := range got.Data().([]float32) {
				if x != ramp[i] {
					t.Fatalf("element %d is %g", i, x)
				}
			}
		}
	}
	_, v := cut(FixedSizePartitioner(2, 0))
	if s := v.Parts()[1].Slice().String(); s != "5 4 3,2:0,4" || v.Parts()[1].FullName() != "w" {
		t.Errorf("slice %q of %s", s, v.Parts()[1].FullName())
	}
	_, err := JoinParts(ok[*Session](t)(NewSession(v.Graph())), v.Parts()[:1]...)
	want(t, err, "its 1 parts hold 12 of its 20 elements")
}

func TestGlobalStep(t *testing.T) {
	g := New()
	if v := ok[*Variable](t)(GetGlobalStep(g)); v != nil {
		t.Errorf("a new graph has the global step %v", v)
	}
	v := ok[*Variable](t)(GetOrCreateGlobalStep(g.Scope()))
	if v.Name() != "global_step" || v.DType() != Int64 || v.Trainable() {
		t.Errorf("global step %v", v)
	}
	_, err := CreateGlobalStep(g.Scope())
	want(t, err, `"global_step" already exists`)
	want(t, AssertGlobalStep(variable(t, g.Scope(), "f", 0)), "does not have integer type")
	_, err = CreateGlobalStep(Scope{})
	want(t, err, "without a graph")
}

// What is averaged begins with what it is the average of, as it is then.
func TestSameAs(t *testing.T) {
	g := New()
	v := variable(t, g.Scope(), "v", 3, 2)
	w := ok[*Variable](t)(g.Scope().GetVariable("w", VariableOptions{Shape: []int{2}, Initializer: ok[Initializer](t)(SameAs(v))}))
	sess := ok[*Session](t)(NewSession(g))
	if err := sess.Assign(v, ok[*Tensor](t)(FromFloat32s([]float32{7, 8}, 2))); err != nil {
		t.Fatal(err)
	}
	if got := ok[*Tensor](t)(sess.Value(w)).Data().([]float32); got[0] != 7 || got[1] != 8 {
		t.Errorf("w begins with %v", got)
	}
}

func TestInitialValues(t *testing.T) {
	g := New()
	value := ok[*Tensor](t)(FromFloat64s([]float64{1, 2}, 2))
	init := ok[Initializer](t)(InitialValue(value))
	v := ok[*Variable](t)(g.Scope().GetVariable("v", VariableOptions{Initializer: init}))
	if v.DType() != Float64 || len(v.Shape()) != 1 {
		t.Errorf("%v", v)
	}
	_, err := g.Scope().GetVariable("x", VariableOptions{Initializer: init, Shape: []int{2}})
	want(t, err, "If initializer is a constant, do not specify shape")
	if err := v.SetInitialValue(ok[*Tensor](t)(FromFloat64s([]float64{5, 6}, 2)), "model.ckpt"); err != nil {
		t.Fatal(err)
	}
	sess := ok[*Session](t)(NewSession(g))
	if got := ok[*Tensor](t)(sess.Value(v)).Data().([]float64); got[0] != 5 {
		t.Errorf("v begins with %v", got)
	}
	if o, from := sess.Origin(v); o != Restored || from != "model.ckpt" {
		t.Errorf("origin %s %s", o, from)
	}
	want(t, v.SetInitialValue(ok[*Tensor](t)(FromFloat64s([]float64{5}, 1)), ""), "a tensor float64[1] was given")
}

func TestPartsAndReuse(t *testing.T) {
	g := New()
	opt := VariableOptions{Shape: []int{4}, Partitioner: FixedSizePartitioner(2, 0)}
	v := ok[*Variable](t)(g.Scope().GetVariable("w", opt))
	if same := ok[*Variable](t)(g.Scope().WithReuse(ReuseAll).GetVariable("w", opt)); same != v {
		t.Error("another variable is returned")
	}
	_, err := g.Scope().GetVariable("w", opt)
	want(t, err, "Partitioned variable with name w already exists")
	_, err = g.Scope().GetVariable("w", VariableOptions{Shape: []int{4}})
	want(t, err, "No partitioner was provided, but a partitioned version of the variable was found: w/part_0")
	variable(t, g.Scope(), "u", 0, 4)
	_, err = g.Scope().GetVariable("u", opt)
	want(t, err, "A partitioner was provided, but an unpartitioned version of the variable was found: u")
	vars := ok[[]*Variable](t)(g.Collection(GlobalVariables, "w/"))
	if len(vars) != 2 || vars[0].Name() != "w/part_0" {
		t.Errorf("the collection holds %v", vars)
	}
	var no *NoMatchError
	if _, err = g.Collection(GlobalVariables, "w$"); !errors.As(err, &no) {
		t.Errorf("the whole is in the collection: %v", err)
	}
}
