package charts

import (
	"errors"
	"time"

	"graft/stdlib/display"
)

// Picture is what shows itself: every chart of this package.
type Picture interface {
	MIME() map[string]string
}

// Live shows a chart that grows, in one place.
type Live struct {
	picture Picture
	handle  *display.Handle
	now     func() time.Time
	drawn   time.Time     // when the last drawing ended
	cost    time.Duration // how long it took
}

// A chart is redrawn at most five times a second, and takes at most a tenth of
// the time.
const (
	redraw   = 200 * time.Millisecond
	idleness = 9
)

// NewLive shows p, a chart to which points will be added, now. It fails for a
// nil p, and when the cell was interrupted.
func NewLive(p Picture) (*Live, error) { return newLive(p, time.Now) }

func newLive(p Picture, now func() time.Time) (*Live, error) {
	if c, ok := p.(*Curves); p == nil || ok && c == nil {
		return nil, errors.New("charts: NewLive of nil: expected a chart, such as &charts.Curves{}")
	}
	l := &Live{picture: p, now: now}
	start := now()
	h, err := display.Show(p)
	if err != nil {
		return nil, err
	}
	l.handle, l.drawn = h, now()
	l.cost = l.drawn.Sub(start)
	return l, nil
}

// Refresh redraws the chart where it stands, unless that was done a moment
// ago: a loop may call it after every step. It fails when the cell was
// interrupted.
func (l *Live) Refresh() error {
	if l.now().Sub(l.drawn) < max(redraw, idleness*l.cost) {
		return nil
	}
	return l.Close()
}

// Close draws the last state. The chart may still grow afterwards.
func (l *Live) Close() error {
	start := l.now()
	if err := l.handle.Update(l.picture); err != nil {
		return err
	}
	l.drawn = l.now()
	l.cost = l.drawn.Sub(start)
	return nil
}
