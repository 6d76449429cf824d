package check

import (
	"go/importer"
	"go/token"
	"strings"
	"testing"
)

func newSession() *Session {
	fset := token.NewFileSet()
	return NewSession(fset, importer.ForCompiler(fset, "source", nil), map[string]string{"strings": "strings", "strconv": "strconv"})
}

// run checks cells and commits those that pass.
func run(t *testing.T, s *Session, cells ...string) {
	t.Helper()
	for _, c := range cells {
		units, diags := s.Check("In[1]", c)
		if len(diags) > 0 {
			t.Fatalf("%q: %v", c, diags)
		}
		for _, u := range units {
			s.Commit(u)
		}
	}
}

func TestAcrossCells(t *testing.T) {
	s := newSession()
	run(t, s, `type T struct{ A int; b string }`, `func (t T) Get() int { return t.A }`, `x := T{1, "b"}`, `y := x.Get() + len(x.b)`,
		`x := 5`, `x := x + y`, `func f() int { return x }`, `func f() string { return "s" }`, `f() + "t"`)
	if got := s.Lookup("y").Type().String(); got != "int" {
		t.Errorf("y is %s", got)
	}
}

// What a cell may do and Go may not.
func TestLiberties(t *testing.T) {
	s := newSession()
	units, diags := s.Check("In[1]", `n := strconv.Atoi("1"); unused := 2`)
	if len(diags) > 0 || len(units[0].Imported) != 1 || units[0].Imported[0] != "strconv" {
		t.Fatalf("%v, %v", units, diags)
	}
	for _, u := range units {
		s.Commit(u)
	}
	if got := s.Lookup("n").Type().String(); got != "int" {
		t.Errorf("n is %s", got)
	}
}

// A rejected cell leaves nothing behind.
func TestErrorsChangeNothing(t *testing.T) {
	s := newSession()
	run(t, s, `x := 1`)
	for _, bad := range []string{`x := "s"; y := nosuch`, `type T struct{ A Nosuch }`, `func f() int { return "s" }`, `x := "s"; x := x + 1`} {
		if _, diags := s.Check("In[2]", bad); len(diags) == 0 {
			t.Errorf("%q passes", bad)
		}
	}
	if s.Lookup("x").Type().String() != "int" || s.Lookup("T") != nil || s.Lookup("f") != nil {
		t.Error("a rejected cell changed the session")
	}
}

func TestMessages(t *testing.T) {
	s := newSession()
	run(t, s, `counter := 1`, `type Point struct{ X, Y int }`, `p := Point{1, 2}`)
	for cell, want := range map[string]string{
		`conter + 1`:          "undefined: conter; did you mean counter?",
		`strngs.ToUpper("a")`: "did you mean strings?",
		`strings.ToUper("a")`: "did you mean strings.ToUpper?",
		`p.XX`:                "has no field or method XX",
		`var q Pont`:          "did you mean Point?",
		`import "strngs"`:     "did you mean strings?",
		`epochs = 10`:         "undefined: epochs; := makes a new name: epochs := …",
		`conter = 2`:          "undefined: conter; did you mean counter?",
		`x := None`:           "did you mean nil?",
		`xs := []int{1}; max := func(xs ...int) {}; max(xs)`: "did you mean xs...?",
		`func f() int { }`:                 "missing return",
		`counter = "s"`:                    "cannot use \"s\"",
		`for i := range 3 { i := i + nn }`: "undefined: nn",
	} {
		_, diags := s.Check("In[3]", cell)
		all := ""
		for _, d := range diags {
			all += d.Msg + "\n"
			if d.Offset < 0 || d.Offset > len(cell) {
				t.Errorf("%q: %q has no place", cell, d.Msg)
			}
		}
		if !strings.Contains(all, want) {
			t.Errorf("%q: %q, want %q", cell, all, want)
		}
		if strings.Contains(all, "main.") || strings.Contains(all, "ꞏ") {
			t.Errorf("%q: %q shows the session's own names", cell, all)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"Println", "Printf", "Sprint", "len", "x"}
	for name, want := range map[string]string{"Printn": "Printf", "Prntln": "Println", "printf": "Printf", "zzzzz": "", "y": "", "lenn": "len"} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%s is near %q, want %q", name, got, want)
		}
	}
}
