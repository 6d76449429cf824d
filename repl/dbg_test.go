package repl
import ("testing";"fmt";"context")
func TestDbg(t *testing.T) {
	s := newTestSession(t)
	s.trace = func(src string) { fmt.Println(src) }
	show := func(src string) {
		res := s.Execute(context.Background(), Cell{Source: src, Number: 3}, &record{})
		if res.Err != nil { fmt.Println(res.Err.Name, res.Err.Line, res.Err.Traceback) } else { fmt.Println(res.Value) }
	}
	show(`type N struct { l, r *N; v int }
func build(d int) *N { if d == 0 { return nil }; return &N{build(d-1), build(d-1), d} }
func (n *N) sum() int { if n == nil { return 0 }; return n.v + n.l.sum() + n.r.sum() }
func two(d int) (N, error, int) { return N{}, nil, 3 }
func three(d int) (N, []N, int) { for range 3 { d++ }; return N{v: d}, []N{{v: d}}, 3 }
func (n N) String() string { return "N" }
t := build(10)
t.sum()`)
	show(`t.l.v + build(3).v`)
	show(`build(2)`)
	show(`a, b, c := three(3)`)
	show(`a.v + b[0].v + c`)
	show(`g := build; g(3).sum()`)
	show(`func() int { return build(3).sum() }()`)
}
