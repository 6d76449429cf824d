package repl

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// work is a program that lowering should make no slower than the interpreter
// alone: declarations, and a function call to time.
type work struct{ name, decls, run string }

var works = []work{
	{"method", `type P struct{ n int }; func (p *P) Add(k int) int { p.n += k; return p.n }; func run(n int) int { p := &P{}; for i := 0; i < n; i++ { p.Add(i) }; return p.n }`, `run(20000)`},
	{"value method", `type V struct{ n int }; func (v V) Get(k int) int { return v.n + k }; func run(n int) int { v := V{1}; t := 0; for i := 0; i < n; i++ { t += v.Get(i) }; return t }`, `run(20000)`},
	{"fib", `func fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }`, `fib(20)`},
	{"loop", `func run(n int) int { t := 0; for i := 0; i < n; i++ { t += i }; return t }`, `run(500000)`},
	{"nested floats", `func run(n int) float64 { t := 0.0; for i := 0; i < n; i++ { x := float64(i); for j := 0; j < 100; j++ { t += x * 0.5 } }; return t }`, `run(1000)`},
	{"slice", `func run(n int) int { a := make([]int, n); for i := range a { a[i] = i }; t := 0; for _, v := range a { t += v }; return t }`, `run(100000)`},
	{"append", `func run(n int) int { var a []int; for i := 0; i < n; i++ { a = append(a, i) }; return len(a) }`, `run(30000)`},
	{"map", `func run(n int) int { m := map[int]int{}; for i := 0; i < n; i++ { m[i%100]++ }; return len(m) }`, `run(50000)`},
	{"matrix", `func run(n int) float64 { a := make([][]float64, n); for i := range a { a[i] = make([]float64, n); for j := 0; j < n; j++ { a[i][j] = float64(i*j) } }; t := 0.0; for i := 0; i < n; i++ { for j := 0; j < n; j++ { t += a[i][j] * a[j][i] } }; return t }`, `run(150)`},
	{"strings", `func run(n int) int { s := ""; for i := 0; i < n; i++ { s += "x" }; return len(s) }`, `run(5000)`},
	{"struct fields", `type P struct{ x, y int }; func run(n int) int { p := P{}; for i := 0; i < n; i++ { p.x += i; p.y = p.x }; return p.y }`, `run(100000)`},
	{"closure", `func mk() func(int) int { t := 0; return func(k int) int { t += k; return t } }; func run(n int) int { f := mk(); for i := 0; i < n; i++ { f(i) }; return f(0) }`, `run(20000)`},
	{"call", `func add(a, b int) int { return a + b }; func run(n int) int { t := 0; for i := 0; i < n; i++ { t = add(t, i) }; return t }`, `run(50000)`},
	{"sieve", `func run(n int) int { c := make([]bool, n); k := 0; for i := 2; i < n; i++ { if c[i] { continue }; k++; for j := i * i; j < n; j += i { c[j] = true } }; return k }`, `run(50000)`},
	{"channel", `func run(n int) int { c := make(chan int, 10); go func() { for i := 0; i < n; i++ { c <- i }; close(c) }(); t := 0; for v := range c { t += v }; return t }`, `run(20000)`},
	{"sqrt", `import "math"; func run(n int) float64 { t := 0.0; for i := 0; i < n; i++ { t += math.Sqrt(float64(i)) }; return t }`, `run(30000)`},
	{"sprintf", `import "fmt"; func run(n int) int { t := 0; for i := 0; i < n; i++ { t += len(fmt.Sprintf("%d-%s", i, "x")) }; return t }`, `run(3000)`},
	{"sort callback", `import "sort"; func run(n int) int { a := make([]int, n); for i := range a { a[i] = (i * 7919) % n }; sort.Slice(a, func(i, j int) bool { return a[i] < a[j] }); return a[0] }`, `run(2000)`},
	{"any switch", `func k(x interface{}) int { switch v := x.(type) { case int: return v; case string: return len(v) }; return 0 }; func run(n int) int { t := 0; for i := 0; i < n; i++ { t += k(i) }; return t }`, `run(20000)`},
	{"interface", `type S interface{ Area() int }; type Q struct{ s int }; func (q Q) Area() int { return q.s * q.s }; func run(n int) int { var s S = Q{3}; t := 0; for i := 0; i < n; i++ { t += s.Area() }; return t }`, `run(10000)`},
	{"defer", `func f(n int) (r int) { defer func() { r++ }(); return n }; func run(n int) int { t := 0; for i := 0; i < n; i++ { t += f(i) }; return t }`, `run(10000)`},
	{"method loop", `type C struct{ n int }; func (c *C) Inc(k int) { c.n += k }; func (c C) Get() int { return c.n }; func run(n int) int { c := C{}; for i := 0; i < n; i++ { c.Inc(i); c.n += c.Get() & 1 }; return c.n }`, `run(20000)`},
	{"closures in a slice", `func run(n int) int { fs := make([]func() int, 0, n); for i := 0; i < n; i++ { j := i; fs = append(fs, func() int { return j }) }; t := 0; for _, f := range fs { t += f() }; return t }`, `run(5000)`},
	{"callback", `func apply(xs []int, f func(int) int) int { t := 0; for _, x := range xs { t += f(x) }; return t }; func run(n int) int { xs := make([]int, n); return apply(xs, func(x int) int { return x + 1 }) }`, `run(20000)`},
	{"map of strings", `func run(n int) int { m := map[string]int{}; keys := []string{"a", "b", "c", "d"}; for i := 0; i < n; i++ { m[keys[i%4]] += i }; return m["a"] }`, `run(20000)`},
	{"map range", `func run(n int) int { m := map[int]int{}; for i := 0; i < 1000; i++ { m[i] = i }; t := 0; for k := 0; k < n; k++ { for i, v := range m { t += i + v } }; return t }`, `run(20)`},
	{"string bytes", `func run(n int) int { s := "the quick brown fox"; t := 0; for i := 0; i < n; i++ { for j := 0; j < len(s); j++ { if s[j] == 'o' { t++ } } }; return t }`, `run(3000)`},
	{"builder", `import "strings"; func run(n int) int { var b strings.Builder; for i := 0; i < n; i++ { b.WriteString("x"); b.WriteByte('y') }; return b.Len() }`, `run(10000)`},
	{"range string", `func run(n int) int { t := 0; for i := 0; i < n; i++ { for _, r := range "héllo wörld" { t += int(r) } }; return t }`, `run(3000)`},
	{"sort ints", `import "sort"; func run(n int) int { a := make([]int, n); for i := range a { a[i] = (i * 7919) % n }; sort.Ints(a); return a[0] }`, `run(20000)`},
	{"unbuffered", `func run(n int) int { c, d := make(chan int), make(chan int); go func() { for v := range c { d <- v + 1 }; close(d) }(); t := 0; for i := 0; i < n; i++ { c <- i; t += <-d }; close(c); return t }`, `run(5000)`},
	{"select", `func run(n int) int { a, b := make(chan int, 1), make(chan int, 1); t := 0; for i := 0; i < n; i++ { if i%2 == 0 { a <- i } else { b <- i }; select { case v := <-a: t += v; case v := <-b: t -= v } }; return t }`, `run(5000)`},
	{"select default", `func run(n int) int { a := make(chan int, 1); t := 0; for i := 0; i < n; i++ { select { case v := <-a: t += v; default: a <- i } }; return t }`, `run(5000)`},
	{"mutex", `import "sync"; type C struct{ mu sync.Mutex; n int }; func (c *C) Inc() { c.mu.Lock(); defer c.mu.Unlock(); c.n++ }; func run(n int) int { c := &C{}; for i := 0; i < n; i++ { c.Inc() }; return c.n }`, `run(5000)`},
	{"recover", `func f(n int) (r int) { defer func() { if x := recover(); x != nil { r = -1 } }(); return n }; func run(n int) int { t := 0; for i := 0; i < n; i++ { t += f(i) }; return t }`, `run(5000)`},
	{"nested recursion", `func ack(m, n int) int { if m == 0 { return n + 1 }; if n == 0 { return ack(m-1, 1) }; return ack(m-1, ack(m, n-1)) }`, `ack(2, 40)`},
	{"tree", `type N struct{ l, r *N }; func build(d int) *N { if d == 0 { return &N{} }; return &N{build(d - 1), build(d - 1)} }; func (n *N) count() int { if n.l == nil { return 1 }; return 1 + n.l.count() + n.r.count() }; func run(d int) int { return build(d).count() }`, `run(10)`},
	{"switch", `func run(n int) int { t := 0; for i := 0; i < n; i++ { switch i % 4 { case 0: t++; case 1, 2: t += 2; default: t-- } }; return t }`, `run(50000)`},
	{"println", `import "fmt"; func run(n int) { for i := 0; i < n; i++ { fmt.Fprintln(discard{}, i, "x") } }; type discard struct{}; func (discard) Write(p []byte) (int, error) { return len(p), nil }`, `run(1000)`},
	{"printing loop", `import "fmt"; func run(n int) int { t := 0; for i := 0; i < n; i++ { if i%1000 == 0 { fmt.Sprint(i) }; t += i }; return t }`, `run(50000)`},
	{"if: to any", `func run(n int) int { var x interface{}; for i := 0; i < n; i++ { x = i }; return x.(int) }`, `run(20000)`},
	{"if: struct to any", `type P struct{ x, y int }; func run(n int) int { var x interface{}; for i := 0; i < n; i++ { x = P{i, i} }; return x.(P).x }`, `run(10000)`},
	{"if: assert", `func run(n int) int { var x interface{} = 5; t := 0; for i := 0; i < n; i++ { v, ok := x.(int); if ok { t += v } }; return t }`, `run(10000)`},
	{"if: assert struct", `type P struct{ x, y int }; func run(n int) int { var x interface{} = P{1, 2}; t := 0; for i := 0; i < n; i++ { t += x.(P).x }; return t }`, `run(10000)`},
	{"if: compare", `func run(n int) int { var a, b interface{} = 5, 5; t := 0; for i := 0; i < n; i++ { if a == b { t++ } }; return t }`, `run(20000)`},
	{"if: switch structs", `type A struct{ n int }; type B struct{ s string }; func k(x interface{}) int { switch v := x.(type) { case A: return v.n; case B: return len(v.s); case nil: return -1 }; return 0 }; func run(n int) int { xs := []interface{}{A{1}, B{"x"}, 3, nil}; t := 0; for i := 0; i < n; i++ { t += k(xs[i%4]) }; return t }`, `run(10000)`},
	{"if: method of pointer", `type S interface{ Add(int) }; type Q struct{ s int }; func (q *Q) Add(k int) { q.s += k }; func run(n int) int { q := &Q{}; var s S = q; for i := 0; i < n; i++ { s.Add(i) }; return q.s }`, `run(10000)`},
}

// TestSpeed prints how long each work takes here and in the interpreter
// alone. It measures when asked to: GRAFT_SPEED=1.
func TestSpeed(t *testing.T) {
	if os.Getenv("GRAFT_SPEED") == "" {
		t.Skip("set GRAFT_SPEED to measure")
	}
	var ratios []float64
	for _, w := range works {
		raw := interp.New(interp.Options{})
		if err := raw.Use(stdlib.Symbols); err != nil {
			t.Fatal(err)
		}
		decls := w.decls // the interpreter wants imports apart
		if rest, ok := strings.CutPrefix(decls, "import "); ok {
			path, after, _ := strings.Cut(rest, "; ")
			if _, err := raw.Eval("import " + path); err != nil {
				t.Fatal(w.name, err)
			}
			decls = after
		}
		if _, err := raw.Eval(decls); err != nil {
			t.Fatal(w.name, err)
		}
		s := newTestSession(t)
		play(t, s, w.decls)
		a := fastest(func() {
			if _, err := raw.Eval(w.run); err != nil {
				t.Fatal(err)
			}
		})
		b := fastest(func() {
			if res := s.Execute(context.Background(), Cell{Source: w.run}, &record{}); res.Err != nil {
				t.Fatal(res.Err)
			}
		})
		ratios = append(ratios, float64(b)/float64(a))
		t.Logf("%-14s raw %10v  here %10v  %.2f", w.name, a.Round(time.Microsecond), b.Round(time.Microsecond), float64(b)/float64(a))
	}
	sort.Float64s(ratios)
	t.Logf("median %.2f, worst %.2f", ratios[len(ratios)/2], ratios[len(ratios)-1])
}

func fastest(f func()) time.Duration {
	best := time.Hour
	for range 7 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}

// TestEndurance runs many cells in one session: the last are as fast as the
// first, and memory does not grow by more than a cell's worth.
func TestEndurance(t *testing.T) {
	n := 2000
	if os.Getenv("GRAFT_SPEED") != "" {
		n = 10000
	}
	s := newTestSession(t)
	play(t, s, `import "fmt"`, `x := 0`, `func f(n int) int { return n + 1 }`)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	round := func(i int) time.Duration {
		start := time.Now()
		play(t, s, fmt.Sprintf(`x = f(x) + %d`, i), fmt.Sprintf(`v%d := x * 2; v%d`, i%50, i%50), `for i := range 3 { x += i }`,
			fmt.Sprintf(`func g%d(n int) string { return fmt.Sprint(n, x) }`, i%50), `s := []int{1, 2, 3}; s`)
		return time.Since(start)
	}
	for i := range 50 {
		round(i)
	}
	before := heap()
	var first, last []time.Duration
	for i := range n / 5 {
		d := round(i)
		if i < 40 {
			first = append(first, d)
		}
		if i >= n/5-40 {
			last = append(last, d)
		}
	}
	grown := (float64(heap()) - float64(before)) / float64(n)
	t.Logf("%.1f KB a cell; a round of five took %v first, %v last", grown/1024, middle(first), middle(last))
	if grown > 20*1024 {
		t.Errorf("a cell leaves %.1f KB, want under 20 KB", grown/1024)
	}
}

func middle(d []time.Duration) time.Duration {
	sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
	return d[len(d)/2]
}

func BenchmarkTrivialCell(b *testing.B) {
	s := newTestSession(b)
	for b.Loop() {
		s.Execute(context.Background(), Cell{Source: "1 + 1"}, &record{})
	}
}

func BenchmarkDeclarationCell(b *testing.B) {
	s := newTestSession(b)
	for b.Loop() {
		s.Execute(context.Background(), Cell{Source: `type T struct{ A int }; func (t T) Get() int { return t.A }; func use(t T) int { return t.Get() }`}, &record{})
	}
}

func BenchmarkNewSession(b *testing.B) {
	for b.Loop() {
		s, err := NewSession(Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
