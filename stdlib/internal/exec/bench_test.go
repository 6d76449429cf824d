package exec

import (
	"testing"

	"graft/stdlib/internal/ops"
	"graft/stdlib/internal/par"
)

// nothing is a kernel that takes no time.
type nothing struct{ ops.Affine }

// Run implements ops.Kernel.
func (nothing) Run(*ops.Ctx, *ops.Value, []*ops.Value) error { return nil }

// chain is a graph of n operations, each on the one before.
func chain(w *world, n int, k ops.Kernel) *ops.Node {
	x := w.leaf("x", 1, 2, 3)
	for range n {
		x = w.apply(k, x)
	}
	return x
}

// BenchmarkPlan plans graphs of 5,000 operations; the bound is 50 ms.
func BenchmarkPlan(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(*world) *ops.Node
	}{
		{"chain", func(w *world) *ops.Node { return chain(w, 5000, nothing{}) }},
		{"wide", func(w *world) *ops.Node { // many values live at once
			var all []*ops.Node
			x := w.leaf("x", 1, 2, 3)
			for range 4999 {
				all = append(all, w.apply(nothing{}, x))
			}
			return w.apply(ops.AddN{}, all...)
		}},
		{"residual", func(w *world) *ops.Node {
			x := w.leaf("x", 1, 2, 3)
			for range 2500 {
				x = w.apply(ops.Add, x, w.apply(ops.Relu, x))
			}
			return x
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := newWorld(b)
			n := c.make(w)
			for b.Loop() {
				w.plan(n)
			}
		})
	}
}

// BenchmarkOperation is what an operation costs beside its kernel; the bound
// is 50 ns.
func BenchmarkOperation(b *testing.B) {
	const n = 1000
	w := newWorld(b)
	p := w.plan(chain(w, n, nothing{}))
	c := &ops.Ctx{Context: b.Context(), Pool: par.New(1)}
	leaves := []*ops.Value{w.values[p.Leaves()[0]]}
	versions := make([]uint64, 1)
	for b.Loop() {
		if _, err := p.Run(c, leaves, versions); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/operation")
}
