package display

import (
	"crypto/rand"
	"errors"
	"fmt"

	"graft/stdlib/host"
)

// Handle is an output that can be replaced where it stands.
type Handle struct {
	id string
}

// Show shows v below the running cell, now, as it would show itself at the
// cell's end. It fails when the cell was interrupted.
func Show(v any) (*Handle, error) {
	if err := interrupted(); err != nil {
		return nil, err
	}
	h := &Handle{id: rand.Text()}
	host.Display(h.id, bundle(v))
	return h, nil
}

// MIME is empty: a handle as a cell's last line shows nothing more.
func (h *Handle) MIME() map[string]string { return map[string]string{} }

// Update replaces what the handle shows by v. It fails for a nil handle and
// when the cell was interrupted.
func (h *Handle) Update(v any) error {
	if h == nil {
		return errors.New("display: Update of a nil handle: use the one that Show returned")
	}
	if err := interrupted(); err != nil {
		return err
	}
	host.Update(h.id, bundle(v))
	return nil
}

// Clear removes what the running cell has shown and printed; with wait, only
// when its next output arrives, so that nothing flickers.
func Clear(wait bool) { host.Clear(wait) }

// Input asks the user for a line of text. It fails when there is nobody to
// ask: the front end takes no input, or no cell is running.
func Input(prompt string) (string, error) { return host.Input(prompt, false) }

// Password is Input that hides what is typed.
func Password(prompt string) (string, error) { return host.Input(prompt, true) }

// bundle is how the session shows v; it also knows the types that cells
// declare. Without a session, Render decides.
func bundle(v any) host.Bundle {
	if b := host.Render(v); b != nil {
		return b
	}
	return Render(v)
}

func interrupted() error {
	if err := host.Context().Err(); err != nil {
		return fmt.Errorf("display: the cell was stopped: %w", err)
	}
	return nil
}
