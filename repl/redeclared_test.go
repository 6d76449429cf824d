package repl

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// A function or method declared again with another type is the new one for
// all that comes; the reply names the functions that go on with the old one.
func TestRedeclaredWithAnotherType(t *testing.T) {
	s := newTestSession(t)
	for i, c := range []struct{ cell, value, note, err string }{
		{cell: "type T struct{ n int }\nfunc (t T) M(x int) int { return t.n + x }\nfunc h(t T) int { return t.M(2) }\nfunc f(x int) int { return x + 1 }\nfunc g() int { return f(1) }"},
		{cell: "var i interface{ M(int) int } = T{1}; i.M(2)", value: "3"},
		{cell: `func f(s string) string { return s + "!" }`, note: "g still calls the f of before, which was of another type: run the cell again that declares it"},
		{cell: `f("a")`, value: "a!"}, {cell: "g()", value: "2"},
		{cell: "func (t *T) M(x int) int { return t.n * x }", note: "h still calls the T.M of before, which was of another type: run the cell again that declares it"},
		{cell: "h(T{1})", value: "3"}, {cell: "(&T{4}).M(5)", value: "20"},
		{cell: `func (t T) M() string { return strings.Repeat("m", t.n) }`},
		{cell: "T{3}.M()", value: "mmm"},
		{cell: "h(T{1})", value: "3"},
		{cell: "i.M(2)", err: "interface conversion: the method of the value's type is func() string, not func(int) int: it was declared again"},
		{cell: "var j interface{ M(int) int } = T{1}", err: "wrong type for method M"},
		{cell: "func (t T) M() int { return nosuch }", err: "undefined: nosuch"},
		{cell: "T{2}.M()", value: "mm"},
		{cell: "func h(t T) string { return t.M() }"},
		{cell: "h(T{1})", value: "m"},
	} {
		res := s.Execute(context.Background(), Cell{Number: i + 1, Source: c.cell}, &record{})
		got := ""
		if res.Value != nil {
			got = res.Value.Data["text/plain"]
		}
		notes := slices.DeleteFunc(res.Notes, func(n string) bool { return strings.HasPrefix(n, "imported") })
		switch {
		case c.err != "" && (res.Err == nil || !strings.Contains(res.Err.Message, c.err)), c.err == "" && res.Err != nil:
			t.Errorf("%s: error %v, want %q", c.cell, res.Err, c.err)
		case got != c.value:
			t.Errorf("%s: got %q, want %q", c.cell, got, c.value)
		case strings.Join(notes, "; ") != c.note:
			t.Errorf("%s: notes %q, want %q", c.cell, notes, c.note)
		}
	}
}
