package repl

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

// A panic in compiled functions tells its line and who called.
func TestComputedPanics(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `func bad(a []int, i int) int {
	t := 0
	for j := range 3 {
		t += a[i+j]
	}
	return t
}
func outer(a []int) int {
	x := bad(a, 0)
	y := 10 / x
	return y + bad(a, 1)
}`)
	for _, c := range []struct {
		cell, message string
		line          int // in the cell, or in the one above
		trail         []string
	}{
		{`outer([]int{1, 2, 3})`, "index out of range [3] with length 3", 4, []string{"in bad, declared at In[1]:1", "called by outer, declared at In[1]:8"}},
		{`outer([]int{0, 0, 0})`, "integer divide by zero", 10, []string{"in outer, declared at In[1]:8"}},
		{"x := 0\nfor i := 0; i < 9; i++ {\n\tx += 10 / (5 - i)\n}", "integer divide by zero", 3, nil},
		{`func f(n int) int { return f(n+1) + 1 }; f(0)`, "stack overflow", 1, nil},
	} {
		res := s.Execute(context.Background(), Cell{Source: c.cell, Number: 1}, &record{})
		if res.Err == nil || !strings.Contains(res.Err.Message, c.message) || res.Err.Line != c.line {
			t.Errorf("%s: got %+v, want %q in line %d", c.cell, res.Err, c.message, c.line)
			continue
		}
		trace := strings.Join(res.Err.Traceback, "\n")
		for _, want := range c.trail {
			if !strings.Contains(trace, want) {
				t.Errorf("%s: %q lacks %q", c.cell, trace, want)
			}
		}
	}
	if got := play(t, s, `x`); got != "=> [22];" {
		t.Errorf("what the loop did before: %q", got)
	}
}

// Compiled functions stop when the cell is interrupted, and run what they
// deferred.
func TestComputedInterrupt(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `type S struct{ n, cleaned int; mu sync.Mutex }; s := &S{}; s.mu.Lock(); var never chan int; never = make(chan int)`,
		`func loop(s *S) { defer func() { for range 5 { s.cleaned++ } }(); for { s.n++ } }`,
		`func deep(s *S, k int) int { if k == 0 { s.n++; return 1 }; return deep(s, k-1) + deep(s, k-1) }`,
		`func wait(c chan int, s *S) int { defer func() { s.cleaned++ }(); for { if v := <-c; v > 1 { return v } } }`,
		`func lock(s *S) { for range 2 { s.mu.Lock() } }`,
		`type St interface{ step(s *S) int }; type up int; func (u up) step(s *S) int { s.n++; return int(u) }; type again struct{ St }; func (a again) step(s *S) int { return a.St.step(s) + again{a}.step(s)*0 }`,
		`func steps(x St, s *S) { for x.step(s) > 0 { } }`, `func keys(m map[int]int) { for { for k := range m { m[k]++ } } }`, `m := map[int]int{1: 1}`,
		`func print(s *S) { defer func() { s.cleaned++ }(); for { fmt.Sprint(s.n) } }`,
		`func pick(c chan int) int { for { select { case v := <-c: return v; case c <- 1: } } }`)
	for cell, cleaned := range map[string]string{`loop(s)`: "5", `deep(s, 60)`: "0", `wait(never, s)`: "1", `lock(s)`: "0", `pick(never)`: "0", `steps(up(1), s)`: "0", `keys(m)`: "0", `print(s)`: "1", `for { fs := []func(){func() { s.n++ }}; for _, f := range fs { f() } }`: "0",
		`for { s.n++ }`: "0", `for range never { s.n++ }`: "0", `func() { for { s.n++ } }()`: "0"} {
		got := ""
		for try := 0; try < 10 && got != "=> ["+cleaned+"];"; try++ { // it may be interrupted before it defers
			play(t, s, `s.cleaned = 0`)
			if res := interruptSoon(t, s, cell, &record{}); res.Err == nil || res.Err.Name != Interrupted {
				t.Errorf("%s: got %v", cell, res.Err)
			}
			got = play(t, s, `s.cleaned`)
		}
		if got != "=> ["+cleaned+"];" {
			t.Errorf("%s: cleaned %s, want %s", cell, got, cleaned)
		}
	}
}

// Compiled functions call the methods of types, and the functions, that later
// cells declare.
func TestComputedLaterMethods(t *testing.T) {
	s := newTestSession(t)
	play(t, s, `type Shape interface{ Area() int }
type Sq int
func (s Sq) Area() int { return int(s * s) }
type Tall struct{ Sq; h int }
func total(xs []Shape) (t int) { for _, x := range xs { t += x.Area() }; return }`, `xs := []Shape{Sq(2), Tall{3, 1}}`)
	for _, c := range []struct{ cell, want string }{
		{`total(xs)`, "=> [13];"},
		{`type Ci struct{ r int }; func (c *Ci) Area() int { c.r++; return 3 * c.r }; total(append(xs, &Ci{1}))`, "=> [19];"},
		{`func (s Sq) Area() int { return -int(s) }; total(xs)`, "=> [-5];"},
		{`func (t Tall) Area() int { return 100 }; total(xs)`, "=> [98];"},
		{`func (s Sq) Area() int { var c complex128 = 1i; return int(real(c*c)) * int(s) }; total(xs)`, "=> [98];"},
		{`func (s Sq) Area() int { return twice(int(s)) }; func twice(n int) int { return n * 2 }; total(xs)`, "=> [104];"},
		{`func twice(n int) int { for range 1 { n *= 5 }; return n }; total(xs)`, "=> [110];"},
	} {
		if got := play(t, s, c.cell); got != c.want {
			t.Errorf("%s: got %q, want %q", c.cell, got, c.want)
		}
	}
}

// In a program that has the type *chan unsafe.Pointer the types that
// reflect.ChanOf makes have it as their pointer type, and reflect.New of them
// ends the program: package closure must not bring it in.
func TestChannelTypes(t *testing.T) {
	c := reflect.New(reflect.ChanOf(reflect.BothDir, reflect.TypeFor[struct{ A, B int16 }]()))
	if got := c.Type().Elem().Elem().NumField(); got != 2 {
		t.Errorf("%d fields", got)
	}
}
