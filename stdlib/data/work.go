package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"graft/stdlib/graph"
	"graft/stdlib/host"
	"graft/stdlib/internal/picture"
	"graft/stdlib/preprocessing"
)

// ahead is how many batches are made before they are asked for, the one that
// is waited for included.
const ahead = 3

// budget bounds what decoding takes in all, so that large photos are decoded
// one by one.
type budget struct {
	ctx context.Context
	sem *semaphore.Weighted
}

func newBudget(ctx context.Context) *budget {
	return &budget{ctx, semaphore.NewWeighted(picture.MaxBytes)}
}

func (b *budget) take(cost int) error { return b.sem.Acquire(b.ctx, int64(cost)) }

func (b *budget) give(cost int) { b.sem.Release(int64(cost)) }

// batch is a batch that is being made, row by row, on all processors.
type batch struct {
	places []int
	mu     sync.Mutex
	shape  []int // of a row
	pixels []float32
	first  int   // the first row that failed
	err    error // its
	left   int
	done   chan struct{}
}

func newBatch(places []int) *batch {
	return &batch{places: places, left: len(places), done: make(chan struct{})}
}

// put takes row i.
func (b *batch) put(i int, x *graph.Tensor, name string, err error) {
	var pix []float32
	if err == nil {
		pix, err = b.room(x, name)
	}
	if err == nil {
		copy(pix[i*len(pix)/len(b.places):], x.Data().([]float32)) // nothing to do if it was made there
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil && (b.err == nil || i < b.first) {
		b.first, b.err = i, err
	}
	if b.left--; b.left == 0 {
		close(b.done)
	}
}

// row is where row i lies, nil as long as no row is known.
func (b *batch) row(i int) []float32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pixels == nil {
		return nil
	}
	n := len(b.pixels) / len(b.places)
	return b.pixels[i*n : (i+1)*n : (i+1)*n]
}

// room is the batch's pixels, which are made with the first row.
func (b *batch) room(x *graph.Tensor, name string) ([]float32, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := x.Shape()
	if b.shape == nil {
		b.shape = []int{s[0], s[1], s[2]}
		b.pixels = make([]float32, len(b.places)*s[0]*s[1]*s[2])
	}
	if s[0] != b.shape[0] || s[1] != b.shape[1] || s[2] != b.shape[2] {
		return nil, fmt.Errorf("data: %s is of [%d %d %d], another picture of the batch of %v: With prepares pictures to be of one size", name, s[0], s[1], s[2], b.shape)
	}
	return b.pixels, nil
}

// images waits for the batch.
func (b *batch) images(ctx context.Context) (*graph.Tensor, error) {
	select {
	case <-b.done:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if b.err != nil {
		return nil, b.err
	}
	return graph.FromFloat32s(b.pixels, append([]int{len(b.places)}, b.shape...)...)
}

// row is one picture to be made.
type row struct {
	b     *batch
	i     int
	place int
}

// workers make rows until there are no more or the context ends.
func (s *Pictures) workers(ctx context.Context, n int, rows <-chan row, random func(place int) *rand.Rand) {
	b := newBudget(ctx)
	for range n {
		go func() {
			for r := range rows {
				x, err := (*graph.Tensor)(nil), context.Cause(ctx)
				if err == nil {
					x, err = s.one(r.place, random(r.place), b, r.b.row(r.i))
				}
				r.b.put(r.i, x, s.from[r.place].name(), err)
			}
		}()
	}
}

// make makes the pictures at some places, on all processors.
func (s *Pictures) make(places []int) (*graph.Tensor, error) {
	if len(places) == 0 {
		return nil, fmt.Errorf("data: no pictures are asked for")
	}
	ctx, cancel := context.WithCancel(host.Context())
	defer cancel()
	rows, b := make(chan row), newBatch(places)
	s.workers(ctx, min(len(places), runtime.GOMAXPROCS(0)), rows, s.random(EpochOptions{}))
	for i, p := range places {
		rows <- row{b, i, p}
	}
	close(rows)
	return b.images(ctx)
}

// random makes the generators of an epoch's pictures.
func (s *Pictures) random(o EpochOptions) func(place int) *rand.Rand {
	return func(place int) *rand.Rand {
		if s.p == nil || !s.p.Random() {
			return nil
		}
		return preprocessing.Random(o.Seed^s.p.Options().Seed, uint64(o.Number), uint64(place))
	}
}

// Epoch goes once through the pictures. They are made on all processors ahead
// of Next, three batches at most, and come in order. Interrupting the cell ends
// it.
func (s *Pictures) Epoch(o EpochOptions) (Epoch, error) {
	order, err := Order(s.Len(), o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(host.Context())
	w := &work{s: s, ctx: ctx, batches: make(chan *batch, ahead-1)}
	e := &epoch{w: w, cancel: cancel}
	// Who forgets Close does not keep the work ahead waiting for ever.
	runtime.AddCleanup(e, func(cancel context.CancelCauseFunc) { cancel(errClosed) }, cancel)
	go w.run(order, s.random(o))
	return e, nil
}

var errClosed = errors.New("the epoch is closed")

// work makes an epoch's batches.
type work struct {
	s       *Pictures
	ctx     context.Context
	batches chan *batch // in order, begun
}

func (w *work) run(order [][]int, random func(int) *rand.Rand) {
	rows := make(chan row)
	defer close(rows)
	defer close(w.batches)
	w.s.workers(w.ctx, runtime.GOMAXPROCS(0), rows, random)
	for _, places := range order {
		b := newBatch(places)
		select {
		case w.batches <- b:
		case <-w.ctx.Done():
			return
		}
		for i, p := range places {
			select {
			case rows <- row{b, i, p}:
			case <-w.ctx.Done():
				return
			}
		}
	}
}

// epoch is an Epoch of Pictures.
type epoch struct {
	w      *work
	cancel context.CancelCauseFunc
	failed error
}

func (e *epoch) Next() (*Batch, error) {
	if e.failed != nil {
		return nil, e.failed
	}
	b, err := e.next()
	if err != nil {
		e.failed = err
		e.cancel(errClosed)
	}
	return b, err
}

func (e *epoch) next() (*Batch, error) {
	var b *batch
	if err := context.Cause(e.w.ctx); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	select {
	case b = <-e.w.batches:
	case <-e.w.ctx.Done():
		return nil, fmt.Errorf("data: %w", context.Cause(e.w.ctx))
	}
	if b == nil {
		return nil, io.EOF
	}
	images, err := b.images(e.w.ctx)
	if err != nil {
		return nil, err
	}
	labels := make([]int64, len(b.places))
	for i, p := range b.places {
		labels[i] = int64(e.w.s.labels[p])
	}
	t, err := graph.FromInt64s(labels, len(labels))
	return &Batch{Images: images, Labels: t, Places: b.places}, err
}

func (e *epoch) Close() error {
	e.cancel(errClosed)
	return nil
}
