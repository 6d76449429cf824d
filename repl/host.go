package repl

import (
	"context"

	"graft/repl/internal/nb"
	"graft/stdlib/host"
)

// sessionHost leads what libraries ask for to the cell that the calling
// goroutine belongs to.
type sessionHost struct{ rt *nb.Runtime }

// Context ends when the cell is interrupted.
func (h sessionHost) Context() context.Context { return h.rt.Host().Context() }

// Display shows a bundle below the cell.
func (h sessionHost) Display(id string, b host.Bundle) { h.rt.Host().Display(id, b) }

// Update replaces what was displayed under id.
func (h sessionHost) Update(id string, b host.Bundle) { h.rt.Host().Update(id, b) }

// Clear removes the cell's outputs.
func (h sessionHost) Clear(wait bool) { h.rt.Host().Clear(wait) }

// Input asks the user for a line.
func (h sessionHost) Input(prompt string, password bool) (string, error) {
	return h.rt.Host().Input(prompt, password)
}

// Render shows a value as the last line of a cell would.
func (h sessionHost) Render(v any) host.Bundle { return h.rt.Host().Render(v) }

// RegisterTarget lets the front end open comms under name.
func (h sessionHost) RegisterTarget(name string, opened func(host.Comm, host.Message)) error {
	return h.rt.Host().(host.Comms).RegisterTarget(name, opened)
}

// OpenComm opens a comm under a target of the front end's.
func (h sessionHost) OpenComm(target string, m host.Message) (host.Comm, error) {
	return h.rt.Host().(host.Comms).OpenComm(target, m)
}

// cellHost forwards what libraries show to one cell.
type cellHost struct {
	s   *Session
	ctx context.Context // of the cell and its goroutines: only an interrupt ends it
	out Output
	run *nb.Run
}

// Context ends when the cell is interrupted.
func (h *cellHost) Context() context.Context { return h.ctx }

// Display shows a bundle below the cell.
func (h *cellHost) Display(id string, b host.Bundle) {
	if d := shown(b); d != nil {
		d.ID = id
		h.out.Display(*d)
	}
}

// Update replaces what was displayed under id.
func (h *cellHost) Update(id string, b host.Bundle) {
	if d := shown(b); d != nil {
		d.ID, d.Update = id, true
		h.out.Display(*d)
	}
}

// Clear removes the cell's outputs.
func (h *cellHost) Clear(wait bool) { h.out.Clear(wait) }

// Input asks the user for a line. An interrupt is no answer: it ends the cell
// here, as it does where a cell sleeps.
func (h *cellHost) Input(prompt string, password bool) (string, error) {
	text, err := h.out.Input(h.ctx, prompt, password)
	if err != nil && h.ctx.Err() != nil {
		h.run.Interrupt()
		h.s.rt.Stop()
	}
	return text, err
}

// Render shows a value as the last line of a cell would.
func (h *cellHost) Render(v any) host.Bundle { return h.s.bundle(v) }
