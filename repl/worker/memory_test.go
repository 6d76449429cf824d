package worker

import (
	"fmt"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"graft/repl"
)

// cell is where a source stood, for the test.
func cell(source string) string { return fmt.Sprintf("In[%d]", len(source)) }

// What cells declared is declared again: the newest of each name, in an order
// in which it can be, and without what needs what is lost.
func TestMemory(t *testing.T) {
	var m memory
	d := func(source string, names ...string) repl.Declaration {
		return repl.Declaration{Names: names, Source: source, Cell: cell(source), Line: 1, Column: 1}
	}
	m.keep(repl.Result{Declared: []repl.Declaration{d("type Gone int", "Gone")}})
	m.keep(repl.Result{Forgot: true, Declared: []repl.Declaration{d("import fmt \"fmt\"", "import fmt")}})
	m.keep(repl.Result{Declared: []repl.Declaration{d("type T int", "T"), d("func (T) M() {}", "T.M"), d("", "x", "y"), d("import os \"os\"", "import os")}})
	m.keep(repl.Result{Declared: []repl.Declaration{d("const (\n\tA = 1\n\tB = 2\n)", "A", "B"), d("func odd() { even() }", "odd"), d("func even() { odd() }", "even")}})
	m.keep(repl.Result{Declared: []repl.Declaration{d("const A = 3", "A"), d("func usesX() {\n\tx\n}", "usesX"), d("func calls() { usesX() }", "calls")}})
	m.keep(repl.Result{Declared: []repl.Declaration{d("type T string", "T"), d("", "y", "z")}})
	if got := m.variables(); !reflect.DeepEqual(got, []string{"x", "y", "z"}) {
		t.Errorf("the variables are %v", got)
	}
	var cells []string
	lost := m.restore(func(source string, from []repl.Piece) (int, bool) {
		for i, p := range from {
			end := len(source)
			if i+1 < len(from) {
				end = from[i+1].Offset
			}
			if got := source[p.Offset : end-1]; cell(got) != p.Cell {
				t.Errorf("%q is said to be from %s", got, p.Cell)
			}
		}
		if _, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+source, 0); err != nil {
			t.Errorf("%q: %v", source, err)
		}
		for i, line := range strings.Split(source, "\n") {
			if strings.TrimSpace(line) == "x" || strings.Contains(line, "usesX()") && !strings.Contains(line, "func usesX") && !strings.Contains(source, "func usesX") {
				return i + 1, false
			}
		}
		cells = append(cells, source)
		return 0, true
	})
	if !reflect.DeepEqual(lost, []string{"usesX", "calls"}) {
		t.Errorf("lost are %v", lost)
	}
	want := []string{"import fmt \"fmt\"\nimport os \"os\"\nconst (\n\tA = 1\n\tB = 2\n)\nfunc odd() { even() }\nfunc even() { odd() }\n", "const A = 3\ntype T string\n"}
	if !reflect.DeepEqual(cells, want) {
		t.Errorf("the cells are %q, want %q", cells, want)
	}
}
