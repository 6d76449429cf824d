package repl

import (
	"context"
	"strings"
	"testing"
)

func TestContained(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `import ("fmt"; "os"; "errors"; "strconv")`, `x := 7`)
	for _, c := range []struct{ src, name, text string }{
		{`panic("boom")`, PanicError, "boom"},
		{`var m map[string]int; m["a"] = 1`, PanicError, "nil map"},
		{`a := []int{1}; i := 5; a[i]`, PanicError, "index out of range"},
		{`d := 0; 1 / d`, PanicError, "divide by zero"},
		{`type P struct{ N int }; var p *P; p.N`, PanicError, "nil pointer"},
		{`os.Exit(3)`, CellError, "os.Exit(3)"},
		{`errors.New("no")`, CellError, "no"},
		{`strconv.Atoi("x")`, CellError, "invalid syntax"},
		{`n := strconv.Atoi("y")`, CellError, "invalid syntax"},
		{`done := make(chan int); go func() { defer close(done); panic("in goroutine") }(); <-done`, PanicError, "in goroutine"},
		{`y := `, SyntaxError, ""},
		{`x := "s"; y := nosuch`, CompileError, "undefined: nosuch"},
	} {
		res := s.Execute(context.Background(), Cell{Source: c.src, Number: 9}, &record{})
		if res.Err == nil || res.Err.Name != c.name || !strings.Contains(res.Err.Message, c.text) {
			t.Errorf("%s: got %v, want %s with %q", c.src, res.Err, c.name, c.text)
		}
		if got := play(t, s, `x`); got != "=> [7];" {
			t.Fatalf("after %s, x is %q", c.src, got)
		}
	}
}

func TestLiberties(t *testing.T) {
	for _, c := range []struct {
		cells []string
		want  string
	}{
		{[]string{`n := strconv.Atoi("12")`, `n + 1`}, "=> [13];"},
		{[]string{`func f() int { n := strconv.Atoi("5"); return n * 2 }`, `f()`}, "=> [10];"},
		{[]string{`strings.ToUpper(strconv.Quote("a"))`}, `=> ["A"];`},
		{[]string{`x := 1`, `x := "s"`, `x`}, "=> [s];"},
		{[]string{`x := 2`, `x := x + 1`, `x`}, "=> [3];"},
		{[]string{`x := 2; x := x * 5; x`}, "=> [10];"},
		{[]string{`func f() int { return 1 }`, `func g() int { return f() * 10 }`, `func f() int { return 2 }`, `g()`}, "=> [20];"},
		{[]string{`type T struct{ A int }`, `func (t T) Get() int { return t.A }`, `t := T{4}`, `t.Get()`, `func (t T) Get() int { return -t.A }`, `t.Get()`}, "=> [4];=> [-4];"},
		{[]string{`type T struct{ A int }`, `type T struct{ B string }`, `T{"x"}.B`}, "=> [x];"},
		{[]string{`x := 1`, `func get() int { return x }`, `x := 5`, `get()`}, "=> [5];"},
		{[]string{`a, err := strconv.Atoi("1"); b, err := strconv.Atoi("2"); a + b`}, "=> [3];"},
		{[]string{`const k = 3; k`, `var s []int; s = append(s, k); s`}, "=> [3];=> [[3]];"},
	} {
		if got := play(t, newTestSession(t), c.cells...); got != c.want {
			t.Errorf("%q: got %q, want %q", c.cells, got, c.want)
		}
	}
}

// Reading the standard input asks the user.
func TestInput(t *testing.T) {
	s := newTestSession(t)
	r := &record{input: []string{"Ann 41", "first line", "second line"}}
	for _, c := range []string{
		`var name string; var age int; fmt.Scan(&name, &age); fmt.Println(name, age+1)`,
		`sc := bufio.NewScanner(os.Stdin); for sc.Scan() { fmt.Printf("%q ", sc.Text()) }`,
		`n, err := fmt.Scanln(&name); fmt.Println(n, err)`,
	} {
		if res := s.Execute(context.Background(), Cell{Source: c}, r); res.Err != nil {
			t.Fatal(c, res.Err)
		}
	}
	if got, want := r.text(), "Ann 42\n\"first line\" \"second line\" 0 EOF\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Functions that package closure compiles are declared again, also as ones
// that it does not, and by callers that the interpreter runs.
func TestRedeclareComputed(t *testing.T) {
	loop := func(k string) string {
		return `func f(n int) int { t := 0; for i := range n { t += i * ` + k + ` }; return t }`
	}
	for _, c := range []struct {
		cells []string
		want  string
	}{
		{[]string{loop("1"), `func g(n int) int { for range 2 { n = f(n) }; return n }`, `g(3)`, loop("2"), `g(3)`}, "=> [3];=> [30];"},
		{[]string{loop("1"), `func g(n int) int { return f(n) + f(n) }`, `h := func(n int) int { return g(n) }`, loop("5"), `h(3)`}, "=> [30];"},
		{[]string{loop("1"), `func g(n int) int { return f(n) + 1 }`, `func f(n int) int { m := map[int]int{}; for i := range n { m[i]++ }; return len(m) }`, `g(7)`, loop("1"), `g(4)`}, "=> [8];=> [7];"},
		{[]string{`type T struct{ n int }`, `func (t *T) up(k int) int { for range k { t.n++ }; return t.n }`, `func g() int { t := T{}; return t.up(3) }`, `g()`,
			`func (t *T) up(k int) int { for range k { t.n += 10 }; return t.n }`, `g()`}, "=> [3];=> [30];"},
		{[]string{`x := 1`, `func f() int { for range 3 { x *= 2 }; return x }`, `f()`, `x := 10`, `f()`, `x = 1; f() + x`}, "=> [8];=> [80];=> [16];"},
		{[]string{`x := 1`, `func f() int { for range 3 { x *= 2 }; return x }`, `x := "s"`, `f()`, `x`}, "=> [8];=> [s];"},
		{[]string{`func even(n int) bool { if n == 0 { return true }; return odd(n-1) }; func odd(n int) bool { if n == 0 { return false }; return even(n-1) }`, `even(10)`,
			`func odd(n int) bool { return false }`, `even(10)`}, "=> [true];=> [false];"},
	} {
		if got := play(t, newTestSession(t), c.cells...); got != c.want {
			t.Errorf("%q: got %q, want %q", c.cells, got, c.want)
		}
	}
}
