package data

import (
	"fmt"
	"io"
)

// Repeat goes through a Source times times, each with an order and a
// distortion of its own (o.Number, o.Number+1, …), as one Epoch; 0 times goes
// on for ever. o.Skip is for the first time. Errors: Epoch's, times below 0.
func Repeat(s Source, o EpochOptions, times int) (Epoch, error) {
	if times < 0 {
		return nil, fmt.Errorf("data: %d times through the examples: at least 0 is wanted", times)
	}
	if s == nil {
		return nil, fmt.Errorf("data: the examples to repeat are nil")
	}
	first, err := s.Epoch(o)
	if err != nil {
		return nil, err
	}
	return &repeated{s: s, o: o, left: times, now: first}, nil
}

type repeated struct {
	s    Source
	o    EpochOptions
	left int // with the one that runs; 0 is for ever
	now  Epoch
	some bool // the one that runs had a batch
	over bool
}

func (r *repeated) Next() (*Batch, error) {
	for !r.over {
		b, err := r.now.Next()
		if err != io.EOF {
			r.some = r.some || err == nil
			return b, err
		}
		// Without a batch in it, another time would go on for ever.
		if r.left == 1 || !r.some && r.o.Skip == 0 {
			break
		}
		if r.left > 0 {
			r.left--
		}
		if err := r.now.Close(); err != nil {
			return nil, err
		}
		r.o.Number, r.o.Skip, r.some = r.o.Number+1, 0, false
		if r.now, err = r.s.Epoch(r.o); err != nil {
			return nil, err
		}
	}
	r.over = true
	return nil, io.EOF
}

func (r *repeated) Close() error { return r.now.Close() }
