package graph

import (
	"fmt"
	"slices"
	"time"

	"graft/stdlib/display"
	"graft/stdlib/host"
	"graft/stdlib/internal/exec"
	"graft/stdlib/internal/kern"
)

// Profile is where the time of a run went. As the last line of a cell it is a
// table.
type Profile struct {
	// Ops are the operations, in the order in which they ran.
	Ops []OpTime
	// Total is the time of all of them.
	Total time.Duration
	// Peak is the most GFLOPS that the session's processors reach with these
	// kernels, multiplying and adding in registers; measured just before.
	Peak float64
	// Memory is what the session holds after it.
	Memory *Memory
}

// OpTime is one operation of a Profile.
type OpTime struct {
	Node   string        // the node's name
	Kernel string        // what was run for it; "_Fused…" does its bias and activation too
	Time   time.Duration // of the fastest of the runs
	GFLOPS float64       // of convolutions and products: operations of the textbook formula a second, in 10⁹, so that a faster algorithm may pass the peak; 0 for others
	GBs    float64       // bytes read and written at least, a second, in 10⁹
}

// profileRuns is how often Profile runs: the fastest counts, for each
// operation, since a machine is never quieter than quiet.
const profileRuns = 5

// Profile runs what is fetched a few times and reports the fastest time of
// each operation. It really runs: an optimizer's step changes variables.
// Remembered features are not used, and the batch is taken whole. Errors are
// those of Run.
func (s *Session) Profile(feeds Feeds, fetches ...Fetch) (*Profile, error) {
	if s == nil {
		return nil, errNoSession
	}
	t, err := s.g.fetched(fetches)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, err := s.feed(feeds)
	if err != nil {
		return nil, fmt.Errorf("graph: profile: %w", err)
	}
	plan, err := s.plan(t, in)
	if err != nil {
		return nil, fmt.Errorf("graph: profile: %w", err)
	}
	s.ctx.Context = host.Context()
	peak := s.peak()
	var best []exec.Timing
	for range profileRuns {
		leaves, versions, err := s.leaves(plan, in)
		if err != nil {
			return nil, fmt.Errorf("graph: profile: %w", err)
		}
		now, err := plan.Profile(&s.ctx, leaves, versions)
		s.settle(plan)
		if err != nil {
			return nil, fmt.Errorf("graph: profile: %w", err)
		}
		if best == nil {
			best = now
		}
		for i := range best {
			best[i].Time = min(best[i].Time, now[i].Time)
		}
	}
	p := newProfile(best)
	p.Peak, p.Memory = peak, s.memory()
	return p, nil
}

// peak measures Profile.Peak, for some milliseconds.
func (s *Session) peak() (best float64) {
	s.ctx.Pool.Start()
	defer s.ctx.Pool.Stop()
	const rounds = 100_000
	for range 10 {
		done := make([]float64, s.ctx.Pool.Workers())
		start := time.Now()
		s.ctx.Pool.For(len(done), func(part int) { done[part] = kern.Peak(rounds) })
		sum := 0.0
		for _, d := range done {
			sum += d
		}
		best = max(best, sum/time.Since(start).Seconds()/1e9)
	}
	return best
}

func newProfile(timings []exec.Timing) *Profile {
	p := &Profile{}
	for _, t := range timings {
		seconds := max(t.Time.Seconds(), 1e-9)
		p.Ops = append(p.Ops, OpTime{t.Node, t.Kernel, t.Time, t.FLOPs / seconds / 1e9, t.Bytes / seconds / 1e9})
		p.Total += t.Time
	}
	return p
}

// table shows the slowest operations first.
func (p *Profile) table() display.Table {
	sorted := slices.Clone(p.Ops)
	slices.SortStableFunc(sorted, func(a, b OpTime) int { return int(b.Time - a.Time) })
	t := display.Table{
		Caption: fmt.Sprintf("%d operations, %.3g ms; peak %.0f GFLOPS; %s", len(p.Ops), p.Total.Seconds()*1e3, p.Peak, p.Memory.line()),
		Header:  []string{"node", "kernel", "ms", "share", "GFLOPS", "of peak", "GB/s"},
		MaxRows: 25,
	}
	for _, o := range sorted {
		flops, of := "", ""
		if o.GFLOPS > 0 {
			flops, of = fmt.Sprintf("%.0f", o.GFLOPS), fmt.Sprintf("%.0f %%", 100*o.GFLOPS/max(p.Peak, 1e-9))
		}
		t.Rows = append(t.Rows, []string{o.Node, o.Kernel, fmt.Sprintf("%.3f", o.Time.Seconds()*1e3),
			fmt.Sprintf("%.1f %%", 100*o.Time.Seconds()/max(p.Total.Seconds(), 1e-9)), flops, of, fmt.Sprintf("%.1f", o.GBs)})
	}
	return t
}

// String is the table as text.
func (p *Profile) String() string { return p.table().String() }

// MIME shows the profile as a table, as text and as HTML.
func (p *Profile) MIME() map[string]string { return p.table().MIME() }
