package fetch

import "time"

// meter counts bytes that pass and tells how many there were, a few times a
// second.
type meter struct {
	Progress
	tell func(Progress)
	last time.Time
}

const tellEvery = 100 * time.Millisecond

// meter begins a stage; done bytes of total are behind it.
func (o Options) meter(p places, s Stage, done, total int64) *meter {
	m := &meter{Progress{p.Name, s, done, total}, o.Progress, time.Now()}
	m.tell(m.Progress)
	return m
}

// Write implements io.Writer.
func (m *meter) Write(b []byte) (int, error) {
	m.Done += int64(len(b))
	if now := time.Now(); m.Done == m.Total || now.Sub(m.last) >= tellEvery {
		m.last = now
		m.tell(m.Progress)
	}
	return len(b), nil
}
