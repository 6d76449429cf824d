// Package host is the one door from a library to the cell that runs it: its
// context, its outputs, its input.
//
// No library imports the evaluator or the kernel, and no call of the standard
// library carries a context, because whoever runs cells installs a Host here
// for the time of a run. Without one, as in a compiled program, text goes to
// standard output and the context is context.Background.
//
// The slot is process-wide: a process holds one live session, and tests that
// install a Host must not run in parallel. It is the only mutable package
// state in the standard library.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
)

// Bundle maps MIME types to one representation each of the same value, as in
// a Jupyter message: text as text, images in base64, JSON as JSON text.
type Bundle map[string]string

// Host is what the running cell offers to libraries. All methods may be
// called from any goroutine.
type Host interface {
	// Context ends when the cell is interrupted.
	Context() context.Context
	// Display shows a bundle below the cell; a non-empty id names the output
	// so that Update can replace it.
	Display(id string, b Bundle)
	// Update replaces every output that was displayed under id.
	Update(id string, b Bundle)
	// Clear removes the cell's outputs, at once or, with wait, when the next
	// output arrives.
	Clear(wait bool)
	// Input asks the user for a line; password hides what is typed.
	Input(prompt string, password bool) (string, error)
	// Render returns the representations in which the session shows v,
	// which may be of a type that a cell declared; nil without a session.
	Render(v any) Bundle
}

type slot struct{ h Host }

var current atomic.Pointer[slot]

// Install makes h the host of everything that runs from now on, and returns
// the function that puts the one before it back.
func Install(h Host) (restore func()) {
	old := current.Swap(&slot{h})
	return func() { current.Store(old) }
}

func get() Host {
	if s := current.Load(); s != nil && s.h != nil {
		return s.h
	}
	return plain{}
}

// Context returns the running cell's context: long loops end when it does.
func Context() context.Context { return get().Context() }

// Display shows b below the running cell. With a non-empty id, a later Update
// of the same id replaces it.
func Display(id string, b Bundle) { get().Display(id, b) }

// Update replaces every output that was displayed under id.
func Update(id string, b Bundle) { get().Update(id, b) }

// Clear removes the running cell's outputs; with wait, only when the next one
// arrives, so that nothing flickers.
func Clear(wait bool) { get().Clear(wait) }

// Input asks the user for a line of text.
func Input(prompt string, password bool) (string, error) { return get().Input(prompt, password) }

// Render returns the representations in which the session shows v, types that
// cells declare included, and nil when there is no session.
func Render(v any) Bundle { return get().Render(v) }

// plain is the host of a compiled program.
type plain struct{}

func (plain) Context() context.Context { return context.Background() }

func (plain) Display(_ string, b Bundle) {
	if text, ok := b["text/plain"]; ok { // an empty bundle has nothing to show
		fmt.Fprintln(os.Stdout, strings.TrimRight(text, "\n"))
	}
}

func (p plain) Update(id string, b Bundle) { p.Display(id, b) }

func (plain) Clear(bool) {}

func (plain) Input(prompt string, password bool) (string, error) {
	return "", errors.New("host: no cell is running, so there is nobody to ask for input")
}

func (plain) Render(any) Bundle { return nil }
