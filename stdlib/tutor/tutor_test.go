package tutor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"graft/ckpt"
	"graft/stdlib/graph"
	"graft/stdlib/slim"
)

// answer makes an answer that w is the description of.
func answer(w wanted) any {
	switch w := w.(type) {
	case whole:
		return int(w)
	case decimal:
		return w.value
	case text:
		return string(w)
	case shape:
		return []int(w)
	case names:
		return []string(w)
	case inOrder:
		return []string(w)
	case many:
		list := make([]string, w)
		for i := range list {
			list[i] = fmt.Sprint(i)
		}
		return list
	case says:
		return errors.New(strings.Join(w, " "))
	case values:
		t, _ := graph.FromFloat64s(w.values, w.shape...)
		return t
	}
	return nil
}

func TestExercises(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	for _, n := range notebooks() {
		for i, e := range n.exercises {
			t.Run(e.id, func(t *testing.T) {
				if want := fmt.Sprintf("%s.%d", n.number, i+1); e.id != want {
					t.Errorf("it is called %s, its place is %s", e.id, want)
				}
				if e.asks == "" || e.because == "" || e.look == "" || e.hint == "" {
					t.Error("a text is missing")
				}
				state(t, e.id, answer(e.want), Right, e.because)
				for _, m := range e.wrong {
					state(t, e.id, answer(m.answer), Wrong, m.means)
				}
				if e.start == nil {
					state(t, e.id, nil, NotYet, e.asks)
				} else {
					state(t, e.id, answer(e.start), NotYet, e.asks)
				}
				state(t, e.id, make(chan int), Wrong, "the answer is "+e.want.kind())
				if _, err := Hint(e.id); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func state(t *testing.T, id string, answer any, want State, text string) {
	t.Helper()
	v, err := Check(id, answer)
	if err != nil {
		t.Fatal(err)
	}
	if v.State != want || !strings.HasPrefix(v.Text, text) {
		t.Errorf("%v: %s: %s; %s: %s is wanted", answer, v.State, v.Text, want, text)
	}
	if (v.Look == "") != (want == Right) {
		t.Errorf("%v: %s, and where to look is %q", answer, v.State, v.Look)
	}
}

// What the notebooks ask is what is here.
func TestSourcesAskTheseExercises(t *testing.T) {
	sources, err := filepath.Glob("../../tutorials/make/[0-9][0-9]-*.md")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources of notebooks: %v", err)
	}
	call := regexp.MustCompile(`tutor\.Check\("([^"]*)"`)
	var asked, there []string
	for _, s := range sources {
		b, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllSubmatch(b, -1) {
			if asked = append(asked, string(m[1])); !strings.HasPrefix(filepath.Base(s), strings.Split(string(m[1]), ".")[0]) {
				t.Errorf("%s asks exercise %s", s, m[1])
			}
		}
	}
	for _, n := range notebooks() {
		for _, e := range n.exercises {
			there = append(there, e.id)
		}
	}
	if !slices.Equal(asked, there) {
		t.Errorf("the notebooks ask %v, the exercises are %v", asked, there)
	}
}

func TestUnknownExercises(t *testing.T) {
	for id, want := range map[string]string{
		"02.9": `tutor: there is no exercise "02.9": notebook 02 has 02.1, 02.2, 02.3`,
		"2.1":  `named by its notebook and its number, such as "02.1"; notebooks with exercises are 02, 03,`,
		"":     `there is no exercise ""`,
	} {
		for _, f := range []func() error{
			func() error { _, err := Check(id, 1); return err },
			func() error { _, err := Hint(id); return err },
		} {
			if err := f(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, %q is wanted", id, err, want)
			}
		}
	}
}

// state of an answer as cells give it: any type that means the same.
func TestAnswersOfAllTypes(t *testing.T) {
	g := graph.New()
	v, err := slim.ModelVariable(g.Scope(), "net/weights", graph.VariableOptions{Shape: []int{2}})
	if err != nil {
		t.Fatal(err)
	}
	choice, err := slim.Select(v)
	if err != nil {
		t.Fatal(err)
	}
	three, _ := graph.FromInt64s([]int64{3})
	pair, _ := graph.FromFloat32s([]float32{1, 2}, 2)
	stored, err := graph.ToCheckpoint("w", pair)
	if err != nil {
		t.Fatal(err)
	}
	type names2 []*graph.Variable
	for _, c := range []struct {
		answer any
		want   wanted
		right  bool
	}{
		{int8(3), whole(3), true}, {uint64(3), whole(3), true}, {3.0, whole(3), true}, {3.5, whole(3), false}, {"3", whole(3), false},
		{3, decimal{3, 0}, true}, {float32(2.9), decimal{3, 0.2}, true}, {three, decimal{3, 0}, true}, {2.5, decimal{3, 0.2}, false},
		{slim.Restore, text("restore"), true}, {" net/w:0 ", text("net/w"), true}, {[]byte("a"), text("a"), false},
		{[]int64{1, 3}, shape{1, 3}, true}, {three, shape{3}, true}, {[]float64{1.5}, shape{1}, false}, {[]string{"1"}, shape{1}, false},
		{v, names{"net/weights"}, true}, {[]*graph.Variable{v}, names{"net/weights"}, true}, {names2{v}, names{"net/weights"}, true},
		{choice, names{"net/weights"}, true}, {[]string{"net/weights:0"}, names{"net/weights"}, true}, {[]*graph.Variable{nil}, names{""}, false},
		{(*slim.Selection)(nil), names{}, false}, {[]string{"b", "a"}, names{"a", "b"}, true}, {[]string{"b", "a"}, inOrder{"a", "b"}, false},
		{[]string{"a", "a"}, names{"a"}, false}, {map[string]int{}, names{}, false},
		{pair, values{[]int{2}, []float64{1, 2}, 0}, true}, {stored, values{[]int{2}, []float64{1, 2.1}, 0.2}, true},
		{pair, values{[]int{1, 2}, []float64{1, 2}, 0}, false}, {pair, values{[]int{2}, []float64{1, 3}, 0.5}, false},
		{(*graph.Tensor)(nil), values{}, false}, {(*ckpt.Tensor)(nil), values{}, false},
		{errors.New("a b"), says{"a", "b"}, true}, {error(nil), says{}, false},
	} {
		e := exercise{id: "x", asks: "?", want: c.want, start: text("start"), look: "look"}
		if v := e.judge(english, c.answer); (v.State == Right) != c.right {
			t.Errorf("%T %v against %T %v: %v", c.answer, c.answer, c.want, c.want, v)
		}
	}
}

// What differs is said without giving the answer away.
func TestWhatDiffers(t *testing.T) {
	pair, _ := graph.FromFloat32s([]float32{1, 2}, 2)
	for _, c := range []struct {
		answer any
		want   wanted
		says   string
	}{
		{2, whole(3), "2 is too few"}, {4, whole(3), "4 is too many"},
		{2.0, decimal{3, 0.1}, "2 is too small"}, {4.0, decimal{3, 0.1}, "4 is too large"},
		{"Restore", text("restore"), "capitals only"}, {"x", text("restore"), `"x" is not it`},
		{[]int{1}, shape{1, 2}, "has 1 numbers, 2 are wanted"}, {[]int{1, 3}, shape{1, 2}, "number 2 is not 3"},
		{[]string{"a", "c"}, names{"a", "b"}, "of these 2, 1 too many, such as c, and 1 missing"}, {[]string{"a", "a"}, names{"a"}, "stands there twice"},
		{[]string{"b", "a"}, inOrder{"a", "b"}, "in another order"}, {[]string{"b"}, many(2), "1 is too few"},
		{pair, values{[]int{2, 1}, []float64{1, 2}, 0}, "the shape is [2], [2 1] is wanted"}, {pair, values{[]int{2}, []float64{1, 3}, 0}, "value 1 is 2, 3 is wanted"},
		{errors.New("other"), says{"a"}, "another error: other"},
		{"three", whole(3), `the answer is a whole number; this is the text "three"`},
		{errors.New("lost"), whole(3), "the answer is a whole number; this is the error lost"},
	} {
		e := exercise{id: "x", asks: "?", want: c.want, start: text("start"), look: "look"}
		if v := e.judge(english, c.answer); v.State != Wrong || !strings.Contains(v.Text, c.says) || v.Look != "look" {
			t.Errorf("%v against %v: %v, %q is wanted", c.answer, c.want, v, c.says)
		}
	}
}

func TestVerdictShowsItself(t *testing.T) {
	v := &Verdict{Exercise: "02.1", State: Wrong, Text: "a < b", Look: "there"}
	if got, want := v.String(), "✗ not right: a < b\n  there"; got != want {
		t.Errorf("%q, %q is wanted", got, want)
	}
	m := v.MIME()
	if m["text/plain"] != v.String() || !strings.Contains(m["text/html"], "✗ not right</b>: a &lt; b<br>there") {
		t.Errorf("%q", m)
	}
}
