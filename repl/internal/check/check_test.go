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
	run(t, s, `type P struct{}`)
	for _, bad := range []string{"func (P) M() {}\nnosuch()", "func (*P) M() int { return \"s\" }"} {
		if _, diags := s.Check("In[2]", bad); len(diags) == 0 {
			t.Errorf("%q passes", bad)
		}
		if _, diags := s.Check("In[3]", `P{}.M()`); len(diags) == 0 {
			t.Errorf("%q gave P a method", bad)
		}
	}
	run(t, s, `func (P) M() string { return "" }`)
	if s.Lookup("x").Type().String() != "int" || s.Lookup("T") != nil || s.Lookup("f") != nil {
		t.Error("a rejected cell changed the session")
	}
}

func TestMessages(t *testing.T) {
	s := newSession()
	run(t, s, `counter := 1`, `type Point struct{ X, Y int }`, `p := Point{1, 2}`)
	for cell, want := range map[string]string{
		`conter + 1`:                                            "undefined: conter; did you mean counter?",
		`strngs.ToUpper("a")`:                                   "did you mean strings?",
		`strings.ToUper("a")`:                                   "did you mean strings.ToUpper?",
		`p.XX`:                                                  "has no field or method XX",
		`var q Pont`:                                            "did you mean Point?",
		`import "strngs"`:                                       "did you mean strings?",
		`epochs = 10`:                                           "undefined: epochs; := makes a new name: epochs := …",
		`conter = 2`:                                            "undefined: conter; did you mean counter?",
		`x := None`:                                             "did you mean nil?",
		`func f() int { }`:                                      "missing return",
		`counter = "s"`:                                         "cannot use \"s\"",
		`for i := range 3 { i := i + nn }`:                      "undefined: nn",
		"a := b + 1\nb := 2":                                    "undefined: b",
		"strings.Repeat(\"x\", n)\nn := 3":                      "undefined: n",
		"g := func() int { return w }\nw := 3":                  "undefined: w",
		`r := func(n int) int { return r(n - 1) }`:              "undefined: r",
		"var u = 1\nu2 := v\nvar v = u":                         "undefined: v",
		"var a = b\nvar b = a":                                  "initialization cycle for a",
		"var a = f()\nfunc f() int { return a }":                "initialization cycle for a",
		"func (Point) M() {}\nfunc (Point) M() {}":              "method Point.M already declared at In[3]:1:14",
		"func f() {\n\tgoto L\n\tx := 1\n\t_ = x\nL:\n}":        "jumps over variable declaration at line 3",
		`xs := []int{1}; max := func(xs ...int) {}; max(xs)`:    "did you mean xs...?",
		"elsewhere + 1":                                         "undefined: elsewhere; no cell run before declares it",
		"strings = 1; strings.ToUpper(\"a\")":                   "not in selector; := makes a new name: strings := …",
		"Conv1D, Conv2D := 1, 2; ConvD":                         "did you mean Conv1D or Conv2D?",
		"strings.NewReplacer().build()":                         "(cannot refer to unexported method build)",
		"var b strings.Builder; b.grow(1)":                      "(cannot refer to unexported method grow); did you mean Grow?",
		"func f() int\n\treturn 1\n}\nf()":                      "the } in line 3 closes nothing",
		"type T struct {\n\tA int\n\nx := T{1}":                 "the { in line 1 is not closed",
		"func f(n int (int, error) {\n\treturn n, nil\n}\nf(1)": "missing ',' in parameter list",
		"strings.Repeat(strconv.Atoi(\"1\"), \"a\")":            "cannot use strconv.Atoi(\"1\") (value of type int) as string",
		"images + 1":                                            "undefined: images; no cell",
		"x := f(\ny := 2":                                       "the ( in line 1 is not closed",
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

// Var declarations that follow one another are initialized in a package's
// order, all else in that of the cell.
func TestOrderOfVariables(t *testing.T) {
	for cell, want := range map[string]string{
		"var a = b + 1\nvar b = c\nvar c = 2":                          "c b a",
		"var a = f()\nfunc f() int { return b }\nvar b = 2\nvar n int": "n b a",
		"var p, q = q, 3":                                     "q p",
		"var a, b = 1, 2\nx := a\nvar c = x":                  "a b x c",
		"x := 1\ny := x\nfunc g() int { return z }\nz := g()": "x y z",
	} {
		units, diags := newSession().Check("In[1]", cell)
		if len(diags) > 0 {
			t.Errorf("%q: %v", cell, diags)
			continue
		}
		var got []string
		for _, st := range units[0].Steps {
			for _, id := range st.Spec.Names {
				got = append(got, id.Name)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: initialized in the order %s, want %s", cell, s, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"Print", "Println", "Printf", "Sprint", "len", "x"}
	for name, want := range map[string]string{"Printn": "Println", "Prinf": "Printf", "Prntln": "Println", "printf": "Printf", "zzzzz": "", "y": "", "lenn": "len"} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%s is near %q, want %q", name, got, want)
		}
	}
}
