package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"graft/stdlib/display"
	"graft/stdlib/host"
)

// Broken is the pictures that SkipBroken left out. As a cell's last value it
// is a table.
type Broken struct {
	Checked int      // pictures that were decoded
	Names   []string // of those that could not be
	Reasons []string // why, one for each
}

// String says how many, and the first ones.
func (b *Broken) String() string { return b.table().String() }

// MIME shows a table of the pictures and the reasons.
func (b *Broken) MIME() map[string]string { return b.table().MIME() }

func (b *Broken) table() display.Table {
	t := display.Table{Caption: fmt.Sprintf("%d of %d pictures cannot be used", len(b.Names), b.Checked)}
	if len(b.Names) > 0 {
		t.Header = []string{"picture", "why"}
	}
	for i, n := range b.Names {
		t.Rows = append(t.Rows, []string{n, b.Reasons[i]})
	}
	return t
}

// SkipBroken decodes and prepares every picture, on all processors, and returns
// those that can be, and a report of those that cannot. Without it the first
// broken picture is an error when its turn comes. It ends with an error when
// the cell is interrupted.
func (s *Pictures) SkipBroken() (sound *Pictures, report *Broken, err error) {
	ctx := host.Context()
	reasons := make([]error, s.Len())
	next := make(chan int)
	var done sync.WaitGroup
	limit, random := newBudget(ctx), s.random(EpochOptions{})
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for i := range next {
				_, reasons[i] = s.prepared(s.from[i], random(i), limit, nil)
			}
		})
	}
	for i := 0; i < s.Len() && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	done.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, nil, fmt.Errorf("data: %w", err)
	}
	report = &Broken{Checked: s.Len()}
	var keep []int
	for i, why := range reasons {
		if why == nil {
			keep = append(keep, i)
			continue
		}
		report.Names, report.Reasons = append(report.Names, s.from[i].name()), append(report.Reasons, why.Error())
	}
	return s.take(keep), report, nil
}
