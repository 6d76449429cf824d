package data

import (
	"time"

	"graft/ckpt"
	"graft/ckpt/fetch"
	"graft/stdlib/display"
	"graft/stdlib/host"
)

// Fetch is ckpt.Fetch with a progress bar below the cell, and ends when the
// cell is interrupted: what was downloaded by then stays for the next time.
// In cells ckpt.Fetch is this function.
func Fetch(name string) (string, error) { return FetchWith(name, ckpt.FetchOptions{}) }

// FetchWith is ckpt.FetchWith with a progress bar below the cell, unless
// opt.Progress is set, and the cell's context, unless opt.Context is.
func FetchWith(name string, opt ckpt.FetchOptions) (string, error) {
	if opt.Context == nil {
		opt.Context = host.Context()
	}
	var s stages
	if opt.Progress == nil {
		opt.Progress = s.show
	}
	path, err := ckpt.FetchWith(name, opt)
	if err != nil {
		s.end("stopped")
		return "", err
	}
	s.end("")
	return path, nil
}

// stages shows the stages of a fetch, each as a bar of its own in megabytes, but
// not what is quick.
type stages struct {
	now   fetch.Stage
	since time.Time
	bar   *display.Progress
}

const (
	megabyte = 1_000_000
	quick    = 500 * time.Millisecond
)

func (s *stages) show(p fetch.Progress) {
	if p.Stage != s.now {
		s.end("")
		s.now, s.since = p.Stage, time.Now()
	}
	total := (p.Total + megabyte - 1) / megabyte
	switch {
	case s.bar != nil:
	case p.Stage == fetch.Waiting:
		s.bar = display.NewProgress(0, p.Name+", waiting for another process that fetches it")
	case p.Stage == fetch.Downloading || time.Since(s.since) >= quick:
		s.bar = display.NewProgress(int(total), p.Name+", "+string(p.Stage)+", MB")
	default:
		return
	}
	if done := p.Done / megabyte; p.Done < p.Total {
		s.bar.Set(int(done))
	} else {
		s.bar.Set(int(total))
	}
}

func (s *stages) end(text string) {
	if s.bar != nil {
		s.bar.Done(text)
		s.bar = nil
	}
}
