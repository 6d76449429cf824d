package repl

import (
	"context"
	"strings"
	"testing"
)

// What one session has declared, another can declare by its sources.
func TestDeclared(t *testing.T) {
	s := newTestSession(t)
	var all []Declaration
	for i, source := range []string{
		"import str \"strings\"\nimport . \"cmp\"\n// T is.\ntype T struct{ A int }\nfunc (t *T) Twice() int { return 2 * t.A }\nx, _ := 5, 6",
		"const (\n\tA = iota + 1\n\tB\n)\nconst ()\ntype Pair[K, V any] struct { Key K; Value V }\nfunc (p Pair[K, V]) Swap() Pair[V, K] { return Pair[V, K]{p.Value, p.Key} }",
		"func (t *T) Thrice() int { return 3 * t.A }\nfunc even(n int) bool { return n == 0 || odd(n-1) }\nfunc odd(n int) bool { return n != 0 && even(n-1) }\npanic(\"later\")",
		"func upper(s string) string { return str.ToUpper(s) + fmt.Sprint(Compare(2, 1)) }",
	} {
		r := s.Execute(context.Background(), Cell{Number: i + 1, Source: source}, &record{})
		if r.Err != nil && i != 2 {
			t.Fatal(r.Err)
		}
		all = append(all, r.Declared...)
	}
	if r := s.Execute(context.Background(), Cell{Source: "%reset"}, &record{}); !r.Forgot {
		t.Error("%reset is not told")
	}
	source := ""
	for _, d := range all {
		if strings.HasPrefix(d.Names[0], "import ") {
			source = d.Source + "\n" + source
		} else {
			source += d.Source + "\n"
		}
		if d.Source == "" && (len(d.Names) != 1 || d.Names[0] != "x") {
			t.Errorf("the variables are %v", d.Names)
		}
	}
	again := newTestSession(t)
	if r := again.Execute(context.Background(), Cell{Source: source}, &record{}); r.Err != nil {
		t.Fatalf("%s\n%v", source, r.Err)
	}
	r := again.Execute(context.Background(), Cell{Source: `fmt.Sprint((&T{B}).Twice(), (&T{B}).Thrice(), even(10), Pair[int, string]{1, "a"}.Swap(), upper("u"))`}, &record{})
	if r.Err != nil || r.Value.Data["text/plain"] != "4 6 true {a 1}U1" {
		t.Errorf("got %+v, %v", r.Value, r.Err)
	}
}

// What is declared again in another session keeps its place: a panic names the
// cell and the line where it stood.
func TestDeclaredAgain(t *testing.T) {
	s := newTestSession(t)
	var list []Declaration
	for i, src := range []string{
		"type T struct{ xs []int }\n\nfunc (t T) get(i int) int {\n\treturn t.xs[i]\n}",
		"x := 1; func f(i int) int {\n\ti += 0\n\treturn T{}.get(i)\n}",
	} {
		res := s.Execute(context.Background(), Cell{Number: i + 3, Source: src}, &record{})
		if res.Err != nil {
			t.Fatal(res.Err)
		}
		list = append(list, res.Declared...)
	}
	s.Close()
	s = newTestSession(t)
	var source strings.Builder
	var from []Piece
	for _, d := range list {
		from = append(from, Piece{source.Len(), d.Cell, d.Line, d.Column})
		source.WriteString(d.Source + "\n")
	}
	if res := s.Execute(context.Background(), Cell{Source: source.String(), From: from}, &record{}); res.Err != nil {
		t.Fatal(res.Err)
	}
	res := s.Execute(context.Background(), Cell{Number: 9, Source: "f(2)"}, &record{})
	want := "In[3]:4:9: panic: runtime error: index out of range [2] with length 0\n    \treturn t.xs[i]\n    \t       ^\n" +
		"in T.get, declared at In[3]:3\ncalled by f, declared at In[4]:1"
	if got := strings.Join(res.Err.Traceback, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
