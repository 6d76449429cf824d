package data

import (
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

// stages shows each stage of a fetch as a bar of its own, in megabytes.
type stages struct {
	now fetch.Stage
	bar *display.Progress
}

const megabyte = 1_000_000

func (s *stages) show(p fetch.Progress) {
	if p.Stage != s.now {
		s.end("")
		s.now = p.Stage
		label := p.Name + ", " + string(p.Stage)
		if p.Stage != fetch.Waiting {
			label += ", MB"
		}
		s.bar = display.NewProgress(int((p.Total+megabyte-1)/megabyte), label)
	}
	done := p.Done / megabyte
	if p.Done == p.Total {
		done = (p.Total + megabyte - 1) / megabyte
	}
	s.bar.Set(int(done))
}

func (s *stages) end(text string) {
	if s.bar != nil {
		s.bar.Done(text)
		s.bar = nil
	}
}
