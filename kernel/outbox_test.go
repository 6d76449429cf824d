package kernel

import (
	"slices"
	"strings"
	"testing"
)

// TestOutbox wants items done in order, one that panics told of, what waits at
// the end done, and what comes after it dropped.
func TestOutbox(t *testing.T) {
	var did []int
	var lost []error
	flushed := 0
	o := newOutbox(func(err error) { lost = append(lost, err) })
	for i := range 50 { // before it works
		o.do(func() { did = append(did, i) })
	}
	o.do(func() { panic("oh") })
	go o.work(func() { flushed = len(did) })
	o.settle()
	o.do(func() { did = append(did, 50) })
	o.close()
	o.do(func() { t.Error("an item was done after the end") })
	o.settle()
	if len(did) != 51 || !slices.IsSorted(did) {
		t.Errorf("did %v", did)
	}
	if flushed != len(did) {
		t.Errorf("%d of %d left", flushed, len(did))
	}
	if len(lost) != 1 || !strings.Contains(lost[0].Error(), "oh") {
		t.Errorf("lost %v", lost)
	}
}
