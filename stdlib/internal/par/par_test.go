package par

import (
	"slices"
	"sync/atomic"
	"testing"
)

func TestEveryPartOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		p := New(workers)
		p.Start()
		for range 300 {
			counts := make([]atomic.Int32, 37)
			p.For(len(counts), func(i int) { counts[i].Add(1) })
			for i := range counts {
				if n := counts[i].Load(); n != 1 {
					t.Fatalf("%d workers: part %d ran %d times", workers, i, n)
				}
			}
		}
		p.Stop()
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct{ n, grain int }{{0, 1}, {1, 5}, {100, 7}, {1000, 1}, {10, 0}} {
		p := New(3)
		p.Start()
		seen := make([]atomic.Int32, c.n)
		p.Ranges(c.n, c.grain, func(from, to int) {
			for i := from; i < to; i++ {
				seen[i].Add(1)
			}
		})
		p.Stop()
		for i := range seen {
			if seen[i].Load() != 1 {
				t.Errorf("%v: %d was in %d ranges", c, i, seen[i].Load())
			}
		}
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	p := New(4)
	p.Start()
	defer p.Stop()
	got := func() (r any) {
		defer func() { r = recover() }()
		p.For(8, func(i int) {
			if i == 5 {
				panic("five")
			}
		})
		return nil
	}()
	if got != "five" {
		t.Errorf("recovered %v", got)
	}
}

func TestWithoutWorkers(t *testing.T) {
	var order []int
	var none *Pool
	none.For(3, func(i int) { order = append(order, i) })
	New(4).For(3, func(i int) { order = append(order, i) }) // not started
	if !slices.Equal(order, []int{0, 1, 2, 0, 1, 2}) {
		t.Errorf("got %v", order)
	}
}
