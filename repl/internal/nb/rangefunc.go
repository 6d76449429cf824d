package nb

// How far a range over a function is, for its body: an iterator that calls it
// once more than it may panics, as in Go.
const (
	RangeReady = iota
	RangeDone
	RangePanic // or the body runs
	RangeExhausted
	RangeMissed
)

var rangeTexts = [...]string{
	RangeDone:      "range function continued iteration after function for loop body returned false",
	RangePanic:     "range function continued iteration after loop body panic",
	RangeExhausted: "range function continued iteration after whole loop exit",
	RangeMissed:    "range function recovered a loop body panic and did not resume panicking",
}

// BadRange panics with what is wrong with an iterator.
func (rt *Runtime) BadRange(state int) { panic(RuntimeError{rangeTexts[state]}) }
