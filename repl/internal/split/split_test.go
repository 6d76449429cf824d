package split

import (
	"go/token"
	"strings"
	"testing"
)

// cells says how a cell falls apart: its declarations and statements, counted.
var cells = []struct {
	source       string
	decls, stmts int
	silent       bool
}{
	{"", 0, 0, false},
	{"x", 0, 1, false},
	{"x;", 0, 1, true},
	{"x // ;", 0, 1, false},
	{"import \"fmt\"\nx := 1", 1, 1, false},
	{"package main\nfunc main() {}", 1, 0, false},
	{"func f() {}; f()", 1, 1, false},
	{"func() { f() }()", 0, 1, false},
	{"func (t T) M() {}\nfunc (t *T) N(x int) int { return x }", 2, 0, false},
	{"func Map[T any](x T) T { return x }", 1, 0, false},
	{"type T struct {\n\tA int\n}\nvar t T", 1, 1, false},
	{"const (\n\ta = iota\n\tb\n)", 1, 0, false},
	{"for i := 0; i < 3; i++ {\n\tf(i)\n}", 0, 1, false},
	{"for i := 0; i < len([]int{1}); i++ { }; x", 0, 2, false},
	{"if x := f(); x > 0 { } else { }", 0, 1, false},
	{"switch x := y.(type) { case int: }", 0, 1, false},
	{"a, b := 1, 2; a, b = b, a; a", 0, 3, false},
	{"x := []int{\n\t1,\n\t2,\n}\nx", 0, 2, false},
	{"loop:\nfor { break loop }", 0, 1, false},
	{"s := `a;\nb`; s", 0, 2, false},
}

func TestParse(t *testing.T) {
	for _, c := range cells {
		p, errs := Parse(token.NewFileSet(), "cell", c.source)
		if len(errs) > 0 || len(p.Decls) != c.decls || len(p.Stmts) != c.stmts || p.Silent != c.silent {
			t.Errorf("%q: %d declarations, %d statements, silent %v, %v; want %d, %d, %v",
				c.source, len(p.Decls), len(p.Stmts), p.Silent, errs, c.decls, c.stmts, c.silent)
		}
	}
}

// Positions of both halves lead back into the cell.
func TestOffsets(t *testing.T) {
	source := "x := 1\ntype T int\ny := T(x)"
	p, _ := Parse(token.NewFileSet(), "cell", source)
	if at := p.Offset(p.Stmts[1].Pos()); at != strings.Index(source, "y :=") {
		t.Errorf("the second statement is at %d", at)
	}
	if at := p.Offset(p.Decls[0].Pos()); at != strings.Index(source, "type") {
		t.Errorf("the declaration is at %d", at)
	}
	if line, col := LineColumn(source, strings.Index(source, "T(x)")); line != 3 || col != 6 {
		t.Errorf("line %d, column %d, want 3, 6", line, col)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for source, want := range map[string]string{
		"x := ":          "found the end of the cell",
		"f(1":            "missing ')' or ','",
		"if x {":         "found the end of the cell",
		"x y":            "expected ';', found y",
		"func f( {}":     "expected",
		"type T struct{": "expected",
		"for {":          "found the end of the cell",
	} {
		_, errs := Parse(token.NewFileSet(), "cell", source)
		found := false
		for _, e := range errs {
			found = found || strings.Contains(e.Msg, want)
			if e.Offset < 0 || e.Offset > len(source) {
				t.Errorf("%q: %v lies outside the cell", source, e)
			}
		}
		if !found {
			t.Errorf("%q: %v, want %q", source, errs, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range cells {
		f.Add(c.source)
	}
	f.Add("func (")
	f.Add("}{;")
	f.Add("//go:build x\nimport \"\xff\"")
	f.Fuzz(func(t *testing.T, source string) {
		p, errs := Parse(token.NewFileSet(), "cell", source)
		for _, e := range errs {
			if e.Offset < 0 || e.Offset > len(source) {
				t.Errorf("error %q at %d of %d", e.Msg, e.Offset, len(source))
			}
		}
		for _, s := range p.Stmts {
			if at := p.Offset(s.Pos()); at < 0 || at > len(source) {
				t.Errorf("a statement at %d of %d", at, len(source))
			}
		}
	})
}
